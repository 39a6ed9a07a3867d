/*
 * document: a value as JSON that reads back as the same value, types and all.
 *
 * What JSON has no word for is written as a map of one member:
 *
 *   {"$bytes": base64}    {"$time": ISO 8601, or microseconds where that has no text}
 *   {"$number": text}     a double that JSON would give back as an integer or a string
 *   {"$text": base64}     a string that is not UTF-8
 *   {"$unknown": source}  what a plan cannot know yet
 *
 * A map's own key that begins with "$" gets a second one in front; {"$sealed": text} alone stays as
 * it is, since seal made it. Nothing marked as secret can be written: it is sealed before (seal.h).
 */
#ifndef BALM_REMEDY_DOCUMENT_H
#define BALM_REMEDY_DOCUMENT_H

#include "core/buf.h"
#include "core/value.h"

#define BALM_DOCUMENT_DEPTH 120 /* below JSON's own, since tags add a step */
#define BALM_SEALED         "$sealed"

/* Is it {"$sealed": text}? */
bool balm_document_is_sealed(struct balm_value value);

/* Adds value to buf as compact JSON. Fails with BALM_E_ARG for a secret and for a key that is not
   UTF-8, with BALM_E_LIMIT where it is too deep or too large; buf then holds a part of it. */
enum balm_code balm_document_write(struct balm_buf *buf, struct balm_value value,
                                   struct balm_err *err);
/* Adds a member to the map that buf ends with; json is a document, or other JSON. key is ASCII
   without quotes, and does not begin with "$". */
void balm_document_join(struct balm_buf *buf, const char *key, const char *json, size_t len);

enum balm_code balm_document_read(struct balm_arena *arena, const char *text, size_t len,
                                  struct balm_value *out, struct balm_err *err);

/* The same as a value of JSON's types, for a document within another. */
enum balm_code balm_document_of(struct balm_arena *arena, struct balm_value value,
                                struct balm_value *out, struct balm_err *err);
/* The way back, in place: document must be arena's own. BALM_E_INPUT for what is no document. */
enum balm_code balm_document_value(struct balm_arena *arena, struct balm_value document,
                                   struct balm_value *out, struct balm_err *err);

#endif
