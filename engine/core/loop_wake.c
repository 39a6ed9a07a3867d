/* loop, the part that other threads may speak to: by a descriptor of the kernel's. libuv's own way
   lets the loop spin while a thread that has just woken it is not running. */
#include "core/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct balm_wake {
    struct balm_watch *watch;
    int fd; /* counts how often it was asked; read, it is 0 again */
    void (*woken)(void *owner);
    void *owner;
};

static void on_count(void *owner, int fd, int events)
{
    struct balm_wake *wake = owner;
    uint64_t count;
    (void)events;
    if (read(fd, &count, sizeof count) == sizeof count) wake->woken(wake->owner);
}

static enum balm_code watch(struct balm_wake *wake, int events, struct balm_err *err)
{
    return balm_watch_set(wake->watch, events, on_count, wake, err);
}

enum balm_code balm_wake_new(struct balm_wake **out, struct balm_loop *loop,
                             void (*woken)(void *owner), void *owner, struct balm_err *err)
{
    struct balm_wake *wake = calloc(1, sizeof *wake);
    enum balm_code code;
    if (!wake) return balm_nomem(err);
    wake->woken = woken;
    wake->owner = owner;
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake->fd < 0) {
        code = balm_fail(err, BALM_E_IO, "cannot wait for a thread: %s", strerror(errno));
    } else {
        code = balm_watch_new(&wake->watch, loop, wake->fd, err);
    }
    if (!code) code = watch(wake, BALM_READ | BALM_AT_REST, err);
    if (code) {
        balm_wake_release(wake);
        return code;
    }
    *out = wake;
    return BALM_OK;
}

void balm_wake_send(struct balm_wake *wake)
{
    const uint64_t one = 1;
    while (write(wake->fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void balm_wake_hold(struct balm_wake *wake, bool held)
{
    struct balm_err err;
    (void)watch(wake, BALM_READ | (held ? 0 : BALM_AT_REST), &err); /* which starts nothing anew */
}

void balm_wake_release(struct balm_wake *wake)
{
    if (!wake) return;
    balm_watch_release(wake->watch);
    if (wake->fd >= 0) close(wake->fd);
    free(wake);
}
