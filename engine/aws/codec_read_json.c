/*
 * codec_read_json: gives parsed JSON, or CBOR, the names and types of the model, in place.
 *
 * What the parser made stays where it is: keys are exchanged for the members' names, and what the
 * model does not know is left out.
 */
#include "aws/codec_internal.h"

#include "core/cbor.h"
#include "core/json.h"
#include "core/time.h"

#include <string.h>

struct json {
    struct balm_arena *arena;
    struct balm_err *err;
};

static enum balm_code convert(const struct json *json, const struct balm_member *member,
                              struct balm_value *value);

static enum balm_code misfit(const struct json *json, const char *name, const char *wanted,
                             struct balm_value got)
{
    return balm_fail(json->err, BALM_E_INPUT, "%s: expected %s, got %s", name, wanted,
                     balm_type_name((enum balm_type)got.type));
}

static const char *name_of(const struct balm_member *member)
{
    const char *name = balm_member_name(member);
    return name[0] ? name : balm_shape_name(balm_member_shape(member));
}

/* ---- structures ---- */

struct structure {
    const struct json *json;
    const struct balm_shape *shape;
    size_t next; /* a guess: members come in the model's order as often as not */
    bool body_only;
    enum balm_code code;
};

static bool is_meant(const struct structure *structure, const struct balm_member *member,
                     const struct balm_entry *entry)
{
    if (!member || !balm_codec_is_named(member, entry->key, entry->key_len)) return false;
    return !structure->body_only || balm_codec_in_answer_body(member);
}

static const struct balm_member *member_of(struct structure *structure,
                                           const struct balm_entry *entry)
{
    const struct balm_shape *shape = structure->shape;
    size_t count = balm_shape_member_count(shape);
    const struct balm_member *member = balm_shape_member_at(shape, structure->next);

    if (is_meant(structure, member, entry)) {
        structure->next++;
        return member;
    }
    member = balm_shape_member(shape, entry->key, entry->key_len);
    if (is_meant(structure, member, entry)) return member;
    for (size_t i = 0; i < count; i++) {
        size_t at = (structure->next + i) % count;
        member = balm_shape_member_at(shape, at);
        if (!is_meant(structure, member, entry)) continue;
        structure->next = at + 1;
        return member;
    }
    return NULL;
}

/* The one entry of a union that counts; NULL when it is empty. */
static const struct balm_entry *union_entry(struct balm_value value, size_t *count)
{
    const struct balm_entry *found = NULL;

    *count = 0;
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        if (balm_is_null(entry->value) || strcmp(entry->key, "__type") == 0) continue;
        if (!found) found = entry;
        (*count)++;
    }
    return found;
}

static enum balm_code convert_union(struct structure *structure, struct balm_value *value,
                                    bool *done)
{
    const struct json *json = structure->json;
    size_t count;
    const struct balm_entry *entry = union_entry(*value, &count);
    enum balm_code code = balm_codec_one_member(structure->shape, count, json->err);

    if (code) return code;
    *done = !member_of(structure, entry);
    if (*done) *value = balm_codec_unknown_union(json->arena, entry->key);
    return balm_arena_status(json->arena, json->err);
}

static bool keep_member(void *owner, struct balm_entry *entry)
{
    struct structure *structure = owner;

    if (structure->code || balm_is_null(entry->value)) return false;
    const struct balm_member *member = member_of(structure, entry);
    if (!member) return false;
    const char *name = balm_member_name(member);
    size_t len = strlen(name);
    if (len != entry->key_len || memcmp(name, entry->key, len) != 0) {
        entry->key = name;
        entry->key_len = (uint32_t)len;
    }
    structure->code = convert(structure->json, member, &entry->value);
    return true;
}

static enum balm_code convert_structure(const struct json *json, const struct balm_shape *shape,
                                        struct balm_value *value, bool body_only)
{
    struct structure structure = {json, shape, 0, body_only, BALM_OK};
    bool done = false;

    if (balm_shape_is_union(shape)) {
        enum balm_code code = convert_union(&structure, value, &done);
        if (code || done) return code;
    }
    balm_map_filter(*value, keep_member, &structure);
    return structure.code;
}

/* ---- scalars ---- */

static enum balm_code convert_blob(const struct json *json, const struct balm_member *member,
                                   struct balm_value *value)
{
    struct balm_value bytes = balm_null();

    if (value->type == BALM_BYTES) return BALM_OK;
    if (value->type == BALM_STRING) {
        bytes = balm_codec_unbase64(json->arena, value->as.text, value->len);
    }
    if (json->arena->code) return balm_arena_status(json->arena, json->err);
    if (balm_is_null(bytes)) return misfit(json, name_of(member), "base64", *value);
    *value = bytes;
    return BALM_OK;
}

static enum balm_code convert_time(const struct json *json, const struct balm_member *member,
                                   struct balm_value *value)
{
    struct balm_value time = balm_null();
    int64_t micros;

