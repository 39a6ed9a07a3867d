/*
 * A record's lines, and where it breaks when somebody touched it.
 */
#include "remedy/chain.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/json.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[SCRATCH_MAX], path[SCRATCH_MAX + 16];
static struct balm_loop *loop;
static struct balm_arena arena;
static struct balm_err err;

static int set_up(void **state)
{
    (void)state;
    if (!scratch_folder(folder) || balm_loop_new(&loop, &err)) return 1;
    snprintf(path, sizeof path, "%s/record", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    balm_loop_release(loop);
    balm_arena_free(&arena);
    unlink(path);
    return rmdir(folder);
}

/* Appends results numbered from `from`, in one go. */
static void add(int from, int count)
{
    struct balm_chain *chain = NULL;

    assert_int_equal(balm_chain_open(&chain, path, loop, NULL, &err), BALM_OK);
    for (int i = from; i < from + count; i++) {
        struct balm_value result = balm_map(&arena);
        balm_map_set(&arena, result, "status", balm_string("fixed"));
        balm_map_set(&arena, result, "run", balm_textf(&arena, "run-%d", i));
        balm_chain_add(chain, result);
    }
    assert_true(balm_chain_close(chain));
}

static void read_record(struct balm_buf *text)
{
    assert_int_equal(balm_file_read(text, path, &err), BALM_OK);
}

static void write_record(const char *text)
{
    assert_int_equal(balm_file_write(path, text, strlen(text), 0600, &err), BALM_OK);
}

static void expect_break(size_t line, const char *why)
{
    struct balm_chain_state state;
    char where[32];

    snprintf(where, sizeof where, "line %zu: ", line);
    assert_int_equal(balm_chain_verify(path, &state, &err), BALM_E_INPUT);
    assert_int_equal(state.lines, line - 1);
    if (!strstr(err.message, where) || !strstr(err.message, why)) fail_msg("%s", err.message);
}

static void each_line_is_bound_to_the_one_before(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    static const char first[] = "{\"run\":\"run-1\",\"status\":\"fixed\",\"prev\":\"0000";
    struct balm_chain_state verified;
    char hash[BALM_SHA256_HEX];
    const char *end;
    (void)state;

    add(1, 3);
    add(4, 1); /* another process, later */
    assert_int_equal(balm_chain_verify(path, &verified, &err), BALM_OK);
    assert_int_equal(verified.lines, 4);

    read_record(&text);
    assert_memory_equal(text.bytes, first, strlen(first));
    end = strstr(text.bytes, ",\"hash\":\"");
    char *bare = balm_arena_printf(&arena, "%.*s}", (int)(end - text.bytes), text.bytes);
    balm_sha256_hex(hash, bare, strlen(bare));
    assert_memory_equal(end + strlen(",\"hash\":\""), hash, strlen(hash));
    assert_non_null(strstr(strchr(text.bytes, '\n'), hash));
    assert_string_equal(text.bytes + text.len - strlen("\"}\n"), "\"}\n");
    balm_buf_free(&text);
}

static void a_line_that_was_changed_is_named(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    (void)state;

    add(1, 4);
    read_record(&text);
    *strstr(text.bytes, "-3") = '=';
    write_record(text.bytes);
    expect_break(3, "it was changed");
    balm_buf_free(&text);
}

static void a_line_that_was_taken_out_or_added_is_named(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    char *second, *third;
    (void)state;

    add(1, 4);
    read_record(&text);
    second = strchr(text.bytes, '\n') + 1;
    third = strchr(second, '\n') + 1;
    write_record(
        balm_arena_printf(&arena, "%.*s%s", (int)(second - text.bytes), text.bytes, third));
    expect_break(2, "does not follow");
    write_record(
        balm_arena_printf(&arena, "%.*s%s", (int)(third - text.bytes), text.bytes, second));
    expect_break(3, "does not follow");
    write_record(second);
    expect_break(1, "does not follow");
    write_record(balm_arena_printf(&arena, "%s{\"run\":\"forged\"}\n", text.bytes));
    expect_break(5, "does not end in its hash");
    balm_buf_free(&text);
}

static void a_line_that_was_cut_off_is_named_and_nothing_is_appended(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_chain *chain = NULL;
    (void)state;

    add(1, 2);
    read_record(&text);
    for (size_t cut = 1; cut < 180; cut += 33) {
        write_record(balm_arena_printf(&arena, "%.*s", (int)(text.len - cut), text.bytes));
        expect_break(2, cut == 1 ? "cut off" : "");
        assert_int_equal(balm_chain_open(&chain, path, loop, NULL, &err), BALM_E_INPUT);
        assert_non_null(strstr(err.message, "balm history --verify"));
    }
    balm_buf_free(&text);
}

static void a_file_that_is_no_record_is_not_touched(void **state)
{
    struct balm_chain *chain = NULL;
    (void)state;

    write_record("dear diary\n");
    assert_int_equal(balm_chain_open(&chain, path, loop, NULL, &err), BALM_E_INPUT);
    expect_break(1, "does not end in its hash");
    assert_int_equal(balm_chain_open(&chain, "/missing/record", loop, NULL, &err), BALM_E_IO);
    assert_non_null(strstr(err.message, "/missing/record"));
}

static void an_empty_record_is_whole(void **state)
{
    struct balm_chain_state verified;
    (void)state;

    add(1, 0);
    assert_int_equal(balm_chain_verify(path, &verified, &err), BALM_OK);
    assert_int_equal(verified.lines, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_line_is_bound_to_the_one_before),
        TEST(a_line_that_was_changed_is_named),
        TEST(a_line_that_was_taken_out_or_added_is_named),
        TEST(a_line_that_was_cut_off_is_named_and_nothing_is_appended),
        TEST(a_file_that_is_no_record_is_not_touched),
        TEST(an_empty_record_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
