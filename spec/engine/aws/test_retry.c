#include "aws/retry.h"

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

static bool again(const char *code, int status)
{
    struct balm_err err = aws_error(code, status);
    return balm_retry_is_retryable(&err);
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
        assert_true(balm_retry_is_throttling(names[i]));
        assert_true(again(names[i], 400));
    }
    assert_false(balm_retry_is_throttling("NoSuchBucket"));
    assert_false(balm_retry_is_throttling(""));
}

static void servers_faults_are_tried_again(void **state)
{
    (void)state;
    assert_true(again("InternalError", 500));
    assert_true(again("", 502));
    assert_true(again("503", 503));
    assert_true(again("RequestTimeout", 400));
    assert_true(again("anything", 429));
    assert_false(again("NotImplemented", 501));
    assert_false(again("NoSuchBucket", 404));
    assert_false(again("AccessDenied", 403));
}

static void a_broken_connection_is_tried_again_where_http_says_so(void **state)
{
    struct balm_err err = {.code = BALM_E_NET, .retryable = true};
    (void)state;
    assert_true(balm_retry_is_retryable(&err));
    err.retryable = false;
    assert_false(balm_retry_is_retryable(&err));
    err.code = BALM_E_LIMIT;
    err.retryable = true;
    assert_false(balm_retry_is_retryable(&err));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throttling_has_many_names),
        cmocka_unit_test(servers_faults_are_tried_again),
        cmocka_unit_test(a_broken_connection_is_tried_again_where_http_says_so),
        cmocka_unit_test(rights_are_told_from_other_refusals),
        cmocka_unit_test(waits_double_up_to_twenty_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
