#include "core/value.h"

#include "core/hash.h"
#include "core/time.h"

#include <stdarg.h>
#include <string.h>

_Static_assert(sizeof(struct balm_value) == 16, "values are passed by value");
_Static_assert(sizeof(struct balm_entry) == 32, "two entries share a cache line");

#define INDEX_FROM 16 /* entries; looking through fewer is faster than hashing */
#define COUNT_MAX  ((size_t)UINT32_MAX / 4)

struct balm_list {
    struct balm_value *items;
    size_t count;
    size_t cap;
};

/* place is from 1; 0: empty. */
struct slot {
    uint32_t hash;
    uint32_t place;
};

struct balm_map {
    struct balm_entry *entries;
    size_t count;
    size_t cap;
    struct slot *slots; /* NULL: not large enough for an index yet */
    size_t slot_count;  /* a power of two, at least twice the entries */
};

static struct balm_value of_text(enum balm_type type, const char *text, size_t len)
{
    struct balm_value value = {.type = (uint8_t)type, .len = (uint32_t)len, .as.text = text};
    return text && len <= UINT32_MAX ? value : balm_null();
}

struct balm_value balm_null(void)
{
    return (struct balm_value){.type = BALM_NULL, .as.integer = 0};
}

struct balm_value balm_bool(bool boolean)
{
    struct balm_value value = {.type = BALM_BOOL, .as.integer = 0};
    value.as.boolean = boolean;
    return value;
}

struct balm_value balm_int(int64_t integer)
{
    return (struct balm_value){.type = BALM_INT, .as.integer = integer};
}

struct balm_value balm_double(double number)
{
    return (struct balm_value){.type = BALM_DOUBLE, .as.number = number};
}

struct balm_value balm_time_value(int64_t micros)
{
    return (struct balm_value){.type = BALM_TIME, .as.integer = micros};
}

struct balm_value balm_string(const char *text)
{
    return of_text(BALM_STRING, text, text ? strlen(text) : 0);
}

struct balm_value balm_string_n(const char *text, size_t len)
{
    return of_text(BALM_STRING, text, len);
}

struct balm_value balm_bytes(const char *bytes, size_t len)
{
    return of_text(BALM_BYTES, bytes, len);
}

struct balm_value balm_unknown(const char *source)
{
    return of_text(BALM_UNKNOWN, source, source ? strlen(source) : 0);
}

struct balm_value balm_text(struct balm_arena *arena, const char *text)
{
    return text ? balm_text_n(arena, text, strlen(text)) : balm_null();
}

struct balm_value balm_text_n(struct balm_arena *arena, const char *text, size_t len)
{
    if (len > UINT32_MAX) {
        if (!arena->code) arena->code = BALM_E_LIMIT;
        return balm_null();
    }
    return of_text(BALM_STRING, balm_arena_copy(arena, text, len), len);
}

struct balm_value balm_textf(struct balm_arena *arena, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    text = balm_arena_vprintf(arena, format, args);
    va_end(args);
    return balm_string(text);
}

/* What a container grows to: room for four, then half as much again. */
static size_t grown(size_t cap)
{
    return cap < 4 ? 4 : cap + cap / 2;
}

struct balm_value balm_list_of(struct balm_arena *arena, const struct balm_value *items,
                               size_t count)
{
    struct balm_list *list = balm_arena_zalloc(arena, sizeof *list);
    if (!list) return balm_null();
    if (count) {
        list->items = balm_arena_alloc(arena, count * sizeof *items);
        if (!list->items) return balm_null();
        memcpy(list->items, items, count * sizeof *items);
    }
    list->count = list->cap = count;
    return (struct balm_value){.type = BALM_LIST, .as.list = list};
}

struct balm_value balm_time_text(struct balm_arena *arena, int64_t micros)
{
    char text[BALM_TIME_MAX];
    balm_time_iso8601(text, micros);
    return balm_text(arena, text);
}

struct balm_value balm_list(struct balm_arena *arena)
{
    return balm_list_of(arena, NULL, 0);
}

