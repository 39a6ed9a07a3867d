#include "core/value.h"

#include "core/hash.h"
#include "core/time.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(struct balm_value) == 16, "values are passed by value");
_Static_assert(sizeof(struct balm_entry) == 32, "two entries share a cache line");

#define INDEX_FROM 32 /* entries; looking through fewer is faster than hashing */
#define COUNT_MAX  ((size_t)UINT32_MAX / 4)

/* Large answers are made of small containers: their heads are small, and what is made at once lies
   right behind its head. */
struct balm_list {
    struct balm_value *items;
    uint32_t count;
    uint32_t cap;
};

/* place is from 1; 0: empty. */
struct slot {
    uint32_t hash;
    uint32_t place;
};

struct index {
    size_t slot_count; /* a power of two, at least twice the entries */
    struct slot slots[];
};

struct balm_map {
    struct balm_entry *entries; /* of a map with room for more than INDEX_FROM: within a table */
    uint32_t count;
    uint32_t cap;
};

/* Entries with an index of them. */
struct table {
    struct index *index; /* NULL: not so many yet */
    struct balm_entry entries[];
};

static struct table *table_of(const struct balm_map *map)
{
    if (map->cap <= INDEX_FROM) return NULL;
    return (struct table *)(void *)((char *)map->entries - offsetof(struct table, entries));
}

static struct index *index_of(const struct balm_map *map)
{
    const struct table *table = table_of(map);
    return table ? table->index : NULL;
}

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

static bool fits(struct balm_arena *arena, size_t count)
{
    if (count <= COUNT_MAX) return true;
    if (!arena->code) arena->code = BALM_E_LIMIT;
    return false;
}