    if (value->type == BALM_TIME) return BALM_OK;
    if (value->type == BALM_STRING && balm_time_parse(value->as.text, value->len, &micros)) {
        time = balm_time_value(micros);
    }
    if (value->type == BALM_INT) time = balm_codec_epoch((double)value->as.integer);
    if (value->type == BALM_DOUBLE) time = balm_codec_epoch(value->as.number);
    if (balm_is_null(time)) return misfit(json, name_of(member), "a time", *value);
    *value = time;
    return BALM_OK;
}

/* Some services write numbers as texts; what is no number stays what it is. */
static struct balm_value to_integer(struct balm_value value)
{
    int64_t integer;

    if (value.type == BALM_STRING && balm_codec_integer(value.as.text, value.len, &integer)) {
        return balm_int(integer);
    }
    return balm_codec_whole(value);
}

static struct balm_value to_double(struct balm_value value)
{
    double number;

    if (value.type == BALM_INT) return balm_double((double)value.as.integer);
    if (value.type == BALM_STRING && balm_codec_float(value.as.text, value.len, &number)) {
        return balm_double(number);
    }
    return value;
}

/* ---- values ---- */

static enum balm_code convert_list(const struct json *json, const struct balm_shape *shape,
                                   struct balm_value value)
{
    const struct balm_member *item = balm_shape_item(shape);
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < balm_list_len(value); i++) {
        struct balm_value *each = balm_list_at(value, i);
        if (!balm_is_null(*each)) code = convert(json, item, each);
    }
    return code;
}

static enum balm_code convert_map(const struct json *json, const struct balm_shape *shape,
                                  struct balm_value value)
{
    const struct balm_member *each = balm_shape_value(shape);
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < balm_map_len(value); i++) {
        struct balm_entry *entry = balm_map_at(value, i);
        if (!balm_is_null(entry->value)) code = convert(json, each, &entry->value);
    }
    return code;
}

static enum balm_code convert(const struct json *json, const struct balm_member *member,
                              struct balm_value *value)
{
    const struct balm_shape *shape = balm_member_shape(member);
    enum balm_code code = BALM_OK;

    switch (balm_shape_kind(shape)) {
    case BALM_SHAPE_STRUCTURE:
        if (balm_shape_is_document(shape)) break;
        if (value->type != BALM_MAP) return misfit(json, name_of(member), "an object", *value);
        code = convert_structure(json, shape, value, false);
        break;
    case BALM_SHAPE_LIST:
        if (value->type != BALM_LIST) return misfit(json, name_of(member), "a list", *value);
        code = convert_list(json, shape, *value);
        break;
    case BALM_SHAPE_MAP:
        if (value->type != BALM_MAP) return misfit(json, name_of(member), "an object", *value);
        code = convert_map(json, shape, *value);
        break;
    case BALM_SHAPE_BLOB:
        code = convert_blob(json, member, value);
        break;
    case BALM_SHAPE_TIMESTAMP:
        code = convert_time(json, member, value);
        break;
    case BALM_SHAPE_INTEGER:
    case BALM_SHAPE_LONG:
        *value = to_integer(*value);
        break;
    case BALM_SHAPE_FLOAT:
    case BALM_SHAPE_DOUBLE:
        *value = to_double(*value);
        break;
    case BALM_SHAPE_STRING:
    case BALM_SHAPE_BOOLEAN:
        break;
    }
    *value = balm_codec_secret(*value, member);
    return code;
}

static bool is_cbor(const struct balm_operation *operation)
{
    return balm_service_protocol(balm_operation_service(operation)) == BALM_PROTOCOL_CBOR;
}

enum balm_code balm_codec_read_bare(const struct balm_operation *operation,
                                    const struct balm_response *response, struct balm_arena *arena,
                                    struct balm_value *out, struct balm_err *err)
{
    const struct balm_buf *body = &response->body;

    *out = balm_null();
    if (!body->len) return BALM_OK;
    return (is_cbor(operation) ? balm_cbor_parse : balm_json_parse)(arena, body->bytes, body->len,
                                                                    out, err);
}

enum balm_code balm_codec_read_json(const struct balm_codec_reader *reader,
                                    const struct balm_shape *shape, bool body_only,
                                    struct balm_value *out)
{
    const struct balm_buf *body = &reader->response->body;
    struct json json = {reader->arena, reader->err};
    struct balm_value root = balm_null();
    enum balm_code code;

    if (is_cbor(reader->operation)) {
        code = balm_codec_read_bare(reader->operation, reader->response, reader->arena, &root,
                                    reader->err);
    } else {
        code = body->len ? balm_json_parse_in_place(reader->arena, body->bytes, body->len, &root,
                                                    reader->err)
                         : BALM_OK;
    }
    if (code) return code;
    if (balm_is_null(root)) root = balm_map(reader->arena);
    *out = root;
    if (balm_shape_is_document(shape)) return balm_arena_status(reader->arena, reader->err);
    if (root.type != BALM_MAP) return misfit(&json, "the answer", "an object", root);
    return convert_structure(&json, shape, out, body_only);
}
