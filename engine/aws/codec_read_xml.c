/*
 * codec_read_xml: values straight out of a document, by the model; no tree of elements between.
 *
 * One frame an open element. Of a member that occurs twice, and is no flattened list, the first
 * counts; elements that the model does not know are passed over. Where several members of a
 * structure have one name, an element of text is each of them; another the first of them.
 */
#include "aws/codec_internal.h"

#include <string.h>

#define KNOWN 256

enum frame_kind {
    FRAME_SKIP,
    FRAME_PATH, /* on the way to where the shape begins */
    FRAME_STRUCTURE,
    FRAME_LIST,
    FRAME_MAP,
    FRAME_ENTRY, /* holds a key and a value */
    FRAME_SCALAR
};

struct frame {
    enum frame_kind kind;
    const struct balm_member *slot;   /* under which the value goes into a structure */
    const struct balm_member *member; /* what the element itself is; slot but for flattened ones */
    struct balm_value value;          /* a container in the making, or an entry's value */
    const char *key;                  /* an entry's, NULL until it is there */
    uint32_t key_len;
    const char *unknown; /* a union's member that the model does not know */
    size_t path_at;      /* how many names of the path lie behind */
    bool closed;         /* a scalar's text ends at its first child */
    bool shared;         /* there are more members of its name */
};

/* Structures repeat from one record to the next: which member an element's name was. */
struct known {
    const struct balm_shape *shape;
    const char *name;
    const struct balm_member *member; /* the first of that name */
    bool shared;                      /* there are others */
};

struct xml {
    const struct balm_codec_path *path;
    struct balm_arena *arena;
    struct balm_buf text; /* of the scalar that is open */
    const struct balm_shape *shape;
    struct balm_value result;
    bool found;
    size_t depth;
    struct frame frames[BALM_CODEC_DEPTH];
    struct known known[KNOWN];
};

/* ---- opening ---- */

/* What an element is that stands for slot: the member itself, or an item of its flattened list. */
static const struct balm_member *element_of(const struct balm_member *slot)
{
    const struct balm_shape *shape = balm_member_shape(slot);
    bool is_items = balm_shape_kind(shape) == BALM_SHAPE_LIST && balm_member_is_flattened(slot);

    return is_items ? balm_shape_item(shape) : slot;
}

/* A flattened list goes by its items' name, where one is stated. */
static const char *element_name(const struct balm_member *member)
{
    const struct balm_member *element = element_of(member);

    return balm_member_location_name(balm_member_has_location_name(element) ? element : member);
}

static bool names_member(const struct balm_member *member, const char *name)
{
    if (!balm_codec_in_answer_body(member) || balm_member_is_xml_attribute(member)) return false;
    return strcmp(element_name(member), name) == 0;
}

static struct known *known_for(struct xml *xml, const struct balm_shape *shape, const char *name)
{
    size_t len = strlen(name);
    size_t mix = ((uintptr_t)shape >> 3) + len * 7 + (unsigned char)name[0] * 31 +
                 (unsigned char)name[len / 2] * 5 + (len ? (unsigned char)name[len - 1] : 0);

    return &xml->known[mix % KNOWN];
}

static bool is_known(const struct known *known, const struct balm_shape *shape, const char *name)
{
    return known->shape == shape && strcmp(known->name, name) == 0;
}

/* The members of that name; NULL where there are none. */
static const struct known *members_named(struct xml *xml, const struct balm_shape *shape,
                                         const char *name)
{
    size_t count = balm_shape_member_count(shape);
    struct known *known = known_for(xml, shape, name);
    struct known found = {.shape = shape};

    if (is_known(known, shape, name)) return known;
    for (size_t i = 0; i < count && !found.shared; i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        if (!names_member(member, name)) continue;
        found.shared = found.member != NULL;
        if (!found.shared) found.member = member;
    }
    if (!found.member) return NULL;
    found.name = element_name(found.member);
    *known = found;
    return known;
}

