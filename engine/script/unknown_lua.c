/*
 * unknown_lua: what a plan cannot know yet, as a userdata that may be passed on but not looked
 * into.
 */
#include "script/sandbox_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>
#include <string.h>

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

static int concatenate(lua_State *L)
{
    lua_settop(L, balm_lua_unknown(L, 1) ? 1 : 2);
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
