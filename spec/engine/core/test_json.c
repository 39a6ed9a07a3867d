#include "core/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct balm_arena arena;
static struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
static struct balm_err err;

static int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    balm_buf_free(&buf);
    return 0;
}

static struct balm_value parse(const char *text)
{
    struct balm_value value = balm_null();
    if (balm_json_parse(&arena, text, strlen(text), &value, &err)) {
        fail_msg("%s: %s", text, err.message);
    }
    return value;
}

static void refuses(const char *text, size_t len, const char *expected)
{
    struct balm_value value;
    char *exact = malloc(len + 1); /* so that reading past the end is seen */
    enum balm_code code;
    assert_non_null(exact);
    memcpy(exact, text, len);
    exact = realloc(exact, len ? len : 1);
    code = balm_json_parse(&arena, exact, len, &value, &err);
    free(exact);
    assert_int_equal(code, BALM_E_INPUT);
    if (!strstr(err.message, expected)) fail_msg("%s: %s", text, err.message);
}

static void refuses_text(const char *text, const char *expected)
{
    refuses(text, strlen(text), expected);
}

static const char *print(struct balm_value value, unsigned style)
{
    balm_buf_clear(&buf);
    assert_int_equal(balm_json_print(&buf, value, style), BALM_OK);
    return buf.bytes;
}

static void same_again(const char *text)
{
    assert_string_equal(print(parse(text), BALM_JSON_COMPACT), text);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    same_again("null");
    same_again("true");
    same_again("[]");
    same_again("{}");
    same_again("[1,[2,[3]],{\"a\":{\"b\":[]}}]");
    same_again("{\"Name\":\"b\xC3\xBC"
               "cket\",\"Size\":14,\"On\":false,\"Else\":null}");
    same_again("\"quote \\\" slash \\\\ bell \\b\\f\\n\\r\\t \\u0001 end\"");
    same_again("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 and more than eight plain characters\"");
}

static void allows_white_space_anywhere(void **state)
{
    (void)state;
    assert_string_equal(print(parse(" \r\n\t{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"), 0),
                        "{\"a\":[1,2],\"b\":{}}");
}

static void keeps_integers_exact(void **state)
{
    (void)state;
    same_again("9223372036854775807");
    same_again("-9223372036854775808");
    same_again("0");
    same_again("9007199254740993");
    assert_int_equal(parse("9223372036854775807").type, BALM_INT);
    assert_int_equal(parse("9223372036854775808").type, BALM_DOUBLE);
    assert_int_equal(parse("-9223372036854775809").type, BALM_DOUBLE);
    assert_int_equal(parse("1.0").type, BALM_DOUBLE);
    assert_true(signbit(parse("-0").as.number));
}

static void prints_doubles_with_the_fewest_digits(void **state)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {5.0, "5"},
                 {-5.0, "-5"},
                 {1e30, "1e+30"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.0 / 3, "0.3333333333333333"},
                 {123456789012345.0, "123456789012345"},
                 {1795420800.5, "1795420800.5"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {-0.0, "-0"},
                 {NAN, "NaN"},
                 {INFINITY, "Infinity"},
                 {-INFINITY, "-Infinity"}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        balm_buf_clear(&buf);
        balm_json_number(&buf, cases[i].number);
        assert_string_equal(buf.bytes, cases[i].text);
    }
    assert_string_equal(print(balm_double(NAN), 0), "\"NaN\"");
    assert_string_equal(print(balm_double(-INFINITY), 0), "\"-Infinity\"");
}

static void reads_numbers_of_every_length(void **state)
{
    char text[2000];
    (void)state;
    memset(text, '3', sizeof text);
    text[1] = '.';
    text[sizeof text - 1] = '\0';
    assert_true(fabs(parse(text).as.number - 10.0 / 3) < 1e-15);
    assert_true(fabs(parse("1.5E+2").as.number - 150) < 1e-12);
    assert_true(parse("1e-400").as.number < 1e-300);
}

