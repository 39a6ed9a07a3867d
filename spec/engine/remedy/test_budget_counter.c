/* A counter of fixes: its hour slides by the minute. */
#include "remedy/budget_counter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE ((int64_t)60 * 1000000)
#define NOON   (29384756 * MINUTE)

static struct balm_arena arena;

static int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    return 0;
}

static void count(struct balm_counter *counter, int64_t fixes, int64_t now)
{
    counter->granted = fixes;
    (void)balm_counter_add(counter, now, &arena);
}

static void a_fix_counts_for_an_hour_and_no_longer(void **state)
{
    struct balm_counter counter = {.name = "all"};

    (void)state;
    count(&counter, 2, NOON);
    count(&counter, 3, NOON + 30 * MINUTE);
    assert_int_equal(balm_counter_used(&counter, NOON + 59 * MINUTE), 5);
    assert_int_equal(balm_counter_used(&counter, NOON + 60 * MINUTE), 3);
    assert_int_equal(balm_counter_used(&counter, NOON + 90 * MINUTE), 0);
    assert_int_equal(counter.count, 0);
}

static void fixes_of_one_minute_are_counted_together(void **state)
{
    struct balm_counter counter = {.name = "all"};

    (void)state;
    count(&counter, 1, NOON);
    count(&counter, 1, NOON + MINUTE - 1);
    assert_int_equal(counter.count, 1);
    assert_int_equal(balm_counter_used(&counter, NOON), 2);
}

static void more_minutes_than_there_is_room_for_lose_no_fix(void **state)
{
    struct balm_counter counter = {.name = "all"};

    (void)state;
    for (int64_t i = 0; i < 2 * BALM_COUNTER_MINUTES;
         i++) { /* as after a clock that was set back */
        count(&counter, 1, NOON + (i % 2 ? i : -i / 2) * MINUTE / 2);
    }
    assert_true(counter.count <= BALM_COUNTER_MINUTES);
    assert_true(balm_counter_used(&counter, NOON) >= BALM_COUNTER_MINUTES);
}

static void what_is_kept_is_read_back(void **state)
{
    struct balm_counter counter = {.name = "account/123456789012", .version = 7, .granted = 4};
    struct balm_change change = balm_counter_add(&counter, NOON, &arena);
    struct balm_store_request request = {.items = &change.item, .count = 1};
    struct balm_counter again = {.name = "account/123456789012"};

    (void)state;
    assert_string_equal(change.item.sort, "account/123456789012");
    assert_int_equal(change.condition, BALM_AS_READ);
    assert_int_equal(change.item.version, 7);
    assert_true(change.item.expires > NOON + BALM_COUNTER_MINUTES * MINUTE);
    balm_counter_read(&again, &request, NOON + MINUTE);
    assert_true(again.known);
    assert_int_equal(again.version, 7);
    assert_int_equal(balm_counter_used(&again, NOON + MINUTE), 4);
    balm_counter_read(&again, &request, NOON + 60 * MINUTE);
    assert_int_equal(again.count, 0);
}

static void an_item_that_is_not_there_is_none_used(void **state)
{
    struct balm_counter counter = {.name = "all", .count = 1, .version = 3};
    struct balm_store_request request = {.count = 0};

    (void)state;
    balm_counter_read(&counter, &request, NOON);
    assert_int_equal(counter.version, 0);
    assert_int_equal(balm_counter_used(&counter, NOON), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_fix_counts_for_an_hour_and_no_longer, clean),
        cmocka_unit_test_teardown(fixes_of_one_minute_are_counted_together, clean),
        cmocka_unit_test_teardown(more_minutes_than_there_is_room_for_lose_no_fix, clean),
        cmocka_unit_test_teardown(what_is_kept_is_read_back, clean),
        cmocka_unit_test_teardown(an_item_that_is_not_there_is_none_used, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
