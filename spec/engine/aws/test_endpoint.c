#include "aws/endpoint.h"
#include "aws/endpoint_internal.h"
#include "aws/endpoint_memo.h"
#include "core/json.h"
#include "support/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct balm_pack *pack;
static struct balm_partitions *partitions;
static struct balm_arena arena;
static struct balm_aws_config config;
static struct balm_endpoint endpoint;
static struct balm_err err;

static int open_pack(void **state)
{
    (void)state;
    pack = pack_real();
    return pack && balm_partitions_new(&partitions, pack, &err) == BALM_OK ? 0 : -1;
}

static int close_pack(void **state)
{
    (void)state;
    balm_partitions_release(partitions);
    balm_pack_release(pack);
    balm_arena_free(&arena);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    balm_arena_init(&arena, 0);
    config = (struct balm_aws_config){.profile = "default", .sts_regional = "regional"};
    err = (struct balm_err){.code = BALM_OK};
    return 0;
}

static struct balm_value json(const char *text)
{
    struct balm_value value;

    if (balm_json_parse(&arena, text, strlen(text), &value, &err)) fail_msg("%s", err.message);
    return value;
}

struct asked {
    const char *service, *operation, *params, *region;
};

static struct balm_endpoint_question question_of(struct asked asked)
{
    struct balm_endpoint_question question = {.region = asked.region};

    question.params = asked.params ? json(asked.params) : balm_null();
    assert_int_equal(balm_pack_service(pack, asked.service, &question.service, &err), BALM_OK);
    if (asked.operation) {
        assert_int_equal(
            balm_service_operation(question.service, asked.operation, &question.operation, &err),
            BALM_OK);
    }
    return question;
}

/* The first time it is resolved, the second time remembered: the same endpoint. */
static void assert_is_recalled(const struct balm_endpoint_question *question)
{
    struct balm_endpoint_memo *memo;
    struct balm_endpoint again;

    assert_int_equal(balm_endpoint_memo_new(&memo, &err), BALM_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            balm_endpoint_recall(memo, question, &config, partitions, &arena, &again, &err),
            BALM_OK);
        assert_string_equal(again.url, endpoint.url);
        assert_string_equal(again.signing_region, endpoint.signing_region);
        assert_string_equal(again.signing_name, endpoint.signing_name);
        assert_string_equal(again.auth_scheme, endpoint.auth_scheme);
        assert_int_equal(again.raw_path, endpoint.raw_path);
        assert_int_equal(balm_map_len(again.headers), balm_map_len(endpoint.headers));
    }
    balm_endpoint_memo_release(memo);
}

/* The URL, or the error's words. */
static const char *resolve(struct asked asked)
{
    struct balm_endpoint_question question = question_of(asked);

    if (balm_endpoint_resolve(&question, &config, partitions, &arena, &endpoint, &err)) {
        return err.message;
    }
    assert_is_recalled(&question);
    return endpoint.url;
}

/* Where a request for path would go. */
static const char *target(struct asked asked, const char *path)
{
    struct balm_endpoint_question question = question_of(asked);
    struct balm_buf url = BALM_BUF_INIT(4096);
    struct balm_request request;
    const char *text;

    balm_request_init(&request, &arena);
    request.path = path;
    text = resolve(asked);
    for (int again = 0; !err.code && again < 2; again++) {
        (void)balm_endpoint_apply(&endpoint, question.operation, question.params, &request, &err);
    }
    if (!err.code) {
        assert_int_equal(balm_request_url(&request, &url), BALM_OK);
        text = balm_arena_copy(&arena, url.bytes, url.len);
    } else {
        text = err.message;
    }
    balm_buf_free(&url);
    balm_request_free(&request);
    return text;
}

static void a_bucket_is_a_host_where_its_name_allows(void **state)
{
    struct asked logs = {"s3", "PutBucketVersioning", "{\"Bucket\":\"logs\"}", "eu-west-1"};
    struct asked dots = {"s3", "PutBucketVersioning", "{\"Bucket\":\"my.logs\"}", "eu-west-1"};
    struct asked capitals = {"s3", "PutBucketVersioning", "{\"Bucket\":\"Logs\"}", "eu-west-1"};
    (void)state;
    assert_string_equal(resolve(logs), "https://logs.s3.eu-west-1.amazonaws.com");
    assert_string_equal(endpoint.signing_name, "s3");
    assert_string_equal(endpoint.auth_scheme, "sigv4");
    assert_true(endpoint.raw_path);
    assert_string_equal(resolve(dots), "https://s3.eu-west-1.amazonaws.com/my.logs");
    assert_string_equal(resolve(capitals), "https://s3.eu-west-1.amazonaws.com/Logs");
}

