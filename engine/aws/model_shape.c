/* model, the part about shapes and members. */
#include "aws/model_pack.h"

#include <string.h>

/* What most shapes and members do not have; all empty for them. */
static const struct balm_shape_more *more_of(const struct balm_shape *shape)
{
    static const struct balm_shape_more none;
    return shape->more ? balm_pack_follow(&shape->more) : &none;
}

static const struct balm_member_more *member_more(const struct balm_member *member)
{
    static const struct balm_member_more none;
    return member->more ? balm_pack_follow(&member->more) : &none;
}

enum balm_shape_kind balm_shape_kind(const struct balm_shape *shape)
{
    return (enum balm_shape_kind)shape->kind;
}

const char *balm_shape_name(const struct balm_shape *shape)
{
    return balm_pack_text(&shape->name);
}

size_t balm_shape_member_count(const struct balm_shape *shape)
{
    return shape->kind == BALM_SHAPE_STRUCTURE ? shape->count : 0;
}

static const struct balm_member *members_of(const struct balm_shape *shape)
{
    return balm_pack_follow(&shape->members);
}

const struct balm_member *balm_shape_member_at(const struct balm_shape *shape, size_t i)
{
    return i < balm_shape_member_count(shape) ? &members_of(shape)[i] : NULL;
}

/* Orders name, which need not end in a NUL, against a text. */
static int compare(const char *name, size_t len, const char *text)
{
    int order = len ? (unsigned char)name[0] - (unsigned char)text[0] : 0; /* most differ there */
    if (!order) order = strncmp(name, text, len);
    return order ? order : -(text[len] != '\0');
}

const struct balm_member *balm_shape_member(const struct balm_shape *shape, const char *name,
                                            size_t len)
{
    const struct balm_member *members = members_of(shape);
    size_t low = 0;
    size_t high = balm_shape_member_count(shape);
    if (memchr(name, '\0', len)) return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct balm_member *member = &members[members[middle].sorted];
        int order = compare(name, len, balm_pack_required(&member->name));
        if (order == 0) return member;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const struct balm_member *balm_shape_member_of(const struct balm_shape *shape,
                                               const struct balm_entry *entry)
{
    const struct balm_member *members = members_of(shape);
    size_t count = balm_shape_member_count(shape);
    size_t i;
    for (i = 0; i < count; i++) {
        if (balm_pack_required(&members[i].name) == entry->key) return &members[i];
    }
    return balm_shape_member(shape, entry->key, entry->key_len);
}

const struct balm_member *balm_shape_item(const struct balm_shape *shape)
{
    return shape->kind == BALM_SHAPE_LIST ? members_of(shape) : NULL;
}

const struct balm_member *balm_shape_key(const struct balm_shape *shape)
{
    return shape->kind == BALM_SHAPE_MAP ? members_of(shape) : NULL;
}

const struct balm_member *balm_shape_value(const struct balm_shape *shape)
{
    return shape->kind == BALM_SHAPE_MAP ? members_of(shape) + 1 : NULL;
}

const struct balm_member *balm_shape_payload(const struct balm_shape *shape)
{
    uint16_t payload = more_of(shape)->payload;
    return payload ? members_of(shape) + (payload - 1) : NULL;
}

bool balm_shape_is_union(const struct balm_shape *shape)
{
    return (shape->flags & BALM_SHAPE_UNION) != 0;
}

bool balm_shape_is_document(const struct balm_shape *shape)
{
    return (shape->flags & BALM_SHAPE_DOCUMENT) != 0;
}

bool balm_shape_is_event_stream(const struct balm_shape *shape)
{
    return (shape->flags & BALM_SHAPE_EVENT_STREAM) != 0;
}

bool balm_shape_is_flattened(const struct balm_shape *shape)
{
    return (shape->flags & BALM_SHAPE_FLATTENED) != 0;
}

bool balm_shape_is_exception(const struct balm_shape *shape)
{
    return (shape->flags & BALM_SHAPE_EXCEPTION) != 0;
}

size_t balm_shape_enum_count(const struct balm_shape *shape)
{
    return more_of(shape)->enum_count;
}

const char *balm_shape_enum_at(const struct balm_shape *shape, size_t i)
{
    const struct balm_shape_more *more = more_of(shape);
    const balm_ref *enums = balm_pack_follow(&more->enums);
    return i < more->enum_count ? balm_pack_text(&enums[i]) : "";
}

/* Of a thousand kinds of instances most differ in their first letter. */
bool balm_shape_enum_has(const struct balm_shape *shape, const char *text, size_t len)
{
    const struct balm_shape_more *more = more_of(shape);
    const balm_ref *enums = balm_pack_follow(&more->enums);
    size_t count = more->enum_count;
    size_t i;
    for (i = 0; i < count; i++) {
        const char *known = balm_pack_required(&enums[i]);
        if (known[0] == text[0] && strcmp(known, text) == 0) return strlen(known) == len;
    }
    return false;
}

bool balm_shape_min(const struct balm_shape *shape, double *min)
{
    if (!(shape->flags & BALM_SHAPE_HAS_MIN)) return false;
    *min = more_of(shape)->min;
    return true;
}

bool balm_shape_max(const struct balm_shape *shape, double *max)
{
    if (!(shape->flags & BALM_SHAPE_HAS_MAX)) return false;
    *max = more_of(shape)->max;
    return true;
}

const char *balm_shape_error_code(const struct balm_shape *shape)
{
    const struct balm_shape_more *more = more_of(shape);
    return balm_pack_text(more->error_code ? &more->error_code : &shape->name);
}

enum balm_retryable balm_shape_retryable(const struct balm_shape *shape)
{
    return (enum balm_retryable)more_of(shape)->retryable;
}

int balm_shape_error_status(const struct balm_shape *shape)
{
    return more_of(shape)->status;
}

/* ---- members ---- */

const char *balm_member_name(const struct balm_member *member)
{
    return balm_pack_text(&member->name);
}

const struct balm_shape *balm_member_shape(const struct balm_member *member)
{
    return balm_pack_follow(&member->shape);
}

bool balm_member_required(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_REQUIRED) != 0;
}

