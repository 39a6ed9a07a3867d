#include "script/error_lua.h"

#include "core/text.h"
#include "script/value_lua.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX       256
#define TEXT_MAX_BYTES 4096 /* of what an outcome tells of an error; the rest is cut off */

/* In each metatable of ours, under this address: its kind. One metatable a kind. */
static const char kind_key;
static const char metatable_keys[BALM_E_CANCELLED + 1];

static const char *const texts[] = {"code",      "message",    "service",
                                    "operation", "request_id", "file"};

/* [-0, +1, e] the text of a field, or nil where a script has put something else there */
static const char *text_field(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    if (lua_rawget(L, 1) == LUA_TSTRING) return lua_tostring(L, -1);
    return NULL;
}

/* "file:line: service:Operation: Code: message", as much as is known */
static int error_tostring(lua_State *L)
{
    luaL_Buffer buffer;
    const char *at[sizeof texts / sizeof *texts];

    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        at[i] = text_field(L, texts[i]);
    }
    lua_pushliteral(L, "line");
    bool placed = lua_rawget(L, 1) == LUA_TNUMBER && at[5];
    lua_Integer line = lua_tointeger(L, -1);
    luaL_buffinit(L, &buffer);
    if (placed) {
        lua_pushfstring(L, "%s:%I: ", at[5], (LUAI_UACINT)line);
        luaL_addvalue(&buffer);
    }
    if (at[2]) {
        luaL_addstring(&buffer, at[2]);
        luaL_addstring(&buffer, at[3] ? ":" : ": ");
    }
    if (at[3]) {
        luaL_addstring(&buffer, at[3]);
        luaL_addstring(&buffer, ": ");
    }
    if (at[0]) luaL_addstring(&buffer, at[0]);
    if (at[0] && at[1]) luaL_addstring(&buffer, ": ");
    if (at[1]) luaL_addstring(&buffer, at[1]);
    luaL_pushresult(&buffer);
    return 1;
}

/* [-0, +0, m] */
static void set_metatable(lua_State *L, enum balm_code kind)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_keys[kind]) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 4);
        lua_pushinteger(L, kind);
        lua_rawsetp(L, -2, &kind_key);
        lua_pushcfunction(L, error_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_pushliteral(L, "error");
        lua_setfield(L, -2, "__name");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_keys[kind]);
    }
    lua_setmetatable(L, -2);
}

bool balm_error_place(lua_State *L, char *file, size_t file_size, int *line)
{
    lua_Debug at;

    for (int level = 0; lua_getstack(L, level, &at); level++) {
        lua_getinfo(L, "Sl", &at);
        if (at.currentline <= 0 || at.source[0] != '@') continue;
        (void)snprintf(file, file_size, "%s", at.source + 1);
        *line = at.currentline;
        return true;
    }
    return false;
}

/* [-0, +0, m] */
static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text || !*text) return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* [-0, +0, m] */
static void set_place(lua_State *L)
{
    char file[FILE_MAX];
    int line;

    if (!balm_error_place(L, file, sizeof file, &line)) return;
    set_text(L, "file", file);
    lua_pushinteger(L, line);
    lua_setfield(L, -2, "line");
}

/* The members of a map as fields, but those named in `but` (ends with NULL). [-0, +0, m] */
static void set_members(lua_State *L, struct balm_value map, const char *const *but)
{
    for (size_t i = 0; i < balm_map_len(map); i++) {
        const struct balm_entry *entry = balm_map_at(map, i);
        size_t at = 0;
        while (but[at] && strcmp(but[at], entry->key) != 0) {
            at++;
        }
        if (but[at]) continue;
        balm_lua_push(L, entry->value);
        lua_setfield(L, -2, entry->key);
    }
}

/* The message of an error and, of parameters, the list of all that is wrong with them. [-0, +0, m]
   */
static void set_message(lua_State *L, const struct balm_raise *raise)
{
    size_t count = balm_list_len(raise->problems);
    luaL_Buffer message;

    if (count == 0) {
        lua_pushstring(L, raise->err->message);
        lua_setfield(L, -2, "message");
        return;
    }
    balm_lua_push(L, raise->problems);
    lua_setfield(L, -2, "problems");
    luaL_buffinit(L, &message);
    for (size_t i = 0; i < count; i++) {
        const struct balm_value *problem = balm_list_at(raise->problems, i);
        if (i > 0) luaL_addstring(&message, "; ");
        luaL_addlstring(&message, problem->as.text, problem->len);
    }
    luaL_pushresult(&message);
    lua_setfield(L, -2, "message");
}

void balm_error_push(lua_State *L, const struct balm_raise *raise)
{
    static const char *const wrapping[] = {"Error", "ResponseMetadata", NULL};
    static const char *const told[] = {"Code", "Message", NULL};
    const struct balm_err *err = raise->err;

    luaL_checkstack(L, 8, "too many values for an error");
    lua_createtable(L, 0, 10);
    set_members(L, balm_get(raise->detail, "Error"), told);
    set_members(L, raise->detail, wrapping);
    set_text(L, "code", err->aws_code[0] ? err->aws_code : balm_code_name(err->code));
    set_message(L, raise);
    set_text(L, "service", raise->service);
    set_text(L, "operation", raise->operation);
    set_text(L, "request_id", raise->request_id);
    if (err->http_status) {
        lua_pushinteger(L, err->http_status);
        lua_setfield(L, -2, "status");
    }
    lua_pushboolean(L, err->retryable);
    lua_setfield(L, -2, "retryable");
    set_place(L);
    set_metatable(L, err->code);
}

int balm_error_raise(lua_State *L, const struct balm_err *err)
{
    const struct balm_raise raise = {err, NULL, NULL, NULL, balm_null(), balm_null()};

    balm_error_push(L, &raise);
    return lua_error(L);
}

void balm_error_adopt(lua_State *L)
{
    set_place(L);
    set_metatable(L, BALM_E_SCRIPT);
}

enum balm_code balm_error_kind(lua_State *L, int index)
{
    enum balm_code kind = BALM_OK;

    if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return BALM_OK;
    if (lua_rawgetp(L, -1, &kind_key) == LUA_TNUMBER) {
        kind = (enum balm_code)lua_tointeger(L, -1);
    }
    lua_pop(L, 2);
    return kind;
}

/* The field's value on top of the stack in arena, or null. */
static struct balm_value field(lua_State *L, struct balm_arena *arena)
{
    size_t len;

    if (lua_type(L, -1) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, -1, &len);
        return balm_text_n(arena, text, balm_text_cut(text, len, TEXT_MAX_BYTES));
    }
    if (lua_isinteger(L, -1)) return balm_int(lua_tointeger(L, -1));
    return lua_isboolean(L, -1) ? balm_bool(lua_toboolean(L, -1)) : balm_null();
}

struct balm_value balm_error_detail(lua_State *L, int index, struct balm_arena *arena)
{
    static const char *const names[] = {"code",       "message",   "status", "service", "operation",
                                        "request_id", "retryable", "file",   "line"};
    enum { COUNT = sizeof names / sizeof *names };
    struct balm_value values[COUNT] = {{0}};
    struct balm_value detail = balm_map(arena);

    /* By walking: to ask for a field by its name is to make that name, for which there may be no
       memory left. */
    index = lua_absindex(L, index);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) continue;
        for (size_t i = 0; i < COUNT; i++) {
            if (strcmp(names[i], lua_tostring(L, -2)) == 0) values[i] = field(L, arena);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (!balm_is_null(values[i])) balm_map_set(arena, detail, names[i], values[i]);
    }
    return detail;
}
