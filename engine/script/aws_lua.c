#include "script/aws_lua.h"

#include "core/text.h"
#include "script/error_lua.h"
#include "script/instance_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define SECONDS_MAX   31536000.0 /* a year */
#define WHY_MAX_BYTES 1024

/* The seconds at index 1: a number that is not negative. */
static double check_seconds(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);

    luaL_argcheck(L, seconds >= 0 && seconds <= SECONDS_MAX, 1, "seconds from 0 to a year");
    return seconds;
}

static bool may_sleep(struct balm_instance *instance, double seconds)
{
    struct balm_gate *gate = instance->gate;

    return !gate->may_sleep || gate->may_sleep(gate, seconds);
}

/* core.may_sleep(seconds): false where a wait must return at once */
int balm_aws_lua_may_sleep(lua_State *L)
{
    lua_pushboolean(L, may_sleep(balm_instance_of(L, "client:wait"), check_seconds(L)));
    return 1;
}

static int slept(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

int balm_aws_lua_sleep(lua_State *L)
{
    struct balm_instance *instance = balm_instance_of(L, "aws.sleep");
    double seconds = check_seconds(L);

    if (instance->offline || !may_sleep(instance, seconds)) return 0;
    balm_instance_check_wait(L, "aws.sleep");
    instance->running->want = BALM_WANT_SLEEP;
    instance->running->seconds = seconds;
    return lua_yieldk(L, 0, 0, slept);
}

/* The run ends by never being resumed: no pcall of the script can catch that. */
static int aws_retry_later(lua_State *L)
{
    struct balm_instance *instance = balm_instance_of(L, "aws.retry_later");
    struct balm_strand *strand = instance->running;
    double seconds = check_seconds(L);
    size_t len;
    const char *why = luaL_optlstring(L, 2, "", &len);

    luaL_argcheck(L, seconds > 0, 1, "more than 0 seconds");
    balm_instance_check_wait(L, "aws.retry_later");
    strand->why =
        balm_arena_copy(&instance->outcome_arena, why, balm_text_cut(why, len, WHY_MAX_BYTES));
    if (!strand->why) return luaL_error(L, "not enough memory");
    strand->want = BALM_WANT_LATER;
    strand->seconds = seconds;
    return lua_yield(L, 0);
}

int balm_aws_lua_known(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, balm_lua_unknown(L, 1) == NULL);
    return 1;
}

/* aws.list{...}: the same table, a list even when empty */
int balm_aws_lua_list(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_createtable(L, 0, 0);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    balm_lua_mark_list(L, 1);
    return 1;
}

int balm_aws_lua_is_list(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushboolean(L, balm_lua_is_list(L, 1));
    return 1;
}

/* aws.is_error(err, code...): is it an error of ours, with one of these codes where any is given?
   */
int balm_aws_lua_is_error(lua_State *L)
{
    int count = lua_gettop(L);
    bool found = balm_error_kind(L, 1) != BALM_OK;

    if (found && count > 1) {
        lua_pushliteral(L, "code");
        found = lua_rawget(L, 1) == LUA_TSTRING;
        int at = 2;
        while (found && at <= count && !lua_rawequal(L, at, -1)) {
            balm_budget_charge_bytes(L, lua_rawlen(L, -1));
            at++;
        }
        found = found && at <= count;
    }
    lua_pushboolean(L, found);
    return 1;
}

static int aws_arn(lua_State *L)
{
    return balm_engine_lua_call(L, "arn", "make");
}

static int aws_policy(lua_State *L)
{
    return balm_engine_lua_call(L, "policy", "make");
}

static int aws_retry(lua_State *L)
{
    return balm_engine_lua_call(L, "retry", "retry");
}

int balm_aws_lua_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"session", balm_session_lua_open},
                                         {"arn", aws_arn},
                                         {"policy", aws_policy},
                                         {"parallel", balm_parallel_lua},
                                         {"is_error", balm_aws_lua_is_error},
                                         {"retry", aws_retry},
                                         {"retry_later", aws_retry_later},
                                         {"sleep", balm_aws_lua_sleep},
                                         {"known", balm_aws_lua_known},
                                         {"list", balm_aws_lua_list},
                                         {"null", NULL}, /* a place in the table */
                                         {NULL, NULL}};

    luaL_newlib(L, functions);
    balm_lua_push_null(L);
    lua_setfield(L, -2, "null");
    return 1;
}

void balm_script_modules(struct balm_sandbox *sandbox)
{
    balm_sandbox_preload(sandbox, "aws", balm_aws_lua_open, false);
    balm_sandbox_preload(sandbox, "log", balm_log_lua_open, true);
}
