/*
 * system_lua: math, utf8 and os, as far as a script may have them.
 *
 * The clock is in UTC, whatever the machine's time zone; random numbers are the same in every run.
 */
#include "core/clock.h"
#include "core/time.h"
#include "script/sandbox_internal.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>
#include <time.h>

/* ---- Lua's own functions, charged ---- */

/* A text may stand for a number, and be as long as one likes. */
void balm_charge_arguments(lua_State *L)
{
    int count = lua_gettop(L);

    for (int i = 1; i <= count; i++) {
        balm_budget_charge_numeral(L, i);
    }
}

/* Upvalue 1: the function, which has no upvalues. */
static int charged(lua_State *L)
{
    balm_charge_arguments(L);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Puts charged() in front of functions of the library on top of the stack. */
static void charge_functions(lua_State *L, const char *const *names)
{
    for (const char *const *name = names; *name; name++) {
        lua_getfield(L, -1, *name);
        lua_pushcclosure(L, charged, 1);
        lua_setfield(L, -2, *name);
    }
}

/* ---- math ---- */

/* Upvalue 1: Lua's own, which without a seed takes one from the time and an address. */
static int seed_random(lua_State *L)
{
    if (lua_gettop(L) == 0) lua_pushinteger(L, 0);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 0);
    return 0;
}

int balm_open_math(lua_State *L)
{
    static const char *const read_all[] = {"max", "min", NULL};

    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    charge_functions(L, read_all);
    lua_getfield(L, -1, "randomseed");
    lua_pushcclosure(L, seed_random, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "randomseed");
    lua_call(L, 0, 0);
    return 1;
}

/* ---- utf8 ---- */

int balm_open_utf8(lua_State *L)
{
    static const char *const read[] = {"char", "codepoint", "len", "offset", NULL};

    lua_pushcfunction(L, luaopen_utf8);
    lua_call(L, 0, 1);
    charge_functions(L, read);
    return 1;
}

/* ---- os ---- */

static int64_t now_s(lua_State *L)
{
    int64_t now = balm_sandbox_of(L)->now;

    return (now ? now : balm_clock_now()) / 1000000;
}

static int os_clock(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)balm_clock_cpu() / 1e9);
    return 1;
}

static int read_field(lua_State *L, const char *name, lua_Integer otherwise, lua_Integer offset)
{
    int is_integer;
    lua_Integer value;

    lua_getfield(L, 1, name);
    value = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer) {
        if (!lua_isnil(L, -1)) luaL_error(L, "field '%s' is not an integer", name);
        if (otherwise < 0) luaL_error(L, "field '%s' missing in date table", name);
        value = otherwise;
    }
    if (value < -1000000000 || value > 1000000000) {
        luaL_error(L, "field '%s' is out-of-bound", name);
    }
    lua_pop(L, 1);
    return (int)(value - offset);
}

/* time() is now; time{year=, month=, day=, hour=, min=, sec=} a time in UTC. */
static int os_time(lua_State *L)
{
    struct tm fields = {0};

    if (lua_isnoneornil(L, 1)) {
        lua_pushinteger(L, now_s(L));
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    fields.tm_year = read_field(L, "year", -1, 1900);
    fields.tm_mon = read_field(L, "month", -1, 1);
    fields.tm_mday = read_field(L, "day", -1, 0);
    fields.tm_hour = read_field(L, "hour", 12, 0);
    fields.tm_min = read_field(L, "min", 0, 0);
    fields.tm_sec = read_field(L, "sec", 0, 0);
    lua_pushinteger(L, (lua_Integer)timegm(&fields));
    return 1;
}

static void push_fields(lua_State *L, const struct tm *fields)
{
    const struct {
        const char *name;
        int value;
    } all[] = {{"year", fields->tm_year + 1900}, {"month", fields->tm_mon + 1},
               {"day", fields->tm_mday},         {"hour", fields->tm_hour},
               {"min", fields->tm_min},          {"sec", fields->tm_sec},
               {"yday", fields->tm_yday + 1},    {"wday", fields->tm_wday + 1}};

    lua_createtable(L, 0, 9);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        lua_pushinteger(L, all[i].value);
        lua_setfield(L, -2, all[i].name);
    }
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "isdst");
}

/* Adds what one % and its letter stand for. Only letters that strftime knows in every C library. */
static void add_field(lua_State *L, luaL_Buffer *made, const struct tm *fields, char letter)
{
    char format[3] = {'%', letter, '\0'};
    char text[128];

    balm_budget_charge(L, 20);
    if (!letter || !strchr("aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%", letter)) {
        luaL_error(L, "invalid conversion specifier '%%%c'", letter);
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the letter was checked */
    luaL_addlstring(made, text, strftime(text, sizeof text, format, fields));
#pragma GCC diagnostic pop
}

static int os_date(lua_State *L)
{
    size_t len;
    const char *at = luaL_optlstring(L, 1, "%c", &len);
    const char *end = at + len;
    time_t when = (time_t)luaL_optinteger(L, 2, now_s(L));
    struct tm fields;
    luaL_Buffer made;

    balm_budget_charge(L, len + 1);
    if (at < end && *at == '!') at++; /* UTC: it always is */
    if (!gmtime_r(&when, &fields)) return luaL_error(L, "the time is out of range");
    if (end - at >= 2 && memcmp(at, "*t", 2) == 0) {
        push_fields(L, &fields);
        return 1;
    }
    luaL_buffinit(L, &made);
    for (; at < end; at++) {
        if (*at != '%') {
            luaL_addchar(&made, *at);
        } else {
            at++;
            add_field(L, &made, &fields, at < end ? *at : '\0');
        }
    }
    luaL_pushresult(&made);
    return 1;
}

static const luaL_Reg os_functions[] = {
    {"clock", os_clock}, {"date", os_date}, {"time", os_time}, {NULL, NULL}};

int balm_open_os(lua_State *L)
{
    luaL_newlib(L, os_functions);
    return 1;
}
