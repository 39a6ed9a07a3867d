#include "aws/credentials.h"

#include "asker.h"

#include "support/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct balm_loop *loop;
static struct balm_provider *provider;
static struct balm_err err;

/* A fetcher that counts, and supplies when the test says so. */
static struct {
    int fetches, releases;
    bool at_once;
} source;

static void fetch(void *owner, struct balm_provider *from)
{
    struct balm_credentials fresh = {"FRESH", "secret", "token"};
    (void)owner;
    source.fetches++;
    if (source.at_once) {
        balm_provider_supply(from, &fresh, "111122223333", balm_clock_now() + 3600000000, NULL);
    }
}

static void release(void *owner)
{
    (void)owner;
    source.releases++;
}

static int set_up(void **state)
{
    const struct balm_fetcher fetcher = {.fetch = fetch, .release = release};
    (void)state;
    memset(&source, 0, sizeof source);
    clock_ahead_s = 0;
    assert_int_equal(balm_loop_new(&loop, &err), BALM_OK);
    assert_int_equal(balm_provider_fetching(&provider, loop, &fetcher, &err), BALM_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    balm_provider_release(provider);
    balm_loop_release(loop);
    return 0;
}

static void ask(struct asker *asker)
{
    asker_asks(asker, provider);
}

static void supply(int64_t valid_s)
{
    struct balm_credentials fresh = {"LATER", "secret", NULL};
    balm_provider_supply(provider, &fresh, "", balm_clock_now() + valid_s * 1000000, NULL);
}

static void all_who_wait_get_the_one_answer(void **state)
{
    struct asker askers[50] = {{.answers = 0}};
    int i;
    (void)state;
    source.at_once = true;
    for (i = 0; i < 50; i++) {
        ask(&askers[i]);
        assert_int_equal(askers[i].answers, 0);
    }
    balm_loop_run(loop);
    for (i = 0; i < 50; i++) {
        assert_int_equal(askers[i].answers, 1);
        assert_string_equal(askers[i].key, "FRESH");
        assert_string_equal(askers[i].account, "111122223333");
    }
    assert_int_equal(source.fetches, 1);
}

static void get(struct asker *asker)
{
    ask(asker);
    balm_loop_run(loop);
}

static void what_is_fresh_is_kept(void **state)
{
    struct asker asker = {.answers = 0};
    (void)state;
    ask(&asker);
    supply(3600);
    balm_loop_run(loop);
    assert_non_null(balm_provider_peek(provider, NULL));
    get(&asker);
    assert_int_equal(source.fetches, 1);
    assert_int_equal(asker.answers, 2);
}

/* Credentials that have lived for a while and have left_s to live. */
static void hold(int64_t lived_s, int64_t left_s)
{
    struct asker asker = {.answers = 0};
    ask(&asker);
    supply(lived_s + left_s);
    balm_loop_run(loop);
    clock_ahead_s = lived_s;
}

static void from_fifteen_minutes_before_the_end_they_are_renewed_beside(void **state)
{
    struct asker asker = {.answers = 0};
    (void)state;
    hold(3600, 901);
    get(&asker);
    assert_int_equal(source.fetches, 1);
    clock_ahead_s += 2;
    get(&asker);
    assert_int_equal(source.fetches, 2);
    assert_int_equal(asker.answers, 2);
    assert_string_equal(asker.key, "LATER");
    get(&asker);
    assert_int_equal(source.fetches, 2); /* once at a time */
    source.at_once = true;
    supply(3600 + 7200);
    get(&asker);
    assert_int_equal(source.fetches, 2);
}

static void from_ten_minutes_before_the_end_all_wait(void **state)
{
    struct asker asker = {.answers = 0};
    (void)state;
    hold(3600, 599);
    get(&asker);
    assert_int_equal(asker.answers, 0);
    assert_null(balm_provider_peek(provider, NULL));
    supply(7200);
    balm_loop_run(loop);
    assert_int_equal(asker.answers, 1);
}

static void short_lives_are_not_spent_on_renewals(void **state)
{
    struct asker asker = {.answers = 0};
    (void)state;
    hold(0, 900);
    clock_ahead_s = 600;
    get(&asker);
    assert_int_equal(source.fetches, 1);
    clock_ahead_s = 700;
    get(&asker);
    assert_int_equal(source.fetches, 2);
    assert_int_equal(asker.answers, 2);
}

static void a_renewal_that_fails_is_tried_again_a_minute_later(void **state)
{
    struct balm_err failure = {.code = BALM_E_NET, .message = "no"};
    struct asker asker = {.answers = 0};
    (void)state;
    hold(3600, 100);
    ask(&asker);
    balm_provider_supply(provider, NULL, NULL, 0, &failure);
    balm_loop_run(loop);
    assert_int_equal(asker.answers, 1);
    assert_string_equal(asker.key, "LATER");
    get(&asker);
    assert_int_equal(asker.answers, 2);
    assert_int_equal(source.fetches, 2);
    clock_ahead_s += 61;
    ask(&asker);
    assert_int_equal(source.fetches, 3);
    supply(7200);
    balm_loop_run(loop);
}

static void a_failure_is_told_to_all_and_not_kept(void **state)
{
    struct balm_err failure = {.code = BALM_E_AUTH, .message = "no"};
    struct asker one = {.answers = 0};
    struct asker two = {.answers = 0};
    (void)state;
    ask(&one);
    ask(&two);
    balm_provider_supply(provider, NULL, NULL, 0, &failure);
    balm_loop_run(loop);
    assert_string_equal(one.err.message, "no");
    assert_string_equal(two.err.message, "no");
    ask(&one);
    supply(3600);
    balm_loop_run(loop);
    assert_string_equal(one.key, "LATER");
    assert_int_equal(source.fetches, 2);
}

static void what_expired_is_fetched_anew(void **state)
{
    struct asker asker = {.answers = 0};
    (void)state;
    source.at_once = true;
    ask(&asker);
    balm_loop_run(loop);
    balm_provider_expire(provider);
    assert_null(balm_provider_peek(provider, NULL));
    ask(&asker);
    balm_loop_run(loop);
    assert_int_equal(source.fetches, 2);
    assert_int_equal(asker.answers, 2);
}

static void expire(struct asker *asker)
{
    asker->then = NULL;
    balm_provider_expire(provider);
    ask(asker);
}

static void dropping_it_while_others_are_answered_lets_them_wait(void **state)
{
    struct asker one = {.then = expire};
    struct asker two = {.answers = 0};
    (void)state;
    source.at_once = true;
    ask(&one);
    ask(&two);
    balm_loop_run(loop);
    assert_int_equal(one.answers, 2);
    assert_int_equal(two.answers, 1);
    assert_string_equal(two.key, "FRESH");
    assert_int_equal(source.fetches, 2);
}

static void who_forgets_is_not_answered(void **state)
{
    struct asker one = {.answers = 0};
    struct asker two = {.answers = 0};
    (void)state;
    ask(&one);
    ask(&two);
    balm_provider_forget(&one.wanted);
    balm_provider_forget(&one.wanted);
    supply(3600);
    balm_loop_run(loop);
    assert_int_equal(one.answers, 0);
    assert_int_equal(two.answers, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_who_wait_get_the_one_answer),
        TEST(what_is_fresh_is_kept),
        TEST(from_fifteen_minutes_before_the_end_they_are_renewed_beside),
        TEST(from_ten_minutes_before_the_end_all_wait),
        TEST(short_lives_are_not_spent_on_renewals),
        TEST(a_renewal_that_fails_is_tried_again_a_minute_later),
        TEST(a_failure_is_told_to_all_and_not_kept),
        TEST(what_expired_is_fetched_anew),
        TEST(dropping_it_while_others_are_answered_lets_them_wait),
        TEST(who_forgets_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
