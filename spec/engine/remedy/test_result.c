#include "engine/remedy/values.h"

#include "remedy/residue.h"
#include "remedy/result.h"
#include "remedy/scrub.h"

static void expect_json(struct balm_value value, const char *expected)
{
    assert_string_equal(as_json(value), expected);
}

/* ---- exit status ---- */

static void of_several_exit_statuses_the_worst_counts(void **state)
{
    static const int expected[][3] = {{0, 0, 0}, {0, 4, 4}, {4, 1, 1}, {1, 2, 2}, {3, 2, 2},
                                      {0, 3, 3}, {3, 4, 3}, {3, 3, 3}, {4, 0, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(balm_exit_join(expected[i][0], expected[i][1]), expected[i][2]);
        assert_int_equal(balm_exit_join(expected[i][1], expected[i][0]), expected[i][2]);
    }
}

static void another_failure_beside_one_of_authorisation_is_a_failure(void **state)
{
    (void)state;
    assert_int_equal(balm_exit_join(3, 1), 1);
    assert_int_equal(balm_exit_join(1, 3), 1);
}

static void what_is_skipped_on_purpose_is_well(void **state)
{
    struct balm_result result = {.status = BALM_STATUS_SKIPPED, .reason = "excluded"};

    (void)state;
    assert_int_equal(balm_result_exit(&result), 0);
    result.reason = "no_association";
    assert_int_equal(balm_result_exit(&result), 4);
}

static void what_a_guard_that_could_not_find_out_has_skipped_is_left(void **state)
{
    struct balm_result result = {
        .status = BALM_STATUS_SKIPPED, .reason = "held", .guard_failed = true};

    (void)state;
    assert_int_equal(balm_result_exit(&result), 4);
    result.guard_failed = false;
    assert_int_equal(balm_result_exit(&result), 0);
}

/* ---- errors ---- */

static void an_error_tells_what_is_known_of_it(void **state)
{
    struct balm_err err;

    (void)state;
    balm_fail(&err, BALM_E_LIMIT, "too long");
    expect_json(balm_error_value(&err, balm_null(), &arena),
                "{\"code\":\"Limit\",\"message\":\"too long\",\"retryable\":false}");
    expect_json(balm_error_value(&err,
                                 json("{\"code\":\"NoSuchKey\",\"message\":\"gone\",\"status\":404,"
                                      "\"file\":\"a.lua\",\"line\":3,\"traceback\":\"x\"}"),
                                 &arena),
                "{\"code\":\"NoSuchKey\",\"message\":\"gone\",\"status\":404,\"file\":\"a.lua\","
                "\"line\":3,\"retryable\":false}");
}

/* ---- text ---- */

static void a_result_reads_well(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)state;
    (void)balm_result_text(
        &text,
        json("{\"run\":\"r-1\",\"remediation\":\"Own.On\",\"account\":\"123456789012\","
             "\"region\":\"eu-west-1\",\"resource\":{\"Name\":\"logs\"},\"status\":\"fixed\","
             "\"verified\":true,\"before\":{\"Status\":\"Off\"},\"calls\":[{\"service\":\"s3\","
             "\"operation\":\"Put\",\"params\":{\"A\":1},\"write\":true,\"status\":200}]}"),
        false);
    assert_string_equal(text.bytes, "fixed (verified)  Own.On  logs  in 123456789012 eu-west-1\n"
                                    "  before     {\"Status\":\"Off\"}\n"
                                    "  calls\n"
                                    "    * s3:Put {\"A\":1} -> 200\n"
                                    "  run        r-1\n");
    balm_buf_free(&text);
}

static void a_run_that_was_put_off_says_until_when(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)state;
    (void)balm_result_text(&text,
                           json("{\"status\":\"deferred\",\"remediation\":\"Own.On\","
                                "\"detail\":\"busy\",\"retry_after\":60}"),
                           false);
    assert_non_null(strstr(text.bytes, "  detail     busy\n  come back  in 60 s\n"));
    balm_buf_free(&text);
}

static void a_plan_has_no_heading_without_anything_below(void **state)
{
    static const char plan[] = "{\"status\":\"planned\",\"remediation\":\"Own.On\","
                               "\"resource\":{\"Name\":\"logs\"},\"calls\":[%s]}";
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)state;
    (void)balm_result_text(
        &text,
        json(balm_arena_printf(&arena, plan,
                               "{\"service\":\"s3\",\"operation\":\"Put\",\"params\":{\"A\":1},"
                               "\"write\":true,\"status\":\"planned\"}")),
        false);
    assert_non_null(strstr(text.bytes, "  writes\n    1. s3:Put\n"));
    assert_null(strstr(text.bytes, "calls"));
    balm_buf_clear(&text);
    (void)balm_result_text(&text, json(balm_arena_printf(&arena, plan, "")), false);
    assert_non_null(strstr(text.bytes, "  writes     none\n"));
    balm_buf_free(&text);
}

