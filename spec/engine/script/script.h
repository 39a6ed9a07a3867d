/*
 * script: runs a text in a sandbox of its own, for tests.
 */
#ifndef BALM_SPEC_SCRIPT_H
#define BALM_SPEC_SCRIPT_H

#include "script/sandbox.h"
#include "script/value_lua.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

/* What a run came to. */
struct script {
    struct balm_sandbox *sandbox;
    struct balm_limits limits;
    struct balm_arena arena;
    struct balm_value value; /* what the chunk returned */
    struct balm_err err;
    const char *text;
};

#define SCRIPT_LIMITS                                                                              \
    {                                                                                              \
        (size_t)16 << 20, 20000000u, 500000000, 1000000000                                         \
    }

static inline int script_body(lua_State *L)
{
    struct script *script = lua_touserdata(L, 1);
    struct balm_lua_chunk chunk = {"test.lua", script->text, strlen(script->text), false};

    balm_sandbox_load(L, &chunk);
    lua_call(L, 0, 1);
    if (balm_lua_value(L, -1, BALM_LUA_MIXED, &script->arena, &script->value, &script->err)) {
        return luaL_error(L, "%s", script->err.message);
    }
    return 0;
}

static inline void script_open(struct script *script)
{
    struct balm_limits limits = SCRIPT_LIMITS;

    memset(script, 0, sizeof *script);
    script->limits = limits;
    assert_int_equal(balm_sandbox_new(&script->sandbox, &script->limits, &script->err), BALM_OK);
}

static inline enum balm_code script_run(struct script *script, const char *text)
{
    script->text = text;
    return balm_sandbox_enter(script->sandbox, script_body, script, &script->err);
}

static inline void script_close(struct script *script)
{
    balm_sandbox_release(script->sandbox);
    balm_arena_free(&script->arena);
}

/* The text gives a true value; what else it says fails the test. */
static inline void script_holds(const char *text)
{
    struct script script;

    script_open(&script);
    if (script_run(&script, text)) fail_msg("%s\n%s", text, script.err.message);
    if (script.value.type != BALM_BOOL || !script.value.as.boolean) fail_msg("not true: %s", text);
    script_close(&script);
}

/* The text raises, and its message contains `part`. */
static inline void script_raises(const char *text, const char *part)
{
    struct script script;

    script_open(&script);
    if (!script_run(&script, text)) fail_msg("did not raise: %s", text);
    if (!strstr(script.err.message, part)) fail_msg("%s\n%s", text, script.err.message);
    script_close(&script);
}

#endif
