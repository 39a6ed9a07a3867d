#include "engine/remedy/values.h"

#include "remedy/parameters.h"

#include <math.h>

/* What a script declares, in the table form of each. */
#define DECLARED                                                                                   \
    "{\"On\":{\"type\":\"boolean\",\"default\":true},"                                             \
    "\"Days\":{\"type\":\"integer\",\"default\":90,\"min\":1,\"max\":365},"                        \
    "\"Share\":{\"type\":\"number\",\"default\":0.5,\"max\":1},"                                   \
    "\"Prefix\":{\"type\":\"string\",\"default\":\"\",\"pattern\":\"^[a-z/]+$\",\"max\":9},"       \
    "\"Kind\":{\"type\":\"string\",\"default\":\"AES256\",\"enum\":[\"AES256\",\"aws:kms\"]},"     \
    "\"Port\":{\"type\":\"integer\",\"enum\":[22,3389]},"                                          \
    "\"Names\":{\"type\":\"list\",\"default\":[],\"max\":2},"                                      \
    "\"Tags\":{\"type\":\"map\",\"default\":{}}}"
#define DEFAULTS                                                                                   \
    "\"On\":true,\"Days\":90,\"Share\":0.5,\"Prefix\":\"\",\"Kind\":\"AES256\",\"Names\":[],"      \
    "\"Tags\":{}"

static struct balm_lua_host *host;
static struct balm_err err;

static int set_up(void **state)
{
    int failed = open_host(state);
    host = *state;
    return failed;
}

static enum balm_code complete(const char *declared, struct balm_value base,
                               struct balm_value given, struct balm_value *out)
{
    return balm_parameters_complete(host, json(declared), base, given, &arena, out, &err);
}

static void become(const char *declared, struct balm_value base, const char *given,
                   const char *expected)
{
    struct balm_value out;

    if (complete(declared, base, json(given), &out)) fail_msg("%s: %s", given, err.message);
    if (!balm_equal(out, json(expected))) fail_msg("expected %s, got %s", expected, as_json(out));
}

/* given, laid over DECLARED's defaults, has this value of this name, and of this type. */
static void gives(const char *given, const char *name, const char *expected)
{
    struct balm_value out, value, wanted = json(expected);

    if (complete(DECLARED, balm_null(), json(given), &out)) {
        fail_msg("%s: %s", given, err.message);
    }
    value = balm_get(out, name);
    assert_int_equal(value.type, wanted.type);
    assert_true(balm_equal(value, wanted));
}

static void refuses_value(const char *declared, struct balm_value given, const char *said)
{
    struct balm_value out;

    if (complete(declared, balm_null(), given, &out) != BALM_E_ARG) fail_msg("not \"%s\"", said);
    assert_string_equal(err.aws_code, "InvalidParameter");
    expect_part(err.message, said);
}

static void refuses(const char *given, const char *said)
{
    refuses_value(DECLARED, json(given), said);
}

/* ---- defaults ---- */

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    become(DECLARED, balm_null(), "{}", "{" DEFAULTS "}");
    become(DECLARED, balm_null(), "null", "{" DEFAULTS "}");
    become(DECLARED, balm_null(), "{\"Days\":null}", "{" DEFAULTS "}");
    become("{}", balm_null(), "{}", "{}");
}

static void an_empty_text_is_as_if_not_given(void **state)
{
    (void)state;
    become(DECLARED, balm_null(),
           "{\"On\":\"\",\"Days\":\"\",\"Share\":\"\",\"Prefix\":\"\",\"Kind\":\"\",\"Port\":\"\","
           "\"Names\":\"\",\"Tags\":\"\"}",
           "{" DEFAULTS "}");
    become(DECLARED, json("{\"Days\":7}"), "{\"Days\":\"\"}", "{" DEFAULTS ",\"Days\":7}");
}

static void the_event_s_lie_over_the_association_s(void **state)
{
    (void)state;
    become(DECLARED, json("{\"Days\":7,\"On\":false}"), "{\"Days\":14}",
           "{" DEFAULTS ",\"Days\":14,\"On\":false}");
    become(DECLARED, json("{\"Days\":\"7\"}"), "{}", "{" DEFAULTS ",\"Days\":7}");
}

