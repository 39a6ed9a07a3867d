/*
 * tool_cbor: reads CBOR in bulk, for spec/e2e/test_cbor.py.
 *
 * Each line on stdin is base64; each line on stdout what balm_cbor_parse() makes of it, as JSON, or
 * {"error"}.
 */
#include "core/cbor.h"
#include "core/json.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take(const char *line, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf bytes = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf shown = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value value;
    struct balm_err err;

    (void)balm_text_unbase64(&bytes, line, len);
    if (balm_cbor_parse(&arena, bytes.bytes, bytes.len, &value, &err)) {
        value = balm_map(&arena);
        (void)balm_map_set(&arena, value, "error", balm_string(err.message));
    }
    (void)balm_json_print(&shown, value, BALM_JSON_COMPACT);
    puts(shown.bytes);
    (void)fflush(stdout);
    balm_buf_free(&bytes);
    balm_buf_free(&shown);
    balm_arena_free(&arena);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) > 0) {
        take(line, (size_t)len);
    }
    free(line);
    return 0;
}
