#include "aws/credentials.h"

#include "core/clock.h"

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
static struct balm_aws_config config;
static struct balm_err err;

/* One who asks. */
struct asker {
    struct balm_wanted wanted;
    int answers;
    char key[32];
    char account[16];
    struct balm_err err;
    void (*then)(struct asker *asker);
};

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
    static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                            "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"};
    const struct balm_fetcher fetcher = {fetch, release, NULL};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof variables / sizeof *variables; i++) {
        unsetenv(variables[i]);
    }
    memset(&source, 0, sizeof source);
    memset(&config, 0, sizeof config);
    config.profile = "default";
    assert_int_equal(balm_loop_new(&loop, &err), BALM_OK);
    assert_int_equal(balm_provider_fetching(&provider, loop, &fetcher, &err), BALM_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    balm_provider_release(provider);
    balm_loop_release(loop);
    balm_arena_free(&config.arena);
    return 0;
}

static void ready(void *owner, const struct balm_credentials *credentials, const char *account,
                  const struct balm_err *failure)
{
    struct asker *asker = owner;
    asker->answers++;
    snprintf(asker->key, sizeof asker->key, "%s", credentials ? credentials->access_key_id : "");
    snprintf(asker->account, sizeof asker->account, "%s", account);
    if (failure) asker->err = *failure;
    if (asker->then) asker->then(asker);
}

static void ask(struct asker *asker)
{
    balm_provider_get(provider, &asker->wanted, ready, asker);
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

static void what_is_fresh_is_kept_and_what_soon_expires_is_not(void **state)
{
    struct asker asker = {.answers = 0};
    (void)state;
    ask(&asker);
    supply(301);
    balm_loop_run(loop);
    assert_non_null(balm_provider_peek(provider, NULL));
    ask(&asker);
    balm_loop_run(loop);
    assert_int_equal(source.fetches, 1);
    assert_int_equal(asker.answers, 2);
    ask(&asker);
    supply(299);
    balm_loop_run(loop);
    assert_null(balm_provider_peek(provider, NULL));
    ask(&asker);
    assert_int_equal(source.fetches, 2);
    supply(3600);
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

static void a_refresh_that_fails_early_leaves_what_still_holds(void **state)
{
    struct balm_err failure = {.code = BALM_E_NET, .message = "no"};
    struct asker asker = {.answers = 0};
    (void)state;
    ask(&asker);
    supply(200);
    balm_loop_run(loop);
    ask(&asker);
    balm_provider_supply(provider, NULL, NULL, 0, &failure);
    balm_loop_run(loop);
    assert_int_equal(asker.answers, 2);
    assert_string_equal(asker.key, "LATER");
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

/* ---- the process's own ---- */

static enum balm_code chain(void)
{
    struct balm_provider *own = NULL;
    enum balm_code code = balm_provider_chain(&own, loop, &config, &err);
    const struct balm_credentials *found = own ? balm_provider_peek(own, NULL) : NULL;
    if (found) snprintf(err.message, sizeof err.message, "%s", found->access_key_id);
    balm_provider_release(own);
    return code;
}

static void file_says(struct balm_value *file, const char *text)
{
    assert_int_equal(balm_ini_parse(&config.arena, text, strlen(text), file, &err), BALM_OK);
}

static void the_environment_comes_first(void **state)
{
    (void)state;
    file_says(&config.credentials_file,
              "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
    assert_int_equal(chain(), BALM_OK);
    assert_string_equal(err.message, "FILE");
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    assert_int_equal(chain(), BALM_OK);
    assert_string_equal(err.message, "ENV");
    config.profile_from_option = true;
    assert_int_equal(chain(), BALM_OK);
    assert_string_equal(err.message, "FILE");
}

static void the_config_file_comes_last(void **state)
{
    (void)state;
    file_says(&config.config_file, "[default]\naws_access_key_id=C\naws_secret_access_key=s\n");
    assert_int_equal(chain(), BALM_OK);
    assert_string_equal(err.message, "C");
}

static void half_a_pair_is_an_error(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    assert_int_equal(chain(), BALM_E_AUTH);
    assert_string_equal(err.message, "the environment: AWS_ACCESS_KEY_ID is set but "
                                     "AWS_SECRET_ACCESS_KEY is not; set both or neither");
    unsetenv("AWS_ACCESS_KEY_ID");
    file_says(&config.credentials_file, "[default]\naws_secret_access_key = HUSH\n");
    assert_int_equal(chain(), BALM_E_AUTH);
    assert_non_null(strstr(err.message, "aws_secret_access_key is set but aws_access_key_id"));
    assert_null(strstr(err.message, "HUSH"));
}

static void what_was_tried_is_told(void **state)
{
    (void)state;
    file_says(&config.config_file, "[other]\nregion=x\n");
    assert_int_equal(chain(), BALM_E_AUTH);
    assert_string_equal(err.message,
                        "no AWS credentials found (the environment: no AWS_ACCESS_KEY_ID; profile "
                        "\"default\" of the credentials file: no such file; profile \"default\" of "
                        "the config file: no such profile)");
}

static void a_profile_that_points_elsewhere_is_not_passed_over(void **state)
{
    (void)state;
    file_says(&config.credentials_file,
              "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
    file_says(&config.config_file, "[default]\nrole_arn = arn:aws:iam::1:role/x\n");
    assert_int_equal(chain(), BALM_E_AUTH);
    assert_non_null(strstr(err.message, "role_arn"));
}

static void a_secret_with_a_line_break_is_refused_unshown(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "HUSH\n", 1);
    assert_int_equal(chain(), BALM_E_AUTH);
    assert_null(strstr(err.message, "HUSH"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_who_wait_get_the_one_answer),
        TEST(what_is_fresh_is_kept_and_what_soon_expires_is_not),
        TEST(a_failure_is_told_to_all_and_not_kept),
        TEST(a_refresh_that_fails_early_leaves_what_still_holds),
        TEST(what_expired_is_fetched_anew),
        TEST(dropping_it_while_others_are_answered_lets_them_wait),
        TEST(who_forgets_is_not_answered),
        TEST(the_environment_comes_first),
        TEST(the_config_file_comes_last),
        TEST(half_a_pair_is_an_error),
        TEST(what_was_tried_is_told),
        TEST(a_profile_that_points_elsewhere_is_not_passed_over),
        TEST(a_secret_with_a_line_break_is_refused_unshown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
