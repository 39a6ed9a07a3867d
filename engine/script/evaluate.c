#include "script/evaluate.h"

#include "script/sandbox.h"
#include "script/value_lua.h"

#include <string.h>

struct evaluation {
    struct balm_lua_chunk chunk;
    struct balm_arena *arena;
    struct balm_value *out;
    struct balm_err *err;
    enum balm_code code;
};

/* Stack: [1] the evaluation. */
static int evaluate(lua_State *L)
{
    struct evaluation *evaluation = lua_touserdata(L, 1);

    balm_sandbox_load(L, &evaluation->chunk);
    lua_call(L, 0, 1);
    evaluation->code =
        balm_lua_value(L, -1, BALM_LUA_MIXED, evaluation->arena, evaluation->out, evaluation->err);
    return 0;
}

enum balm_code balm_evaluate(struct balm_arena *arena, const char *path, const char *text,
                             size_t len, const struct balm_limits *limits, struct balm_value *out,
                             struct balm_err *err)
{
    struct evaluation evaluation = {{path, text, len, false}, arena, out, err, BALM_OK};
    struct balm_sandbox *sandbox = NULL;
    enum balm_code code = balm_sandbox_new(&sandbox, limits, err);

    *out = balm_null();
    if (!code) code = balm_sandbox_enter(sandbox, evaluate, &evaluation, err);
    balm_sandbox_release(sandbox);
    if (code) return code;
    if (evaluation.code) return balm_err_prefix(err, "%s", path);
    return BALM_OK;
}
