/*
 * codec_unknown: the shape of an answer that was never given.
 */
#include "aws/codec_internal.h"

#include <string.h>

#define NESTED_MAX 16 /* structures within structures; what lies deeper is an empty map */
#define SOURCE_MAX 1024

struct unknown {
    struct balm_arena *arena;
    struct balm_buf source;
    const struct balm_shape *within[NESTED_MAX];
};

static bool is_within(const struct unknown *unknown, const struct balm_shape *shape, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        if (unknown->within[i] == shape) return true;
    }
    return false;
}

static struct balm_value structure(struct unknown *unknown, const struct balm_shape *shape,
                                   size_t depth);

static struct balm_value value_of(struct unknown *unknown, const struct balm_member *member,
                                  size_t depth)
{
    const struct balm_shape *shape = balm_member_shape(member);

    switch (balm_shape_kind(shape)) {
    case BALM_SHAPE_STRUCTURE:
        if (!balm_shape_is_document(shape)) return structure(unknown, shape, depth);
        break;
    case BALM_SHAPE_LIST:
        return balm_list(unknown->arena);
    case BALM_SHAPE_MAP:
        return balm_map(unknown->arena);
    default:
        break;
    }
    const char *source =
        balm_arena_copy(unknown->arena, unknown->source.bytes, unknown->source.len);
    return source ? balm_unknown(source) : balm_null();
}

static struct balm_value structure(struct unknown *unknown, const struct balm_shape *shape,
                                   size_t depth)
{
    struct balm_value map = balm_map(unknown->arena);
    size_t was = unknown->source.len;

    if (depth >= NESTED_MAX || is_within(unknown, shape, depth)) return map;
    unknown->within[depth] = shape;
    for (size_t i = 0; i < balm_shape_member_count(shape); i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        const char *name = balm_member_name(member);
        (void)balm_buf_addf(&unknown->source, ".%s", name);
        struct balm_value value = balm_codec_secret(value_of(unknown, member, depth + 1), member);
        if (!balm_is_null(value)) (void)balm_map_set(unknown->arena, map, name, value);
        unknown->source.code = BALM_OK; /* a source that is too long is cut */
        if (unknown->source.len > was) balm_buf_cut(&unknown->source, unknown->source.len - was);
    }
    return map;
}

struct balm_value balm_unknown_output(const struct balm_operation *operation, const char *name,
                                      struct balm_arena *arena)
{
    const struct balm_shape *shape = balm_operation_output(operation);
    struct unknown unknown = {.arena = arena, .source = BALM_BUF_INIT(SOURCE_MAX)};

    if (!shape) return balm_map(arena);
    (void)balm_buf_adds(&unknown.source, name);
    struct balm_value made = structure(&unknown, shape, 0);
    balm_buf_free(&unknown.source);
    return made;
}
