#include "aws/sigv4.h"

#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"
#include "support/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The credentials of AWS's own examples. */
static const struct balm_credentials suite = {"AKIDEXAMPLE",
                                              "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL};
static const struct balm_credentials s3_docs = {"AKIAIOSFODNN7EXAMPLE",
                                                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL};

static struct balm_err err;

static int64_t at(const char *text)
{
    int64_t micros = 0;
    assert_true(balm_time_parse(text, strlen(text), &micros));
    return micros;
}

static struct balm_sigv4_options suite_options(void)
{
    return (struct balm_sigv4_options){
        .region = "us-east-1", .service = "service", .now = at("20150830T123600Z")};
}

static struct balm_sigv4_options s3_options(void)
{
    return (struct balm_sigv4_options){.region = "us-east-1",
                                       .service = "s3",
                                       .now = at("20130524T000000Z"),
                                       .raw_path = true,
                                       .payload_header = true};
}

static const char *signature(void)
{
    const char *header = balm_request_header(&request, "authorization");
    assert_non_null(header);
    header = strstr(header, "Signature=");
    assert_non_null(header);
    return header + strlen("Signature=");
}

static void is_signed_as(const struct balm_credentials *credentials,
                         struct balm_sigv4_options options, const char *expected)
{
    assert_int_equal(balm_sigv4_sign(&request, credentials, &options, &err), BALM_OK);
    assert_string_equal(signature(), expected);
}

/* ---- each stage, by the published ListUsers example ---- */

static void list_users(void)
{
    request.host = "iam.amazonaws.com";
    balm_request_add_query(&request, "Action", "ListUsers");
    balm_request_add_query(&request, "Version", "2010-05-08");
    balm_request_add_header(&request, "Content-Type",
                            "application/x-www-form-urlencoded; charset=utf-8");
}

static void each_stage_of_list_users_is_as_published(void **state)
{
    struct balm_buf canonical = BALM_BUF_INIT(4096);
    struct balm_buf names = BALM_BUF_INIT(4096);
    struct balm_buf text = BALM_BUF_INIT(4096);
    struct balm_buf hex = BALM_BUF_INIT(100);
    unsigned char key[BALM_SHA256_LEN];
    struct balm_sigv4_options options = suite_options();
    (void)state;
    options.service = "iam";
    list_users();
    balm_request_add_header(&request, "X-Amz-Date", "20150830T123600Z");
    assert_int_equal(balm_sigv4_canonical_request(&request, &options, &canonical, &names), BALM_OK);
    assert_string_equal(canonical.bytes,
                        "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
                        "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
                        "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                        "content-type;host;x-amz-date\n"
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_string_equal(names.bytes, "content-type;host;x-amz-date");
    assert_int_equal(balm_sigv4_string_to_sign(&options, &canonical, &text), BALM_OK);
    assert_string_equal(text.bytes,
                        "AWS4-HMAC-SHA256\n20150830T123600Z\n"
                        "20150830/us-east-1/iam/aws4_request\n"
                        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    balm_sigv4_signing_key(key, &suite, &options);
    balm_text_hex(&hex, key, sizeof key);
    assert_string_equal(hex.bytes,
                        "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    balm_buf_free(&canonical);
    balm_buf_free(&names);
    balm_buf_free(&text);
    balm_buf_free(&hex);
}

static void list_users_is_signed_as_published(void **state)
{
    struct balm_sigv4_options options = suite_options();
    (void)state;
    options.service = "iam";
    list_users();
    is_signed_as(&suite, options,
                 "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    assert_string_equal(balm_request_header(&request, "authorization"),
                        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/"
                        "aws4_request, SignedHeaders=content-type;host;x-amz-date, "
                        "Signature="
                        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

/* ---- the published suite ---- */

static void a_plain_get_is_signed_as_published(void **state)
{
    (void)state;
    request.host = "example.amazonaws.com";
    is_signed_as(&suite, suite_options(),
                 "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

static void a_plain_post_is_signed_as_published(void **state)
{
    (void)state;
    request.host = "example.amazonaws.com";
    request.method = "POST";
    is_signed_as(&suite, suite_options(),
                 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

static void a_query_is_sorted_by_name(void **state)
{
    (void)state;
    request.host = "example.amazonaws.com";
    balm_request_add_query(&request, "Param2", "value2");
    balm_request_add_query(&request, "Param1", "value1");
    is_signed_as(&suite, suite_options(),
                 "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

static void header_values_are_trimmed_and_folded(void **state)
{
    (void)state;
    request.host = "example.amazonaws.com";
    balm_request_add_header(&request, "My-Header1", " value1");
    balm_request_add_header(&request, "My-Header2", " \"a   b   c\"");
    is_signed_as(&suite, suite_options(),
                 "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

static void dots_and_slashes_in_a_path_are_normalised(void **state)
{
    static const char *const paths[] = {"/example/..", "//", "/./", "/a/../",
                                        "/example1/example2/../.."};
    size_t i;
    (void)state;
    request.host = "example.amazonaws.com";
    for (i = 0; i < sizeof paths / sizeof *paths; i++) {
        request.path = paths[i];
        is_signed_as(&suite, suite_options(),
                     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    }
}

/* ---- S3's own examples ---- */

static void an_object_is_got_as_published(void **state)
{
    (void)state;
    request.host = "examplebucket.s3.amazonaws.com";
    request.path = "/test.txt";
    balm_request_add_header(&request, "Range", "bytes=0-9");
    is_signed_as(&s3_docs, s3_options(),
                 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void an_object_is_put_as_published(void **state)
{
    (void)state;
    request.method = "PUT";
    request.host = "examplebucket.s3.amazonaws.com";
    request.path = "/test%24file.text";
    balm_request_add_header(&request, "Date", "Fri, 24 May 2013 00:00:00 GMT");
    balm_request_add_header(&request, "x-amz-storage-class", "REDUCED_REDUNDANCY");
    balm_buf_adds(&request.body, "Welcome to Amazon S3.");
    is_signed_as(&s3_docs, s3_options(),
                 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static void a_name_without_value_is_signed_as_published(void **state)
{
    (void)state;
    request.host = "examplebucket.s3.amazonaws.com";
    balm_request_add_query(&request, "lifecycle", NULL);
    is_signed_as(&s3_docs, s3_options(),
                 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

static void a_listing_is_signed_as_published(void **state)
{
    (void)state;
    request.host = "examplebucket.s3.amazonaws.com";
    balm_request_add_query(&request, "prefix", "J");
    balm_request_add_query(&request, "max-keys", "2");
    is_signed_as(&s3_docs, s3_options(),
                 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

/* ---- what the examples do not show ---- */

static void what_proxies_change_is_not_signed(void **state)
{
    (void)state;
    request.host = "example.amazonaws.com";
    balm_request_add_header(&request, "Connection", "close");
    balm_request_add_header(&request, "Expect", "100-continue");
    balm_request_add_header(&request, "User-Agent", "balm");
    balm_request_add_header(&request, "X-Amzn-Trace-Id", "Root=1");
    is_signed_as(&suite, suite_options(),
                 "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

static void signing_again_replaces_the_first_signature(void **state)
{
    struct balm_sigv4_options options = s3_options();
    struct balm_credentials temporary = suite;
    size_t len;
    (void)state;
    temporary.session_token = "first";
    request.host = "example.amazonaws.com";
    balm_request_add_header(&request, "Range", "bytes=0-9");
    assert_int_equal(balm_sigv4_sign(&request, &temporary, &options, &err), BALM_OK);
    len = request.header_len;
    assert_int_equal(len, 5);
    temporary.session_token = "second";
    options.now += 3600000000;
    assert_int_equal(balm_sigv4_sign(&request, &temporary, &options, &err), BALM_OK);
    assert_int_equal(request.header_len, len);
    assert_string_equal(balm_request_header(&request, "x-amz-security-token"), "second");
    assert_string_equal(balm_request_header(&request, "x-amz-date"), "20130524T010000Z");
}

static void a_buckets_session_names_its_token_otherwise(void **state)
{
    struct balm_sigv4_options options = s3_options();
    struct balm_credentials temporary = suite;
    (void)state;
    request.host = "example.amazonaws.com";
    temporary.session_token = "long";
    assert_int_equal(balm_sigv4_sign(&request, &temporary, &options, &err), BALM_OK);
    options.bucket_session = true;
    temporary.session_token = "bucket's";
    assert_int_equal(balm_sigv4_sign(&request, &temporary, &options, &err), BALM_OK);
    assert_null(balm_request_header(&request, "x-amz-security-token"));
    assert_string_equal(balm_request_header(&request, "x-amz-s3session-token"), "bucket's");
    assert_non_null(strstr(balm_request_header(&request, "authorization"),
                           "SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
                           "x-amz-s3session-token, "));
    options.bucket_session = false;
    assert_int_equal(balm_sigv4_sign(&request, &temporary, &options, &err), BALM_OK);
    assert_null(balm_request_header(&request, "x-amz-s3session-token"));
    options.bucket_session = true;
    assert_int_equal(balm_sigv4_presign(&request, &temporary, &options, 300, &err), BALM_OK);
    assert_string_equal(request.query[5].name, "X-Amz-S3session-Token");
    assert_string_equal(request.query[5].value, "bucket%27s");
}

static void an_unsigned_payload_says_so(void **state)
{
    struct balm_sigv4_options options = s3_options();
    (void)state;
    options.unsigned_payload = true;
    balm_buf_adds(&request.body, "x");
    assert_int_equal(balm_sigv4_sign(&request, &suite, &options, &err), BALM_OK);
    assert_string_equal(balm_request_header(&request, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
}

static void kept_keys_sign_the_same(void **state)
{
    struct balm_sigv4_options options = suite_options();
    struct balm_signing_keys *keys;
    char first[65];
    char region[32];
    int i;
    (void)state;
    assert_int_equal(balm_signing_keys_new(&keys, &err), BALM_OK);
    request.host = "example.amazonaws.com";
    for (i = 0; i < 3000; i++) {
        snprintf(region, sizeof region, "region-%d", i % 600);
        options.region = region;
        options.keys = NULL;
        assert_int_equal(balm_sigv4_sign(&request, &suite, &options, &err), BALM_OK);
        snprintf(first, sizeof first, "%s", signature());
        options.keys = keys;
        assert_int_equal(balm_sigv4_sign(&request, &suite, &options, &err), BALM_OK);
        assert_string_equal(signature(), first);
    }
    balm_signing_keys_release(keys);
}

static void a_secret_that_is_too_long_is_refused(void **state)
{
    struct balm_sigv4_options options = suite_options();
    struct balm_credentials long_ones = suite;
    char secret[514];
    (void)state;
    request.host = "example.amazonaws.com";
    memset(secret, 's', sizeof secret - 1);
    secret[sizeof secret - 1] = '\0';
    long_ones.secret_access_key = secret + 1;
    assert_int_equal(balm_sigv4_sign(&request, &long_ones, &options, &err), BALM_OK);
    long_ones.secret_access_key = secret;
    assert_int_equal(balm_sigv4_sign(&request, &long_ones, &options, &err), BALM_E_AUTH);
    assert_null(strstr(err.message, "sss"));
}

static void another_secret_of_the_same_key_id_is_another_key(void **state)
{
    struct balm_sigv4_options options = suite_options();
    struct balm_credentials changed = suite;
    char first[65];
    (void)state;
    assert_int_equal(balm_signing_keys_new(&options.keys, &err), BALM_OK);
    request.host = "example.amazonaws.com";
    assert_int_equal(balm_sigv4_sign(&request, &suite, &options, &err), BALM_OK);
    snprintf(first, sizeof first, "%s", signature());
    changed.secret_access_key = "another";
    assert_int_equal(balm_sigv4_sign(&request, &changed, &options, &err), BALM_OK);
    assert_string_not_equal(signature(), first);
    balm_signing_keys_release(options.keys);
}

static void credentials_that_would_break_a_header_are_refused(void **state)
{
    struct balm_sigv4_options options = suite_options();
    struct balm_credentials broken = suite;
    (void)state;
    broken.session_token = "a\r\nX-Evil: 1";
    assert_int_equal(balm_sigv4_sign(&request, &broken, &options, &err), BALM_E_AUTH);
    assert_null(strstr(err.message, "Evil"));
    broken = (struct balm_credentials){"AKID", "", NULL};
    assert_int_equal(balm_sigv4_sign(&request, &broken, &options, &err), BALM_E_AUTH);
    options.region = "";
    assert_int_equal(balm_sigv4_sign(&request, &suite, &options, &err), BALM_E_ARG);
    assert_int_equal(request.header_len, 0);
}

/* ---- vectors that spec/e2e/test_sigv4.py lets botocore make ---- */

static void add_all(struct balm_value vector)
{
    struct balm_value headers = balm_get(vector, "headers");
    struct balm_value query = balm_get(vector, "query");
    struct balm_value body = balm_get(vector, "body");
    size_t i;
    request.method = balm_get_string(vector, "method", "");
    request.host = balm_get_string(vector, "host", "");
    request.path = balm_get_string(vector, "path", "");
    for (i = 0; i < balm_list_len(headers); i++) {
        struct balm_value pair = *balm_list_at(headers, i);
        balm_request_add_header(&request, balm_list_at(pair, 0)->as.text,
                                balm_list_at(pair, 1)->as.text);
    }
    for (i = 0; i < balm_list_len(query); i++) {
        struct balm_value pair = *balm_list_at(query, i);
        balm_request_add_query(&request, balm_list_at(pair, 0)->as.text,
                               balm_list_at(pair, 1)->as.text);
    }
    balm_buf_add(&request.body, body.as.text, body.len);
}

static void sign_vector(struct balm_value vector)
{
    bool is_s3 = balm_get_bool(vector, "s3", false);
    struct balm_credentials credentials = {balm_get_string(vector, "access_key", ""),
                                           balm_get_string(vector, "secret_key", ""),
                                           balm_get_string(vector, "token", NULL)};
    struct balm_sigv4_options options = {.region = balm_get_string(vector, "region", ""),
                                         .service = balm_get_string(vector, "service", ""),
                                         .now = balm_get_int(vector, "now", 0) * 1000000,
                                         .raw_path = is_s3,
                                         .payload_header = is_s3};
    add_all(vector);
    assert_int_equal(balm_sigv4_sign(&request, &credentials, &options, &err), BALM_OK);
    assert_string_equal(balm_request_header(&request, "authorization"),
                        balm_get_string(vector, "authorization", ""));
    balm_request_free(&request);
    balm_request_init(&request, &arena);
}

static void botocores_vectors_are_signed_the_same(void **state)
{
    const char *path = getenv("SPEC_SIGV4_VECTORS");
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value vectors;
    size_t i;
    (void)state;
    if (!path) skip();
    assert_int_equal(balm_file_read(&text, path, &err), BALM_OK);
    assert_int_equal(balm_json_parse(&arena, text.bytes, text.len, &vectors, &err), BALM_OK);
    assert_true(balm_list_len(vectors) > 0);
    for (i = 0; i < balm_list_len(vectors); i++) {
        sign_vector(*balm_list_at(vectors, i));
    }
    balm_buf_free(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_stage_of_list_users_is_as_published),
        TEST(list_users_is_signed_as_published),
        TEST(a_plain_get_is_signed_as_published),
        TEST(a_plain_post_is_signed_as_published),
        TEST(a_query_is_sorted_by_name),
        TEST(header_values_are_trimmed_and_folded),
        TEST(dots_and_slashes_in_a_path_are_normalised),
        TEST(an_object_is_got_as_published),
        TEST(an_object_is_put_as_published),
        TEST(a_name_without_value_is_signed_as_published),
        TEST(a_listing_is_signed_as_published),
        TEST(what_proxies_change_is_not_signed),
        TEST(signing_again_replaces_the_first_signature),
        TEST(a_buckets_session_names_its_token_otherwise),
        TEST(an_unsigned_payload_says_so),
        TEST(kept_keys_sign_the_same),
        TEST(a_secret_that_is_too_long_is_refused),
        TEST(another_secret_of_the_same_key_id_is_another_key),
        TEST(credentials_that_would_break_a_header_are_refused),
        TEST(botocores_vectors_are_signed_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
