/*
 * string_lua: the string library. Lua's own, but each loop pays for its length.
 */
#include "script/sandbox_internal.h"
#include "script/value_lua.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

/* ---- positions ---- */

/* The place of a start position, from 1, as Lua counts it: from the end when negative. */
static size_t start_place(lua_Integer at, size_t len)
{
    if (at > 0) return (size_t)at;
    if (at == 0 || at < -(lua_Integer)len) return 1;
    return len + (size_t)at + 1;
}

static size_t end_place(lua_Integer at, size_t len)
{
    if (at > (lua_Integer)len) return len;
    if (at >= 0) return (size_t)at;
    if (at < -(lua_Integer)len) return 0;
    return len + (size_t)at + 1;
}

static int sub(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    size_t from = start_place(luaL_checkinteger(L, 2), len);
    size_t to = end_place(luaL_optinteger(L, 3, -1), len);

    if (from > to) {
        lua_pushliteral(L, "");
        return 1;
    }
    balm_budget_charge_bytes(L, to - from + 1);
    lua_pushlstring(L, text + from - 1, to - from + 1);
    return 1;
}

static int byte(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    size_t from = start_place(first, len);
    size_t to = end_place(luaL_optinteger(L, 3, (lua_Integer)from), len);

    if (from > to) return 0;
    luaL_argcheck(L, to - from < 1000000, 3, "string slice too long");
    balm_budget_charge(L, to - from + 1);
    luaL_checkstack(L, (int)(to - from + 1), "string slice too long");
    for (size_t i = from; i <= to; i++) {
        lua_pushinteger(L, (unsigned char)text[i - 1]);
    }
    return (int)(to - from + 1);
}

static int characters(lua_State *L)
{
    int count = lua_gettop(L);
    luaL_Buffer made;
    char *to;

    to = luaL_buffinitsize(L, &made, (size_t)count);
    for (int i = 1; i <= count; i++) {
        lua_Integer code;
        balm_budget_charge_numeral(L, i);
        code = luaL_checkinteger(L, i);
        luaL_argcheck(L, code >= 0 && code <= 255, i, "value out of range");
        to[i - 1] = (char)(unsigned char)code;
    }
    luaL_pushresultsize(&made, (size_t)count);
    return 1;
}

static int length(lua_State *L)
{
    size_t len;

    (void)luaL_checklstring(L, 1, &len);
    lua_pushinteger(L, (lua_Integer)len);
    return 1;
}

/* ---- one character for one ---- */

static int changed(lua_State *L, int (*change)(int))
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    luaL_Buffer made;
    char *to;

    balm_budget_charge(L, len / 4 + 1);
    to = luaL_buffinitsize(L, &made, len);
    for (size_t i = 0; i < len; i++) {
        to[i] = (char)change((unsigned char)text[i]);
    }
    luaL_pushresultsize(&made, len);
    return 1;
}

static int lower(lua_State *L)
{
    return changed(L, tolower);
}

static int upper(lua_State *L)
{
    return changed(L, toupper);
}

static int reverse(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    luaL_Buffer made;
    char *to;

    balm_budget_charge(L, len / 4 + 1);
    to = luaL_buffinitsize(L, &made, len);
    for (size_t i = 0; i < len; i++) {
        to[i] = text[len - 1 - i];
    }
    luaL_pushresultsize(&made, len);
    return 1;
}

/* ---- rep ---- */

/* Copies what stands already, so that short texts take no more steps than long ones. */
static void repeat_into(char *to, size_t unit, size_t whole)
{
    size_t done = unit;

    while (done < whole) {
        size_t more = done < whole - done ? done : whole - done;
        memcpy(to + done, to, more);
        done += more;
    }
}

static int rep(lua_State *L)
{
    size_t len;
    size_t between_len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &between_len);
    size_t unit = len + between_len;
    size_t whole;
    luaL_Buffer made;
    char *to;

    if (count <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (unit < len || unit > (size_t)(LUA_MAXINTEGER / count)) {
        return luaL_error(L, "resulting string too large");
    }
    whole = unit * (size_t)count - between_len;
    balm_budget_charge_bytes(L, whole);
    to = luaL_buffinitsize(L, &made, whole + between_len);
    if (len) memcpy(to, text, len);
    if (between_len) memcpy(to + len, between, between_len);
    repeat_into(to, unit, whole + between_len);
    luaL_pushresultsize(&made, whole);
    return 1;
}

/* ---- the library ---- */

static const luaL_Reg functions[] = {
    {"byte", byte},   {"char", characters}, {"format", balm_string_format}, {"len", length},
    {"lower", lower}, {"rep", rep},         {"reverse", reverse},           {"sub", sub},
    {"upper", upper}, {NULL, NULL}};

int balm_open_string(lua_State *L)
{
    lua_createtable(L, 0, 16);
    luaL_setfuncs(L, functions, 0);
    balm_open_patterns(L);
    return 1;
}

/* ---- strings as operands and objects ---- */

/* Pushes the operand as a number; false for what is none. */
static bool push_number(lua_State *L, int index)
{
    size_t len;
    const char *text;

    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_pushvalue(L, index);
        return true;
    }
    text = lua_tolstring(L, index, &len);
    balm_budget_charge_bytes(L, text ? len : 0);
    return text && lua_stringtonumber(L, text) == len + 1;
}

/* Strings that read as numbers compute as numbers do; else the other operand may know how. */
static int compute(lua_State *L, int operation, const char *event)
{
    if (push_number(L, 1) && push_number(L, 2)) {
        lua_arith(L, operation);
        return 1;
    }
    lua_settop(L, 2);
    if (lua_type(L, 2) == LUA_TSTRING || !luaL_getmetafield(L, 2, event)) {
        return luaL_error(
            L, "attempt to perform arithmetic on a %s value",
            luaL_typename(L,
                          lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) != LUA_TSTRING ? 2 : 1));
    }
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

#define OPERATION(name, operation, event)                                                          \
    static int name(lua_State *L)                                                                  \
    {                                                                                              \
        return compute(L, operation, event);                                                       \
    }

OPERATION(add, LUA_OPADD, "__add")
OPERATION(subtract, LUA_OPSUB, "__sub")
OPERATION(multiply, LUA_OPMUL, "__mul")
OPERATION(divide, LUA_OPDIV, "__div")
OPERATION(modulo, LUA_OPMOD, "__mod")
OPERATION(power, LUA_OPPOW, "__pow")
OPERATION(floor_divide, LUA_OPIDIV, "__idiv")
OPERATION(negate, LUA_OPUNM, "__unm")

/* __index of strings until the first method is called: [1] the string, [2] the method's name. */
static int first_method(lua_State *L)
{
    (void)balm_push_preloaded(L, "string");
    (void)lua_getmetatable(L, 1);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, 2);
    lua_gettable(L, -3);
    return 1;
}

static const luaL_Reg meta[] = {{"__add", add},
                                {"__sub", subtract},
                                {"__mul", multiply},
                                {"__div", divide},
                                {"__mod", modulo},
                                {"__pow", power},
                                {"__idiv", floor_divide},
                                {"__unm", negate},
                                {"__index", first_method},
                                {NULL, NULL}};

void balm_open_string_methods(lua_State *L)
{
    lua_pushliteral(L, "");
    luaL_newlib(L, meta);
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}
