/*
 * require_lua: chunks, and modules made of them.
 */
#include "script/sandbox_internal.h"

#include <lauxlib.h>
#include <string.h>

/* Registry: module name -> what it gave, or `loading` as a light userdata. */
static const char loaded;
static const char loading;

/* ---- chunks ---- */

static const char *read_chunk(lua_State *L, void *owner, size_t *size)
{
    struct balm_lua_chunk *chunk = owner;

    (void)L;
    *size = chunk->len;
    chunk->len = 0;
    return *size ? chunk->bytes : NULL;
}

void balm_sandbox_load(lua_State *L, const struct balm_lua_chunk *chunk)
{
    struct balm_lua_chunk left = *chunk;
    int status;

    balm_budget_charge_bytes(L, chunk->len);
    lua_pushfstring(L, "@%s", chunk->name);
    status = lua_load(L, read_chunk, &left, lua_tostring(L, -1), chunk->binary ? "b" : "t");
    if (status == LUA_ERRMEM) balm_sandbox_end(balm_sandbox_of(L), BALM_OVER_MEMORY);
    balm_sandbox_check(L);
    if (status) (void)lua_error(L);
    lua_remove(L, -2);
}

static int write_chunk(lua_State *L, const void *bytes, size_t size, void *owner)
{
    (void)L;
    return balm_buf_add(owner, bytes, size) != BALM_OK;
}

enum balm_code balm_sandbox_dump(lua_State *L, struct balm_buf *bytecode)
{
    (void)lua_dump(L, write_chunk, bytecode, 0);
    return bytecode->code;
}

/* ---- modules ---- */

void balm_sandbox_resolver(struct balm_sandbox *sandbox, balm_resolve_fn *resolve, void *owner)
{
    sandbox->resolve = resolve;
    sandbox->resolve_owner = owner;
}

void balm_sandbox_seal(struct balm_sandbox *sandbox)
{
    sandbox->sealed = true;
}

/* The resolver's answer stands in the caller's frame; the error's text is copied before it is
   raised. */
static void resolve(lua_State *L, const char *module, struct balm_lua_chunk *chunk)
{
    struct balm_sandbox *sandbox = balm_sandbox_of(L);
    struct balm_err err;

    if (sandbox->sealed) {
        luaL_error(L,
                   "require \"%s\": modules are loaded with the script, not while it runs: "
                   "require it at the top of the file",
                   module);
    }
    if (!sandbox->resolve) luaL_error(L, "require \"%s\": there are no modules here", module);
    if (sandbox->resolve(sandbox->resolve_owner, module, chunk, &err)) {
        luaL_error(L, "require \"%s\": %s", module, err.message);
    }
}

/* Stack: [1] the module's name -> what its chunk gives, true for nothing. */
static int run_module(lua_State *L)
{
    const char *module = lua_tostring(L, 1);
    struct balm_lua_chunk chunk = {NULL, NULL, 0, false};

    resolve(L, module, &chunk);
    balm_sandbox_load(L, &chunk);
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) lua_pushboolean(L, 1);
    return 1;
}

static void push_loaded(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded) == LUA_TTABLE) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded);
}

/* Leaves what the module gave above the table of loaded ones, which is on top. */
static void load_module(lua_State *L, const char *module)
{
    int status;

    lua_pushlightuserdata(L, (void *)&loading);
    lua_setfield(L, -2, module);
    lua_pushcfunction(L, run_module);
    lua_pushstring(L, module);
    status = lua_pcall(L, 1, 1, 0);
    if (status)
        lua_pushnil(L); /* the next require tries again */
    else
        lua_pushvalue(L, -1);
    lua_setfield(L, -3, module);
    if (status == LUA_ERRMEM) balm_sandbox_end(balm_sandbox_of(L), BALM_OVER_MEMORY);
    balm_sandbox_check(L);
    if (status) (void)lua_error(L);
}

void balm_sandbox_require(lua_State *L, const char *module)
{
    if (balm_push_preloaded(L, module)) return;
    push_loaded(L);
    lua_getfield(L, -1, module);
    if (lua_touserdata(L, -1) == &loading) {
        luaL_error(L, "require \"%s\": the modules require each other in a circle", module);
    }
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        load_module(L, module);
    }
    lua_remove(L, -2);
}

int balm_require(lua_State *L)
{
    size_t len;
    const char *module = luaL_checklstring(L, 1, &len);

    luaL_argcheck(L, len > 0 && strlen(module) == len, 1, "a module's name expected");
    balm_sandbox_require(L, module);
    return 1;
}
