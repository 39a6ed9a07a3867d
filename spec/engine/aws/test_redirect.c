#include "local_aws.h"

/* How a bucket that lies in eu-central-1 answers those who sign for another region. */
static struct {
    int status;
    const char *headers, *body;
    const char *region; /* where it really lies */
    atomic_int right, wrong;
} bucket;

static bool answer(struct server *of, int fd, const char *request)
{
    char scope[64];
    (void)of;
    snprintf(scope, sizeof scope, "/%s/s3/aws4_request", bucket.region);
    if (strstr(request, scope)) {
        bucket.right++;
        server_reply(fd, 200, "", strstr(request, "HEAD ") ? "" : "<VersioningConfiguration/>");
    } else {
        bucket.wrong++;
        server_reply(fd, bucket.status, bucket.headers, bucket.body);
    }
    return true;
}

static int set_up(void **state)
{
    (void)state;
    memset(&bucket, 0, sizeof bucket);
    bucket.region = "eu-central-1";
    bucket.headers = bucket.body = "";
    local_start(answer);
    local_open();
    return 0;
}

static void done(void *owner, const struct balm_call_result *result)
{
    struct balm_err *outcome = owner;
    *outcome = result->err;
    outcome->http_status = result->http_status;
}

static struct balm_err ask(const char *name, const char *bucket_name)
{
    const char *const names[] = {"s3", name};
    const char *const params[] = {"Bucket", bucket_name, NULL};
    struct balm_session_options options = {.region = NULL};
    struct balm_err outcome;
    struct balm_call *call = local_call(options, names, params, done, &outcome);
    balm_loop_run(loop);
    balm_call_release(call);
    return outcome;
}

static void the_bucket_is_found_and_asked_there_at_once_the_next_time(const char *name)
{
    struct balm_err outcome = ask(name, "far");
    assert_int_equal(outcome.code, BALM_OK);
    assert_int_equal(bucket.wrong, 1);
    outcome = ask(name, "far");
    assert_int_equal(outcome.code, BALM_OK);
    assert_int_equal(bucket.wrong, 1);
    assert_int_equal(bucket.right, 2);
}

static void a_redirect_by_header_is_followed(void **state)
{
    (void)state;
    bucket.status = 301;
    bucket.headers = "x-amz-bucket-region: eu-central-1\r\n";
    bucket.body = "<Error><Code>PermanentRedirect</Code></Error>";
    the_bucket_is_found_and_asked_there_at_once_the_next_time("GetBucketVersioning");
}

static void a_temporary_redirect_is_followed(void **state)
{
    (void)state;
    bucket.status = 307;
    bucket.headers = "x-amz-bucket-region: eu-central-1\r\nLocation: http://evil.example/\r\n";
    the_bucket_is_found_and_asked_there_at_once_the_next_time("GetBucketVersioning");
}

static void a_signature_for_the_wrong_region_is_made_again(void **state)
{
    (void)state;
    bucket.status = 400;
    bucket.body = "<Error><Code>AuthorizationHeaderMalformed</Code>"
                  "<Region>eu-central-1</Region></Error>";
    the_bucket_is_found_and_asked_there_at_once_the_next_time("GetBucketVersioning");
}

static void a_bad_request_without_a_body_says_where_a_bucket_is(void **state)
{
    (void)state;
    bucket.status = 400;
    bucket.headers = "x-amz-bucket-region: eu-central-1\r\n";
    the_bucket_is_found_and_asked_there_at_once_the_next_time("HeadBucket");
}

static void nobody_is_sent_in_circles(void **state)
{
    struct balm_err outcome;
    (void)state;
    bucket.region = "eu-north-1"; /* which it never says */
    bucket.status = 301;
    bucket.headers = "x-amz-bucket-region: eu-central-1\r\n";
    outcome = ask("GetBucketVersioning", "lost");
    assert_int_equal(outcome.http_status, 301);
    assert_int_equal(bucket.wrong, 2);
}

static void a_region_that_cannot_be_is_not_heeded(void **state)
{
    static const char *const headers[] = {
        "x-amz-bucket-region: evil.example/\r\n", "x-amz-bucket-region: cn-north-1\r\n",
        "x-amz-bucket-region: eu-west-1\r\n", "x-amz-bucket-region:\r\n", ""};
    (void)state;
    bucket.status = 301;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        bucket.headers = headers[i];
        bucket.wrong = 0;
        assert_int_equal(ask("GetBucketVersioning", "x").http_status, 301);
        assert_int_equal(bucket.wrong, 1);
    }
}

static void another_fault_is_no_redirect(void **state)
{
    (void)state;
    bucket.status = 403;
    bucket.headers = "x-amz-bucket-region: eu-central-1\r\n";
    bucket.body = "<Error><Code>AccessDenied</Code></Error>";
    assert_string_equal(ask("GetBucketVersioning", "shut").aws_code, "AccessDenied");
    assert_int_equal(bucket.wrong, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, local_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_redirect_by_header_is_followed),
        TEST(a_temporary_redirect_is_followed),
        TEST(a_signature_for_the_wrong_region_is_made_again),
        TEST(a_bad_request_without_a_body_says_where_a_bucket_is),
        TEST(nobody_is_sent_in_circles),
        TEST(a_region_that_cannot_be_is_not_heeded),
        TEST(another_fault_is_no_redirect),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
