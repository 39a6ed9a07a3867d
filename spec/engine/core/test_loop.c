#include "core/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENDLESS 1000
#define MS      INT64_C(1000000)

static struct balm_loop *loop;
static struct balm_err err;

/* What was called, a letter each. */
static struct {
    char letters[64];
    size_t count;
} seen;

/* One that goes on in steps, each a task of its own. */
struct walker {
    struct balm_task task;
    char letter;
    int steps; /* that are left */
};

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    return (int)balm_loop_new(&loop, &err);
}

static int tear_down(void **state)
{
    (void)state;
    balm_loop_release(loop);
    return 0;
}

static void note(char letter)
{
    if (seen.count + 1 < sizeof seen.letters) seen.letters[seen.count++] = letter;
}

static void walk(void *owner)
{
    struct walker *walker = owner;
    note(walker->letter);
    if (--walker->steps > 0) balm_task_add(loop, &walker->task, walk, walker);
}

static void on_pipe(void *owner, int fd, int events)
{
    char byte;
    (void)events;
    assert_int_equal(read(fd, &byte, 1), 1);
    note('|');
    balm_watch_release(*(struct balm_watch **)owner);
}

static void stop(void *owner)
{
    (void)owner;
    balm_loop_stop(loop);
}

/* Runs until all has ended, with a descriptor that can be read from the first. */
static void run_beside_a_pipe(void)
{
    struct balm_watch *watch;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(balm_watch_new(&watch, loop, ends[0], &err), BALM_OK);
    assert_int_equal(balm_watch_set(watch, BALM_READ, on_pipe, &watch, &err), BALM_OK);
    balm_loop_run(loop);
    close(ends[0]);
    close(ends[1]);
}

static void tasks_go_on_step_by_step_together(void **state)
{
    struct walker first = {.letter = 'a', .steps = 3};
    struct walker second = {.letter = 'b', .steps = 2};
    (void)state;
    balm_task_add(loop, &first.task, walk, &first);
    balm_task_add(loop, &second.task, walk, &second);
    balm_loop_run(loop);
    assert_string_equal(seen.letters, "ababa");
}

static void what_became_ready_together_goes_on_before_descriptors_are_asked_again(void **state)
{
    struct walker first = {.letter = 'a', .steps = 4};
    (void)state;
    balm_task_add(loop, &first.task, walk, &first);
    run_beside_a_pipe();
    assert_string_equal(seen.letters, "aaaa|");
}

static void who_always_goes_on_does_not_keep_descriptors_waiting(void **state)
{
    struct walker endless = {.letter = 'a', .steps = ENDLESS};
    (void)state;
    balm_task_add(loop, &endless.task, walk, &endless);
    run_beside_a_pipe();
    assert_non_null(strchr(seen.letters, '|'));
    assert_int_equal(endless.steps, 0);
}

static void nor_timers(void **state)
{
    struct walker endless = {.letter = 'a', .steps = INT32_MAX};
    struct balm_timer timer = {0};
    (void)state;
    balm_task_add(loop, &endless.task, walk, &endless);
    assert_int_equal(balm_timer_set(loop, &timer, 1000000, stop, NULL), BALM_OK);
    balm_loop_run(loop);
    assert_true(endless.steps > 0);
    balm_task_cancel(loop, &endless.task);
}

static void take_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * MS};
    nanosleep(&time, NULL);
}

static void walk_slowly(void *owner)
{
    struct walker *walker = owner;
    note(walker->letter);
    take_ms(20);
    if (--walker->steps > 0) balm_task_add(loop, &walker->task, walk_slowly, walker);
}

static void slow_steps_do_not_keep_descriptors_waiting_until_all_are_done(void **state)
{
    struct walker slow = {.letter = 'a', .steps = 10};
    (void)state;
    balm_task_add(loop, &slow.task, walk_slowly, &slow);
    run_beside_a_pipe();
    assert_in_range(strcspn(seen.letters, "|"), 1, 5);
    assert_int_equal(slow.steps, 0);
}

