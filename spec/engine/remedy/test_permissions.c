/* What a script declares, held against what AWS may ask for as well. */
#include "engine/remedy/values.h"
#include "remedy/permissions.h"

static const char dependents[] = "ec2\tiam:PassRole,ec2:CreateTags\tCreateFlowLogs,RunInstances\n"
                                 "s3\tiam:PassRole\tPutReplicationConfiguration\n";

static const char *lacking(const char *declared)
{
    return as_json(balm_permissions_lacking(json(declared), dependents, &arena));
}

static void an_action_is_declared_however_it_is_written(void **state)
{
    struct balm_value declared = json("[\"s3:GetObject\",\"iam:passrole\"]");

    (void)state;
    assert_true(balm_permissions_list(declared, "s3:GetObject"));
    assert_true(balm_permissions_list(declared, "iam:PassRole"));
    assert_false(balm_permissions_list(declared, "s3:GetObjectAcl"));
    assert_false(balm_permissions_list(balm_null(), "s3:GetObject"));
}

static void what_an_action_may_need_and_nobody_declares_is_lacking(void **state)
{
    (void)state;
    assert_string_equal(lacking("[\"ec2:CreateFlowLogs\",\"logs:CreateLogDelivery\"]"),
                        "{\"ec2:CreateFlowLogs\":[\"iam:PassRole\",\"ec2:CreateTags\"]}");
    assert_string_equal(lacking("[\"ec2:CreateFlowLogs\",\"IAM:PassRole\"]"),
                        "{\"ec2:CreateFlowLogs\":[\"ec2:CreateTags\"]}");
    assert_string_equal(lacking("[\"ec2:runinstances\",\"s3:PutReplicationConfiguration\"]"),
                        "{\"ec2:runinstances\":[\"iam:PassRole\",\"ec2:CreateTags\"],"
                        "\"s3:PutReplicationConfiguration\":[\"iam:PassRole\"]}");
}

static void where_all_is_declared_nothing_is_lacking(void **state)
{
    (void)state;
    assert_string_equal(lacking("[\"s3:PutReplicationConfiguration\",\"iam:PassRole\"]"), "{}");
    assert_string_equal(lacking("[\"s3:GetObject\"]"), "{}");
    assert_string_equal(lacking("[]"), "{}");
    assert_string_equal(lacking("null"), "{}");
    assert_string_equal(
        as_json(balm_permissions_lacking(json("[\"ec2:RunInstances\"]"), NULL, &arena)), "{}");
}

static void the_remark_names_them_all(void **state)
{
    struct balm_value found =
        balm_permissions_lacking(json("[\"ec2:RunInstances\"]"), dependents, &arena);
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)state;
    assert_int_equal(balm_permissions_remark(&text, balm_map_at(found, 0)), BALM_OK);
    assert_string_equal(text.bytes, "ec2:RunInstances may also need iam:PassRole, ec2:CreateTags");
    balm_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(an_action_is_declared_however_it_is_written),
        CLEAN(what_an_action_may_need_and_nobody_declares_is_lacking),
        CLEAN(where_all_is_declared_nothing_is_lacking),
        CLEAN(the_remark_names_them_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
