#include "core/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND  INT64_C(1000000)
#define EXAMPLE (INT64_C(1795420800) * SECOND) /* 2026-11-23T08:00:00Z */

/* From memory that ends where the text does, so that the sanitizers see who reads on. */
static bool parse(const char *text, int64_t *micros)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    bool is_time;
    assert_non_null(copy);
    memcpy(copy, text, len);
    is_time = balm_time_parse(copy, len, micros);
    free(copy);
    return is_time;
}

static void reads(const char *text, int64_t expected)
{
    int64_t micros = -1;
    if (!parse(text, &micros)) fail_msg("%s is not read", text);
    if (micros != expected) {
        fail_msg("%s is read as %lld", text, (long long)micros);
    }
}

static void refuses(const char *text)
{
    int64_t micros;
    if (parse(text, &micros)) fail_msg("%s is read", text);
}

static void writes_iso_8601(void **state)
{
    char out[BALM_TIME_MAX];
    (void)state;
    balm_time_iso8601(out, EXAMPLE);
    assert_string_equal(out, "2026-11-23T08:00:00Z");
    balm_time_iso8601(out, EXAMPLE + 500000);
    assert_string_equal(out, "2026-11-23T08:00:00.5Z");
    balm_time_iso8601(out, EXAMPLE + 123456);
    assert_string_equal(out, "2026-11-23T08:00:00.123456Z");
    balm_time_iso8601(out, -1);
    assert_string_equal(out, "1969-12-31T23:59:59.999999Z");
}

static void writes_what_headers_and_signatures_want(void **state)
{
    char out[BALM_TIME_MAX];
    (void)state;
    balm_time_http(out, EXAMPLE);
    assert_string_equal(out, "Mon, 23 Nov 2026 08:00:00 GMT");
    balm_time_basic(out, EXAMPLE);
    assert_string_equal(out, "20261123T080000Z");
}

static void writes_epoch_seconds(void **state)
{
    char out[BALM_TIME_MAX];
    (void)state;
    balm_time_epoch(out, EXAMPLE);
    assert_string_equal(out, "1795420800");
    balm_time_epoch(out, EXAMPLE + 500000);
    assert_string_equal(out, "1795420800.5");
    balm_time_epoch(out, -500000);
    assert_string_equal(out, "-0.5");
    balm_time_epoch(out, 0);
    assert_string_equal(out, "0");
}

static void writes_the_ends_of_time(void **state)
{
    static const int64_t ends[] = {INT64_MIN, INT64_MAX};
    char out[BALM_TIME_MAX];
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        balm_time_iso8601(out, ends[i]);
        balm_time_http(out, ends[i]);
        balm_time_basic(out, ends[i]);
        balm_time_epoch(out, ends[i]);
        assert_true(strlen(out) > 0);
    }
    assert_string_equal(out, "9223372036854.775807");
}

static void reads_iso_8601_of_every_kind(void **state)
{
    (void)state;
    reads("2026-11-23T08:00:00Z", EXAMPLE);
    reads("2026-11-23t08:00:00z", EXAMPLE);
    reads("2026-11-23 08:00:00", EXAMPLE);
    reads("2026-11-23T08:00:00", EXAMPLE);
    reads("2026-11-23T08:00Z", EXAMPLE);
    reads("20261123T080000Z", EXAMPLE);
    reads("20261123T0800Z", EXAMPLE);
    reads("2026-11-23T10:30:00+02:30", EXAMPLE);
    reads("2026-11-23T03:00:00-0500", EXAMPLE);
    reads("2026-11-23T09:00:00+01", EXAMPLE);
    reads("2026-11-23T08:00:00.5Z", EXAMPLE + 500000);
    reads("2026-11-23T08:00:00.1234567891Z", EXAMPLE + 123456);
    reads("2026-11-23T08:00:00.000+0000", EXAMPLE);
    reads("2026-11-23", EXAMPLE - 8 * 3600 * SECOND);
    reads("20261123", EXAMPLE - 8 * 3600 * SECOND);
    reads(" 2026-11-23\n", EXAMPLE - 8 * 3600 * SECOND);
    reads("2016-12-31T23:59:60Z", INT64_C(1483228800) * SECOND);
}