/* An attribute with a prefix is meant by a name with one, whatever the prefix. */
static bool names_attribute(const char *wanted, const char *name)
{
    const char *local = balm_codec_local_name(name);

    if ((local == name) != (balm_codec_local_name(wanted) == wanted)) return false;
    return strcmp(local, balm_codec_local_name(wanted)) == 0;
}

static enum balm_code read_attributes(struct xml *xml, const struct frame *frame,
                                      const struct balm_shape *shape, const char **attributes,
                                      struct balm_err *err)
{
    size_t count = attributes[0] ? balm_shape_member_count(shape) : 0;

    for (size_t i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        if (!balm_member_is_xml_attribute(member)) continue;
        for (const char **at = attributes; *at; at += 2) {
            struct balm_value value;
            if (!names_attribute(balm_member_location_name(member), at[0])) continue;
            enum balm_code code =
                balm_codec_from_text(xml->arena, member, at[1], strlen(at[1]), &value, err);
            if (code) return code;
            value = balm_codec_secret(value, member);
            (void)balm_map_set(xml->arena, frame->value, balm_member_name(member), value);
        }
    }
    return BALM_OK;
}

static enum balm_code open_value(struct xml *xml, struct frame *frame,
                                 const struct balm_member *slot, const char **attributes,
                                 struct balm_err *err)
{
    const struct balm_member *member = element_of(slot);
    const struct balm_shape *shape = balm_member_shape(member);

    frame->slot = slot;
    frame->member = member;
    switch (balm_shape_kind(shape)) {
    case BALM_SHAPE_STRUCTURE:
        frame->kind = FRAME_STRUCTURE;
        frame->value = balm_map(xml->arena);
        return read_attributes(xml, frame, shape, attributes, err);
    case BALM_SHAPE_LIST:
        frame->kind = FRAME_LIST;
        frame->value = balm_list(xml->arena);
        break;
    case BALM_SHAPE_MAP:
        if (member == slot && balm_member_is_flattened(slot)) {
            frame->kind = FRAME_ENTRY;
        } else {
            frame->kind = FRAME_MAP;
            frame->value = balm_map(xml->arena);
        }
        break;
    default:
        frame->kind = FRAME_SCALAR;
        balm_buf_clear(&xml->text);
    }
    return BALM_OK;
}

static const struct balm_member *entry_member(const struct frame *entry, const char *name)
{
    const struct balm_shape *shape = balm_member_shape(entry->slot);
    const struct balm_member *key = balm_shape_key(shape);
    const struct balm_member *value = balm_shape_value(shape);
    const char *key_name =
        balm_member_has_location_name(key) ? balm_member_location_name(key) : "key";
    const char *value_name =
        balm_member_has_location_name(value) ? balm_member_location_name(value) : "value";

    if (strcmp(name, key_name) == 0) return key;
    return strcmp(name, value_name) == 0 ? value : NULL;
}

static void open_target(struct xml *xml, struct frame *frame)
{
    frame->kind = FRAME_STRUCTURE;
    frame->value = balm_map(xml->arena);
    xml->found = true;
}

static void follow_path(struct xml *xml, const struct frame *parent, struct frame *frame,
                        const char *name)
{
    static const size_t most = sizeof xml->path->names / sizeof xml->path->names[0];
    const char *wanted = xml->path->names[parent->path_at];

    if (xml->found || strcmp(name, wanted) != 0) return;
    frame->kind = FRAME_PATH;
    frame->path_at = parent->path_at + 1;
    if (frame->path_at == most || !xml->path->names[frame->path_at]) open_target(xml, frame);
}

static enum balm_code open_member(struct xml *xml, struct frame *parent, struct frame *frame,
                                  const char *name, const char **attributes, struct balm_err *err)
{
    const struct balm_shape *shape =
        parent->member ? balm_member_shape(parent->member) : xml->shape;
    const struct known *known = members_named(xml, shape, name);

    if (known) {
        frame->shared = known->shared;
        return open_value(xml, frame, known->member, attributes, err);
    }
    if (balm_shape_is_union(shape) && !parent->unknown) {
        parent->unknown = balm_arena_strdup(xml->arena, name);
    }
    return BALM_OK;
}

