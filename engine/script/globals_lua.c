/*
 * globals_lua: what a script can name.
 *
 * The globals are an allow-list. Each stands in its table from the first use on: most runs use a
 * few, and a state is made for each run.
 */
#include "script/sandbox_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

/* ---- pcall ---- */

/* Runs after a call that may have been suspended in between. extra: results to drop. */
static int pcall_finish(lua_State *L, int status, lua_KContext extra)
{
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)extra;
    if (status == LUA_ERRMEM) balm_sandbox_end(balm_sandbox_of(L), BALM_OVER_MEMORY);
    balm_sandbox_check(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int protected_call(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1); /* the first result, should all go well */
    lua_insert(L, 1);
    return pcall_finish(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, pcall_finish), 0);
}

/* ---- tostring ---- */

/* Pushes what the value's own __tostring makes of it: a text, or an unknown. [-0, +(0|1), e] */
static bool call_own(lua_State *L, int index)
{
    if (!luaL_callmeta(L, index, "__tostring")) return false;
    if (!lua_isstring(L, -1) && !balm_lua_unknown(L, -1)) {
        luaL_error(L, "'__tostring' must return a string");
    }
    return true;
}

const char *balm_sandbox_tostring(lua_State *L, int index, size_t *len)
{
    index = lua_absindex(L, index);
    if (call_own(L, index)) {
        if (lua_isstring(L, -1)) return lua_tolstring(L, -1, len);
        balm_sandbox_of(L)->met_unknown = true; /* what shows it is a text that cannot tell */
        index = lua_absindex(L, -1);
        (void)luaL_callmeta(L, index, "__tostring");
        return lua_tolstring(L, -1, len);
    }
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
        return luaL_tolstring(L, index, len);
    case LUA_TLIGHTUSERDATA:
        lua_pushstring(L, balm_lua_is_null(L, index) ? "null" : "userdata");
        break;
    default:
        if (luaL_getmetafield(L, index, "__name") != LUA_TSTRING) {
            lua_pushstring(L, luaL_typename(L, index));
        }
        break;
    }
    return lua_tolstring(L, -1, len);
}

static int to_string(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (balm_lua_unknown(L, 1) || call_own(L, 1)) return 1; /* an unknown keeps its source */
    (void)balm_sandbox_tostring(L, 1, NULL);
    return 1;
}

/* ---- the allow-list ---- */

/* Lua's own functions, whose work no script can stretch, but for tonumber's. Its library tells them
   only by filling a table: the first state of the process asks for that, and they are known from
   then on. */
static luaL_Reg from_lua[] = {{"assert", NULL},   {"error", NULL},  {"ipairs", NULL},
                              {"rawequal", NULL}, {"rawget", NULL}, {"rawlen", NULL},
                              {"rawset", NULL},   {"select", NULL}, {"type", NULL},
                              {"tonumber", NULL}, {NULL, NULL}};

static lua_CFunction find_function(const luaL_Reg *functions, const char *name)
{
    while (functions->name && strcmp(functions->name, name) != 0) {
        functions++;
    }
    return functions->func;
}

static int to_number(lua_State *L)
{
    if (!balm_lua_unknown(L, 1)) {
        balm_charge_arguments(L);
        return find_function(from_lua, "tonumber")(L);
    }
    lua_settop(L, 1); /* what is not known is no number, and not no number either */
    return 1;
}

static const luaL_Reg ours[] = {{"next", balm_next},
                                {"pairs", balm_pairs},
                                {"pcall", protected_call},
                                {"require", balm_require},
                                {"tonumber", to_number},
                                {"tostring", to_string},
                                {NULL, NULL}};

static const struct balm_preload libraries[] = {
    {"string", balm_open_string, true}, {"table", balm_open_table, true},
    {"math", balm_open_math, true},     {"utf8", balm_open_utf8, true},
    {"os", balm_open_os, true},         {"json", balm_open_json, true},
};

/* Where opened modules are kept, those that are also globals and those that are not. */
static const char opened;

/* Pushes the module that open makes, the same each time. [-0, +1, e] */
static void push_opened(lua_State *L, const struct balm_preload *module)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &opened);
    if (lua_getfield(L, -1, module->name) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushcfunction(L, module->open);
        lua_call(L, 0, 1);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, module->name);
    }
    lua_remove(L, -2);
}

static const struct balm_preload *find_preload(lua_State *L, const char *name)
{
    const struct balm_sandbox *sandbox = balm_sandbox_of(L);

    for (size_t i = 0; i < sandbox->preload_count; i++) {
        if (strcmp(sandbox->preload[i].name, name) == 0) return &sandbox->preload[i];
    }
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        if (strcmp(libraries[i].name, name) == 0) return &libraries[i];
    }
    return NULL;
}

bool balm_push_preloaded(lua_State *L, const char *name)
{
    const struct balm_preload *module = find_preload(L, name);

    if (module) push_opened(L, module);
    return module != NULL;
}

/* Pushes the global of this name, made at its first use; false (and nothing) when there is none. */
static bool push_global(lua_State *L, const char *name)
{
    lua_CFunction function = find_function(ours, name);
    const struct balm_preload *module;

    if (!function) function = find_function(from_lua, name);
    if (function) {
        lua_pushcfunction(L, function);
        return true;
    }
    module = find_preload(L, name);
    if (!module || !module->global) return false;
    push_opened(L, module);
    return true;
}

/* __index of the globals: [1] the globals, [2] a name that is not among them. */
static int missing_global(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING || !push_global(L, lua_tostring(L, 2))) return 0;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

void balm_sandbox_preload(struct balm_sandbox *sandbox, const char *name, lua_CFunction open,
                          bool global)
{
    if (sandbox->preload_count == BALM_PRELOAD_MAX) return;
    sandbox->preload[sandbox->preload_count++] = (struct balm_preload){name, open, global};
}

static void learn_functions(lua_State *L)
{
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 1);
    for (luaL_Reg *function = from_lua; function->name; function++) {
        lua_getfield(L, -1, function->name);
        function->func = lua_tocfunction(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

void balm_open_globals(lua_State *L)
{
    if (!from_lua[0].func) learn_functions(L);
    lua_createtable(L, 0, 8);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, missing_global);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_createtable(L, 0, 8);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &opened);
}
