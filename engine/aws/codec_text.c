/*
 * codec_text: scalars as text, the way Python's SDK prints them.
 */
#include "aws/codec_internal.h"

#include "core/text.h"
#include "core/time.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17
#define MICROS     1000000

/* The shortest decimal digits of number (finite, not negative) and the power of ten of the first
   one. */
static int shortest(char digits[DIGITS_MAX + 1], double number)
{
    char text[40];
    int precision = number < DBL_MIN ? 1 : 15; /* below it fewer than 15 digits can be exact */

    for (; precision < DIGITS_MAX; precision++) {
        (void)snprintf(text, sizeof text, "%.*e", precision - 1, number);
        if (strtod(text, NULL) == number) break;
    }
    (void)snprintf(text, sizeof text, "%.*e", precision - 1, number);

    const char *mark = strchr(text, 'e');
    size_t count = 0;
    for (const char *at = text; at < mark; at++) {
        if (*at != '.') digits[count++] = *at;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    return (int)strtol(mark + 1, NULL, 10);
}

static void zeros(struct balm_buf *buf, int count)
{
    for (; count > 0; count--)
        (void)balm_buf_addc(buf, '0');
}

static void plain_digits(struct balm_buf *buf, const char *digits, int power)
{
    int count = (int)strlen(digits);

    if (power < 0) {
        (void)balm_buf_adds(buf, "0.");
        zeros(buf, -power - 1);
        (void)balm_buf_adds(buf, digits);
        return;
    }
    if (count <= power + 1) {
        (void)balm_buf_adds(buf, digits);
        zeros(buf, power + 1 - count);
        (void)balm_buf_adds(buf, ".0");
        return;
    }
    (void)balm_buf_add(buf, digits, (size_t)power + 1);
    (void)balm_buf_addc(buf, '.');
    (void)balm_buf_adds(buf, digits + power + 1);
}

void balm_codec_double(struct balm_buf *buf, double number)
{
    char digits[DIGITS_MAX + 1];

    if (isnan(number)) {
        (void)balm_buf_adds(buf, "NaN");
        return;
    }
    if (signbit(number)) (void)balm_buf_addc(buf, '-');
    if (isinf(number)) {
        (void)balm_buf_adds(buf, "Infinity");
        return;
    }
    int power = shortest(digits, fabs(number));
    if (power >= -4 && power < 16) {
        plain_digits(buf, digits, power);
        return;
    }
    (void)balm_buf_addc(buf, digits[0]);
    if (digits[1]) (void)balm_buf_addf(buf, ".%s", digits + 1);
    (void)balm_buf_addf(buf, "e%c%02d", power < 0 ? '-' : '+', abs(power));
}

static int64_t floor_to(int64_t micros, int64_t unit)
{
    return micros / unit - (micros % unit < 0);
}

static void iso8601(struct balm_buf *buf, int64_t micros, bool millis)
{
    struct balm_civil at;

    balm_time_civil(&at, micros);
    (void)balm_buf_addf(buf, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)at.year, at.month,
                        at.day, at.hour, at.minute, at.second);
    if (millis) {
        (void)balm_buf_addf(buf, ".%03d", at.micro / 1000);
    } else if (at.micro) {
        (void)balm_buf_addf(buf, ".%06d", at.micro);
    }
    (void)balm_buf_addc(buf, 'Z');
}

void balm_codec_time(struct balm_buf *buf, int64_t micros, struct balm_codec_times times)
{
    char text[BALM_TIME_MAX];

    switch (times.format) {
    case BALM_TIMESTAMP_RFC822:
        balm_time_http(text, floor_to(micros, MICROS) * MICROS);
        (void)balm_buf_adds(buf, text);
        break;
    case BALM_TIMESTAMP_EPOCH:
        if (times.millis) {
            balm_codec_double(buf, (double)floor_to(micros, 1000) / 1000.0);
        } else {
            (void)balm_buf_addi(buf, floor_to(micros, MICROS));
        }
        break;
    case BALM_TIMESTAMP_UNSET:
    case BALM_TIMESTAMP_ISO8601:
        iso8601(buf, micros, times.millis);
        break;
    }
}

struct balm_codec_times balm_codec_times_of(const struct balm_member *member,
                                            struct balm_codec_times times)
{
    enum balm_timestamp_format stated = balm_member_timestamp_format(member);

    if (stated != BALM_TIMESTAMP_UNSET) times.format = stated;
    return times;
}

void balm_codec_scalar(struct balm_buf *buf, const struct balm_member *member,
                       struct balm_value value, struct balm_codec_times times)
{
    switch ((enum balm_type)value.type) {
    case BALM_BOOL:
        (void)balm_buf_adds(buf, value.as.boolean ? "true" : "false");
        break;
    case BALM_INT:
        (void)balm_buf_addi(buf, value.as.integer);
        break;
    case BALM_DOUBLE:
        balm_codec_double(buf, value.as.number);
        break;
    case BALM_STRING:
        (void)balm_buf_add(buf, value.as.text, value.len);
        break;
    case BALM_BYTES:
        (void)balm_text_base64(buf, value.as.text, value.len);
        break;
    case BALM_TIME:
        balm_codec_time(buf, value.as.integer, balm_codec_times_of(member, times));
        break;
    case BALM_UNKNOWN:
        (void)balm_buf_adds(buf, BALM_CODEC_UNKNOWN_TEXT);
        break;
    case BALM_NULL:
    case BALM_LIST:
    case BALM_MAP:
        break;
    }
}

bool balm_codec_is_container(struct balm_value value)
{
    return value.type == BALM_LIST || value.type == BALM_MAP;
}

bool balm_codec_in_body(const struct balm_member *member)
{
    enum balm_location at = balm_member_location(member);
    return at == BALM_IN_BODY || at == BALM_IN_STATUS;
}

bool balm_codec_in_answer_body(const struct balm_member *member)
{
    enum balm_location at = balm_member_location(member);
    return at != BALM_IN_HEADER && at != BALM_IN_HEADERS && at != BALM_IN_STATUS;
}

bool balm_codec_is_header_json(const struct balm_member *member)
{
    return balm_member_is_json_value(member) && balm_member_location(member) == BALM_IN_HEADER &&
           balm_shape_kind(balm_member_shape(member)) == BALM_SHAPE_STRING;
}

const char *balm_codec_keep(struct balm_buf *buf, struct balm_arena *arena)
{
    const char *text = NULL;

    if (buf->code) {
        arena->code = buf->code;
    } else {
        text = balm_arena_copy(arena, buf->bytes, buf->len);
    }
    balm_buf_free(buf);
    return text;
}
