/*
 * client_lua: a service in a session, as scripts call it.
 *
 * client.<name> is an operation by its snake_case or its API name, or pages, items, wait, request.
 * A call is validated and serialised at once, then suspends the script: the gate decides, the loop
 * resumes it with the answer.
 */
#include "script/error_lua.h"
#include "script/instance_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define CLIENT "balm.client"

/* What a client's user values hold. */
enum { METHODS = 1, SESSION_BOX, REGION };

struct client {
    struct balm_session *session; /* SESSION_BOX keeps it */
    const struct balm_service *service;
    const char *region; /* another than the session's, or NULL; REGION keeps it */
};

static const char what[] = "a call to AWS";

static struct client *check_client(lua_State *L)
{
    struct client *client = luaL_testudata(L, 1, CLIENT);

    if (!client) luaL_error(L, "call an operation as client:operation{...}, with a colon");
    return client;
}

/* ---- errors ---- */

static const char *service_of(const struct balm_call *call)
{
    return call ? balm_call_service(call) : NULL;
}

/* Pushes the error of a call. [-0, +1, m] */
static void push_call_error(lua_State *L, const struct balm_asking *asking)
{
    const struct balm_call *call = asking->question.call;
    const struct balm_call_result *result = asking->result;
    const struct balm_raise raise = {
        result ? &result->err : &asking->err,       service_of(call),
        call ? balm_call_operation_name(call) : "", result ? result->request_id : "",
        result ? result->detail : asking->detail,   balm_null()};

    balm_error_push(L, &raise);
}

/* Raises what balm_call_new() said of the parameters; the asking is released. */
static int raise_problems(lua_State *L, struct balm_asking *asking, struct balm_value problems,
                          const struct client *client, const char *operation)
{
    struct balm_err *err = &asking->err;

    if (balm_list_len(problems) > 0) {
        (void)snprintf(err->aws_code, sizeof err->aws_code, "ParamValidation");
    }
    const struct balm_raise raise = {
        err, balm_service_name(client->service), operation, "", balm_null(), problems};
    balm_error_push(L, &raise);
    balm_asking_release(asking);
    return lua_error(L);
}

/* ---- calls ---- */

/* Pushes the answer and the HTTP status (200 where the gate answered), or raises. */
static int finish_with_status(lua_State *L, int status, lua_KContext context)
{
    struct balm_asking *asking = (struct balm_asking *)context;
    const struct balm_call_result *result = asking->result;
    bool failed = (result ? result->err.code : asking->err.code) != BALM_OK;

    (void)status;
    if (failed) {
        push_call_error(L, asking);
        balm_asking_release(asking);
        return lua_error(L);
    }
    balm_lua_push(L, result ? result->answer : asking->answer);
    lua_pushinteger(L, result ? result->http_status : 200);
    balm_asking_release(asking);
    return 2;
}

static int finish(lua_State *L, int status, lua_KContext context)
{
    (void)finish_with_status(L, status, context);
    lua_pop(L, 1);
    return 1;
}

/* Is there anywhere what a plan cannot know? */
static bool holds_unknown(struct balm_value value)
{
    if (value.type == BALM_UNKNOWN) return true;
    for (size_t i = 0; i < balm_list_len(value); i++) {
        if (holds_unknown(*balm_list_at(value, i))) return true;
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        if (holds_unknown(balm_map_at(value, i)->value)) return true;
    }
    return false;
}

/* The value at index, a map when it is nil or an empty table. */
static enum balm_code read_params(lua_State *L, int index, struct balm_asking *asking,
                                  struct balm_value *params)
{
    if (lua_isnoneornil(L, index)) {
        *params = balm_map(&asking->arena);
        return balm_arena_status(&asking->arena, &asking->err);
    }
    if (!lua_istable(L, index)) {
        return balm_fail(&asking->err, BALM_E_ARG, "the parameters must be a table, not a %s",
                         luaL_typename(L, index));
    }
    return balm_lua_value(L, index, BALM_LUA_STRICT, &asking->arena, params, &asking->err);
}

