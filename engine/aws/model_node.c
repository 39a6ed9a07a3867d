/* model, the part about documents: JSON in place. */
#include "aws/model_pack.h"

#include <string.h>

enum balm_type balm_node_type(const struct balm_node *node)
{
    return (enum balm_type)node->type;
}

bool balm_node_bool(const struct balm_node *node)
{
    return node->type == BALM_BOOL && node->as.integer != 0;
}

int64_t balm_node_int(const struct balm_node *node)
{
    return node->type == BALM_INT ? node->as.integer : 0;
}

double balm_node_number(const struct balm_node *node)
{
    if (node->type == BALM_DOUBLE) return node->as.number;
    return node->type == BALM_INT ? (double)node->as.integer : 0;
}

const char *balm_node_text(const struct balm_node *node)
{
    return node->type == BALM_STRING ? balm_pack_text(&node->as.ref.to) : "";
}

size_t balm_node_len(const struct balm_node *node)
{
    return node->type == BALM_LIST || node->type == BALM_MAP ? node->count : 0;
}

const struct balm_node *balm_node_at(const struct balm_node *node, size_t i)
{
    const balm_ref *items;
    if (i >= balm_node_len(node)) return NULL;
    items = balm_pack_follow(&node->as.ref.to);
    return balm_pack_follow(&items[i]);
}

const char *balm_node_key_at(const struct balm_node *node, size_t i)
{
    const balm_ref *keys;
    if (node->type != BALM_MAP || i >= node->count) return "";
    keys = balm_pack_follow(&node->as.ref.keys);
    return balm_pack_text(&keys[i]);
}

const struct balm_node *balm_node_get(const struct balm_node *map, const char *key)
{
    size_t low = 0;
    size_t high;
    if (!map || map->type != BALM_MAP) return NULL;
    high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, balm_node_key_at(map, middle));
        if (order == 0) return balm_node_at(map, middle);
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static struct balm_value list_value(const struct balm_node *node, struct balm_arena *arena)
{
    struct balm_value list = balm_list(arena);
    size_t i;
    for (i = 0; i < node->count; i++) {
        balm_list_push(arena, list, balm_node_value(balm_node_at(node, i), arena));
    }
    return list;
}

static struct balm_value map_value(const struct balm_node *node, struct balm_arena *arena)
{
    struct balm_value map = balm_map(arena);
    size_t i;
    for (i = 0; i < node->count; i++) {
        const char *key = balm_node_key_at(node, i);
        balm_map_put(arena, map, key, strlen(key), balm_node_value(balm_node_at(node, i), arena));
    }
    return map;
}

struct balm_value balm_node_value(const struct balm_node *node, struct balm_arena *arena)
{
    if (!node) return balm_null();
    switch (node->type) {
    case BALM_BOOL:
        return balm_bool(node->as.integer != 0);
    case BALM_INT:
        return balm_int(node->as.integer);
    case BALM_DOUBLE:
        return balm_double(node->as.number);
    case BALM_STRING:
        return balm_text(arena, balm_pack_text(&node->as.ref.to));
    case BALM_LIST:
        return list_value(node, arena);
    case BALM_MAP:
        return map_value(node, arena);
    default:
        return balm_null();
    }
}
