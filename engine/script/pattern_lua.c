/*
 * pattern_lua: find, match, gmatch and gsub over pattern.
 */
#include "script/pattern.h"
#include "script/sandbox_internal.h"

#include <lauxlib.h>
#include <string.h>

static void pay(void *owner, uint64_t steps)
{
    balm_budget_charge(owner, steps);
}

static void fail(void *owner, const char *message)
{
    luaL_error(owner, "%s", message);
}

/* Borrows subject and pattern, which stand on the stack or in upvalues. */
static void start(struct balm_pattern *m, lua_State *L, int subject, int pattern)
{
    size_t len;

    m->subject = lua_tolstring(L, subject, &len);
    m->subject_end = m->subject + len;
    m->pattern = lua_tolstring(L, pattern, &len);
    m->pattern_end = m->pattern + len;
    m->capture_count = 0;
    m->owner = L;
    m->pay = pay;
    m->fail = fail;
    m->unpaid = 0;
    m->depth = 0;
}

static bool take_anchor(struct balm_pattern *m)
{
    if (m->pattern == m->pattern_end || *m->pattern != '^') return false;
    m->pattern++;
    return true;
}

/* ---- captures ---- */

static void push_capture(lua_State *L, const struct balm_pattern *m, int i, const char *at,
                         const char *end)
{
    const struct balm_capture *capture = &m->captures[i];

    if (i >= m->capture_count) {
        if (i > 0) luaL_error(L, "invalid capture index %%%d", i + 1);
        balm_budget_charge_bytes(L, (size_t)(end - at));
        lua_pushlstring(L, at, (size_t)(end - at));
    } else if (capture->len == BALM_CAPTURE_POSITION) {
        lua_pushinteger(L, capture->start - m->subject + 1);
    } else if (capture->len == BALM_CAPTURE_OPEN) {
        luaL_error(L, "unfinished capture");
    } else {
        balm_budget_charge_bytes(L, (size_t)capture->len);
        lua_pushlstring(L, capture->start, (size_t)capture->len);
    }
}

/* The captures; where there are none the whole match, if there is one (at is not NULL). */
static int push_captures(lua_State *L, const struct balm_pattern *m, const char *at,
                         const char *end)
{
    int count = m->capture_count == 0 && at ? 1 : m->capture_count;

    luaL_checkstack(L, count, "too many captures");
    for (int i = 0; i < count; i++) {
        push_capture(L, m, i, at, end);
    }
    return count;
}

/* ---- find and match ---- */

/* A start position as an offset; past the end: nothing can be found there. */
static size_t check_offset(lua_State *L, int index, size_t len)
{
    lua_Integer at = luaL_optinteger(L, index, 1);

    if (at > 0) return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)len) return 0;
    return len + (size_t)at;
}

static int find_plain(lua_State *L, size_t offset)
{
    size_t len;
    size_t wanted_len;
    const char *text = lua_tolstring(L, 1, &len);
    const char *wanted = lua_tolstring(L, 2, &wanted_len);
    const char *found;

    balm_budget_charge(L, (len - offset + wanted_len) / 8 + 1);
    found = wanted_len ? memmem(text + offset, len - offset, wanted, wanted_len) : text + offset;
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - text + 1);
    lua_pushinteger(L, found - text + (lua_Integer)wanted_len);
    return 2;
}

static bool is_plain(lua_State *L, int index)
{
    size_t len;
    const char *pattern = lua_tolstring(L, index, &len);

    for (size_t i = 0; i < len; i++) {
        if (pattern[i] && strchr("^$*+?.([%-", pattern[i])) return false;
    }
    return true;
}

static int find_or_match(lua_State *L, bool find)
{
    struct balm_pattern m;
    size_t len;
    size_t offset;
    bool anchored;
    const char *at;

    (void)luaL_checklstring(L, 1, &len);
    (void)luaL_checkstring(L, 2);
    offset = check_offset(L, 3, len);
    if (offset > len) {
        lua_pushnil(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || is_plain(L, 2))) return find_plain(L, offset);
    start(&m, L, 1, 2);
    anchored = take_anchor(&m);
    for (at = m.subject + offset; at <= m.subject_end; at++) {
        const char *end = balm_pattern_match(&m, at);
        if (end && !find) return push_captures(L, &m, at, end);
        if (end) {
            lua_pushinteger(L, at - m.subject + 1);
            lua_pushinteger(L, end - m.subject);
            return push_captures(L, &m, NULL, NULL) + 2;
        }
        if (anchored) break;
    }
    balm_budget_charge(L, m.unpaid);
    lua_pushnil(L);
    return 1;
}

static int find(lua_State *L)
{
    return find_or_match(L, true);
}

