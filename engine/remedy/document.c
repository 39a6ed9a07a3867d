#include "remedy/document.h"

#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct balm_buf *buf;
    struct balm_err *err;
    enum balm_code code; /* the first failure; what the buffer says of itself is apart from that */
};

struct reader {
    struct balm_arena *arena;
    struct balm_err *err;
};

bool balm_document_is_sealed(struct balm_value value)
{
    const struct balm_entry *only = balm_map_len(value) == 1 ? balm_map_at(value, 0) : NULL;
    return only && strcmp(only->key, BALM_SEALED) == 0 && only->value.type == BALM_STRING;
}

/* ---- to JSON ---- */

static void write_value(struct writer *w, struct balm_value value, int depth);

static void fault(struct writer *w, enum balm_code code, const char *what)
{
    if (!w->code) w->code = balm_fail(w->err, code, "a value cannot be kept: %s", what);
}

static void begin_tag(struct writer *w, const char *tag)
{
    (void)balm_buf_adds(w->buf, "{\"");
    (void)balm_buf_adds(w->buf, tag);
    (void)balm_buf_adds(w->buf, "\":");
}

static void end_tag(struct writer *w)
{
    (void)balm_buf_addc(w->buf, '}');
}

/* What has neither quotes nor escapes. */
static void write_tagged(struct writer *w, const char *tag, const char *text)
{
    begin_tag(w, tag);
    (void)balm_json_quote(w->buf, text, strlen(text));
    end_tag(w);
}

static void write_base64(struct writer *w, const char *tag, struct balm_value value)
{
    begin_tag(w, tag);
    (void)balm_buf_addc(w->buf, '"');
    (void)balm_text_base64(w->buf, value.as.text, value.len);
    (void)balm_buf_addc(w->buf, '"');
    end_tag(w);
}

static void write_time(struct writer *w, struct balm_value value)
{
    char text[BALM_TIME_MAX];
    int64_t back;

    balm_time_iso8601(text, value.as.integer);
    if (balm_time_parse(text, strlen(text), &back) && back == value.as.integer) {
        write_tagged(w, "$time", text);
        return;
    }
    begin_tag(w, "$time");
    (void)balm_json_print(w->buf, balm_int(value.as.integer), BALM_JSON_COMPACT);
    end_tag(w);
}

static void write_double(struct writer *w, struct balm_value value)
{
    double whole;

    if (isfinite(value.as.number) && fabs(modf(value.as.number, &whole)) > 0) {
        (void)balm_json_print(w->buf, value, BALM_JSON_COMPACT);
        return;
    }
    begin_tag(w, "$number");
    (void)balm_buf_addc(w->buf, '"');
    (void)balm_json_number(w->buf, value.as.number);
    (void)balm_buf_addc(w->buf, '"');
    end_tag(w);
}

static void write_unknown(struct writer *w, struct balm_value value)
{
    begin_tag(w, "$unknown");
    (void)balm_json_quote(w->buf, value.as.text, value.len);
    end_tag(w);
}

static void write_string(struct writer *w, struct balm_value value)
{
    if (balm_json_quote_plain(w->buf, value.as.text, value.len)) return;
    if (balm_text_is_utf8(value.as.text, value.len)) {
        (void)balm_json_quote(w->buf, value.as.text, value.len);
    } else {
        write_base64(w, "$text", value);
    }
}

static void write_list(struct writer *w, struct balm_value list, int depth)
{
    (void)balm_buf_addc(w->buf, '[');
    for (size_t i = 0; i < balm_list_len(list) && !w->code; i++) {
        if (i) (void)balm_buf_addc(w->buf, ',');
        write_value(w, *balm_list_at(list, i), depth + 1);
    }
    (void)balm_buf_addc(w->buf, ']');
}

