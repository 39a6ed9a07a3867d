/*
 * json_lua: json.encode and json.decode.
 *
 * Over Balm's own JSON, because what a script makes must be the same in every run and must
 * survive: keys are sorted, integers keep
 * their digits, lists stay lists, and nothing leaks when the memory cap ends the script. (lua-
 * cjson prints in hash order with 14
 * digits, reads every number as a float, and loses its buffer; the tests hold it against this.)
 */
#include "core/json.h"
#include "script/sandbox_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)64 << 20)

/* Holds what the C side needs, so that an error of Lua's releases it. */
struct box {
    struct balm_arena arena;
    struct balm_buf text;
};

static const char box_meta;

static int box_close(lua_State *L)
{
    struct box *box = lua_touserdata(L, 1);

    balm_arena_free(&box->arena);
    balm_buf_free(&box->text);
    return 0;
}

static struct box *push_box(lua_State *L)
{
    struct box *box = lua_newuserdatauv(L, sizeof *box, 0);

    balm_sandbox_holds(L);
    /* A number takes half as much again as it does in Lua. */
    balm_arena_init(&box->arena, 2 * balm_sandbox_of(L)->limits.memory);
    balm_buf_init(&box->text, TEXT_MAX);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &box_meta) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, box_close);
        lua_setfield(L, -2, "__gc");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &box_meta);
    }
    lua_setmetatable(L, -2);
    return box;
}

/* The collector sees a small box: what it holds is given back as soon as it has served. */
static int done(struct box *box)
{
    balm_arena_free(&box->arena);
    balm_buf_free(&box->text);
    return 1;
}

static int raise(lua_State *L, struct box *box, const struct balm_err *err)
{
    (void)done(box);
    return luaL_error(L, "%s", err->message);
}

/* Pushes marked text: an unknown where it has any, which tells how it is made. [-0, +1, e] */
static void push_marked(lua_State *L, const char *text, size_t len)
{
    const char *end = text + len;

    lua_pushlstring(L, text, strcspn(text, BALM_JSON_MARK));
    for (const char *mark = memchr(text, BALM_JSON_MARK[0], len); mark;
         mark = memchr(text, BALM_JSON_MARK[0], (size_t)(end - text))) {
        size_t source_len = strcspn(++mark, BALM_JSON_MARK_END);
        lua_pushliteral(L, "json(");
        lua_pushlstring(L, mark, source_len);
        lua_pushliteral(L, ")");
        lua_concat(L, 3);
        balm_lua_push_unknown(L, lua_tostring(L, -1));
        lua_remove(L, -2);
        lua_concat(L, 2);
        text = mark + source_len + 1;
        lua_pushlstring(L, text, strcspn(text, BALM_JSON_MARK));
        lua_concat(L, 2);
    }
}

static int encode(lua_State *L)
{
    struct box *box;
    struct balm_value value;
    struct balm_err err;

    luaL_checkany(L, 1);
    box = push_box(L);
    if (balm_lua_value(L, 1, BALM_LUA_STRICT, &box->arena, &value, &err)) {
        return raise(L, box, &err);
    }
    (void)balm_json_print(&box->text, value, BALM_JSON_MARKED | BALM_JSON_SECRETS);
    if (balm_buf_status(&box->text, "JSON", &err)) return raise(L, box, &err);
    balm_budget_charge(L, box->text.len / 4);
    push_marked(L, box->text.bytes, box->text.len);
    return done(box);
}

static int decode(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct box *box;
    struct balm_value value;
    struct balm_err err;

    balm_budget_charge(L, len / 2 + 1);
    box = push_box(L);
    if (balm_json_parse(&box->arena, text, len, &value, &err)) return raise(L, box, &err);
    balm_lua_push(L, value);
    return done(box);
}

static const luaL_Reg functions[] = {{"decode", decode}, {"encode", encode}, {NULL, NULL}};

int balm_open_json(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
