/*
 * codec_cbor: rpc-v2-cbor requests. Answers are read as JSON's are (codec_read_json.c), once their
 * bytes are values.
 */
#include "aws/codec_internal.h"
#include "core/cbor.h"

#include <string.h>

static void write_value(struct balm_buf *buf, const struct balm_member *member,
                        struct balm_value value, int depth);

static void write_scalar(struct balm_buf *buf, const struct balm_member *member,
                         struct balm_value value)
{
    bool narrow = member && balm_shape_kind(balm_member_shape(member)) == BALM_SHAPE_FLOAT;
    bool wide = member && balm_shape_kind(balm_member_shape(member)) == BALM_SHAPE_DOUBLE;
    double number = value.type == BALM_INT ? (double)value.as.integer : value.as.number;

    switch ((enum balm_type)value.type) {
    case BALM_BOOL:
        balm_cbor_bool(buf, value.as.boolean);
        break;
    case BALM_INT:
    case BALM_DOUBLE:
        if (narrow) {
            balm_cbor_float(buf, number);
        } else if (wide || value.type == BALM_DOUBLE) {
            balm_cbor_double(buf, number);
        } else {
            balm_cbor_int(buf, value.as.integer);
        }
        break;
    case BALM_STRING:
        balm_cbor_text(buf, value.as.text, value.len);
        break;
    case BALM_BYTES:
        balm_cbor_bytes(buf, value.as.text, value.len);
        break;
    case BALM_TIME: /* whole seconds, rounded down */
        balm_cbor_time(buf, value.as.integer / 1000000 - (value.as.integer % 1000000 < 0));
        break;
    case BALM_UNKNOWN:
        balm_cbor_text(buf, BALM_CODEC_UNKNOWN_TEXT, sizeof BALM_CODEC_UNKNOWN_TEXT - 1);
        break;
    default:
        balm_cbor_null(buf);
    }
}

static void write_list(struct balm_buf *buf, const struct balm_member *item,
                       struct balm_value value, int depth)
{
    balm_cbor_list(buf, balm_list_len(value));
    for (size_t i = 0; i < balm_list_len(value); i++) {
        write_value(buf, item, *balm_list_at(value, i), depth);
    }
}

static void write_map(struct balm_buf *buf, const struct balm_member *each, struct balm_value value,
                      int depth)
{
    balm_cbor_map(buf, balm_map_len(value));
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        balm_cbor_text(buf, entry->key, entry->key_len);
        write_value(buf, each, entry->value, depth);
    }
}

static void write_structure(struct balm_buf *buf, const struct balm_shape *shape,
                            struct balm_value value, int depth)
{
    size_t count = 0;

    for (size_t i = 0; i < balm_map_len(value); i++) {
        if (!balm_is_null(balm_map_at(value, i)->value)) count++;
    }
    balm_cbor_map(buf, count);
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        const struct balm_member *member = balm_shape_member_of(shape, entry);
        const char *name = member ? balm_member_location_name(member) : entry->key;
        if (balm_is_null(entry->value)) continue;
        balm_cbor_text(buf, name, strlen(name));
        write_value(buf, member, entry->value, depth);
    }
}

/* member is NULL within a document, and beside what the model knows. */
static void write_value(struct balm_buf *buf, const struct balm_member *member,
                        struct balm_value value, int depth)
{
    const struct balm_shape *shape = member ? balm_member_shape(member) : NULL;
    enum balm_shape_kind kind = shape ? balm_shape_kind(shape) : BALM_SHAPE_STRING;

    if (depth >= BALM_CODEC_DEPTH) {
        buf->code = BALM_E_LIMIT;
    } else if (value.type == BALM_LIST) {
        write_list(buf, kind == BALM_SHAPE_LIST ? balm_shape_item(shape) : NULL, value, depth + 1);
    } else if (value.type == BALM_MAP && kind == BALM_SHAPE_STRUCTURE &&
               !balm_shape_is_document(shape)) {
        write_structure(buf, shape, value, depth + 1);
    } else if (value.type == BALM_MAP) {
        write_map(buf, kind == BALM_SHAPE_MAP ? balm_shape_value(shape) : NULL, value, depth + 1);
    } else {
        write_scalar(buf, member, value);
    }
}

enum balm_code balm_codec_cbor(const struct balm_operation *operation, struct balm_value params,
                               struct balm_request *request, struct balm_err *err)
{
    static const char type[] = "application/cbor";
    const struct balm_service *service = balm_operation_service(operation);
    const struct balm_shape *shape = balm_operation_input(operation);

    request->method = "POST";
    request->path =
        balm_arena_printf(request->arena, "/service/%s/operation/%s",
                          balm_service_target_prefix(service), balm_operation_name(operation));
    if (!request->path) return balm_arena_status(request->arena, err);
    balm_request_add_header(request, "smithy-protocol", "rpc-v2-cbor");
    balm_request_add_header(request, "Accept", type);
    if (balm_service_is_query_compatible(service)) {
        balm_request_add_header(request, "x-amzn-query-mode", "true");
    }
    if (shape) {
        balm_request_add_header(request, "Content-Type", type);
        write_structure(&request->body, shape, params, 0);
    }
    return balm_buf_status(&request->body, "the request", err);
}
