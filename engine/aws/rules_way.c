#include "aws/rules_way.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_BITS 6

struct slot {
    struct balm_way *way; /* as many steps as it has; the key's bytes follow. NULL: empty */
    size_t key_len;
};

struct balm_ways {
    struct slot slots[1 << SLOT_BITS];
};

enum balm_code balm_ways_new(struct balm_ways **out, struct balm_err *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? BALM_OK : balm_nomem(err);
}

void balm_ways_release(struct balm_ways *ways)
{
    if (!ways) return;
    for (size_t i = 0; i < sizeof ways->slots / sizeof *ways->slots; i++) {
        free(ways->slots[i].way);
    }
    free(ways);
}

static size_t place_of(const struct balm_key *key)
{
    return (size_t)(balm_key_hash(key) >> (64 - SLOT_BITS));
}

static size_t size_of(const struct balm_way *way)
{
    return offsetof(struct balm_way, steps) + way->len * sizeof *way->steps;
}

const struct balm_way *balm_ways_find(const struct balm_ways *ways, const struct balm_key *key)
{
    const struct slot *slot = &ways->slots[place_of(key)];

    if (!slot->way) return NULL;
    return balm_key_is(key, (const char *)slot->way + size_of(slot->way), slot->key_len) ? slot->way
                                                                                         : NULL;
}

/* What is assigned is gone where the next step, or the end, has no more variables than there were
   before it. */
static void straighten(struct balm_way *way)
{
    uint32_t scope_len = way->scope_len;
    size_t first = way->len;

    for (size_t i = way->len; i-- > 0;) {
        struct balm_way_step step = way->steps[i];
        if (!step.open && step.scope_len >= scope_len) continue;
        scope_len = step.scope_len;
        way->steps[--first] = step;
    }
    way->len -= (uint32_t)first;
    memmove(way->steps, way->steps + first, way->len * sizeof *way->steps);
}

void balm_ways_keep(struct balm_ways *ways, const struct balm_key *key, struct balm_way *way)
{
    struct slot *slot = &ways->slots[place_of(key)];
    size_t size;
    char *copy;

    straighten(way);
    size = size_of(way);
    copy = malloc(size + key->len);
    if (!copy) return;
    memcpy(copy, way, size);
    memcpy(copy + size, key->bytes, key->len);
    free(slot->way);
    *slot = (struct slot){(struct balm_way *)(void *)copy, key->len};
}

struct balm_way *balm_way_copy(const struct balm_way *way, struct balm_arena *arena)
{
    struct balm_way *copy = balm_arena_alloc(arena, size_of(way));

    if (copy) memcpy(copy, way, size_of(way));
    return copy;
}