static void what_is_required_must_be_given(void **state)
{
    static const char bucket[] = "{\"Bucket\":{\"type\":\"string\",\"required\":true}}";

    (void)state;
    become(bucket, balm_null(), "{\"Bucket\":\"logs\"}", "{\"Bucket\":\"logs\"}");
    become(bucket, json("{\"Bucket\":\"logs\"}"), "{}", "{\"Bucket\":\"logs\"}");
    refuses_value(bucket, json("{}"), "Bucket: missing, required (string)");
    refuses_value(bucket, json("{\"Bucket\":\"\"}"), "Bucket: missing, required");
    refuses_value(bucket, json("{\"Bucket\":null}"), "Bucket: missing, required");
}

/* ---- coercion ---- */

static void texts_become_what_is_declared(void **state)
{
    (void)state;
    gives("{\"On\":\"false\"}", "On", "false");
    gives("{\"On\":\"TRUE\"}", "On", "true");
    gives("{\"Days\":\"14\"}", "Days", "14");
    gives("{\"Days\":\"1.4e1\"}", "Days", "14");
    gives("{\"Days\":14.0}", "Days", "14");
    gives("{\"Share\":\"0.25\"}", "Share", "0.25");
    gives("{\"Share\":\"-1\"}", "Share", "-1");
    gives("{\"Port\":\"22\"}", "Port", "22");
    gives("{\"Names\":\"[\\\"a\\\"]\"}", "Names", "[\"a\"]");
    gives("{\"Tags\":\"{\\\"a\\\":1}\"}", "Tags", "{\"a\":1}");
    gives("{\"Prefix\":\"true\"}", "Prefix", "\"true\"");
}

static void an_empty_table_is_a_list_as_well_as_a_map(void **state)
{
    (void)state;
    gives("{\"Names\":{}}", "Names", "[]");
    gives("{\"Tags\":[]}", "Tags", "{}");
}

