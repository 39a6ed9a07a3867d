/*
 * value_lua: values as Lua sees them, and back.
 *
 *     null     aws.null, a light userdata that is NULL
 *     time     text in ISO 8601
 *     bytes    a string
 *     list     a table with the list's mark, so that an empty one stays a list
 *     map      a plain table
 *     unknown  a userdata that prints "(known after apply)"
 *
 * An unknown keeps its source through `..`, string.format, table.concat, tostring, tonumber and
 * json.encode; computing with it, ordering, calling and indexing it raise.
 */
#ifndef BALM_SCRIPT_VALUE_LUA_H
#define BALM_SCRIPT_VALUE_LUA_H

#include "core/value.h"

#include <lua.h>

/* Pushes value, charged to the budget. [-0, +1, e] */
void balm_lua_push(lua_State *L, struct balm_value value);

enum balm_lua_style {
    BALM_LUA_STRICT = 0,
    /* A table with positions and names becomes a map whose positions are text ("1"); so does one
       with holes. */
    BALM_LUA_MIXED = 1
};

/*
 * The value at index, its texts copied into arena, maps sorted by key. A table of 1..n, or with the
 * list's mark, is a list, any other a map (an empty one without the mark too). Refused with
 * BALM_E_SCRIPT and the path ("Tags[2].Value: ..."): functions, foreign userdata, cycles, what is
 * nested deeper than 100, holes, keys that are no text, mixtures. Never raises; what it costs is
 * settled with the next charge. [-0, +0, -]
 */
enum balm_code balm_lua_value(lua_State *L, int index, enum balm_lua_style style,
                              struct balm_arena *arena, struct balm_value *out,
                              struct balm_err *err);

void balm_lua_push_null(lua_State *L);            /* [-0, +1, -] */
bool balm_lua_is_null(lua_State *L, int index);   /* aws.null, not nil */
void balm_lua_mark_list(lua_State *L, int index); /* the table at index is a list. [-0, +0, m] */
bool balm_lua_is_list(lua_State *L, int index);   /* has the mark */
void balm_lua_push_unknown(lua_State *L, const char *source); /* [-0, +1, m] */
/* The source of the unknown at index; NULL where there is none. */
const char *balm_lua_unknown(lua_State *L, int index);
/* Did Lua code compute with an unknown, so that it raised? Since the state was made. */
bool balm_lua_met_unknown(lua_State *L);

#endif
