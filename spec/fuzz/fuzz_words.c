/* Command lines: credential_process. */
#include "core/arena.h"
#include "core/text.h"
#include "fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *text = balm_arena_copy(&arena, bytes, len);
    size_t count = 0;
    char **words = text ? balm_text_words(&arena, text, &count) : NULL;

    for (size_t i = 0; words && i < count; i++) {
        FUZZ_HOLDS(words[i] && strlen(words[i]) <= len);
    }
    if (words) FUZZ_HOLDS(!words[count]);
    balm_arena_free(&arena);
    return 0;
}
