/*
 * parallel_lua: aws.parallel{f, g, ...}, which gives the first result of each. strand.h tells how.
 */
#include "script/instance_internal.h"

#include <lauxlib.h>

#define BRANCHES_MAX 1000 /* what they hold is in part outside of Lua's memory */

/* Stack of both: [1] the functions [2] their threads. */

/* Takes the parallel from the strand that waited for it. */
static void let_go(struct balm_parallel *parallel)
{
    parallel->caller->branches = NULL;
    balm_parallel_release(parallel);
}

/* Raises what the first branch raised, or pushes what each gave. */
static int joined(lua_State *L, int status, lua_KContext context)
{
    struct balm_parallel *parallel = (struct balm_parallel *)context;
    int count = (int)parallel->count;

    (void)status;
    luaL_checkstack(L, count + 1, "too many results");
    if (parallel->failed) {
        lua_xmove(parallel->failed->thread, L, 1);
        let_go(parallel);
        return lua_error(L);
    }
    for (int i = 0; i < count; i++) {
        lua_State *thread = parallel->strands[i].thread;
        lua_settop(thread, 1);
        lua_xmove(thread, L, 1);
    }
    let_go(parallel);
    return count;
}

/* How many functions the list at index 1 holds. */
static size_t check_functions(lua_State *L)
{
    size_t count;

    luaL_checktype(L, 1, LUA_TTABLE);
    count = lua_rawlen(L, 1);
    if (count > BRANCHES_MAX) {
        luaL_error(L, "aws.parallel takes %d functions at most", BRANCHES_MAX);
    }
    for (lua_Integer i = 1; i <= (lua_Integer)count; i++) {
        if (lua_rawgeti(L, 1, i) != LUA_TFUNCTION) {
            luaL_error(L, "aws.parallel takes a list of functions: number %d is a %s", (int)i,
                       luaL_typename(L, -1));
        }
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    for (size_t found = 0; lua_next(L, 1); lua_pop(L, 1)) {
        if (++found > count) luaL_error(L, "aws.parallel takes a list of functions, and no names");
    }
    return count;
}

int balm_parallel_lua(lua_State *L)
{
    struct balm_instance *instance = balm_instance_of(L, "aws.parallel");
    struct balm_strand *strand = instance->running;
    size_t count = check_functions(L);
    struct balm_parallel *parallel;

    if (count == 0) return 0;
    balm_instance_check_wait(L, "aws.parallel");
    lua_settop(L, 1);
    lua_createtable(L, (int)count, 0);
    balm_budget_charge_bytes(L, count * sizeof *strand);
    parallel = balm_parallel_new(instance, count);
    if (!parallel) return luaL_error(L, "not enough memory");
    strand->branches = parallel;
    for (size_t i = 0; i < count; i++) {
        lua_State *thread = lua_newthread(L);
        lua_rawseti(L, 2, (lua_Integer)i + 1);
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        lua_xmove(L, thread, 1);
        parallel->strands[i].thread = thread;
    }
    strand->want = BALM_WANT_BRANCHES;
    return lua_yieldk(L, 0, (lua_KContext)parallel, joined);
}
