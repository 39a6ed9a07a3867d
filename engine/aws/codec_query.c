/*
 * codec_query: requests of the protocols query and ec2: one form, flat names with dots and numbers.
 */
#include "aws/codec_internal.h"

#include "core/text.h"

#include <string.h>

#define BODY_USUAL 1000 /* bytes: what is made at once need not grow */

struct form {
    struct balm_buf *body;
    struct balm_buf prefix; /* the name so far, encoded: "Filter.1.Value" */
    struct balm_buf text;   /* a scalar before it is encoded */
    bool ec2;
    struct balm_codec_times times;
};

static void write_value(struct form *form, const struct balm_member *member,
                        struct balm_value value, int depth);

static void write_pair(struct form *form, const char *text, size_t len)
{
    (void)balm_buf_addc(form->body, '&');
    (void)balm_buf_add(form->body, form->prefix.bytes, form->prefix.len);
    (void)balm_buf_addc(form->body, '=');
    (void)balm_text_form(form->body, text, len);
}

static void push_name(struct form *form, const char *name)
{
    if (form->prefix.len) (void)balm_buf_addc(&form->prefix, '.');
    (void)balm_text_form(&form->prefix, name, strlen(name));
}

/* ".1" for the first: items count from 1. */
static void push_number(struct form *form, size_t number)
{
    (void)balm_buf_addc(&form->prefix, '.');
    (void)balm_buf_addi(&form->prefix, (int64_t)number + 1);
}

static void pop_to(struct form *form, size_t len)
{
    if (form->prefix.len > len) balm_buf_cut(&form->prefix, form->prefix.len - len);
}

/* The name of a structure's member, or of an item, key or value where one is stated. */
static void push_member(struct form *form, const struct balm_member *member, const char *otherwise)
{
    const char *query_name = form->ec2 ? balm_member_query_name(member) : "";

    if (query_name[0]) {
        push_name(form, query_name);
    } else if (!balm_member_has_location_name(member)) {
        push_name(form, otherwise);
    } else if (!form->ec2) {
        push_name(form, balm_member_location_name(member));
    } else {
        size_t at = form->prefix.len + (form->prefix.len ? 1 : 0);
        push_name(form, balm_member_location_name(member));
        if (form->prefix.len > at) {
            char *first = form->prefix.bytes + at;
            if (*first >= 'a' && *first <= 'z') *first = (char)(*first - 'a' + 'A');
        }
    }
}

static void write_structure(struct form *form, const struct balm_shape *shape,
                            struct balm_value value, int depth)
{
    size_t len = form->prefix.len;

    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        const struct balm_member *member = balm_shape_member_of(shape, entry);
        if (!member) continue;
        push_member(form, member, balm_member_name(member));
        write_value(form, member, entry->value, depth + 1);
        pop_to(form, len);
    }
}

/* A flattened list whose items have a name of their own goes by that name instead of the list's. */
static void rename_last(struct form *form, const char *name)
{
    size_t len = form->prefix.len;

    while (len && form->prefix.bytes[len - 1] != '.')
        len--;
    pop_to(form, len ? len - 1 : 0);
    push_name(form, name);
}

static void write_list(struct form *form, const struct balm_member *list, struct balm_value value,
                       int depth)
{
    const struct balm_member *item = balm_shape_item(balm_member_shape(list));
    size_t count = balm_list_len(value);

    if (!count) {
        if (!form->ec2) write_pair(form, "", 0);
        return;
    }
    if (!form->ec2 && !balm_member_is_flattened(list)) {
        push_member(form, item, "member");
    } else if (!form->ec2 && balm_member_has_location_name(item)) {
        rename_last(form, balm_member_location_name(item));
    }
    size_t len = form->prefix.len;
    for (size_t i = 0; i < count; i++) {
        push_number(form, i);
        write_value(form, item, *balm_list_at(value, i), depth + 1);
        pop_to(form, len);
    }
}

static void write_map(struct form *form, const struct balm_member *map, struct balm_value value,
                      int depth)
{
    const struct balm_shape *shape = balm_member_shape(map);

    if (!balm_member_is_flattened(map)) push_name(form, "entry");
    size_t len = form->prefix.len;
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        push_number(form, i);
        size_t numbered = form->prefix.len;
        push_member(form, balm_shape_key(shape), "key");
        write_pair(form, entry->key, entry->key_len);
        pop_to(form, numbered);
        push_member(form, balm_shape_value(shape), "value");
        write_value(form, balm_shape_value(shape), entry->value, depth + 1);
        pop_to(form, len);
    }
}

static void write_scalar(struct form *form, const struct balm_member *member,
                         struct balm_value value)
{
    if (value.type == BALM_STRING) {
        write_pair(form, value.as.text, value.len);
        return;
    }
    balm_buf_clear(&form->text);
    balm_codec_scalar(&form->text, member, value, form->times);
    write_pair(form, form->text.bytes, form->text.len);
    if (form->text.code) form->body->code = form->text.code;
}

static void write_value(struct form *form, const struct balm_member *member,
                        struct balm_value value, int depth)
{
    if (depth > BALM_CODEC_DEPTH) return;
    switch (balm_shape_kind(balm_member_shape(member))) {
    case BALM_SHAPE_STRUCTURE:
        write_structure(form, balm_member_shape(member), value, depth);
        break;
    case BALM_SHAPE_LIST:
        if (value.type == BALM_LIST) write_list(form, member, value, depth);
        break;
    case BALM_SHAPE_MAP:
        write_map(form, member, value, depth);
        break;
    default:
        write_scalar(form, member, value);
    }
}

enum balm_code balm_codec_query(const struct balm_operation *operation, struct balm_value params,
                                struct balm_request *request, struct balm_err *err)
{
    const struct balm_service *service = balm_operation_service(operation);
    struct form form = {.body = &request->body,
                        .prefix = BALM_BUF_INIT(BALM_BUF_MAX),
                        .text = BALM_BUF_INIT(BALM_BUF_MAX),
                        .ec2 = balm_service_protocol(service) == BALM_PROTOCOL_EC2,
                        .times = {BALM_TIMESTAMP_ISO8601, balm_custom_millis(operation)}};

    request->path = "/";
    balm_request_add_header(request, "Content-Type",
                            "application/x-www-form-urlencoded; charset=utf-8");
    (void)balm_buf_room(form.body, BODY_USUAL);
    (void)balm_buf_adds(form.body, "Action=");
    (void)balm_text_form(form.body, balm_operation_name(operation),
                         strlen(balm_operation_name(operation)));
    (void)balm_buf_adds(form.body, "&Version=");
    (void)balm_text_form(form.body, balm_service_api_version(service),
                         strlen(balm_service_api_version(service)));
    if (balm_operation_input(operation)) {
        write_structure(&form, balm_operation_input(operation), params, 0);
    }
    if (form.prefix.code) form.body->code = form.prefix.code;
    balm_buf_free(&form.prefix);
    balm_buf_wipe(&form.text);
    return balm_buf_status(form.body, "the request", err);
}
