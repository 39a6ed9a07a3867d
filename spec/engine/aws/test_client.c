#include "local_aws.h"

#include "core/clock.h"

#define ROLE "arn:aws:iam::111122223333:role/Fixer"

/* What the server saw and how it behaves. */
static struct {
    atomic_int assumed, identified, others;
    atomic_int failures; /* so many 503 first */
    atomic_int hangups;  /* so many broken connections first */
    atomic_int expired;  /* so many ExpiredToken first */
    char request[4096];  /* the last but those to STS */
} seen;

/* One call and what became of it. */
struct exchange {
    struct balm_call *call;
    int answers;
    struct balm_err err;
    int attempts;
    bool in_doubt;
    char status[32];
    char request_id[32];
    char body[64];
};

/* ---- the server ---- */

static void assume(int fd)
{
    char body[1024];
    int64_t later = balm_clock_now() / 1000000 + 3600;
    snprintf(body, sizeof body,
             "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::"
             "111122223333:assumed-role/Fixer/balm</Arn><AssumedRoleId>A:b</AssumedRoleId>"
             "</AssumedRoleUser><Credentials><AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>s"
             "</SecretAccessKey><SessionToken>token</SessionToken><Expiration>%lld</Expiration>"
             "</Credentials></AssumeRoleResult></AssumeRoleResponse>",
             ++seen.assumed, (long long)later);
    server_reply(fd, 200, "", body);
}

