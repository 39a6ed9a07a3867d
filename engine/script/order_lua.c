/*
 * order_lua: pairs and next in an order that does not depend on where things lie in memory.
 *
 * Numbers come first, by size; then strings, by byte; then false and true; then the rest, as Lua
 * has it.
 */
#include "script/sandbox_internal.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum rank { RANK_NUMBER, RANK_STRING, RANK_BOOLEAN, RANK_OTHER };

/* A key outside of Lua. Text is borrowed from the table that has the key. */
struct key {
    enum rank rank;
    bool integral;
    bool boolean;
    size_t len;
    const char *text;
    lua_Integer integer;
    lua_Number number;
};

static void read_key(lua_State *L, int index, struct key *key)
{
    memset(key, 0, sizeof *key);
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        key->rank = RANK_NUMBER;
        key->integral = lua_isinteger(L, index);
        key->integer = key->integral ? lua_tointeger(L, index) : 0;
        key->number = lua_tonumber(L, index);
        break;
    case LUA_TSTRING:
        key->rank = RANK_STRING;
        key->text = lua_tolstring(L, index, &key->len);
        break;
    case LUA_TBOOLEAN:
        key->rank = RANK_BOOLEAN;
        key->boolean = lua_toboolean(L, index);
        break;
    default:
        key->rank = RANK_OTHER;
        break;
    }
}

/* Keys that are numbers are never equal, but an integer may be rounded to a float's value. */
static int compare_numbers(const struct key *a, const struct key *b)
{
    if (a->integral && b->integral) return (a->integer > b->integer) - (a->integer < b->integer);
    if (a->number < b->number) return -1;
    if (a->number > b->number) return 1;
    return (int)b->integral - (int)a->integral;
}

static int compare_keys(const struct key *a, const struct key *b)
{
    int order;

    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    switch (a->rank) {
    case RANK_NUMBER:
        return compare_numbers(a, b);
    case RANK_STRING:
        order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
        return order ? order : (a->len > b->len) - (a->len < b->len);
    case RANK_BOOLEAN:
        return (int)a->boolean - (int)b->boolean;
    case RANK_OTHER:
        break;
    }
    return 0;
}

static int by_order(const void *a, const void *b)
{
    return compare_keys(a, b);
}

/* ---- next ---- */

/* Leaves the first of the other keys behind `after` (nil: of all) on the stack, or nothing. */
static bool push_next_other(lua_State *L)
{
    struct key key;

    lua_settop(L, 2);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        balm_budget_charge(L, 1);
        read_key(L, -1, &key);
        if (key.rank == RANK_OTHER) return true;
    }
    return false;
}

/* Finds the least key that is greater than `after` (all: than none), at index 3. */
static bool push_least(lua_State *L, const struct key *after)
{
    struct key best;
    struct key key;
    bool found = false;

    lua_settop(L, 2);
    lua_pushnil(L); /* 3: the best so far */
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        balm_budget_charge(L, 1);
        read_key(L, -1, &key);
        if (key.rank == RANK_OTHER) continue;
        if (after && compare_keys(&key, after) <= 0) continue;
        if (found && compare_keys(&key, &best) >= 0) continue;
        found = true;
        best = key;
        lua_pushvalue(L, -1);
        lua_replace(L, 3);
    }
    lua_settop(L, 3);
    return found;
}

/* [1] table, [2] key or nil. Takes as long as the table is: a loop over all is pairs. */
int balm_next(lua_State *L)
{
    struct key after;
    bool first;
    bool found = false;

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    first = lua_isnil(L, 2);
    read_key(L, 2, &after);
    if (first || after.rank != RANK_OTHER) {
        found = push_least(L, first ? NULL : &after);
        if (!found) {
            lua_pushnil(L);
            lua_replace(L, 2);
        }
    }
    if (!found) found = push_next_other(L);
    if (!found) return 0;
    lua_pushvalue(L, -1);
    lua_rawget(L, 1);
    return 2;
}

