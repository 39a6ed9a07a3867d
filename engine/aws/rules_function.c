/*
 * rules_function: the functions of the rule language.
 *
 * A value that is not set is null, and most functions give null for it; a value of a wrong type is
 * a fault of the rule set.
 */
#include "aws/rules_internal.h"

#include "core/text.h"

#include <string.h>

static struct balm_value wrong(struct balm_rules_context *context, const char *what)
{
    if (!context->code) {
        context->code =
            balm_fail(context->err, BALM_E_INPUT, "the endpoint rule set is faulty: %s", what);
    }
    return balm_null();
}

static bool is_true(struct balm_value value)
{
    return value.type == BALM_BOOL && value.as.boolean;
}

static struct balm_value is_set(struct balm_rules_context *context, const struct balm_value *args)
{
    (void)context;
    return balm_bool(args[0].type != BALM_NULL);
}

/* What does not hold: false, what is not set, and what is empty. */
static struct balm_value not(struct balm_rules_context * context, const struct balm_value *args)
{
    (void)context;
    switch (args[0].type) {
    case BALM_NULL:
        return balm_bool(true);
    case BALM_BOOL:
        return balm_bool(!args[0].as.boolean);
    case BALM_STRING:
        return balm_bool(args[0].len == 0);
    default:
        return balm_bool(false);
    }
}

static struct balm_value get_attribute(struct balm_rules_context *context,
                                       const struct balm_value *args)
{
    if (args[1].type != BALM_STRING) return wrong(context, "getAttr needs a path");
    return balm_rules_attribute(args[0], args[1].as.text);
}

static struct balm_value string_equals(struct balm_rules_context *context,
                                       const struct balm_value *args)
{
    if (args[0].type != BALM_STRING || args[1].type != BALM_STRING) {
        return wrong(context, "stringEquals needs two strings");
    }
    return balm_bool(args[0].len == args[1].len &&
                     memcmp(args[0].as.text, args[1].as.text, args[0].len) == 0);
}

static struct balm_value boolean_equals(struct balm_rules_context *context,
                                        const struct balm_value *args)
{
    if (args[0].type != BALM_BOOL || args[1].type != BALM_BOOL) {
        return wrong(context, "booleanEquals needs two booleans");
    }
    return balm_bool(args[0].as.boolean == args[1].as.boolean);
}

static struct balm_value uri_encode(struct balm_rules_context *context,
                                    const struct balm_value *args)
{
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value value = balm_null();

    if (args[0].type != BALM_STRING) return value;
    if (balm_text_percent(&buf, args[0].as.text, args[0].len, NULL) == BALM_OK) {
        value = balm_text_n(context->arena, buf.bytes, buf.len);
    }
    balm_buf_free(&buf);
    return value;
}

static struct balm_value parse_url(struct balm_rules_context *context,
                                   const struct balm_value *args)
{
    if (args[0].type != BALM_STRING) return balm_null();
    return balm_rules_parse_url(context->arena, args[0].as.text);
}

static struct balm_value is_valid_host_label(struct balm_rules_context *context,
                                             const struct balm_value *args)
{
    (void)context;
    if (args[0].type != BALM_STRING) return balm_bool(false);
    return balm_bool(balm_rules_is_host(args[0].as.text, args[0].len, is_true(args[1])));
}

static struct balm_value aws_partition(struct balm_rules_context *context,
                                       const struct balm_value *args)
{
    const char *region = args[0].type == BALM_STRING ? args[0].as.text : "";

    return balm_partition_outputs(context->partitions, region);
}

static struct balm_value parse_arn(struct balm_rules_context *context,
                                   const struct balm_value *args)
{
    if (args[0].type != BALM_STRING) return balm_null();
    return balm_rules_parse_arn(context->arena, args[0].as.text);
}

static struct balm_value is_virtual_hostable(struct balm_rules_context *context,
                                             const struct balm_value *args)
{
    const char *text = args[0].as.text;

    (void)context;
    if (args[0].type != BALM_STRING || args[0].len < 3) return balm_bool(false);
    for (size_t i = 0; i < args[0].len; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') return balm_bool(false);
    }
    return balm_bool(!balm_rules_is_ipv4(text, args[0].len) &&
                     balm_rules_is_host(text, args[0].len, is_true(args[1])));
}

/* substring(text, start, stop, reverse): null where the text is too short or not ASCII. */
static struct balm_value substring(struct balm_rules_context *context,
                                   const struct balm_value *args)
{
    int64_t start = args[1].as.integer, stop = args[2].as.integer;
    size_t from;

    if (args[0].type != BALM_STRING || args[1].type != BALM_INT || args[2].type != BALM_INT) {
        return wrong(context, "substring needs a string and two integers");
    }
    if (start < 0 || start >= stop || stop > (int64_t)args[0].len) return balm_null();
    for (size_t i = 0; i < args[0].len; i++) {
        if ((unsigned char)args[0].as.text[i] > 0x7f) return balm_null();
    }
    from = is_true(args[3]) ? args[0].len - (size_t)stop : (size_t)start;
    return balm_text_n(context->arena, args[0].as.text + from, (size_t)(stop - start));
}

/* The ones met most often come first. */
static const struct balm_rules_function functions[] = {
    {"booleanEquals", 2, boolean_equals},
    {"isSet", 1, is_set},
    {"getAttr", 2, get_attribute},
    {"stringEquals", 2, string_equals},
    {"aws.partition", 1, aws_partition},
    {"not", 1, not },
    {"parseURL", 1, parse_url},
    {"substring", 4, substring},
    {"isValidHostLabel", 2, is_valid_host_label},
    {"aws.parseArn", 1, parse_arn},
    {"aws.isVirtualHostableS3Bucket", 2, is_virtual_hostable},
    {"uriEncode", 1, uri_encode},
};

const struct balm_rules_function *balm_rules_function(const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        const char *known = functions[i].name;
        if (known[0] == name[0] && strcmp(known, name) == 0) return &functions[i];
    }
    return NULL;
}

/* One step of a path: a name, then any number of [n]. */
static struct balm_value step_into(struct balm_value value, const char *step, size_t len)
{
    const char *bracket = memchr(step, '[', len);
    const char *end = step + len;
    size_t name_len = bracket ? (size_t)(bracket - step) : len;

    if (name_len) {
        struct balm_value *member = balm_map_get_n(value, step, name_len);
        value = member ? *member : balm_null();
    }
    while (bracket && bracket < end && *bracket == '[') {
        size_t index = 0;
        struct balm_value *item;
        for (bracket++; bracket < end && *bracket >= '0' && *bracket <= '9'; bracket++) {
            index = index < 100000 ? index * 10 + (size_t)(*bracket - '0') : index;
        }
        item = balm_list_at(value, index);
        value = item ? *item : balm_null();
        if (bracket < end) bracket++;
    }
    return value;
}

struct balm_value balm_rules_attribute(struct balm_value value, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, ".");
        value = step_into(value, path, len);
        path += len + (path[len] ? 1 : 0);
    }
    return value;
}
