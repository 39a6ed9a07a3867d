/*
 * codec_json: JSON by the model, with the bytes that Python's json.dumps gives: ", " and ": "
 * between, nothing but ASCII.
 */
#include "aws/codec_internal.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

struct writer {
    struct balm_buf *buf;
    bool millis;
    const char *comma;
    const char *colon;
};

static void write_value(const struct writer *writer, const struct balm_member *member,
                        struct balm_value value, int depth);

static void escape(struct balm_buf *buf, unsigned unit)
{
    static const char hex[] = "0123456789abcdef";
    char text[] = {
        '\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};
    (void)balm_buf_add(buf, text, sizeof text);
}

static void escape_code_point(struct balm_buf *buf, uint32_t code_point)
{
    static const char special[] = "\"\\\n\r\t\b\f";
    static const char letter[] = "\"\\nrtbf";
    bool ascii = code_point && code_point < 0x80;
    const char *found = ascii ? strchr(special, (int)code_point) : NULL;

    if (found) {
        (void)balm_buf_addc(buf, '\\');
        (void)balm_buf_addc(buf, letter[found - special]);
    } else if (code_point < 0x10000) {
        escape(buf, code_point);
    } else {
        escape(buf, 0xd800 + ((code_point - 0x10000) >> 10));
        escape(buf, 0xdc00 + ((code_point - 0x10000) & 0x3ff));
    }
}

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static void write_string(struct balm_buf *buf, const char *text, size_t len)
{
    (void)balm_buf_addc(buf, '"');
    while (len) {
        size_t run = 0;
        while (run < len && is_plain(text[run]))
            run++;
        if (run) (void)balm_buf_add(buf, text, run);
        text += run;
        len -= run;
        if (!len) break;
        uint32_t code_point = 0xfffd;
        size_t used = balm_text_utf8_next(text, len, &code_point);
        if (!used) code_point = 0xfffd;
        escape_code_point(buf, code_point);
        text += used ? used : 1;
        len -= used ? used : 1;
    }
    (void)balm_buf_addc(buf, '"');
}

static void write_double(struct balm_buf *buf, double number)
{
    bool quoted = isnan(number) || isinf(number);

    if (quoted) (void)balm_buf_addc(buf, '"');
    balm_codec_double(buf, number);
    if (quoted) (void)balm_buf_addc(buf, '"');
}

static void write_time(const struct writer *writer, const struct balm_member *member,
                       struct balm_value value)
{
    struct balm_codec_times times = {member ? BALM_TIMESTAMP_EPOCH : BALM_TIMESTAMP_ISO8601,
                                     writer->millis};

    if (member) times = balm_codec_times_of(member, times);
    if (times.format == BALM_TIMESTAMP_EPOCH) {
        balm_codec_time(writer->buf, value.as.integer, times);
        return;
    }
    (void)balm_buf_addc(writer->buf, '"');
    balm_codec_time(writer->buf, value.as.integer, times);
    (void)balm_buf_addc(writer->buf, '"');
}

static void write_scalar(const struct writer *writer, const struct balm_member *member,
                         struct balm_value value)
{
    switch ((enum balm_type)value.type) {
    case BALM_NULL:
        (void)balm_buf_adds(writer->buf, "null");
        break;
    case BALM_STRING:
        write_string(writer->buf, value.as.text, value.len);
        break;
    case BALM_DOUBLE:
        write_double(writer->buf, value.as.number);
        break;
    case BALM_TIME:
        write_time(writer, member, value);
        break;
    case BALM_BYTES:
    case BALM_UNKNOWN:
        (void)balm_buf_addc(writer->buf, '"');
        balm_codec_scalar(writer->buf, member, value, (struct balm_codec_times){0});
        (void)balm_buf_addc(writer->buf, '"');
        break;
    default:
        balm_codec_scalar(writer->buf, member, value, (struct balm_codec_times){0});
    }
}

static void write_key(const struct writer *writer, bool first, const char *key, size_t len)
{
    if (!first) (void)balm_buf_adds(writer->buf, writer->comma);
    write_string(writer->buf, key, len);
    (void)balm_buf_adds(writer->buf, writer->colon);
}

static void write_list(const struct writer *writer, const struct balm_member *item,
                       struct balm_value value, int depth)
{
    (void)balm_buf_addc(writer->buf, '[');
    for (size_t i = 0; i < balm_list_len(value); i++) {
        if (i) (void)balm_buf_adds(writer->buf, writer->comma);
        write_value(writer, item, *balm_list_at(value, i), depth + 1);
    }
    (void)balm_buf_addc(writer->buf, ']');
}

static void write_map(const struct writer *writer, const struct balm_member *each,
                      struct balm_value value, int depth)
{
    (void)balm_buf_addc(writer->buf, '{');
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        write_key(writer, i == 0, entry->key, entry->key_len);
        write_value(writer, each, entry->value, depth + 1);
    }
    (void)balm_buf_addc(writer->buf, '}');
}