static void be_slow(void *owner)
{
    (void)owner;
    take_ms(200);
}

static void a_timer_is_not_late_by_what_tasks_took(void **state)
{
    struct balm_task slow = {0};
    struct balm_timer timer = {0};
    int64_t began = balm_clock_mono();
    (void)state;
    balm_task_add(loop, &slow, be_slow, NULL);
    assert_int_equal(balm_timer_set(loop, &timer, 250 * MS, stop, NULL), BALM_OK);
    balm_loop_run(loop);
    assert_in_range((balm_clock_mono() - began) / MS, 250, 400);
}

static void finish(void *owner)
{
    (void)owner;
    note('.');
}

static void the_last_ones_come_when_nothing_else_is_left_and_before_descriptors(void **state)
{
    struct walker first = {.letter = 'a', .steps = 3};
    struct balm_task last = {0};
    (void)state;
    balm_task_last(loop, &last, finish, NULL);
    balm_task_add(loop, &first.task, walk, &first);
    run_beside_a_pipe();
    assert_string_equal(seen.letters, "aaa.|");
}

static void a_last_one_alone_runs_too_and_may_be_cancelled(void **state)
{
    struct balm_task last = {0};
    struct balm_task cancelled = {0};
    (void)state;
    balm_task_last(loop, &last, finish, NULL);
    balm_task_last(loop, &cancelled, finish, NULL);
    balm_task_cancel(loop, &cancelled);
    balm_loop_run(loop);
    assert_string_equal(seen.letters, ".");
}

static void a_task_that_is_asked_for_twice_runs_once_and_a_cancelled_one_never(void **state)
{
    struct walker first = {.letter = 'a', .steps = 1};
    struct walker second = {.letter = 'b', .steps = 1};
    (void)state;
    balm_task_add(loop, &first.task, walk, &first);
    balm_task_add(loop, &second.task, walk, &second);
    balm_task_add(loop, &first.task, walk, &first);
    balm_task_cancel(loop, &second.task);
    balm_loop_run(loop);
    assert_string_equal(seen.letters, "a");
}

static void write_and_see(void *owner)
{
    const int *ends = owner;
    note(balm_loop_is_busy(loop) ? 'b' : 'i');
    assert_int_equal(write(ends[1], "x", 1), 1);
    note(balm_loop_is_busy(loop) ? 'b' : 'i');
}

/* The turn after: by then the pipe is watched. */
static void see_later(void *owner)
{
    static struct balm_timer later;
    assert_int_equal(balm_timer_set(loop, &later, 0, write_and_see, owner), BALM_OK);
}

static void a_loop_is_busy_while_a_descriptor_is_ready(void **state)
{
    struct balm_watch *watch;
    struct balm_timer timer = {0};
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(balm_watch_new(&watch, loop, ends[0], &err), BALM_OK);
    assert_int_equal(balm_watch_set(watch, BALM_READ, on_pipe, &watch, &err), BALM_OK);
    assert_int_equal(balm_timer_set(loop, &timer, 0, see_later, ends), BALM_OK);
    balm_loop_run(loop);
    assert_string_equal(seen.letters, "ib|");
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_loop_is_busy_while_a_descriptor_is_ready),
        TEST(tasks_go_on_step_by_step_together),
        TEST(what_became_ready_together_goes_on_before_descriptors_are_asked_again),
        TEST(who_always_goes_on_does_not_keep_descriptors_waiting),
        TEST(nor_timers),
        TEST(slow_steps_do_not_keep_descriptors_waiting_until_all_are_done),
        TEST(a_timer_is_not_late_by_what_tasks_took),
        TEST(the_last_ones_come_when_nothing_else_is_left_and_before_descriptors),
        TEST(a_last_one_alone_runs_too_and_may_be_cancelled),
        TEST(a_task_that_is_asked_for_twice_runs_once_and_a_cancelled_one_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
