/* value, second part: reading, comparing and copying trees by what value.h offers. */
#include "core/value.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

const char *balm_get_string(struct balm_value map, const char *key, const char *fallback)
{
    struct balm_value *value = balm_map_get(map, key);
    return value && value->type == BALM_STRING ? value->as.text : fallback;
}

int64_t balm_get_int(struct balm_value map, const char *key, int64_t fallback)
{
    struct balm_value *value = balm_map_get(map, key);
    return value && value->type == BALM_INT ? value->as.integer : fallback;
}

bool balm_get_bool(struct balm_value map, const char *key, bool fallback)
{
    struct balm_value *value = balm_map_get(map, key);
    return value && value->type == BALM_BOOL ? value->as.boolean : fallback;
}

struct balm_value balm_get(struct balm_value map, const char *key)
{
    struct balm_value *value = balm_map_get(map, key);
    return value ? *value : balm_null();
}

/* A list's item by its decimal place, as "0" or "12". */
static struct balm_value *item_at(struct balm_value list, const char *digits, size_t len)
{
    size_t place = 0;
    size_t i;
    if (len == 0 || len > 10) return NULL;
    for (i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9') return NULL;
        place = place * 10 + (size_t)(digits[i] - '0');
    }
    return balm_list_at(list, place);
}

struct balm_value balm_path(struct balm_value root, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, ".");
        struct balm_value *next =
            root.type == BALM_LIST ? item_at(root, path, len) : balm_map_get_n(root, path, len);
        if (!next) return balm_null();
        root = *next;
        path += len;
        if (*path == '.') path++;
    }
    return root;
}

bool balm_is_null(struct balm_value value)
{
    return value.type == BALM_NULL;
}

bool balm_is_text(struct balm_value value, const char *text)
{
    size_t len = strlen(text);
    if (value.type != BALM_STRING || value.len != len) return false;
    return memcmp(value.as.text, text, len) == 0;
}

static bool int_equals_double(int64_t integer, double number)
{
    /* 2^63 itself is no int64_t, and the cast below would be undefined. */
    if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0)) return false;
    return (double)(int64_t)number == number && (int64_t)number == integer;
}

static bool scalars_equal(struct balm_value a, struct balm_value b)
{
    switch ((enum balm_type)a.type) {
    case BALM_BOOL:
        return a.as.boolean == b.as.boolean;
    case BALM_INT:
    case BALM_TIME:
        return a.as.integer == b.as.integer;
    case BALM_DOUBLE:
        return (isnan(a.as.number) && isnan(b.as.number)) ||
               (a.as.number <= b.as.number && a.as.number >= b.as.number);
    case BALM_STRING:
    case BALM_BYTES:
    case BALM_UNKNOWN:
        return a.len == b.len && memcmp(a.as.text, b.as.text, a.len) == 0;
    case BALM_NULL:
    case BALM_LIST:
    case BALM_MAP:
        break;
    }
    return a.type == BALM_NULL;
}

static bool equal_at(struct balm_value a, struct balm_value b, int depth);

static bool lists_equal(struct balm_value a, struct balm_value b, int depth)
{
    size_t count = balm_list_len(a);
    size_t i;
    if (count != balm_list_len(b)) return false;
    for (i = 0; i < count; i++) {
        if (!equal_at(*balm_list_at(a, i), *balm_list_at(b, i), depth)) return false;
    }
    return true;
}

static bool maps_equal(struct balm_value a, struct balm_value b, int depth)
{
    size_t count = balm_map_len(a);
    size_t i;
    if (count != balm_map_len(b)) return false;
    for (i = 0; i < count; i++) {
        struct balm_entry *entry = balm_map_at(a, i);
        struct balm_value *other = balm_map_get_n(b, entry->key, entry->key_len);
        if (!other || !equal_at(entry->value, *other, depth)) return false;
    }
    return true;
}