static void a_bucket_is_a_path_at_a_host_of_ones_own(void **state)
{
    struct asked logs = {"s3", "PutBucketVersioning", "{\"Bucket\":\"logs\"}", "eu-west-1"};
    (void)state;
    config.endpoint_url = "http://localhost:4566";
    assert_string_equal(resolve(logs), "http://localhost:4566/logs");
    assert_string_equal(target(logs, "/"), "http://localhost:4566/logs");
    assert_string_equal(target(logs, "/key"), "http://localhost:4566/logs/key");
    config.config_file = json("{\"default\":{\"s3\":{\"addressing_style\":\"virtual\"}}}");
    assert_string_equal(resolve(logs), "http://logs.localhost:4566");
}

static void the_profile_chooses_how_buckets_are_addressed(void **state)
{
    struct asked logs = {"s3", "PutBucketVersioning", "{\"Bucket\":\"logs\"}", "us-east-1"};
    (void)state;
    config.config_file = json("{\"default\":{\"s3\":{\"addressing_style\":\"path\"}}}");
    assert_string_equal(resolve(logs), "https://s3.amazonaws.com/logs");
    config.config_file =
        json("{\"default\":{\"s3\":{\"us_east_1_regional_endpoint\":\"regional\"}}}");
    assert_string_equal(resolve(logs), "https://logs.s3.us-east-1.amazonaws.com");
    config.config_file = json("{\"default\":{\"s3\":{\"use_accelerate_endpoint\":\"true\"}}}");
    assert_string_equal(resolve(logs), "https://logs.s3-accelerate.amazonaws.com");
}

static void signs_for_the_region_that_a_rule_names(void **state)
{
    struct asked iam = {"iam", NULL, NULL, "eu-west-1"};
    struct asked gov = {"iam", NULL, NULL, "us-gov-east-1"};
    struct asked ddb = {"dynamodb", NULL, NULL, "eu-west-1"};
    (void)state;
    assert_string_equal(resolve(iam), "https://iam.amazonaws.com");
    assert_string_equal(endpoint.signing_region, "us-east-1");
    assert_string_equal(resolve(gov), "https://iam.us-gov.amazonaws.com");
    assert_string_equal(endpoint.signing_region, "us-gov-west-1");
    assert_string_equal(resolve(ddb), "https://dynamodb.eu-west-1.amazonaws.com");
    assert_string_equal(endpoint.signing_region, "eu-west-1");
    assert_false(endpoint.raw_path);
}

static void fips_and_dual_stack_hold_unless_the_host_is_ones_own(void **state)
{
    struct asked kms = {"kms", NULL, NULL, "us-east-2"};
    struct asked old = {"kms", NULL, NULL, "us-east-2-fips"};
    (void)state;
    assert_string_equal(resolve(old), "https://kms-fips.us-east-2.amazonaws.com");
    assert_string_equal(endpoint.signing_region, "us-east-2");
    config.use_fips = config.use_dualstack = true;
    assert_string_equal(resolve(kms), "https://kms-fips.us-east-2.api.aws");
    config.endpoint_url = "https://vpce.example.com";
    assert_string_equal(resolve(kms), "https://vpce.example.com");
}

static void some_operations_are_not_signed(void **state)
{
    struct asked saml = {"sts", "AssumeRoleWithSAML", NULL, "eu-west-1"};
    struct asked role = {"sts", "AssumeRole", NULL, "eu-west-1"};
    struct asked cognito = {"cognito-idp", "SignUp", NULL, "eu-west-1"};
    (void)state;
    (void)resolve(saml);
    assert_string_equal(endpoint.auth_scheme, "none");
    (void)resolve(cognito);
    assert_string_equal(endpoint.auth_scheme, "none");
    (void)resolve(role);
    assert_string_equal(endpoint.auth_scheme, "sigv4");
}

