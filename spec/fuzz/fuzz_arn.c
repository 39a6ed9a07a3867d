/* ARNs, as scripts take them apart. */
#include "fuzz/host.h"

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
