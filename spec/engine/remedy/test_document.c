#include "remedy/document.h"

#include "core/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
static struct balm_err err;

static int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    balm_buf_free(&text);
    return 0;
}

static const char *written(struct balm_value value)
{
    balm_buf_clear(&text);
    if (balm_document_write(&text, value, &err)) fail_msg("%s", err.message);
    return text.bytes;
}

static struct balm_value read_back(const char *document)
{
    struct balm_value value = balm_null();
    if (balm_document_read(&arena, document, strlen(document), &value, &err)) {
        fail_msg("%s: %s", document, err.message);
    }
    return value;
}

/* value is written as document, and document read as value. */
static struct balm_value keeps(struct balm_value value, const char *document)
{
    struct balm_value back;
    assert_string_equal(written(value), document);
    back = read_back(document);
    assert_true(balm_equal(back, value));
    assert_int_equal(back.type, value.type);
    return back;
}

static void refuses(const char *document, const char *expected)
{
    struct balm_value value;
    assert_int_equal(balm_document_read(&arena, document, strlen(document), &value, &err),
                     BALM_E_INPUT);
    if (!strstr(err.message, expected)) fail_msg("%s: %s", document, err.message);
}

static void keeps_what_json_knows_as_it_is(void **state)
{
    struct balm_value map = read_back("{\"a\":[1,-2.5,true,null,\"\\u0000x\"],\"b\":{}}");
    (void)state;
    keeps(map, "{\"a\":[1,-2.5,true,null,\"\\u0000x\"],\"b\":{}}");
}

static void stands_within_another_document(void **state)
{
    struct balm_value map = balm_map(&arena);
    struct balm_value made;
    (void)state;
    balm_map_set(&arena, map, "at", balm_time_value(INT64_C(1795420800500000)));
    assert_int_equal(balm_document_of(&arena, map, &made, &err), BALM_OK);
    assert_string_equal(balm_get_string(balm_get(made, "at"), "$time", ""),
                        "2026-11-23T08:00:00.5Z");
    assert_int_equal(balm_document_value(&arena, made, &made, &err), BALM_OK);
    assert_int_equal(balm_get(made, "at").type, BALM_TIME);
}

static void tells_bytes_from_text(void **state)
{
    (void)state;
    keeps(balm_bytes("\0\xff", 2), "{\"$bytes\":\"AP8=\"}");
    keeps(balm_bytes("", 0), "{\"$bytes\":\"\"}");
    keeps(balm_string_n("\xff", 1), "{\"$text\":\"/w==\"}");
}

static void tells_times_from_text(void **state)
{
    (void)state;
    keeps(balm_time_value(INT64_C(1795420800500000)), "{\"$time\":\"2026-11-23T08:00:00.5Z\"}");
    assert_int_equal(read_back(written(balm_time_value(INT64_MIN))).as.integer, INT64_MIN);
    assert_int_equal(read_back(written(balm_time_value(INT64_MAX))).as.integer, INT64_MAX);
}

static void tells_doubles_from_integers(void **state)
{
    (void)state;
    keeps(balm_double(5), "{\"$number\":\"5\"}");
    keeps(balm_double(0.1), "0.1");
    keeps(balm_double(NAN), "{\"$number\":\"NaN\"}");
    keeps(balm_double(-INFINITY), "{\"$number\":\"-Infinity\"}");
    assert_true(signbit(keeps(balm_double(-0.0), "{\"$number\":\"-0\"}").as.number));
    keeps(balm_int(INT64_MIN), "-9223372036854775808");
}

static void keeps_what_a_plan_cannot_know(void **state)
{
    (void)state;
    keeps(balm_unknown("ec2:CreateVolume.VolumeId"),
          "{\"$unknown\":\"ec2:CreateVolume.VolumeId\"}");
}

static void takes_no_key_of_a_value_for_a_tag(void **state)
{
    struct balm_value one = balm_map(&arena);
    struct balm_value two = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, one, "$bytes", balm_string("AP8="));
    keeps(one, "{\"$$bytes\":\"AP8=\"}");
    balm_map_set(&arena, two, "plain", balm_int(1));
    balm_map_set(&arena, two, "$$twice", one);
    balm_map_set(&arena, two, "$", balm_time_value(0));
    keeps(two, "{\"plain\":1,\"$$$twice\":{\"$$bytes\":\"AP8=\"},"
               "\"$$\":{\"$time\":\"1970-01-01T00:00:00Z\"}}");
}

