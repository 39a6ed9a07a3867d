/* JSON: what is read is printed so that it reads the same, and is read the same in place. */
#include "core/json.h"
#include "fuzz/fuzz.h"

#include <string.h>

static void reads_back(struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value again;
    struct balm_err err;

    FUZZ_HOLDS(balm_json_print(&text, value, BALM_JSON_COMPACT) == BALM_OK);
    FUZZ_HOLDS(balm_json_parse(&arena, text.bytes, text.len, &again, &err) == BALM_OK);
    FUZZ_HOLDS(balm_equal(value, again));
    balm_arena_free(&arena);
    balm_buf_free(&text);
}

static void is_the_same_in_place(const uint8_t *bytes, size_t len, const struct balm_value *value)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *text = malloc(len + 1);
    struct balm_value again;
    struct balm_err err;
    enum balm_code code;

    if (!text) return;
    memcpy(text, bytes, len);
    code = balm_json_parse_in_place(&arena, text, len, &again, &err);
    FUZZ_HOLDS((code == BALM_OK) == (value != NULL));
    if (value) FUZZ_HOLDS(balm_equal(*value, again));
    balm_arena_free(&arena);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value value;
    struct balm_err err;
    enum balm_code code = balm_json_parse(&arena, (const char *)bytes, len, &value, &err);

    if (!code) reads_back(value);
    is_the_same_in_place(bytes, len, code ? NULL : &value);
    balm_arena_free(&arena);
    return 0;
}
