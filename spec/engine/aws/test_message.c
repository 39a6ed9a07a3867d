#include "aws/message.h"
#include "support/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void url_is(const char *expected)
{
    struct balm_buf url = BALM_BUF_INIT(BALM_BUF_MAX);
    assert_int_equal(balm_request_url(&request, &url), BALM_OK);
    assert_string_equal(url.bytes, expected);
    balm_buf_free(&url);
}

static void finds_a_header_in_any_case(void **state)
{
    (void)state;
    balm_request_add_header(&request, "Content-Type", "text/xml");
    assert_string_equal(balm_request_header(&request, "content-TYPE"), "text/xml");
    assert_null(balm_request_header(&request, "Content-Typ"));
}

static void sets_a_header_in_place_of_all_of_that_name(void **state)
{
    (void)state;
    balm_request_add_header(&request, "X-A", "1");
    balm_request_add_header(&request, "x-a", "2");
    balm_request_set_header(&request, "X-a", "3");
    assert_int_equal(request.header_len, 1);
    assert_string_equal(balm_request_header(&request, "x-a"), "3");
}

static void keeps_all_of_many_headers_and_pairs(void **state)
{
    char name[16];
    int i;
    (void)state;
    for (i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "x-%d", i);
        balm_request_add_header(&request, name, name);
        balm_request_add_query(&request, name, NULL);
        if (i % 3 == 0) balm_request_remove_header(&request, name);
    }
    assert_int_equal(balm_arena_status(&arena, NULL), BALM_OK);
    assert_int_equal(request.header_len, 200);
    assert_int_equal(request.query_len, 300);
    assert_string_equal(request.headers[199].value, "x-299");
    assert_string_equal(request.query[255].name, "x-255");
}

static void encodes_a_query_and_lets_a_name_stand_alone(void **state)
{
    (void)state;
    request.host = "b.s3.amazonaws.com:8443";
    request.base_path = "/base";
    request.path = "/a%20b";
    balm_request_add_query(&request, "versioning", NULL);
    balm_request_add_query(&request, "prefix", "a/b c&d=\xC3\xA9~");
    balm_request_add_query(&request, "empty", "");
    url_is("https://b.s3.amazonaws.com:8443/base/a%20b?versioning&prefix=a%2Fb%20c%26d%3D%C3%A9~&"
           "empty=");
}

static void names_response_headers_in_lower_case(void **state)
{
    struct balm_header headers[] = {{"x-amz-request-id", "1"}};
    struct balm_response response;
    (void)state;
    balm_response_init(&response, 100);
    response.headers = headers;
    response.header_len = 1;
    assert_string_equal(balm_response_header(&response, "x-amz-request-id"), "1");
    assert_null(balm_response_header(&response, "date"));
    balm_response_free(&response);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_a_header_in_any_case),
        TEST(sets_a_header_in_place_of_all_of_that_name),
        TEST(keeps_all_of_many_headers_and_pairs),
        TEST(encodes_a_query_and_lets_a_name_stand_alone),
        TEST(names_response_headers_in_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
