/*
 * session_lua: an identity in a region, as scripts hold it: session.region, .account, .partition
 * and session:client(). Its credentials stay in aws/.
 */
#include "script/error_lua.h"
#include "script/instance_internal.h"
#include "script/version.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define SESSION      "balm.session"
#define SESSIONS_MAX 1000 /* of one run: what they hold is outside of Lua's memory */

struct session_box {
    struct balm_session *session;
    bool borrowed; /* the instance's own, which outlives the state */
};

static const char *account_or_null(const struct balm_session *session)
{
    const char *account = balm_session_account(session);

    return *account ? account : NULL;
}

static int session_index(lua_State *L)
{
    struct session_box *box = luaL_checkudata(L, 1, SESSION);
    const char *name = luaL_checkstring(L, 2);

    if (strcmp(name, "client") == 0) {
        lua_pushcfunction(L, balm_client_lua_new);
    } else if (strcmp(name, "region") == 0) {
        lua_pushstring(L, balm_session_region(box->session));
    } else if (strcmp(name, "account") == 0) {
        lua_pushstring(L, account_or_null(box->session));
    } else if (strcmp(name, "partition") == 0) {
        lua_pushstring(L, balm_session_partition(box->session));
    } else {
        return luaL_error(L, "a session has no \"%s\": it has client(), region, account, partition",
                          name);
    }
    return 1;
}

static int session_newindex(lua_State *L)
{
    return luaL_error(L, "a session cannot be changed");
}

static int session_tostring(lua_State *L)
{
    struct session_box *box = luaL_checkudata(L, 1, SESSION);
    const char *account = account_or_null(box->session);

    lua_pushfstring(L, "session in %s, account %s", balm_session_region(box->session),
                    account ? account : "unknown");
    return 1;
}

static int session_gc(lua_State *L)
{
    struct session_box *box = luaL_checkudata(L, 1, SESSION);

    if (!box->borrowed) balm_session_release(box->session);
    box->session = NULL;
    return 0;
}

/* A box that holds nothing yet. [-0, +1, m] */
static struct session_box *push_box(lua_State *L)
{
    static const luaL_Reg meta[] = {{"__index", session_index},
                                    {"__newindex", session_newindex},
                                    {"__tostring", session_tostring},
                                    {"__gc", session_gc},
                                    {NULL, NULL}};
    struct session_box *box = lua_newuserdatauv(L, sizeof *box, 1);

    box->session = NULL;
    box->borrowed = false;
    if (luaL_newmetatable(L, SESSION)) {
        luaL_setfuncs(L, meta, 0);
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
    }
    lua_setmetatable(L, -2);
    return box;
}

void balm_session_lua_push(lua_State *L, struct balm_session *session)
{
    struct session_box *box = push_box(L);

    box->session = session;
    box->borrowed = true;
}

struct balm_session *balm_session_lua_check(lua_State *L, int index)
{
    struct session_box *box = luaL_checkudata(L, index, SESSION);

    if (!box->session) luaL_argerror(L, index, "the session is closed");
    return box->session;
}

/* ---- aws.session ---- */

/* "arn:aws:iam::123456789012:role/Name" to the account's digits; false where arn is none. */
static bool account_of(const char *arn, char account[13])
{
    const char *at = arn;

    if (strncmp(arn, "arn:", 4) != 0) return false;
    for (int colons = 0; colons < 4; colons++) {
        at = strchr(at, ':');
        if (!at) return false;
        at++;
    }
    if (strspn(at, "0123456789") != 12 || at[12] != ':') return false;
    memcpy(account, at, 12);
    account[12] = '\0';
    return true;
}

/* The text of a field of the table at index 1, or NULL; the table keeps it alive. [-0, +0, e] */
static const char *option(lua_State *L, const char *name)
{
    const char *text = NULL;

    lua_pushstring(L, name);
    if (lua_rawget(L, 1) == LUA_TSTRING) {
        text = lua_tostring(L, -1);
    } else if (!lua_isnil(L, -1)) {
        luaL_error(L, "aws.session: %s must be a string", name);
    }
    lua_pop(L, 1);
    return text;
}

static void check_names(lua_State *L)
{
    static const char *const names[] = {"role_arn", "external_id", "region", "account", NULL};

    lua_pushnil(L);
    while (lua_next(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        int at = 0;
        while (names[at] && strcmp(names[at], name) != 0) {
            at++;
        }
        if (!names[at]) {
            luaL_error(L, "aws.session: \"%s\" is none of role_arn, external_id, region, account",
                       name);
        }
        lua_pop(L, 1);
    }
}

/* The right account holds for every session: what is stated, else what the role's ARN says. */
static const char *wanted_account(lua_State *L, const char *role_arn, char of_role[13])
{
    const char *account = option(L, "account");

    if (!account_of(role_arn, of_role)) {
        luaL_error(L, "aws.session: role_arn \"%s\" is not the ARN of a role", role_arn);
    }
    if (account && strcmp(account, of_role) != 0) {
        luaL_error(L, "aws.session: the role %s is not in account %s", role_arn, account);
    }
    return of_role;
}

int balm_session_lua_open(lua_State *L)
{
    struct balm_instance *instance = balm_instance_of(L, "aws.session");
    struct balm_session_options options = {.region = balm_session_region(instance->session)};
    char account[13];
    char name[128];
    struct balm_err err;

    luaL_checktype(L, 1, LUA_TTABLE);
    check_names(L);
    options.role_arn = option(L, "role_arn");
    if (!options.role_arn) return luaL_error(L, "aws.session: role_arn is required");
    options.account = wanted_account(L, options.role_arn, account);
    options.external_id = option(L, "external_id");
    if (option(L, "region")) options.region = option(L, "region");
    options.partition = balm_session_partition(instance->session);
    options.session_policy = instance->session_policy;
    (void)snprintf(name, sizeof name, "balm-%s", balm_version_id(instance->version));
    options.session_name = name;
    options.agent = instance->run;
    if (instance->sessions == SESSIONS_MAX) {
        return luaL_error(L, "aws.session: a run opens %d sessions at most", SESSIONS_MAX);
    }
    instance->sessions++;
    balm_sandbox_holds(L);
    struct session_box *box = push_box(L);
    if (balm_session_open(&box->session, instance->aws, &options, &err)) {
        return balm_error_raise(L, &err);
    }
    return 1;
}
