#include "front/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIGH ((size_t)512 << 10) /* bytes that wait: slow down */
#define LOW  ((size_t)64 << 10)  /* go on */

struct balm_writer {
    struct balm_writer_options options;
    int fd; /* our own, not blocking; -1: written through the command line's */
    struct balm_watch *watch;
    struct balm_task task;
    struct balm_buf pending;
    size_t written; /* of pending */
    bool high, broken;
};

/* A pipe or a terminal is opened once more: setting the shared one not to block would set it for
   others. */
static void open_own(struct balm_writer *writer)
{
    struct stat status;
    struct balm_err err;

    writer->fd = -1;
    if (fstat(STDOUT_FILENO, &status) != 0) return;
    if (!S_ISFIFO(status.st_mode) && !isatty(STDOUT_FILENO)) return;
    writer->fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (writer->fd < 0) return;
    if (balm_watch_new(&writer->watch, writer->options.loop, writer->fd, &err)) {
        close(writer->fd);
        writer->fd = -1;
    }
}

enum balm_code balm_writer_new(struct balm_writer **out, const struct balm_writer_options *options,
                               struct balm_err *err)
{
    struct balm_writer *writer = calloc(1, sizeof *writer);

    if (!writer) return balm_nomem(err);
    writer->options = *options;
    balm_buf_init(&writer->pending, BALM_BUF_MAX);
    open_own(writer);
    *out = writer;
    return BALM_OK;
}

static void set_pressure(struct balm_writer *writer)
{
    size_t waiting = writer->pending.len - writer->written;
    bool high = writer->high ? waiting > LOW : waiting > HIGH;

    if (high == writer->high) return;
    writer->high = high;
    writer->options.pressure(writer->options.owner, high);
}

/* Through the command line's own writing, which waits and says what fails. */
static bool write_rest(struct balm_writer *writer)
{
    size_t left = writer->pending.len - writer->written;

    if (writer->broken) return false;
    if (left > 0 &&
        balm_cli_write(writer->options.cli, writer->pending.bytes + writer->written, left)) {
        writer->broken = true;
    }
    balm_buf_clear(&writer->pending);
    writer->written = 0;
    return !writer->broken;
}

static void flush(void *owner);

static void on_writable(void *owner, int fd, int events)
{
    struct balm_writer *writer = owner;
    struct balm_err err;

    (void)fd, (void)events;
    (void)balm_watch_set(writer->watch, 0, on_writable, writer, &err);
    flush(writer);
}

/* As much as the reader takes now. False: it is waited for. */
static bool write_some(struct balm_writer *writer)
{
    struct balm_err err;

    while (writer->written < writer->pending.len) {
        ssize_t done = write(writer->fd, writer->pending.bytes + writer->written,
                             writer->pending.len - writer->written);
        if (done >= 0) {
            writer->written += (size_t)done;
        } else if (errno == EAGAIN &&
                   !balm_watch_set(writer->watch, BALM_WRITE, on_writable, writer, &err)) {
            return false;
        } else if (errno != EINTR) {
            return true; /* whoever writes the rest meets the same error, and tells it */
        }
    }
    return true;
}

static void flush(void *owner)
{
    struct balm_writer *writer = owner;

    if (writer->broken) return;
    if ((writer->fd < 0 || write_some(writer)) && !write_rest(writer)) {
        writer->options.broken(writer->options.owner);
        return;
    }
    set_pressure(writer);
}

void balm_writer_add(struct balm_writer *writer, const char *bytes, size_t len)
{
    if (writer->broken) return;
    /* A reader that is never quite done leaves no moment at which all of it could be let go. */
    if (writer->written >= HIGH) {
        balm_buf_drop(&writer->pending, writer->written);
        writer->written = 0;
    }
    if (balm_buf_add(&writer->pending, bytes, len)) {
        writer->broken = true;
        writer->options.broken(writer->options.owner);
        return;
    }
    balm_task_last(writer->options.loop, &writer->task, flush, writer);
}

bool balm_writer_finish(struct balm_writer *writer)
{
    balm_task_cancel(writer->options.loop, &writer->task);
    return write_rest(writer);
}

void balm_writer_release(struct balm_writer *writer)
{
    if (!writer) return;
    balm_task_cancel(writer->options.loop, &writer->task);
    balm_watch_release(writer->watch);
    if (writer->fd >= 0) close(writer->fd);
    balm_buf_free(&writer->pending);
    free(writer);
}
