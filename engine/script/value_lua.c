#include "script/value_lua.h"

#include "core/time.h"
#include "script/sandbox_internal.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX     100
#define PATH_MAX_LEN  256 /* of a place in an error */
#define FEW           8   /* entries that are sorted by hand */
#define ENTRIES_FIRST 32  /* most values have fewer at any time */
#define LOOK_EVERY    16  /* tables */
/* What one value may take outside of Lua, where its memory cap does not reach: a table that holds
   another twice, and that another twice,
   is small here and endless there. */
#define SIZE_MAX_VALUE ((size_t)64 << 20)

static const char list_meta; /* its address is the registry's key */

/* ---- marks ---- */

void balm_lua_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}

bool balm_lua_is_null(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA && !lua_touserdata(L, index);
}

void balm_lua_mark_list(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &list_meta) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 0);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &list_meta);
    }
    lua_setmetatable(L, index);
}

bool balm_lua_is_list(lua_State *L, int index)
{
    bool same;

    if (lua_type(L, index) != LUA_TTABLE || !lua_getmetatable(L, index)) return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &list_meta);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

/* ---- to Lua ---- */

static void push(lua_State *L, struct balm_value value, int depth);

static void push_text(lua_State *L, struct balm_value value)
{
    balm_budget_charge_bytes(L, value.len);
    lua_pushlstring(L, value.as.text, value.len);
}

static void push_time(lua_State *L, int64_t micros)
{
    char text[BALM_TIME_MAX];

    balm_time_iso8601(text, micros);
    lua_pushstring(L, text);
}

static int size_hint(size_t count)
{
    return count < 1u << 26 ? (int)count : 0;
}

