#include "aws/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static struct balm_pace pace;

static int set_up(void **state)
{
    (void)state;
    balm_pace_init(&pace, 1000 * SECOND);
    return 0;
}

/* ---- the budget ---- */

static void a_hundred_retries_spend_the_budget(void **state)
{
    int i;
    (void)state;
    for (i = 0; i < 100; i++) {
        assert_int_equal(balm_pace_take_retry(&pace, false), 5);
    }
    assert_int_equal(balm_pace_take_retry(&pace, false), 0);
    balm_pace_give_back(&pace, 0);
    assert_int_equal(pace.budget, 1);
    assert_int_equal(balm_pace_take_retry(&pace, false), 0);
    balm_pace_give_back(&pace, 5);
    assert_int_equal(balm_pace_take_retry(&pace, true), 0);
    assert_int_equal(balm_pace_take_retry(&pace, false), 5);
}

static void a_timeout_costs_twice_as_much(void **state)
{
    int i;
    (void)state;
    for (i = 0; i < 50; i++) {
        assert_int_equal(balm_pace_take_retry(&pace, true), 10);
    }
    assert_int_equal(balm_pace_take_retry(&pace, false), 0);
}

static void no_success_gives_more_than_there_was(void **state)
{
    (void)state;
    balm_pace_give_back(&pace, 0);
    assert_int_equal(pace.budget, BALM_PACE_BUDGET);
    (void)balm_pace_take_retry(&pace, false);
    balm_pace_give_back(&pace, 10);
    assert_int_equal(pace.budget, BALM_PACE_BUDGET);
}

/* ---- the rate ---- */

static void the_rate_is_botocore_s(void **state)
{
    /* What its ClientRateLimiter has after each of these answers: measured, rate, tokens. */
    static const struct {
        double at;
        bool throttled;
        double measured, rate, tokens;
    } steps[] = {
        {0.23, false, 0.000000, 0.500000, 0.230000}, {0.36, false, 0.000000, 0.500000, 0.295000},
        {0.77, false, 4.800000, 0.500000, 0.500000}, {0.86, false, 4.800000, 0.500000, 0.545000},
        {1.20, false, 4.160000, 0.691200, 0.715000}, {1.45, false, 4.160000, 1.219450, 0.887800},
        {1.53, false, 4.032000, 1.432631, 0.985356}, {1.86, false, 4.032000, 2.573942, 1.432631},
        {1.93, true, 4.032000, 2.822400, 1.612807},  {2.22, true, 5.606400, 1.975680, 1.975680},
        {2.31, false, 5.606400, 2.141542, 1.975680}, {2.41, false, 5.606400, 2.298686, 2.141542},
        {2.69, false, 5.921280, 2.606671, 2.298686}, {3.19, false, 2.784256, 2.810018, 2.606671},
        {3.31, false, 2.784256, 2.819480, 2.810018}, {3.48, false, 2.784256, 2.822394, 2.819480},
        {3.88, false, 5.356851, 2.843665, 2.822394}, {4.45, false, 2.671370, 3.161052, 2.843665},
        {4.82, false, 2.134274, 3.734080, 3.161052}, {5.09, false, 2.026855, 4.053710, 3.734080},
        {5.68, true, 2.005371, 1.403760, 1.403760},  {5.76, false, 2.005371, 1.521186, 1.403760},
        {6.28, false, 3.601074, 1.940356, 1.521186}, {6.49, false, 3.601074, 1.990233, 1.928661},
        {6.62, false, 3.920215, 2.001888, 1.990233}, {6.73, false, 3.920215, 2.005020, 2.001888},
        {6.95, false, 3.920215, 2.006138, 2.005020}, {7.45, false, 5.584043, 2.102682, 2.006138},
        {7.60, false, 2.716809, 2.191033, 2.102682}, {7.97, false, 2.716809, 2.604660, 2.191033},
        {8.37, false, 3.743362, 3.478439, 2.604660}, {8.62, true, 2.348672, 1.644071, 1.644071},
        {8.97, false, 2.348672, 2.096280, 1.644071}, {9.05, false, 3.669734, 2.160521, 1.811773},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof steps / sizeof *steps; i++) {
        balm_pace_answered(&pace, steps[i].throttled,
                           1000 * SECOND + (int64_t)llround(steps[i].at * 1e9));
        assert_true(fabs(pace.measured - steps[i].measured) < 1e-5);
        assert_true(fabs(pace.rate - steps[i].rate) < 1e-5);
        assert_true(fabs(pace.tokens - steps[i].tokens) < 1e-5);
    }
}

static void before_anything_was_throttled_nobody_waits(void **state)
{
    int i;
    (void)state;
    for (i = 0; i < 1000; i++) {
        assert_int_equal(balm_pace_take_turn(&pace, 1000 * SECOND), 0);
    }
}

static void once_throttled_each_waits_for_a_token(void **state)
{
    int64_t now = 1001 * SECOND;
    int64_t wait;
    (void)state;
    balm_pace_answered(&pace, true, now);
    while ((wait = balm_pace_take_turn(&pace, now)) == 0) {
    }
    assert_in_range(wait, 1, 2 * SECOND);
    assert_int_not_equal(balm_pace_take_turn(&pace, now + wait / 2), 0);
    assert_int_equal(balm_pace_take_turn(&pace, now + wait), 0);
    assert_int_equal(balm_pace_take_turn(&pace, now + wait) / 1000000, (int)(1000 / pace.rate));
}

/* ---- whose it is ---- */

static void each_client_has_its_own(void **state)
{
    static const struct balm_pace_key keys[] = {
        {"s3", "eu-west-1", "111122223333"},
        {"s3", "eu-west-1", "444455556666"},
        {"s3", "eu-west-2", "111122223333"},
        {"iam", "eu-west-1", "111122223333"},
    };
    struct balm_paces *paces = NULL;
    struct balm_pace *found[4];
    size_t i;
    size_t k;
    (void)state;
    assert_null(balm_pace_of(&paces, &keys[0], 0, false));
    assert_null(paces);
    for (i = 0; i < 4; i++) {
        found[i] = balm_pace_of(&paces, &keys[i], 0, true);
        for (k = 0; k < i; k++) {
            assert_ptr_not_equal(found[i], found[k]);
        }
    }
    for (i = 0; i < 4; i++) {
        assert_ptr_equal(balm_pace_of(&paces, &keys[i], 0, false), found[i]);
    }
    balm_paces_release(paces);
    balm_paces_release(NULL);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_hundred_retries_spend_the_budget),
        TEST(a_timeout_costs_twice_as_much),
        TEST(no_success_gives_more_than_there_was),
        TEST(the_rate_is_botocore_s),
        TEST(before_anything_was_throttled_nobody_waits),
        TEST(once_throttled_each_waits_for_a_token),
        TEST(each_client_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
