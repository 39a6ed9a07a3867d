/*
 * evaluate: Lua files that are data (balm.lua, specs), and trusted Lua that the engine calls
 * (event adapters).
 */
#ifndef BALM_SCRIPT_EVALUATE_H
#define BALM_SCRIPT_EVALUATE_H

#include "core/value.h"
#include "script/limits.h"

/*
 * Runs text (named path in errors) in the sandbox, with no AWS and no require, and gives what it
 * returns as a value. Functions and cycles are refused,
 * naming the key. A table with only 1..n is a list, else a map; one with both kinds of key becomes
 * a map whose positional items
 * stand under their numbers as text ("1", "2": a spec's cases).
 */
enum balm_code balm_evaluate(struct balm_arena *arena, const char *path, const char *text,
                             size_t len, const struct balm_limits *limits, struct balm_value *out,
                             struct balm_err *err);

/*
 * A Lua state that stays, for the engine's own modules in lua/: sandboxed as scripts are (no AWS),
 * but trusted (balm_sandbox_trust()), and not thrown away between calls.
 */
struct balm_lua_host;
enum balm_code balm_lua_host_new(struct balm_lua_host **out, const char *lua_dir,
                                 struct balm_err *err);
void balm_lua_host_release(struct balm_lua_host *host);
/* Calls module.function(argument...) and gives its results (at most 4) as a list; module is
   required on first use ("events.panther" is lua/events/panther.lua).
   An error of the Lua code is BALM_E_INPUT with its message (file and line taken off when raised
   with level 0). */
enum balm_code balm_lua_host_call(struct balm_lua_host *host, const char *module,
                                  const char *function, const struct balm_value *arguments,
                                  size_t argument_count, struct balm_arena *arena,
                                  struct balm_value *results, struct balm_err *err);

#endif
