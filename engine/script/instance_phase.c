/*
 * instance_phase: one phase of a script, from its first stretch of Lua to its outcome.
 */
#include "script/instance_internal.h"

#include "core/clock.h"
#include "script/error_lua.h"
#include "script/value_lua.h"
#include "script/version.h"

#include <assert.h>
#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX        256
#define TRACE_DEPTH_MAX 10

/* Addresses under which the registry keeps what the phases share. */
static const char script_key, session_key, thread_key;

/* ---- the first stretch ---- */

/* Runs the script once: its table stays for all phases. [-0, +0, e] */
static void load_script(lua_State *L, struct balm_instance *instance)
{
    const struct balm_part *script = balm_version_script(instance->version);

    if (instance->loaded) return;
    balm_sandbox_load(L, &script->code);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1)) luaL_error(L, "%s returns no table", script->code.name);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &script_key);
    balm_session_lua_push(L, instance->session);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &session_key);
    instance->loaded = true;
}

/* Puts the phase's function and its arguments on the thread. Stack: [1] the instance. */
static int set_up(lua_State *L)
{
    struct balm_instance *instance = lua_touserdata(L, 1);
    const char *name =
        instance->phase == BALM_PHASE_VERIFY ? "check" : balm_phase_name(instance->phase);

    load_script(L, instance);
    if (!instance->strand.thread) {
        instance->strand.thread = lua_newthread(L);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &thread_key);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &script_key);
    if (lua_getfield(L, -1, name) != LUA_TFUNCTION) {
        return luaL_error(L, "%s has no function %s", balm_version_path(instance->version), name);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &session_key);
    balm_lua_push(L, instance->resource);
    balm_lua_push(L, instance->parameters);
    if (instance->phase == BALM_PHASE_UNDO) {
        balm_lua_push(L, instance->extra);
    } else {
        lua_pushnil(L);
    }
    luaL_checkstack(instance->strand.thread, 5, "too many arguments");
    lua_xmove(L, instance->strand.thread, 5);
    return 0;
}

/* ---- the outcome ---- */

/* Must be the last thing done to an instance: its owner may run the next phase. */
static void finish(struct balm_instance *instance)
{
    struct balm_outcome *outcome = &instance->outcome;

    balm_timer_stop(instance->loop, &instance->wall);
    instance->strand.state = BALM_STRAND_IDLE;
    outcome->met_unknown = outcome->met_unknown || instance->read_unknown ||
                           balm_lua_met_unknown(balm_sandbox_state(instance->sandbox)) ||
                           (outcome->err.code && instance->unsent_write);
    instance->done(instance->owner, outcome);
}

/* "file:line: text" taken apart: the length of the file's name and the line; false where text has
   no place. */
static bool place_in(const char *text, size_t *file_len, int *line, const char **rest)
{
    for (const char *at = strchr(text, ':'); at; at = strchr(at + 1, ':')) {
        char *end = NULL;
        if (!isdigit((unsigned char)at[1])) continue;
        long number = strtol(at + 1, &end, 10);
        if (strncmp(end, ": ", 2) != 0 || number > 10000000) continue;
        *file_len = (size_t)(at - text);
        *line = (int)number;
        *rest = end + 2;
        return true;
    }
    return false;
}

/* ["file:line in function 'name'", ...], innermost first: where a thread stands. Allocates nothing
   in Lua. */
static struct balm_value traceback(lua_State *thread, struct balm_arena *arena)
{
    struct balm_value trace = balm_list(arena);
    lua_Debug at;

    for (int level = 0; lua_getstack(thread, level, &at) && level < TRACE_DEPTH_MAX; level++) {
        lua_getinfo(thread, "Sln", &at);
        if (at.currentline <= 0) continue;
        balm_list_push(arena, trace,
                       at.name ? balm_textf(arena, "%s:%d in %s '%s'", at.short_src, at.currentline,
                                            at.namewhat, at.name)
                               : balm_textf(arena, "%s:%d", at.short_src, at.currentline));
    }
    return trace;
}

/* An error that is no table of ours: a text that mostly says where it was raised. thread: where it
   was, or NULL */
