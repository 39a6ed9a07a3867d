/*
 * buf: a growing byte string with a ceiling.
 *
 * bytes is always NUL-terminated (the NUL is not counted) once anything was added; until then it is
 * "". Errors stick: after a failed add, every later one fails too, so that a writer may add a whole
 * text and ask once, with balm_buf_status().
 */
#ifndef BALM_CORE_BUF_H
#define BALM_CORE_BUF_H

#include "core/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct balm_buf {
    char *bytes;
    size_t len;
    size_t cap;          /* 0: bytes is not on the heap */
    size_t max;          /* the ceiling stated at birth */
    enum balm_code code; /* BALM_OK, BALM_E_NOMEM or BALM_E_LIMIT */
};

extern char balm_buf_empty[1];
#define BALM_BUF_INIT(max_len)                                                                     \
    {                                                                                              \
        balm_buf_empty, 0, 0, (max_len), BALM_OK                                                   \
    }
#define BALM_BUF_MAX ((size_t)1 << 30) /* for texts whose size something else limits */

void balm_buf_init(struct balm_buf *buf, size_t max);
void balm_buf_free(struct balm_buf *buf);  /* releases; the buffer is empty and usable again */
void balm_buf_wipe(struct balm_buf *buf);  /* overwrites with zeros, then frees: for secrets */
void balm_buf_clear(struct balm_buf *buf); /* len 0 and no error; keeps the memory */

enum balm_code balm_buf_add(struct balm_buf *buf, const void *bytes, size_t len);
enum balm_code balm_buf_adds(struct balm_buf *buf, const char *text);
enum balm_code balm_buf_addc(struct balm_buf *buf, char c);
enum balm_code balm_buf_addi(struct balm_buf *buf, int64_t integer); /* in decimal */
enum balm_code balm_buf_addf(struct balm_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum balm_code balm_buf_addv(struct balm_buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* Makes room for len more bytes (a NUL besides) and returns where they go, or NULL; then
   balm_buf_grew(). */
char *balm_buf_room(struct balm_buf *buf, size_t len);
void balm_buf_grew(struct balm_buf *buf, size_t len);
/* Takes bytes away from the end, or from the start; all of them where there are not so many. */
void balm_buf_cut(struct balm_buf *buf, size_t len);
void balm_buf_drop(struct balm_buf *buf, size_t len);

/* BALM_OK, or the first failure of any add, told in err as about `what`. */
enum balm_code balm_buf_status(const struct balm_buf *buf, const char *what, struct balm_err *err);

#endif