static void reads_http_dates_of_every_kind(void **state)
{
    const int64_t expected = INT64_C(784111777) * SECOND; /* RFC 9110's own example */
    (void)state;
    reads("Sun, 06 Nov 1994 08:49:37 GMT", expected);
    reads("Sunday, 06-Nov-94 08:49:37 GMT", expected);
    reads("Sun Nov  6 08:49:37 1994", expected);
    reads("Sun, 6 Nov 1994 08:49:37 +0000", expected);
    reads("Mon, 23 Nov 2026 08:00:00 GMT", EXAMPLE);
}

static void reads_epoch_seconds(void **state)
{
    (void)state;
    reads("1795420800", EXAMPLE);
    reads("1795420800.5", EXAMPLE + 500000);
    reads("1795420800.", EXAMPLE);
    reads("1.7954208E9", EXAMPLE);
    reads("1.795420800123E9", EXAMPLE + 123000);
    reads("-0.5", -500000);
    reads("0", 0);
}

static void refuses_what_is_no_time(void **state)
{
    static const char *const wrong[] = {"",
                                        " ",
                                        "yesterday",
                                        "2026-13-01",
                                        "2026-02-29",
                                        "2026-11-31",
                                        "2026-00-10",
                                        "2026-11-23T",
                                        "2026-1-1",
                                        "2026-11-23T24:00:01Z",
                                        "2026-11-23T08:60:00Z",
                                        "2026-11-23T08:00:00+25:00",
                                        "2026-11-23T08:00:00.Z",
                                        "2026-11-23T08:00:00ZZ",
                                        "2026-1123",
                                        "Sun, 06 Nov 1994",
                                        "Sun, 06 Foo 1994 08:49:37 GMT",
                                        "1e400",
                                        "99999999999999999999",
                                        "nan",
                                        "inf",
                                        "0x10",
                                        "--5",
                                        "."};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        refuses(wrong[i]);
    }
}

static void knows_the_calendar(void **state)
{
    struct balm_civil at;
    (void)state;
    balm_time_civil(&at, EXAMPLE + 1);
    assert_int_equal(at.year, 2026);
    assert_int_equal(at.month, 11);
    assert_int_equal(at.day, 23);
    assert_int_equal(at.hour, 8);
    assert_int_equal(at.micro, 1);
    assert_int_equal(at.weekday, 1);
    balm_time_civil(&at, 0);
    assert_int_equal(at.weekday, 4);
    balm_time_civil(&at, -SECOND);
    assert_int_equal(at.year, 1969);
    assert_int_equal(at.weekday, 3);
}

static void reads_each_day_as_it_writes_it(void **state)
{
    int64_t day;
    (void)state;
    for (day = -719162; day < 2932896; day += 13) { /* years 1 to 9999 */
        int64_t micros = day * 86400 * SECOND + 12345678901;
        int64_t back = 0;
        char text[BALM_TIME_MAX];
        balm_time_iso8601(text, micros);
        assert_true(balm_time_parse(text, strlen(text), &back));
        assert_int_equal(back, micros);
        balm_time_http(text, micros);
        assert_true(balm_time_parse(text, strlen(text), &back));
        assert_int_equal(back, micros - 345678901 % SECOND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_iso_8601),
        cmocka_unit_test(writes_what_headers_and_signatures_want),
        cmocka_unit_test(writes_epoch_seconds),
        cmocka_unit_test(writes_the_ends_of_time),
        cmocka_unit_test(reads_iso_8601_of_every_kind),
        cmocka_unit_test(reads_http_dates_of_every_kind),
        cmocka_unit_test(reads_epoch_seconds),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(knows_the_calendar),
        cmocka_unit_test(reads_each_day_as_it_writes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
