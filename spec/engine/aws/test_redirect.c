#include "aws/client.h"

#include "core/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/aws/local_server.h"

#include <signal.h>

static struct server server;
static struct balm_loop *loop;
static struct balm_aws *aws;
static struct balm_aws_config config;
static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_err err;
static char url[64];

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
    struct balm_aws_options options = {.region = "eu-west-1", .endpoint_url = url};
    struct balm_aws_setup setup = {.config = &config};
    (void)state;
    memset(&bucket, 0, sizeof bucket);
    bucket.region = "eu-central-1";
    bucket.headers = bucket.body = "";
    server_start(&server, answer);
    snprintf(url, sizeof url, "http://%s", server.host);
    setenv("AWS_ACCESS_KEY_ID", "AKIDOWN", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("HOME", "/nonexistent", 1);
    assert_int_equal(balm_aws_config_load(&config, &options, &err), BALM_OK);
    assert_int_equal(balm_loop_new(&loop, &err), BALM_OK);
    setup.loop = loop;
    setup.models_path = balm_file_own(&arena, "models.pack");
    assert_int_equal(balm_aws_new(&aws, &setup, &err), BALM_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    balm_aws_release(aws);
    balm_loop_release(loop);
    balm_aws_config_free(&config);
    server_stop(&server);
    balm_arena_free(&arena);
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
    struct balm_session_options options = {.region = "eu-west-1"};
    struct balm_call_options none = {.region = NULL};
    struct balm_value params = balm_map(&arena);
    const struct balm_operation *operation;
    const struct balm_service *service;
    struct balm_session *session;
    struct balm_value problems;
    struct balm_err outcome;
    struct balm_call *call;
    (void)balm_map_set(&arena, params, "Bucket", balm_string(bucket_name));
    assert_int_equal(balm_session_open(&session, aws, &options, &err), BALM_OK);
    assert_int_equal(balm_pack_service(balm_aws_pack(aws), "s3", &service, &err), BALM_OK);
    assert_int_equal(balm_service_operation(service, name, &operation, &err), BALM_OK);
    assert_int_equal(
        balm_call_new(&call, session, operation, params, &none, &arena, &problems, &err), BALM_OK);
    balm_call_send(call, done, &outcome);
    balm_loop_run(loop);
    balm_call_release(call);
    balm_session_release(session);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
