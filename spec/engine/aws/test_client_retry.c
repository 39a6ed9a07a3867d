/* Attempts that fail, against a server on this host: which are made again, when, and with what. */
#include "local_aws.h"

#include "core/clock.h"
#include "core/time.h"

/* What the server is told to do, and what it saw. */
static struct {
    atomic_int failures; /* answers of this status and code to come */
    atomic_int status;
    const char *code;
    const char *headers;
    atomic_llong ahead_s; /* its clock */
    atomic_int damaged;   /* answers with a wrong checksum to come */
    char bodies[4][512];
    atomic_int count;
} told;

/* What one call gave. */
struct exchange {
    struct balm_call *call;
    int answers;
    struct balm_err err;
    int attempts;
    int64_t ms;
    bool in_doubt;
};

static void refuse(int fd, int status, const char *code)
{
    char headers[256];
    char date[BALM_TIME_MAX];
    char body[128];
    balm_time_http(date, balm_clock_now() + told.ahead_s * 1000000);
    snprintf(headers, sizeof headers, "Date: %s\r\nx-amzn-errortype: %s\r\n%s", date, code,
             told.headers ? told.headers : "");
    snprintf(body, sizeof body, "<Error><Code>%s</Code></Error>", code);
    server_reply(fd, status, headers, body);
}

static bool is_signed_in_time(const char *request)
{
    const char *date = strcasestr(request, "x-amz-date: ");
    int64_t when;
    int64_t apart;
    if (!date || !balm_time_parse(date + 12, 16, &when)) return false;
    apart = when - (balm_clock_now() + told.ahead_s * 1000000);
    return apart < INT64_C(300000000) && apart > -INT64_C(300000000);
}

static bool answer(struct server *of, int fd, const char *request)
{
    const char *body = strstr(request, "\r\n\r\n");
    int n = told.count++;
    (void)of;
    if (n < 4) snprintf(told.bodies[n], sizeof told.bodies[n], "%s", body ? body + 4 : "");
    if (told.failures > 0) {
        told.failures--;
        refuse(fd, told.status, told.code);
    } else if (!is_signed_in_time(request)) {
        refuse(fd, 403, "RequestTimeTooSkewed");
    } else if (strstr(request, "DynamoDB_20120810")) {
        server_reply(fd, 200,
                     told.damaged-- > 0 ? "x-amz-crc32: 1\r\n" : "x-amz-crc32: 2745614147\r\n",
                     "{}");
    } else {
        server_reply(fd, 200, "", strstr(request, "AmazonAthena") ? "{}" : "");
    }
    return true;
}

static int set_up(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    told.status = 503;
    told.code = "ServiceUnavailable";
    unsetenv("AWS_RETRY_MODE");
    unsetenv("AWS_MAX_ATTEMPTS");
    local_start(answer);
    local_open();
    return 0;
}

static void start_again_with(const char *variable, const char *value)
{
    setenv(variable, value, 1);
    local_close();
    local_open();
}

static void done(void *owner, const struct balm_call_result *result)
{
    struct exchange *exchange = owner;
    exchange->answers++;
    exchange->err = result->err;
    exchange->attempts = result->attempts;
    exchange->ms = result->ms;
    exchange->in_doubt = result->in_doubt;
}

static void start(struct exchange *exchange, const char *service, const char *name,
                  const char *const *params)
{
    const char *const names[] = {service, name};
    struct balm_session_options options = {.region = NULL};
    memset(exchange, 0, sizeof *exchange);
    exchange->call = local_call(options, names, params, done, exchange);
}

static struct exchange call(const char *service, const char *name, const char *const *params)
{
    struct exchange exchange;
    start(&exchange, service, name, params);
    balm_loop_run(loop);
    assert_int_equal(exchange.answers, 1);
    balm_call_release(exchange.call);
    return exchange;
}

static struct exchange list_buckets(void)
{
    return call("s3", "ListBuckets", NULL);
}

/* All at once. */
static void list_buckets_many(struct exchange *exchanges, int count)
{
    int i;
    for (i = 0; i < count; i++) {
        start(&exchanges[i], "s3", "ListBuckets", NULL);
    }
    balm_loop_run(loop);
    for (i = 0; i < count; i++) {
        assert_int_equal(exchanges[i].answers, 1);
        balm_call_release(exchanges[i].call);
    }
}

static void a_wrong_clock_is_set_right_once_for_all(void **state)
{
    static const int apart[] = {1200, -1200};
    struct exchange exchanges[30];
    size_t i;
    int k;
    (void)state;
    for (i = 0; i < 2; i++) {
        told.ahead_s = apart[i];
        list_buckets_many(exchanges, 30);
        for (k = 0; k < 30; k++) {
            assert_int_equal(exchanges[k].err.code, BALM_OK);
            assert_int_equal(exchanges[k].attempts, 2);
        }
        assert_int_equal(list_buckets().attempts, 1);
    }
}

