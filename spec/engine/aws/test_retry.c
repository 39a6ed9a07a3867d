#include "aws/retry.h"

#include "core/file.h"
#include "core/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct balm_err aws_error(const char *code, int status)
{
    struct balm_err err = {.code = BALM_E_AWS, .http_status = status};
    snprintf(err.aws_code, sizeof err.aws_code, "%s", code);
    return err;
}

static enum balm_retry meant(const char *code, int status)
{
    struct balm_err err = aws_error(code, status);
    return balm_retry_of(&err, NULL);
}

static bool again(const char *code, int status)
{
    struct balm_err err = aws_error(code, status);
    return balm_retry_is_retryable(&err, NULL);
}

static bool about_rights(const char *code, int status)
{
    struct balm_err err = aws_error(code, status);
    return balm_err_is_authorisation(&err);
}

static void throttling_has_many_names(void **state)
{
    static const char *const names[] = {"BandwidthLimitExceeded",
                                        "EC2ThrottledException",
                                        "LimitExceededException",
                                        "PriorRequestNotComplete",
                                        "ProvisionedThroughputExceededException",
                                        "RequestLimitExceeded",
                                        "RequestThrottled",
                                        "RequestThrottledException",
                                        "SlowDown",
                                        "ThrottledException",
                                        "Throttling",
                                        "ThrottlingException",
                                        "TooManyRequestsException",
                                        "TransactionInProgressException"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(meant(names[i], 400), BALM_RETRY_THROTTLED);
        assert_true(again(names[i], 400));
    }
    assert_int_equal(meant("anything", 429), BALM_RETRY_THROTTLED);
    assert_int_equal(meant("NoSuchBucket", 404), BALM_RETRY_NEVER);
    assert_int_equal(meant("", 400), BALM_RETRY_NEVER);
}

static void servers_faults_are_tried_again(void **state)
{
    (void)state;
    assert_int_equal(meant("InternalError", 500), BALM_RETRY_TRANSIENT);
    assert_int_equal(meant("", 502), BALM_RETRY_TRANSIENT);
    assert_int_equal(meant("503", 503), BALM_RETRY_TRANSIENT);
    assert_int_equal(meant("", 504), BALM_RETRY_TRANSIENT);
    assert_int_equal(meant("RequestTimeout", 400), BALM_RETRY_TRANSIENT);
    assert_int_equal(meant("RequestTimeoutException", 400), BALM_RETRY_TRANSIENT);
    assert_false(again("NotImplemented", 501));
    assert_false(again("", 505));
    assert_false(again("InternalError", 400));
    assert_false(again("NoSuchBucket", 404));
    assert_false(again("AccessDenied", 403));
}

static void a_broken_connection_is_tried_again_where_http_says_so(void **state)
{
    struct balm_err err = {.code = BALM_E_NET, .retryable = true};
    (void)state;
    assert_true(balm_retry_is_retryable(&err, NULL));
    err.retryable = false;
    assert_false(balm_retry_is_retryable(&err, NULL));
    err.code = BALM_E_LIMIT;
    err.retryable = true;
    assert_false(balm_retry_is_retryable(&err, NULL));
}

static void rights_are_told_from_other_refusals(void **state)
{
    /* One of each protocol's way to say it, and Balm's own. */
    static const char *const names[] = {
        "AccessDenied", "AccessDeniedException", "AuthFailure",          "SignatureDoesNotMatch",
        "ExpiredToken", "UnauthorizedOperation", "InvalidClientTokenId", "WrongAccount"};
    struct balm_err none = {.code = BALM_E_AUTH};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(about_rights(names[i], 400));
    }
    assert_true(about_rights("403", 403));
    assert_true(about_rights("Whatever", 401));
    assert_true(balm_err_is_authorisation(&none));
    assert_false(about_rights("RequestTimeTooSkewed", 403));
    assert_false(about_rights("RequestThrottled", 403));
    assert_false(about_rights("NoSuchBucket", 404));
}

static void waits_double_up_to_twenty_seconds(void **state)
{
    (void)state;
    assert_int_equal(balm_retry_delay(2, false, 1.0), 50000000);
    assert_int_equal(balm_retry_delay(3, false, 1.0), 100000000);
    assert_int_equal(balm_retry_delay(3, false, 0.5), 50000000);
    assert_int_equal(balm_retry_delay(2, true, 1.0), 1000000000);
    assert_int_equal(balm_retry_delay(4, true, 1.0), INT64_C(4000000000));
    assert_int_equal(balm_retry_delay(1000, false, 1.0), INT64_C(20000000000));
    assert_int_equal(balm_retry_delay(2, true, 0.0), 0);
}

static void credentials_and_clocks_are_told_apart(void **state)
{
    static const char *const clocks[] = {
        "RequestTimeTooSkewed",  "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch", "AuthFailure",        "RequestExpired"};
    size_t i;
    (void)state;
    assert_int_equal(meant("ExpiredToken", 400), BALM_RETRY_EXPIRED);
    assert_int_equal(meant("ExpiredTokenException", 403), BALM_RETRY_EXPIRED);
    for (i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        assert_int_equal(meant(clocks[i], 403), BALM_RETRY_SKEWED);
        assert_false(again(clocks[i], 403));
    }
}

/* ---- what the model says ---- */