static void text_from_outside_cannot_drive_the_terminal(void **state)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)state;
    (void)balm_result_text(&text,
                           json("{\"status\":\"failed\",\"remediation\":\"\\u001b[2J\","
                                "\"error\":{\"code\":\"X\",\"message\":\"a\\nfixed  b\\r\"}}"),
                           false);
    assert_null(strchr(text.bytes, '\x1b'));
    assert_null(strchr(text.bytes, '\r'));
    assert_non_null(strstr(text.bytes, "X: a fixed  b "));
    balm_buf_free(&text);
}

/* ---- residue ---- */

static void residue_names_every_place_that_differs(void **state)
{
    (void)state;
    expect_json(balm_residue(json("{\"a\":{\"b\":1,\"c\":[1]},\"d\":2}"),
                             json("{\"a\":{\"b\":1,\"c\":[2]},\"e\":3}"), &arena),
                "[{\"path\":\"a.c\",\"before\":[1],\"now\":[2]},"
                "{\"path\":\"d\",\"before\":2,\"now\":null},"
                "{\"path\":\"e\",\"before\":null,\"now\":3}]");
    expect_json(balm_residue(json("[]"), json("{}"), &arena), "[]");
    expect_json(balm_residue(json("1"), json("1.0"), &arena), "[]");
}

/* ---- scrub ---- */

static void learned_values_are_hidden_wherever_they_stand(void **state)
{
    struct balm_scrub scrub;
    struct balm_value secret = balm_string("correct horse");
    struct balm_value answer = balm_map(&arena);

    (void)state;
    balm_scrub_init(&scrub, &arena);
    expect_json(balm_scrub_value(&scrub, json("\"correct horse\""), &arena), "\"correct horse\"");
    secret.secret = 1;
    balm_map_set(&arena, answer, "Password", secret);
    balm_scrub_learn(&scrub, answer);
    expect_json(balm_scrub_value(&scrub,
                                 json("{\"a\":[\"<correct horse><correct horse\"],"
                                      "\"b\":\"correct hors\",\"c\":1}"),
                                 &arena),
                "{\"a\":[\"<(sensitive)><(sensitive)\"],\"b\":\"correct hors\",\"c\":1}");
}

static void short_values_are_not_learned(void **state)
{
    struct balm_scrub scrub;
    struct balm_value secret = balm_string("true");

    (void)state;
    secret.secret = 1;
    balm_scrub_init(&scrub, &arena);
    balm_scrub_learn(&scrub, secret);
    expect_json(balm_scrub_value(&scrub, json("\"true\""), &arena), "\"true\"");
}

/* ---- roles ---- */

static void a_role_template_is_filled_in(void **state)
{
    const char *role;
    struct balm_err err;

    (void)state;
    assert_int_equal(balm_role_fill("arn:{partition}:iam::{account}:role/balm-{region}",
                                    "123456789012", "aws-cn", "cn-north-1", &arena, &role, &err),
                     BALM_OK);
    assert_string_equal(role, "arn:aws-cn:iam::123456789012:role/balm-cn-north-1");
}

static void what_is_no_template_is_refused(void **state)
{
    static const char *const templates[] = {"arn:aws:iam::{acount}:role/x",
                                            "arn:aws:iam::{account:role/x",
                                            "arn:aws:iam::account}:role/x",
                                            "{}",
                                            "role/x",
                                            ""};
    const char *role;
    struct balm_err err;

    (void)state;
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        assert_int_equal(
            balm_role_fill(templates[i], "123456789012", "aws", "eu-west-1", &arena, &role, &err),
            BALM_E_ARG);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(of_several_exit_statuses_the_worst_counts),
        TEST(another_failure_beside_one_of_authorisation_is_a_failure),
        TEST(what_is_skipped_on_purpose_is_well),
        TEST(what_a_guard_that_could_not_find_out_has_skipped_is_left),
        TEST(an_error_tells_what_is_known_of_it),
        TEST(a_result_reads_well),
        TEST(a_run_that_was_put_off_says_until_when),
        TEST(a_plan_has_no_heading_without_anything_below),
        TEST(text_from_outside_cannot_drive_the_terminal),
        TEST(residue_names_every_place_that_differs),
        TEST(learned_values_are_hidden_wherever_they_stand),
        TEST(short_values_are_not_learned),
        TEST(a_role_template_is_filled_in),
        TEST(what_is_no_template_is_refused),
    };
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