static void a_region_never_chooses_the_host(void **state)
{
    static const char *const regions[] = {
        "",
        "eu-west-1.evil.example",
        "x@evil.example/",
        "a#b",
        "a/b",
        "a b",
        "-a",
        "a-",
        "a:80",
        "eu\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    (void)state;
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        struct asked asked = {"ec2", NULL, NULL, regions[i]};
        (void)resolve(asked);
        assert_int_equal(err.code, BALM_E_ARG);
        assert_non_null(strstr(err.message, "region"));
    }
}

static void a_bucket_never_chooses_the_host(void **state)
{
    static const char *const buckets[] = {"",
                                          "a#b",
                                          "x@evil.example/",
                                          "a/b",
                                          "..",
                                          ".",
                                          "a?b",
                                          "a b",
                                          "a:b",
                                          "a%2f",
                                          "é",
                                          "a\\u0000b",
                                          "arn:aws:s3:x?:1:accesspoint:a"};
    (void)state;
    for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++) {
        const char *params = balm_arena_printf(&arena, "{\"Bucket\":\"%s\"}", buckets[i]);
        struct asked asked = {"s3", "PutBucketVersioning", params, "eu-west-1"};
        (void)resolve(asked);
        assert_int_equal(err.code, BALM_E_ARG);
        if (!strstr(err.message, "is not a bucket name")) fail_msg("%s", err.message);
    }
}

static void an_endpoint_of_ones_own_must_be_one(void **state)
{
    static const char *const urls[] = {"localhost:4566",       "ftp://h",        "https://",
                                       "https://u:p@h",        "https://h/?x=1", "https://h:port",
                                       "https://h.example/ x", "https://[::1",   "https://h:65536",
                                       "https://h/a\\b"};
    struct asked ec2 = {"ec2", NULL, NULL, "eu-west-1"};
    struct asked kms = {"kms", NULL, NULL, "eu-west-1"};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        config.endpoint_url = urls[i];
        (void)resolve(ec2);
        assert_int_equal(err.code, BALM_E_ARG);
    }
    config.endpoint_url = "http://[::1]:4566";
    err.code = BALM_OK;
    assert_string_equal(target(kms, "/"), "http://[::1]:4566/");
    config.endpoint_url = "https://h.example:443/base/";
    assert_string_equal(target(kms, "/"), "https://h.example/base/");
    assert_string_equal(target(kms, "/x"), "https://h.example/base/x");
}

static void a_host_prefix_is_filled_in_and_held_to_be_a_label(void **state)
{
    struct asked maps = {"location", "GetMapTile", NULL, "eu-west-1"};
    struct asked route = {"s3", "WriteGetObjectResponse", "{\"RequestRoute\":\"io-1\"}",
                          "eu-west-1"};
    struct asked evil = {"s3", "WriteGetObjectResponse", "{\"RequestRoute\":\"evil.example/\"}",
                         "eu-west-1"};
    struct asked control = {"s3control", "GetPublicAccessBlock", "{\"AccountId\":\"123456789012\"}",
                            "eu-west-1"};
    (void)state;
    assert_string_equal(target(maps, "/m"), "https://maps.geo.eu-west-1.amazonaws.com/m");
    assert_string_equal(target(route, "/r"),
                        "https://io-1.s3-object-lambda.eu-west-1.amazonaws.com/r");
    assert_string_equal(target(control, "/c"),
                        "https://123456789012.s3-control.eu-west-1.amazonaws.com/c");
    assert_non_null(strstr(target(evil, "/r"), "RequestRoute stands in the host name"));
}

static void extra_parameters_are_the_rule_sets_own(void **state)
{
    struct balm_endpoint_question question =
        question_of((struct asked){"s3", NULL, NULL, "eu-west-1"});
    (void)state;
    question.extra = json("{\"Bucket\":\"logs\",\"UseDualStack\":true}");
    assert_int_equal(balm_endpoint_resolve(&question, &config, partitions, &arena, &endpoint, &err),
                     BALM_OK);
    assert_string_equal(endpoint.url, "https://logs.s3.dualstack.eu-west-1.amazonaws.com");
    question.extra = json("{\"Buckt\":\"logs\"}");
    assert_int_equal(balm_endpoint_resolve(&question, &config, partitions, &arena, &endpoint, &err),
                     BALM_E_ARG);
    assert_string_equal(err.message,
                        "the endpoint rules have no parameter Buckt; did you mean Bucket?");
    question.extra = json("{\"UseFIPS\":\"yes\"}");
    assert_int_equal(balm_endpoint_resolve(&question, &config, partitions, &arena, &endpoint, &err),
                     BALM_E_ARG);
}

