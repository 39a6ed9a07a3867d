/*
 * codec_rest: what rest-json and rest-xml share: labels, query strings, headers, and which member
 * is the body.
 */
#include "aws/codec_internal.h"

#include "core/text.h"

#include <string.h>

#define MICROS 1000000

struct rest {
    const struct balm_operation *operation;
    const struct balm_shape *shape; /* of the input; NULL: takes nothing */
    struct balm_value params;
    struct balm_request *request;
    struct balm_buf text; /* one scalar at a time */
    struct balm_err *err;
    bool millis;
};

static const char bucket_label[] = "/{Bucket}";

static const struct balm_codec_times in_header = {BALM_TIMESTAMP_RFC822, false};

static struct balm_codec_times in_query(const struct rest *rest)
{
    return (struct balm_codec_times){BALM_TIMESTAMP_ISO8601, rest->millis};
}

/* ---- labels ---- */

static const struct balm_member *label_member(const struct rest *rest, const char *name, size_t len)
{
    for (size_t i = 0; rest->shape && i < balm_shape_member_count(rest->shape); i++) {
        const struct balm_member *member = balm_shape_member_at(rest->shape, i);
        const char *label = balm_member_location_name(member);
        if (balm_member_location(member) == BALM_IN_URI && strlen(label) == len &&
            memcmp(label, name, len) == 0) {
            return member;
        }
    }
    return NULL;
}

/* An empty label would address another resource: the folder instead of the thing in it. */
static enum balm_code add_label(struct rest *rest, struct balm_buf *path, const char *name,
                                size_t len, bool encoded)
{
    bool greedy = len && name[len - 1] == '+';
    const struct balm_member *member = label_member(rest, name, greedy ? len - 1 : len);
    const struct balm_value *value =
        member ? balm_map_get(rest->params, balm_member_name(member)) : NULL;

    balm_buf_clear(&rest->text);
    if (value) balm_codec_scalar(&rest->text, member, *value, in_query(rest));
    if (rest->text.code) return balm_buf_status(&rest->text, "the request's path", rest->err);
    if (!rest->text.len) {
        return balm_fail(rest->err, BALM_E_ARG,
                         "%.*s: must not be empty: it is a part of the request's path",
                         (int)(greedy ? len - 1 : len), name);
    }
    if (!encoded) return balm_buf_add(path, rest->text.bytes, rest->text.len);
    return balm_text_percent(path, rest->text.bytes, rest->text.len, greedy ? "/" : NULL);
}

static enum balm_code fill_template(struct rest *rest, struct balm_buf *out, const char *text,
                                    size_t len, bool encoded)
{
    while (len) {
        const char *open = memchr(text, '{', len);
        const char *close = open ? memchr(open, '}', len - (size_t)(open - text)) : NULL;
        if (!close) return balm_buf_add(out, text, len);
        (void)balm_buf_add(out, text, (size_t)(open - text));
        enum balm_code code = add_label(rest, out, open + 1, (size_t)(close - open - 1), encoded);
        if (code) return code;
        len -= (size_t)(close + 1 - text);
        text = close + 1;
    }
    return BALM_OK;
}

/* One "name=value" or "name" of the template's own query string. */
static enum balm_code add_template_pair(struct rest *rest, const char *text, size_t len)
{
    struct balm_buf filled = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code = fill_template(rest, &filled, text, len, false);

    if (!code) {
        char *mark = memchr(filled.bytes, '=', filled.len);
        if (mark) *mark = '\0';
        balm_request_add_query(rest->request, filled.bytes, mark ? mark + 1 : NULL);
    }
    balm_buf_free(&filled);
    return code;
}

static enum balm_code add_template_query(struct rest *rest, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "&");
        enum balm_code code = len ? add_template_pair(rest, text, len) : BALM_OK;
        if (code) return code;
        text += len + (text[len] == '&');
    }
    return BALM_OK;
}

static enum balm_code set_path(struct rest *rest)
{
    const char *uri = balm_operation_uri(rest->operation);
    struct balm_buf path = BALM_BUF_INIT(BALM_BUF_MAX);

    if (strcmp(balm_service_name(balm_operation_service(rest->operation)), "s3") == 0 &&
        balm_text_starts(uri, bucket_label)) {
        uri += sizeof bucket_label - 1;
    }
    size_t len = strcspn(uri, "?");
    if (!len || uri[0] != '/') (void)balm_buf_addc(&path, '/');
    enum balm_code code = fill_template(rest, &path, uri, len, true);
    if (!code && uri[len] == '?') code = add_template_query(rest, uri + len + 1);
    if (!code) code = balm_buf_status(&path, "the request's path", rest->err);
    if (!code) rest->request->path = balm_codec_keep(&path, rest->request->arena);
    balm_buf_free(&path);
    return code;
}

