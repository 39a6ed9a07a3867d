#include "core/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void is_an_empty_text_at_birth(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(10);
    (void)state;
    assert_string_equal(buf.bytes, "");
    assert_int_equal(buf.len, 0);
    balm_buf_cut(&buf, 5);
    balm_buf_clear(&buf);
    balm_buf_free(&buf);
}

static void adds_texts_bytes_and_formats(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    (void)state;
    balm_buf_adds(&buf, "PUT");
    balm_buf_addc(&buf, '\n');
    balm_buf_add(&buf, "/x?", 2);
    balm_buf_addf(&buf, "-%d-%s", 42, "y");
    assert_string_equal(buf.bytes, "PUT\n/x-42-y");
    assert_int_equal(buf.len, 11);
    assert_int_equal(balm_buf_status(&buf, "the text", NULL), BALM_OK);
    balm_buf_free(&buf);
}

static void adds_any_integer_in_decimal(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    (void)state;
    balm_buf_addi(&buf, 0);
    balm_buf_addi(&buf, -7);
    balm_buf_addi(&buf, INT64_MAX);
    balm_buf_addi(&buf, INT64_MIN);
    assert_string_equal(buf.bytes, "0-79223372036854775807-9223372036854775808");
    balm_buf_free(&buf);
}

static void formats_longer_than_the_room_left(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    char wide[512];
    int i;
    (void)state;
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    for (i = 1; i <= 100; i++) {
        balm_buf_addf(&buf, "%.*s", i * 5, wide);
    }
    assert_int_equal(buf.len, 5 * 100 * 101 / 2);
    assert_int_equal(strspn(buf.bytes, "w"), buf.len);
    balm_buf_free(&buf);
}

static void takes_exactly_its_ceiling(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(5);
    (void)state;
    assert_int_equal(balm_buf_adds(&buf, "1234"), BALM_OK);
    assert_int_equal(balm_buf_addc(&buf, '5'), BALM_OK);
    assert_string_equal(buf.bytes, "12345");
    assert_int_equal(balm_buf_addc(&buf, '6'), BALM_E_LIMIT);
    assert_string_equal(buf.bytes, "12345");
    balm_buf_free(&buf);
}

static void remembers_its_first_failure(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(5);
    struct balm_err err;
    (void)state;
    balm_buf_adds(&buf, "123456");
    assert_int_equal(balm_buf_addc(&buf, '1'), BALM_E_LIMIT);
    assert_int_equal(balm_buf_addf(&buf, "%d", 1), BALM_E_LIMIT);
    assert_int_equal(balm_buf_status(&buf, "the response", &err), BALM_E_LIMIT);
    assert_string_equal(err.message, "the response is larger than the 5 bytes allowed");
    balm_buf_clear(&buf);
    assert_int_equal(balm_buf_addc(&buf, '1'), BALM_OK);
    balm_buf_free(&buf);
}

static void lends_room_to_write_into(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(100);
    char *room = balm_buf_room(&buf, 10);
    (void)state;
    memcpy(room, "abc", 3);
    balm_buf_grew(&buf, 3);
    assert_string_equal(buf.bytes, "abc");
    balm_buf_cut(&buf, 2);
    assert_string_equal(buf.bytes, "a");
    assert_null(balm_buf_room(&buf, 100));
    assert_null(balm_buf_room(&buf, SIZE_MAX));
    balm_buf_free(&buf);
}

static void gives_bytes_away_at_either_end(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(100);
    (void)state;
    balm_buf_drop(&buf, 1);
    balm_buf_adds(&buf, "abcdef");
    balm_buf_drop(&buf, 2);
    balm_buf_cut(&buf, 1);
    assert_string_equal(buf.bytes, "cde");
    balm_buf_drop(&buf, 0);
    assert_int_equal(buf.len, 3);
    balm_buf_drop(&buf, 4);
    assert_string_equal(buf.bytes, "");
    balm_buf_free(&buf);
}

static void survives_the_largest_requests(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(SIZE_MAX);
    (void)state;
    balm_buf_adds(&buf, "abc");
    assert_null(balm_buf_room(&buf, SIZE_MAX - 3));
    balm_buf_clear(&buf);
    assert_null(balm_buf_room(&buf, SIZE_MAX / 2));
    balm_buf_wipe(&buf);
    assert_string_equal(buf.bytes, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_an_empty_text_at_birth),
        cmocka_unit_test(adds_texts_bytes_and_formats),
        cmocka_unit_test(adds_any_integer_in_decimal),
        cmocka_unit_test(formats_longer_than_the_room_left),
        cmocka_unit_test(takes_exactly_its_ceiling),
        cmocka_unit_test(remembers_its_first_failure),
        cmocka_unit_test(lends_room_to_write_into),
        cmocka_unit_test(gives_bytes_away_at_either_end),
        cmocka_unit_test(survives_the_largest_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