static void write_key(struct writer *w, const struct balm_entry *entry)
{
    struct balm_buf longer = BALM_BUF_INIT(BALM_BUF_MAX);

    if (entry->key[0] != '$' && balm_json_quote_plain(w->buf, entry->key, entry->key_len)) return;
    if (!balm_text_is_utf8(entry->key, entry->key_len)) {
        fault(w, BALM_E_ARG, "the name of a member is not UTF-8");
        return;
    }
    if (entry->key[0] != '$') {
        (void)balm_json_quote(w->buf, entry->key, entry->key_len);
        return;
    }
    (void)balm_buf_addc(&longer, '$');
    if (balm_buf_add(&longer, entry->key, entry->key_len)) {
        fault(w, longer.code, "the name of a member is too large");
    } else {
        (void)balm_json_quote(w->buf, longer.bytes, longer.len);
    }
    balm_buf_free(&longer);
}

static void write_map(struct writer *w, struct balm_value map, int depth)
{
    if (balm_document_is_sealed(map)) {
        (void)balm_json_print(w->buf, map, BALM_JSON_COMPACT);
        return;
    }
    (void)balm_buf_addc(w->buf, '{');
    for (size_t i = 0; i < balm_map_len(map) && !w->code; i++) {
        const struct balm_entry *entry = balm_map_at(map, i);
        if (i) (void)balm_buf_addc(w->buf, ',');
        write_key(w, entry);
        (void)balm_buf_addc(w->buf, ':');
        write_value(w, entry->value, depth + 1);
    }
    (void)balm_buf_addc(w->buf, '}');
}

static void write_value(struct writer *w, struct balm_value value, int depth)
{
    if (value.secret) {
        fault(w, BALM_E_ARG, "it holds a secret that was not sealed");
        return;
    }
    if (depth > BALM_DOCUMENT_DEPTH) {
        fault(w, BALM_E_LIMIT, "it is nested too deep");
        return;
    }
    switch ((enum balm_type)value.type) {
    case BALM_NULL:
    case BALM_BOOL:
    case BALM_INT:
        (void)balm_json_print(w->buf, value, BALM_JSON_COMPACT);
        break;
    case BALM_DOUBLE:
        write_double(w, value);
        break;
    case BALM_STRING:
        write_string(w, value);
        break;
    case BALM_BYTES:
        write_base64(w, "$bytes", value);
        break;
    case BALM_TIME:
        write_time(w, value);
        break;
    case BALM_LIST:
        write_list(w, value, depth);
        break;
    case BALM_MAP:
        write_map(w, value, depth);
        break;
    case BALM_UNKNOWN:
        write_unknown(w, value);
        break;
    }
}

enum balm_code balm_document_write(struct balm_buf *buf, struct balm_value value,
                                   struct balm_err *err)
{
    struct writer w = {buf, err, BALM_OK};

    write_value(&w, value, 0);
    return w.code ? w.code : balm_buf_status(buf, "a value to be kept", err);
}

void balm_document_join(struct balm_buf *buf, const char *key, const char *json, size_t len)
{
    bool is_first = buf->len >= 2 && buf->bytes[buf->len - 2] == '{';

    balm_buf_cut(buf, 1);
    (void)balm_buf_adds(buf, is_first ? "\"" : ",\"");
    (void)balm_buf_adds(buf, key);
    (void)balm_buf_adds(buf, "\":");
    (void)balm_buf_add(buf, json, len);
    (void)balm_buf_addc(buf, '}');
}

enum balm_code balm_document_of(struct balm_arena *arena, struct balm_value value,
                                struct balm_value *out, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code = balm_document_write(&text, value, err);

    if (!code) code = balm_json_parse(arena, text.bytes, text.len, out, err);
    balm_buf_free(&text);
    return code;
}

/* ---- and back ---- */

static enum balm_code read_value(struct reader *r, struct balm_value *value);

static enum balm_code malformed(struct reader *r, const char *tag)
{
    return balm_fail(r->err, BALM_E_INPUT, "a kept value is malformed: \"%s\" of a wrong kind",
                     tag);
}

