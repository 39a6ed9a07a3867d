#include "remedy/document.h"

#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct balm_arena *arena;
    struct balm_err *err;
    enum balm_code code; /* the first failure */
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

/* ---- to JSON's types ---- */

static struct balm_value write_value(struct writer *w, struct balm_value value, int depth);

static struct balm_value fault(struct writer *w, enum balm_code code, const char *what)
{
    if (!w->code) w->code = balm_fail(w->err, code, "a value cannot be kept: %s", what);
    return balm_null();
}

static struct balm_value tagged(struct writer *w, const char *tag, struct balm_value value)
{
    struct balm_value map = balm_map(w->arena);
    balm_map_set(w->arena, map, tag, value);
    return map;
}

static struct balm_value write_base64(struct writer *w, const char *tag, struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value made = balm_null();
    balm_text_base64(&text, value.as.text, value.len);
    if (text.code) {
        fault(w, text.code, "it is too large");
    } else {
        made = tagged(w, tag, balm_text_n(w->arena, text.bytes, text.len));
    }
    balm_buf_free(&text);
    return made;
}

static struct balm_value write_time(struct writer *w, struct balm_value value)
{
    char text[BALM_TIME_MAX];
    int64_t back;
    balm_time_iso8601(text, value.as.integer);
    if (balm_time_parse(text, strlen(text), &back) && back == value.as.integer) {
        return tagged(w, "$time", balm_text(w->arena, text));
    }
    return tagged(w, "$time", balm_int(value.as.integer));
}

static struct balm_value write_double(struct writer *w, struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(64);
    double whole;
    struct balm_value made = value;
    if (isfinite(value.as.number) && fabs(modf(value.as.number, &whole)) > 0) return value;
    balm_json_number(&text, value.as.number);
    made = text.code ? fault(w, text.code, "a number has no text")
                     : tagged(w, "$number", balm_text_n(w->arena, text.bytes, text.len));
    balm_buf_free(&text);
    return made;
}

static bool is_same(struct balm_value a, struct balm_value b)
{
    return a.type == b.type && a.as.integer == b.as.integer;
}

static struct balm_value write_list(struct writer *w, struct balm_value list, int depth)
{
    size_t count = balm_list_len(list);
    struct balm_value made = list;
    for (size_t i = 0; i < count && !w->code; i++) {
        struct balm_value item = *balm_list_at(list, i);
        struct balm_value written = write_value(w, item, depth + 1);
        if (is_same(made, list)) {
            if (is_same(item, written)) continue;
            made = balm_list_of(w->arena, balm_list_at(list, 0), count);
        }
        if (balm_list_at(made, i)) *balm_list_at(made, i) = written;
    }
    return made;
}

static const char *write_key(struct writer *w, const struct balm_entry *entry, size_t *len)
{
    char *key;
    if (!balm_text_is_utf8(entry->key, entry->key_len)) {
        fault(w, BALM_E_ARG, "the name of a member is not UTF-8");
        return NULL;
    }
    *len = entry->key_len;
    if (entry->key[0] != '$') return entry->key;
    key = balm_arena_alloc(w->arena, *len + 2);
    if (!key) return NULL;
    key[0] = '$';
    memcpy(key + 1, entry->key, *len + 1);
    *len += 1;
    return key;
}

static struct balm_value write_map(struct writer *w, struct balm_value map, int depth)
{
    size_t count = balm_map_len(map);
    struct balm_value made = map;
    if (balm_document_is_sealed(map)) return map;
    for (size_t i = 0; i < count && !w->code; i++) {
        const struct balm_entry *entry = balm_map_at(map, i);
        struct balm_value written = write_value(w, entry->value, depth + 1);
        size_t len = 0;
        const char *key = write_key(w, entry, &len);
        if (is_same(made, map)) {
            if (is_same(entry->value, written) && key == entry->key) continue;
            made = balm_map_of(w->arena, balm_map_at(map, 0), i);
        }
        if (key) balm_map_set_n(w->arena, made, key, len, written);
    }
    return made;
}

static struct balm_value write_value(struct writer *w, struct balm_value value, int depth)
{
    if (value.secret) return fault(w, BALM_E_ARG, "it holds a secret that was not sealed");
    if (depth > BALM_DOCUMENT_DEPTH) return fault(w, BALM_E_LIMIT, "it is nested too deep");
    switch ((enum balm_type)value.type) {
    case BALM_NULL:
    case BALM_BOOL:
    case BALM_INT:
        break;
    case BALM_DOUBLE:
        return write_double(w, value);
    case BALM_STRING:
        if (balm_text_is_utf8(value.as.text, value.len)) break;
        return write_base64(w, "$text", value);
    case BALM_BYTES:
        return write_base64(w, "$bytes", value);
    case BALM_TIME:
        return write_time(w, value);
    case BALM_LIST:
        return write_list(w, value, depth);
    case BALM_MAP:
        return write_map(w, value, depth);
    case BALM_UNKNOWN:
        return tagged(w, "$unknown", balm_string_n(value.as.text, value.len));
    }
    return value;
}

enum balm_code balm_document_of(struct balm_arena *arena, struct balm_value value,
                                struct balm_value *out, struct balm_err *err)
{
    struct writer w = {arena, err, BALM_OK};
    *out = write_value(&w, value, 0);
    return w.code ? w.code : balm_arena_status(arena, err);
}

enum balm_code balm_document_write(struct balm_buf *buf, struct balm_value value,
                                   struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value document;
    enum balm_code code = balm_document_of(&arena, value, &document, err);
    if (!code && balm_json_print(buf, document, BALM_JSON_COMPACT)) {
        code = balm_buf_status(buf, "a value to be kept", err);
    }
    balm_arena_free(&arena);
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
