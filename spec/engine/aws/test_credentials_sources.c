/* The sources of the process's own credentials as time goes by: what is asked once, again, and in
   vain. Which of them is chosen is held against botocore from outside. */
#include "local_aws.h"

#include "asker.h"
#include "core/time.h"
#include "support/clock.h"
#include "support/scratch.h"

#define AGENT  "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define ASKERS 40

static char home[SCRATCH_MAX];

/* What the server saw, and what it is told to do. */
static struct {
    atomic_int refusals; /* answers of status 503 to come */
    atomic_int silent;   /* it does not answer at all */
    atomic_int given;    /* credentials */
    atomic_int life_s;   /* of them */
    atomic_int identified;
    char token[128]; /* the last one that it was shown */
} seen;

static void give(int fd, bool by_sts)
{
    char end[BALM_TIME_MAX];
    char body[1024];
    balm_time_iso8601(end, (balm_clock_now() / 1000000 + seen.life_s) * 1000000);
    seen.given++;
    if (by_sts) {
        snprintf(body, sizeof body,
                 "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                 "<AccessKeyId>AKIA%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                 "<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials>"
                 "<AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/r/n</Arn>"
                 "</AssumedRoleUser></AssumeRoleWithWebIdentityResult>"
                 "</AssumeRoleWithWebIdentityResponse>",
                 (int)seen.given, end);
    } else {
        snprintf(body, sizeof body,
                 "{\"AccessKeyId\":\"AKIA%d\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                 "\"Expiration\":\"%s\"}",
                 (int)seen.given, end);
    }
    server_reply(fd, 200, "", body);
}

/* The text behind mark, up to the end of the line or the parameter. */
static void note_token(const char *request, const char *mark)
{
    const char *at = strcasestr(request, mark);
    at = at ? at + strlen(mark) : "";
    snprintf(seen.token, sizeof seen.token, "%.*s", (int)strcspn(at, "&\r\n"), at);
}

static bool answer(struct server *of, int fd, const char *request)
{
    (void)of;
    while (seen.silent) {
        usleep(1000);
    }
    if (seen.refusals > 0) {
        seen.refusals--;
        server_reply(fd, 503, "", "");
    } else if (strstr(request, "Action=AssumeRoleWithWebIdentity")) {
        note_token(request, "WebIdentityToken=");
        give(fd, true);
    } else if (strstr(request, "Action=GetCallerIdentity")) {
        seen.identified++;
        server_reply(fd, 200, "",
                     "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999988887777"
                     "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
    } else if (strstr(request, "GET /agent")) {
        note_token(request, "authorization: ");
        give(fd, false);
    } else if (strstr(request, "PUT /latest/api/token")) {
        server_reply(fd, 200, "", "metadata");
    } else if (strstr(request, "security-credentials/ HTTP")) {
        server_reply(fd, 200, "", "role-name\n");
    } else if (strstr(request, "security-credentials/role-name")) {
        give(fd, false);
    } else {
        server_reply(fd, 404, "", "");
    }
    return true;
}

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    seen.life_s = 3600;
    clock_ahead_s = 0;
    local_start_bare(answer, home);
    return 0;
}

static struct balm_provider *own(void)
{
    struct balm_provider *provider;
    local_open();
    assert_int_equal(balm_aws_own_provider(aws, &provider, &err), BALM_OK);
    return provider;
}

static int tear_down(void **state)
{
    seen.silent = false;
    return local_tear_down(state);
}

static struct asker ask(struct balm_provider *provider)
{
    struct asker asker = {.answers = 0};
    asker_asks(&asker, provider);
    balm_loop_run(loop);
    assert_int_equal(asker.answers, 1);
    return asker;
}

static void many_who_ask_are_one_who_asks(struct balm_provider *provider)
{
    struct asker askers[ASKERS];
    int i;
    memset(askers, 0, sizeof askers);
    for (i = 0; i < ASKERS; i++) {
        asker_asks(&askers[i], provider);
        assert_int_equal(askers[i].answers, 0);
    }
    balm_loop_run(loop);
    for (i = 0; i < ASKERS; i++) {
        assert_string_equal(askers[i].key, "AKIA1");
    }
    assert_int_equal(seen.given, 1);
}

