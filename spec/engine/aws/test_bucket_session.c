/* Sessions with directory buckets, by S3 as spec/support/directory_buckets describes it. */
#include "support/pack.h" /* before the names that local_aws.h gives to all */

#include "core/time.h"
#include "local_aws.h"
#include "support/clock.h"

#define BUCKET  "logs--euw1-az1--x-s3"
#define OTHER   "more--euw1-az1--x-s3"
#define LIFE_S  300
#define CALLERS 50

/* What the server saw and how it behaves. */
static struct {
    atomic_int opened, others;
    atomic_int refused;  /* so many CreateSessions first */
    atomic_int expired;  /* so many ExpiredToken first, but for CreateSession */
    atomic_int quoted;   /* so many answers first that quote the request */
    atomic_int rest_us;  /* before a session is given */
    char opening[4096];  /* the last CreateSession */
    char request[4096];  /* the last of the others */
    char buckets[8][64]; /* of the first sessions */
} seen;

struct outcome {
    int answers;
    int attempts;
    struct balm_err err;
};

/* ---- the server ---- */

static void open_session(int fd, const char *request)
{
    char until[BALM_TIME_MAX];
    char body[512];
    int n = seen.opened++;
    snprintf(seen.opening, sizeof seen.opening, "%s", request);
    usleep((useconds_t)seen.rest_us);
    if (n < 8) (void)sscanf(request, "GET /%63[^?]", seen.buckets[n]);
    if (seen.refused > 0) {
        seen.refused--;
        server_reply(fd, 403, "", "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
        return;
    }
    balm_time_iso8601(until, balm_clock_now() + LIFE_S * INT64_C(1000000));
    snprintf(body, sizeof body,
             "<CreateSessionResult><Credentials><SessionToken>T%d</SessionToken><SecretAccessKey>"
             "s%d</SecretAccessKey><AccessKeyId>EX%d</AccessKeyId><Expiration>%s</Expiration>"
             "</Credentials></CreateSessionResult>",
             n + 1, n + 1, n + 1, until);
    server_reply(fd, 200, "", body);
}

static bool answer(struct server *of, int fd, const char *request)
{
    (void)of;
    if (strstr(request, "?session HTTP")) {
        open_session(fd, request);
        return true;
    }
    snprintf(seen.request, sizeof seen.request, "%s", request);
    seen.others++;
    if (seen.expired > 0) {
        seen.expired--;
        server_reply(fd, 400, "", "<Error><Code>ExpiredToken</Code></Error>");
    } else if (seen.quoted > 0) {
        seen.quoted--;
        server_reply(fd, 403, "",
                     "<Error><Code>SignatureDoesNotMatch</Code><Message>x-amz-s3session-token:T1"
                     "</Message></Error>");
    } else {
        server_reply(fd, 200, "", "");
    }
    return true;
}

/* ---- the client ---- */

static char folder[SCRATCH_MAX];
static char pack_path[SCRATCH_MAX + 16];

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    clock_ahead_s = 0;
    unsetenv("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH");
    setenv("AWS_SESSION_TOKEN", "long", 1);
    local_start(answer);
    local_open();
    return 0;
}

static void done(void *owner, const struct balm_call_result *result)
{
    struct outcome *outcome = owner;
    outcome->answers++;
    outcome->attempts = result->attempts;
    outcome->err = result->err;
}

static struct balm_call *start(struct outcome *outcome, const char *operation, const char *bucket)
{
    const char *const names[] = {"s3", operation};
    const char *const of_bucket[] = {"Bucket", bucket, NULL};
    const char *const of_object[] = {"Bucket", bucket, "Key", "a", NULL};
    bool on_object = strstr(operation, "Object") != NULL;
    memset(outcome, 0, sizeof *outcome);
    return local_call((struct balm_session_options){.region = NULL}, names,
                      on_object ? of_object : of_bucket, done, outcome);
}

static struct outcome call_once(const char *operation, const char *bucket)
{
    struct outcome outcome;
    struct balm_call *call = start(&outcome, operation, bucket);
    balm_loop_run(loop);
    assert_int_equal(outcome.answers, 1);
    balm_call_release(call);
    return outcome;
}

