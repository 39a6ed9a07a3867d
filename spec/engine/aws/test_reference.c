/* The tables of AWS's authorisation reference, asked about one action. */
#include "aws/reference.h"

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

static const char table[] =
    "# a comment, which names s3\n"
    "s3\tarn:{partition}:s3:::*\tGetBucketAcl,PutBucketVersioning\n"
    "s3\tarn:{partition}:s3:::*/*,arn:{partition}:s3:*:*:accesspoint/*\tGetObject\n"
    "s3-outposts\tarn:{partition}:s3-outposts:*:*:outpost/*\tCreateBucket\n"
    "sqs\tarn:{partition}:sqs:*:*:*\tSetQueueAttributes\n"
    "ec2\tiam:PassRole,ec2:CreateTags\tRunInstances";

/* second: NULL where there is one fact alone. */
static void facts(const char *action, const char *first, const char *second)
{
    struct balm_value found = balm_reference_find(table, action, &arena);

    assert_int_equal(found.type, BALM_LIST);
    assert_int_equal(balm_list_len(found), second ? 2 : 1);
    assert_string_equal(balm_list_at(found, 0)->as.text, first);
    if (second) assert_string_equal(balm_list_at(found, 1)->as.text, second);
}

static void an_action_has_the_facts_of_its_line(void **state)
{
    (void)state;
    facts("s3:PutBucketVersioning", "arn:{partition}:s3:::*", NULL);
    facts("s3:GetObject", "arn:{partition}:s3:::*/*", "arn:{partition}:s3:*:*:accesspoint/*");
    facts("s3-outposts:CreateBucket", "arn:{partition}:s3-outposts:*:*:outpost/*", NULL);
    facts("sqs:setqueueattributes", "arn:{partition}:sqs:*:*:*", NULL);
    facts("ec2:RunInstances", "iam:PassRole", "ec2:CreateTags");
}

static void what_the_table_lacks_has_none(void **state)
{
    static const char *const lacking[] = {"s3:ListAllMyBuckets", "s3:GetBucket", "s3:CreateBucket",
                                          "sq:SetQueueAttributes", "sqs"};

    (void)state;
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++) {
        assert_true(balm_is_null(balm_reference_find(table, lacking[i], &arena)));
    }
    assert_true(balm_is_null(balm_reference_find(NULL, "s3:GetObject", &arena)));
    assert_true(balm_is_null(balm_reference_find("", "s3:GetObject", &arena)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_action_has_the_facts_of_its_line, clean),
        cmocka_unit_test_teardown(what_the_table_lacks_has_none, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
