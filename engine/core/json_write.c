/* json, the writing half. */
#include "core/json_internal.h"
#include "core/text.h"
#include "core/time.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART_MAX   256
#define ESCAPE_MAX 6 /* "\\u0000" */

struct writer {
    struct balm_buf *buf;
    unsigned style;
    int depth;
};

static enum balm_code write_value(struct writer *w, struct balm_value value);

/* The top bit of a byte stands where it is a quote, a backslash, a control, or not ASCII. */
static uint64_t special_in(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101U;
    uint64_t quote;
    uint64_t slash;
    quote = word ^ (ones * '"');
    slash = word ^ (ones * '\\');
    return (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | (word - ones * 0x20) | word) &
           (ones * 0x80);
}

static uint64_t special(const char *text)
{
    uint64_t word;
    memcpy(&word, text, 8);
    return special_in(word);
}

/* The same of 4 to 7 bytes: their halves overlap. */
static bool is_short_plain(const char *text, size_t len)
{
    uint32_t front;
    uint32_t back;
    memcpy(&front, text, 4);
    memcpy(&back, text + len - 4, 4);
    return !special_in((uint64_t)front << 32 | back);
}

size_t balm_json_plain(const char *text, size_t len)
{
    size_t i = 0;
    if (len >= 4 && len < 8 && is_short_plain(text, len)) return len;
    while (len - i >= 8 && !special(text + i)) {
        i += 8;
    }
    if (len >= 8 && len - i < 8 && !special(text + len - 8)) return len;
    while (i < len && (unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x80 &&
           text[i] != '"' && text[i] != '\\') {
        i++;
    }
    return i;
}

/* Of quote, backslash and control characters. Returns how much it wrote. */
static size_t escape(char *to, char c)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(plain, c) : NULL;
    if (found) {
        to[0] = '\\';
        to[1] = names[found - plain];
        return 2;
    }
    memcpy(to, "\\u00", 4);
    to[4] = digits[(unsigned char)c >> 4];
    to[5] = digits[c & 15];
    return ESCAPE_MAX;
}

/* What stands at text, however it must be written; *wrote is added to. Returns how much of text. */
static size_t quote_one(char *to, const char *text, size_t len, size_t *wrote)
{
    uint32_t code_point;
    size_t took;
    if ((unsigned char)*text < 0x80) {
        *wrote += escape(to, *text);
        return 1;
    }
    took = balm_text_utf8_next(text, len, &code_point);
    memcpy(to, took ? text : "\xEF\xBF\xBD", took ? took : 3);
    *wrote += took ? took : 3;
    return took ? took : 1;
}

/* Short runs, and what lies between, are collected: each add has its price. */
static enum balm_code quote_parts(struct balm_buf *buf, const char *text, size_t len)
{
    char part[PART_MAX + ESCAPE_MAX + 1];
    size_t size = 0;
    size_t i = 0;
    part[size++] = '"';
    while (i < len) {
        size_t plain = balm_json_plain(text + i, len - i);
        if (size + plain > PART_MAX) {
            balm_buf_add(buf, part, size);
            balm_buf_add(buf, text + i, plain);
            size = 0;
        } else {
            memcpy(part + size, text + i, plain);
            size += plain;
        }
        i += plain;
        if (i < len) i += quote_one(part + size, text + i, len - i, &size);
    }
    part[size++] = '"';
    return balm_buf_add(buf, part, size);
}

bool balm_json_quote_plain(struct balm_buf *buf, const char *text, size_t len)
{
    char *to;
    if (balm_json_plain(text, len) < len) return false;
    to = balm_buf_room(buf, len + 2);
    if (!to) return true; /* the buffer remembers */
    to[0] = '"';
    memcpy(to + 1, text, len);
    to[len + 1] = '"';
    balm_buf_grew(buf, len + 2);
    return true;
}

enum balm_code balm_json_quote(struct balm_buf *buf, const char *text, size_t len)
{
    return balm_json_quote_plain(buf, text, len) ? buf->code : quote_parts(buf, text, len);
}

enum balm_code balm_json_number(struct balm_buf *buf, double number)
{
    char text[40];
    int digits;
    if (isnan(number)) return balm_buf_adds(buf, "NaN");
    if (isinf(number)) return balm_buf_adds(buf, number > 0 ? "Infinity" : "-Infinity");
    /* 15 digits always survive, so fewer need a trial only where the double itself has fewer. */
    for (digits = fabs(number) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        double back;
        snprintf(text, sizeof text, "%.*g", digits, number);
        back = strtod(text, NULL);
        if (back <= number && back >= number) break;
    }
    return balm_buf_adds(buf, text);
}

static enum balm_code write_double(struct balm_buf *buf, double number)
{
    bool finite = isfinite(number);
    if (!finite) balm_buf_addc(buf, '"');
    balm_json_number(buf, number);
    return finite ? buf->code : balm_buf_addc(buf, '"');
}

static void new_line(struct writer *w)
{
    int i;
    if (!(w->style & BALM_JSON_PRETTY)) return;
    balm_buf_addc(w->buf, '\n');
    for (i = 0; i < w->depth; i++) {
        balm_buf_add(w->buf, "  ", 2);
    }
}

