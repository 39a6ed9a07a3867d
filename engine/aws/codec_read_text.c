/*
 * codec_read_text: scalars out of texts, in XML and in headers.
 */
#include "aws/codec_internal.h"

#include "core/text.h"
#include "core/time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 400 /* longer than any double that is written out */
#define QUOTE_MAX  60

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim(const char **text, size_t *len)
{
    while (*len && is_space(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len && is_space((*text)[*len - 1])) {
        (*len)--;
    }
}

bool balm_codec_integer(const char *text, size_t len, int64_t *out)
{
    uint64_t sum = 0;
    uint64_t most = INT64_MAX;

    trim(&text, &len);
    bool negative = len && *text == '-';
    if (len && (*text == '-' || *text == '+')) {
        text++;
        len--;
    }
    if (negative) most++;
    if (!len) return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (sum > (most - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    *out = !negative ? (int64_t)sum : sum == most ? INT64_MIN : -(int64_t)sum;
    return true;
}

static bool named_number(const char *text, size_t len, double *out)
{
    static const struct {
        const char *name;
        double number;
    } names[] = {
        {"NaN", (double)NAN},
        {"Infinity", (double)INFINITY},
        {"-Infinity", -(double)INFINITY},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) != len || memcmp(names[i].name, text, len) != 0) continue;
        *out = names[i].number;
        return true;
    }
    return false;
}

bool balm_codec_float(const char *text, size_t len, double *out)
{
    char copy[NUMBER_MAX];
    char *end;

    trim(&text, &len);
    if (named_number(text, len, out)) return true;
    if (!len || len >= sizeof copy) return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (strspn(copy, "+-.0123456789eE") != len) return false; /* neither hexadecimal nor "inf" */
    *out = strtod(copy, &end);
    return end == copy + len;
}

struct balm_value balm_codec_unbase64(struct balm_arena *arena, const char *text, size_t len)
{
    struct balm_buf bytes = BALM_BUF_INIT(BALM_BUF_MAX);

    if (balm_text_unbase64(&bytes, text, len) == BALM_E_INPUT) {
        balm_buf_free(&bytes);
        return balm_null();
    }
    size_t size = bytes.len;
    const char *kept = balm_codec_keep(&bytes, arena);
    return kept ? balm_bytes(kept, size) : balm_null();
}

static enum balm_code misread(const struct balm_member *member, const char *text, size_t len,
                              const char *wanted, struct balm_err *err)
{
    const char *name = balm_member_location_name(member);

    if (!name[0]) name = balm_shape_name(balm_member_shape(member));
    if (balm_member_is_sensitive(member)) {
        return balm_fail(err, BALM_E_INPUT, "%s: expected %s", name, wanted);
    }
    return balm_fail(err, BALM_E_INPUT, "%s: expected %s, got \"%.*s\"%s", name, wanted,
                     (int)(len > QUOTE_MAX ? QUOTE_MAX : len), text, len > QUOTE_MAX ? "..." : "");
}

enum balm_code balm_codec_from_text(struct balm_arena *arena, const struct balm_member *member,
                                    const char *text, size_t len, struct balm_value *out,
                                    struct balm_err *err)
{
    const char *trimmed = text;
    size_t trimmed_len = len;
    const char *wanted = NULL;
    int64_t integer;
    double number;

    trim(&trimmed, &trimmed_len);
    *out = balm_null();
    switch (balm_shape_kind(balm_member_shape(member))) {
    case BALM_SHAPE_BOOLEAN:
        *out = balm_bool(len == 4 && memcmp(text, "true", 4) == 0);
        break;
    case BALM_SHAPE_INTEGER:
    case BALM_SHAPE_LONG:
        if (balm_codec_integer(text, len, &integer)) {
            *out = balm_int(integer);
        } else if (trimmed_len) {
            wanted = "an integer of 64 bits";
        }
        break;
    case BALM_SHAPE_FLOAT:
    case BALM_SHAPE_DOUBLE:
        if (balm_codec_float(text, len, &number)) {
            *out = balm_double(number);
        } else if (trimmed_len) {
            wanted = "a number";
        }
        break;
    case BALM_SHAPE_TIMESTAMP:
        if (balm_time_parse(text, len, &integer)) {
            *out = balm_time_value(integer);
        } else if (trimmed_len) {
            wanted = "a time";
        }
        break;
    case BALM_SHAPE_BLOB:
        *out = balm_codec_unbase64(arena, text, len);
        if (balm_is_null(*out)) wanted = "base64";
        break;
    default:
        *out = balm_text_n(arena, text, len);
    }
    if (arena->code) return balm_arena_status(arena, err);
    return wanted ? misread(member, text, len, wanted, err) : BALM_OK;
}

bool balm_codec_is_named(const struct balm_member *member, const char *text, size_t len)
{
    const char *name = balm_member_location_name(member);
    return strlen(name) == len && memcmp(name, text, len) == 0;
}

enum balm_code balm_codec_one_member(const struct balm_shape *shape, size_t count,
                                     struct balm_err *err)
{
    if (count == 1) return BALM_OK;
    return balm_fail(err, BALM_E_INPUT, "%s: the answer has %zu of its members, and must have one",
                     balm_shape_name(shape), count);
}

struct balm_value balm_codec_unknown_union(struct balm_arena *arena, const char *tag)
{
    struct balm_value stand_in = balm_map(arena);
    struct balm_value inner = balm_map(arena);

    (void)balm_map_set(arena, inner, "name", balm_text(arena, tag));
    (void)balm_map_set(arena, stand_in, "SDK_UNKNOWN_MEMBER", inner);
    return stand_in;
}