static void identify(int fd)
{
    seen.identified++;
    server_reply(fd, 200, "",
                 "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>999988887777"
                 "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
}

static bool answer(struct server *of, int fd, const char *request)
{
    (void)of;
    if (strstr(request, "Action=AssumeRole")) {
        assume(fd);
        return true;
    }
    if (strstr(request, "Action=GetCallerIdentity")) {
        identify(fd);
        return true;
    }
    snprintf(seen.request, sizeof seen.request, "%s", request);
    seen.others++;
    if (seen.hangups > 0) {
        seen.hangups--;
        return false;
    }
    if (seen.failures > 0) {
        seen.failures--;
        server_reply(fd, 503, "", "<Error><Code>ServiceUnavailable</Code></Error>");
    } else if (seen.expired > 0) {
        seen.expired--;
        server_reply(fd, 400, "", "<Error><Code>ExpiredToken</Code></Error>");
    } else {
        server_reply(fd, 200, "x-amz-request-id: R1\r\n",
                     "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    }
    return true;
}

/* ---- the client ---- */

static int set_up(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    local_start(answer);
    local_open();
    return 0;
}

static struct balm_session *session_of(struct balm_session_options options)
{
    struct balm_session *session = NULL;
    if (!options.region) options.region = "eu-west-1";
    assert_int_equal(balm_session_open(&session, aws, &options, &err), BALM_OK);
    return session;
}

static void done(void *owner, const struct balm_call_result *result)
{
    struct exchange *exchange = owner;
    exchange->answers++;
    exchange->err = result->err;
    exchange->attempts = result->attempts;
    exchange->in_doubt = result->in_doubt;
    snprintf(exchange->request_id, sizeof exchange->request_id, "%s", result->request_id);
    snprintf(exchange->status, sizeof exchange->status, "%s",
             balm_get_string(result->answer, "Status", ""));
    snprintf(exchange->body, sizeof exchange->body, "%s",
             balm_get_string(result->answer, "body", ""));
}

static void start(struct exchange *exchange, struct balm_session *session)
{
    struct balm_call_options options = {.region = NULL};
    const struct balm_service *service;
    const struct balm_operation *operation;
    struct balm_value params = balm_map(&arena);
    struct balm_value problems;
    memset(exchange, 0, sizeof *exchange);
    (void)balm_map_set(&arena, params, "Bucket", balm_string("b"));
    assert_int_equal(balm_pack_service(balm_aws_pack(aws), "s3", &service, &err), BALM_OK);
    assert_int_equal(balm_service_operation(service, "GetBucketVersioning", &operation, &err),
                     BALM_OK);
    assert_int_equal(balm_call_new(&exchange->call, session, operation, params, &options, &arena,
                                   &problems, &err),
                     BALM_OK);
    balm_call_send(exchange->call, done, exchange);
    assert_int_equal(exchange->answers, 0);
}

static struct exchange call_once(struct balm_session_options options)
{
    struct balm_session *session = session_of(options);
    struct exchange exchange;
    start(&exchange, session);
    balm_session_release(session);
    balm_loop_run(loop);
    assert_int_equal(exchange.answers, 1);
    balm_call_release(exchange.call);
    exchange.call = NULL;
    return exchange;
}

static void a_call_is_signed_sent_and_read(void **state)
{
    struct exchange exchange = call_once((struct balm_session_options){.agent = "run/7"});
    (void)state;
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_string_equal(exchange.status, "Enabled");
    assert_string_equal(exchange.request_id, "R1");
    assert_int_equal(exchange.attempts, 1);
    assert_non_null(strstr(seen.request, "GET /b?versioning HTTP/1.1"));
    assert_non_null(strstr(seen.request, "Credential=AKIDOWN/"));
    assert_non_null(strstr(seen.request, " run/7\r\n"));
    assert_int_equal(seen.identified, 0);
}

static void a_role_is_assumed_once_for_all(void **state)
{
    struct balm_session_options options = {.role_arn = ROLE, .account = "111122223333"};
    struct balm_session *sessions[50];
    struct exchange exchanges[50];
    int i;
    (void)state;
    for (i = 0; i < 50; i++) {
        sessions[i] = session_of(options);
        start(&exchanges[i], sessions[i]);
    }
    balm_loop_run(loop);
    for (i = 0; i < 50; i++) {
        assert_int_equal(exchanges[i].err.code, BALM_OK);
        balm_call_release(exchanges[i].call);
        balm_session_release(sessions[i]);
    }
    assert_int_equal(seen.assumed, 1);
    assert_int_equal(seen.identified, 0);
    assert_int_equal(seen.others, 50);
    assert_non_null(strstr(seen.request, "Credential=ASIA1/"));
}

static void roles_with_other_policies_are_others(void **state)
{
    (void)state;
    (void)call_once((struct balm_session_options){.role_arn = ROLE});
    (void)call_once((struct balm_session_options){.role_arn = ROLE, .session_policy = "{}"});
    (void)call_once((struct balm_session_options){.role_arn = ROLE, .external_id = "id"});
    (void)call_once((struct balm_session_options){.role_arn = ROLE, .session_name = "other"});
    assert_int_equal(seen.assumed, 3);
}

static void roles_that_nobody_uses_make_room(void **state)
{
    struct balm_session_options options = {.role_arn = ROLE};
    struct balm_session *kept = session_of(options);
    struct exchange exchange;
    char arn[64];
    int i;
    (void)state;
    for (i = 0; i < 3000; i++) {
        snprintf(arn, sizeof arn, "arn:aws:iam::111122223333:role/n%d", i);
        options.role_arn = arn;
        balm_session_release(session_of(options));
    }
    start(&exchange, kept);
    balm_loop_run(loop);
    assert_int_equal(exchange.err.code, BALM_OK);
    balm_call_release(exchange.call);
    balm_session_release(kept);
}

static void to_the_wrong_account_nothing_is_sent(void **state)
{
    struct exchange exchange =
        call_once((struct balm_session_options){.role_arn = ROLE, .account = "444455556666"});
    (void)state;
    assert_int_equal(exchange.err.code, BALM_E_AUTH);
    assert_string_equal(exchange.err.aws_code, "WrongAccount");
    exchange = call_once((struct balm_session_options){.account = "444455556666"});
    assert_string_equal(exchange.err.aws_code, "WrongAccount");
    assert_int_equal(seen.identified, 1);
    assert_int_equal(seen.others, 0);
}

static void the_own_account_is_asked_for_once(void **state)
{
    struct balm_session_options options = {.account = "999988887777"};
    struct balm_session *session = session_of(options);
    struct exchange exchanges[20];
    int i;
    (void)state;
    for (i = 0; i < 20; i++) {
        start(&exchanges[i], session);
    }
    balm_loop_run(loop);
    for (i = 0; i < 20; i++) {
        assert_int_equal(exchanges[i].err.code, BALM_OK);
        balm_call_release(exchanges[i].call);
    }
    balm_session_release(session);
    assert_int_equal(seen.identified, 1);
    assert_int_equal(seen.others, 20);
}

static void a_fault_of_the_server_is_tried_again(void **state)
{
    struct exchange exchange;
    (void)state;
    seen.failures = 2;
    exchange = call_once((struct balm_session_options){.region = NULL});
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_int_equal(exchange.attempts, 3);
    seen.failures = 9;
    exchange = call_once((struct balm_session_options){.region = NULL});
    assert_int_equal(exchange.err.code, BALM_E_AWS);
    assert_string_equal(exchange.err.aws_code, "ServiceUnavailable");
    assert_int_equal(exchange.attempts, 3);
}

static void what_broke_after_it_was_sent_is_in_doubt(void **state)
{
    struct exchange exchange;
    (void)state;
    seen.hangups = 99;
    exchange = call_once((struct balm_session_options){.region = NULL});
    assert_int_equal(exchange.err.code, BALM_E_NET);
    assert_true(exchange.in_doubt);
    assert_int_equal(exchange.attempts, 3);
    seen.hangups = 1;
    exchange = call_once((struct balm_session_options){.region = NULL});
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_false(exchange.in_doubt);
}

static void an_expired_token_is_replaced_once(void **state)
{
    struct exchange exchange;
    (void)state;
    seen.expired = 1;
    exchange = call_once((struct balm_session_options){.role_arn = ROLE});
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_int_equal(seen.assumed, 2);
    assert_int_equal(exchange.attempts, 2);
    seen.expired = 99;
    exchange = call_once((struct balm_session_options){.role_arn = ROLE});
    assert_string_equal(exchange.err.aws_code, "ExpiredToken");
    assert_int_equal(seen.assumed, 3);
}

static void a_call_may_be_dropped_at_any_time(void **state)
{
    struct balm_session *session = session_of((struct balm_session_options){.role_arn = ROLE});
    struct exchange exchanges[3];
    int i;
    (void)state;
    for (i = 0; i < 3; i++) {
        start(&exchanges[i], session);
    }
    balm_call_release(exchanges[1].call);
    balm_loop_run(loop);
    assert_int_equal(exchanges[1].answers, 0);
    assert_int_equal(exchanges[0].answers + exchanges[2].answers, 2);
    balm_call_release(exchanges[0].call);
    balm_call_release(exchanges[2].call);
    start(&exchanges[0], session);
    balm_call_release(exchanges[0].call);
    balm_session_release(session);
}

static void without_credentials_the_call_fails_and_not_the_session(void **state)
{
    struct exchange exchange;
    (void)state;
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    exchange = call_once((struct balm_session_options){.account = "999988887777"});
    assert_int_equal(exchange.err.code, BALM_E_AUTH);
    assert_int_equal(server.requests, 0);
    exchange = call_once((struct balm_session_options){.role_arn = ROLE});
    assert_int_equal(exchange.err.code, BALM_E_AUTH);
}

/* ---- raw ---- */

static void raw(const char *service, const char *path, const char *expected)
{
    struct balm_session *session = session_of((struct balm_session_options){.region = NULL});
    struct balm_raw_call request = {.service = service,
                                    .method = "GET",
                                    .path = path,
                                    .query = balm_map(&arena),
                                    .headers = balm_map(&arena),
                                    .body = balm_null()};
    struct balm_value list = balm_list(&arena);
    struct exchange exchange = {.answers = 0};
    (void)balm_list_push(&arena, list, balm_string("1"));
    (void)balm_list_push(&arena, list, balm_string("2 3"));
    (void)balm_map_set(&arena, request.query, "n", list);
    (void)balm_map_set(&arena, request.headers, "X-Mine", balm_string("yes"));
    assert_int_equal(balm_call_new_raw(&exchange.call, session, &request, NULL, &err), BALM_OK);
    assert_true(balm_call_is_write(exchange.call));
    balm_call_send(exchange.call, done, &exchange);
    balm_loop_run(loop);
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_non_null(strstr(exchange.body, "<VersioningConfiguration>"));
    assert_memory_equal(seen.request, expected, strlen(expected));
    assert_non_null(strstr(seen.request, "x-mine"));
    balm_call_release(exchange.call);
    balm_session_release(session);
}

static void raw_paths_are_encoded_and_normalised_but_for_s3(void **state)
{
    (void)state;
    raw("s3", "/b/x//../y z", "GET /b/x//../y%20z?n=1&n=2%203 HTTP/1.1\r\n");
    raw("lambda", "/a/./x/../b//c/", "GET /a/b/c/?n=1&n=2%203 HTTP/1.1\r\n");
}

static bool raw_is_write(const char *service, const char *method, const char *action)
{
    struct balm_session *session = session_of((struct balm_session_options){.region = NULL});
    struct balm_raw_call request = {
        .service = service, .method = method, .path = "/", .action = action};
    struct balm_call *call;
    bool is_write;
    assert_int_equal(balm_call_new_raw(&call, session, &request, NULL, &err), BALM_OK);
    is_write = balm_call_is_write(call);
    balm_call_release(call);
    balm_session_release(session);
    return is_write;
}

/* A script that names a harmless action for a DELETE would write in a plan. */
static void a_raw_request_is_a_read_if_its_action_and_its_method_are(void **state)
{
    (void)state;
    assert_true(raw_is_write("s3", "GET", NULL));
    assert_true(raw_is_write("s3", "GET", "s3:PutObject"));
    assert_true(raw_is_write("s3", "GET", "s3:NoSuchThing"));
    assert_false(raw_is_write("s3", "GET", "s3:GetBucketVersioning"));
    assert_false(raw_is_write("s3", "HEAD", "s3:GetBucketVersioning"));
    assert_true(raw_is_write("s3", "DELETE", "s3:GetBucketVersioning"));
    assert_true(raw_is_write("s3", "PUT", "s3:GetBucketVersioning"));
    assert_true(raw_is_write("s3", "POST", "s3:GetBucketVersioning"));
    assert_false(raw_is_write("ec2", "POST", "ec2:DescribeInstances"));
}

static void global_is_the_home_of_its_partition(void **state)
{
    struct balm_session_options options = {.region = "global", .partition = "aws-cn"};
    struct balm_session *session = session_of(options);
    (void)state;
    assert_string_equal(balm_session_region(session), "cn-northwest-1");
    assert_string_equal(balm_session_partition(session), "aws-cn");
    balm_session_release(session);
    options.region = "evil.com/";
    assert_int_equal(balm_session_open(&session, aws, &options, &err), BALM_E_ARG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, local_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_signed_sent_and_read),
        TEST(a_role_is_assumed_once_for_all),
        TEST(roles_with_other_policies_are_others),
        TEST(roles_that_nobody_uses_make_room),
        TEST(to_the_wrong_account_nothing_is_sent),
        TEST(the_own_account_is_asked_for_once),
        TEST(a_fault_of_the_server_is_tried_again),
        TEST(what_broke_after_it_was_sent_is_in_doubt),
        TEST(an_expired_token_is_replaced_once),
        TEST(a_call_may_be_dropped_at_any_time),
        TEST(without_credentials_the_call_fails_and_not_the_session),
        TEST(raw_paths_are_encoded_and_normalised_but_for_s3),
        TEST(a_raw_request_is_a_read_if_its_action_and_its_method_are),
        TEST(global_is_the_home_of_its_partition),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
