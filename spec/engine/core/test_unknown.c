#include "core/unknown.h"

#include "core/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct balm_arena arena = BALM_ARENA_INIT;

static int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    return 0;
}

static bool lookup(void *owner, const char *source, size_t len, struct balm_value *out)
{
    struct balm_value *known = balm_map_get_n(*(struct balm_value *)owner, source, len);

    if (known) *out = *known;
    return known != NULL;
}

static struct balm_value answers(void)
{
    struct balm_value map = balm_map(&arena);

    balm_map_set(&arena, map, "ec2:CreateVolume.VolumeId", balm_string("vol-1"));
    balm_map_set(&arena, map, "ec2:CreateVolume.Size", balm_int(8));
    balm_map_set(&arena, map, "ec2:CreateVolume[2].VolumeId", balm_string("vol-2"));
    balm_map_set(&arena, map, "sqs:Ratio", balm_double(2));
    balm_map_set(&arena, map, "sqs:On", balm_bool(true));
    balm_map_set(&arena, map, "sqs:Quote", balm_string("a\"b"));
    balm_map_set(&arena, map, "sqs:Map", balm_map(&arena));
    return map;
}

static bool resolves(const char *expression, struct balm_value *out)
{
    struct balm_value map = answers();

    return balm_unknown_resolve(expression, lookup, &map, &arena, out);
}

static void comes_to(const char *expression, const char *text)
{
    struct balm_value value;

    if (!resolves(expression, &value)) fail_msg("%s comes to nothing", expression);
    assert_true(balm_is_text(value, text));
}

static void comes_to_nothing(const char *expression)
{
    struct balm_value value;

    assert_false(resolves(expression, &value));
}

static void a_source_alone_is_the_value_itself(void **state)
{
    struct balm_value value;

    (void)state;
    assert_true(resolves("ec2:CreateVolume.Size", &value));
    assert_int_equal(value.type, BALM_INT);
    assert_true(resolves("sqs:Map", &value));
    assert_int_equal(value.type, BALM_MAP);
    comes_to("ec2:CreateVolume[2].VolumeId", "vol-2");
}

static void terms_make_one_text(void **state)
{
    (void)state;
    comes_to("\"arn:volume/\" .. ec2:CreateVolume.VolumeId", "arn:volume/vol-1");
    comes_to("ec2:CreateVolume.VolumeId .. \"-\" .. ec2:CreateVolume.Size", "vol-1-8");
    comes_to("sqs:Ratio .. \" \" .. sqs:On", "2.0 true");
    comes_to("\"only a text\"", "only a text");
}

static void json_of_a_value_is_within_a_text(void **state)
{
    (void)state;
    comes_to("\"{\\\"Id\\\":\" .. json(sqs:Quote) .. \"}\"", "{\"Id\":\"a\\\"b\"}");
    comes_to("json(\"vol/\" .. ec2:CreateVolume.VolumeId)", "\"vol/vol-1\"");
    comes_to("json(json(ec2:CreateVolume.Size))", "\"8\"");
}

static void what_is_not_known_comes_to_nothing(void **state)
{
    (void)state;
    comes_to_nothing("s3:CreateBucket.Location");
    comes_to_nothing("\"x\" .. s3:CreateBucket.Location");
    comes_to_nothing("\"x\" .. sqs:Map");
    comes_to_nothing("json(s3:CreateBucket.Location)");
}

static void what_is_no_expression_comes_to_nothing(void **state)
{
    static const char *const broken[] = {
        "",          "\"open",     "\"\\x4\"",    "\"\\",          "json(sqs:On",  "json()",
        "\"a\" .. ", " .. sqs:On", "\"a\"sqs:On", "json(sqs:On)x", "\"a\" .. \"b",
    };

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        comes_to_nothing(broken[i]);
    }
}

static void json_within_json_has_an_end(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)state;
    for (int i = 0; i < 100000; i++) {
        (void)balm_buf_adds(&text, "json(");
    }
    comes_to_nothing(text.bytes);
    balm_buf_free(&text);
}

static void what_is_quoted_reads_back(void **state)
{
    static const char text[] = "a\"b\\c\n\0\x7F\xC3\xA9 .. json(";
    char quoted[BALM_UNKNOWN_QUOTED(sizeof text) + 1];
    struct balm_value value;

    (void)state;
    quoted[balm_unknown_quote(quoted, text, sizeof text - 1)] = '\0';
    assert_true(resolves(quoted, &value));
    assert_int_equal(value.len, sizeof text - 1);
    assert_memory_equal(value.as.text, text, sizeof text - 1);
    quoted[balm_unknown_quote(quoted, "\xFF", 1)] = '\0';
    assert_string_equal(quoted, "\"\\xff\"");
}

static void joined(const char *left, const char *right, const char *expected)
{
    char to[200];

    to[balm_unknown_join(to, left, strlen(left), right, strlen(right))] = '\0';
    assert_string_equal(to, expected);
}

static void two_texts_side_by_side_become_one(void **state)
{
    (void)state;
    joined("\"a\"", "s:O.M", "\"a\" .. s:O.M");
    joined("\"a\"", "\"b\" .. s:O.M", "\"ab\" .. s:O.M");
    joined("s:O.M", "\"b\"", "s:O.M .. \"b\"");
    joined("s:O.M", "s:O.M", "s:O.M .. s:O.M");
    joined("", "s:O.M", "s:O.M");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_alone_is_the_value_itself),
        cmocka_unit_test(terms_make_one_text),
        cmocka_unit_test(json_of_a_value_is_within_a_text),
        cmocka_unit_test(what_is_not_known_comes_to_nothing),
        cmocka_unit_test(what_is_no_expression_comes_to_nothing),
        cmocka_unit_test(json_within_json_has_an_end),
        cmocka_unit_test(what_is_quoted_reads_back),
        cmocka_unit_test(two_texts_side_by_side_become_one),
    };

    return cmocka_run_group_tests(tests, NULL, clean);
}