static void write_structure(const struct writer *writer, const struct balm_shape *shape,
                            struct balm_value value, bool body_only, int depth)
{
    bool first = true;

    (void)balm_buf_addc(writer->buf, '{');
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        const struct balm_member *member = balm_shape_member_of(shape, entry);
        if (!member || (body_only && !balm_codec_in_body(member))) continue;
        const char *name = balm_member_location_name(member);
        write_key(writer, first, name, strlen(name));
        write_value(writer, member, entry->value, depth + 1);
        first = false;
    }
    (void)balm_buf_addc(writer->buf, '}');
}

static void write_value(const struct writer *writer, const struct balm_member *member,
                        struct balm_value value, int depth)
{
    const struct balm_shape *shape = member ? balm_member_shape(member) : NULL;

    if (shape && balm_shape_is_document(shape)) shape = NULL;
    if (depth > BALM_CODEC_DEPTH || !balm_codec_is_container(value)) {
        write_scalar(writer, shape ? member : NULL, value);
    } else if (value.type == BALM_LIST) {
        write_list(writer, shape ? balm_shape_item(shape) : NULL, value, depth);
    } else if (shape && balm_shape_kind(shape) == BALM_SHAPE_STRUCTURE) {
        write_structure(writer, shape, value, false, depth);
    } else {
        write_map(writer, shape ? balm_shape_value(shape) : NULL, value, depth);
    }
}

void balm_codec_json_structure(struct balm_buf *buf, const struct balm_shape *shape,
                               struct balm_value value, bool body_only, bool millis)
{
    struct writer writer = {buf, millis, ", ", ": "};
    write_structure(&writer, shape, value, body_only, 0);
}

void balm_codec_json_value(struct balm_buf *buf, const struct balm_member *member,
                           struct balm_value value, bool millis)
{
    struct writer writer = {buf, millis, ", ", ": "};
    write_value(&writer, member, value, 0);
}

void balm_codec_json_bare(struct balm_buf *buf, struct balm_value value)
{
    struct writer writer = {buf, false, ",", ":"};
    write_value(&writer, NULL, value, 0);
}

enum balm_code balm_codec_json(const struct balm_operation *operation, struct balm_value params,
                               struct balm_request *request, struct balm_err *err)
{
    const struct balm_service *service = balm_operation_service(operation);
    const struct balm_shape *shape = balm_operation_input(operation);
    char *target = balm_arena_printf(request->arena, "%s.%s", balm_service_target_prefix(service),
                                     balm_operation_name(operation));
    char *type = balm_arena_printf(request->arena, "application/x-amz-json-%s",
                                   balm_service_json_version(service));

    if (!target || !type) return balm_arena_status(request->arena, err);
    request->path = "/";
    balm_request_add_header(request, "X-Amz-Target", target);
    balm_request_add_header(request, "Content-Type", type);
    if (balm_service_is_query_compatible(service)) {
        balm_request_add_header(request, "x-amzn-query-mode", "true");
    }
    if (shape) {
        balm_codec_json_structure(&request->body, shape, params, false,
                                  balm_custom_millis(operation));
    } else {
        (void)balm_buf_adds(&request->body, "{}");
    }
    return balm_buf_status(&request->body, "the request", err);
}