/* ---- query string ---- */

static void add_query_scalar(struct rest *rest, const struct balm_member *member, const char *name,
                             struct balm_value value)
{
    balm_buf_clear(&rest->text);
    balm_codec_scalar(&rest->text, member, value, in_query(rest));
    balm_request_add_query(rest->request, name, rest->text.bytes);
}

static void add_query_list(struct rest *rest, const struct balm_member *item, const char *name,
                           struct balm_value list)
{
    for (size_t i = 0; i < balm_list_len(list); i++) {
        add_query_scalar(rest, item, name, *balm_list_at(list, i));
    }
}

static void add_query(struct rest *rest, const struct balm_member *member, struct balm_value value)
{
    const struct balm_shape *shape = balm_member_shape(member);
    const char *name = balm_member_location_name(member);

    if (value.type == BALM_LIST) {
        add_query_list(rest, balm_shape_item(shape), name, value);
        return;
    }
    if (value.type != BALM_MAP) {
        add_query_scalar(rest, member, name, value);
        return;
    }
    const struct balm_member *each = balm_shape_value(shape);
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        if (entry->value.type == BALM_LIST) {
            add_query_list(rest, balm_shape_item(balm_member_shape(each)), entry->key,
                           entry->value);
        } else {
            add_query_scalar(rest, each, entry->key, entry->value);
        }
    }
}

/* ---- headers ---- */

static bool is_header_value(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static enum balm_code add_header(struct rest *rest, const char *member, const char *name)
{
    enum balm_code code = balm_buf_status(&rest->text, "a header", rest->err);

    if (code) return code;
    if (!balm_is_http_token(name)) {
        return balm_fail(rest->err, BALM_E_ARG, "%s: \"%s\" cannot be the name of a header", member,
                         name);
    }
    if (!is_header_value(rest->text.bytes, rest->text.len)) {
        return balm_fail(rest->err, BALM_E_ARG,
                         "%s: travels as a header, which cannot hold control characters", member);
    }
    balm_request_set_header(rest->request, name, rest->text.bytes);
    return BALM_OK;
}

/* Times in headers have no fraction, whatever their format could hold. */
static void add_header_scalar(struct balm_buf *text, const struct balm_member *member,
                              struct balm_value value)
{
    if (value.type == BALM_TIME) value.as.integer -= (value.as.integer % MICROS + MICROS) % MICROS;
    balm_codec_scalar(text, member, value, in_header);
}

/* Commas separate the items, so an item that holds one is quoted. */
static void add_header_item(struct balm_buf *text, const struct balm_member *item,
                            struct balm_value value)
{
    bool quoted = value.type == BALM_STRING &&
                  (memchr(value.as.text, ',', value.len) || memchr(value.as.text, '"', value.len));

    if (!quoted) {
        add_header_scalar(text, item, value);
        return;
    }
    (void)balm_buf_addc(text, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.as.text[i] == '"') (void)balm_buf_addc(text, '\\');
        (void)balm_buf_addc(text, value.as.text[i]);
    }
    (void)balm_buf_addc(text, '"');
}

static void add_json_text(struct balm_buf *text, struct balm_value value)
{
    struct balm_buf json = BALM_BUF_INIT(BALM_BUF_MAX);

    balm_codec_json_bare(&json, value);
    (void)balm_text_base64(text, json.bytes, json.len);
    balm_buf_free(&json);
}

static enum balm_code write_header(struct rest *rest, const struct balm_member *member,
                                   struct balm_value value)
{
    balm_buf_clear(&rest->text);
    if (balm_codec_is_header_json(member)) {
        add_json_text(&rest->text, value);
    } else if (value.type == BALM_LIST) {
        const struct balm_member *item = balm_shape_item(balm_member_shape(member));
        if (!balm_list_len(value)) return BALM_OK;
        for (size_t i = 0; i < balm_list_len(value); i++) {
            if (i) (void)balm_buf_addc(&rest->text, ',');
            add_header_item(&rest->text, item, *balm_list_at(value, i));
        }
    } else {
        add_header_scalar(&rest->text, member, value);
    }
    return add_header(rest, balm_member_name(member), balm_member_location_name(member));
}

