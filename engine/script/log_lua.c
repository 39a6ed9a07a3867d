/*
 * log_lua: log.info(...), log.warn(...), log.debug(...): lines in the run's own record.
 */
#include "script/aws_lua.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"
#include "script/instance_internal.h"
#include "script/value_lua.h"

#include <lauxlib.h>

#define LINE_MAX_BYTES 4096                /* of one line; the rest is cut off */
#define LINES_MAX      500                 /* of one run */
#define BYTES_MAX      ((size_t)128 << 10) /* of one run */

static void keep(struct balm_instance *instance, enum balm_log_level level, const char *text,
                 size_t len)
{
    struct balm_arena *arena = &instance->arena;
    struct balm_value line = balm_map(arena);
    int64_t ms = (balm_clock_mono() - instance->started) / 1000000;

    balm_map_set(arena, line, "level", balm_string(balm_log_level_name(level)));
    balm_map_set(arena, line, "message", balm_text_n(arena, text, len));
    balm_map_set(arena, line, "ms", balm_int(ms));
    balm_list_push(arena, instance->log, line);
    instance->log_bytes += len;
}

static void add(struct balm_instance *instance, enum balm_log_level level, const char *text,
                size_t len)
{
    static const char full[] = "further lines of this run are dropped";

    if (instance->log_is_full) return;
    if (balm_list_len(instance->log) >= LINES_MAX || instance->log_bytes + len > BYTES_MAX) {
        instance->log_is_full = true;
        keep(instance, BALM_LOG_WARN, full, sizeof full - 1);
        return;
    }
    keep(instance, level, text, len);
    balm_log(instance->logger, level, "%s: %.*s", instance->run, (int)len, text);
}

/* Pushes the text of the argument at index: of a plain table its JSON. [-0, +1, e] */
static const char *text_of(lua_State *L, struct balm_instance *instance, int index, size_t *len)
{
    struct balm_buf json = BALM_BUF_INIT(LINE_MAX_BYTES);
    struct balm_value value = balm_null();
    struct balm_err err;

    bool is_plain = lua_istable(L, index) && !lua_getmetatable(L, index);
    if (lua_istable(L, index) && !is_plain) {
        is_plain = balm_lua_is_list(L, index);
        lua_pop(L, 1);
    }
    balm_arena_reset(&instance->scratch);
    if (!is_plain || balm_lua_value(L, index, BALM_LUA_MIXED, &instance->scratch, &value, &err)) {
        return balm_sandbox_tostring(L, index, len);
    }
    (void)balm_json_print(&json, value, BALM_JSON_SORTED); /* what is too long is cut */
    char *text = balm_arena_copy(&instance->scratch, json.bytes, json.len);
    *len = json.len;
    balm_buf_free(&json);
    lua_pushlstring(L, text ? text : "", text ? *len : 0);
    return lua_tostring(L, -1);
}

static int log_line(lua_State *L, enum balm_log_level level)
{
    struct balm_instance *instance = balm_instance_of(L, "log");
    int count = lua_gettop(L);
    luaL_Buffer line;
    size_t len;

    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1) luaL_addchar(&line, ' ');
        balm_budget_charge(L, 1); /* what the argument before cost is settled here */
        (void)text_of(L, instance, i, &len);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    const char *text = lua_tolstring(L, -1, &len);
    add(instance, level, text, balm_text_cut(text, len, LINE_MAX_BYTES));
    return 0;
}

static int log_debug(lua_State *L)
{
    return log_line(L, BALM_LOG_DEBUG);
}

static int log_info(lua_State *L)
{
    return log_line(L, BALM_LOG_INFO);
}

static int log_warn(lua_State *L)
{
    return log_line(L, BALM_LOG_WARN);
}

int balm_log_lua_open(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"debug", log_debug}, {"info", log_info}, {"warn", log_warn}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}