/* Hands the call over to the gate: the script goes on in done, with the asking as context. */
static int suspend(lua_State *L, struct balm_asking *asking, lua_KFunction done)
{
    asking->strand->asking = asking;
    asking->strand->want = BALM_WANT_CALL;
    return lua_yieldk(L, 0, (lua_KContext)asking, done);
}

/* Stack: [1] client [index] params. */
static int call(lua_State *L, const struct balm_operation *operation, int index, lua_KFunction done)
{
    const struct client *client = check_client(L);
    struct balm_instance *instance = balm_instance_of(L, what);
    const struct balm_call_options options = {.region = client->region};
    struct balm_value params = balm_null();
    struct balm_value problems = balm_null();

    balm_instance_check_wait(L, what);
    if (balm_operation_service(operation) != client->service) {
        return luaL_error(L, "%s is no operation of %s", balm_operation_name(operation),
                          balm_service_name(client->service));
    }
    struct balm_asking *asking = balm_asking_new(instance);
    if (!asking) return luaL_error(L, "not enough memory");
    if (read_params(L, index, asking, &params) ||
        balm_call_new(&asking->question.call, client->session, operation, params, &options,
                      &asking->arena, &problems, &asking->err)) {
        return raise_problems(L, asking, problems, client, balm_operation_name(operation));
    }
    asking->question.needs_unknown = instance->answered && holds_unknown(params);
    balm_budget_charge_bytes(L, asking->arena.used);
    return suspend(L, asking, done);
}

/* client:operation{...}; the operation is the closure's upvalue. */
static int method(lua_State *L)
{
    return call(L, lua_touserdata(L, lua_upvalueindex(1)), 2, finish);
}

/* ---- the engine's own Lua ---- */

static int client_pages(lua_State *L)
{
    return balm_engine_lua_call(L, "pages", "pages");
}

static int client_items(lua_State *L)
{
    return balm_engine_lua_call(L, "pages", "items");
}

static int client_wait(lua_State *L)
{
    return balm_engine_lua_call(L, "wait", "wait");
}

static const struct balm_operation *check_operation(lua_State *L, const struct client *client,
                                                    const char *name)
{
    const struct balm_operation *operation = NULL;
    struct balm_err err;

    if (balm_service_operation(client->service, name, &operation, &err)) {
        (void)snprintf(err.aws_code, sizeof err.aws_code, "UnknownOperation");
        balm_error_raise(L, &err);
    }
    return operation;
}

/* core.call(client, operation, params): the answer and its HTTP status */
int balm_client_lua_call(lua_State *L)
{
    const struct client *client = check_client(L);

    return call(L, check_operation(L, client, luaL_checkstring(L, 2)), 3, finish_with_status);
}

/* Is the input member of that name a text? */
static bool takes_text(const struct balm_operation *operation, const char *name)
{
    const struct balm_shape *input = balm_operation_input(operation);
    const struct balm_member *member = input ? balm_shape_member(input, name, strlen(name)) : NULL;

    return member && balm_shape_kind(balm_member_shape(member)) == BALM_SHAPE_STRING;
}

/* core.paginator(client, operation): the paginator or nil, the service's and the operation's names,
   and whether the size of a page is told as a text */
int balm_client_lua_paginator(lua_State *L)
{
    const struct client *client = check_client(L);
    struct balm_instance *instance = balm_instance_of(L, what);
    const struct balm_operation *operation = check_operation(L, client, luaL_checkstring(L, 2));
    struct balm_value paginator = balm_null();

    balm_arena_reset(&instance->scratch);
    balm_service_paginator(client->service, operation, &instance->scratch, &paginator);
    if (balm_is_null(paginator)) {
        lua_pushnil(L);
    } else {
        balm_lua_push(L, paginator);
    }
    lua_pushstring(L, balm_service_name(client->service));
    lua_pushstring(L, balm_operation_name(operation));
    lua_pushboolean(L, takes_text(operation, balm_get_string(paginator, "limit_key", "")));
    return 4;
}

