#include "aws/sigv4.h"

#include "core/text.h"
#include "core/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct balm_credentials credentials = {
    "AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom", NULL};
static struct balm_err err;

static struct balm_sigv4_options options(void)
{
    struct balm_sigv4_options made = {.region = "*", .service = "s3", .raw_path = true};
    static const char now[] = "2026-11-23T08:00:00Z";
    assert_true(balm_time_parse(now, sizeof now - 1, &made.now));
    return made;
}

static struct balm_request request(struct balm_arena *arena)
{
    struct balm_request made;
    balm_request_init(&made, arena);
    made.method = "GET";
    made.host = "m.accesspoint.s3-global.amazonaws.com";
    made.path = "/a%20key";
    return made;
}

/* The signature that the header authorization ends with, as bytes. */
static size_t signature_of(const char *authorization, unsigned char out[80])
{
    const char *hex = strstr(authorization, "Signature=");
    size_t len = 0;
    assert_non_null(hex);
    for (hex += strlen("Signature="); *hex; hex += 2) {
        const char pair[] = {hex[0], hex[1], '\0'};
        out[len++] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return len;
}

static void the_published_key_is_derived_from_its_secret(void **state)
{
    static const char published[] =
        "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd";
    unsigned char key[BALM_SIGV4A_KEY_LEN];
    struct balm_buf hex = BALM_BUF_INIT(128);
    (void)state;
    assert_int_equal(balm_sigv4a_key(key, &credentials, &err), BALM_OK);
    assert_int_equal(balm_text_hex(&hex, key, sizeof key), BALM_OK);
    assert_string_equal(hex.bytes, published);
    balm_buf_free(&hex);
}

static void a_signature_holds_for_what_was_signed_and_nothing_else(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_request signed_request = request(&arena);
    struct balm_sigv4_options how = options();
    struct balm_buf canonical = BALM_BUF_INIT(4096);
    struct balm_buf names = BALM_BUF_INIT(4096);
    struct balm_buf to_sign = BALM_BUF_INIT(4096);
    unsigned char key[BALM_SIGV4A_KEY_LEN];
    unsigned char signature[80];
    size_t len;
    (void)state;
    assert_int_equal(balm_sigv4a_sign(&signed_request, &credentials, &how, &err), BALM_OK);
    len = signature_of(balm_request_header(&signed_request, "authorization"), signature);
    balm_request_remove_header(&signed_request, "authorization");
    assert_int_equal(balm_sigv4_canonical_request(&signed_request, &how, &canonical, &names),
                     BALM_OK);
    assert_int_equal(balm_sigv4a_string_to_sign(&how, &canonical, &to_sign), BALM_OK);
    assert_int_equal(balm_sigv4a_key(key, &credentials, &err), BALM_OK);
    assert_true(balm_sigv4a_verify(key, &to_sign, signature, len));
    assert_int_equal(balm_buf_addc(&to_sign, 'x'), BALM_OK);
    assert_false(balm_sigv4a_verify(key, &to_sign, signature, len));
    balm_buf_free(&canonical);
    balm_buf_free(&names);
    balm_buf_free(&to_sign);
    balm_request_free(&signed_request);
    balm_arena_free(&arena);
}

static void the_regions_are_told_and_the_scope_has_none(void **state)
{
    static const char begins[] =
        "AWS4-ECDSA-P256-SHA256 Credential=AKISORANDOMAASORANDOM/20261123/s3/aws4_request, "
        "SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=30";
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_request signed_request = request(&arena);
    struct balm_sigv4_options how = options();
    (void)state;
    assert_int_equal(balm_sigv4a_sign(&signed_request, &credentials, &how, &err), BALM_OK);
    assert_int_equal(balm_sigv4a_sign(&signed_request, &credentials, &how, &err), BALM_OK);
    assert_int_equal(signed_request.header_len, 3); /* the second took the first one's place */
    assert_string_equal(balm_request_header(&signed_request, "x-amz-region-set"), "*");
    assert_memory_equal(balm_request_header(&signed_request, "authorization"), begins,
                        sizeof begins - 1);
    balm_request_free(&signed_request);
    balm_arena_free(&arena);
}

static void a_presigned_url_says_how_long_it_is_good(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_request url = request(&arena);
    struct balm_sigv4_options how = options();
    struct balm_buf text = BALM_BUF_INIT(4096);
    (void)state;
    how.region = "eu-west-1";
    assert_int_equal(balm_sigv4_presign(&url, &credentials, &how, 60, &err), BALM_OK);
    assert_int_equal(balm_request_url(&url, &text), BALM_OK);
    assert_non_null(strstr(text.bytes, "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKI"));
    assert_non_null(strstr(text.bytes, "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Sign"));
    balm_buf_free(&text);
    balm_request_free(&url);
    balm_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_key_is_derived_from_its_secret),
        cmocka_unit_test(a_signature_holds_for_what_was_signed_and_nothing_else),
        cmocka_unit_test(the_regions_are_told_and_the_scope_has_none),
        cmocka_unit_test(a_presigned_url_says_how_long_it_is_good),
    };
    return cmocka_run_group_tests_name("aws/sigv4a", tests, NULL, NULL);
}
