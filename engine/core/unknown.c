#include "core/unknown.h"

#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <stdio.h>
#include <string.h>

#define JOIN      " .. "
#define JSON      "json("
#define DEPTH_MAX 16 /* json( within json( */

/* ---- making ---- */

static bool is_plain(unsigned char c, bool utf8)
{
    return c >= 0x20 && c != 0x7F && c != '"' && c != '\\' && (c < 0x80 || utf8);
}

size_t balm_unknown_quote(char *to, const char *text, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    bool utf8 = balm_text_is_utf8(text, len);
    size_t made = 0;

    to[made++] = '"';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_plain(c, utf8)) {
            to[made++] = (char)c;
            continue;
        }
        to[made++] = '\\';
        if (c == '"' || c == '\\') {
            to[made++] = (char)c;
        } else {
            to[made++] = 'x';
            to[made++] = digits[c >> 4];
            to[made++] = digits[c & 15];
        }
    }
    to[made++] = '"';
    return made;
}

size_t balm_unknown_join(char *to, const char *left, size_t left_len, const char *right,
                         size_t right_len)
{
    size_t made = left_len;

    memmove(to, left, left_len);
    if (left_len > 0 && right_len > 0) {
        if (left[left_len - 1] == '"' && right[0] == '"') {
            made--; /* two texts become one */
            right++;
            right_len--;
        } else {
            memcpy(to + made, JOIN, strlen(JOIN));
            made += strlen(JOIN);
        }
    }
    memcpy(to + made, right, right_len);
    return made + right_len;
}

/* ---- reading ---- */

struct reader {
    const char *at;
    balm_unknown_lookup *lookup;
    void *owner;
    struct balm_arena *arena;
    int depth;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character behind a backslash. */
static bool read_escape(struct reader *r, struct balm_buf *text)
{
    int high, low;

    if (*r->at != 'x') return *r->at && balm_buf_addc(text, *r->at++) == BALM_OK;
    high = hex_digit(r->at[1]);
    low = high < 0 ? -1 : hex_digit(r->at[2]);
    if (low < 0) return false;
    r->at += 3;
    return balm_buf_addc(text, (char)(high << 4 | low)) == BALM_OK;
}

static bool read_quoted(struct reader *r, struct balm_value *out)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    bool ok = true;

    r->at++;
    while (ok && *r->at && *r->at != '"') {
        size_t plain = strcspn(r->at, "\\\"");
        ok = balm_buf_add(&text, r->at, plain) == BALM_OK;
        r->at += plain;
        if (ok && *r->at == '\\') {
            r->at++;
            ok = read_escape(r, &text);
        }
    }
    ok = ok && *r->at == '"';
    if (ok) {
        r->at++;
        *out = balm_text_n(r->arena, text.bytes, text.len);
    }
    balm_buf_free(&text);
    return ok;
}

static bool read_expression(struct reader *r, struct balm_value *out);

static bool read_json(struct reader *r, struct balm_value *out)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value value;
    bool ok;

    r->at += strlen(JSON);
    if (r->depth == DEPTH_MAX) return false;
    r->depth++;
    ok = read_expression(r, &value) && *r->at == ')' &&
         balm_json_print(&text, value, BALM_JSON_COMPACT | BALM_JSON_SECRETS) == BALM_OK;
    r->depth--;
    if (ok) {
        r->at++;
        *out = balm_text_n(r->arena, text.bytes, text.len);
    }
    balm_buf_free(&text);
    return ok;
}

static bool read_source(struct reader *r, struct balm_value *out)
{
    const char *join = strstr(r->at, JOIN);
    size_t len = join ? (size_t)(join - r->at) : strlen(r->at);
    const char *end = r->depth > 0 ? memchr(r->at, ')', len) : NULL;
    const char *source = r->at;

    if (end) len = (size_t)(end - r->at);
    r->at += len;
    return len > 0 && r->lookup(r->owner, source, len, out);
}

static bool read_term(struct reader *r, struct balm_value *out)
{
    if (*r->at == '"') return read_quoted(r, out);
    return balm_text_starts(r->at, JSON) ? read_json(r, out) : read_source(r, out);
}

static bool add_text(struct balm_buf *buf, struct balm_value value, struct balm_arena *arena)
{
    struct balm_value text = balm_unknown_text(value, arena);

    return text.type == BALM_STRING && balm_buf_add(buf, text.as.text, text.len) == BALM_OK;
}

static bool read_expression(struct reader *r, struct balm_value *out)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value term;
    bool ok = read_term(r, out);

    if (ok && balm_text_starts(r->at, JOIN)) {
        ok = add_text(&text, *out, r->arena);
        while (ok && balm_text_starts(r->at, JOIN)) {
            r->at += strlen(JOIN);
            ok = read_term(r, &term) && add_text(&text, term, r->arena);
        }
        if (ok) *out = balm_text_n(r->arena, text.bytes, text.len);
    }
    balm_buf_free(&text);
    return ok;
}

bool balm_unknown_resolve(const char *expression, balm_unknown_lookup *lookup, void *owner,
                          struct balm_arena *arena, struct balm_value *out)
{
    struct reader reader = {expression, lookup, owner, arena, 0};

    return read_expression(&reader, out) && *reader.at == '\0';
}

/* As Lua prints a float: with a point, so that it reads back as one. */
static struct balm_value number_text(double number, struct balm_arena *arena)
{
    char text[40];
    bool integral;

    (void)snprintf(text, sizeof text, "%.14g", number);
    integral = text[strspn(text, "-0123456789")] == '\0';
    return balm_textf(arena, "%s%s", text, integral ? ".0" : "");
}

struct balm_value balm_unknown_text(struct balm_value value, struct balm_arena *arena)
{
    char time[BALM_TIME_MAX];

    switch ((enum balm_type)value.type) {
    case BALM_BOOL:
        return balm_string(value.as.boolean ? "true" : "false");
    case BALM_INT:
        return balm_textf(arena, "%lld", (long long)value.as.integer);
    case BALM_DOUBLE:
        return number_text(value.as.number, arena);
    case BALM_STRING:
    case BALM_BYTES:
        return balm_string_n(value.as.text, value.len);
    case BALM_TIME:
        balm_time_iso8601(time, value.as.integer);
        return balm_text(arena, time);
    default:
        return balm_null();
    }
}