static bool equal_at(struct balm_value a, struct balm_value b, int depth)
{
    if (a.type == BALM_INT && b.type == BALM_DOUBLE) {
        return int_equals_double(a.as.integer, b.as.number);
    }
    if (a.type == BALM_DOUBLE && b.type == BALM_INT) {
        return int_equals_double(b.as.integer, a.as.number);
    }
    if (a.type != b.type || depth > BALM_VALUE_DEPTH) return false;
    if (a.type == BALM_LIST) return lists_equal(a, b, depth + 1);
    if (a.type == BALM_MAP) return maps_equal(a, b, depth + 1);
    return scalars_equal(a, b);
}

bool balm_equal(struct balm_value a, struct balm_value b)
{
    return equal_at(a, b, 0);
}

static struct balm_value copy_at(struct balm_arena *arena, struct balm_value value, int depth);

static struct balm_value copy_list(struct balm_arena *arena, struct balm_value list, int depth)
{
    size_t count = balm_list_len(list);
    struct balm_value copy = balm_list_of(arena, balm_list_at(list, 0), count);
    size_t i;
    for (i = 0; i < balm_list_len(copy); i++) {
        *balm_list_at(copy, i) = copy_at(arena, *balm_list_at(list, i), depth);
    }
    return copy;
}

static struct balm_value copy_map(struct balm_arena *arena, struct balm_value map, int depth)
{
    struct balm_value copy = balm_map_again(arena, map);
    size_t i;
    for (i = 0; i < balm_map_len(copy); i++) {
        struct balm_entry *entry = balm_map_at(copy, i);
        char *key = balm_arena_copy(arena, entry->key, entry->key_len);
        entry->key = key ? key : "";
        if (!key) entry->key_len = 0;
        entry->value = copy_at(arena, entry->value, depth);
    }
    return copy;
}

static struct balm_value copy_at(struct balm_arena *arena, struct balm_value value, int depth)
{
    struct balm_value copy = value;
    if (depth > BALM_VALUE_DEPTH) {
        if (!arena->code) arena->code = BALM_E_LIMIT;
        return balm_null();
    }
    switch ((enum balm_type)value.type) {
    case BALM_STRING:
    case BALM_BYTES:
    case BALM_UNKNOWN:
        copy.as.text = balm_arena_copy(arena, value.as.text, value.len);
        return copy.as.text ? copy : balm_null();
    case BALM_LIST:
        copy = copy_list(arena, value, depth + 1);
        break;
    case BALM_MAP:
        copy = copy_map(arena, value, depth + 1);
        break;
    default:
        return copy;
    }
    copy.secret = value.secret;
    return copy;
}

struct balm_value balm_copy(struct balm_arena *arena, struct balm_value value)
{
    return copy_at(arena, value, 0);
}

static void wipe_at(struct balm_value value, int depth)
{
    size_t i;
    if (depth > BALM_VALUE_DEPTH) return;
    if (value.type == BALM_STRING || value.type == BALM_BYTES) {
        balm_wipe((char *)(uintptr_t)value.as.text, value.len);
    }
    for (i = 0; i < balm_list_len(value); i++) {
        wipe_at(*balm_list_at(value, i), depth + 1);
    }
    for (i = 0; i < balm_map_len(value); i++) {
        wipe_at(balm_map_at(value, i)->value, depth + 1);
    }
}

void balm_value_wipe(struct balm_value value)
{
    wipe_at(value, 0);
}

const char *balm_type_name(enum balm_type type)
{
    static const char *const names[] = {
        [BALM_NULL] = "null",       [BALM_BOOL] = "boolean",  [BALM_INT] = "integer",
        [BALM_DOUBLE] = "number",   [BALM_STRING] = "string", [BALM_BYTES] = "bytes",
        [BALM_TIME] = "time",       [BALM_LIST] = "list",     [BALM_MAP] = "map",
        [BALM_UNKNOWN] = "unknown",
    };
    size_t i = (size_t)type;
    return i < sizeof names / sizeof *names ? names[i] : "unknown";
}
