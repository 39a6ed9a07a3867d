/*
 * codec_normalise: gives loosely typed data (JSON, Lua) the types that the model wants.
 */
#include "aws/codec_internal.h"

#include "core/text.h"
#include "core/time.h"

#include <math.h>
#include <string.h>

struct normaliser {
    struct balm_arena *arena;
    bool blobs_are_base64;
};

static struct balm_value normal(const struct normaliser *normaliser,
                                const struct balm_member *member, struct balm_value value,
                                int depth);

/* ---- scalars ---- */

static struct balm_value to_bytes(const struct normaliser *normaliser, struct balm_value value)
{
    if (normaliser->blobs_are_base64) {
        struct balm_value bytes = balm_codec_unbase64(normaliser->arena, value.as.text, value.len);
        if (bytes.type == BALM_BYTES) return bytes;
    }
    struct balm_value text = balm_text_n(normaliser->arena, value.as.text, value.len);
    if (!normaliser->blobs_are_base64 && text.type == BALM_STRING) text.type = BALM_BYTES;
    return text;
}

struct balm_value balm_codec_epoch(double seconds)
{
    double whole = floor(seconds);

    if (!(fabs(seconds) < 9e12)) return balm_null();
    return balm_time_value((int64_t)whole * 1000000 + (int64_t)rint((seconds - whole) * 1e6));
}

static struct balm_value to_time(struct balm_value value)
{
    int64_t micros;

    if (value.type == BALM_STRING && balm_time_parse(value.as.text, value.len, &micros)) {
        return balm_time_value(micros);
    }
    struct balm_value time = balm_null();
    if (value.type == BALM_INT) time = balm_codec_epoch((double)value.as.integer);
    if (value.type == BALM_DOUBLE) time = balm_codec_epoch(value.as.number);
    return balm_is_null(time) ? value : time;
}

struct balm_value balm_codec_whole(struct balm_value value)
{
    double number = value.as.number;

    if (value.type != BALM_DOUBLE || floor(number) != number) return value;
    if (number < -9223372036854775808.0 || number >= 9223372036854775808.0) return value;
    return balm_int((int64_t)number);
}

static struct balm_value to_double(struct balm_value value)
{
    if (balm_is_text(value, "NaN")) return balm_double((double)NAN);
    if (balm_is_text(value, "Infinity")) return balm_double((double)INFINITY);
    if (balm_is_text(value, "-Infinity")) return balm_double(-(double)INFINITY);
    return value;
}

static struct balm_value scalar(const struct normaliser *normaliser, enum balm_shape_kind kind,
                                struct balm_value value)
{
    switch (kind) {
    case BALM_SHAPE_BLOB:
        if (value.type == BALM_STRING) return to_bytes(normaliser, value);
        break;
    case BALM_SHAPE_TIMESTAMP:
        value = to_time(value);
        break;
    case BALM_SHAPE_INTEGER:
    case BALM_SHAPE_LONG:
        value = balm_codec_whole(value);
        break;
    case BALM_SHAPE_FLOAT:
    case BALM_SHAPE_DOUBLE:
        value = to_double(value);
        break;
    default:
        break;
    }
    return balm_copy(normaliser->arena, value);
}

/* ---- containers ---- */

static struct balm_value structure(const struct normaliser *normaliser,
                                   const struct balm_shape *shape, struct balm_value value,
                                   int depth)
{
    struct balm_value made = balm_map_again(normaliser->arena, value);

    for (size_t i = 0; i < balm_map_len(made); i++) {
        struct balm_entry *entry = balm_map_at(made, i);
        const struct balm_member *member = balm_shape_member(shape, entry->key, entry->key_len);
        entry->key = member ? balm_member_name(member)
                            : balm_arena_copy(normaliser->arena, entry->key, entry->key_len);
        if (!entry->key) return balm_null();
        entry->value = member ? normal(normaliser, member, entry->value, depth + 1)
                              : balm_copy(normaliser->arena, entry->value);
    }
    return made;
}

static struct balm_value map(const struct normaliser *normaliser, const struct balm_member *each,
                             struct balm_value value, int depth)
{
    struct balm_value made = balm_map_again(normaliser->arena, value);

    for (size_t i = 0; i < balm_map_len(made); i++) {
        struct balm_entry *entry = balm_map_at(made, i);
        entry->key = balm_arena_copy(normaliser->arena, entry->key, entry->key_len);
        if (!entry->key) return balm_null();
        entry->value = normal(normaliser, each, entry->value, depth + 1);
    }
    return made;
}

