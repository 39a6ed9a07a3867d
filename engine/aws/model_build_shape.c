/* model_build, the part about shapes and members. */
#include "aws/model_build_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *type;
    enum balm_shape_kind kind;
} kinds[] = {
    {"structure", BALM_SHAPE_STRUCTURE},
    {"list", BALM_SHAPE_LIST},
    {"map", BALM_SHAPE_MAP},
    {"string", BALM_SHAPE_STRING},
    {"character", BALM_SHAPE_STRING},
    {"integer", BALM_SHAPE_INTEGER},
    {"long", BALM_SHAPE_LONG},
    {"float", BALM_SHAPE_FLOAT},
    {"double", BALM_SHAPE_DOUBLE},
    {"boolean", BALM_SHAPE_BOOLEAN},
    {"blob", BALM_SHAPE_BLOB},
    {"timestamp", BALM_SHAPE_TIMESTAMP},
};

static const struct {
    const char *word;
    enum balm_location location;
} locations[] = {
    {"uri", BALM_IN_URI},         {"querystring", BALM_IN_QUERY}, {"header", BALM_IN_HEADER},
    {"headers", BALM_IN_HEADERS}, {"statusCode", BALM_IN_STATUS},
};

static const struct {
    const char *word;
    enum balm_timestamp_format format;
} formats[] = {
    {"iso8601", BALM_TIMESTAMP_ISO8601},
    {"rfc822", BALM_TIMESTAMP_RFC822},
    {"unixTimestamp", BALM_TIMESTAMP_EPOCH},
};

static const struct {
    const char *trait;
    unsigned flag;
} member_traits[] = {
    {"xmlAttribute", BALM_MEMBER_XML_ATTRIBUTE},   {"flattened", BALM_MEMBER_FLATTENED},
    {"streaming", BALM_MEMBER_STREAMING},          {"jsonvalue", BALM_MEMBER_JSON_VALUE},
    {"idempotencyToken", BALM_MEMBER_IDEMPOTENCY}, {"hostLabel", BALM_MEMBER_HOST_LABEL},
    {"sensitive", BALM_MEMBER_SENSITIVE},
};