static void push_list(lua_State *L, struct balm_value list, int depth)
{
    size_t count = balm_list_len(list);

    lua_createtable(L, size_hint(count), 0);
    for (size_t i = 0; i < count; i++) {
        push(L, *balm_list_at(list, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    balm_lua_mark_list(L, -1);
}

static void push_map(lua_State *L, struct balm_value map, int depth)
{
    size_t count = balm_map_len(map);

    lua_createtable(L, 0, size_hint(count));
    for (size_t i = 0; i < count; i++) {
        const struct balm_entry *entry = balm_map_at(map, i);
        lua_pushlstring(L, entry->key, entry->key_len);
        push(L, entry->value, depth + 1);
        lua_rawset(L, -3);
    }
}

static void push(lua_State *L, struct balm_value value, int depth)
{
    if (depth > BALM_VALUE_DEPTH) luaL_error(L, "data is nested too deeply");
    luaL_checkstack(L, 4, "data is nested too deeply");
    balm_budget_charge(L, 1);
    switch ((enum balm_type)value.type) {
    case BALM_NULL:
        balm_lua_push_null(L);
        return;
    case BALM_BOOL:
        lua_pushboolean(L, value.as.boolean);
        return;
    case BALM_INT:
        lua_pushinteger(L, value.as.integer);
        return;
    case BALM_DOUBLE:
        lua_pushnumber(L, value.as.number);
        return;
    case BALM_STRING:
    case BALM_BYTES:
        push_text(L, value);
        return;
    case BALM_TIME:
        push_time(L, value.as.integer);
        return;
    case BALM_LIST:
        push_list(L, value, depth);
        return;
    case BALM_MAP:
        push_map(L, value, depth);
        return;
    case BALM_UNKNOWN:
        balm_lua_push_unknown(L, value.as.text);
        return;
    }
    balm_lua_push_null(L);
}

void balm_lua_push(lua_State *L, struct balm_value value)
{
    push(L, value, 0);
}

/* ---- from Lua ---- */

/* A table on the way to what is read, and the place of the next one in it. */
struct step {
    const void *table;
    const char *name; /* NULL: at the position */
    size_t position;
};

struct reader {
    lua_State *L;
    enum balm_lua_style style;
    struct balm_arena *arena;
    struct balm_err *err;
    size_t left; /* of SIZE_MAX_VALUE */
    struct balm_entry *entries;
    size_t entry_count, entry_cap;
    size_t table_count;
    int depth;
    struct step way[DEPTH_MAX];
    struct balm_entry first_entries[ENTRIES_FIRST];
};

static enum balm_code read_value(struct reader *r, struct balm_value *out);

/* "Tags[2].Key: " and what is wrong there. */
static enum balm_code fault(struct reader *r, enum balm_code code, const char *what)
{
    char path[PATH_MAX_LEN] = "";
    size_t len = 0;

    for (int i = 0; i < r->depth && len < sizeof path - 1; i++) {
        const struct step *step = &r->way[i];
        char *end = path + len;
        size_t room = sizeof path - len;
        if (step->name) {
            (void)snprintf(end, room, "%s%s", len ? "." : "", step->name);
        } else if (step->position) {
            (void)snprintf(end, room, "[%zu]", step->position);
        }
        len += strlen(end);
    }
    return balm_fail(r->err, code, "%s%s%s", path, len ? ": " : "", what);
}

/* Takes size from what is left, and from the budget: the next look at it settles. */
static enum balm_code take(struct reader *r, size_t size)
{
    if (size > r->left) return fault(r, BALM_E_LIMIT, "more than 64 MiB of data");
    r->left -= size;
    balm_sandbox_of(r->L)->unpaid += size / 32;
    return BALM_OK;
}

static enum balm_code no_memory(struct reader *r)
{
    return r->arena->code ? balm_arena_status(r->arena, r->err) : balm_nomem(r->err);
}

/* What kinds of keys the table on top has, whose length is len. */
struct shape {
    size_t positions; /* integers within 1 ... len */
    size_t integers;  /* others */
    size_t names;
    size_t others;
};

static struct shape shape_of(lua_State *L, size_t len)
{
    struct shape shape = {0, 0, 0, 0};

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            shape.names++;
        } else if (!lua_isinteger(L, -1)) {
            shape.others++;
        } else if (lua_tointeger(L, -1) > 0 && (lua_Unsigned)lua_tointeger(L, -1) <= len) {
            shape.positions++;
        } else {
            shape.integers++;
        }
    }
    /* Where there are holes the length is any border: what lies behind the first hole is none of a
       list's. */
    if (shape.positions != len) {
        shape.integers += shape.positions;
        shape.positions = 0;
    }
    return shape;
}

static enum balm_code refuse_key(struct reader *r)
{
    return fault(r, BALM_E_SCRIPT, "a key is neither text nor a position");
}

static enum balm_code refuse_shape(struct reader *r, const struct shape *shape)
{
    return fault(r, BALM_E_SCRIPT,
                 shape->names ? "a table has either positions or names, not both"
                              : "the list has holes");
}

static enum balm_code read_list(struct reader *r, size_t count, struct balm_value *out)
{
    struct balm_value *items = balm_arena_alloc(r->arena, count * sizeof *items);
    enum balm_code code = BALM_OK;

    if (!items) return no_memory(r);
    for (size_t i = 0; i < count && !code; i++) {
        r->way[r->depth - 1].position = i + 1;
        lua_rawgeti(r->L, -1, (lua_Integer)i + 1);
        code = read_value(r, &items[i]);
        lua_pop(r->L, 1);
    }
    if (code) return code;
    *out = balm_list_of(r->arena, items, count);
    return out->type == BALM_LIST ? BALM_OK : no_memory(r);
}

/* Makes the entry's key of the key below the top. */
static enum balm_code read_key(struct reader *r, struct balm_entry *entry)
{
    char digits[24];
    size_t len;
    const char *text = digits;

    if (lua_type(r->L, -2) == LUA_TSTRING) {
        text = lua_tolstring(r->L, -2, &len);
    } else if (!lua_isinteger(r->L, -2)) {
        return refuse_key(r);
    } else {
        len = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)lua_tointeger(r->L, -2));
    }
    if (take(r, sizeof *entry + len)) return BALM_E_LIMIT;
    entry->key = balm_arena_copy(r->arena, text, len);
    entry->key_len = (uint32_t)len;
    return entry->key ? BALM_OK : no_memory(r);
}

