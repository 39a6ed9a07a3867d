/*
 * sort_lua: table.sort, by merging.
 *
 * Whatever a comparison answers, the work is n log n and stays within the list; equal items keep
 * their order; and a
 * comparison that raises leaves the list as it was. Lua's own quicksort promises none of it.
 */
#include "script/sandbox_internal.h"

#include <lauxlib.h>
#include <limits.h>

/* Stack: 1 the list, 2 the comparison or nil, 3 and 4 two tables of the items. */
enum { LIST = 1, LESS, FROM, INTO };

/* Is the item on top less than the one below? */
static bool top_is_less(lua_State *L)
{
    bool less;

    if (lua_isnil(L, LESS)) {
        balm_budget_charge_bytes(L, lua_rawlen(L, -1)); /* of a string: no more is compared */
        return lua_compare(L, -1, -2, LUA_OPLT);
    }
    balm_budget_charge(L, 2);
    lua_pushvalue(L, LESS);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -4);
    lua_call(L, 2, 1);
    less = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return less;
}

/* Merges [left, middle) and [middle, right) of one table into the other. */
static void merge(lua_State *L, lua_Integer left, lua_Integer middle, lua_Integer right)
{
    lua_Integer a = left;
    lua_Integer b = middle;

    for (lua_Integer to = left; to < right; to++) {
        bool second = a == middle;
        if (a < middle && b < right) {
            lua_rawgeti(L, FROM, a);
            lua_rawgeti(L, FROM, b);
            second = top_is_less(L);
            lua_pop(L, second ? 0 : 1);
            if (second) lua_remove(L, -2);
        } else {
            balm_budget_charge(L, 1);
            lua_rawgeti(L, FROM, second ? b : a);
        }
        lua_rawseti(L, INTO, to);
        if (second)
            b++;
        else
            a++;
    }
}

static void copy(lua_State *L, int from, int into, lua_Integer size)
{
    for (lua_Integer i = 1; i <= size; i++) {
        balm_budget_charge(L, 1);
        lua_geti(L, from, i);
        lua_seti(L, into, i);
    }
}

static lua_Integer least(lua_Integer a, lua_Integer b)
{
    return a < b ? a : b;
}

int balm_table_sort(lua_State *L)
{
    lua_Integer size;

    luaL_checktype(L, LIST, LUA_TTABLE);
    size = luaL_len(L, LIST);
    if (size < 2) return 0;
    luaL_argcheck(L, size < INT_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, LESS)) luaL_checktype(L, LESS, LUA_TFUNCTION);
    lua_settop(L, LESS);
    balm_budget_charge(L, (uint64_t)size);
    lua_createtable(L, (int)size, 0);
    lua_createtable(L, (int)size, 0);
    copy(L, LIST, FROM, size);
    for (lua_Integer width = 1; width < size; width *= 2) {
        for (lua_Integer left = 1; left <= size; left += 2 * width) {
            merge(L, left, least(left + width, size + 1), least(left + 2 * width, size + 1));
        }
        lua_insert(L, FROM); /* the two tables change places */
    }
    copy(L, FROM, LIST, size);
    return 0;
}
