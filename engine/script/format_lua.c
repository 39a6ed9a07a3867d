/*
 * format_lua: string.format.
 *
 * As Lua's, but that %p is refused: addresses differ from run to run.
 */
#include "script/sandbox_internal.h"
#include "script/value_lua.h"

#include <ctype.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SPEC_MAX   32  /* "%" flags width "." precision "ll" letter */
#define NUMBER_MAX 512 /* %99.99f of the largest number has 409 characters */

struct spec {
    char text[SPEC_MAX]; /* for printf, without the letter */
    size_t len;
    char letter;
    bool is_plain; /* nothing but the letter */
};

static const char *read_digits(const char *at, const char *end)
{
    for (int i = 0; i < 2 && at < end && isdigit((unsigned char)*at); i++) {
        at++;
    }
    return at;
}

/* Reads the specification behind a %; returns what follows it. */
static const char *read_spec(lua_State *L, struct spec *spec, const char *at, const char *end)
{
    const char *from = at;
    size_t flags = 0;

    while (at < end && *at && strchr("-+#0 ", *at)) {
        at++;
        flags++;
    }
    if (flags > 16) luaL_error(L, "invalid format (repeated flags)");
    at = read_digits(at, end);
    if (at < end && *at == '.') at = read_digits(at + 1, end);
    if (at < end && isdigit((unsigned char)*at)) {
        luaL_error(L, "invalid format (width or precision too long)");
    }
    spec->letter = at < end ? *at : '\0';
    spec->is_plain = at == from;
    spec->text[0] = '%';
    memcpy(spec->text + 1, from, (size_t)(at - from));
    spec->len = 1 + (size_t)(at - from);
    spec->text[spec->len] = '\0';
    return at < end ? at + 1 : end;
}

static void finish_spec(struct spec *spec, const char *letters)
{
    (void)snprintf(spec->text + spec->len, sizeof spec->text - spec->len, "%s%c", letters,
                   spec->letter);
}

/* May the specification have these flags, and a precision? */
static void check_spec(lua_State *L, const struct spec *spec, const char *flags, bool precision)
{
    const char *at = spec->text + 1;
    const char *end = spec->text + spec->len;

    while (at < end && *at && strchr(flags, *at)) {
        at++;
    }
    if (at < end && *at != '0') at = read_digits(at, end);
    if (precision && at < end && *at == '.') at = read_digits(at + 1, end);
    if (at < end) luaL_error(L, "invalid conversion '%s%c' to 'format'", spec->text, spec->letter);
}

static lua_Integer check_integer(lua_State *L, int index)
{
    balm_budget_charge_numeral(L, index);
    return luaL_checkinteger(L, index);
}

/* ---- conversions: each adds the argument at index ---- */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the specification was checked */

static void add_integer(lua_State *L, luaL_Buffer *made, struct spec *spec, int index)
{
    lua_Integer value = check_integer(L, index);
    char *to = luaL_prepbuffsize(made, NUMBER_MAX);

    finish_spec(spec, "ll");
    luaL_addsize(made, (size_t)snprintf(to, NUMBER_MAX, spec->text, (long long)value));
}

static void add_float(lua_State *L, luaL_Buffer *made, struct spec *spec, int index)
{
    lua_Number value;
    char *to = luaL_prepbuffsize(made, NUMBER_MAX);

    balm_budget_charge_numeral(L, index);
    value = luaL_checknumber(L, index);
    finish_spec(spec, "");
    luaL_addsize(made, (size_t)snprintf(to, NUMBER_MAX, spec->text, value));
}

static void add_character(lua_State *L, luaL_Buffer *made, struct spec *spec, int index)
{
    int value = (int)check_integer(L, index);
    char *to = luaL_prepbuffsize(made, NUMBER_MAX);

    finish_spec(spec, "");
    luaL_addsize(made, (size_t)snprintf(to, NUMBER_MAX, spec->text, value));
}

static void add_text(lua_State *L, luaL_Buffer *made, struct spec *spec, int index)
{
    size_t len;
    const char *text = balm_sandbox_tostring(L, index, &len);
    char small[128];

    balm_budget_charge_bytes(L, len);
    luaL_argcheck(L, spec->is_plain || len == strlen(text), index, "string contains zeros");
    if (spec->is_plain || (!strchr(spec->text, '.') && len >= 100)) {
        luaL_addvalue(made);
        return;
    }
    finish_spec(spec, "");
    (void)snprintf(small, sizeof small, spec->text, text);
    lua_pop(L, 1);
    luaL_addstring(made, small);
}

#pragma GCC diagnostic pop

/* ---- %q ---- */

static void add_quoted(lua_State *L, luaL_Buffer *made, int index)
{
    size_t len;
    const char *text = lua_tolstring(L, index, &len);
    char code[8];

    balm_budget_charge(L, len / 4 + 1);
    luaL_addchar(made, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool digit_follows = i + 1 < len && isdigit((unsigned char)text[i + 1]);
        if (c == '"' || c == '\\' || c == '\n') {
            luaL_addchar(made, '\\');
            luaL_addchar(made, (char)c);
        } else if (iscntrl(c)) {
            (void)snprintf(code, sizeof code, digit_follows ? "\\%03d" : "\\%d", c);
            luaL_addstring(made, code);
        } else {
            luaL_addchar(made, (char)c);
        }
    }
    luaL_addchar(made, '"');
}

