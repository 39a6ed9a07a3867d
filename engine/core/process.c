/* process: one uv_process and one pipe, freed when both are closed. */
#include "core/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct balm_process {
    uv_process_t child;
    uv_pipe_t pipe;
    struct balm_loop *loop;
    struct balm_timer deadline;
    struct balm_buf output;
    int open; /* handles that are not closed yet */
    bool running, exited, drained;
    struct balm_err err;
    void (*done)(void *owner, const struct balm_buf *output, const struct balm_err *err);
    void *owner;
};

static void on_closed(uv_handle_t *handle)
{
    struct balm_process *process = handle->data;
    if (--process->open > 0) return;
    balm_buf_wipe(&process->output);
    free(process);
}

/* The group, so that nobody is left who holds the pipe; also where its first has ended. */
static void kill_all(struct balm_process *process)
{
    if (process->running) (void)kill(-process->child.pid, SIGKILL);
}

static void close_all(struct balm_process *process)
{
    balm_timer_stop(process->loop, &process->deadline);
    uv_close((uv_handle_t *)&process->child, on_closed);
    uv_close((uv_handle_t *)&process->pipe, on_closed);
}

static void finish(struct balm_process *process)
{
    process->done(process->owner, &process->output, &process->err);
    close_all(process);
}

static void give_up(struct balm_process *process, const char *why)
{
    kill_all(process);
    (void)balm_fail(&process->err, BALM_E_LIMIT, "%s", why);
    finish(process);
}

static void on_deadline(void *owner)
{
    give_up(owner, "it did not end in time");
}

static void on_exit_of(uv_process_t *child, int64_t status, int sig)
{
    struct balm_process *process = child->data;
    process->exited = true;
    if (process->drained) process->running = false;
    if (sig) {
        (void)balm_fail(&process->err, BALM_E_IO, "it was ended by signal %d", sig);
    } else if (status) {
        (void)balm_fail(&process->err, BALM_E_IO, "it ended with status %d", (int)status);
    }
    if (process->err.code || process->drained) finish(process);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct balm_process *process = handle->data;
    size_t left = process->output.max - process->output.len;
    if (left > suggested) left = suggested;
    buf->base = left ? balm_buf_room(&process->output, left) : NULL;
    buf->len = buf->base ? left : 0;
}

static void on_output(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct balm_process *process = stream->data;
    (void)buf;
    if (got > 0) {
        balm_buf_grew(&process->output, (size_t)got);
        return;
    }
    if (got == 0) return;
    (void)uv_read_stop(stream);
    if (got == UV_ENOBUFS) {
        give_up(process, "it says too much");
        return;
    }
    process->drained = true;
    if (process->exited) process->running = false;
    if (!process->running) finish(process);
}

static int spawn(struct balm_process *process, const struct balm_process_options *options)
{
    uv_stdio_container_t streams[3] = {
        {.flags = UV_IGNORE}, {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE}, {.flags = UV_IGNORE}};
    uv_process_options_t how = {.file = options->words[0],
                                .args = (char **)(uintptr_t)options->words,
                                .exit_cb = on_exit_of,
                                .flags = UV_PROCESS_DETACHED, /* a group of its own */
                                .stdio = streams,
                                .stdio_count = 3};
    int status;
    streams[1].data.stream = (uv_stream_t *)&process->pipe;
    status = uv_spawn(balm_loop_uv(process->loop), &process->child, &how);
    if (status) return status;
    process->running = true;
    return uv_read_start((uv_stream_t *)&process->pipe, on_room, on_output);
}

enum balm_code balm_process_start(struct balm_process **out, struct balm_loop *loop,
                                  const struct balm_process_options *options,
                                  void (*done)(void *owner, const struct balm_buf *output,
                                               const struct balm_err *err),
                                  void *owner, struct balm_err *err)
{
    struct balm_process *process = calloc(1, sizeof *process);
    int status;
    if (!process) return balm_nomem(err);
    process->loop = loop;
    process->done = done;
    process->owner = owner;
    process->open = 2;
    balm_buf_init(&process->output, options->output_max);
    (void)uv_pipe_init(balm_loop_uv(loop), &process->pipe, 0);
    process->pipe.data = process->child.data = process;
    status = spawn(process, options);
    if (!status &&
        balm_timer_set(loop, &process->deadline, options->timeout_ns, on_deadline, process)) {
        status = UV_ENOMEM;
    }
    if (status) {
        balm_process_cancel(process);
        return balm_fail(err, BALM_E_IO, "cannot start %.200s: %s", options->words[0],
                         uv_strerror(status));
    }
    *out = process;
    return BALM_OK;
}

void balm_process_cancel(struct balm_process *process)
{
    if (!process) return;
    kill_all(process);
    close_all(process);
}