static enum balm_code on_start(void *owner, const char *name, const char **attributes,
                               struct balm_err *err)
{
    struct xml *xml = owner;
    struct frame *parent = xml->depth ? &xml->frames[xml->depth - 1] : NULL;
    struct frame *frame = &xml->frames[xml->depth++];
    const struct balm_member *member = NULL;

    *frame = (struct frame){.kind = FRAME_SKIP, .value = balm_null()};
    if (!parent) {
        frame->kind = FRAME_PATH;
        if (!xml->path || !xml->path->names[0]) open_target(xml, frame);
        return BALM_OK;
    }
    switch (parent->kind) {
    case FRAME_PATH:
        follow_path(xml, parent, frame, name);
        break;
    case FRAME_STRUCTURE:
        return open_member(xml, parent, frame, name, attributes, err);
    case FRAME_LIST:
        member = balm_shape_item(balm_member_shape(parent->member));
        return open_value(xml, frame, member, attributes, err);
    case FRAME_MAP:
        frame->kind = FRAME_ENTRY;
        frame->slot = parent->member;
        break;
    case FRAME_ENTRY:
        member = entry_member(parent, name);
        return member ? open_value(xml, frame, member, attributes, err) : BALM_OK;
    case FRAME_SCALAR:
        parent->closed = true;
        break;
    case FRAME_SKIP:
        break;
    }
    return BALM_OK;
}

static void on_text(void *owner, const char *text, size_t len)
{
    struct xml *xml = owner;
    const struct frame *frame = &xml->frames[xml->depth - 1];

    if (frame->kind == FRAME_SCALAR && !frame->closed) (void)balm_buf_add(&xml->text, text, len);
}

/* ---- closing ---- */

static void set_entry(struct xml *xml, struct balm_value map, const struct frame *entry,
                      struct balm_value value)
{
    if (!entry->key || balm_is_null(value)) return;
    (void)balm_map_set_n(xml->arena, map, entry->key, entry->key_len, value);
}

/* The list or map of a flattened member, made when its first element comes. */
static struct balm_value gathered(struct xml *xml, struct balm_value structure,
                                  const struct balm_member *slot, bool list)
{
    const char *name = balm_member_name(slot);
    const struct balm_value *there = balm_map_get(structure, name);

    if (there) return *there;
    struct balm_value made = list ? balm_list(xml->arena) : balm_map(xml->arena);
    (void)balm_map_set(xml->arena, structure, name, made);
    return made;
}

static void into_structure(struct xml *xml, const struct frame *parent, const struct frame *frame,
                           struct balm_value value)
{
    const char *name = balm_member_name(frame->slot);

    if (frame->kind == FRAME_ENTRY) {
        set_entry(xml, gathered(xml, parent->value, frame->slot, false), frame, value);
    } else if (frame->member != frame->slot) {
        (void)balm_list_push(xml->arena, gathered(xml, parent->value, frame->slot, true), value);
    } else if (!balm_is_null(value) && !balm_map_get(parent->value, name)) {
        (void)balm_map_set(xml->arena, parent->value, name, value);
    }
}

static void into_entry(struct frame *entry, const struct frame *frame, struct balm_value value)
{
    if (frame->slot == balm_shape_value(balm_member_shape(entry->slot))) {
        entry->value = value;
    } else if (value.type == BALM_STRING) {
        entry->key = value.as.text;
        entry->key_len = value.len;
    }
}

static enum balm_code close_value(struct xml *xml, const struct frame *frame,
                                  struct balm_value *value, struct balm_err *err)
{
    const struct balm_shape *shape = frame->member ? balm_member_shape(frame->member) : xml->shape;
    enum balm_code code = BALM_OK;