static char *write_file(const char *name, const char *text)
{
    char *path = balm_arena_printf(&arena, "%s/%s", home, name);
    assert_int_equal(balm_file_write(path, text, strlen(text), 0600, &err), BALM_OK);
    return path;
}

/* Past the end of what was given, so that it is asked for again. */
static void age(void)
{
    clock_ahead_s += 7200;
}

static void a_web_identity_s_token_is_read_each_time(void **state)
{
    struct balm_provider *provider;
    struct asker asker;
    (void)state;
    setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write_file("jwt", "first\n"), 1);
    provider = own();
    asker = ask(provider);
    assert_string_equal(asker.key, "AKIA1");
    assert_string_equal(asker.account, "111122223333");
    assert_string_equal(seen.token, "first");
    write_file("jwt", "second");
    age();
    assert_string_equal(ask(provider).key, "AKIA2");
    assert_string_equal(seen.token, "second");
}

static void an_empty_token_is_an_error_that_names_its_file(void **state)
{
    struct asker asker;
    (void)state;
    setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write_file("jwt", "\n"), 1);
    asker = ask(own());
    assert_int_equal(asker.err.code, BALM_E_AUTH);
    assert_non_null(strstr(asker.err.message, "/jwt is empty"));
    assert_int_equal(server.requests, 0);
}

static void ask_the_agent(void)
{
    char agent[96];
    snprintf(agent, sizeof agent, "%s/agent", url);
    setenv(AGENT, agent, 1);
}

static void a_container_s_token_is_read_each_time(void **state)
{
    struct balm_provider *provider;
    (void)state;
    ask_the_agent();
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", write_file("auth", "one\n"), 1);
    provider = own();
    many_who_ask_are_one_who_asks(provider);
    assert_string_equal(seen.token, "one");
    write_file("auth", "two");
    age();
    assert_string_equal(ask(provider).key, "AKIA2");
    assert_string_equal(seen.token, "two");
    write_file("auth", "three\r\nX-Evil: 1");
    age();
    assert_non_null(strstr(ask(provider).err.message, "line break"));
}

static void a_container_is_asked_three_times(void **state)
{
    struct balm_provider *provider;
    (void)state;
    ask_the_agent();
    provider = own();
    seen.refusals = 2;
    assert_string_equal(ask(provider).key, "AKIA1");
    assert_int_equal(server.requests, 3);
    seen.refusals = 9;
    age();
    assert_int_equal(ask(provider).err.code, BALM_E_NET);
    assert_int_equal(server.requests, 6);
}

static void an_instance_is_asked_once_for_many(void **state)
{
    (void)state;
    many_who_ask_are_one_who_asks(own());
    assert_int_equal(server.requests, 3);
}

static void an_instance_that_gave_some_is_expected_to_give_more(void **state)
{
    struct balm_provider *provider = own();
    struct asker asker;
    (void)state;
    seen.refusals = 2; /* of a token, and of what may do without */
    asker = ask(provider);
    assert_int_equal(asker.err.code, BALM_E_AUTH);
    assert_false(asker.err.retryable);
    assert_string_equal(ask(provider).key, "AKIA1");
    seen.refusals = 2; /* of a token, and of what may do without */
    age();
    asker = ask(provider);
    assert_int_equal(asker.err.code, BALM_E_NET);
    assert_true(asker.err.retryable);
    assert_non_null(strstr(asker.err.message, "the EC2 role's credentials: 127.0.0.1"));
    assert_string_equal(ask(provider).key, "AKIA2");
}

static void an_instance_that_is_silent_does_not_hold_anybody_up(void **state)
{
    int64_t begun = balm_clock_mono();
    struct asker asker;
    (void)state;
    seen.silent = true;
    asker = ask(own());
    assert_int_equal(asker.err.code, BALM_E_AUTH);
    assert_non_null(strstr(asker.err.message, "no AWS credentials found: the environment has no"));
    assert_non_null(strstr(asker.err.message, "no answer from 127.0.0.1"));
    assert_true(balm_clock_mono() - begun < INT64_C(10000000000));
}

static void what_an_instance_gives_past_its_end_is_used_on(void **state)
{
    struct balm_provider *provider = own();
    int64_t left;
    (void)state;
    seen.life_s = -60;
    assert_string_equal(ask(provider).key, "AKIA1");
    left = (balm_provider_expires(provider) - balm_clock_now()) / 1000000;
    assert_in_range(left, 900 + 119, 900 + 600);
    assert_string_equal(ask(provider).key, "AKIA1");
    assert_int_equal(seen.given, 1);
}

