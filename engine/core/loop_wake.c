/* loop, the part that other threads may speak to. */
#include "core/loop.h"

#include <stdlib.h>
#include <uv.h>

struct balm_wake {
    uv_async_t async;
    void (*woken)(void *owner);
    void *owner;
};

static void on_async(uv_async_t *handle)
{
    struct balm_wake *wake = handle->data;
    wake->woken(wake->owner);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

enum balm_code balm_wake_new(struct balm_wake **out, struct balm_loop *loop,
                             void (*woken)(void *owner), void *owner, struct balm_err *err)
{
    struct balm_wake *wake = calloc(1, sizeof *wake);
    int status;
    if (!wake) return balm_nomem(err);
    status = uv_async_init(balm_loop_uv(loop), &wake->async, on_async);
    if (status) {
        free(wake);
        if (status == UV_ENOMEM) return balm_nomem(err);
        return balm_fail(err, BALM_E_IO, "cannot wait for a thread: %s", uv_strerror(status));
    }
    wake->async.data = wake;
    wake->woken = woken;
    wake->owner = owner;
    balm_wake_hold(wake, false);
    *out = wake;
    return BALM_OK;
}

void balm_wake_send(struct balm_wake *wake)
{
    uv_async_send(&wake->async);
}

void balm_wake_hold(struct balm_wake *wake, bool held)
{
    if (held) {
        uv_ref((uv_handle_t *)&wake->async);
    } else {
        uv_unref((uv_handle_t *)&wake->async);
    }
}

void balm_wake_release(struct balm_wake *wake)
{
    if (wake) uv_close((uv_handle_t *)&wake->async, free_handle);
}
