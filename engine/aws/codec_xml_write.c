/*
 * codec_xml_write: a structure as XML, with the bytes that Python's ElementTree gives.
 */
#include "aws/codec_internal.h"

#include <string.h>

struct xml {
    struct balm_buf *buf;
    struct balm_buf text; /* a scalar before it is escaped */
};

static const struct balm_codec_times in_xml = {BALM_TIMESTAMP_ISO8601, false};

static void write_value(struct xml *xml, const struct balm_member *member, const char *name,
                        struct balm_value value, int depth);

/* Markup by its entities; in an attribute also what a reader would normalise away. */
static const char *entity_of(char c, bool attribute)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return attribute ? "&quot;" : NULL;
    case '\r':
        return attribute ? "&#13;" : NULL;
    case '\n':
        return attribute ? "&#10;" : NULL;
    case '\t':
        return attribute ? "&#09;" : NULL;
    default:
        return NULL;
    }
}

static void escape(struct balm_buf *buf, const char *text, size_t len, bool attribute)
{
    size_t start = 0;

    for (size_t i = 0; i < len; i++) {
        const char *entity = entity_of(text[i], attribute);
        if (!entity) continue;
        (void)balm_buf_add(buf, text + start, i - start);
        (void)balm_buf_adds(buf, entity);
        start = i + 1;
    }
    (void)balm_buf_add(buf, text + start, len - start);
}

static void write_attribute(struct xml *xml, const char *name, const char *text, size_t len)
{
    (void)balm_buf_addc(xml->buf, ' ');
    (void)balm_buf_adds(xml->buf, name);
    (void)balm_buf_adds(xml->buf, "=\"");
    escape(xml->buf, text, len, true);
    (void)balm_buf_addc(xml->buf, '"');
}

/* Opens an element but for the '>': attributes may follow. */
static void open_element(struct xml *xml, const struct balm_member *member, const char *name)
{
    const char *uri = balm_member_xml_namespace(member);
    const char *prefix = balm_member_xml_prefix(member);

    (void)balm_buf_addc(xml->buf, '<');
    (void)balm_buf_adds(xml->buf, name);
    if (!uri[0]) return;
    (void)balm_buf_adds(xml->buf, prefix[0] ? " xmlns:" : " xmlns");
    (void)balm_buf_adds(xml->buf, prefix);
    (void)balm_buf_adds(xml->buf, "=\"");
    escape(xml->buf, uri, strlen(uri), true);
    (void)balm_buf_addc(xml->buf, '"');
}

/* An element without content is written short; start is where its content would have begun. */
static void close_element(struct xml *xml, const char *name, size_t start)
{
    if (xml->buf->len == start) {
        if (start) balm_buf_cut(xml->buf, 1);
        (void)balm_buf_adds(xml->buf, " />");
        return;
    }
    (void)balm_buf_adds(xml->buf, "</");
    (void)balm_buf_adds(xml->buf, name);
    (void)balm_buf_addc(xml->buf, '>');
}

static size_t end_of_tag(struct xml *xml)
{
    (void)balm_buf_addc(xml->buf, '>');
    return xml->buf->len;
}

static void write_attributes(struct xml *xml, const struct balm_shape *shape,
                             struct balm_value value)
{
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        const struct balm_member *member = balm_shape_member_of(shape, entry);
        if (!member || !balm_member_is_xml_attribute(member)) continue;
        balm_buf_clear(&xml->text);
        balm_codec_scalar(&xml->text, member, entry->value, in_xml);
        write_attribute(xml, balm_member_location_name(member), xml->text.bytes, xml->text.len);
    }
}

static void write_structure(struct xml *xml, const struct balm_member *member, const char *name,
                            struct balm_value value, bool body_only, int depth)
{
    const struct balm_shape *shape = balm_member_shape(member);

    open_element(xml, member, name);
    write_attributes(xml, shape, value);
    size_t start = end_of_tag(xml);
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        const struct balm_member *child = balm_shape_member_of(shape, entry);
        if (!child || balm_member_is_xml_attribute(child)) continue;
        if (body_only && !balm_codec_in_body(child)) continue;
        write_value(xml, child, balm_member_location_name(child), entry->value, depth + 1);
    }
    close_element(xml, name, start);
}