static enum balm_code write_header_map(struct rest *rest, const struct balm_member *member,
                                       struct balm_value value)
{
    const struct balm_member *each = balm_shape_value(balm_member_shape(member));

    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        char *name = balm_arena_printf(rest->request->arena, "%s%s",
                                       balm_member_location_name(member), entry->key);
        if (!name) return balm_arena_status(rest->request->arena, rest->err);
        balm_buf_clear(&rest->text);
        balm_codec_scalar(&rest->text, each, entry->value, in_header);
        enum balm_code code = add_header(rest, balm_member_name(member), name);
        if (code) return code;
    }
    return BALM_OK;
}

/* Puts every member that is not of the body to its place; says whether any is of the body. */
static enum balm_code place_members(struct rest *rest, bool *has_body)
{
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < balm_map_len(rest->params); i++) {
        const struct balm_entry *entry = balm_map_at(rest->params, i);
        const struct balm_member *member = balm_shape_member_of(rest->shape, entry);
        if (!member || balm_is_null(entry->value)) continue;
        switch (balm_member_location(member)) {
        case BALM_IN_QUERY:
            add_query(rest, member, entry->value);
            break;
        case BALM_IN_HEADER:
            code = write_header(rest, member, entry->value);
            break;
        case BALM_IN_HEADERS:
            code = write_header_map(rest, member, entry->value);
            break;
        case BALM_IN_URI:
            break;
        case BALM_IN_BODY:
        case BALM_IN_STATUS:
            *has_body = true;
        }
    }
    return code;
}

/* ---- body ---- */

static bool is_json(const struct rest *rest)
{
    return balm_service_protocol(balm_operation_service(rest->operation)) ==
           BALM_PROTOCOL_REST_JSON;
}

static bool is_stream(const struct balm_member *payload)
{
    enum balm_shape_kind kind = balm_shape_kind(balm_member_shape(payload));
    return kind == BALM_SHAPE_BLOB || kind == BALM_SHAPE_STRING;
}

static const char *root_name(const struct balm_member *member)
{
    return balm_member_has_location_name(member) ? balm_member_location_name(member)
                                                 : balm_shape_name(balm_member_shape(member));
}

static void write_payload(struct rest *rest, const struct balm_member *payload)
{
    const struct balm_value *value = balm_map_get(rest->params, balm_member_name(payload));
    struct balm_buf *body = &rest->request->body;

    if (is_stream(payload)) {
        bool text = value && (value->type == BALM_STRING || value->type == BALM_BYTES);
        if (text) (void)balm_buf_add(body, value->as.text, value->len);
    } else if (!value) {
        if (is_json(rest)) (void)balm_buf_adds(body, "{}");
    } else if (is_json(rest)) {
        balm_codec_json_value(body, payload, *value, rest->millis);
    } else {
        balm_codec_xml(body, payload, root_name(payload), *value, false);
    }
}

static bool wants_empty_object(const struct rest *rest)
{
    if (!is_json(rest)) return false;
    for (size_t i = 0; i < balm_shape_member_count(rest->shape); i++) {
        if (balm_member_location(balm_shape_member_at(rest->shape, i)) == BALM_IN_BODY) return true;
    }
    return false;
}

static void write_body(struct rest *rest, bool has_body)
{
    const struct balm_member *payload = balm_shape_payload(rest->shape);
    struct balm_request *request = rest->request;

    if (payload) {
        write_payload(rest, payload);
    } else if (!has_body) {
        if (wants_empty_object(rest)) (void)balm_buf_adds(&request->body, "{}");
    } else if (is_json(rest)) {
        balm_codec_json_structure(&request->body, rest->shape, rest->params, true, rest->millis);
    } else {
        const struct balm_member *input = balm_operation_input_member(rest->operation);
        balm_codec_xml(&request->body, input, root_name(input), rest->params, true);
    }
    if (is_json(rest) && request->body.len && !(payload && is_stream(payload)) &&
        !balm_request_header(request, "Content-Type")) {
        balm_request_add_header(request, "Content-Type", "application/json");
    }
}

enum balm_code balm_codec_rest(const struct balm_operation *operation, struct balm_value params,
                               struct balm_request *request, struct balm_err *err)
{
    struct rest rest = {.operation = operation,
                        .shape = balm_operation_input(operation),
                        .params = params,
                        .request = request,
                        .text = BALM_BUF_INIT(BALM_BUF_MAX),
                        .err = err,
                        .millis = balm_custom_millis(operation)};
    bool has_body = false;
    enum balm_code code = set_path(&rest);

    if (code || !rest.shape) goto out;
    code = place_members(&rest, &has_body);
    if (code) goto out;
    write_body(&rest, has_body);
    code = balm_buf_status(&rest.text, "the request", err);
    if (code) goto out;
    code = balm_buf_status(&request->body, "the request", err);
out:
    balm_buf_wipe(&rest.text);
    return code;
}
