/*
 * cbor: RFC 8949 bytes to value and back.
 *
 * Read: integers of 64 bits, texts and byte strings (whole or in pieces), lists and maps (of known
 * or unknown length), booleans, null and undefined (both null), floats of 16, 32 and 64 bits, and
 * tag 1, a time. Keys are texts; of one that occurs twice the last value counts. Refused with the
 * place: other tags (big numbers among them), other simple values, integers beyond 64 bits, texts
 * that are not UTF-8, what comes behind the value, and depth beyond BALM_CBOR_DEPTH.
 */
#ifndef BALM_CORE_CBOR_H
#define BALM_CORE_CBOR_H

#include "core/buf.h"
#include "core/value.h"

#define BALM_CBOR_DEPTH 128

/* Reads exactly one value. Copies all text into arena. BALM_E_INPUT, or the arena's error. */
enum balm_code balm_cbor_parse(struct balm_arena *arena, const char *bytes, size_t len,
                               struct balm_value *out, struct balm_err *err);

/* ---- writing: the shortest form of each; errors stick to the buffer ---- */

void balm_cbor_list(struct balm_buf *buf, size_t count); /* its items follow */
void balm_cbor_map(struct balm_buf *buf, size_t count);  /* its keys and values follow */
void balm_cbor_text(struct balm_buf *buf, const char *text, size_t len);
void balm_cbor_bytes(struct balm_buf *buf, const char *bytes, size_t len);
void balm_cbor_int(struct balm_buf *buf, int64_t number);
void balm_cbor_time(struct balm_buf *buf, int64_t seconds);
void balm_cbor_bool(struct balm_buf *buf, bool boolean);
void balm_cbor_null(struct balm_buf *buf);
/* 32 or 64 bits as stated; NaN and the infinities in 16. */
void balm_cbor_float(struct balm_buf *buf, double number);
void balm_cbor_double(struct balm_buf *buf, double number);

#endif