/* ---- pairs ---- */

/* Upvalue 1: how many items the list had. [1] the list, [2] the place before. */
static int next_item(lua_State *L)
{
    lua_Integer count = lua_tointeger(L, lua_upvalueindex(1));
    lua_Integer at = lua_tointeger(L, 2);

    while (++at <= count) {
        lua_settop(L, 1);
        lua_pushinteger(L, at);
        if (lua_rawgeti(L, 1, at) != LUA_TNIL) return 2;
        balm_budget_charge(L, 1); /* removed meanwhile */
    }
    return 0;
}

/* Upvalues: 1 the keys in order, 2 the place before. [1] the table. */
static int next_key(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));

    lua_settop(L, 1);
    while (lua_rawgeti(L, lua_upvalueindex(1), ++at) != LUA_TNIL) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL) {
            lua_pushinteger(L, at);
            lua_replace(L, lua_upvalueindex(2));
            return 2;
        }
        lua_settop(L, 1); /* removed meanwhile */
        balm_budget_charge(L, 1);
    }
    return 0;
}

struct counts {
    size_t ordered;
    size_t other;
    bool list; /* the keys are 1 to n */
};

static struct counts count_keys(lua_State *L)
{
    struct counts counts = {0, 0, true};
    struct key key;
    size_t items = lua_rawlen(L, 1);

    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        read_key(L, -1, &key);
        if (key.rank == RANK_OTHER)
            counts.other++;
        else
            counts.ordered++;
        if (!key.integral || key.integer < 1 || (lua_Unsigned)key.integer > items) {
            counts.list = false;
        }
        balm_budget_charge(L, 1);
    }
    if (counts.ordered != items) counts.list = false;
    return counts;
}

static void push_key(lua_State *L, const struct key *key)
{
    if (key->rank == RANK_STRING)
        lua_pushlstring(L, key->text, key->len);
    else if (key->rank == RANK_BOOLEAN)
        lua_pushboolean(L, key->boolean);
    else if (key->integral)
        lua_pushinteger(L, key->integer);
    else
        lua_pushnumber(L, key->number);
}

/* Pushes the keys in order, as a list. Nothing changes the table meanwhile: borrowed texts hold. */
static void push_sorted_keys(lua_State *L, const struct counts *counts)
{
    size_t count = counts->ordered;
    struct key *keys = lua_newuserdatauv(L, (count ? count : 1) * sizeof *keys, 0);
    int scratch = lua_gettop(L);
    lua_Integer place = 0;
    size_t seen = 0;
    struct key key;

    lua_createtable(L, (int)(count + counts->other), 0);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pop(L, 1);
        read_key(L, -1, &key);
        if (key.rank == RANK_OTHER) {
            lua_pushvalue(L, -1);
            lua_rawseti(L, scratch + 1, (lua_Integer)count + ++place);
        } else if (seen < count) {
            keys[seen++] = key;
        }
    }
    for (size_t n = count; n > 1; n /= 2) {
        balm_budget_charge(L, count); /* n log n comparisons */
    }
    qsort(keys, count, sizeof *keys, by_order);
    for (size_t i = 0; i < count; i++) {
        push_key(L, &keys[i]);
        lua_rawseti(L, scratch + 1, (lua_Integer)i + 1);
    }
    lua_remove(L, scratch);
}

int balm_pairs(lua_State *L)
{
    struct counts counts;

    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 3);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    counts = count_keys(L);
    if (counts.list && !counts.other) {
        lua_pushinteger(L, (lua_Integer)counts.ordered);
        lua_pushcclosure(L, next_item, 1);
    } else {
        push_sorted_keys(L, &counts);
        lua_pushinteger(L, 0);
        lua_pushcclosure(L, next_key, 2);
    }
    lua_pushvalue(L, 1);
    if (counts.list && !counts.other)
        lua_pushinteger(L, 0);
    else
        lua_pushnil(L);
    return 3;
}