static bool is_digits(const struct balm_entry *entry)
{
    for (uint32_t i = 0; i < entry->key_len; i++) {
        if (entry->key[i] < '0' || entry->key[i] > '9') return false;
    }
    return entry->key_len > 0;
}

/* Numbers by size before names by byte: Lua's own order differs from run to run. */
static int by_key(const void *left, const void *right)
{
    const struct balm_entry *a = left;
    const struct balm_entry *b = right;
    bool digits = is_digits(a);
    int order;

    if (digits != is_digits(b)) return digits ? -1 : 1;
    if (digits && a->key_len != b->key_len) return a->key_len < b->key_len ? -1 : 1;
    order = memcmp(a->key, b->key, a->key_len < b->key_len ? a->key_len : b->key_len);
    return order ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

/* Most have a few: those are sorted before qsort() has begun. */
static void sort(struct balm_entry *entries, size_t count)
{
    if (count > FEW) {
        qsort(entries, count, sizeof *entries, by_key);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct balm_entry entry = entries[i];
        size_t at = i;
        while (at > 0 && by_key(&entries[at - 1], &entry) > 0) {
            entries[at] = entries[at - 1];
            at--;
        }
        entries[at] = entry;
    }
}

/* Onto those of the tables that are being read, innermost last. */
static enum balm_code add_entry(struct reader *r, const struct balm_entry *entry)
{
    if (r->entry_count == r->entry_cap) {
        size_t size = r->entry_count * sizeof *entry;
        struct balm_entry *entries = malloc(size * 2);
        if (!entries) return balm_nomem(r->err);
        memcpy(entries, r->entries, size);
        if (r->entries != r->first_entries) free(r->entries);
        r->entries = entries;
        r->entry_cap *= 2;
    }
    r->entries[r->entry_count++] = *entry;
    return BALM_OK;
}

/* Is the key below the top a position? Lists were read elsewhere: here is no place for one. */
static bool is_misplaced(const struct reader *r)
{
    return r->style == BALM_LUA_STRICT && lua_isinteger(r->L, -2);
}

/* What is wrong depends on the keys that come later, too. */
static enum balm_code refuse_position(struct reader *r)
{
    struct shape shape;

    lua_pushvalue(r->L, -3);
    shape = shape_of(r->L, 0);
    return shape.others ? refuse_key(r) : refuse_shape(r, &shape);
}

/* Goes through the table once: it is not known how many there are before. */
static enum balm_code read_map(struct reader *r, bool is_list, struct balm_value *out)
{
    size_t first = r->entry_count;
    enum balm_code code = BALM_OK;

    lua_pushnil(r->L);
    while (lua_next(r->L, -2)) {
        struct balm_entry entry;
        code = is_misplaced(r) ? refuse_position(r) : read_key(r, &entry);
        if (code) return code;
        r->way[r->depth - 1].name = entry.key;
        code = read_value(r, &entry.value);
        r->way[r->depth - 1].name = NULL;
        if (!code) code = add_entry(r, &entry);
        if (code) return code;
        lua_pop(r->L, 1);
    }
    if (is_list && r->entry_count == first) return read_list(r, 0, out);
    if (is_list && r->style == BALM_LUA_STRICT) {
        return fault(r, BALM_E_SCRIPT, "a list has positions, not names");
    }
    sort(r->entries + first, r->entry_count - first);
    *out = balm_map_of(r->arena, r->entries + first, r->entry_count - first);
    r->entry_count = first;
    return out->type == BALM_MAP ? BALM_OK : no_memory(r);
}

static enum balm_code read_shape(struct reader *r, struct balm_value *out)
{
    size_t len = lua_rawlen(r->L, -1);
    struct shape shape;
    bool plain;

    if (len == 0) return read_map(r, balm_lua_is_list(r->L, -1), out);
    shape = shape_of(r->L, len);
    plain = !shape.integers && !shape.names;
    if (shape.others) return refuse_key(r);
    if (r->style == BALM_LUA_STRICT && !plain) return refuse_shape(r, &shape);
    if (!plain) return read_map(r, false, out);
    if (take(r, len * 2 * sizeof(struct balm_value))) return BALM_E_LIMIT; /* and the list's own */
    return read_list(r, len, out);
}

/* A table that was emptied is long to go through and has nothing to charge for: what ends that is
   the clock. */
static enum balm_code look(struct reader *r)
{
    struct balm_sandbox *sandbox = balm_sandbox_of(r->L);

    if (++r->table_count % LOOK_EVERY || !balm_sandbox_settle(sandbox)) return BALM_OK;
    return balm_sandbox_fault(sandbox, r->L, r->err);
}

static enum balm_code read_table(struct reader *r, struct balm_value *out)
{
    const void *table = lua_topointer(r->L, -1);
    enum balm_code code;

    for (int i = 0; i < r->depth; i++) {
        if (r->way[i].table == table) return fault(r, BALM_E_SCRIPT, "a table contains itself");
    }
    if (r->depth == DEPTH_MAX) return fault(r, BALM_E_SCRIPT, "nested too deeply");
    if (!lua_checkstack(r->L, 8)) return balm_nomem(r->err);
    code = look(r);
    if (code) return code;
    r->way[r->depth++] = (struct step){table, NULL, 0};
    code = read_shape(r, out);
    r->depth--;
    return code;
}

static enum balm_code read_text(struct reader *r, struct balm_value *out)
{
    size_t len;
    const char *text = lua_tolstring(r->L, -1, &len);

    if (take(r, len)) return BALM_E_LIMIT;
    *out = balm_text_n(r->arena, text, len);
    return out->type == BALM_STRING ? BALM_OK : no_memory(r);
}

static enum balm_code read_other(struct reader *r, struct balm_value *out)
{
    const char *source = balm_lua_unknown(r->L, -1);
    char what[64];

    if (source) {
        if (take(r, strlen(source))) return BALM_E_LIMIT;
        source = balm_arena_strdup(r->arena, source);
        *out = balm_unknown(source);
        return source ? BALM_OK : no_memory(r);
    }
    (void)snprintf(what, sizeof what, "a %s is not data", lua_typename(r->L, lua_type(r->L, -1)));
    return fault(r, BALM_E_SCRIPT, what);
}

static enum balm_code read_value(struct reader *r, struct balm_value *out)
{
    lua_State *L = r->L;

    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        *out = balm_null();
        return BALM_OK;
    case LUA_TBOOLEAN:
        *out = balm_bool(lua_toboolean(L, -1));
        return BALM_OK;
    case LUA_TNUMBER:
        *out = lua_isinteger(L, -1) ? balm_int(lua_tointeger(L, -1))
                                    : balm_double(lua_tonumber(L, -1));
        return BALM_OK;
    case LUA_TSTRING:
        return read_text(r, out);
    case LUA_TTABLE:
        return read_table(r, out);
    case LUA_TLIGHTUSERDATA:
        *out = balm_null();
        return balm_lua_is_null(L, -1) ? BALM_OK : read_other(r, out);
    default:
        return read_other(r, out);
    }
}

enum balm_code balm_lua_value(lua_State *L, int index, enum balm_lua_style style,
                              struct balm_arena *arena, struct balm_value *out,
                              struct balm_err *err)
{
    struct reader reader; /* not zeroed: it is large, and most values use little of it */
    int top = lua_gettop(L);
    enum balm_code code;

    reader.L = L;
    reader.style = style;
    reader.arena = arena;
    reader.err = err;
    reader.left = SIZE_MAX_VALUE;
    reader.entries = reader.first_entries;
    reader.entry_count = 0;
    reader.entry_cap = ENTRIES_FIRST;
    reader.table_count = 0;
    reader.depth = 0;
    *out = balm_null();
    if (!lua_checkstack(L, 8)) return balm_nomem(err);
    lua_pushvalue(L, index);
    code = read_value(&reader, out);
    lua_settop(L, top);
    if (reader.entries != reader.first_entries) free(reader.entries);
    return code;
}