static struct balm_value detail_of_text(struct balm_instance *instance, lua_State *thread,
                                        const struct balm_err *err)
{
    struct balm_arena *arena = &instance->outcome_arena;
    struct balm_value detail = balm_map(arena);
    const char *text = balm_arena_strdup(arena, err->message);
    char file[FILE_MAX];
    size_t file_len;
    int line;

    balm_map_set(arena, detail, "code",
                 balm_string(err->aws_code[0] ? balm_arena_strdup(arena, err->aws_code)
                                              : balm_code_name(err->code)));
    if (text && place_in(text, &file_len, &line, &text)) {
        balm_map_set(arena, detail, "file", balm_text_n(arena, err->message, file_len));
        balm_map_set(arena, detail, "line", balm_int(line));
    } else if (thread && balm_error_place(thread, file, sizeof file, &line)) {
        balm_map_set(arena, detail, "file", balm_text(arena, file));
        balm_map_set(arena, detail, "line", balm_int(line));
    }
    if (text) balm_map_set(arena, detail, "message", balm_string(text));
    balm_map_set(arena, detail, "retryable", balm_bool(err->retryable));
    if (thread) balm_map_set(arena, detail, "traceback", traceback(thread, arena));
    return detail;
}

/* Ends the phase with an error told as text, and all its strands, which are of no further use. */
static void fail(struct balm_strand *strand)
{
    struct balm_instance *instance = strand->instance;
    struct balm_outcome *outcome = &instance->outcome;

    outcome->detail = detail_of_text(instance, strand->thread, &outcome->err);
    balm_instance_drop(instance);
    instance->strand.thread = NULL;
    finish(instance);
}

/* The error that left a branch waits on its thread until the caller raises it. */
static void fail_branch(struct balm_strand *strand)
{
    strand->of->failed = strand;
    balm_parallel_stop(strand->of);
    balm_strand_end(strand);
}

/* The error that left the strand is on top of its thread's stack. */
static void fail_with_raised(struct balm_strand *strand)
{
    struct balm_instance *instance = strand->instance;
    struct balm_outcome *outcome = &instance->outcome;
    bool over = balm_sandbox_over(instance->sandbox) || lua_status(strand->thread) == LUA_ERRMEM;
    enum balm_code kind = balm_error_kind(strand->thread, -1);
    struct balm_value detail;

    if (strand->of && !over) {
        fail_branch(strand);
        return;
    }
    if (kind == BALM_OK || over) {
        balm_sandbox_fault(instance->sandbox, strand->thread, &outcome->err);
        fail(strand);
        return;
    }
    detail = balm_error_detail(strand->thread, -1, &instance->outcome_arena);
    balm_fail(&outcome->err, kind, "%s", balm_get_string(detail, "message", ""));
    (void)snprintf(outcome->err.aws_code, sizeof outcome->err.aws_code, "%s",
                   balm_get_string(detail, "code", ""));
    outcome->err.http_status = (int)balm_get_int(detail, "status", 0);
    outcome->err.retryable = balm_get_bool(detail, "retryable", false);
    outcome->detail = detail;
    strand->thread = NULL;
    finish(instance);
}

/* A phase's n-th result as a value. */
static enum balm_code keep_result(struct balm_instance *instance, int n, struct balm_value *out)
{
    struct balm_err *err = &instance->outcome.err;
    lua_State *thread = instance->strand.thread;

    if (lua_isnoneornil(thread, n)) return BALM_OK;
    if (balm_lua_value(thread, n, BALM_LUA_STRICT, &instance->outcome_arena, out, err)) {
        return balm_err_prefix(err, "what %s gives back as %s result cannot be kept",
                               balm_phase_name(instance->phase), n == 1 ? "first" : "second");
    }
    return BALM_OK;
}

static void succeed(struct balm_strand *strand)
{
    struct balm_instance *instance = strand->instance;
    struct balm_outcome *outcome = &instance->outcome;
    bool judges = instance->phase == BALM_PHASE_CHECK || instance->phase == BALM_PHASE_VERIFY;

    if (strand->of) { /* its results wait on its thread */
        balm_strand_end(strand);
        return;
    }
    if (judges &&
        (keep_result(instance, 1, &outcome->first) || keep_result(instance, 2, &outcome->second))) {
        fail(strand);
        return;
    }
    if (outcome->first.type == BALM_UNKNOWN) outcome->met_unknown = true;
    lua_settop(strand->thread, 0);
    finish(instance);
}

