/*
 * value: the one tree that codecs, events, plans, records and the store speak.
 *
 * A value is 16 bytes, passed by value; what it points at lives in an arena (or is static) and is
 * never freed by itself. Maps keep the order of insertion and have each key once. A list or a map
 * may be extended only through the arena that it was made in. Texts are byte strings with a length;
 * a value made by balm_text* is NUL-terminated behind its length as well.
 */
#ifndef BALM_CORE_VALUE_H
#define BALM_CORE_VALUE_H

#include "core/arena.h"

#include <stddef.h>
#include <stdint.h>

enum balm_type {
    BALM_NULL,
    BALM_BOOL,
    BALM_INT,
    BALM_DOUBLE,
    BALM_STRING,
    BALM_BYTES, /* not text: JSON shows it as base64 */
    BALM_TIME,  /* microseconds since 1970-01-01T00:00:00Z */
    BALM_LIST,
    BALM_MAP,
    /* Plans only: what an unsent write would answer. Its text is the source, as
       "ec2:CreateVolume.VolumeId", or what is made of it (unknown.h). */
    BALM_UNKNOWN
};

struct balm_list; /* items behind a BALM_LIST */
struct balm_map;  /* entries behind a BALM_MAP */

struct balm_value {
    uint8_t type;   /* enum balm_type */
    uint8_t secret; /* a model marks it sensitive: printers show "(sensitive)" instead */
    uint32_t len;   /* of text, in bytes */
    union {
        bool boolean;
        int64_t integer; /* BALM_INT, BALM_TIME */
        double number;
        const char *text; /* BALM_STRING, BALM_BYTES, BALM_UNKNOWN */
        struct balm_list *list;
        struct balm_map *map;
    } as;
};

struct balm_entry {
    const char *key; /* NUL-terminated; key_len counts */
    uint32_t key_len;
    struct balm_value value;
};

/* Scalars. The text of the first three is borrowed: it must live as long as the value. */
struct balm_value balm_null(void);
struct balm_value balm_bool(bool boolean);
struct balm_value balm_int(int64_t integer);
struct balm_value balm_double(double number);
struct balm_value balm_time_value(int64_t micros);
struct balm_value balm_string(const char *text); /* NUL-terminated, borrowed */
struct balm_value balm_string_n(const char *text, size_t len);
struct balm_value balm_bytes(const char *bytes, size_t len);
struct balm_value balm_unknown(const char *source);
/* Copies into arena; a null value when memory ran out (the arena remembers). */
struct balm_value balm_text(struct balm_arena *arena, const char *text);
struct balm_value balm_text_n(struct balm_arena *arena, const char *text, size_t len);
struct balm_value balm_textf(struct balm_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The text of a time in ISO 8601 (time.h), instead of a BALM_TIME. */
struct balm_value balm_time_text(struct balm_arena *arena, int64_t micros);

/* Empty containers; a null value when memory ran out. */
struct balm_value balm_list(struct balm_arena *arena);
struct balm_value balm_map(struct balm_arena *arena);

/* Containers made at once, of a copy of what the caller collected: no growth, no waste. Of a key
   that occurs twice the last value counts, at the first one's place. Keys are borrowed. */
struct balm_value balm_list_of(struct balm_arena *arena, const struct balm_value *items,
                               size_t count);
struct balm_value balm_map_of(struct balm_arena *arena, const struct balm_entry *entries,
                              size_t count);

/* A map for members that have different names, as those that a program spells out: balm_map_add()
   appends without looking for the key, and finds room for as many as were announced, or more. key
   is borrowed. */
struct balm_value balm_map_sized(struct balm_arena *arena, size_t count);
void balm_map_add(struct balm_arena *arena, struct balm_value map, const char *key,
                  struct balm_value value);

/* Another map of the same entries, to be changed on its own: keys and values are shared, nothing is
   looked up. An empty one of what is no map. */
struct balm_value balm_map_again(struct balm_arena *arena, struct balm_value map);

/* Appends. Returns the item's place (valid until the next push), or NULL when memory ran out. list
   may be a null value left by an earlier failure: then nothing happens. */
struct balm_value *balm_list_push(struct balm_arena *arena, struct balm_value list,
                                  struct balm_value item);
size_t balm_list_len(struct balm_value list);                      /* 0 unless a list */
struct balm_value *balm_list_at(struct balm_value list, size_t i); /* NULL past the end */

/* Sets or replaces; the key is borrowed by _set and copied by _put. Same returns as push. */
struct balm_value *balm_map_set(struct balm_arena *arena, struct balm_value map, const char *key,
                                struct balm_value value);
struct balm_value *balm_map_set_n(struct balm_arena *arena, struct balm_value map, const char *key,
                                  size_t key_len, struct balm_value value);
struct balm_value *balm_map_put(struct balm_arena *arena, struct balm_value map, const char *key,
                                size_t key_len, struct balm_value value);
size_t balm_map_len(struct balm_value map);                      /* 0 unless a map */
struct balm_entry *balm_map_at(struct balm_value map, size_t i); /* NULL past the end */
/* Constant time for large maps. NULL when absent or map is not a map. */
struct balm_value *balm_map_get(struct balm_value map, const char *key);
struct balm_value *balm_map_get_n(struct balm_value map, const char *key, size_t key_len);
/* Keeps the others' order; takes as long as the map is. */
bool balm_map_remove(struct balm_value map, const char *key);
/* Asks keep for each entry in turn and drops those it does not want. keep may change the entry's
   key and value, but leaves no key twice, and does not touch the map itself. */
void balm_map_filter(struct balm_value map, bool (*keep)(void *owner, struct balm_entry *entry),
                     void *owner);

/* Reading without fear: an absent or ill-typed member gives the fallback. */
const char *balm_get_string(struct balm_value map, const char *key, const char *fallback);
int64_t balm_get_int(struct balm_value map, const char *key, int64_t fallback);
bool balm_get_bool(struct balm_value map, const char *key, bool fallback);
struct balm_value balm_get(struct balm_value map, const char *key); /* null when absent */
/* Walks "a.b.0.c" through maps and lists; null when a step is absent. */
struct balm_value balm_path(struct balm_value root, const char *path);

bool balm_is_null(struct balm_value value);
bool balm_is_text(struct balm_value value, const char *text); /* a string equal to text */
/* How deep equality, copies and printers go, to guard the C stack. JSON and codecs stay below. */
#define BALM_VALUE_DEPTH 256
/* Deep equality: maps regardless of order; an integer equals the double of the same value, NaN
   equals NaN, secret does not count. False below BALM_VALUE_DEPTH. */
bool balm_equal(struct balm_value a, struct balm_value b);
/* A deep copy in another arena; texts too. Below BALM_VALUE_DEPTH, and when memory ran out, the
   arena remembers why it is not whole. */
struct balm_value balm_copy(struct balm_arena *arena, struct balm_value value);
/* Overwrites every string of the tree with zeros, in place: for secrets. All must live in an arena
   (not be static), and none is used afterwards. */
void balm_value_wipe(struct balm_value value);
const char *balm_type_name(enum balm_type type); /* "string", "integer", ... */

#endif