enum balm_location balm_member_location(const struct balm_member *member)
{
    return (enum balm_location)((member->flags >> BALM_MEMBER_LOCATION_SHIFT) &
                                BALM_MEMBER_LOCATION_MASK);
}

bool balm_member_has_location_name(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_LOCATION_STATED) != 0;
}

const char *balm_member_location_name(const struct balm_member *member)
{
    if (!balm_member_has_location_name(member)) return balm_pack_text(&member->name);
    return balm_pack_text(&member_more(member)->location_name);
}

const char *balm_member_query_name(const struct balm_member *member)
{
    return balm_pack_text(&member_more(member)->query_name);
}

const char *balm_member_xml_namespace(const struct balm_member *member)
{
    return balm_pack_text(&member_more(member)->xml_namespace);
}

const char *balm_member_xml_prefix(const struct balm_member *member)
{
    return balm_pack_text(&member_more(member)->xml_prefix);
}

const char *balm_member_context_param(const struct balm_member *member)
{
    return balm_pack_text(&member_more(member)->context_param);
}

bool balm_member_is_xml_attribute(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_XML_ATTRIBUTE) != 0;
}

bool balm_member_is_flattened(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_FLATTENED) != 0;
}

bool balm_member_is_streaming(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_STREAMING) != 0;
}

bool balm_member_is_json_value(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_JSON_VALUE) != 0;
}

bool balm_member_is_idempotency_token(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_IDEMPOTENCY) != 0;
}

bool balm_member_is_host_label(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_HOST_LABEL) != 0;
}

bool balm_member_is_sensitive(const struct balm_member *member)
{
    return (member->flags & BALM_MEMBER_SENSITIVE) != 0;
}

enum balm_timestamp_format balm_member_timestamp_format(const struct balm_member *member)
{
    return (enum balm_timestamp_format)((member->flags >> BALM_MEMBER_TIME_SHIFT) &
                                        BALM_MEMBER_TIME_MASK);
}