static enum balm_retry modelled(const char *service, const char *name, const char *code)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_pack *pack = NULL;
    const struct balm_service *of;
    const struct balm_operation *operation;
    struct balm_err err = aws_error(code, 400);
    enum balm_retry retry;
    char *path = balm_file_own(&arena, "models.pack");
    assert_int_equal(balm_pack_open(&pack, path, NULL), BALM_OK);
    assert_int_equal(balm_pack_service(pack, service, &of, NULL), BALM_OK);
    assert_int_equal(balm_service_operation(of, name, &operation, NULL), BALM_OK);
    retry = balm_retry_of(&err, operation);
    balm_pack_release(pack);
    balm_arena_free(&arena);
    return retry;
}

static void a_model_may_say_more(void **state)
{
    (void)state;
    assert_int_equal(
        modelled("codeguruprofiler", "CreateProfilingGroup", "ServiceQuotaExceededException"),
        BALM_RETRY_TRANSIENT);
    assert_int_equal(modelled("codeguruprofiler", "CreateProfilingGroup", "ConflictException"),
                     BALM_RETRY_NEVER);
    assert_int_equal(modelled("sts", "AssumeRoleWithWebIdentity", "IDPCommunicationError"),
                     BALM_RETRY_TRANSIENT);
    assert_int_equal(modelled("s3", "ListBuckets", "IDPCommunicationError"), BALM_RETRY_NEVER);
}

/* ---- what the answer says ---- */

#define MS     INT64_C(1000000)
#define SECOND INT64_C(1000000000)

static struct balm_response response;

static void answer_has(const char *name, const char *value)
{
    balm_response_free(&response);
    balm_response_init(&response, 64);
    assert_non_null(balm_response_add_header(&response, name, strlen(name), value, strlen(value)));
}

static int64_t hinted(const char *name, const char *value)
{
    int64_t delay;
    answer_has(name, value);
    delay = balm_retry_hinted(200 * MS, &response, 1000 * INT64_C(1000000));
    balm_response_free(&response);
    return delay / MS;
}

static void an_answer_may_ask_for_patience(void **state)
{
    (void)state;
    assert_int_equal(hinted("date", "x"), 200);
    assert_int_equal(hinted("x-amz-retry-after", "1500"), 1500);
    assert_int_equal(hinted("x-amz-retry-after", "100"), 200);
    assert_int_equal(hinted("x-amz-retry-after", "3600000"), 5200);
    assert_int_equal(hinted("x-amz-retry-after", "99999999999999999999"), 200);
    assert_int_equal(hinted("x-amz-retry-after", "soon"), 200);
    assert_int_equal(hinted("retry-after", "3"), 3000);
    assert_int_equal(hinted("retry-after", "86400"), 20000);
    assert_int_equal(hinted("retry-after", "Thu, 01 Jan 1970 00:16:47 GMT"), 7000);
    assert_int_equal(hinted("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"), 200);
    assert_int_equal(hinted("retry-after", "Thu, 01 Jan 2170 00:00:00 GMT"), 20000);
    /* A clock that was never set: some count from 1601, and nanoseconds do not reach so far. */
    assert_int_equal(hinted("retry-after", "Mon, 01 Jan 1601 00:00:00 GMT"), 200);
    assert_int_equal(hinted("retry-after", "0001-01-01T00:00:00Z"), 200);
    assert_int_equal(hinted("retry-after", "-3"), 200);
}

/* By how much, in seconds; 0 where it is no explanation. The answer came at 08:00. */
static int64_t skew_of(const char *code, const char *our_clock)
{
    struct balm_err err = aws_error(code, 403);
    int64_t now;
    int64_t skew;
    bool explains;
    assert_true(balm_time_parse(our_clock, strlen(our_clock), &now));
    answer_has("date", "Mon, 23 Nov 2026 08:00:00 GMT");
    explains = balm_retry_skew(&err, &response, now, &skew);
    balm_response_free(&response);
    return explains ? skew / 1000000 : 0;
}

static void the_date_of_an_answer_tells_how_wrong_our_clock_is(void **state)
{
    (void)state;
    assert_int_equal(skew_of("RequestTimeTooSkewed", "2026-11-23T07:40:00Z"), 1200);
    assert_int_equal(skew_of("RequestInTheFuture", "2026-11-23T08:10:00Z"), -600);
    assert_int_equal(skew_of("RequestTimeTooSkewed", "2026-11-23T08:00:30Z"), 0);
    assert_int_equal(skew_of("SignatureDoesNotMatch", "2026-11-23T08:02:00Z"), 0);
    assert_int_equal(skew_of("SignatureDoesNotMatch", "2026-11-23T08:06:00Z"), -360);
    assert_int_equal(skew_of("RequestTimeTooSkewed", "2026-11-20T08:00:00Z"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throttling_has_many_names),
        cmocka_unit_test(servers_faults_are_tried_again),
        cmocka_unit_test(a_broken_connection_is_tried_again_where_http_says_so),
        cmocka_unit_test(rights_are_told_from_other_refusals),
        cmocka_unit_test(waits_double_up_to_twenty_seconds),
        cmocka_unit_test(credentials_and_clocks_are_told_apart),
        cmocka_unit_test(a_model_may_say_more),
        cmocka_unit_test(an_answer_may_ask_for_patience),
        cmocka_unit_test(the_date_of_an_answer_tells_how_wrong_our_clock_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
