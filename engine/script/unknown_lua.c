/*
 * unknown_lua: what a plan cannot know yet, as a userdata that may be passed on but not looked
 * into.
 */
#include "core/unknown.h"
#include "script/sandbox_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>
#include <string.h>

static void push_meta(lua_State *L);

static const char unknown_meta; /* its address is the registry's key */

const char *balm_lua_unknown(lua_State *L, int index)
{
    const char *source = lua_type(L, index) == LUA_TUSERDATA ? lua_touserdata(L, index) : NULL;
    bool same;

    if (!source || !lua_getmetatable(L, index)) return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &unknown_meta);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? source : NULL;
}

bool balm_lua_met_unknown(lua_State *L)
{
    return balm_sandbox_of(L)->met_unknown;
}

/* Any operation that needs to know the value; the unknown is one of the first two operands. */
static int look_inside(lua_State *L)
{
    const char *source = balm_lua_unknown(L, 1);

    if (!source) source = balm_lua_unknown(L, 2);
    balm_sandbox_of(L)->met_unknown = true;
    return luaL_error(L, "%s is not known before the plan is applied", source ? source : "this");
}

/* Pushes the operand's expression, a text quoted; returns it. [-0, +1, e] */
static const char *push_expression(lua_State *L, int index, size_t *len)
{
    const char *source = balm_lua_unknown(L, index);
    const char *text;
    char *quoted;

    if (source) {
        lua_pushvalue(L, index);
        *len = strlen(source);
        return source;
    }
    if (!lua_isstring(L, index)) {
        luaL_error(L, "attempt to concatenate a %s value", luaL_typename(L, index));
    }
    text = lua_tolstring(L, index, len);
    balm_budget_charge_bytes(L, *len);
    quoted = lua_newuserdatauv(L, BALM_UNKNOWN_QUOTED(*len), 0);
    *len = balm_unknown_quote(quoted, text, *len);
    return quoted;
}

static int concatenate(lua_State *L)
{
    size_t left_len, right_len;
    const char *left = push_expression(L, 1, &left_len);
    const char *right = push_expression(L, 2, &right_len);
    char *made;

    balm_budget_charge_bytes(L, left_len + right_len);
    made = lua_newuserdatauv(L, left_len + right_len + 5, 0);
    made[balm_unknown_join(made, left, left_len, right, right_len)] = '\0';
    push_meta(L);
    lua_setmetatable(L, -2);
    return 1;
}

static int print(lua_State *L)
{
    lua_pushliteral(L, "(known after apply)");
    return 1;
}

static const char *const looks[] = {"__add",   "__sub",   "__mul",      "__div",  "__mod", "__pow",
                                    "__unm",   "__len",   "__idiv",     "__band", "__bor", "__bxor",
                                    "__shl",   "__shr",   "__bnot",     "__lt",   "__le",  "__call",
                                    "__pairs", "__index", "__newindex", NULL};

static void push_meta(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &unknown_meta) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 24);
    for (const char *const *name = looks; *name; name++) {
        lua_pushcfunction(L, look_inside);
        lua_setfield(L, -2, *name);
    }
    lua_pushcfunction(L, concatenate);
    lua_setfield(L, -2, "__concat");
    lua_pushcfunction(L, print);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "value that is known after apply");
    lua_setfield(L, -2, "__name");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &unknown_meta);
}

void balm_lua_push_unknown(lua_State *L, const char *source)
{
    size_t size = strlen(source) + 1;

    memcpy(lua_newuserdatauv(L, size, 0), source, size);
    push_meta(L);
    lua_setmetatable(L, -2);
}
