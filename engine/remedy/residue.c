#include "remedy/residue.h"

#include <string.h>

struct comparison {
    const char *first; /* what the first of the two is called */
    struct balm_arena *arena;
    struct balm_value differences;
};

static void compare(const struct comparison *comparison, const char *path, struct balm_value before,
                    struct balm_value now);

static const char *below(struct balm_arena *arena, const char *path, const char *key)
{
    const char *made = balm_arena_printf(arena, "%s%s%s", path, *path ? "." : "", key);
    return made ? made : path;
}

static void compare_maps(const struct comparison *comparison, const char *path,
                         struct balm_value before, struct balm_value now)
{
    struct balm_arena *arena = comparison->arena;

    for (size_t i = 0; i < balm_map_len(before); i++) {
        const struct balm_entry *entry = balm_map_at(before, i);
        compare(comparison, below(arena, path, entry->key), entry->value,
                balm_get(now, entry->key));
    }
    for (size_t i = 0; i < balm_map_len(now); i++) {
        const struct balm_entry *entry = balm_map_at(now, i);
        if (balm_map_get(before, entry->key)) continue;
        compare(comparison, below(arena, path, entry->key), balm_null(), entry->value);
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

static void compare(const struct comparison *comparison, const char *path, struct balm_value before,
                    struct balm_value now)
{
    struct balm_entry fields[3] = {{"path", 4, balm_string(path)},
                                   {comparison->first, (uint32_t)strlen(comparison->first), before},
                                   {"now", 3, now}};

    if (is_like_map(before) && is_like_map(now)) {
        compare_maps(comparison, path, before, now);
    } else if (!balm_equal(before, now)) {
        balm_list_push(comparison->arena, comparison->differences,
                       balm_map_of(comparison->arena, fields, 3));
    }
}

struct balm_value balm_residue(struct balm_value before, struct balm_value now,
                               struct balm_arena *arena)
{
    struct comparison comparison = {"before", arena, balm_list(arena)};

    compare(&comparison, "", before, now);
    return comparison.differences;
}

void balm_drift_add(struct balm_value drift, const char *path, struct balm_value planned,
                    struct balm_value now, struct balm_arena *arena)
{
    struct comparison comparison = {"planned", arena, drift};

    compare(&comparison, path, planned, now);
}