static void finds_escaped_keys_of_large_maps(void **state)
{
    struct balm_value map = balm_map(&arena);
    struct balm_value back;
    (void)state;
    for (int i = 0; i < 100; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "$%d", i);
        balm_map_put(&arena, map, key, strlen(key), balm_int(i));
    }
    back = read_back(written(map));
    assert_int_equal(balm_get_int(back, "$77", 0), 77);
    assert_true(balm_equal(back, map));
}

static void takes_members_that_are_written_already(void **state)
{
    struct balm_value value = balm_map(&arena);
    (void)state;
    (void)written(value);
    balm_document_join(&text, "first", "{}", 2);
    balm_document_join(&text, "second", "[1]", 3);
    assert_string_equal(text.bytes, "{\"first\":{},\"second\":[1]}");
    balm_map_set(&arena, value, "only", balm_string("{"));
    (void)written(value);
    balm_document_join(&text, "more", "null", 4);
    assert_string_equal(text.bytes, "{\"only\":\"{\",\"more\":null}");
}

static void leaves_what_is_sealed(void **state)
{
    struct balm_value sealed = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, sealed, "$sealed", balm_string("AAAA"));
    keeps(sealed, "{\"$sealed\":\"AAAA\"}");
}

static void never_writes_a_secret(void **state)
{
    struct balm_value map = balm_map(&arena);
    struct balm_value list = balm_list(&arena);
    struct balm_value secret = balm_string("hunter2hunter2");
    (void)state;
    secret.secret = 1;
    balm_list_push(&arena, list, secret);
    balm_map_set(&arena, map, "deep", list);
    assert_int_equal(balm_document_write(&text, map, &err), BALM_E_ARG);
    assert_non_null(strstr(err.message, "secret"));
    assert_null(strstr(text.bytes, "hunter2"));
}

static void refuses_keys_that_json_would_change(void **state)
{
    struct balm_value map = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, map, "\xff", balm_int(1));
    assert_int_equal(balm_document_write(&text, map, &err), BALM_E_ARG);
    assert_non_null(strstr(err.message, "UTF-8"));
}

static void reads_back_all_that_it_writes_however_deep(void **state)
{
    struct balm_value value = balm_time_value(0);
    (void)state;
    for (int i = 0; i < BALM_DOCUMENT_DEPTH; i++) {
        struct balm_value list = balm_list(&arena);
        balm_list_push(&arena, list, value);
        value = list;
    }
    assert_true(balm_equal(read_back(written(value)), value));
    balm_list_push(&arena, value, balm_copy(&arena, value));
    assert_int_equal(balm_document_write(&text, value, &err), BALM_E_LIMIT);
}

static void refuses_tags_that_it_never_wrote(void **state)
{
    (void)state;
    refuses("{\"$what\":\"x\"}", "$what");
    refuses("{\"$bytes\":\"?\"}", "$bytes");
    refuses("{\"$bytes\":1}", "$bytes");
    refuses("{\"$time\":\"soon\"}", "$time");
    refuses("{\"$number\":\"5x\"}", "$number");
    refuses("{\"$number\":\"\"}", "$number");
    refuses("[{\"a\":1,\"$time\":1}]", "$time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(keeps_what_json_knows_as_it_is, clean),
        cmocka_unit_test_teardown(stands_within_another_document, clean),
        cmocka_unit_test_teardown(tells_bytes_from_text, clean),
        cmocka_unit_test_teardown(tells_times_from_text, clean),
        cmocka_unit_test_teardown(tells_doubles_from_integers, clean),
        cmocka_unit_test_teardown(keeps_what_a_plan_cannot_know, clean),
        cmocka_unit_test_teardown(takes_no_key_of_a_value_for_a_tag, clean),
        cmocka_unit_test_teardown(finds_escaped_keys_of_large_maps, clean),
        cmocka_unit_test_teardown(takes_members_that_are_written_already, clean),
        cmocka_unit_test_teardown(leaves_what_is_sealed, clean),
        cmocka_unit_test_teardown(never_writes_a_secret, clean),
        cmocka_unit_test_teardown(refuses_keys_that_json_would_change, clean),
        cmocka_unit_test_teardown(reads_back_all_that_it_writes_however_deep, clean),
        cmocka_unit_test_teardown(refuses_tags_that_it_never_wrote, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