static struct balm_value list(const struct normaliser *normaliser, const struct balm_member *item,
                              struct balm_value value, int depth)
{
    struct balm_value made =
        balm_list_of(normaliser->arena, balm_list_at(value, 0), balm_list_len(value));

    for (size_t i = 0; i < balm_list_len(made); i++) {
        struct balm_value *each = balm_list_at(made, i);
        *each = normal(normaliser, item, *each, depth + 1);
    }
    return made;
}

static struct balm_value container(const struct normaliser *normaliser,
                                   const struct balm_member *member, struct balm_value value,
                                   int depth)
{
    const struct balm_shape *shape = balm_member_shape(member);
    enum balm_shape_kind kind = balm_shape_kind(shape);
    bool empty = !balm_map_len(value) && !balm_list_len(value);

    if (balm_shape_is_document(shape)) return balm_copy(normaliser->arena, value);
    if (kind == BALM_SHAPE_LIST && (value.type == BALM_LIST || empty)) {
        return list(normaliser, balm_shape_item(shape), value, depth);
    }
    if (kind == BALM_SHAPE_STRUCTURE && (value.type == BALM_MAP || empty)) {
        return structure(normaliser, shape, value, depth);
    }
    if (kind == BALM_SHAPE_MAP && (value.type == BALM_MAP || empty)) {
        return map(normaliser, balm_shape_value(shape), value, depth);
    }
    return balm_copy(normaliser->arena, value);
}

static struct balm_value hidden(struct balm_value value, int depth)
{
    if (balm_is_null(value) || depth > BALM_CODEC_DEPTH) return value;
    value.secret = 1;
    for (size_t i = 0; i < balm_list_len(value); i++) {
        struct balm_value *item = balm_list_at(value, i);
        *item = hidden(*item, depth + 1);
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        struct balm_entry *entry = balm_map_at(value, i);
        entry->value = hidden(entry->value, depth + 1);
    }
    return value;
}

struct balm_value balm_codec_secret(struct balm_value value, const struct balm_member *member)
{
    return balm_member_is_sensitive(member) ? hidden(value, 0) : value;
}

static struct balm_value normal(const struct normaliser *normaliser,
                                const struct balm_member *member, struct balm_value value,
                                int depth)
{
    struct balm_value made;
    bool was_secret = value.secret;

    if (depth > BALM_CODEC_DEPTH) return balm_copy(normaliser->arena, value);
    if (balm_codec_is_container(value)) {
        made = container(normaliser, member, value, depth);
    } else {
        made = scalar(normaliser, balm_shape_kind(balm_member_shape(member)), value);
    }
    if (was_secret) made.secret = 1;
    return balm_codec_secret(made, member);
}

static struct balm_value add_tokens(const struct balm_shape *shape, struct balm_value params,
                                    const char *token, struct balm_arena *arena)
{
    for (size_t i = 0; token && i < balm_shape_member_count(shape); i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        const char *name = balm_member_name(member);
        if (!balm_member_is_idempotency_token(member) || balm_map_get(params, name)) continue;
        struct balm_value text = balm_text(arena, token);
        if (!balm_is_null(text)) (void)balm_map_set(arena, params, name, text);
    }
    return params;
}

struct balm_value balm_normalise_input(const struct balm_operation *operation,
                                       struct balm_value params, bool blobs_are_base64,
                                       const char *token, struct balm_arena *arena)
{
    const struct balm_member *member = balm_operation_input_member(operation);
    struct normaliser normaliser = {arena, blobs_are_base64};

    if (balm_is_null(params)) params = balm_map(arena);
    params = balm_custom_normalise(operation, params, arena);
    if (!member) {
        bool empty = params.type == BALM_LIST && !balm_list_len(params);
        return empty ? balm_map(arena) : balm_copy(arena, params);
    }
    params = normal(&normaliser, member, params, 0);
    if (params.type != BALM_MAP) return params;
    return add_tokens(balm_member_shape(member), params, token, arena);
}

struct balm_value balm_normalise_output(const struct balm_operation *operation,
                                        struct balm_value answer, struct balm_arena *arena)
{
    const struct balm_member *member = balm_operation_output_member(operation);
    struct normaliser normaliser = {arena, false};

    if (balm_is_null(answer)) return balm_map(arena);
    return member ? normal(&normaliser, member, answer, 0) : balm_copy(arena, answer);
}
