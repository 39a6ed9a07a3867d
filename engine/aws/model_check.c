/*
 * model, the part that trusts nothing: every reference, count and kind of one blob.
 *
 * Linear in the blob's size, and without memory of its own: it stands in the way of the first call.
 */
#include "aws/model_pack.h"

#include <string.h>

struct check {
    const char *blob;
    size_t size;
    const struct balm_service *service;
    struct balm_err *err;
};

static enum balm_code damaged(const struct check *check, const char *what)
{
    return balm_fail(check->err, BALM_E_INPUT, "%s", what);
}

static const void *region_of(const struct check *check, enum balm_region region)
{
    return check->blob + check->service->regions[region].at;
}

static uint32_t count_of(const struct check *check, enum balm_region region)
{
    return check->service->regions[region].count;
}

/* Does ref lead to the start of a record of region, with count - 1 more behind it? What lies before
   the region wraps around, and is behind it. */
static inline bool leads_to(const struct check *check, const balm_ref *ref, enum balm_region region,
                            size_t count)
{
    const struct balm_extent *extent = &check->service->regions[region];
    uint64_t size = balm_pack_records[region].size; /* a power of two */
    uint64_t end = extent->count * size;
    uint64_t offset =
        (uint64_t)((const char *)ref - check->blob) + (uint64_t)(int64_t)*ref - extent->at;
    return *ref != 0 && offset < end && (offset & (size - 1)) == 0 && count * size <= end - offset;
}

/* One field of count records, size bytes apart. */
static bool field_is_good(const struct check *check, const struct balm_pack_field *field,
                          const char *record, uint32_t count, size_t size)
{
    bool to_head = field->region == BALM_REGION_SERVICE;
    for (; count > 0; count--, record += size) {
        const balm_ref *ref = (const balm_ref *)(const void *)(record + field->at);
        if (*ref == 0) {
            if (field->required) return false;
        } else if (to_head ? (const char *)ref + *ref != check->blob
                           : !leads_to(check, ref, field->region, 1)) {
            return false;
        }
    }
    return true;
}

static bool fields_are_good(const struct check *check, enum balm_region region)
{
    const struct balm_pack_record *kind = &balm_pack_records[region];
    bool is_head = region == BALM_REGION_SERVICE;
    const char *records = is_head ? check->blob : region_of(check, region);
    uint32_t count = is_head ? 1 : count_of(check, region);
    for (uint32_t i = 0; i < kind->field_count; i++) {
        if (!field_is_good(check, &kind->fields[i], records, count, kind->size)) return false;
    }
    return true;
}

static enum balm_code check_regions(const struct check *check)
{
    const char *text;
    uint32_t len;
    int i;
    for (i = 0; i < BALM_REGION_COUNT; i++) {
        const struct balm_extent *extent = &check->service->regions[i];
        uint64_t bytes = (uint64_t)extent->count * balm_pack_records[i].size;
        if (extent->at % BALM_PACK_ALIGN != 0 || extent->at < sizeof *check->service ||
            extent->at > check->size || bytes > check->size - extent->at) {
            return damaged(check, "a part lies outside");
        }
    }
    text = region_of(check, BALM_REGION_TEXT);
    len = count_of(check, BALM_REGION_TEXT);
    if (len == 0 || text[0] != '\0' || text[len - 1] != '\0') {
        return damaged(check, "a text has no end");
    }
    return BALM_OK;
}

static bool shape_is_good(const struct check *check, const struct balm_shape *shape)
{
    const struct balm_shape_more *more = balm_pack_follow(&shape->more);
    if (shape->kind > BALM_SHAPE_TIMESTAMP) return false;
    if (shape->kind == BALM_SHAPE_LIST && shape->count != 1) return false;
    if (shape->kind == BALM_SHAPE_MAP && shape->count != 2) return false;
    if (shape->kind > BALM_SHAPE_MAP && shape->count != 0) return false;
    if (shape->count && !leads_to(check, &shape->members, BALM_REGION_MEMBER, shape->count)) {
        return false;
    }
    if (!more) return (shape->flags & (BALM_SHAPE_HAS_MIN | BALM_SHAPE_HAS_MAX)) == 0;
    if (more->payload > shape->count) return false;
    if (more->retryable > BALM_RETRYABLE_THROTTLING) return false;
    return more->enum_count == 0 ||
           leads_to(check, &more->enums, BALM_REGION_TEXTS, more->enum_count);
}

/* The sorted order of a structure's members must stay within the structure. */
static bool order_is_good(const struct balm_shape *shape)
{
    const struct balm_member *members = balm_pack_follow(&shape->members);
    uint16_t i;
    if (shape->kind != BALM_SHAPE_STRUCTURE) return true;
    for (i = 0; i < shape->count; i++) {
        if (members[i].sorted >= shape->count) return false;
    }
    return true;
}