static enum balm_code read_base64(struct reader *r, const char *tag, struct balm_value text,
                                  struct balm_value *out)
{
    struct balm_buf bytes = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *copy = NULL;
    enum balm_code code = balm_text_unbase64(&bytes, text.as.text, text.len);
    if (code == BALM_E_INPUT) code = malformed(r, tag);
    if (code) goto out;
    copy = balm_arena_copy(r->arena, bytes.bytes, bytes.len);
    *out = strcmp(tag, "$text") == 0 ? balm_string_n(copy, bytes.len) : balm_bytes(copy, bytes.len);
out:
    balm_buf_free(&bytes);
    return code;
}

static enum balm_code read_number(struct reader *r, struct balm_value text, struct balm_value *out)
{
    char *end;
    double number = strtod(text.as.text, &end);
    if (text.len == 0 || end != text.as.text + text.len) return malformed(r, "$number");
    *out = balm_double(number);
    return BALM_OK;
}

static enum balm_code read_tag(struct reader *r, const struct balm_entry *only,
                               struct balm_value *out)
{
    struct balm_value inner = only->value;
    int64_t micros;
    if (strcmp(only->key, "$time") == 0 && inner.type == BALM_INT) {
        *out = balm_time_value(inner.as.integer);
        return BALM_OK;
    }
    if (inner.type != BALM_STRING) return malformed(r, only->key);
    if (strcmp(only->key, BALM_SEALED) == 0) return BALM_OK;
    if (strcmp(only->key, "$bytes") == 0 || strcmp(only->key, "$text") == 0) {
        return read_base64(r, only->key, inner, out);
    }
    if (strcmp(only->key, "$number") == 0) return read_number(r, inner, out);
    if (strcmp(only->key, "$unknown") == 0) {
        *out = balm_unknown(inner.as.text);
        return BALM_OK;
    }
    if (strcmp(only->key, "$time") == 0 && balm_time_parse(inner.as.text, inner.len, &micros)) {
        *out = balm_time_value(micros);
        return BALM_OK;
    }
    return malformed(r, only->key);
}

static bool without_escape(void *owner, struct balm_entry *entry)
{
    (void)owner;
    if (entry->key[0] == '$') {
        entry->key++;
        entry->key_len--;
    }
    return true;
}

static enum balm_code read_map(struct reader *r, struct balm_value *value)
{
    size_t count = balm_map_len(*value);
    bool escaped = false;
    enum balm_code code = BALM_OK;
    for (size_t i = 0; i < count && !code; i++) {
        struct balm_entry *entry = balm_map_at(*value, i);
        if (entry->key[0] == '$' && entry->key[1] != '$') {
            return count == 1 ? read_tag(r, entry, value) : malformed(r, entry->key);
        }
        escaped = escaped || entry->key[0] == '$';
        code = read_value(r, &entry->value);
    }
    if (!code && escaped) balm_map_filter(*value, without_escape, NULL);
    return code;
}

static enum balm_code read_value(struct reader *r, struct balm_value *value)
{
    enum balm_code code = BALM_OK;
    if (value->type == BALM_MAP) return read_map(r, value);
    for (size_t i = 0; i < balm_list_len(*value) && !code; i++) {
        code = read_value(r, balm_list_at(*value, i));
    }
    return code;
}

enum balm_code balm_document_value(struct balm_arena *arena, struct balm_value document,
                                   struct balm_value *out, struct balm_err *err)
{
    struct reader r = {arena, err};
    enum balm_code code = read_value(&r, &document);
    if (code) return code;
    *out = document;
    return balm_arena_status(arena, err);
}

enum balm_code balm_document_read(struct balm_arena *arena, const char *text, size_t len,
                                  struct balm_value *out, struct balm_err *err)
{
    struct balm_value document;
    enum balm_code code = balm_json_parse(arena, text, len, &document, err);
    return code ? code : balm_document_value(arena, document, out, err);
}