static void reads_escapes(void **state)
{
    (void)state;
    assert_true(balm_is_text(parse("\"\\u0041\\/\\u00e9\\u20AC\\ud83d\\ude00\""),
                             "A/\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    assert_int_equal(parse("\"a\\u0000b\"").len, 3);
}

static void takes_the_last_of_equal_keys(void **state)
{
    struct balm_value map = parse("{\"a\":1,\"b\":2,\"\\u0061\":3}");
    (void)state;
    assert_int_equal(balm_map_len(map), 2);
    assert_int_equal(balm_get_int(map, "a", 0), 3);
}

static void says_where_text_is_malformed(void **state)
{
    (void)state;
    refuses_text("{\"a\":1,\n \"b\" 2}", "line 2, column 6: expected a colon");
    refuses_text("[1 2]", "line 1, column 4: expected a comma or ]");
    refuses_text("{\"a\":1 \"b\":2}", "expected a comma or }");
    refuses_text("[1,]", "column 4: expected a value");
    refuses_text("{\"a\":1,}", "expected a key");
    refuses_text("{a:1}", "expected a key");
    refuses_text("[1] x", "column 5: unexpected text");
    refuses_text("\xC3\xA9", "column 1: expected a value");
    refuses_text("[\"\xC3\xA9\" x]", "column 6");
}

static void refuses_malformed_words_numbers_and_strings(void **state)
{
    static const char *const texts[] = {"tru e",
                                        "nul!",
                                        "+1",
                                        ".5",
                                        "01x",
                                        "1.x",
                                        "1ex",
                                        "-x",
                                        "NaN",
                                        "Infinity",
                                        "'a'",
                                        "\"\\x\"",
                                        "\"\\u12g4\"",
                                        "\"\\u12\"",
                                        "\"\t\"",
                                        "\"\x01 12345678\"",
                                        "\"\xFF 12345678\"",
                                        "\"\\ud800\"",
                                        "\"\\udc00\"",
                                        "\"\\ud800\\u0041\"",
                                        "\"\\ud800\\n12345678\"",
                                        "\"\xED\xA0\x80 12345678\"",
                                        "1e999",
                                        "-1e999",
                                        "[01]",
                                        "\xEF\xBB\xBF{}"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        refuses_text(texts[i], "line 1");
    }
}

static void says_that_text_ended(void **state)
{
    static const char *const texts[] = {
        "",          " ",    "[",     "[1", "[1,", "{",  "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,", "\"ab", "\"a\\", "tr", "-",   "1.", "1e",   "1e+",    "\"a\xC3"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        refuses_text(texts[i], "the text ends within a value");
    }
}

static void says_that_text_is_not_utf8(void **state)
{
    static const char *const texts[] = {"\"\xFF\"", "\"\xC3\"", "\"\xE2\x82\"", "\"\xED\xA0\x80\"",
                                        "\"\x80"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        refuses_text(texts[i], "not UTF-8");
    }
}

static void bounds_the_depth(void **state)
{
    char text[2 * BALM_JSON_DEPTH + 3];
    struct balm_value value;
    (void)state;
    memset(text, '[', BALM_JSON_DEPTH);
    memset(text + BALM_JSON_DEPTH, ']', BALM_JSON_DEPTH);
    assert_int_equal(balm_json_parse(&arena, text, 2 * BALM_JSON_DEPTH, &value, &err), BALM_OK);
    memset(text, '[', BALM_JSON_DEPTH + 1);
    refuses(text, BALM_JSON_DEPTH + 1, "nested too deeply");
    for (value = balm_list(&arena); balm_list_len(value) == 0;) {
        balm_list_push(&arena, value, value); /* a ring, which nothing may follow forever */
    }
    balm_buf_clear(&buf);
    assert_int_equal(balm_json_print(&buf, value, 0), BALM_E_LIMIT);
}