static void what_a_container_gives_past_its_end_is_refused(void **state)
{
    (void)state;
    ask_the_agent();
    seen.life_s = -60;
    assert_non_null(strstr(ask(own()).err.message, "it gave credentials that expired at "));
}

static enum balm_code agent_at(const char *address)
{
    struct balm_provider *provider;
    enum balm_code code;
    setenv(AGENT, address, 1);
    local_open();
    code = balm_aws_own_provider(aws, &provider, &err);
    local_close();
    return code;
}

static void only_agents_are_shown_a_token(void **state)
{
    static const char *const agents[] = {
        "http://169.254.170.2/a",  "http://169.254.170.23/a", "http://[fd00:ec2::23]/a",
        "http://[::1]:8080/a?b=c", "http://localhost:1/a",    "http://127.9.9.9/a",
        "https://agent.example/a",
    };
    static const char *const others[] = {
        "http://169.254.170.3/a",
        "http://169.254.169.254/a",
        "http://[fd00:ec2::254]/a",
        "http://127.0.0.1.example.com/a",
        "http://localhost.example.com/a",
        "http://0177.0.0.1/a",
        "http://127.1/a",
        "http://agent.example/a",
        "http://me@127.0.0.1/a",
        "http://127.0.0.1@evil.example/a",
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
        "http://[::ffff:127.0.0.1]/a",
        "127.0.0.1/a",
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof agents / sizeof *agents; i++) {
        assert_int_equal(agent_at(agents[i]), BALM_OK);
    }
    for (i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(agent_at(others[i]), BALM_E_AUTH);
    }
}

static void a_question_under_way_may_be_dropped(void **state)
{
    struct asker asker = {.answers = 0};
    struct balm_provider *provider = own();
    (void)state;
    seen.silent = true;
    asker_asks(&asker, provider);
    balm_provider_forget(&asker.wanted);
}

/* ---- the account of the own credentials ---- */

static void done(void *owner, const struct balm_call_result *result)
{
    *(struct balm_err *)owner = result->err;
}

static enum balm_code call_in(const char *account)
{
    static const char *const names[] = {"sts", "GetCallerIdentity"};
    struct balm_session_options options = {.account = account};
    struct balm_err outcome;
    struct balm_call *call = local_call(options, names, NULL, done, &outcome);
    balm_loop_run(loop);
    balm_call_release(call);
    return outcome.code;
}

static void replaced_credentials_are_asked_for_their_account_again(void **state)
{
    (void)state;
    (void)own();
    assert_int_equal(call_in("999988887777"), BALM_OK);
    assert_int_equal(call_in("999988887777"), BALM_OK);
    assert_int_equal(seen.given, 1);
    assert_int_equal(seen.identified, 1 + 2);
    age();
    assert_int_equal(call_in("999988887777"), BALM_OK);
    assert_int_equal(seen.given, 2);
    assert_int_equal(seen.identified, 2 + 3);
    assert_int_equal(call_in("111122223333"), BALM_E_AUTH);
}

static void an_own_role_s_account_is_known(void **state)
{
    (void)state;
    setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r", 1);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write_file("jwt", "token"), 1);
    (void)own();
    assert_int_equal(call_in("111122223333"), BALM_OK);
    assert_int_equal(seen.identified, 1);
    assert_int_equal(call_in("999988887777"), BALM_E_AUTH);
    assert_int_equal(seen.identified, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_web_identity_s_token_is_read_each_time),
        TEST(an_empty_token_is_an_error_that_names_its_file),
        TEST(a_container_s_token_is_read_each_time),
        TEST(a_container_is_asked_three_times),
        TEST(an_instance_is_asked_once_for_many),
        TEST(an_instance_that_gave_some_is_expected_to_give_more),
        TEST(an_instance_that_is_silent_does_not_hold_anybody_up),
        TEST(what_an_instance_gives_past_its_end_is_used_on),
        TEST(what_a_container_gives_past_its_end_is_refused),
        TEST(only_agents_are_shown_a_token),
        TEST(a_question_under_way_may_be_dropped),
        TEST(replaced_credentials_are_asked_for_their_account_again),
        TEST(an_own_role_s_account_is_known),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