    *value = frame->value;
    if (frame->kind == FRAME_SCALAR) {
        code = balm_buf_status(&xml->text, "the answer", err);
        if (code) return code;
        code = balm_codec_from_text(xml->arena, frame->member, xml->text.bytes, xml->text.len,
                                    value, err);
    } else if (frame->kind == FRAME_STRUCTURE && balm_shape_is_union(shape)) {
        code = balm_codec_one_member(shape, balm_map_len(*value) + (frame->unknown ? 1 : 0), err);
        if (!code && frame->unknown) {
            *value = balm_codec_unknown_union(xml->arena, frame->unknown);
        }
    }
    if (frame->member) *value = balm_codec_secret(*value, frame->member);
    if (frame->slot) *value = balm_codec_secret(*value, frame->slot);
    return code;
}

static bool is_container(const struct balm_member *member)
{
    enum balm_shape_kind kind = balm_shape_kind(balm_member_shape(member));

    return kind == BALM_SHAPE_STRUCTURE || kind == BALM_SHAPE_LIST || kind == BALM_SHAPE_MAP;
}

/* The open text once more, as each further member that has its name. */
static enum balm_code into_namesakes(struct xml *xml, const struct frame *parent,
                                     const struct frame *frame, struct balm_err *err)
{
    const struct balm_shape *shape =
        parent->member ? balm_member_shape(parent->member) : xml->shape;
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < balm_shape_member_count(shape); i++) {
        const struct balm_member *slot = balm_shape_member_at(shape, i);
        struct frame other = {.kind = FRAME_SCALAR, .slot = slot, .member = element_of(slot)};
        struct balm_value value;
        if (slot == frame->slot || !names_member(slot, element_name(frame->slot))) continue;
        if (is_container(other.member)) continue;
        code = close_value(xml, &other, &value, err);
        if (!code) into_structure(xml, parent, &other, value);
    }
    return code;
}

static enum balm_code on_end(void *owner, struct balm_err *err)
{
    struct xml *xml = owner;
    struct frame *frame = &xml->frames[--xml->depth];
    struct frame *parent = xml->depth ? &xml->frames[xml->depth - 1] : NULL;
    struct balm_value value;

    if (frame->kind == FRAME_SKIP || frame->kind == FRAME_PATH) return BALM_OK;
    enum balm_code code = close_value(xml, frame, &value, err);
    if (code) return code;
    if (!parent || parent->kind == FRAME_PATH) {
        xml->result = value;
    } else if (parent->kind == FRAME_STRUCTURE) {
        into_structure(xml, parent, frame, value);
        if (frame->shared && frame->kind == FRAME_SCALAR) {
            code = into_namesakes(xml, parent, frame, err);
            if (code) return code;
        }
    } else if (parent->kind == FRAME_LIST) {
        (void)balm_list_push(xml->arena, parent->value, value);
    } else if (parent->kind == FRAME_MAP) {
        set_entry(xml, parent->value, frame, value);
    } else if (parent->kind == FRAME_ENTRY) {
        into_entry(parent, frame, value);
    }
    return balm_arena_status(xml->arena, err);
}

enum balm_code balm_codec_read_xml(const struct balm_codec_reader *reader,
                                   const struct balm_shape *shape,
                                   const struct balm_codec_path *path, struct balm_value *out)
{
    const struct balm_buf *body = &reader->response->body;
    struct xml xml = {.path = path,
                      .arena = reader->arena,
                      .text = BALM_BUF_INIT(BALM_BUF_MAX),
                      .shape = shape,
                      .result = balm_null()};
    struct balm_codec_events events = {&xml, on_start, on_text, on_end};
    enum balm_code code = balm_codec_xml_events(&events, body->bytes, body->len, reader->err);

    balm_buf_wipe(&xml.text);
    if (!code && !xml.found) {
        code = balm_fail(reader->err, BALM_E_INPUT, "XML: the answer lacks <%s>",
                         path->names[path->names[1] ? 1 : 0]);
    }
    if (!code) *out = xml.result;
    return code;
}
