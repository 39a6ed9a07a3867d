#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void gives_aligned_memory_of_every_size(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    size_t size;
    (void)state;
    for (size = 0; size < 10000; size += 37) {
        char *bytes = balm_arena_zalloc(&arena, size);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % _Alignof(int64_t), 0);
        if (size) assert_int_equal(bytes[size - 1], 0);
        memset(bytes, 0xAA, size);
    }
    assert_int_equal(balm_arena_status(&arena, NULL), BALM_OK);
    balm_arena_free(&arena);
    assert_null(arena.blocks);
}

static void grows_the_newest_in_place(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *first = balm_arena_alloc(&arena, 16);
    char *second;
    (void)state;
    memcpy(first, "0123456789abcdef", 16);
    assert_ptr_equal(balm_arena_grow(&arena, first, 16, 64), first);
    second = balm_arena_alloc(&arena, 16);
    assert_true(second >= first + 64);
    assert_ptr_not_equal(balm_arena_grow(&arena, first, 64, 128), first);
    assert_int_equal(arena.used, 64 + 16 + 128);
    balm_arena_free(&arena);
}

static void keeps_the_content_while_growing_past_its_blocks(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    size_t count = 0;
    size_t cap = 4;
    uint32_t *numbers = balm_arena_alloc(&arena, cap * sizeof *numbers);
    size_t i;
    (void)state;
    for (count = 0; count < 1000000; count++) {
        if (count == cap) {
            numbers =
                balm_arena_grow(&arena, numbers, cap * sizeof *numbers, 2 * cap * sizeof *numbers);
            assert_non_null(numbers);
            cap *= 2;
        }
        numbers[count] = (uint32_t)count;
        if (count % 50000 == 0) assert_non_null(balm_arena_alloc(&arena, 10));
    }
    for (i = 0; i < count; i++) {
        assert_int_equal(numbers[i], i);
    }
    balm_arena_free(&arena);
}

static void grows_from_nothing_and_never_shrinks(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *bytes = balm_arena_grow(&arena, NULL, 0, 8);
    (void)state;
    assert_non_null(bytes);
    assert_ptr_equal(balm_arena_grow(&arena, bytes, 8, 4), bytes);
    balm_arena_free(&arena);
}

static void refuses_past_its_ceiling_and_remembers(void **state)
{
    struct balm_arena arena;
    struct balm_err err;
    (void)state;
    balm_arena_init(&arena, 100);
    assert_non_null(balm_arena_alloc(&arena, 60));
    assert_null(balm_arena_alloc(&arena, 60));
    assert_null(balm_arena_alloc(&arena, 1));
    assert_int_equal(balm_arena_status(&arena, &err), BALM_E_LIMIT);
    assert_non_null(strstr(err.message, "100"));
    balm_arena_free(&arena);
    assert_non_null(balm_arena_alloc(&arena, 60));
    balm_arena_free(&arena);
}

static void refuses_growth_past_its_ceiling_and_leaves_the_old(void **state)
{
    struct balm_arena arena;
    char *bytes;
    (void)state;
    balm_arena_init(&arena, 100);
    bytes = balm_arena_alloc(&arena, 60);
    memset(bytes, 'x', 60);
    assert_null(balm_arena_grow(&arena, bytes, 60, 120));
    assert_int_equal(bytes[59], 'x');
    balm_arena_free(&arena);
}

static void refuses_absurd_sizes(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    (void)state;
    assert_null(balm_arena_alloc(&arena, SIZE_MAX));
    assert_int_equal(balm_arena_status(&arena, NULL), BALM_E_NOMEM);
    balm_arena_reset(&arena);
    assert_null(balm_arena_alloc(&arena, SIZE_MAX - 64));
    balm_arena_free(&arena);
}

static void forgets_all_but_a_block_when_reset(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *first = balm_arena_alloc(&arena, 100);
    int i;
    (void)state;
    balm_arena_reset(&arena);
    assert_ptr_equal(balm_arena_alloc(&arena, 100), first);
    for (i = 0; i < 100; i++) {
        balm_arena_alloc(&arena, 1000);
    }
    balm_arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    assert_non_null(arena.blocks);
    balm_arena_free(&arena);
}

static void a_text_that_found_no_room_leaves_nothing_behind(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *before = balm_arena_copy(&arena, "", 0);
    const char *text;
    (void)state;
    assert_ptr_equal(balm_arena_printf(&arena, "%s", "AKID"), before + 1);
    text = balm_arena_printf(&arena, "%05000d", 0);
    assert_int_equal(strspn(text, "0"), 5000);
    assert_null(memchr(before + 6, '0', 1000));
    arena.max = arena.used;
    assert_null(balm_arena_printf(&arena, "%0500d", 0));
    assert_null(memchr(before + 6, '0', 1000));
    balm_arena_free(&arena);
}

static void copies_text_with_its_end(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *text = balm_arena_copy(&arena, "a\0bc", 4);
    (void)state;
    assert_memory_equal(text, "a\0bc", 5);
    assert_string_equal(balm_arena_strdup(&arena, "role"), "role");
    assert_string_equal(balm_arena_printf(&arena, "%s-%d", "eu-west", 1), "eu-west-1");
    assert_string_equal(balm_arena_join(&arena, "fix/", "", "a", NULL), "fix/a");
    assert_string_equal(balm_arena_join(&arena, "", NULL), "");
    assert_string_equal(balm_arena_copy(&arena, NULL, 0), "");
    balm_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_memory_of_every_size),
        cmocka_unit_test(grows_the_newest_in_place),
        cmocka_unit_test(keeps_the_content_while_growing_past_its_blocks),
        cmocka_unit_test(grows_from_nothing_and_never_shrinks),
        cmocka_unit_test(refuses_past_its_ceiling_and_remembers),
        cmocka_unit_test(refuses_growth_past_its_ceiling_and_leaves_the_old),
        cmocka_unit_test(refuses_absurd_sizes),
        cmocka_unit_test(forgets_all_but_a_block_when_reset),
        cmocka_unit_test(a_text_that_found_no_room_leaves_nothing_behind),
        cmocka_unit_test(copies_text_with_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