/* ---- stretches ---- */

static void on_slept(void *owner)
{
    balm_strand_ready(owner);
}

/* A branch stops its siblings first, and its caller goes on from there. */
static void come_back_later(struct balm_strand *strand)
{
    struct balm_instance *instance = strand->instance;

    if (strand->of) {
        strand->of->later = strand;
        balm_parallel_stop(strand->of);
        balm_strand_end(strand);
        return;
    }
    instance->outcome.retry_after = strand->seconds;
    instance->outcome.why = strand->why;
    balm_instance_drop(instance);
    strand->thread = NULL;
    finish(instance);
}

static void sleep(struct balm_strand *strand)
{
    int64_t ns = (int64_t)(strand->seconds * 1e9);

    if (balm_timer_set(strand->instance->loop, &strand->sleep, ns, on_slept, strand)) {
        balm_nomem(&strand->instance->outcome.err);
        fail(strand);
    }
}

static void wait(struct balm_strand *strand)
{
    strand->state = BALM_STRAND_WAITING;
    switch (strand->want) {
    case BALM_WANT_CALL:
        balm_instance_ask(strand->instance, strand->asking);
        break;
    case BALM_WANT_SLEEP:
        sleep(strand);
        break;
    case BALM_WANT_LATER:
        come_back_later(strand);
        break;
    case BALM_WANT_BRANCHES:
        balm_parallel_advance(strand->branches);
        break;
    case BALM_WANT_NOTHING:
        assert(false); /* only what wants something yields */
        break;
    }
}

static void go_on(struct balm_strand *strand, int argument_count)
{
    struct balm_instance *instance = strand->instance;
    int result_count = 0;
    int status;

    strand->state = BALM_STRAND_RUNNING;
    strand->want = BALM_WANT_NOTHING;
    instance->running = strand;
    status = balm_sandbox_resume(instance->sandbox, strand->thread, argument_count, &result_count);
    if (status == LUA_YIELD) {
        wait(strand);
    } else if (status == LUA_OK) {
        succeed(strand);
    } else {
        fail_with_raised(strand);
    }
}

static void on_wall(void *owner)
{
    balm_instance_expire(owner);
}

static void start(struct balm_instance *instance)
{
    struct balm_outcome *outcome = &instance->outcome;
    int64_t now = balm_clock_mono();

    balm_arena_reset(&instance->outcome_arena);
    *outcome = (struct balm_outcome){.why = ""};
    if (!instance->started) instance->started = now;
    int64_t left = instance->limits.wall_ns - (now - instance->started);
    if (left <= 0) {
        balm_instance_expire(instance);
        return;
    }
    if (balm_timer_set(instance->loop, &instance->wall, left, on_wall, instance)) {
        balm_nomem(&outcome->err);
        fail(&instance->strand);
        return;
    }
    instance->running = &instance->strand;
    if (balm_sandbox_enter(instance->sandbox, set_up, instance, &outcome->err)) {
        instance->strand.thread = NULL;
        fail(&instance->strand);
        return;
    }
    go_on(&instance->strand, 4);
}

void balm_instance_turn(struct balm_strand *strand)
{
    const struct balm_strand *later = strand->branches ? strand->branches->later : NULL;

    if (!strand->of && strand->state == BALM_STRAND_STARTING) {
        start(strand->instance);
    } else if (later) {
        strand->seconds = later->seconds;
        strand->why = later->why;
        come_back_later(strand);
    } else {
        go_on(strand, 0);
    }
}

void balm_instance_expire(struct balm_instance *instance)
{
    lua_State *thread = instance->strand.thread;

    balm_sandbox_end(instance->sandbox, BALM_OVER_WALL);
    (void)balm_sandbox_fault(instance->sandbox,
                             thread ? thread : balm_sandbox_state(instance->sandbox),
                             &instance->outcome.err);
    fail(&instance->strand);
}