struct balm_value *balm_list_push(struct balm_arena *arena, struct balm_value value,
                                  struct balm_value item)
{
    struct balm_list *list = value.as.list;
    if (value.type != BALM_LIST) return NULL;
    if (list->count == list->cap) {
        size_t cap = grown(list->cap);
        struct balm_value *items =
            balm_arena_grow(arena, list->items, list->cap * sizeof item, cap * sizeof item);
        if (!items) return NULL;
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count] = item;
    return &list->items[list->count++];
}

size_t balm_list_len(struct balm_value list)
{
    return list.type == BALM_LIST ? list.as.list->count : 0;
}

struct balm_value *balm_list_at(struct balm_value list, size_t i)
{
    return i < balm_list_len(list) ? &list.as.list->items[i] : NULL;
}

struct balm_value balm_map(struct balm_arena *arena)
{
    struct balm_map *map = balm_arena_zalloc(arena, sizeof *map);
    if (!map) return balm_null();
    return (struct balm_value){.type = BALM_MAP, .as.map = map};
}

static bool same_key(const struct balm_entry *entry, const char *key, size_t key_len)
{
    return entry->key_len == key_len && memcmp(entry->key, key, key_len) == 0;
}

/* The entry's place from 0, or count where there is none. */
static size_t find(const struct balm_map *map, const char *key, size_t key_len, uint32_t hash)
{
    size_t mask = map->slot_count - 1;
    size_t i;
    if (!map->slots) {
        for (i = 0; i < map->count; i++) {
            if (same_key(&map->entries[i], key, key_len)) return i;
        }
        return map->count;
    }
    for (i = hash & mask; map->slots[i].place; i = (i + 1) & mask) {
        size_t place = map->slots[i].place - 1;
        if (map->slots[i].hash == hash && same_key(&map->entries[place], key, key_len)) {
            return place;
        }
    }
    return map->count;
}

static uint32_t hash_for(const struct balm_map *map, const char *key, size_t key_len)
{
    return map->slots ? (uint32_t)balm_hash(key, key_len) : 0;
}

static void index_add(struct balm_map *map, uint32_t hash, size_t place)
{
    size_t mask = map->slot_count - 1;
    size_t i = hash & mask;
    while (map->slots[i].place) {
        i = (i + 1) & mask;
    }
    map->slots[i] = (struct slot){hash, (uint32_t)place + 1};
}

static void index_fill(struct balm_map *map)
{
    size_t i;
    memset(map->slots, 0, map->slot_count * sizeof *map->slots);
    for (i = 0; i < map->count; i++) {
        const struct balm_entry *entry = &map->entries[i];
        index_add(map, (uint32_t)balm_hash(entry->key, entry->key_len), i);
    }
}

/* Makes the index fit for count entries. */
static bool index_reserve(struct balm_arena *arena, struct balm_map *map, size_t count)
{
    size_t slot_count = map->slots ? map->slot_count : INDEX_FROM * 4;
    struct slot *slots;
    if (count <= INDEX_FROM || (map->slots && count * 2 <= map->slot_count)) return true;
    while (slot_count < count * 2) {
        slot_count *= 2;
    }
    slots = balm_arena_grow(arena, map->slots, map->slot_count * sizeof *slots,
                            slot_count * sizeof *slots);
    if (!slots) return false;
    map->slots = slots;
    map->slot_count = slot_count;
    index_fill(map);
    return true;
}

static bool fits(struct balm_arena *arena, size_t count)
{
    if (count <= COUNT_MAX) return true;
    if (!arena->code) arena->code = BALM_E_LIMIT;
    return false;
}

static bool reserve(struct balm_arena *arena, struct balm_map *map)
{
    size_t cap = grown(map->cap);
    struct balm_entry *entries;
    if (map->count < map->cap) return true;
    if (!fits(arena, cap)) return false;
    entries =
        balm_arena_grow(arena, map->entries, map->cap * sizeof *entries, cap * sizeof *entries);
    if (!entries) return false;
    map->entries = entries;
    map->cap = cap;
    return true;
}