static void what_cannot_become_it_is_shown(void **state)
{
    static const char *const bad[][2] = {
        {"{\"On\":1}", "On: expected boolean, got 1"},
        {"{\"On\":\"yes\"}", "On: expected boolean, got \"yes\""},
        {"{\"On\":\" true\"}", "On: expected boolean, got \" true\""},
        {"{\"Days\":\"0x10\"}", "Days: expected integer, got \"0x10\""},
        {"{\"Days\":\" 14\"}", "Days: expected integer, got \" 14\""},
        {"{\"Days\":\"14 \"}", "Days: expected integer, got \"14 \""},
        {"{\"Days\":\"fourteen\"}", "Days: expected integer"},
        {"{\"Days\":14.5}", "Days: expected integer, got 14.5"},
        {"{\"Days\":\"99999999999999999999\"}", "Days: expected integer"},
        {"{\"Days\":true}", "Days: expected integer, got true"},
        {"{\"Days\":[14]}", "Days: expected integer, got [14]"},
        {"{\"Share\":\"nan\"}", "Share: expected number"},
        {"{\"Share\":\"-1e999\"}", "Share: expected number"},
        {"{\"Prefix\":5}", "Prefix: expected string, got 5"},
        {"{\"Names\":\"a,b\"}", "Names: expected list, got \"a,b\""},
        {"{\"Names\":\"{}\"}", "Names: expected list, got \"{}\""},
        {"{\"Names\":{\"a\":1}}", "Names: expected list, got {\"a\":1}"},
        {"{\"Tags\":\"[1]\"}", "Tags: expected map, got \"[1]\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(bad[i][0], bad[i][1]);
}

static void a_number_that_is_none_is_refused(void **state)
{
    struct balm_value given = balm_map(&arena);

    (void)state;
    balm_map_set(&arena, given, "Share", balm_double(NAN));
    refuses_value(DECLARED, given, "Share: expected number");
    balm_map_set(&arena, given, "Share", balm_double(-INFINITY));
    refuses_value(DECLARED, given, "Share: expected number");
}

/* ---- rules ---- */

static void bounds_count_numbers_characters_and_items(void **state)
{
    (void)state;
    gives("{\"Days\":1}", "Days", "1");
    gives("{\"Days\":\"365\"}", "Days", "365");
    refuses("{\"Days\":0}", "Days: at least 1, not 0");
    refuses("{\"Days\":\"366\"}", "Days: at most 365, not 366");
    refuses("{\"Share\":1.5}", "Share: at most 1, not 1.5");
    gives("{\"Prefix\":\"abcdefghi\"}", "Prefix", "\"abcdefghi\"");
    refuses("{\"Prefix\":\"abcdefghij\"}", "Prefix: at most 9 characters, not 10");
    refuses("{\"Names\":[1,2,3]}", "Names: at most 2 items, not 3");
}

static void an_enum_is_held_against_the_coerced_value(void **state)
{
    (void)state;
    gives("{\"Kind\":\"aws:kms\"}", "Kind", "\"aws:kms\"");
    refuses("{\"Kind\":\"AES128\"}",
            "Kind: must be one of [\"AES256\",\"aws:kms\"], not \"AES128\"");
    refuses("{\"Kind\":\"aes256\"}", "Kind: must be one of");
    refuses("{\"Port\":\"23\"}", "Port: must be one of [22,3389], not 23");
}

static void a_text_must_match_its_pattern(void **state)
{
    (void)state;
    gives("{\"Prefix\":\"a/b\"}", "Prefix", "\"a/b\"");
    refuses("{\"Prefix\":\"A\"}", "Prefix: does not match ^[a-z/]+$");
    refuses_value("{\"X\":{\"type\":\"string\",\"pattern\":\"[a\"}}", json("{\"X\":\"a\"}"),
                  "X: the declared pattern [a cannot be matched");
}

/* A pattern that would run for hours is a fault of the parameter, and ends soon. */
static void a_pattern_pays_for_its_steps(void **state)
{
    (void)state;
    refuses_value(
        "{\"X\":{\"type\":\"string\",\"pattern\":\".-.-.-.-.-.-.-.-.-.-b\"}}",
        json("{\"X\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"),
        "X: the declared pattern");
}

/* ---- faults ---- */

static void an_unknown_name_is_told_with_the_nearest(void **state)
{
    (void)state;
    refuses("{\"Dasy\":1}", "Dasy: unknown, did you mean Days?");
    refuses("{\"days\":1}", "days: unknown, did you mean Days?");
    refuses("{\"Quux\":1}", "Quux: unknown parameter");
    refuses("{\"\":1}", "unknown parameter");
}

static void all_faults_are_told_at_once(void **state)
{
    static const char *const said[] = {
        "Quux: unknown", "Lost: unknown",          "On: expected",    "Days: at least 1",
        "Kind: must be", "Prefix: does not match", "Names: expected", "; "};
    struct balm_value out;

    (void)state;
    assert_int_equal(complete(DECLARED, json("{\"Lost\":1,\"Days\":-1,\"Quux\":0}"),
                              json("{\"Quux\":1,\"On\":2,\"Kind\":\"x\",\"Prefix\":\"X\","
                                   "\"Names\":7}"),
                              &out),
                     BALM_E_ARG);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        expect_part(err.message, said[i]);
    }
    /* Given twice, told once. */
    assert_null(strstr(strstr(err.message, "Quux") + 1, "Quux"));
}

static void a_long_value_is_cut(void **state)
{
    char given[2000] = "{\"On\":\"";

    (void)state;
    memset(given + strlen(given), 'x', 1900);
    memcpy(given + 1900, "\"}", 3);
    refuses(given, "On: expected boolean, got \"xxxx");
    assert_true(strlen(err.message) < 200);
}

static void parameters_that_are_no_map_are_refused(void **state)
{
    (void)state;
    refuses("[1]", "must be a map");
    refuses("\"x\"", "must be a map");
    become(DECLARED, balm_null(), "[]", "{" DEFAULTS "}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(what_is_not_given_has_its_default),
        CLEAN(an_empty_text_is_as_if_not_given),
        CLEAN(the_event_s_lie_over_the_association_s),
        CLEAN(what_is_required_must_be_given),
        CLEAN(texts_become_what_is_declared),
        CLEAN(an_empty_table_is_a_list_as_well_as_a_map),
        CLEAN(what_cannot_become_it_is_shown),
        CLEAN(a_number_that_is_none_is_refused),
        CLEAN(bounds_count_numbers_characters_and_items),
        CLEAN(an_enum_is_held_against_the_coerced_value),
        CLEAN(a_text_must_match_its_pattern),
        CLEAN(a_pattern_pays_for_its_steps),
        CLEAN(an_unknown_name_is_told_with_the_nearest),
        CLEAN(all_faults_are_told_at_once),
        CLEAN(a_long_value_is_cut),
        CLEAN(parameters_that_are_no_map_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, close_host);
}
