/*
 * json: RFC 8259 text to value and back.
 *
 * Integers within 64 bits stay exact; other numbers become doubles and are printed with the fewest
 * digits that read back the same. Input must be valid UTF-8; a lone surrogate escape is an error.
 * Of a key that occurs twice the last value counts. Depth is limited to BALM_JSON_DEPTH.
 */
#ifndef BALM_CORE_JSON_H
#define BALM_CORE_JSON_H

#include "core/buf.h"
#include "core/value.h"

#define BALM_JSON_DEPTH 128

/* Reads exactly one value, white space around it allowed. Copies all text into arena. An error
   names line and column. */
enum balm_code balm_json_parse(struct balm_arena *arena, const char *text, size_t len,
                               struct balm_value *out, struct balm_err *err);

/* The same, but the texts of the value stay in text, which is changed, and lives as long as they
   do. After an error it is of no further use. */
enum balm_code balm_json_parse_in_place(struct balm_arena *arena, char *text, size_t len,
                                        struct balm_value *out, struct balm_err *err);

/* Reads one value from the start of text and says how many bytes it took (for streams of values):
   *used is set on success. When the text ends within the value, *incomplete is true and
   BALM_E_INPUT returned: also for white space alone, and for a number that the text's end may have
   cut (end the last chunk with a newline). */
enum balm_code balm_json_parse_prefix(struct balm_arena *arena, const char *text, size_t len,
                                      struct balm_value *out, size_t *used, bool *incomplete,
                                      struct balm_err *err);

enum balm_json_style {
    BALM_JSON_COMPACT = 0,
    BALM_JSON_PRETTY = 1,  /* two spaces, one member a line */
    BALM_JSON_SORTED = 2,  /* keys in byte order */
    BALM_JSON_SECRETS = 4, /* secret values as they are: for the wire, never for people */
    BALM_JSON_MARKED = 8   /* an unknown as its text between two bytes that JSON never has */
};
#define BALM_JSON_MARK     "\x01"
#define BALM_JSON_MARK_END "\x02"

/* Bytes print as base64, times as ISO 8601 in UTC with their fraction where they have one, NaN and
   the infinities as the strings "NaN", "Infinity", "-Infinity", an unknown as {"unknown": source}.
   Bytes in a string that are not UTF-8 print as U+FFFD. */
enum balm_code balm_json_print(struct balm_buf *buf, struct balm_value value, unsigned style);
/* One JSON string with its quotes. */
enum balm_code balm_json_quote(struct balm_buf *buf, const char *text, size_t len);
/* The same for what needs no escape, as most texts: ASCII without quotes, backslashes and control
   characters. Of another text it adds nothing, and returns false. */
bool balm_json_quote_plain(struct balm_buf *buf, const char *text, size_t len);
/* A double with the fewest digits that read back the same: "0.1", "1e+30"; integral ones without a
   point: "5". NaN and the infinities come bare, as NaN, Infinity, -Infinity. */
enum balm_code balm_json_number(struct balm_buf *buf, double number);

#endif
