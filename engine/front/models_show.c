/* models_show, the part for people. */
#include "front/models_show.h"

#include <string.h>

#define ENUMS_SHOWN 8
#define INDENT_MAX  64
#define NAME_WIDTH  34

static const char *const kind_names[] = {
    [BALM_SHAPE_STRUCTURE] = "structure",
    [BALM_SHAPE_LIST] = "list",
    [BALM_SHAPE_MAP] = "map",
    [BALM_SHAPE_STRING] = "string",
    [BALM_SHAPE_INTEGER] = "integer",
    [BALM_SHAPE_LONG] = "integer",
    [BALM_SHAPE_FLOAT] = "number",
    [BALM_SHAPE_DOUBLE] = "number",
    [BALM_SHAPE_BOOLEAN] = "boolean",
    [BALM_SHAPE_BLOB] = "bytes",
    [BALM_SHAPE_TIMESTAMP] = "time",
};

/* A text on its way; each structure is opened once, and named where it comes again. */
struct page {
    struct balm_buf *out;
    struct balm_arena arena;
    struct balm_value opened; /* names of structures */
};

static void add_enums(struct balm_buf *out, const struct balm_shape *shape)
{
    size_t count = balm_shape_enum_count(shape);
    size_t shown = count > ENUMS_SHOWN + 1 ? ENUMS_SHOWN : count;
    size_t i;

    for (i = 0; i < shown; i++) {
        balm_buf_addf(out, "%s%s", i ? " | " : ": ", balm_shape_enum_at(shape, i));
    }
    if (shown < count) balm_buf_addf(out, " | ... (%zu in all)", count);
}

static void add_bounds(struct balm_buf *out, const struct balm_shape *shape)
{
    double least = 0;
    double most = 0;
    bool has_least = balm_shape_min(shape, &least);
    bool has_most = balm_shape_max(shape, &most);
    enum balm_shape_kind kind = balm_shape_kind(shape);
    const char *of = kind == BALM_SHAPE_STRING || kind == BALM_SHAPE_BLOB ? " long"
                     : kind == BALM_SHAPE_LIST || kind == BALM_SHAPE_MAP  ? " of them"
                                                                          : "";

    if (balm_shape_enum_count(shape) || (!has_least && !has_most)) return;
    if (has_least && has_most) balm_buf_addf(out, ", %.16g to %.16g%s", least, most, of);
    if (has_least && !has_most) balm_buf_addf(out, ", at least %.16g%s", least, of);
    if (!has_least) balm_buf_addf(out, ", at most %.16g%s", most, of);
}

/* "list of map of string to structure Tag"; returns the structure at its end, or NULL. */
static const struct balm_shape *add_type(struct balm_buf *out, const struct balm_shape *shape)
{
    /* Lists of lists of themselves would go on for ever; none goes deeper than this. */
    int depth;

    for (depth = 0; depth < 8; depth++) {
        switch (balm_shape_kind(shape)) {
        case BALM_SHAPE_LIST:
            balm_buf_adds(out, "list of ");
            shape = balm_member_shape(balm_shape_item(shape));
            break;
        case BALM_SHAPE_MAP:
            balm_buf_adds(out, "map of string");
            add_enums(out, balm_member_shape(balm_shape_key(shape)));
            balm_buf_adds(out, " to ");
            shape = balm_member_shape(balm_shape_value(shape));
            break;
        case BALM_SHAPE_STRUCTURE:
            if (balm_shape_is_document(shape)) {
                balm_buf_adds(out, "any JSON");
                return NULL;
            }
            balm_buf_addf(out, "structure %s%s", balm_shape_name(shape),
                          balm_shape_is_union(shape) ? ", exactly one of" : "");
            return shape;
        default:
            balm_buf_adds(out, kind_names[balm_shape_kind(shape)]);
            add_enums(out, shape);
            add_bounds(out, shape);
            return NULL;
        }
    }
    balm_buf_adds(out, "...");
    return NULL;
}

static void add_traits(struct balm_buf *out, const struct balm_member *member)
{
    const struct balm_shape *shape = balm_member_shape(member);
    enum balm_shape_kind kind = balm_shape_kind(shape);

    if (kind == BALM_SHAPE_LIST || kind == BALM_SHAPE_MAP) add_bounds(out, shape);
    if (balm_member_is_json_value(member)) balm_buf_adds(out, ", itself JSON");
    if (balm_member_is_idempotency_token(member)) balm_buf_adds(out, ", made up when absent");
    if (balm_member_is_sensitive(member)) balm_buf_adds(out, ", sensitive");
}

static bool opens(struct page *page, const struct balm_shape *shape)
{
    const char *name = balm_shape_name(shape);

    if (balm_map_get(page->opened, name)) return false;
    balm_map_set(&page->arena, page->opened, name, balm_bool(true));
    return true;
}

static void add_members(struct page *page, const struct balm_shape *shape, int indent)
{
    size_t count = balm_shape_member_count(shape);
    size_t i;

    if (indent > INDENT_MAX) {
        balm_buf_addf(page->out, "%*s...\n", indent, "");
        return;
    }
    for (i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        const struct balm_shape *inside;
        bool opened;
        balm_buf_addf(page->out, "%*s%-*s %s", indent, "", NAME_WIDTH - indent,
                      balm_member_name(member), balm_member_required(member) ? "required, " : "");
        inside = add_type(page->out, balm_member_shape(member));
        add_traits(page->out, member);
        opened = inside && opens(page, inside);
        if (inside && !opened && balm_shape_member_count(inside)) {
            balm_buf_adds(page->out, " (as above)");
        }
        balm_buf_addc(page->out, '\n');
        if (opened) add_members(page, inside, indent + 2);
    }
}