static void get_object(const char *bucket)
{
    struct outcome outcome = call_once("GetObject", bucket);
    assert_string_equal(outcome.err.message, "");
}

static void assert_has(const char *request, const char *text)
{
    if (!strcasestr(request, text)) fail_msg("%s is not in %s", text, request);
}

static void assert_lacks(const char *request, const char *text)
{
    if (strcasestr(request, text)) fail_msg("%s is in %s", text, request);
}

/* ---- tests ---- */

static void an_object_is_asked_for_with_the_keys_of_a_session(void **state)
{
    (void)state;
    get_object(BUCKET);
    assert_has(seen.opening, "GET /" BUCKET "?session HTTP/1.1");
    assert_has(seen.opening, "Credential=AKIDOWN/");
    assert_has(seen.opening, "/eu-west-1/s3express/aws4_request");
    assert_has(seen.opening, "X-Amz-Security-Token: long\r\n");
    assert_has(seen.request, "GET /" BUCKET "/a HTTP/1.1");
    assert_has(seen.request, "Credential=EX1/");
    assert_has(seen.request, "/eu-west-1/s3express/aws4_request");
    assert_has(seen.request, "x-amz-s3session-token: T1\r\n");
    assert_has(seen.request, "x-amz-s3session-token, Signature=");
    assert_lacks(seen.request, "x-amz-security-token");
}

static void one_session_serves_all_calls_on_its_bucket(void **state)
{
    int i;
    (void)state;
    for (i = 0; i < 5; i++) {
        get_object(BUCKET);
    }
    assert_int_equal(seen.opened, 1);
    assert_int_equal(seen.others, 5);
    get_object(OTHER);
    get_object(BUCKET);
    assert_int_equal(seen.opened, 2);
    assert_string_equal(seen.buckets[0], BUCKET);
    assert_string_equal(seen.buckets[1], OTHER);
}

static void those_who_call_at_once_wait_for_the_one_that_is_opened(void **state)
{
    struct outcome outcomes[CALLERS];
    struct balm_call *calls[CALLERS];
    int i;
    (void)state;
    for (i = 0; i < CALLERS; i++) {
        calls[i] = start(&outcomes[i], "GetObject", BUCKET);
    }
    balm_call_release(calls[0]); /* who began may leave */
    balm_loop_run(loop);
    for (i = 1; i < CALLERS; i++) {
        assert_int_equal(outcomes[i].answers, 1);
        assert_string_equal(outcomes[i].err.message, "");
        balm_call_release(calls[i]);
    }
    assert_int_equal(seen.opened, 1);
    assert_int_equal(seen.others, CALLERS - 1);
}

static void a_session_is_opened_anew_before_it_is_over(void **state)
{
    (void)state;
    get_object(BUCKET);
    clock_ahead_s = LIFE_S * 2 / 3;
    get_object(BUCKET);
    assert_int_equal(seen.opened, 1);
    clock_ahead_s = LIFE_S * 4 / 5; /* beside the call, which the old one still serves */
    get_object(BUCKET);
    assert_has(seen.request, "Credential=EX1/");
    assert_int_equal(seen.opened, 2);
    get_object(BUCKET);
    assert_has(seen.request, "Credential=EX2/");
    clock_ahead_s += LIFE_S * 9 / 10; /* too late for that: the call waits */
    get_object(BUCKET);
    assert_has(seen.request, "Credential=EX3/");
    assert_int_equal(seen.opened, 3);
}

static void a_session_that_expired_early_is_opened_anew_once(void **state)
{
    struct outcome outcome;
    (void)state;
    seen.expired = 1;
    outcome = call_once("GetObject", BUCKET);
    assert_string_equal(outcome.err.message, "");
    assert_int_equal(outcome.attempts, 2);
    assert_int_equal(seen.opened, 2);
    assert_has(seen.request, "x-amz-s3session-token: T2\r\n");
    assert_lacks(seen.request, "x-amz-s3session-token: T1");
    seen.expired = 99;
    outcome = call_once("GetObject", BUCKET);
    assert_string_equal(outcome.err.aws_code, "ExpiredToken");
    assert_int_equal(seen.opened, 3);
}