struct balm_value balm_list_of(struct balm_arena *arena, const struct balm_value *items,
                               size_t count)
{
    struct balm_list *list =
        fits(arena, count) ? balm_arena_alloc(arena, sizeof *list + count * sizeof *items) : NULL;
    if (!list) return balm_null();
    list->items = (struct balm_value *)(void *)(list + 1);
    list->count = list->cap = (uint32_t)count;
    if (count) memcpy(list->items, items, count * sizeof *items);
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

static bool grow_list(struct balm_arena *arena, struct balm_list *list)
{
    size_t cap = grown(list->cap);
    struct balm_value *items = NULL;
    if (!fits(arena, cap)) return false;
    items = balm_arena_grow(arena, list->cap ? list->items : NULL, list->cap * sizeof *items,
                            cap * sizeof *items);
    if (!items) return false;
    list->items = items;
    list->cap = (uint32_t)cap;
    return true;
}

struct balm_value *balm_list_push(struct balm_arena *arena, struct balm_value value,
                                  struct balm_value item)
{
    struct balm_list *list = value.as.list;
    if (value.type != BALM_LIST) return NULL;
    if (list->count == list->cap && !grow_list(arena, list)) return NULL;
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

static struct balm_value map_for(struct balm_arena *arena, size_t cap)
{
    bool indexed = cap > INDEX_FROM;
    size_t head = sizeof(struct balm_map) + (indexed ? offsetof(struct table, entries) : 0);
    struct balm_map *map = NULL;
    if (fits(arena, cap)) map = balm_arena_alloc(arena, head + cap * sizeof *map->entries);
    if (!map) return balm_null();
    map->entries = (struct balm_entry *)(void *)((char *)map + head);
    map->count = 0;
    map->cap = (uint32_t)cap;
    if (indexed) table_of(map)->index = NULL;
    return (struct balm_value){.type = BALM_MAP, .as.map = map};
}

struct balm_value balm_map(struct balm_arena *arena)
{
    return map_for(arena, 0);
}

static bool same_key(const struct balm_entry *entry, const char *key, size_t key_len)
{
    return entry->key_len == key_len && memcmp(entry->key, key, key_len) == 0;
}

/* The entry's place from 0, or count where there is none. */
static size_t find(const struct balm_map *map, const char *key, size_t key_len, uint32_t hash)
{
    const struct index *index = index_of(map);
    size_t mask, i;
    if (!index) {
        for (i = 0; i < map->count; i++) {
            if (same_key(&map->entries[i], key, key_len)) return i;
        }
        return map->count;
    }
    mask = index->slot_count - 1;
    for (i = hash & mask; index->slots[i].place; i = (i + 1) & mask) {
        size_t place = index->slots[i].place - 1;
        if (index->slots[i].hash == hash && same_key(&map->entries[place], key, key_len)) {
            return place;
        }
    }
    return map->count;
}

static uint32_t hash_for(const struct balm_map *map, const char *key, size_t key_len)
{
    return index_of(map) ? (uint32_t)balm_hash(key, key_len) : 0;
}

static void index_add(struct index *index, uint32_t hash, size_t place)
{
    size_t mask = index->slot_count - 1;
    size_t i = hash & mask;
    while (index->slots[i].place) {
        i = (i + 1) & mask;
    }
    index->slots[i] = (struct slot){hash, (uint32_t)place + 1};
}

static void index_fill(const struct balm_map *map)
{
    struct index *index = index_of(map);
    size_t i;
    if (!index) return;
    memset(index->slots, 0, index->slot_count * sizeof *index->slots);
    for (i = 0; i < map->count; i++) {
        const struct balm_entry *entry = &map->entries[i];
        index_add(index, (uint32_t)balm_hash(entry->key, entry->key_len), i);
    }
}

/* Makes the index fit for count entries. */
static bool index_reserve(struct balm_arena *arena, struct balm_map *map, size_t count)
{
    struct index *index = index_of(map);
    size_t was = index ? index->slot_count : 0;
    size_t slot_count = index ? was : INDEX_FROM * 4;
    if (count <= INDEX_FROM || count * 2 <= was) return true;
    while (slot_count < count * 2) {
        slot_count *= 2;
    }
    index = balm_arena_grow(arena, index, sizeof *index + was * sizeof *index->slots,
                            sizeof *index + slot_count * sizeof *index->slots);
    if (!index) return false;
    index->slot_count = slot_count;
    table_of(map)->index = index;
    index_fill(map);
    return true;
}

/* Room for cap entries, more than there was; they stay what they are. */
static struct balm_entry *grow_entries(struct balm_arena *arena, const struct balm_map *map,
                                       size_t cap)
{
    const size_t head = offsetof(struct table, entries);
    struct table *table = table_of(map);
    size_t was = map->cap * sizeof *map->entries;
    size_t size = cap * sizeof *map->entries;
    if (cap <= INDEX_FROM) {
        return balm_arena_grow(arena, map->cap ? map->entries : NULL, was, size);
    }
    if (table) {
        table = balm_arena_grow(arena, table, head + was, head + size);
        return table ? table->entries : NULL;
    }
    table = balm_arena_alloc(arena, head + size);
    if (!table) return NULL;
    table->index = NULL;
    memcpy(table->entries, map->entries, map->count * sizeof *map->entries);
    return table->entries;
}

static bool reserve(struct balm_arena *arena, struct balm_map *map)
{
    size_t cap = grown(map->cap);
    struct balm_entry *entries;
    if (map->count < map->cap) return true;
    entries = fits(arena, cap) ? grow_entries(arena, map, cap) : NULL;
    if (!entries) return false;
    map->entries = entries;
    map->cap = (uint32_t)cap;
    return true;
}

/* hash 0: not known. */
static struct balm_value *append(struct balm_arena *arena, struct balm_map *map,
                                 struct balm_entry entry, uint32_t hash)
{
    size_t place = map->count;
    if (!reserve(arena, map) || !index_reserve(arena, map, map->count + 1)) return NULL;
    map->entries[place] = entry;
    map->count++;
    if (index_of(map)) {
        index_add(index_of(map), hash ? hash : hash_for(map, entry.key, entry.key_len), place);
    }
    return &map->entries[place].value;
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
    return entry.key ? append(arena, map, entry, hash) : NULL;
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
    struct balm_value value = map_for(arena, count);
    struct balm_map *map = value.as.map;
    size_t i;
    if (value.type != BALM_MAP || count == 0) return value;
    if (!index_reserve(arena, map, count)) return balm_null();
    for (i = 0; i < count; i++) {
        if (!put(arena, map, entries[i], false)) return balm_null();
    }
    return value;
}

struct balm_value balm_map_sized(struct balm_arena *arena, size_t count)
{
    return map_for(arena, count);
}

void balm_map_add(struct balm_arena *arena, struct balm_value map, const char *key,
                  struct balm_value value)
{
    struct balm_entry entry = {key, (uint32_t)strlen(key), value};
    if (map.type == BALM_MAP) (void)append(arena, map.as.map, entry, 0);
}

struct balm_value balm_map_again(struct balm_arena *arena, struct balm_value map)
{
    size_t count = balm_map_len(map);
    struct balm_value again = map_for(arena, count);
    const struct index *index = count > INDEX_FROM ? index_of(map.as.map) : NULL;
    if (again.type != BALM_MAP || count == 0) return again;
    memcpy(again.as.map->entries, map.as.map->entries, count * sizeof *map.as.map->entries);
    again.as.map->count = (uint32_t)count;
    if (index) {
        size_t size = sizeof *index + index->slot_count * sizeof *index->slots;
        struct index *own = balm_arena_alloc(arena, size);
        if (!own) return balm_null();
        memcpy(own, index, size);
        table_of(again.as.map)->index = own;
    }
    return again;
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
    index_fill(map);
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
    map->count = (uint32_t)kept;
    if (!same) index_fill(map);
}