/* core.waiter(client, name): the waiter and the service's name */
int balm_client_lua_waiter(lua_State *L)
{
    const struct client *client = check_client(L);
    struct balm_instance *instance = balm_instance_of(L, what);
    const char *name = luaL_checkstring(L, 2);
    const char *service = balm_service_name(client->service);
    struct balm_value waiter = balm_null();
    struct balm_err err;

    balm_arena_reset(&instance->scratch);
    balm_service_waiter(client->service, name, &instance->scratch, &waiter);
    if (balm_is_null(waiter)) {
        const char *near = balm_service_nearest_waiter(client->service, name, &instance->scratch);
        balm_fail(&err, BALM_E_ARG, "%s has no waiter \"%.80s\"%s%s%s", service, name,
                  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        (void)snprintf(err.aws_code, sizeof err.aws_code, "ParamValidation");
        return balm_error_raise(L, &err);
    }
    balm_lua_push(L, waiter);
    lua_pushstring(L, service);
    return 2;
}

/* ---- client:request ---- */

/* The text of a field of the table at index 2, or fallback. [-0, +0, e] */
static const char *request_text(lua_State *L, const char *name, const char *fallback)
{
    const char *text = fallback;

    lua_pushstring(L, name);
    if (lua_rawget(L, 2) == LUA_TSTRING) {
        text = lua_tostring(L, -1);
    } else if (!lua_isnil(L, -1)) {
        luaL_error(L, "client:request: %s must be a string", name);
    }
    lua_pop(L, 1);
    return text;
}

/* A field of the table at index 2 as a value of a type; null where it is absent. */
static enum balm_code request_value(lua_State *L, const char *name, enum balm_type type,
                                    struct balm_asking *asking, struct balm_value *out)
{
    enum balm_code code = BALM_OK;

    lua_pushstring(L, name);
    lua_rawget(L, 2);
    if (!lua_isnil(L, -1)) {
        code = balm_lua_value(L, -1, BALM_LUA_STRICT, &asking->arena, out, &asking->err);
        if (!code && out->type == BALM_LIST && balm_list_len(*out) == 0) *out = balm_null();
        if (!code && !balm_is_null(*out) && out->type != (uint8_t)type) {
            code = balm_fail(&asking->err, BALM_E_ARG, "client:request: %s must be a %s", name,
                             type == BALM_MAP ? "table of names" : "string");
        }
    }
    lua_pop(L, 1);
    return code;
}

static enum balm_code make_request(lua_State *L, struct balm_asking *asking,
                                   const struct client *client, struct balm_raw_call *raw)
{
    const struct balm_call_options options = {.region = client->region};
    enum balm_code code = request_value(L, "query", BALM_MAP, asking, &raw->query);

    if (!code) code = request_value(L, "headers", BALM_MAP, asking, &raw->headers);
    if (!code) code = request_value(L, "body", BALM_STRING, asking, &raw->body);
    if (code) return code;
    return balm_call_new_raw(&asking->question.call, client->session, raw, &options, &asking->err);
}

/* Refuses what is no field of a request: a misspelt one would be as if it were not there. */
static void refuse_other_fields(lua_State *L)
{
    static const char *const fields[] = {"method", "path", "query", "headers", "body", "action"};

    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        /* Of a copy: turned into a text in place it would confuse lua_next. */
        lua_pushvalue(L, -2);
        const char *name = lua_tostring(L, -1);
        bool known = false;
        for (size_t i = 0; name && i < sizeof fields / sizeof *fields; i++)
            known = known || strcmp(name, fields[i]) == 0;
        if (!known) {
            luaL_error(L,
                       "client:request: there is no field %s, but method, path, query, headers, "
                       "body, action",
                       name ? name : lua_typename(L, lua_type(L, -1)));
        }
        lua_pop(L, 1);
    }
}