static void add_part(struct page *page, const char *title, const struct balm_shape *shape)
{
    balm_buf_addf(page->out, "\n%s\n", title);
    if (!shape || balm_shape_member_count(shape) == 0) {
        balm_buf_adds(page->out, "  nothing\n");
        return;
    }
    opens(page, shape);
    add_members(page, shape, 2);
}

static void add_errors(struct page *page, const struct balm_operation *operation)
{
    size_t count = balm_operation_error_count(operation);
    size_t i;

    if (count) balm_buf_adds(page->out, "\nErrors\n");
    for (i = 0; i < count; i++) {
        const struct balm_shape *error = balm_operation_error_at(operation, i);
        int status = balm_shape_error_status(error);
        balm_buf_addf(page->out, "  %s", balm_shape_error_code(error));
        if (status) balm_buf_addf(page->out, " (%d)", status);
        balm_buf_addc(page->out, '\n');
    }
}

/* A paginator states one text or a list of them. */
static void add_texts(struct page *page, const char *title, struct balm_value value)
{
    size_t i;

    if (value.type == BALM_STRING) balm_buf_addf(page->out, "  %s %s\n", title, value.as.text);
    for (i = 0; i < balm_list_len(value); i++) {
        struct balm_value item = *balm_list_at(value, i);
        if (item.type != BALM_STRING) continue;
        balm_buf_addf(page->out, "%s%s", i ? ", " : "  ", i ? "" : title);
        balm_buf_addf(page->out, "%s%s", i ? "" : " ", item.as.text);
    }
    if (balm_list_len(value)) balm_buf_addc(page->out, '\n');
}

static void add_pages(struct page *page, const struct balm_operation *operation)
{
    struct balm_value paginator;

    balm_service_paginator(balm_operation_service(operation), operation, &page->arena, &paginator);
    if (paginator.type != BALM_MAP) return;
    balm_buf_addf(page->out, "\nPages: client:items(\"%s\", {...})\n",
                  balm_operation_snake_name(operation));
    add_texts(page, "items in", balm_get(paginator, "result_key"));
    add_texts(page, "token out", balm_get(paginator, "output_token"));
    add_texts(page, "token in", balm_get(paginator, "input_token"));
    add_texts(page, "page size", balm_get(paginator, "limit_key"));
}

static void add_access(struct balm_buf *out, const struct balm_operation *operation)
{
    size_t count = balm_operation_action_count(operation);
    size_t i;

    balm_buf_adds(out, balm_operation_is_read(operation) ? "read" : "write");
    for (i = 0; i < count; i++) {
        balm_buf_addf(out, "%s%s", i ? ", " : ", permission ",
                      balm_operation_action_at(operation, i));
    }
    if (!count) balm_buf_adds(out, ", no IAM action is known for it");
}

static void add_dependents(struct balm_buf *out, const struct balm_operation *operation)
{
    size_t count = balm_operation_dependent_count(operation);
    size_t i;

    for (i = 0; i < count; i++) {
        balm_buf_addf(out, "%s%s", i ? ", " : "  may also need ",
                      balm_operation_dependent_at(operation, i));
    }
    if (count) balm_buf_addc(out, '\n');
}

enum balm_code balm_models_operation_text(struct balm_buf *out,
                                          const struct balm_operation *operation)
{
    const struct balm_service *service = balm_operation_service(operation);
    const char *refusal = balm_service_refusal(service);
    struct page page = {.out = out, .arena = BALM_ARENA_INIT};
    enum balm_code code;

    page.opened = balm_map(&page.arena);
    balm_buf_addf(out, "%s %s\n  session:client(\"%s\"):%s{...}\n  ", balm_service_name(service),
                  balm_operation_name(operation), balm_service_name(service),
                  balm_operation_snake_name(operation));
    add_access(out, operation);
    balm_buf_addc(out, '\n');
    add_dependents(out, operation);
    if (refusal) balm_buf_addf(out, "  cannot be called: %s\n", refusal);
    if (balm_operation_has_event_stream(operation)) {
        balm_buf_adds(out, "  cannot be called: it is an event stream\n");
    }
    add_part(&page, "Takes", balm_operation_input(operation));
    add_part(&page, "Gives", balm_operation_output(operation));
    add_errors(&page, operation);
    add_pages(&page, operation);
    code = page.arena.code ? page.arena.code : out->code;
    balm_arena_free(&page.arena);
    return code;
}

enum balm_code balm_models_service_text(struct balm_buf *out, const struct balm_service *service)
{
    const struct balm_node *waiters = balm_service_waiters(service);
    const char *refusal = balm_service_refusal(service);
    size_t i;

    balm_buf_addf(out, "%s (%s, %s)\n", balm_service_name(service), balm_service_id(service),
                  balm_service_api_version(service));
    if (refusal) balm_buf_addf(out, "cannot be called: %s\n", refusal);
    for (i = 0; i < balm_service_operation_count(service); i++) {
        const struct balm_operation *operation = balm_service_operation_at(service, i);
        balm_buf_addf(out, "  %-46s ", balm_operation_snake_name(operation));
        add_access(out, operation);
        balm_buf_addc(out, '\n');
    }
    if (waiters) balm_buf_adds(out, "waiters\n");
    for (i = 0; waiters && i < balm_node_len(waiters); i++) {
        balm_buf_addf(out, "  %s\n", balm_node_key_at(waiters, i));
    }
    return out->code;
}
