/*
 * lua_host: a state that stays, for the engine's own modules.
 */
#include "core/file.h"
#include "script/evaluate.h"
#include "script/sandbox.h"
#include "script/value_lua.h"
#include "script/version.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define MODULE_SIZE_MAX ((size_t)1 << 20)
#define RESULTS_MAX     4

struct balm_lua_host {
    struct balm_sandbox *sandbox;
    char *lua_dir;
    struct balm_limits limits;
    struct balm_arena arena; /* the path of the module that is being loaded */
    struct balm_buf source;
};

struct call {
    const char *module;
    const char *function;
    const struct balm_value *arguments;
    size_t argument_count;
    struct balm_arena *arena;
    struct balm_value *results;
    struct balm_err *err;
    enum balm_code code;
};

/* "events.panther" is events/panther.lua; no name leads out of the folder. */
static enum balm_code find_module(void *owner, const char *module, struct balm_lua_chunk *chunk,
                                  struct balm_err *err)
{
    struct balm_lua_host *host = owner;
    enum balm_code code;
    char *path;

    if (!balm_module_is_name(module)) {
        return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not a module's name", module);
    }
    balm_arena_reset(&host->arena);
    path = balm_module_path(&host->arena, host->lua_dir, module);
    if (!path) return balm_arena_status(&host->arena, err);
    balm_buf_clear(&host->source);
    code = balm_file_read(&host->source, path, err);
    if (code) return code;
    /* Errors show the path below the folder, wherever the engine is installed. */
    chunk->name = path + strlen(host->lua_dir) + 1;
    chunk->bytes = host->source.bytes;
    chunk->len = host->source.len;
    chunk->binary = false;
    return BALM_OK;
}

static enum balm_code open_sandbox(struct balm_lua_host *host, struct balm_err *err)
{
    enum balm_code code = balm_sandbox_new(&host->sandbox, &host->limits, err);

    if (code) return code;
    balm_sandbox_trust(host->sandbox);
    balm_sandbox_resolver(host->sandbox, find_module, host);
    return BALM_OK;
}

enum balm_code balm_lua_host_new(struct balm_lua_host **out, const char *lua_dir,
                                 struct balm_err *err)
{
    struct balm_lua_host *host = calloc(1, sizeof *host);
    enum balm_code code;

    if (!host) return balm_nomem(err);
    host->limits = (struct balm_limits)BALM_LIMITS_DEFAULT;
    balm_arena_init(&host->arena, 0);
    balm_buf_init(&host->source, MODULE_SIZE_MAX);
    host->lua_dir = strdup(lua_dir);
    code = host->lua_dir ? open_sandbox(host, err) : balm_nomem(err);
    if (code) {
        balm_lua_host_release(host);
        return code;
    }
    *out = host;
    return BALM_OK;
}

void balm_lua_host_release(struct balm_lua_host *host)
{
    if (!host) return;
    balm_sandbox_release(host->sandbox);
    balm_arena_free(&host->arena);
    balm_buf_free(&host->source);
    free(host->lua_dir);
    free(host);
}

static enum balm_code read_results(lua_State *L, int first, struct call *call)
{
    struct balm_value item;

    *call->results = balm_list(call->arena);
    for (int i = first; i <= lua_gettop(L) && i < first + RESULTS_MAX; i++) {
        enum balm_code code = balm_lua_value(L, i, BALM_LUA_STRICT, call->arena, &item, call->err);
        if (code) return code;
        (void)balm_list_push(call->arena, *call->results, item);
    }
    return balm_arena_status(call->arena, call->err);
}

/* Stack: [1] the call. */
static int call_module(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);

    balm_sandbox_require(L, call->module);
    if (lua_getfield(L, -1, call->function) != LUA_TFUNCTION) {
        return luaL_error(L, "module \"%s\" has no function \"%s\"", call->module, call->function);
    }
    luaL_checkstack(L, (int)call->argument_count + 8, "too many arguments");
    for (size_t i = 0; i < call->argument_count; i++) {
        balm_lua_push(L, call->arguments[i]);
    }
    lua_call(L, (int)call->argument_count, LUA_MULTRET);
    call->code = read_results(L, 3, call);
    return 0;
}

/* Each call has the whole budget; after one that met a limit the state is made anew. */
static enum balm_code renew(struct balm_lua_host *host, struct balm_err *err)
{
    if (host->sandbox && !balm_sandbox_over(host->sandbox)) {
        balm_sandbox_refill(host->sandbox);
        return BALM_OK;
    }
    balm_sandbox_release(host->sandbox);
    host->sandbox = NULL;
    return open_sandbox(host, err);
}

enum balm_code balm_lua_host_call(struct balm_lua_host *host, const char *module,
                                  const char *function, const struct balm_value *arguments,
                                  size_t argument_count, struct balm_arena *arena,
                                  struct balm_value *results, struct balm_err *err)
{
    struct call call = {module, function, arguments, argument_count, arena, results, err, BALM_OK};
    enum balm_code code;

    *results = balm_null();
    code = renew(host, err);
    if (code) return code;
    code = balm_sandbox_enter(host->sandbox, call_module, &call, err);
    if (!code) code = call.code;
    if (code == BALM_E_SCRIPT && err) code = err->code = BALM_E_INPUT;
    return code;
}
