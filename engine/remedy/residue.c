#include "remedy/residue.h"

static void compare(struct balm_value before, struct balm_value now, const char *path,
                    struct balm_arena *arena, struct balm_value residue);

static const char *below(struct balm_arena *arena, const char *path, const char *key)
{
    const char *made = balm_arena_printf(arena, "%s%s%s", path, *path ? "." : "", key);
    return made ? made : path;
}

static void compare_maps(struct balm_value before, struct balm_value now, const char *path,
                         struct balm_arena *arena, struct balm_value residue)
{
    for (size_t i = 0; i < balm_map_len(before); i++) {
        const struct balm_entry *entry = balm_map_at(before, i);
        compare(entry->value, balm_get(now, entry->key), below(arena, path, entry->key), arena,
                residue);
    }
    for (size_t i = 0; i < balm_map_len(now); i++) {
        const struct balm_entry *entry = balm_map_at(now, i);
        if (balm_map_get(before, entry->key)) continue;
        compare(balm_null(), entry->value, below(arena, path, entry->key), arena, residue);
    }
}

/* An empty table may have become an empty list on its way. */
static bool is_empty(struct balm_value value)
{
    return (value.type == BALM_LIST && balm_list_len(value) == 0) ||
           (value.type == BALM_MAP && balm_map_len(value) == 0);
}

static bool is_like_map(struct balm_value value)
{
    return value.type == BALM_MAP || is_empty(value);
}

static void compare(struct balm_value before, struct balm_value now, const char *path,
                    struct balm_arena *arena, struct balm_value residue)
{
    struct balm_entry fields[3] = {
        {"path", 4, balm_string(path)}, {"before", 6, before}, {"now", 3, now}};

    if (is_like_map(before) && is_like_map(now)) {
        compare_maps(before, now, path, arena, residue);
    } else if (!balm_equal(before, now)) {
        balm_list_push(arena, residue, balm_map_of(arena, fields, 3));
    }
}

struct balm_value balm_residue(struct balm_value before, struct balm_value now,
                               struct balm_arena *arena)
{
    struct balm_value residue = balm_list(arena);

    compare(before, now, "", arena, residue);
    return residue;
}
