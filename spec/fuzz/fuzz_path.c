/* JMESPath: an expression, and behind a NUL the document in JSON that it is put to. */
#include "core/json.h"
#include "fuzz/fuzz.h"
#include "script/aws_lua.h"
#include "script/instance_internal.h"
#include "script/value_lua.h"

#include <string.h>

struct question {
    const char *expression;
    size_t len;
    struct balm_value document;
};

static int compile(lua_State *L)
{
    return balm_engine_lua_call(L, "path", "compile");
}

/* Stack: [1] the question. */
static int ask(lua_State *L)
{
    const struct question *question = lua_touserdata(L, 1);

    lua_pushcfunction(L, compile);
    lua_pushlstring(L, question->expression, question->len);
    lua_call(L, 1, 1);
    balm_lua_push(L, question->document);
    lua_call(L, 1, 1);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct balm_limits limits = {(size_t)16 << 20, 2000000, 1000000000, 1000000000};
    struct balm_arena arena = BALM_ARENA_INIT;
    struct question question = {(const char *)bytes, strnlen((const char *)bytes, len),
                                balm_null()};
    struct balm_sandbox *sandbox;
    struct balm_err err;

    if (question.len < len) {
        (void)balm_json_parse(&arena, (const char *)bytes + question.len + 1,
                              len - question.len - 1, &question.document, &err);
    }
    if (!balm_sandbox_new(&sandbox, &limits, &err)) {
        balm_script_modules(sandbox);
        if (balm_sandbox_enter(sandbox, ask, &question, &err)) {
            FUZZ_HOLDS(err.message[0]);
        }
        balm_sandbox_release(sandbox);
    }
    balm_arena_free(&arena);
    return 0;
}