/* In hexadecimal, so that it reads back as the same float. */
static void float_literal(char out[NUMBER_MAX], lua_Number value)
{
    if (isnan(value))
        (void)snprintf(out, NUMBER_MAX, "(0/0)");
    else if (isinf(value))
        (void)snprintf(out, NUMBER_MAX, value > 0 ? "1e9999" : "-1e9999");
    else
        (void)snprintf(out, NUMBER_MAX, "%a", value);
}

static void add_literal(lua_State *L, luaL_Buffer *made, int index)
{
    char number[NUMBER_MAX];

    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        add_quoted(L, made, index);
        return;
    case LUA_TNUMBER:
        if (!lua_isinteger(L, index)) {
            float_literal(number, lua_tonumber(L, index));
        } else if (lua_tointeger(L, index) == LUA_MININTEGER) {
            (void)snprintf(number, sizeof number, "0x%llx",
                           (unsigned long long)lua_tointeger(L, index));
        } else {
            (void)snprintf(number, sizeof number, "%lld", (long long)lua_tointeger(L, index));
        }
        luaL_addstring(made, number);
        return;
    case LUA_TNIL:
    case LUA_TBOOLEAN:
        (void)balm_sandbox_tostring(L, index, NULL);
        luaL_addvalue(made);
        return;
    default:
        luaL_argerror(L, index, "value has no literal form");
    }
}

/* ---- all together ---- */

static void add_converted(lua_State *L, luaL_Buffer *made, struct spec *spec, int index)
{
    switch (spec->letter) {
    case 'c':
        check_spec(L, spec, "-", false);
        add_character(L, made, spec, index);
        return;
    case 'd':
    case 'i':
        check_spec(L, spec, "-+0 ", true);
        add_integer(L, made, spec, index);
        return;
    case 'u':
        check_spec(L, spec, "-0", true);
        add_integer(L, made, spec, index);
        return;
    case 'o':
    case 'x':
    case 'X':
        check_spec(L, spec, "-#0", true);
        add_integer(L, made, spec, index);
        return;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
        check_spec(L, spec, "-+#0 ", true);
        add_float(L, made, spec, index);
        return;
    case 's':
        check_spec(L, spec, "-", true);
        add_text(L, made, spec, index);
        return;
    case 'q':
        if (!spec->is_plain) luaL_error(L, "specifier '%%q' cannot have modifiers");
        add_literal(L, made, index);
        return;
    default:
        luaL_error(L, "invalid conversion '%s%c' to 'format'", spec->text, spec->letter);
    }
}

/* A text that shows what is not known yet is not known itself: then what comes before an unknown
   is kept at index total, and joined there. */
static bool has_unknown(lua_State *L, int count)
{
    for (int i = 2; i <= count; i++) {
        if (balm_lua_unknown(L, i)) return true;
    }
    return false;
}

/* Joins what was made to the value at total. [-?, +0, e] */
static void join_made(lua_State *L, luaL_Buffer *made, int total)
{
    luaL_pushresult(made);
    lua_pushvalue(L, total);
    lua_insert(L, -2);
    lua_concat(L, 2);
    lua_replace(L, total);
}

static void join_unknown(lua_State *L, luaL_Buffer *made, const struct spec *spec, int total,
                         int index)
{
    /* Only %s leaves it as it is; what else there could be made of it cannot be told. */
    if (!spec->is_plain || spec->letter != 's') balm_sandbox_of(L)->met_unknown = true;
    join_made(L, made, total);
    lua_pushvalue(L, total);
    lua_pushvalue(L, index);
    lua_concat(L, 2);
    lua_replace(L, total);
    luaL_buffinit(L, made);
}

int balm_string_format(lua_State *L)
{
    int count = lua_gettop(L);
    int index = 1;
    int total = 0; /* where the parts of an unknown are joined; 0: nothing is unknown */
    size_t len;
    const char *at = luaL_checklstring(L, 1, &len);
    const char *end = at + len;
    luaL_Buffer made;

    balm_budget_charge(L, len / 4 + (uint64_t)count);
    if (has_unknown(L, count)) {
        lua_pushliteral(L, "");
        total = count + 1;
    }
    luaL_buffinit(L, &made);
    while (at < end) {
        struct spec spec;
        const char *sign = memchr(at, '%', (size_t)(end - at));
        if (!sign) sign = end;
        luaL_addlstring(&made, at, (size_t)(sign - at));
        if (sign == end) break;
        at = sign + 1;
        if (at < end && *at == '%') {
            luaL_addchar(&made, '%');
            at++;
            continue;
        }
        if (++index > count) return luaL_argerror(L, index, "no value");
        at = read_spec(L, &spec, at, end);
        if (total && balm_lua_unknown(L, index)) {
            join_unknown(L, &made, &spec, total, index);
        } else {
            add_converted(L, &made, &spec, index);
        }
    }
    if (total) {
        join_made(L, &made, total);
        return 1; /* it is on top */
    }
    luaL_pushresult(&made);
    return 1;
}
