/*
 * text: small jobs on byte strings that several layers need.
 */
#ifndef BALM_CORE_TEXT_H
#define BALM_CORE_TEXT_H

#include "core/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Percent-encodes all but A-Z a-z 0-9 - _ . ~ (RFC 3986 §2.3) and the characters of keep ("/" for
   paths, "" or NULL for none). */
enum balm_code balm_text_percent(struct balm_buf *buf, const char *text, size_t len,
                                 const char *keep);
/* The same for a form, where a space is a plus. */
enum balm_code balm_text_form(struct balm_buf *buf, const char *text, size_t len);
/* Undoes them; a stray % is kept as it is. plus_is_space for query strings. */
enum balm_code balm_text_unpercent(struct balm_buf *buf, const char *text, size_t len,
                                   bool plus_is_space);

enum balm_code balm_text_hex(struct balm_buf *buf, const void *bytes, size_t len); /* lower case */
enum balm_code balm_text_base64(struct balm_buf *buf, const void *bytes, size_t len);
/* Strict RFC 4648 §4, white space skipped; else BALM_E_INPUT, and buf is as it was. */
enum balm_code balm_text_unbase64(struct balm_buf *buf, const char *text, size_t len);

bool balm_text_is_utf8(const char *text, size_t len);
/* Decodes one code point; returns its length in bytes, or 0 where text is not UTF-8 there. */
size_t balm_text_utf8_next(const char *text, size_t len, uint32_t *code_point);
/* Fills out with a code point (U+FFFD for what is none); returns its length, 1 to 4. */
size_t balm_text_utf8_put(char out[4], uint32_t code_point);
/* How many bytes of text to keep: at most `most`, and no character is cut in two. */
size_t balm_text_cut(const char *text, size_t len, size_t most);

/* Adds text for a terminal, which it must not drive: a tab becomes a space, and any other control
   character, line breaks and those of two bytes (U+0080 to U+009F) included, becomes `instead`. */
enum balm_code balm_text_visible(struct balm_buf *buf, const char *text, size_t len, char instead);

/* Of ASCII alone, whatever the locale. */
static inline char balm_text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool balm_text_starts(const char *text, const char *prefix);
bool balm_text_ends(const char *text, const char *suffix);
bool balm_text_same_nocase(const char *a, const char *b);
/* `*` any run, `?` any one character; the whole of text must match. Takes at most the product of
   the two lengths. */
bool balm_text_glob(const char *pattern, const char *text);

/* Adds the segments of a URL's path, each with a "/" before it, without "." and empty ones; ".."
   takes away the one before. */
void balm_text_add_segments(struct balm_buf *buf, const char *path);

/* "PutBucketVersioning" to "put_bucket_versioning", by botocore's xform_name: "DescribeDBInstances"
   to "describe_db_instances", "ListObjectsV2" to "list_objects_v2". */
enum balm_code balm_text_snake(struct balm_buf *buf, const char *name);

/* Optimal string alignment distance: letters added, dropped, changed, and neighbours swapped.
   Counted up to `most`; anything beyond, and any name of more than 255 bytes, gives `most` + 1.
   Case counts: fold first where it should not. */
size_t balm_text_distance(const char *a, const char *b, size_t most);
/* The one of names nearest to name, ignoring case and underscores; the first of several. NULL when
   none is near (more than a third of name differs). */
const char *balm_text_nearest(const char *name, const char *const *names, size_t count);

/* Takes a command line apart as a POSIX shell would: quotes and backslashes, nothing expanded.
   Returns words, NULL behind the last, in arena; NULL when a quote is not closed, a backslash is
   the last character, or memory ran out. */
struct balm_arena;
char **balm_text_words(struct balm_arena *arena, const char *text, size_t *count);

/* A valid host label, RFC 1123: 1-63 of a-z A-Z 0-9 and -, no - at either end. */
bool balm_text_is_host_label(const char *text, size_t len);

/* Fills out with 16 random bytes as a UUID version 4 text, from the system's generator. */
void balm_text_uuid(char out[37]);
/* A UUID version 7 (RFC 9562): its text begins with the time, micros since 1970, and so sorts as
   the times do, to the microsecond. */
void balm_text_uuid_at(char out[37], int64_t micros);
/* The time that such a UUID, or as much of it as there is, begins with: its earliest and latest
   microsecond. False where prefix is no beginning of a UUID. */
bool balm_text_uuid_span(const char *prefix, int64_t *from, int64_t *to);
/* Fills with random bytes from the system's generator, which needs no memory and cannot fail. */
void balm_random(void *bytes, size_t len);

/* Overwrites with zeros, in a way the compiler keeps. */
void balm_wipe(void *bytes, size_t len);

#endif
