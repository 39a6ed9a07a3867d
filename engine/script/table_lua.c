/*
 * table_lua: the table library. Lua's own, but each loop pays for its length.
 */
#include "script/sandbox_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>

/* Results of one call; Lua's stack is not endless. */
#define UNPACK_MAX 250000

static lua_Integer check_length(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TTABLE);
    return luaL_len(L, index);
}

/* Moves count items of the table at `from` that start at `first` to `to` of the table at `into`. */
static void move_items(lua_State *L, int from, lua_Integer first, lua_Integer count, int into,
                       lua_Integer to)
{
    bool same = from == into || lua_compare(L, from, into, LUA_OPEQ);
    bool backwards = same && to > first && to < first + count;

    for (lua_Integer i = 0; i < count; i++) {
        lua_Integer at = backwards ? count - 1 - i : i;
        balm_budget_charge(L, 1);
        lua_geti(L, from, first + at);
        lua_seti(L, into, to + at);
    }
}

static int insert(lua_State *L)
{
    lua_Integer end = (lua_Integer)((lua_Unsigned)check_length(L, 1) + 1);
    lua_Integer at = end;

    if (lua_gettop(L) == 3) {
        at = luaL_checkinteger(L, 2);
        /* Unsigned, as the length of a table may be anything. */
        luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
        move_items(L, 1, at, end - at, 1, at + 1);
    } else if (lua_gettop(L) != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, at);
    return 0;
}

static int remove_item(lua_State *L)
{
    lua_Integer size = check_length(L, 1);
    lua_Integer at = luaL_optinteger(L, 2, size);

    if (at != size) {
        luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)size, 2, "position out of bounds");
    }
    lua_geti(L, 1, at);
    if (at < size) {
        move_items(L, 1, at + 1, size - at, 1, at);
        at = size;
    }
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

/* move(from, first, last, to [, into]) */
static int move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2);
    lua_Integer last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int into = lua_isnoneornil(L, 5) ? 1 : 5;

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, into, LUA_TTABLE);
    if (last >= first) {
        luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3,
                      "too many elements to move");
        luaL_argcheck(L, to <= LUA_MAXINTEGER - (last - first), 4, "destination wrap around");
        move_items(L, 1, first, last - first + 1, into, to);
    }
    lua_pushvalue(L, into);
    return 1;
}

/* ---- concat ---- */

#define INVALID_ITEM "invalid value (at index %I) in table for 'concat'"

static void add_item(lua_State *L, luaL_Buffer *made, lua_Integer i)
{
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1)) {
        luaL_error(L, INVALID_ITEM, (LUAI_UACINT)i);
    }
    balm_budget_charge_bytes(L, lua_rawlen(L, -1));
    luaL_addvalue(made);
}

static bool has_unknown_item(lua_State *L, lua_Integer first, lua_Integer last)
{
    for (lua_Integer i = first; i <= last; i++) {
        int type = lua_geti(L, 1, i);
        bool found = type == LUA_TUSERDATA && balm_lua_unknown(L, -1);
        balm_budget_charge(L, 1);
        lua_pop(L, 1);
        if (found) return true;
        if (type == LUA_TNIL || i == LUA_MAXINTEGER) break;
    }
    return false;
}

/* Adds the value on top to the text, or unknown, below it. [-2, +1, e] */
static void join(lua_State *L)
{
    if (lua_isstring(L, -2)) balm_budget_charge_bytes(L, lua_rawlen(L, -2));
    lua_concat(L, 2);
}

/* What contains what is not known is not known either. */
static int concat_unknown(lua_State *L, lua_Integer first, lua_Integer last)
{
    lua_pushliteral(L, "");
    for (lua_Integer i = first; i <= last; i++) {
        lua_geti(L, 1, i);
        if (!lua_isstring(L, -1) && !balm_lua_unknown(L, -1)) {
            luaL_error(L, INVALID_ITEM, (LUAI_UACINT)i);
        }
        join(L);
        if (i == last) break; /* the largest integer has no successor */
        lua_pushvalue(L, 2);
        join(L);
    }
    return 1;
}

static int concat(lua_State *L)
{
    lua_Integer size = check_length(L, 1);
    size_t between_len;
    const char *between = luaL_optlstring(L, 2, "", &between_len);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = luaL_optinteger(L, 4, size);
    luaL_Buffer made;

    lua_settop(L, 4);
    if (has_unknown_item(L, first, last)) {
        lua_pushlstring(L, between, between_len);
        lua_replace(L, 2); /* which may have been left out */
        return concat_unknown(L, first, last);
    }
    luaL_buffinit(L, &made);
    for (lua_Integer i = first; i <= last; i++) {
        add_item(L, &made, i);
        if (i == last) break; /* the largest integer has no successor */
        balm_budget_charge_bytes(L, between_len);
        luaL_addlstring(&made, between, between_len);
    }
    luaL_pushresult(&made);
    return 1;
}

/* ---- pack and unpack ---- */

static int pack(lua_State *L)
{
    int count = lua_gettop(L);

    balm_budget_charge(L, (uint64_t)count);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--) {
        lua_seti(L, 1, i);
    }
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static int unpack(lua_State *L)
{
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? check_length(L, 1) : luaL_checkinteger(L, 3);
    lua_Unsigned count;

    luaL_checktype(L, 1, LUA_TTABLE);
    if (first > last) return 0;
    count = (lua_Unsigned)last - (lua_Unsigned)first;
    if (count >= UNPACK_MAX || !lua_checkstack(L, (int)count + 1)) {
        return luaL_error(L, "too many results to unpack");
    }
    balm_budget_charge(L, count + 1);
    for (lua_Unsigned i = 0; i <= count; i++) {
        lua_geti(L, 1, (lua_Integer)((lua_Unsigned)first + i));
    }
    return (int)count + 1;
}

static const luaL_Reg functions[] = {
    {"concat", concat},      {"insert", insert},        {"move", move},     {"pack", pack},
    {"remove", remove_item}, {"sort", balm_table_sort}, {"unpack", unpack}, {NULL, NULL}};

int balm_open_table(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