static enum balm_code check_shapes(const struct check *check)
{
    const struct balm_shape *shapes = region_of(check, BALM_REGION_SHAPE);
    const struct balm_member *members = region_of(check, BALM_REGION_MEMBER);
    uint32_t count = count_of(check, BALM_REGION_SHAPE);
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (!shape_is_good(check, &shapes[i]) || !order_is_good(&shapes[i])) {
            return damaged(check, "a shape is not whole");
        }
    }
    count = count_of(check, BALM_REGION_MEMBER);
    for (i = 0; i < count; i++) {
        unsigned location =
            (members[i].flags >> BALM_MEMBER_LOCATION_SHIFT) & BALM_MEMBER_LOCATION_MASK;
        if (location > BALM_IN_STATUS) return damaged(check, "a member is nowhere");
    }
    return BALM_OK;
}

static enum balm_code check_operations(const struct check *check)
{
    const struct balm_operation *operations = region_of(check, BALM_REGION_OPERATION);
    uint32_t count = count_of(check, BALM_REGION_OPERATION);
    uint32_t i;
    for (i = 0; i < count; i++) {
        const struct balm_operation *one = &operations[i];
        if (one->by_snake >= count) return damaged(check, "the operations' order is broken");
        if (one->error_count &&
            !leads_to(check, &one->errors, BALM_REGION_SHAPES, one->error_count)) {
            return damaged(check, "an operation's errors are not whole");
        }
        if (one->action_count &&
            !leads_to(check, &one->actions, BALM_REGION_TEXTS, one->action_count)) {
            return damaged(check, "an operation's actions are not whole");
        }
        if (one->dependent_count &&
            !leads_to(check, &one->dependents, BALM_REGION_TEXTS, one->dependent_count)) {
            return damaged(check, "an operation's dependent actions are not whole");
        }
    }
    return BALM_OK;
}

/* What all items and keys refer to was checked before; here are only counts, depth and weight. */
static bool container_is_good(const struct check *check, const struct balm_node *node)
{
    const balm_ref *items = balm_pack_follow(&node->as.ref.to);
    uint64_t weight = 1;
    uint32_t i;
    if (node->count == 0) return node->weight == 1;
    if (!leads_to(check, &node->as.ref.to, BALM_REGION_ITEMS, node->count)) return false;
    if (node->type == BALM_MAP &&
        !leads_to(check, &node->as.ref.keys, BALM_REGION_TEXTS, node->count)) {
        return false;
    }
    for (i = 0; i < node->count; i++) {
        const struct balm_node *child = balm_pack_follow(&items[i]);
        if (child->depth >= node->depth) return false;
        weight += child->weight;
    }
    return weight == node->weight;
}

static bool node_is_good(const struct check *check, const struct balm_node *node)
{
    if (node->depth > BALM_NODE_DEPTH_MAX || node->weight > BALM_NODE_WEIGHT_MAX) return false;
    switch (node->type) {
    case BALM_NULL:
    case BALM_BOOL:
    case BALM_INT:
    case BALM_DOUBLE:
        return node->weight == 1;
    case BALM_STRING:
        return node->weight == 1 && leads_to(check, &node->as.ref.to, BALM_REGION_TEXT, 1);
    case BALM_LIST:
    case BALM_MAP:
        return container_is_good(check, node);
    default:
        return false;
    }
}

static enum balm_code check_nodes(const struct check *check)
{
    const struct balm_node *nodes = region_of(check, BALM_REGION_NODE);
    uint32_t count = count_of(check, BALM_REGION_NODE);
    uint32_t i;
    for (i = 0; i < count; i++) {
        if (!node_is_good(check, &nodes[i])) return damaged(check, "a document is not whole");
    }
    return BALM_OK;
}

enum balm_code balm_pack_check(const void *blob, size_t size, struct balm_err *err)
{
    struct check check = {blob, size, blob, err};
    enum balm_code code;
    int region;
    if (size < sizeof *check.service || check.service->size != size) {
        return damaged(&check, "its size is wrong");
    }
    if (check.service->protocol > BALM_PROTOCOL_CBOR)
        return damaged(&check, "its protocol is none");
    code = check_regions(&check);
    if (code) return code;
    for (region = 0; region <= BALM_REGION_SERVICE; region++) {
        if (!fields_are_good(&check, (enum balm_region)region)) {
            return damaged(&check, "a reference leads astray");
        }
    }
    code = check_shapes(&check);
    if (code) return code;
    code = check_operations(&check);
    if (code) return code;
    return check_nodes(&check);
}