static void what_no_clock_explains_is_an_error(void **state)
{
    struct exchange exchange;
    (void)state;
    told.failures = 99;
    told.status = 403;
    told.code = "SignatureDoesNotMatch";
    exchange = list_buckets();
    assert_string_equal(exchange.err.aws_code, "SignatureDoesNotMatch");
    assert_int_equal(exchange.attempts, 1);
    told.ahead_s = 86400 * 3;
    told.code = "RequestTimeTooSkewed";
    assert_int_equal(list_buckets().attempts, 1);
}

static void an_idempotency_token_stays_the_same(void **state)
{
    static const char *const params[] = {"QueryString", "SELECT 1", NULL};
    (void)state;
    told.failures = 2;
    assert_int_equal(call("athena", "StartQueryExecution", params).attempts, 3);
    assert_non_null(strstr(told.bodies[0], "ClientRequestToken"));
    assert_string_equal(told.bodies[0], told.bodies[1]);
    assert_string_equal(told.bodies[0], told.bodies[2]);
}

static void the_attempts_are_as_many_as_configured(void **state)
{
    (void)state;
    start_again_with("AWS_MAX_ATTEMPTS", "1");
    told.failures = 99;
    assert_int_equal(list_buckets().attempts, 1);
    start_again_with("AWS_MAX_ATTEMPTS", "5");
    assert_int_equal(list_buckets().attempts, 5);
}

static void many_failures_spend_the_budget(void **state)
{
    struct exchange exchanges[60];
    int retries = 0;
    int i;
    (void)state;
    told.failures = 9999;
    list_buckets_many(exchanges, 60);
    for (i = 0; i < 60; i++) {
        assert_true(exchanges[i].err.retryable);
        retries += exchanges[i].attempts - 1;
    }
    assert_int_equal(retries, 100);
    told.failures = 0;
    for (i = 0; i < 5; i++) { /* each success gives one back */
        assert_int_equal(list_buckets().err.code, BALM_OK);
    }
    told.failures = 1;
    assert_int_equal(list_buckets().attempts, 2);
    assert_int_equal(call("iam", "ListRoles", NULL).attempts, 1); /* another client's is whole */
}

static void an_answer_s_wish_for_patience_is_heeded(void **state)
{
    struct exchange exchange;
    (void)state;
    told.failures = 1;
    told.headers = "x-amz-retry-after: 400\r\n";
    exchange = list_buckets();
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_true(exchange.ms >= 400);
}

static void a_damaged_answer_is_asked_for_again(void **state)
{
    struct exchange exchange;
    (void)state;
    told.damaged = 1;
    exchange = call("dynamodb", "ListTables", NULL);
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_int_equal(exchange.attempts, 2);
    told.damaged = 99;
    exchange = call("dynamodb", "ListTables", NULL);
    assert_int_equal(exchange.err.code, BALM_E_NET);
    assert_true(exchange.in_doubt);
}

static void what_is_not_signed_needs_no_credentials(void **state)
{
    static const char *const params[] = {"RoleArn",
                                         "arn:aws:iam::111122223333:role/x",
                                         "RoleSessionName",
                                         "me",
                                         "WebIdentityToken",
                                         "token",
                                         NULL};
    struct exchange exchange;
    (void)state;
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    told.failures = 1;
    told.status = 400;
    told.code = "ExpiredTokenException";
    exchange = call("sts", "AssumeRoleWithWebIdentity", params);
    assert_int_equal(exchange.err.code, BALM_E_AWS);
    assert_string_equal(exchange.err.aws_code, "ExpiredTokenException");
    assert_int_equal(exchange.attempts, 1);
}

static void in_adaptive_mode_a_throttled_client_slows_down(void **state)
{
    struct exchange exchanges[4];
    int64_t begun;
    (void)state;
    start_again_with("AWS_RETRY_MODE", "adaptive");
    begun = balm_clock_mono();
    list_buckets_many(exchanges, 4);
    assert_true(balm_clock_mono() - begun < INT64_C(1000000000));
    told.failures = 1;
    told.code = "SlowDown";
    assert_int_equal(list_buckets().attempts, 2);
    begun = balm_clock_mono();
    list_buckets_many(exchanges, 4);
    assert_int_equal(exchanges[3].err.code, BALM_OK);
    assert_true(balm_clock_mono() - begun > INT64_C(300000000));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, local_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_clock_is_set_right_once_for_all),
        TEST(what_no_clock_explains_is_an_error),
        TEST(an_idempotency_token_stays_the_same),
        TEST(the_attempts_are_as_many_as_configured),
        TEST(many_failures_spend_the_budget),
        TEST(an_answer_s_wish_for_patience_is_heeded),
        TEST(a_damaged_answer_is_asked_for_again),
        TEST(what_is_not_signed_needs_no_credentials),
        TEST(in_adaptive_mode_a_throttled_client_slows_down),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
