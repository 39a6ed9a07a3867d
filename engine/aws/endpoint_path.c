/*
 * endpoint_path: the few paths by which a model finds an endpoint parameter among an operation's.
 */
#include "aws/endpoint_internal.h"

#include <string.h>

struct walk {
    struct balm_arena *arena;
    struct balm_value found; /* a list */
    unsigned depth;
};

#define DEPTH_MAX 16

static void find(struct walk *walk, const char *path, size_t len, struct balm_value value);

static void find_keys(struct walk *walk, const char *path, size_t len, struct balm_value params)
{
    struct balm_value *map = balm_map_get_n(params, path, len);

    for (size_t i = 0; map && i < balm_map_len(*map); i++) {
        const struct balm_entry *entry = balm_map_at(*map, i);
        (void)balm_list_push(walk->arena, walk->found, balm_string_n(entry->key, entry->key_len));
    }
}

/* path is behind a "[": "*]rest" goes into each item, "a.b, c.d][]" tries each of them. */
static void find_bracket(struct walk *walk, const char *path, size_t len, struct balm_value value)
{
    const char *end = memchr(path, ']', len);
    size_t inside = end ? (size_t)(end - path) : len;

    if (inside == 1 && path[0] == '*') {
        for (size_t i = 0; i < balm_list_len(value); i++) {
            find(walk, end + 1, len - inside - 1, *balm_list_at(value, i));
        }
        return;
    }
    while (inside) {
        const char *comma = memchr(path, ',', inside);
        size_t part = comma ? (size_t)(comma - path) : inside;
        find(walk, path, part, value);
        part += comma ? 1 : 0;
        path += part;
        inside -= part;
    }
}

static void find(struct walk *walk, const char *path, size_t len, struct balm_value value)
{
    size_t name = 0;
    struct balm_value *member;

    if (walk->depth >= DEPTH_MAX) return;
    while (len && (path[0] == '.' || path[0] == ' ')) {
        path++, len--;
    }
    if (!len) {
        if (value.type != BALM_NULL) (void)balm_list_push(walk->arena, walk->found, value);
        return;
    }
    walk->depth++;
    if (path[0] == '[') {
        find_bracket(walk, path + 1, len - 1, value);
    } else {
        while (name < len && path[name] != '.' && path[name] != '[' && path[name] != ' ') {
            name++;
        }
        member = balm_map_get_n(value, path, name);
        if (member) find(walk, path + name, len - name, *member);
    }
    walk->depth--;
}

struct balm_value balm_endpoint_path(struct balm_value params, const char *path,
                                     struct balm_arena *arena)
{
    struct walk walk = {arena, balm_list(arena), 0};
    size_t len = strlen(path);

    if (strncmp(path, "keys(", 5) == 0 && path[len - 1] == ')') {
        find_keys(&walk, path + 5, len - 6, params);
        return walk.found;
    }
    find(&walk, path, len, params);
    if (strchr(path, '[')) return walk.found;
    return balm_list_len(walk.found) ? *balm_list_at(walk.found, 0) : balm_null();
}