static int match(lua_State *L)
{
    return find_or_match(L, false);
}

/* ---- gmatch ---- */

/* Upvalues: 1 the subject, 2 the pattern, 3 where to go on, 4 where the last match ended or -1. */
static int next_match(lua_State *L)
{
    struct balm_pattern m;
    lua_Integer from = lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));

    start(&m, L, lua_upvalueindex(1), lua_upvalueindex(2));
    for (; from <= m.subject_end - m.subject; from++) {
        const char *at = m.subject + from;
        const char *end = balm_pattern_match(&m, at);
        if (!end || end - m.subject == last) continue;
        lua_pushinteger(L, end - m.subject);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        balm_budget_charge(L, m.unpaid);
        return push_captures(L, &m, at, end);
    }
    return 0;
}

static int gmatch(lua_State *L)
{
    size_t len;
    size_t offset;

    (void)luaL_checklstring(L, 1, &len);
    (void)luaL_checkstring(L, 2);
    offset = check_offset(L, 3, len);
    if (offset > len) offset = len + 1;
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)offset);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

static void add(lua_State *L, luaL_Buffer *made, const char *text, size_t len)
{
    balm_budget_charge_bytes(L, len);
    luaL_addlstring(made, text, len);
}

/* Adds the replacement text at index 3, its %0 ... %9 filled in. */
static void add_template(struct balm_pattern *m, luaL_Buffer *made, const char *at, const char *end)
{
    lua_State *L = m->owner;
    size_t len;
    const char *text = lua_tolstring(L, 3, &len);
    const char *text_end = text + len;
    const char *sign;

    for (; (sign = memchr(text, '%', (size_t)(text_end - text))); text = sign + 2) {
        char c = sign + 1 < text_end ? sign[1] : '\0';
        add(L, made, text, (size_t)(sign - text));
        if (c == '%') {
            luaL_addchar(made, '%');
        } else if (c == '0') {
            add(L, made, at, (size_t)(end - at));
        } else if (c >= '1' && c <= '9') {
            push_capture(L, m, c - '1', at, end);
            luaL_addvalue(made);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
    add(L, made, text, (size_t)(text_end - text));
}

/* Pushes what the function or table at index 3 gives for the match. */
static void push_replacement(struct balm_pattern *m, const char *at, const char *end)
{
    lua_State *L = m->owner;

    if (lua_type(L, 3) == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, m, at, end), 1);
    } else {
        push_capture(L, m, 0, at, end);
        lua_gettable(L, 3);
    }
}

static void add_replacement(struct balm_pattern *m, luaL_Buffer *made, const char *at,
                            const char *end)
{
    lua_State *L = m->owner;

    if (lua_type(L, 3) == LUA_TSTRING || lua_type(L, 3) == LUA_TNUMBER) {
        add_template(m, made, at, end);
        return;
    }
    push_replacement(m, at, end);
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        add(L, made, at, (size_t)(end - at));
    } else if (lua_isstring(L, -1)) {
        balm_budget_charge_bytes(L, lua_rawlen(L, -1));
        luaL_addvalue(made);
    } else {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
}

static void check_replacement(lua_State *L)
{
    int type = lua_type(L, 3);

    if (type == LUA_TNUMBER) (void)lua_tostring(L, 3);
    if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TTABLE && type != LUA_TFUNCTION) {
        luaL_typeerror(L, 3, "string/function/table");
    }
}

static int gsub(lua_State *L)
{
    struct balm_pattern m;
    luaL_Buffer made;
    size_t len;
    lua_Integer most;
    lua_Integer count = 0;
    bool anchored;
    const char *at;
    const char *last = NULL;

    (void)luaL_checklstring(L, 1, &len);
    (void)luaL_checkstring(L, 2);
    check_replacement(L);
    most = luaL_optinteger(L, 4, (lua_Integer)len + 1);
    lua_settop(L, 3);
    start(&m, L, 1, 2);
    anchored = take_anchor(&m);
    luaL_buffinit(L, &made);
    for (at = m.subject; count < most;) {
        const char *end = balm_pattern_match(&m, at);
        if (end && end != last) {
            count++;
            add_replacement(&m, &made, at, end);
            at = last = end;
        } else if (at < m.subject_end) {
            luaL_addchar(&made, *at);
            at++;
        } else {
            break;
        }
        if (anchored) break;
    }
    add(L, &made, at, (size_t)(m.subject_end - at));
    balm_budget_charge(L, m.unpaid);
    luaL_pushresult(&made);
    lua_pushinteger(L, count);
    return 2;
}

static const luaL_Reg functions[] = {
    {"find", find}, {"gmatch", gmatch}, {"gsub", gsub}, {"match", match}, {NULL, NULL}};

void balm_open_patterns(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