static const char *stated_name(const struct balm_member *member, const char *otherwise)
{
    return balm_member_has_location_name(member) ? balm_member_location_name(member) : otherwise;
}

static void write_list(struct xml *xml, const struct balm_member *member, const char *name,
                       struct balm_value value, int depth)
{
    const struct balm_member *item = balm_shape_item(balm_member_shape(member));
    bool flat = balm_member_is_flattened(member);
    const char *item_name = flat ? name : stated_name(item, "member");
    size_t start = 0;

    if (!flat) {
        open_element(xml, member, name);
        start = end_of_tag(xml);
    }
    for (size_t i = 0; i < balm_list_len(value); i++) {
        write_value(xml, item, item_name, *balm_list_at(value, i), depth + 1);
    }
    if (!flat) close_element(xml, name, start);
}

static void write_entry(struct xml *xml, const struct balm_shape *shape, const char *name,
                        const struct balm_entry *entry, int depth)
{
    const struct balm_member *key = balm_shape_key(shape);
    const struct balm_member *value = balm_shape_value(shape);

    (void)balm_buf_addc(xml->buf, '<');
    (void)balm_buf_adds(xml->buf, name);
    (void)end_of_tag(xml);
    write_value(xml, key, stated_name(key, "key"), balm_string_n(entry->key, entry->key_len),
                depth + 1);
    write_value(xml, value, stated_name(value, "value"), entry->value, depth + 1);
    (void)balm_buf_adds(xml->buf, "</");
    (void)balm_buf_adds(xml->buf, name);
    (void)balm_buf_addc(xml->buf, '>');
}

static void write_map(struct xml *xml, const struct balm_member *member, const char *name,
                      struct balm_value value, int depth)
{
    bool flat = balm_member_is_flattened(member);
    size_t start = 0;

    if (!flat) {
        open_element(xml, member, name);
        start = end_of_tag(xml);
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        write_entry(xml, balm_member_shape(member), flat ? name : "entry", balm_map_at(value, i),
                    depth);
    }
    if (!flat) close_element(xml, name, start);
}

static void write_scalar(struct xml *xml, const struct balm_member *member, const char *name,
                         struct balm_value value)
{
    open_element(xml, member, name);
    size_t start = end_of_tag(xml);
    if (value.type == BALM_STRING) {
        escape(xml->buf, value.as.text, value.len, false);
    } else {
        balm_buf_clear(&xml->text);
        balm_codec_scalar(&xml->text, member, value, in_xml);
        escape(xml->buf, xml->text.bytes, xml->text.len, false);
    }
    close_element(xml, name, start);
}

static void write_value(struct xml *xml, const struct balm_member *member, const char *name,
                        struct balm_value value, int depth)
{
    if (depth > BALM_CODEC_DEPTH || balm_is_null(value)) return;
    switch (balm_shape_kind(balm_member_shape(member))) {
    case BALM_SHAPE_STRUCTURE:
        write_structure(xml, member, name, value, false, depth);
        break;
    case BALM_SHAPE_LIST:
        write_list(xml, member, name, value, depth);
        break;
    case BALM_SHAPE_MAP:
        write_map(xml, member, name, value, depth);
        break;
    default:
        write_scalar(xml, member, name, value);
    }
}

void balm_codec_xml(struct balm_buf *buf, const struct balm_member *member, const char *root,
                    struct balm_value value, bool body_only)
{
    struct xml xml = {buf, BALM_BUF_INIT(BALM_BUF_MAX)};

    if (balm_shape_kind(balm_member_shape(member)) == BALM_SHAPE_STRUCTURE) {
        write_structure(&xml, member, root, value, body_only, 0);
    } else {
        write_value(&xml, member, root, value, 0);
    }
    if (xml.text.code) buf->code = xml.text.code;
    balm_buf_wipe(&xml.text);
}