static void what_kept_the_session_closed_is_what_the_call_says(void **state)
{
    struct outcome outcome;
    (void)state;
    seen.refused = 1;
    outcome = call_once("GetObject", BUCKET);
    assert_int_equal(outcome.err.code, BALM_E_AWS);
    assert_string_equal(outcome.err.aws_code, "AccessDenied");
    assert_has(outcome.err.message,
               "cannot open a session with the bucket " BUCKET ", by CreateSession: ");
    assert_int_equal(seen.others, 0);
    get_object(BUCKET); /* a failure is not kept */
    assert_int_equal(seen.opened, 2);
}

static void what_quotes_the_token_is_read_without_it(void **state)
{
    struct outcome outcome;
    (void)state;
    seen.quoted = 1;
    outcome = call_once("GetObject", BUCKET);
    assert_string_equal(outcome.err.aws_code, "SignatureDoesNotMatch");
    assert_has(outcome.err.message, "x-amz-s3session-token:**");
}

static void sessions_that_are_over_make_room(void **state)
{
    char bucket[64];
    int i;
    (void)state;
    for (i = 0; i < 20; i++) {
        snprintf(bucket, sizeof bucket, "b%d--euw1-az1--x-s3", i);
        get_object(bucket);
        clock_ahead_s += LIFE_S;
    }
    assert_int_equal(seen.opened, 20);
    get_object("b0--euw1-az1--x-s3");
    assert_int_equal(seen.opened, 21);
}

static void bucket_calls_and_other_buckets_need_no_session(void **state)
{
    (void)state;
    assert_string_equal(call_once("GetBucketPolicy", BUCKET).err.message, "");
    assert_has(seen.request, "Credential=AKIDOWN/");
    assert_has(seen.request, "/s3express/aws4_request");
    assert_has(seen.request, "X-Amz-Security-Token: long\r\n");
    get_object("logs");
    assert_has(seen.request, "/s3/aws4_request");
    assert_int_equal(seen.opened, 0);
}

static void the_environment_may_do_without_sessions(void **state)
{
    (void)state;
    local_close();
    setenv("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "true", 1);
    local_open();
    get_object(BUCKET);
    assert_has(seen.request, "Credential=AKIDOWN/");
    assert_has(seen.request, "/s3express/aws4_request");
    assert_has(seen.request, "X-Amz-Security-Token: long\r\n");
    assert_int_equal(seen.opened, 0);
}

static void stop(void *owner)
{
    (void)owner;
    balm_loop_stop(loop);
}

static void a_session_that_nobody_waits_for_leaves_with_the_client(void **state)
{
    struct balm_timer timer = {0};
    struct outcome outcome;
    struct balm_call *call;
    (void)state;
    seen.rest_us = 300000;
    call = start(&outcome, "GetObject", BUCKET);
    assert_int_equal(balm_timer_set(loop, &timer, 100000000, stop, NULL), BALM_OK);
    balm_loop_run(loop);
    balm_call_release(call);
    assert_int_equal(outcome.answers, 0);
    assert_int_equal(seen.opened, 1);
}

static int make_pack(void **state)
{
    (void)state;
    if (!scratch_folder(folder)) return -1;
    snprintf(pack_path, sizeof pack_path, "%s/out.pack", folder);
    models = pack_path;
    return pack_directory_buckets(pack_path) ? 0 : -1;
}

static int remove_pack(void **state)
{
    (void)state;
    pack_remove(folder);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, local_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_object_is_asked_for_with_the_keys_of_a_session),
        TEST(one_session_serves_all_calls_on_its_bucket),
        TEST(those_who_call_at_once_wait_for_the_one_that_is_opened),
        TEST(a_session_is_opened_anew_before_it_is_over),
        TEST(a_session_that_expired_early_is_opened_anew_once),
        TEST(what_kept_the_session_closed_is_what_the_call_says),
        TEST(what_quotes_the_token_is_read_without_it),
        TEST(sessions_that_are_over_make_room),
        TEST(bucket_calls_and_other_buckets_need_no_session),
        TEST(the_environment_may_do_without_sessions),
        TEST(a_session_that_nobody_waits_for_leaves_with_the_client),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, make_pack, remove_pack);
}
