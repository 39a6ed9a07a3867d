/*
 * codec_read_rest: what answers of rest-json and rest-xml hold beside their bodies.
 */
#include "aws/codec_custom.h"
#include "aws/codec_internal.h"

#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <string.h>
#include <strings.h>

static bool is_json(const struct balm_codec_reader *reader)
{
    return balm_service_protocol(balm_operation_service(reader->operation)) ==
           BALM_PROTOCOL_REST_JSON;
}

static const char *find_header(const struct balm_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_len; i++) {
        if (balm_text_same_nocase(response->headers[i].name, name)) {
            return response->headers[i].value;
        }
    }
    return NULL;
}

static enum balm_code read_json_text(const struct balm_codec_reader *reader, const char *text,
                                     struct balm_value *out)
{
    struct balm_value json = balm_codec_unbase64(reader->arena, text, strlen(text));

    if (balm_is_null(json)) {
        return balm_fail(reader->err, BALM_E_INPUT, "a header that should hold JSON is not base64");
    }
    return balm_json_parse(reader->arena, json.as.text, json.len, out, reader->err);
}

/* "a, b , c" */
static enum balm_code read_header_list(const struct balm_codec_reader *reader,
                                       const struct balm_member *item, const char *text,
                                       struct balm_value *out)
{
    enum balm_code code = BALM_OK;

    *out = balm_list(reader->arena);
    for (bool more = true; more && !code;) {
        size_t len = strcspn(text, ",");
        size_t skip = strspn(text, " \t");
        size_t end = len;
        struct balm_value value;
        if (skip > len) skip = len;
        while (end > skip && strchr(" \t", text[end - 1]))
            end--;
        code =
            balm_codec_from_text(reader->arena, item, text + skip, end - skip, &value, reader->err);
        if (!code) (void)balm_list_push(reader->arena, *out, balm_codec_secret(value, item));
        more = text[len] == ',';
        text += len + 1;
    }
    return code;
}

static enum balm_code read_header(const struct balm_codec_reader *reader,
                                  const struct balm_member *member, struct balm_value *out)
{
    const struct balm_shape *shape = balm_member_shape(member);
    const char *text = find_header(reader->response, balm_member_location_name(member));

    if (!text) return BALM_OK;
    if (balm_codec_is_header_json(member)) return read_json_text(reader, text, out);
    if (balm_shape_kind(shape) == BALM_SHAPE_LIST) {
        return read_header_list(reader, balm_shape_item(shape), text, out);
    }
    return balm_codec_from_text(reader->arena, member, text, strlen(text), out, reader->err);
}

static enum balm_code read_header_map(const struct balm_codec_reader *reader,
                                      const struct balm_member *member, struct balm_value *out)
{
    const char *prefix = balm_member_location_name(member);
    size_t len = balm_member_has_location_name(member) ? strlen(prefix) : 0;
    const struct balm_response *response = reader->response;

    *out = balm_map(reader->arena);
    for (size_t i = 0; i < response->header_len; i++) {
        const char *name = response->headers[i].name;
        if (strncasecmp(name, prefix, len) != 0) continue;
        (void)balm_map_put(reader->arena, *out, name + len, strlen(name + len),
                           balm_text(reader->arena, response->headers[i].value));
    }
    return BALM_OK;
}

/* What a website's owner wrote into an object's Expires may be anything. */
static bool is_no_time(const struct balm_codec_reader *reader, const struct balm_member *member,
                       struct balm_value out)
{
    const char *text = balm_response_header(reader->response, "expires");
    int64_t micros;

    if (!text || strcmp(balm_member_name(member), "Expires") != 0) return false;
    if (!(balm_custom_of(reader->operation) & BALM_CUSTOM_EXPIRES)) return false;
    (void)balm_map_set(reader->arena, out, "ExpiresString", balm_text(reader->arena, text));
    return !balm_time_parse(text, strlen(text), &micros);
}

static enum balm_code read_elsewhere(const struct balm_codec_reader *reader,
                                     const struct balm_shape *shape, struct balm_value out)
{
    for (size_t i = 0; i < balm_shape_member_count(shape); i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        struct balm_value value = balm_null();
        enum balm_code code = BALM_OK;
        switch (balm_member_location(member)) {
        case BALM_IN_STATUS:
            value = balm_int(reader->response->status);
            break;
        case BALM_IN_HEADER:
            if (is_no_time(reader, member, out)) break;
            code = read_header(reader, member, &value);
            break;
        case BALM_IN_HEADERS:
            code = read_header_map(reader, member, &value);
            break;
        case BALM_IN_BODY:
        case BALM_IN_URI:
        case BALM_IN_QUERY:
            break;
        }
        if (code) return code;
        if (balm_is_null(value)) continue;
        (void)balm_map_set(reader->arena, out, balm_member_name(member),
                           balm_codec_secret(value, member));
    }
    return balm_arena_status(reader->arena, reader->err);
}

static enum balm_code read_body(const struct balm_codec_reader *reader,
                                const struct balm_shape *shape, bool body_only,
                                const struct balm_codec_path *path, struct balm_value *out)
{
    if (is_json(reader)) return balm_codec_read_json(reader, shape, body_only, out);
    if (reader->response->body.len) return balm_codec_read_xml(reader, shape, path, out);
    *out = balm_map(reader->arena);
    return balm_arena_status(reader->arena, reader->err);
}

static enum balm_code read_payload(const struct balm_codec_reader *reader,
                                   const struct balm_member *payload, struct balm_value *out)
{
    const struct balm_shape *shape = balm_member_shape(payload);
    const struct balm_buf *body = &reader->response->body;
    enum balm_shape_kind kind = balm_shape_kind(shape);

    if (kind != BALM_SHAPE_BLOB && kind != BALM_SHAPE_STRING) {
        return read_body(reader, shape, false, NULL, out);
    }
    *out = balm_text_n(reader->arena, body->bytes, body->len);
    if (out->type == BALM_STRING && kind == BALM_SHAPE_BLOB) out->type = BALM_BYTES;
    return balm_arena_status(reader->arena, reader->err);
}

enum balm_code balm_codec_read_rest(const struct balm_codec_reader *reader,
                                    const struct balm_shape *shape,
                                    const struct balm_codec_path *path, struct balm_value *out)
{
    const struct balm_member *payload = balm_shape_payload(shape);
    struct balm_value body = balm_null();
    enum balm_code code = BALM_OK;

    *out = balm_map(reader->arena);
    if (!payload) {
        code = read_body(reader, shape, true, path, &body);
        if (!code) *out = body;
    } else {
        code = read_payload(reader, payload, &body);
        if (!code) {
            (void)balm_map_set(reader->arena, *out, balm_member_name(payload),
                               balm_codec_secret(body, payload));
        }
    }
    return code ? code : read_elsewhere(reader, shape, *out);
}
