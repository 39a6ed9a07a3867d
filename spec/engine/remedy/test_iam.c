#include "engine/remedy/values.h"
#include "remedy/iam_diff.h"

/* Holds only what the lengths of policies need. */
static const char table[] = "s3\tarn:{partition}:s3:::*\tGetBucketAcl";

static struct balm_value allowed(const char *role)
{
    struct balm_value actions;
    struct balm_err err;

    if (balm_iam_allowed(json(role), &arena, &actions, &err)) fail_msg("%s", err.message);
    return actions;
}

static void a_role_allows_what_its_policies_do_however_they_are_written(void **state)
{
    (void)state;
    assert_string_equal(
        as_json(allowed("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\"}}")),
        "[\"s3:GetObject\"]");
    assert_string_equal(
        as_json(allowed("{\"Role\":[{\"Policy\":{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":"
                        "[\"s3:A\",\"s3:B\"]},{\"Effect\":\"Allow\",\"Action\":[\"s3:a\"]},"
                        "{\"Effect\":\"Deny\",\"Action\":\"s3:C\"}]}}]}")),
        "[\"s3:A\",\"s3:B\"]");
}

static void who_may_assume_a_role_is_nothing_it_allows(void **state)
{
    struct balm_value actions;
    struct balm_err err;

    (void)state;
    assert_int_equal(
        balm_iam_allowed(json("{\"AssumeRolePolicyDocument\":{\"Statement\":[{\"Effect\":\"Allow\","
                              "\"Action\":\"sts:AssumeRole\"}]}}"),
                         &arena, &actions, &err),
        BALM_E_INPUT);
    expect_part(err.message, "holds no policy");
}

/* So many actions of one service, whose names are long. */
static struct balm_iam_needs needs_of(size_t count)
{
    struct balm_iam_needs needs = {balm_list(&arena), balm_list(&arena), balm_map(&arena),
                                   balm_list(&arena)};

    for (size_t i = 0; i < count; i++) {
        balm_list_push(&arena, needs.actions,
                       balm_textf(&arena, "s3:AnActionThatHasQuiteALongName%05zu", i));
    }
    return needs;
}

static size_t policy_count(size_t actions, enum balm_code expected)
{
    struct balm_iam_needs needs = needs_of(actions);
    struct balm_value policies = balm_list(&arena);
    struct balm_err err;
    size_t found = 0, own = 0;

    assert_int_equal(balm_iam_policies(&needs, table, &arena, &policies, &err), expected);
    for (size_t i = 0; i < balm_list_len(policies); i++) {
        struct balm_value statements = balm_get(*balm_list_at(policies, i), "Statement");
        for (size_t k = 0; k < balm_list_len(statements); k++) {
            found += balm_list_len(balm_get(*balm_list_at(statements, k), "Action"));
        }
    }
    while (balm_iam_own[own]) {
        own++;
    }
    if (!expected) assert_int_equal(found, actions + own);
    return balm_list_len(policies);
}

static void one_policy_is_enough_as_long_as_it_fits(void **state)
{
    (void)state;
    assert_int_equal(policy_count(1, BALM_OK), 1);
    assert_int_equal(policy_count(245, BALM_OK), 1);
    assert_int_equal(policy_count(260, BALM_OK), 2);
    assert_in_range(policy_count(1400, BALM_OK), 9, 10);
    (void)policy_count(1700, BALM_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(a_role_allows_what_its_policies_do_however_they_are_written),
        CLEAN(who_may_assume_a_role_is_nothing_it_allows),
        CLEAN(one_policy_is_enough_as_long_as_it_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
