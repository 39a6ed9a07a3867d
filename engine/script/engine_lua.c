/*
 * engine_lua: the Lua half of the module `aws` (lua/aws/), loaded when it is first used.
 *
 * Each of its chunks is called with one argument, `core`: the functions that scripts do not get.
 */
#include "script/error_lua.h"
#include "script/instance_internal.h"
#include "script/value_lua.h"
#include "script/version.h"

#include <lauxlib.h>
#include <stdio.h>

#define NAME_MAX_LEN 64

/* Addresses under which the registry keeps `core` and the modules that are loaded. */
static const char core_key, modules_key;

/* core.raise{code =, message =, ...}: an error of ours, at the place of the script. */
static int core_raise(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    balm_error_adopt(L);
    return lua_error(L);
}

static int core_with_metatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static void push_module(lua_State *L, const char *name);

/* core.module(name): another of the engine's modules */
static int core_module(lua_State *L)
{
    push_module(L, luaL_checkstring(L, 1));
    return 1;
}

/* [-0, +1, m] */
static void push_core(lua_State *L)
{
    static const luaL_Reg functions[] = {{"call", balm_client_lua_call},
                                         {"paginator", balm_client_lua_paginator},
                                         {"waiter", balm_client_lua_waiter},
                                         {"sleep", balm_aws_lua_sleep},
                                         {"may_sleep", balm_aws_lua_may_sleep},
                                         {"known", balm_aws_lua_known},
                                         {"list", balm_aws_lua_list},
                                         {"is_list", balm_aws_lua_is_list},
                                         {"is_error", balm_aws_lua_is_error},
                                         {"raise", core_raise},
                                         {"with_metatable", core_with_metatable},
                                         {"module", core_module},
                                         {NULL, NULL}};

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &core_key) == LUA_TTABLE) return;
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    balm_lua_push_null(L);
    lua_setfield(L, -2, "null");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &core_key);
}

/* Pushes what the chunk of lua/aws/<name>.lua returns. [-0, +1, e] */
static void load(lua_State *L, const char *name)
{
    struct balm_instance *instance = balm_instance_of(L, "this part of aws");
    struct balm_lua_chunk chunk = {.binary = true};
    char full_name[NAME_MAX_LEN];
    struct balm_err err;

    (void)snprintf(full_name, sizeof full_name, "aws.%s", name);
    chunk.name = full_name;
    if (balm_version_engine_module(instance->version, full_name, &chunk.bytes, &chunk.len, &err)) {
        balm_error_raise(L, &err);
    }
    balm_sandbox_load(L, &chunk);
    push_core(L);
    lua_call(L, 1, 1);
}

/* Pushes a module, loaded once for the state. [-0, +1, e] */
static void push_module(lua_State *L, const char *name)
{
    luaL_checkstack(L, 6, "too many modules");
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &modules_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 4);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &modules_key);
    }
    if (lua_getfield(L, -1, name) == LUA_TNIL) {
        lua_pop(L, 1);
        load(L, name);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_remove(L, -2);
}

static int all_results(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return lua_gettop(L);
}

int balm_engine_lua_call(lua_State *L, const char *module, const char *function)
{
    int argument_count = lua_gettop(L);

    push_module(L, module);
    lua_getfield(L, -1, function);
    lua_insert(L, 1);
    lua_pop(L, 1);
    lua_callk(L, argument_count, LUA_MULTRET, 0, all_results);
    return all_results(L, LUA_OK, 0);
}
