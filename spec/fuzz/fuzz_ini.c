/* The shared AWS files. */
#include "aws/config.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value sections;
    struct balm_err err;

    if (!balm_ini_parse(&arena, (const char *)bytes, len, &sections, &err)) {
        FUZZ_HOLDS(sections.type == BALM_MAP);
    }
    balm_arena_free(&arena);
    return 0;
}
