/*
 * codec_read: a good answer by its protocol, and what can be told of any.
 */
#include "aws/codec_custom.h"
#include "aws/codec_internal.h"
#include "core/text.h"

#include <string.h>

static enum balm_code read_query(const struct balm_codec_reader *reader,
                                 const struct balm_shape *shape, struct balm_value *out)
{
    const char *wrapper = balm_operation_result_wrapper(reader->operation);
    struct balm_codec_path path = {{wrapper[0] ? wrapper : NULL, NULL}};

    return balm_codec_read_xml(reader, shape, &path, out);
}

static enum balm_code read_shape(const struct balm_codec_reader *reader,
                                 const struct balm_shape *shape, struct balm_value *out)
{
    const struct balm_service *service = balm_operation_service(reader->operation);

    switch (balm_service_protocol(service)) {
    case BALM_PROTOCOL_QUERY:
    case BALM_PROTOCOL_EC2:
        return read_query(reader, shape, out);
    case BALM_PROTOCOL_JSON:
    case BALM_PROTOCOL_CBOR:
        return balm_codec_read_json(reader, shape, false, out);
    case BALM_PROTOCOL_REST_JSON:
    case BALM_PROTOCOL_REST_XML:
        return balm_codec_read_rest(reader, shape, NULL, out);
    case BALM_PROTOCOL_NONE:
        break;
    }
    return balm_fail(reader->err, BALM_E_ARG, "%s speaks a protocol that Balm does not",
                     balm_service_name(service));
}

enum balm_code balm_parse_response(const struct balm_operation *operation, struct balm_value params,
                                   struct balm_response *response, struct balm_arena *arena,
                                   struct balm_value *out, struct balm_err *err)
{
    const struct balm_shape *shape = balm_operation_output(operation);
    struct balm_codec_reader reader = {operation, response, arena, err};
    enum balm_code code = balm_codec_check_checksum(&reader);

    *out = balm_map(arena);
    if (!code && balm_custom_of(operation) & BALM_CUSTOM_LOCATION) {
        code = balm_custom_location(&reader, *out);
    } else if (!code && shape) {
        code = read_shape(&reader, shape, out);
    }
    if (!code) {
        balm_custom_answer(operation, params, arena, out);
        code = balm_arena_status(arena, err);
    }
    if (!code) return BALM_OK;
    return balm_err_prefix(err, "%s:%s: the answer cannot be read",
                           balm_service_name(balm_operation_service(operation)),
                           balm_operation_name(operation));
}

/* ---- errors behind a good status ---- */

static bool is_text_payload(const struct balm_shape *output)
{
    const struct balm_member *payload = balm_shape_payload(output);

    if (!payload) return false;
    enum balm_shape_kind kind = balm_shape_kind(balm_member_shape(payload));
    return kind == BALM_SHAPE_BLOB || kind == BALM_SHAPE_STRING;
}

/* The root's name, where all that stands before it is white space and a declaration. */
static bool root_is(const char *text, const char *name)
{
    size_t len = strlen(name);

    text += strspn(text, " \t\r\n");
    if (balm_text_starts(text, "<?xml")) {
        const char *end = strstr(text, "?>");
        if (!end) return false;
        text = end + 2;
        text += strspn(text, " \t\r\n");
    }
    return *text == '<' && strncmp(text + 1, name, len) == 0 && text[len + 1] &&
           strchr(" \t\r\n/>", text[len + 1]);
}

static enum balm_code on_start(void *owner, const char *name, const char **attributes,
                               struct balm_err *err)
{
    (void)owner, (void)name, (void)attributes, (void)err;
    return BALM_OK;
}

static void on_text(void *owner, const char *text, size_t len)
{
    (void)owner, (void)text, (void)len;
}

static enum balm_code on_end(void *owner, struct balm_err *err)
{
    (void)owner, (void)err;
    return BALM_OK;
}

/* S3 sends a good status before it has begun to copy, and keeps the connection alive with white
   space: what follows may be an error, or nothing. */
static bool is_cut(const struct balm_buf *body)
{
    static const struct balm_codec_events events = {NULL, on_start, on_text, on_end};
    return balm_codec_xml_events(&events, body->bytes, body->len, NULL) != BALM_OK;
}

bool balm_response_hides_error(const struct balm_operation *operation,
                               const struct balm_response *response)
{
    const struct balm_shape *output = balm_operation_output(operation);
    const char *service = balm_service_name(balm_operation_service(operation));

    if (response->status != 200 || strcmp(service, "s3") != 0) return false;
    if (!output || is_text_payload(output)) return false;
    if (balm_custom_of(operation) & BALM_CUSTOM_LATE_ERROR && is_cut(&response->body)) return true;
    return root_is(response->body.bytes, "Error");
}

/* ---- request ids ---- */

static const char *id_in_body(const struct balm_response *response, struct balm_arena *arena)
{
    static const char *const tags[] = {"<RequestId>", "<RequestID>", "<requestId>"};
    const char *body = response->body.bytes;

    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        const char *found = strstr(body, tags[i]);
        if (!found) continue;
        found += strlen(tags[i]);
        const char *copy = balm_arena_copy(arena, found, strcspn(found, "<"));
        return copy ? copy : "";
    }
    return "";
}

const char *balm_response_request_id(const struct balm_response *response, struct balm_arena *arena)
{
    static const char *const names[] = {"x-amzn-requestid", "x-amz-request-id"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *id = balm_response_header(response, names[i]);
        if (id) return id;
    }
    return id_in_body(response, arena);
}
