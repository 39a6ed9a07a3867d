#include "remedy/tags.h"

static void add(struct balm_arena *arena, struct balm_value out, struct balm_value name,
                struct balm_value value)
{
    if (name.type != BALM_STRING) return;
    if (value.type != BALM_STRING) value = balm_string("");
    balm_map_set_n(arena, out, name.as.text, name.len, value);
}

static struct balm_value either(struct balm_value map, const char *name, const char *other)
{
    struct balm_value value = balm_get(map, name);

    return balm_is_null(value) ? balm_get(map, other) : value;
}

static void add_all(struct balm_arena *arena, struct balm_value out, struct balm_value tags)
{
    for (size_t i = 0; i < balm_list_len(tags); i++) {
        struct balm_value tag = *balm_list_at(tags, i);
        add(arena, out, either(tag, "Key", "key"), either(tag, "Value", "value"));
    }
    for (size_t i = 0; i < balm_map_len(tags); i++) {
        const struct balm_entry *tag = balm_map_at(tags, i);
        add(arena, out, balm_string_n(tag->key, tag->key_len), tag->value);
    }
}

struct balm_value balm_tags_of(struct balm_value tags, struct balm_arena *arena)
{
    struct balm_value out = balm_map(arena);

    add_all(arena, out, tags);
    return out;
}

static const char *const names[] = {"Tags", "TagSet", "TagList", "tags"};

bool balm_finding_tells_tags(const struct balm_finding *finding)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (balm_map_get(finding->resource, names[i])) return true;
    }
    return balm_map_get(balm_get(finding->normal, "resource"), "tags") != NULL;
}

struct balm_value balm_finding_tags(const struct balm_finding *finding, struct balm_arena *arena)
{
    struct balm_value out = balm_map(arena);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        add_all(arena, out, balm_get(finding->resource, names[i]));
    }
    add_all(arena, out, balm_path(finding->normal, "resource.tags"));
    return out;
}