static enum balm_code write_list(struct writer *w, struct balm_value list)
{
    size_t count = balm_list_len(list);
    enum balm_code code = BALM_OK;
    size_t i;
    balm_buf_addc(w->buf, '[');
    w->depth++;
    for (i = 0; i < count && !code; i++) {
        if (i) balm_buf_addc(w->buf, ',');
        new_line(w);
        code = write_value(w, *balm_list_at(list, i));
    }
    w->depth--;
    if (count) new_line(w);
    return code ? code : balm_buf_addc(w->buf, ']');
}

static int by_key(const void *a, const void *b)
{
    const struct balm_entry *left = *(const struct balm_entry *const *)a;
    const struct balm_entry *right = *(const struct balm_entry *const *)b;
    uint32_t len = left->key_len < right->key_len ? left->key_len : right->key_len;
    int order = memcmp(left->key, right->key, len);
    return order ? order : (left->key_len > right->key_len) - (left->key_len < right->key_len);
}

static const struct balm_entry **sorted_entries(struct balm_value map)
{
    size_t count = balm_map_len(map);
    const struct balm_entry **entries = malloc(count * sizeof *entries);
    size_t i;
    if (!entries) return NULL;
    for (i = 0; i < count; i++) {
        entries[i] = balm_map_at(map, i);
    }
    qsort(entries, count, sizeof *entries, by_key);
    return entries;
}

static enum balm_code write_member(struct writer *w, const struct balm_entry *entry)
{
    new_line(w);
    balm_json_quote(w->buf, entry->key, entry->key_len);
    balm_buf_adds(w->buf, w->style & BALM_JSON_PRETTY ? ": " : ":");
    return write_value(w, entry->value);
}

static enum balm_code write_map(struct writer *w, struct balm_value map)
{
    size_t count = balm_map_len(map);
    bool sorted = (w->style & BALM_JSON_SORTED) && count > 1;
    const struct balm_entry **entries = sorted ? sorted_entries(map) : NULL;
    enum balm_code code = BALM_OK;
    size_t i;
    if (sorted && !entries) {
        if (!w->buf->code) w->buf->code = BALM_E_NOMEM;
        return BALM_E_NOMEM;
    }
    balm_buf_addc(w->buf, '{');
    w->depth++;
    for (i = 0; i < count && !code; i++) {
        if (i) balm_buf_addc(w->buf, ',');
        code = write_member(w, entries ? entries[i] : balm_map_at(map, i));
    }
    w->depth--;
    free(entries);
    if (count) new_line(w);
    return code ? code : balm_buf_addc(w->buf, '}');
}

static enum balm_code write_time(struct balm_buf *buf, int64_t micros)
{
    char text[BALM_TIME_MAX];
    balm_time_iso8601(text, micros);
    return balm_buf_addf(buf, "\"%s\"", text);
}

static enum balm_code write_bytes(struct balm_buf *buf, struct balm_value value)
{
    balm_buf_addc(buf, '"');
    balm_text_base64(buf, value.as.text, value.len);
    return balm_buf_addc(buf, '"');
}

static enum balm_code write_unknown(struct balm_buf *buf, struct balm_value value, unsigned style)
{
    if (style & BALM_JSON_MARKED) {
        balm_buf_adds(buf, BALM_JSON_MARK);
        balm_buf_add(buf, value.as.text, value.len);
        return balm_buf_adds(buf, BALM_JSON_MARK_END);
    }
    balm_buf_adds(buf, "{\"unknown\":");
    balm_json_quote(buf, value.as.text, value.len);
    return balm_buf_addc(buf, '}');
}

static enum balm_code write_container(struct writer *w, struct balm_value value)
{
    if (w->depth >= BALM_VALUE_DEPTH) {
        if (!w->buf->code) w->buf->code = BALM_E_LIMIT;
        return BALM_E_LIMIT;
    }
    return value.type == BALM_LIST ? write_list(w, value) : write_map(w, value);
}

static enum balm_code write_value(struct writer *w, struct balm_value value)
{
    struct balm_buf *buf = w->buf;
    if (value.secret && !(w->style & BALM_JSON_SECRETS)) {
        return balm_buf_adds(buf, "\"(sensitive)\"");
    }
    switch ((enum balm_type)value.type) {
    case BALM_NULL:
        break;
    case BALM_BOOL:
        return balm_buf_adds(buf, value.as.boolean ? "true" : "false");
    case BALM_INT:
        return balm_buf_addi(buf, value.as.integer);
    case BALM_DOUBLE:
        return write_double(buf, value.as.number);
    case BALM_STRING:
        return balm_json_quote(buf, value.as.text, value.len);
    case BALM_BYTES:
        return write_bytes(buf, value);
    case BALM_TIME:
        return write_time(buf, value.as.integer);
    case BALM_LIST:
    case BALM_MAP:
        return write_container(w, value);
    case BALM_UNKNOWN:
        return write_unknown(buf, value, w->style);
    }
    return balm_buf_adds(buf, "null");
}

enum balm_code balm_json_print(struct balm_buf *buf, struct balm_value value, unsigned style)
{
    struct writer w = {buf, style, 0};
    return write_value(&w, value);
}