static struct balm_value *put(struct balm_arena *arena, struct balm_map *map,
                              struct balm_entry entry, bool copy_key)
{
    uint32_t hash = hash_for(map, entry.key, entry.key_len);
    size_t place = find(map, entry.key, entry.key_len, hash);
    if (place < map->count) {
        map->entries[place].value = entry.value;
        return &map->entries[place].value;
    }
    if (copy_key) entry.key = balm_arena_copy(arena, entry.key, entry.key_len);
    if (!entry.key) return NULL;
    if (!reserve(arena, map) || !index_reserve(arena, map, map->count + 1)) return NULL;
    map->entries[place] = entry;
    map->count++;
    if (map->slots) index_add(map, hash ? hash : hash_for(map, entry.key, entry.key_len), place);
    return &map->entries[place].value;
}

struct balm_value *balm_map_set(struct balm_arena *arena, struct balm_value map, const char *key,
                                struct balm_value value)
{
    return balm_map_set_n(arena, map, key, strlen(key), value);
}

struct balm_value *balm_map_set_n(struct balm_arena *arena, struct balm_value map, const char *key,
                                  size_t key_len, struct balm_value value)
{
    struct balm_entry entry = {key, (uint32_t)key_len, value};
    if (map.type != BALM_MAP || key_len > UINT32_MAX) return NULL;
    return put(arena, map.as.map, entry, false);
}

struct balm_value *balm_map_put(struct balm_arena *arena, struct balm_value map, const char *key,
                                size_t key_len, struct balm_value value)
{
    struct balm_entry entry = {key, (uint32_t)key_len, value};
    if (map.type != BALM_MAP || key_len > UINT32_MAX) return NULL;
    return put(arena, map.as.map, entry, true);
}

struct balm_value balm_map_of(struct balm_arena *arena, const struct balm_entry *entries,
                              size_t count)
{
    struct balm_value value = balm_map(arena);
    struct balm_map *map = value.as.map;
    size_t i;
    if (value.type != BALM_MAP || count == 0) return value;
    if (!fits(arena, count)) return balm_null();
    map->entries = balm_arena_alloc(arena, count * sizeof *entries);
    if (!map->entries) return balm_null();
    map->cap = count;
    if (!index_reserve(arena, map, count)) return balm_null();
    for (i = 0; i < count; i++) {
        if (!put(arena, map, entries[i], false)) return balm_null();
    }
    return value;
}

size_t balm_map_len(struct balm_value map)
{
    return map.type == BALM_MAP ? map.as.map->count : 0;
}

struct balm_entry *balm_map_at(struct balm_value map, size_t i)
{
    return i < balm_map_len(map) ? &map.as.map->entries[i] : NULL;
}

struct balm_value *balm_map_get(struct balm_value map, const char *key)
{
    return map.type == BALM_MAP ? balm_map_get_n(map, key, strlen(key)) : NULL;
}

struct balm_value *balm_map_get_n(struct balm_value map, const char *key, size_t key_len)
{
    size_t place;
    if (map.type != BALM_MAP) return NULL;
    place = find(map.as.map, key, key_len, hash_for(map.as.map, key, key_len));
    return place < map.as.map->count ? &map.as.map->entries[place].value : NULL;
}

bool balm_map_remove(struct balm_value value, const char *key)
{
    struct balm_map *map = value.as.map;
    size_t key_len = strlen(key);
    size_t place;
    if (value.type != BALM_MAP) return false;
    place = find(map, key, key_len, hash_for(map, key, key_len));
    if (place == map->count) return false;
    map->count--;
    memmove(&map->entries[place], &map->entries[place + 1],
            (map->count - place) * sizeof *map->entries);
    if (map->slots) index_fill(map);
    return true;
}

void balm_map_filter(struct balm_value value, bool (*keep)(void *owner, struct balm_entry *entry),
                     void *owner)
{
    struct balm_map *map = value.as.map;
    size_t kept = 0;
    bool same = true; /* keys, and where they stand */
    size_t i;
    if (value.type != BALM_MAP) return;
    for (i = 0; i < map->count; i++) {
        struct balm_entry *entry = &map->entries[i];
        const char *key = entry->key;
        if (!keep(owner, entry)) {
            same = false;
            continue;
        }
        if (entry->key != key) same = false;
        if (kept < i) map->entries[kept] = *entry;
        kept++;
    }
    map->count = kept;
    if (map->slots && !same) index_fill(map);
}
