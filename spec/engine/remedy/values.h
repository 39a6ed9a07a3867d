/*
 * values: what tests of values share: an arena that each test leaves empty, values written as
 * JSON, and a Lua host.
 */
#ifndef BALM_SPEC_REMEDY_VALUES_H
#define BALM_SPEC_REMEDY_VALUES_H

#include "core/json.h"
#include "script/evaluate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct balm_arena arena = BALM_ARENA_INIT;

static inline int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    return 0;
}

#define CLEAN(test) cmocka_unit_test_teardown(test, clean)

static inline struct balm_value json(const char *text)
{
    struct balm_value value;
    struct balm_err err;

    if (balm_json_parse(&arena, text, strlen(text), &value, &err)) fail_msg("%s", err.message);
    return value;
}

static inline const char *as_json(struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *copy;

    assert_int_equal(balm_json_print(&text, value, BALM_JSON_COMPACT), BALM_OK);
    copy = balm_arena_strdup(&arena, text.bytes);
    balm_buf_free(&text);
    return copy;
}

static inline void expect_part(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("expected \"%s\" in: %s", part, text);
}

static inline int open_host(void **state)
{
    struct balm_lua_host *host = NULL;
    struct balm_err err;

    if (balm_lua_host_new(&host, "lua", &err)) return 1;
    *state = host;
    return 0;
}

static inline int close_host(void **state)
{
    balm_lua_host_release(*state);
    return 0;
}

#endif