static void reads_one_value_of_a_stream(void **state)
{
    const char *text = " {\"a\":1}\n[2] 3";
    struct balm_value value;
    bool incomplete;
    size_t used = 0;
    (void)state;
    assert_int_equal(
        balm_json_parse_prefix(&arena, text, strlen(text), &value, &used, &incomplete, &err),
        BALM_OK);
    assert_int_equal(used, 8);
    assert_int_equal(balm_json_parse_prefix(&arena, text + 8, 5, &value, &used, &incomplete, &err),
                     BALM_OK);
    assert_int_equal(used, 4);
}

static bool incomplete_at(const char *text)
{
    struct balm_value value;
    bool incomplete = true;
    size_t used;
    enum balm_code code =
        balm_json_parse_prefix(&arena, text, strlen(text), &value, &used, &incomplete, &err);
    assert_true(code == BALM_OK || code == BALM_E_INPUT);
    assert_false(code == BALM_OK && incomplete);
    return incomplete;
}

static void tells_a_cut_value_from_a_wrong_one(void **state)
{
    (void)state;
    assert_true(incomplete_at(""));
    assert_true(incomplete_at("\n "));
    assert_true(incomplete_at("{\"a\":[1,2"));
    assert_true(incomplete_at("12"));
    assert_true(incomplete_at("\"abc\xE2\x82"));
    assert_true(incomplete_at("fal"));
    assert_false(incomplete_at("12 "));
    assert_false(incomplete_at("[12]"));
    assert_false(incomplete_at("[1,]"));
    assert_false(incomplete_at("fax"));
    assert_false(incomplete_at("\"\xFF\" and more"));
}

static void prints_for_people(void **state)
{
    struct balm_value value = parse("{\"b\":[1,{}],\"a\":{\"d\":[],\"c\":null}}");
    (void)state;
    assert_string_equal(print(value, BALM_JSON_PRETTY | BALM_JSON_SORTED),
                        "{\n  \"a\": {\n    \"c\": null,\n    \"d\": []\n  },\n"
                        "  \"b\": [\n    1,\n    {}\n  ]\n}");
    assert_string_equal(print(value, BALM_JSON_SORTED),
                        "{\"a\":{\"c\":null,\"d\":[]},\"b\":[1,{}]}");
}

static void sorts_keys_by_byte(void **state)
{
    (void)state;
    assert_string_equal(
        print(parse("{\"b\":1,\"aa\":2,\"\xC3\xA9\":3,\"a\":4,\"B\":5}"), BALM_JSON_SORTED),
        "{\"B\":5,\"a\":4,\"aa\":2,\"b\":1,\"\xC3\xA9\":3}");
}

static void hides_secrets_unless_told_otherwise(void **state)
{
    struct balm_value map = balm_map(&arena);
    struct balm_value secret = balm_string("hunter2");
    (void)state;
    secret.secret = 1;
    balm_map_set(&arena, map, "Password", secret);
    assert_string_equal(print(map, 0), "{\"Password\":\"(sensitive)\"}");
    assert_string_equal(print(map, BALM_JSON_SECRETS), "{\"Password\":\"hunter2\"}");
}

static void prints_what_json_has_no_word_for(void **state)
{
    (void)state;
    assert_string_equal(print(balm_bytes("foob", 4), 0), "\"Zm9vYg==\"");
    assert_string_equal(print(balm_time_value(INT64_C(1795420800500000)), 0),
                        "\"2026-11-23T08:00:00.5Z\"");
    assert_string_equal(print(balm_unknown("ec2:CreateVolume.VolumeId"), 0),
                        "{\"unknown\":\"ec2:CreateVolume.VolumeId\"}");
    assert_string_equal(print(balm_string_n("a\xFF\xC3(", 4), 0), "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\"");
}

