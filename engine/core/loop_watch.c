/* loop, the part that watches descriptors, signals and folders: one libuv handle each, which libuv
   closes on a later turn, so that each is freed by its own closing. */
#include "core/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct balm_watch {
    uv_poll_t poll;
    int fd;
    int events;
    void (*ready)(void *owner, int fd, int events);
    void *owner;
};

struct balm_signal {
    uv_signal_t signal;
    void (*caught)(void *owner, int sig);
    void *owner;
};

struct balm_dirwatch {
    uv_fs_event_t event;
    struct balm_loop *loop;
    struct balm_task task; /* several changes, one callback */
    void (*changed)(void *owner, const char *name);
    void *owner;
    bool several;
    char name[NAME_MAX + 1]; /* of the one change seen; "" while none */
};

static enum balm_code uv_error(struct balm_err *err, const char *what, int status)
{
    if (status == UV_ENOMEM) return balm_nomem(err);
    return balm_fail(err, BALM_E_IO, "cannot watch %s: %s", what, uv_strerror(status));
}

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

enum balm_code balm_watch_new(struct balm_watch **out, struct balm_loop *loop, int fd,
                              struct balm_err *err)
{
    struct balm_watch *watch = calloc(1, sizeof *watch);
    int status;
    if (!watch) return balm_nomem(err);
    status = uv_poll_init(balm_loop_uv(loop), &watch->poll, fd);
    if (status) {
        free(watch);
        return uv_error(err, "a descriptor", status);
    }
    watch->poll.data = watch;
    watch->fd = fd;
    *out = watch;
    return BALM_OK;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct balm_watch *watch = handle->data;
    int seen = (events & UV_READABLE ? BALM_READ : 0) | (events & UV_WRITABLE ? BALM_WRITE : 0);
    if (status < 0) {
        /* libuv has stopped watching; whoever reads or writes now learns why. */
        seen = BALM_READ | BALM_WRITE;
        watch->events &= BALM_AT_REST;
    }
    if (seen) watch->ready(watch->owner, watch->fd, seen);
}

enum balm_code balm_watch_set(struct balm_watch *watch, int events,
                              void (*ready)(void *owner, int fd, int events), void *owner,
                              struct balm_err *err)
{
    int wanted = (events & BALM_READ ? UV_READABLE : 0) | (events & BALM_WRITE ? UV_WRITABLE : 0);
    int changed = events ^ watch->events;
    int status = 0;
    watch->ready = ready;
    watch->owner = owner;
    if (changed & BALM_AT_REST) {
        if (events & BALM_AT_REST) {
            uv_unref((uv_handle_t *)&watch->poll);
        } else {
            uv_ref((uv_handle_t *)&watch->poll);
        }
    }
    if (changed & (BALM_READ | BALM_WRITE)) { /* each start costs system calls */
        status = wanted ? uv_poll_start(&watch->poll, wanted, on_poll) : uv_poll_stop(&watch->poll);
    }
    if (status) return uv_error(err, "a descriptor", status);
    watch->events = events;
    return BALM_OK;
}

void balm_watch_release(struct balm_watch *watch)
{
    if (!watch) return;
    uv_poll_stop(&watch->poll); /* at once: the descriptor may be closed right after */
    uv_close((uv_handle_t *)&watch->poll, free_handle);
}

static void on_signal(uv_signal_t *handle, int sig)
{
    struct balm_signal *signal = handle->data;
    signal->caught(signal->owner, sig);
}

enum balm_code balm_signal_new(struct balm_signal **out, struct balm_loop *loop, int sig,
                               void (*caught)(void *owner, int sig), void *owner,
                               struct balm_err *err)
{
    struct balm_signal *signal = calloc(1, sizeof *signal);
    int status;
    if (!signal) return balm_nomem(err);
    status = uv_signal_init(balm_loop_uv(loop), &signal->signal);
    if (status) {
        free(signal);
        return uv_error(err, "a signal", status);
    }
    signal->signal.data = signal;
    signal->caught = caught;
    signal->owner = owner;
    status = uv_signal_start(&signal->signal, on_signal, sig);
    if (status) {
        balm_signal_release(signal);
        return uv_error(err, "a signal", status);
    }
    uv_unref((uv_handle_t *)&signal->signal);
    *out = signal;
    return BALM_OK;
}

void balm_signal_release(struct balm_signal *signal)
{
    if (!signal) return;
    uv_close((uv_handle_t *)&signal->signal, free_handle);
}

static void tell(void *owner)
{
    struct balm_dirwatch *watch = owner;
    char name[sizeof watch->name];
    bool one = !watch->several && watch->name[0];
    memcpy(name, watch->name, sizeof name); /* the callback may release the watch */
    watch->several = false;
    watch->name[0] = '\0';
    watch->changed(watch->owner, one ? name : NULL);
}

static void on_change(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct balm_dirwatch *watch = handle->data;
    size_t len = name ? strlen(name) : 0;
    (void)events;
    if (status < 0 || len == 0 || len > NAME_MAX ||
        (watch->name[0] && strcmp(watch->name, name) != 0)) {
        watch->several = true;
    } else {
        memcpy(watch->name, name, len + 1);
    }
    balm_task_add(watch->loop, &watch->task, tell, watch);
}

enum balm_code balm_dirwatch_new(struct balm_dirwatch **out, struct balm_loop *loop,
                                 const char *dir, void (*changed)(void *owner, const char *name),
                                 void *owner, struct balm_err *err)
{
    struct balm_dirwatch *watch = calloc(1, sizeof *watch);
    int status;
    if (!watch) return balm_nomem(err);
    status = uv_fs_event_init(balm_loop_uv(loop), &watch->event);
    if (status) {
        free(watch);
        return uv_error(err, dir, status);
    }
    watch->event.data = watch;
    watch->loop = loop;
    watch->changed = changed;
    watch->owner = owner;
    status = uv_fs_event_start(&watch->event, on_change, dir, 0);
    if (status) {
        balm_dirwatch_release(watch);
        return uv_error(err, dir, status);
    }
    uv_unref((uv_handle_t *)&watch->event);
    *out = watch;
    return BALM_OK;
}

void balm_dirwatch_release(struct balm_dirwatch *watch)
{
    if (!watch) return;
    balm_task_cancel(watch->loop, &watch->task);
    uv_close((uv_handle_t *)&watch->event, free_handle);
}
