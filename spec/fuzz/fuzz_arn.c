/* ARNs, as scripts take them apart. */
#include "fuzz/fuzz.h"
#include "script/evaluate.h"

static struct balm_lua_host *host; /* for as long as the process lives */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct balm_err err;

    (void)argc, (void)argv;
    FUZZ_HOLDS(balm_lua_host_new(&host, "lua", &err) == BALM_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value text = balm_text_n(&arena, (const char *)bytes, len);
    struct balm_value found;
    struct balm_err err;

    if (!balm_lua_host_call(host, "aws.arn", "make", &text, 1, &arena, &found, &err)) {
        FUZZ_HOLDS(balm_list_len(found) >= 1);
    }
    balm_arena_free(&arena);
    return 0;
}