/* Mutations of a valid text: each is read or refused, and what is read survives the way back. */
static void survives_random_damage(void **state)
{
    static const char seed[] =
        "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\xC3\xA9\",true,null],\"b\":{\"c\":{}}}";
    static const char spice[] = "{}[]\",:\\u0123eE+-.tfn \xC3\xA9\xFF";
    uint32_t random = 12345;
    int round;
    (void)state;
    for (round = 0; round < 20000; round++) {
        char text[sizeof seed];
        struct balm_value value;
        int i;
        memcpy(text, seed, sizeof seed);
        for (i = 0; i < 1 + round % 4; i++) {
            random = random * 1664525 + 1013904223;
            text[(random >> 8) % (sizeof seed - 1)] = spice[(random >> 20) % (sizeof spice - 1)];
        }
        if (balm_json_parse(&arena, text, sizeof seed - 1, &value, &err) == BALM_OK) {
            struct balm_value back;
            print(value, BALM_JSON_SORTED);
            assert_int_equal(balm_json_parse(&arena, buf.bytes, buf.len, &back, &err), BALM_OK);
            assert_true(balm_equal(value, back));
        }
        balm_arena_reset(&arena);
    }
}

/* Mixed at random: plain runs of any length, what is escaped, and characters of all sizes. */
static void gives_back_texts_of_any_mix(void **state)
{
    static const char *const parts[] = {
        "\"",           "\\",
        "\n",           "\x01",
        "\x7f",         "\xc3\xa9",
        "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "plain",        "a run of plain text that is longer than the others"};
    uint32_t seed = 1;
    char text[4096];
    (void)state;
    for (int round = 0; round < 2000; round++) {
        size_t len = 0;
        seed = seed * 1664525 + 1013904223;
        for (uint32_t left = seed >> 16 & 31; left > 0; left--) {
            const char *part;
            seed = seed * 1664525 + 1013904223;
            part = parts[(seed >> 16) % (sizeof parts / sizeof *parts)];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        balm_buf_clear(&buf);
        assert_int_equal(balm_json_quote(&buf, text, len), BALM_OK);
        assert_true(balm_equal(parse(buf.bytes), balm_string_n(text, len)));
        balm_arena_reset(&arena);
    }
}

static void quotes_at_once_only_what_needs_no_escape(void **state)
{
    static const struct {
        const char *text, *quoted; /* NULL: it is left to the longer way */
    } cases[] = {
        {"", "\"\""},
        {"a", "\"a\""},
        {"PutBucketVersioning \x7f", "\"PutBucketVersioning \x7f\""},
        {"say \"a\"", NULL},
        {"seven b\\", NULL},
        {"a line, and\nanother", NULL},
        {"caf\xc3\xa9", NULL},
        {"\xff not UTF-8", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        bool is_plain;
        balm_buf_clear(&buf);
        is_plain = balm_json_quote_plain(&buf, text, strlen(text));
        assert_int_equal(is_plain, cases[i].quoted != NULL);
        assert_string_equal(buf.bytes, is_plain ? cases[i].quoted : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(gives_back_texts_of_any_mix, clean),
        cmocka_unit_test_teardown(quotes_at_once_only_what_needs_no_escape, clean),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(allows_white_space_anywhere),
        cmocka_unit_test(keeps_integers_exact),
        cmocka_unit_test(prints_doubles_with_the_fewest_digits),
        cmocka_unit_test(reads_numbers_of_every_length),
        cmocka_unit_test(reads_escapes),
        cmocka_unit_test(takes_the_last_of_equal_keys),
        cmocka_unit_test(says_where_text_is_malformed),
        cmocka_unit_test(refuses_malformed_words_numbers_and_strings),
        cmocka_unit_test(says_that_text_ended),
        cmocka_unit_test(says_that_text_is_not_utf8),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(reads_one_value_of_a_stream),
        cmocka_unit_test(tells_a_cut_value_from_a_wrong_one),
        cmocka_unit_test(prints_for_people),
        cmocka_unit_test(sorts_keys_by_byte),
        cmocka_unit_test(hides_secrets_unless_told_otherwise),
        cmocka_unit_test(prints_what_json_has_no_word_for),
        cmocka_unit_test(survives_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