static int client_request(lua_State *L)
{
    const struct client *client = check_client(L);
    struct balm_instance *instance = balm_instance_of(L, what);
    struct balm_raw_call raw = {.service = balm_service_name(client->service)};

    balm_instance_check_wait(L, what);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checkstack(L, 8, "too many arguments");
    refuse_other_fields(L);
    raw.method = request_text(L, "method", "GET");
    raw.path = request_text(L, "path", "/");
    raw.action = request_text(L, "action", NULL);
    struct balm_asking *asking = balm_asking_new(instance);
    if (!asking) return luaL_error(L, "not enough memory");
    if (make_request(L, asking, client, &raw)) {
        return raise_problems(L, asking, balm_null(), client, raw.method);
    }
    asking->question.needs_unknown =
        instance->answered && (holds_unknown(raw.query) || holds_unknown(raw.headers));
    balm_budget_charge_bytes(L, asking->arena.used);
    return suspend(L, asking, finish);
}

/* ---- the client ---- */

/* Pushes what client[name] is: one of ours, or an operation's closure. [-0, +1, e] */
static void push_method(lua_State *L, const struct client *client, const char *name)
{
    static const luaL_Reg own[] = {{"pages", client_pages},
                                   {"items", client_items},
                                   {"wait", client_wait},
                                   {"request", client_request},
                                   {NULL, NULL}};
    const luaL_Reg *at = own;

    while (at->name && strcmp(at->name, name) != 0) {
        at++;
    }
    if (at->name) {
        lua_pushcfunction(L, at->func);
        return;
    }
    lua_pushlightuserdata(L, (void *)check_operation(L, client, name));
    lua_pushcclosure(L, method, 1);
}

static int client_index(lua_State *L)
{
    const struct client *client = luaL_checkudata(L, 1, CLIENT);
    const char *name = luaL_checkstring(L, 2);

    if (lua_getiuservalue(L, 1, METHODS) == LUA_TTABLE) {
        lua_pushvalue(L, 2);
        if (lua_rawget(L, -2) != LUA_TNIL) return 1;
        lua_pop(L, 1);
    } else {
        lua_createtable(L, 0, 4);
        lua_pushvalue(L, -1);
        lua_setiuservalue(L, 1, METHODS);
    }
    push_method(L, client, name);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
    return 1;
}

static int client_newindex(lua_State *L)
{
    return luaL_error(L, "a client cannot be changed");
}

static int client_tostring(lua_State *L)
{
    const struct client *client = luaL_checkudata(L, 1, CLIENT);

    lua_pushfstring(L, "client of %s", balm_service_name(client->service));
    return 1;
}

/* [-0, +0, m] */
static void set_client_metatable(lua_State *L)
{
    static const luaL_Reg meta[] = {{"__index", client_index},
                                    {"__newindex", client_newindex},
                                    {"__tostring", client_tostring},
                                    {NULL, NULL}};

    if (luaL_newmetatable(L, CLIENT)) {
        luaL_setfuncs(L, meta, 0);
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
    }
    lua_setmetatable(L, -2);
}

/* The region of the options at index 3 stays on the stack, as text or nil. [-0, +1, e] */
static void push_region(lua_State *L)
{
    if (lua_isnoneornil(L, 3)) {
        lua_pushnil(L);
        return;
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "region") != 0 ||
            lua_type(L, -1) != LUA_TSTRING) {
            luaL_argerror(L, 3, "the one option of a client is region, a string");
        }
        lua_pop(L, 1);
    }
    lua_getfield(L, 3, "region");
}

int balm_client_lua_new(lua_State *L)
{
    struct balm_session *session = balm_session_lua_check(L, 1);
    const char *name = luaL_checkstring(L, 2);
    const struct balm_service *service = NULL;
    struct balm_err err;

    lua_settop(L, 3);
    if (balm_pack_service(balm_aws_pack(balm_session_aws(session)), name, &service, &err)) {
        return balm_error_raise(L, &err);
    }
    if (balm_service_refusal(service)) {
        balm_fail(&err, BALM_E_ARG, "%s cannot be called: %s", name, balm_service_refusal(service));
        return balm_error_raise(L, &err);
    }
    push_region(L);
    struct client *client = lua_newuserdatauv(L, sizeof *client, REGION);
    *client = (struct client){session, service, lua_tostring(L, 4)};
    set_client_metatable(L);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, SESSION_BOX);
    lua_pushvalue(L, 4);
    lua_setiuservalue(L, -2, REGION);
    return 1;
}
