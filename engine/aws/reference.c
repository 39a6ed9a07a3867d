#include "aws/reference.h"

#include <string.h>

/* One field of a line: up to a tab or the line's end. */
struct field {
    const char *at;
    size_t len;
};

static struct field field_at(const char *at)
{
    return (struct field){at, strcspn(at, "\t\n")};
}

/* The part of field in front of the first comma; field is left with what is behind it. */
static struct field next_item(struct field *field)
{
    const char *comma = memchr(field->at, ',', field->len);
    struct field item = {field->at, comma ? (size_t)(comma - field->at) : field->len};
    size_t used = item.len + (comma ? 1 : 0);

    field->at += used;
    field->len -= used;
    return item;
}

static bool has_item(struct field field, const char *name)
{
    size_t len = strlen(name);

    while (field.len > 0) {
        struct field item = next_item(&field);
        if (item.len == len && strncasecmp(item.at, name, len) == 0) return true;
    }
    return false;
}

static struct balm_value items_of(struct field field, struct balm_arena *arena)
{
    struct balm_value list = balm_list(arena);

    while (field.len > 0) {
        struct field item = next_item(&field);
        balm_list_push(arena, list, balm_text_n(arena, item.at, item.len));
    }
    return arena->code ? balm_null() : list;
}

static bool is_line_of(struct field service, const char *action)
{
    return service.at[service.len] == '\t' && strncmp(service.at, action, service.len) == 0 &&
           action[service.len] == ':';
}

struct balm_value balm_reference_find(const char *table, const char *action,
                                      struct balm_arena *arena)
{
    const char *name = strchr(action, ':');

    for (const char *line = table; name && line && *line;) {
        const char *end = strchr(line, '\n');
        struct field service = field_at(line);
        if (is_line_of(service, action)) {
            struct field facts = field_at(service.at + service.len + 1);
            if (facts.at[facts.len] == '\t' &&
                has_item(field_at(facts.at + facts.len + 1), name + 1)) {
                return items_of(facts, arena);
            }
        }
        line = end ? end + 1 : NULL;
    }
    return balm_null();
}
