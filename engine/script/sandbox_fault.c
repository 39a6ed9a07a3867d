/*
 * sandbox, the part that says what went wrong.
 */
#include "script/sandbox_internal.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

void balm_sandbox_where(lua_State *L, char *out, size_t size)
{
    lua_Debug at;

    out[0] = '\0';
    for (int level = 0; lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline <= 0) continue;
        (void)snprintf(out, size, "%s:%d", at.short_src, at.currentline);
        return;
    }
}

static enum balm_code fault_of_limit(const struct balm_sandbox *sandbox, struct balm_err *err)
{
    const struct balm_limits *limits = &sandbox->limits;

    switch (sandbox->over) {
    case BALM_OVER_MEMORY:
        return balm_fail(err, BALM_E_LIMIT, "%sthe script needs more than %zu bytes of memory",
                         sandbox->where, limits->memory);
    case BALM_OVER_STEPS:
        return balm_fail(err, BALM_E_LIMIT, "%sthe script takes more than %llu steps",
                         sandbox->where, (unsigned long long)limits->steps);
    case BALM_OVER_CPU:
        return balm_fail(err, BALM_E_LIMIT,
                         "%sthe script computes for longer than %g s without waiting",
                         sandbox->where, (double)limits->cpu_ns / 1e9);
    case BALM_OVER_WALL:
    case BALM_OVER_NOT:
        break;
    }
    return balm_fail(err, BALM_E_LIMIT, "%sthe run takes longer than %g s", sandbox->where,
                     (double)limits->wall_ns / 1e9);
}

/* Stack: [1] the error -> its text. A table of a script's own speaks by its "message". */
static int error_text(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TTABLE && !luaL_getmetafield(L, 1, "__tostring")) {
        lua_pushliteral(L, "message");
        if (lua_rawget(L, 1) == LUA_TSTRING) return 1;
        lua_pushliteral(L, "the script raised a table without a message");
        return 1;
    }
    lua_settop(L, 1);
    (void)balm_sandbox_tostring(L, 1, NULL);
    return 1;
}

enum balm_code balm_sandbox_fault(struct balm_sandbox *sandbox, lua_State *thread,
                                  struct balm_err *err)
{
    lua_State *L = sandbox->L;
    int top = lua_gettop(L);
    const char *text = NULL;
    size_t len = 0;

    if (thread != L && lua_status(thread) == LUA_ERRMEM) {
        balm_sandbox_end(sandbox, BALM_OVER_MEMORY);
    }
    if (sandbox->over) {
        balm_remember_where(sandbox, thread);
        return fault_of_limit(sandbox, err);
    }
    if (!lua_checkstack(L, 8) || !lua_checkstack(thread, 1)) return balm_nomem(err);
    lua_pushcfunction(L, error_text);
    lua_pushvalue(thread, thread == L ? -2 : -1);
    if (thread != L) lua_xmove(thread, L, 1);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) text = lua_tolstring(L, -1, &len);
    if (!text) {
        (void)balm_fail(err, BALM_E_SCRIPT, "the script raised what cannot be printed");
    } else {
        (void)balm_fail(err, BALM_E_SCRIPT, "%.*s", (int)(len < 4096 ? len : 4096), text);
    }
    lua_settop(L, top);
    return BALM_E_SCRIPT;
}
