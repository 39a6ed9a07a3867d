#include "core/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN  ((size_t)256)
#define WIPE_MAX ((size_t)64 << 10) /* texts with secrets are smaller */

char balm_buf_empty[1];

void balm_buf_init(struct balm_buf *buf, size_t max)
{
    *buf = (struct balm_buf)BALM_BUF_INIT(max);
}

void balm_buf_free(struct balm_buf *buf)
{
    if (buf->cap) free(buf->bytes);
    balm_buf_init(buf, buf->max);
}

void balm_buf_wipe(struct balm_buf *buf)
{
    if (buf->cap) explicit_bzero(buf->bytes, buf->cap);
    balm_buf_free(buf);
}

void balm_buf_clear(struct balm_buf *buf)
{
    buf->len = 0;
    buf->code = BALM_OK;
    if (buf->cap) buf->bytes[0] = '\0';
}

/* A plain realloc would leave a secret's first half behind in freed memory. */
static char *move(struct balm_buf *buf, size_t cap)
{
    char *bytes;
    if (buf->cap > WIPE_MAX) return realloc(buf->bytes, cap);
    bytes = malloc(cap);
    if (!bytes) return NULL;
    memcpy(bytes, buf->bytes, buf->len);
    if (buf->cap) {
        explicit_bzero(buf->bytes, buf->cap);
        free(buf->bytes);
    }
    return bytes;
}

/* Twice as much each time, but not past what the ceiling can use; need includes the NUL. */
static size_t next_cap(const struct balm_buf *buf, size_t need)
{
    size_t cap = buf->cap < CAP_MIN ? CAP_MIN : buf->cap * 2;
    if (cap > buf->max) cap = buf->max;
    return cap < need ? need : cap;
}

static bool reserve(struct balm_buf *buf, size_t len)
{
    size_t need = buf->len + len + 1;
    size_t cap;
    char *bytes;
    if (buf->code) return false;
    if (buf->len > buf->max || len > buf->max - buf->len) {
        buf->code = BALM_E_LIMIT;
        return false;
    }
    if (len >= PTRDIFF_MAX - buf->len) {
        buf->code = BALM_E_NOMEM;
        return false;
    }
    if (need <= buf->cap) return true;
    cap = next_cap(buf, need);
    bytes = move(buf, cap);
    if (!bytes) {
        buf->code = BALM_E_NOMEM;
        return false;
    }
    buf->bytes = bytes;
    buf->cap = cap;
    bytes[buf->len] = '\0';
    return true;
}

/* Most adds find it: cap is at most one more than the ceiling. */
static bool has_room(const struct balm_buf *buf, size_t len)
{
    return !buf->code && len < buf->cap - buf->len;
}

char *balm_buf_room(struct balm_buf *buf, size_t len)
{
    return has_room(buf, len) || reserve(buf, len) ? buf->bytes + buf->len : NULL;
}

void balm_buf_grew(struct balm_buf *buf, size_t len)
{
    assert(len == 0 || (buf->cap > buf->len && len < buf->cap - buf->len));
    buf->len += len;
    if (buf->cap) buf->bytes[buf->len] = '\0';
}

enum balm_code balm_buf_add(struct balm_buf *buf, const void *bytes, size_t len)
{
    if (!has_room(buf, len) && !reserve(buf, len)) return buf->code;
    if (len) memcpy(buf->bytes + buf->len, bytes, len);
    buf->len += len;
    buf->bytes[buf->len] = '\0';
    return BALM_OK;
}

enum balm_code balm_buf_adds(struct balm_buf *buf, const char *text)
{
    return balm_buf_add(buf, text, strlen(text));
}

enum balm_code balm_buf_addc(struct balm_buf *buf, char c)
{
    if (!has_room(buf, 1)) return balm_buf_add(buf, &c, 1);
    buf->bytes[buf->len++] = c;
    buf->bytes[buf->len] = '\0';
    return BALM_OK;
}

enum balm_code balm_buf_addi(struct balm_buf *buf, int64_t integer)
{
    char text[24];
    char *at = text + sizeof text;
    uint64_t size = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do {
        *--at = (char)('0' + size % 10);
        size /= 10;
    } while (size);
    if (integer < 0) *--at = '-';
    return balm_buf_add(buf, at, (size_t)(text + sizeof text - at));
}

enum balm_code balm_buf_addv(struct balm_buf *buf, const char *format, va_list args)
{
    va_list again;
    size_t room = buf->cap > buf->len ? buf->cap - buf->len : 0;
    int len;
    if (buf->code) return buf->code;
    va_copy(again, args);
    len = vsnprintf(room ? buf->bytes + buf->len : NULL, room, format, again);
    va_end(again);
    if (len < 0 || !reserve(buf, (size_t)len)) {
        if (room) buf->bytes[buf->len] = '\0';
        if (!buf->code) buf->code = BALM_E_NOMEM;
        return buf->code;
    }
    if ((size_t)len >= room) {
        vsnprintf(buf->bytes + buf->len, (size_t)len + 1, format, args);
    }
    buf->len += (size_t)len;
    return BALM_OK;
}

enum balm_code balm_buf_addf(struct balm_buf *buf, const char *format, ...)
{
    va_list args;
    enum balm_code code;
    va_start(args, format);
    code = balm_buf_addv(buf, format, args);
    va_end(args);
    return code;
}

void balm_buf_cut(struct balm_buf *buf, size_t len)
{
    buf->len -= len < buf->len ? len : buf->len;
    if (buf->cap) buf->bytes[buf->len] = '\0';
}

void balm_buf_drop(struct balm_buf *buf, size_t len)
{
    if (len == 0 || !buf->cap) return;
    if (len < buf->len) memmove(buf->bytes, buf->bytes + len, buf->len - len);
    balm_buf_cut(buf, len);
}

enum balm_code balm_buf_status(const struct balm_buf *buf, const char *what, struct balm_err *err)
{
    if (buf->code == BALM_OK) return BALM_OK;
    if (buf->code == BALM_E_NOMEM) return balm_nomem(err);
    return balm_fail(err, buf->code, "%s is larger than the %zu bytes allowed", what, buf->max);
}