static const struct {
    const char *trait;
    unsigned flag;
} shape_traits[] = {
    {"union", BALM_SHAPE_UNION},
    {"document", BALM_SHAPE_DOCUMENT},
    {"eventstream", BALM_SHAPE_EVENT_STREAM},
    {"flattened", BALM_SHAPE_FLATTENED},
    {"exception", BALM_SHAPE_EXCEPTION},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* What a reference states counts before what its shape states, trait by trait, as in botocore. */
struct traits {
    struct balm_value stated;
    struct balm_value shape;
};

static struct balm_value trait(const struct traits *traits, const char *name)
{
    struct balm_value *own = balm_map_get(traits->stated, name);
    return own ? *own : balm_get(traits->shape, name);
}

static unsigned location_of(struct balm_blob *blob, const struct traits *traits, const char *from)
{
    struct balm_value word = trait(traits, "location");
    size_t i;
    if (word.type != BALM_STRING) return BALM_IN_BODY;
    for (i = 0; i < COUNT(locations); i++) {
        if (balm_is_text(word, locations[i].word)) return (unsigned)locations[i].location;
    }
    balm_blob_fault(blob, "%s: unknown location \"%s\"", from, word.as.text);
    return BALM_IN_BODY;
}

static unsigned format_of(struct balm_blob *blob, const struct traits *traits, const char *from)
{
    struct balm_value word = trait(traits, "timestampFormat");
    size_t i;
    if (word.type != BALM_STRING) return BALM_TIMESTAMP_UNSET;
    for (i = 0; i < COUNT(formats); i++) {
        if (balm_is_text(word, formats[i].word)) return (unsigned)formats[i].format;
    }
    balm_blob_fault(blob, "%s: unknown timestampFormat \"%s\"", from, word.as.text);
    return BALM_TIMESTAMP_UNSET;
}

static balm_ref more_of(struct balm_blob *blob, const struct traits *traits)
{
    static const struct balm_member_more none;
    struct balm_member_more more = none;
    struct balm_value names = trait(traits, "xmlNamespace");
    more.location_name = balm_blob_text_of(blob, trait(traits, "locationName"));
    more.query_name = balm_blob_text_of(blob, trait(traits, "queryName"));
    more.xml_namespace =
        balm_blob_text_of(blob, names.type == BALM_MAP ? balm_get(names, "uri") : names);
    more.xml_prefix = balm_blob_text_of(blob, balm_get(names, "prefix"));
    more.context_param = balm_blob_text_of(blob, balm_get(trait(traits, "contextParam"), "name"));
    if (memcmp(&more, &none, sizeof more) == 0) return 0;
    return balm_blob_put(blob, BALM_REGION_MEMBER_MORE, &more, sizeof more);
}

balm_ref balm_build_shape_ref(struct balm_blob *blob, struct balm_value name, const char *from)
{
    if (name.type != BALM_STRING || !balm_map_get_n(blob->shapes, name.as.text, name.len)) {
        balm_blob_fault(blob, "%s: there is no shape \"%s\"", from,
                        name.type == BALM_STRING ? name.as.text : "");
        return 0;
    }
    return balm_blob_shape(blob, balm_blob_text_of(blob, name));
}

struct balm_member balm_build_member(struct balm_blob *blob, const char *name,
                                     struct balm_value stated, unsigned flags, const char *from)
{
    struct balm_value shape_name = balm_get(stated, "shape");
    struct traits traits = {stated, balm_null()};
    struct balm_member member;
    size_t i;
    memset(&member, 0, sizeof member);
    member.shape = balm_build_shape_ref(blob, shape_name, from);
    if (!member.shape) return member;
    traits.shape = balm_get(blob->shapes, shape_name.as.text);
    for (i = 0; i < COUNT(member_traits); i++) {
        struct balm_value on = trait(&traits, member_traits[i].trait);
        if (on.type == BALM_BOOL && on.as.boolean) flags |= member_traits[i].flag;
    }
    if (trait(&traits, "locationName").type == BALM_STRING) flags |= BALM_MEMBER_LOCATION_STATED;
    flags |= location_of(blob, &traits, from) << BALM_MEMBER_LOCATION_SHIFT;
    flags |= format_of(blob, &traits, from) << BALM_MEMBER_TIME_SHIFT;
    member.flags = (uint16_t)flags;
    member.name = balm_blob_text(blob, name);
    member.more = more_of(blob, &traits);
    return member;
}

/* ---- shapes ---- */

static bool is_required(struct balm_value required, const char *name)
{
    size_t i;
    for (i = 0; i < balm_list_len(required); i++) {
        if (balm_is_text(*balm_list_at(required, i), name)) return true;
    }
    return false;
}

struct named {
    const char *name;
    uint16_t index;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* Each member learns which one has its place in the sorted order. */
static void sort_members(struct balm_blob *blob, struct balm_member *members,
                         struct balm_value stated)
{
    size_t count = balm_map_len(stated);
    struct named *order = balm_arena_alloc(blob->arena, count * sizeof *order);
    size_t i;
    if (!order) return;
    for (i = 0; i < count; i++) {
        order[i] = (struct named){balm_map_at(stated, i)->key, (uint16_t)i};
    }
    qsort(order, count, sizeof *order, by_name);
    for (i = 0; i < count; i++) {
        members[i].sorted = order[i].index;
    }
}

static void build_structure(struct balm_blob *blob, struct balm_shape *shape,
                            struct balm_value stated, const char *name)
{
    struct balm_value members = balm_get(stated, "members");
    struct balm_value required = balm_get(stated, "required");
    size_t count = balm_map_len(members);
    struct balm_member *built = balm_arena_alloc(blob->arena, count * sizeof *built);
    size_t i;
    if (count == 0 || !built) return;
    if (count > UINT16_MAX) {
        balm_blob_fault(blob, "shapes.%s has %zu members", name, count);
        return;
    }
    for (i = 0; i < count; i++) {
        const struct balm_entry *entry = balm_map_at(members, i);
        char from[256];
        snprintf(from, sizeof from, "shapes.%s.members.%s", name, entry->key);
        built[i] =
            balm_build_member(blob, entry->key, entry->value,
                              is_required(required, entry->key) ? BALM_MEMBER_REQUIRED : 0, from);
    }
    sort_members(blob, built, members);
    shape->count = (uint16_t)count;
    shape->members = balm_blob_put(blob, BALM_REGION_MEMBER, built, count * sizeof *built);
}

/* The item of a list, the key and the value of a map. */
static void build_parts(struct balm_blob *blob, struct balm_shape *shape, struct balm_value stated,
                        const char *name)
{
    static const char *const of_list[] = {"member"};
    static const char *const of_map[] = {"key", "value"};
    const char *const *parts = shape->kind == BALM_SHAPE_LIST ? of_list : of_map;
    struct balm_member built[2];
    size_t i;
    shape->count = shape->kind == BALM_SHAPE_LIST ? 1 : 2;
    for (i = 0; i < shape->count; i++) {
        char from[256];
        snprintf(from, sizeof from, "shapes.%s.%s", name, parts[i]);
        built[i] = balm_build_member(blob, "", balm_get(stated, parts[i]), 0, from);
    }
    shape->members = balm_blob_put(blob, BALM_REGION_MEMBER, built, shape->count * sizeof *built);
}

static uint16_t payload_of(struct balm_blob *blob, struct balm_value stated, const char *name)
{
    struct balm_value payload = balm_get(stated, "payload");
    struct balm_value members = balm_get(stated, "members");
    size_t i;
    if (payload.type != BALM_STRING) return 0;
    for (i = 0; i < balm_map_len(members); i++) {
        if (strcmp(balm_map_at(members, i)->key, payload.as.text) == 0) return (uint16_t)(i + 1);
    }
    balm_blob_fault(blob, "shapes.%s: the payload \"%s\" is no member", name, payload.as.text);
    return 0;
}

static uint16_t retryable_of(struct balm_value stated)
{
    if (stated.type != BALM_MAP) return BALM_NOT_RETRYABLE;
    return balm_get_bool(stated, "throttling", false) ? BALM_RETRYABLE_THROTTLING : BALM_RETRYABLE;
}

static bool bound_of(struct balm_value stated, const char *which, double *bound)
{
    struct balm_value value = balm_get(stated, which);
    if (value.type == BALM_INT) *bound = (double)value.as.integer;
    if (value.type == BALM_DOUBLE) *bound = value.as.number;
    return value.type == BALM_INT || value.type == BALM_DOUBLE;
}

static void build_more(struct balm_blob *blob, struct balm_shape *shape, struct balm_value stated,
                       const char *name)
{
    static const struct balm_shape_more none;
    struct balm_shape_more more = none;
    struct balm_value error = balm_get(stated, "error");
    if (bound_of(stated, "min", &more.min)) shape->flags |= BALM_SHAPE_HAS_MIN;
    if (bound_of(stated, "max", &more.max)) shape->flags |= BALM_SHAPE_HAS_MAX;
    more.enums = balm_blob_texts(blob, balm_get(stated, "enum"), &more.enum_count);
    more.error_code = balm_blob_text_of(blob, balm_get(error, "code"));
    more.status = (uint16_t)balm_get_int(error, "httpStatusCode", 0);
    more.payload = payload_of(blob, stated, name);
    more.retryable = retryable_of(balm_get(stated, "retryable"));
    if (!(shape->flags & (BALM_SHAPE_HAS_MIN | BALM_SHAPE_HAS_MAX)) &&
        memcmp(&more, &none, sizeof more) == 0) {
        return;
    }
    shape->more = balm_blob_put(blob, BALM_REGION_SHAPE_MORE, &more, sizeof more);
}

static bool kind_of(struct balm_value type, uint8_t *kind)
{
    size_t i;
    for (i = 0; i < COUNT(kinds); i++) {
        if (!balm_is_text(type, kinds[i].type)) continue;
        *kind = (uint8_t)kinds[i].kind;
        return true;
    }
    return false;
}

static void build_shape(struct balm_blob *blob, balm_ref name_ref)
{
    const char *name = blob->pools[BALM_REGION_TEXT].bytes.bytes + name_ref - 1;
    const char *key = balm_arena_strdup(blob->arena, name); /* texts move as they grow */
    struct balm_value stated = key ? balm_get(blob->shapes, key) : balm_null();
    struct balm_shape shape;
    size_t i;
    if (!key) return;
    memset(&shape, 0, sizeof shape);
    shape.name = name_ref;
    if (!kind_of(balm_get(stated, "type"), &shape.kind)) {
        balm_blob_fault(blob, "shapes.%s: unknown type \"%s\"", key,
                        balm_get_string(stated, "type", ""));
        return;
    }
    for (i = 0; i < COUNT(shape_traits); i++) {
        bool on = balm_get_bool(stated, shape_traits[i].trait, false);
        if (on) shape.flags |= (uint8_t)shape_traits[i].flag;
    }
    if (shape.kind == BALM_SHAPE_STRUCTURE) build_structure(blob, &shape, stated, key);
    if (shape.kind == BALM_SHAPE_LIST || shape.kind == BALM_SHAPE_MAP) {
        build_parts(blob, &shape, stated, key);
    }
    build_more(blob, &shape, stated, key);
    balm_buf_add(&blob->pools[BALM_REGION_SHAPE].bytes, &shape, sizeof shape);
}

void balm_build_shapes(struct balm_blob *blob)
{
    size_t at;
    for (at = 0; at < blob->shape_names.bytes.len && !blob->fault.code; at += sizeof(balm_ref)) {
        balm_ref name;
        memcpy(&name, blob->shape_names.bytes.bytes + at, sizeof name);
        build_shape(blob, name);
    }
    if (blob->pools[BALM_REGION_SHAPE].bytes.code && !blob->fault.code) {
        balm_buf_status(&blob->pools[BALM_REGION_SHAPE].bytes, "the pack", &blob->fault);
    }
}