static const char *found(const char *params, const char *path)
{
    struct balm_buf buf = BALM_BUF_INIT(4096);
    const char *text;

    (void)balm_json_print(&buf, balm_endpoint_path(json(params), path, &arena), 0);
    text = balm_arena_copy(&arena, buf.bytes, buf.len);
    balm_buf_free(&buf);
    return text;
}

static void finds_parameters_by_the_models_paths(void **state)
{
    static const char tables[] =
        "{\"Items\":[{\"Get\":{\"Table\":\"a\"}},{\"Put\":{\"Table\":\"b\"}},{}]}";
    (void)state;
    assert_string_equal(found("{\"A\":{\"B\":\"x\"}}", "A.B"), "\"x\"");
    assert_string_equal(found("{\"A\":{}}", "A.B"), "null");
    assert_string_equal(found("{\"A\":{\"x\":1,\"y\":2}}", "keys(A)"), "[\"x\",\"y\"]");
    assert_string_equal(found(tables, "Items[*].Get.Table"), "[\"a\"]");
    assert_string_equal(found(tables, "Items[*].[Get.Table, Put.Table][]"), "[\"a\",\"b\"]");
    assert_string_equal(found("{}", "Items[*].Get.Table"), "[]");
}

static void a_remembered_endpoint_answers_its_own_question_alone(void **state)
{
    static const struct asked all[] = {
        {"s3", "PutBucketVersioning", "{\"Bucket\":\"logs\"}", "eu-west-1"},
        {"s3", "PutBucketVersioning", "{\"Bucket\":\"logs2\"}", "eu-west-1"},
        {"s3", "PutBucketVersioning", "{\"Bucket\":\"logs\"}", "eu-west-2"},
        {"s3", "GetBucketLocation", "{\"Bucket\":\"logs\"}", "eu-west-1"},
        {"s3", "ListBuckets", NULL, "eu-west-1"},
        {"sts", "GetCallerIdentity", NULL, "eu-west-1"},
    };
    struct balm_endpoint_memo *memo;

    (void)state;
    assert_int_equal(balm_endpoint_memo_new(&memo, &err), BALM_OK);
    for (size_t i = 0; i < 2 * sizeof all / sizeof *all; i++) {
        struct asked asked = all[i % (sizeof all / sizeof *all)];
        struct balm_endpoint_question question = question_of(asked);
        struct balm_endpoint recalled;
        assert_int_equal(
            balm_endpoint_recall(memo, &question, &config, partitions, &arena, &recalled, &err),
            BALM_OK);
        assert_string_equal(recalled.url, resolve(asked));
    }
    balm_endpoint_memo_release(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_bucket_is_a_host_where_its_name_allows, clean),
        cmocka_unit_test_setup(a_bucket_is_a_path_at_a_host_of_ones_own, clean),
        cmocka_unit_test_setup(the_profile_chooses_how_buckets_are_addressed, clean),
        cmocka_unit_test_setup(signs_for_the_region_that_a_rule_names, clean),
        cmocka_unit_test_setup(a_remembered_endpoint_answers_its_own_question_alone, clean),
        cmocka_unit_test_setup(fips_and_dual_stack_hold_unless_the_host_is_ones_own, clean),
        cmocka_unit_test_setup(some_operations_are_not_signed, clean),
        cmocka_unit_test_setup(a_region_never_chooses_the_host, clean),
        cmocka_unit_test_setup(a_bucket_never_chooses_the_host, clean),
        cmocka_unit_test_setup(an_endpoint_of_ones_own_must_be_one, clean),
        cmocka_unit_test_setup(a_host_prefix_is_filled_in_and_held_to_be_a_label, clean),
        cmocka_unit_test_setup(extra_parameters_are_the_rule_sets_own, clean),
        cmocka_unit_test_setup(finds_parameters_by_the_models_paths, clean),
    };

    return cmocka_run_group_tests(tests, open_pack, close_pack);
}
