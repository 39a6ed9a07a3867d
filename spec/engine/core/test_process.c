#include "core/process.h"

#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static struct balm_loop *loop;
static struct balm_err err;

static struct {
    int calls;
    char output[256];
    struct balm_err err;
} told;

static int set_up(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    return (int)balm_loop_new(&loop, &err);
}

static int tear_down(void **state)
{
    (void)state;
    balm_loop_release(loop);
    return 0;
}

static void done(void *owner, const struct balm_buf *output, const struct balm_err *failure)
{
    assert_ptr_equal(owner, &told);
    told.calls++;
    told.err = *failure;
    snprintf(told.output, sizeof told.output, "%s", output->bytes);
}

static struct balm_process *start(char *const *words, int64_t timeout_ns)
{
    struct balm_process_options options = {
        .words = words, .output_max = 128, .timeout_ns = timeout_ns};
    struct balm_process *process = NULL;
    assert_int_equal(balm_process_start(&process, loop, &options, done, &told, &err), BALM_OK);
    assert_int_equal(told.calls, 0);
    return process;
}

static void run_shell(char *text)
{
    char *words[] = {"sh", "-c", text, NULL};
    start(words, 30 * SECOND);
    balm_loop_run(loop);
    assert_int_equal(told.calls, 1);
}

static void its_output_is_read_and_no_shell_is_asked(void **state)
{
    char *words[] = {"printf", "%s|", "$HOME", "a b", "*", NULL};
    (void)state;
    start(words, 30 * SECOND);
    balm_loop_run(loop);
    assert_int_equal(told.err.code, BALM_OK);
    assert_string_equal(told.output, "$HOME|a b|*|");
}

static void it_is_told_how_it_ended(void **state)
{
    (void)state;
    run_shell("exit 3");
    assert_int_equal(told.err.code, BALM_E_IO);
    assert_string_equal(told.err.message, "it ended with status 3");
}

static void it_is_told_which_signal_ended_it(void **state)
{
    (void)state;
    run_shell("kill -9 $$");
    assert_string_equal(told.err.message, "it was ended by signal 9");
}

static void it_reads_nothing_and_its_complaints_are_dropped(void **state)
{
    (void)state;
    run_shell("cat; echo complaint >&2; echo end");
    assert_string_equal(told.output, "end\n");
}

static void one_that_does_not_end_is_killed_with_its_children(void **state)
{
    char *words[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
    int64_t begun = balm_clock_mono();
    (void)state;
    start(words, SECOND / 5);
    balm_loop_run(loop);
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.err.code, BALM_E_LIMIT);
    assert_true(balm_clock_mono() - begun < 10 * SECOND);
}

static void so_is_one_that_leaves_a_child_behind(void **state)
{
    char *words[] = {"sh", "-c", "sleep 60 &", NULL};
    (void)state;
    start(words, SECOND / 5);
    balm_loop_run(loop);
    assert_int_equal(told.err.code, BALM_E_LIMIT);
}

static void one_that_says_too_much_is_killed(void **state)
{
    char *words[] = {"yes", NULL};
    (void)state;
    start(words, 30 * SECOND);
    balm_loop_run(loop);
    assert_int_equal(told.calls, 1);
    assert_int_equal(told.err.code, BALM_E_LIMIT);
}

static void one_that_is_cancelled_tells_nothing(void **state)
{
    char *words[] = {"sleep", "60", NULL};
    (void)state;
    balm_process_cancel(start(words, 30 * SECOND));
    balm_process_cancel(NULL);
    balm_loop_run(loop);
    assert_int_equal(told.calls, 0);
}

static void one_that_there_is_not_is_an_error(void **state)
{
    char *words[] = {"/nonexistent/program", NULL};
    struct balm_process_options options = {.words = words, .output_max = 9, .timeout_ns = SECOND};
    struct balm_process *process;
    (void)state;
    assert_int_equal(balm_process_start(&process, loop, &options, done, &told, &err), BALM_E_IO);
    assert_string_equal(err.message,
                        "cannot start /nonexistent/program: no such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_output_is_read_and_no_shell_is_asked),
        TEST(it_is_told_how_it_ended),
        TEST(it_is_told_which_signal_ended_it),
        TEST(it_reads_nothing_and_its_complaints_are_dropped),
        TEST(one_that_does_not_end_is_killed_with_its_children),
        TEST(so_is_one_that_leaves_a_child_behind),
        TEST(one_that_says_too_much_is_killed),
        TEST(one_that_is_cancelled_tells_nothing),
        TEST(one_that_there_is_not_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
