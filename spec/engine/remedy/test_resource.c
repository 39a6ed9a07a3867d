/*
 * What a resource is called, and when two events mean the same one.
 */
#include "remedy/resource.h"

#include "engine/remedy/values.h"

#define ARN "arn:aws:s3:::logs"

static void a_resource_is_named_by_what_says_most_to_people(void **state)
{
    static const struct {
        const char *resource, *name;
    } cases[] = {
        {"{\"Arn\":\"" ARN "\",\"Name\":\"logs\"}", "logs"},
        {"{\"Arn\":\"" ARN "\",\"Name\":\"\"}", ARN},
        {"{\"Id\":\"i-1\",\"Name\":7}", "i-1"},
        {"{\"UserName\":\"alice\",\"AccountId\":\"123456789012\"}", "alice"},
        {"{\"ResourceType\":\"AWS::::Account\",\"AccountId\":\"123456789012\"}", "AWS::::Account"},
        {"{\"AccountId\":\"123456789012\"}", "123456789012"},
        {"{}", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(balm_resource_name(json(cases[i].resource)).as.text, cases[i].name);
    }
}

static void two_resources_are_the_same_where_any_name_is(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"{\"Name\":\"logs\"}", "{\"Name\":\"logs\",\"Arn\":\"" ARN "\"}", true},
        {"{\"Id\":\"" ARN "\"}", "{\"Name\":\"logs\",\"Arn\":\"" ARN "\"}", true},
        {"{\"Name\":\"logs\"}", "{\"Name\":\"log\"}", false},
        {"{\"Name\":\"logs\"}", "{\"Arn\":\"" ARN "\"}", false},
        {"{\"AccountId\":\"1\"}", "{\"AccountId\":\"1\",\"Region\":\"eu-west-1\"}", true},
        {"{\"AccountId\":\"1\"}", "{\"AccountId\":\"1\",\"Name\":\"logs\"}", false},
        {"{\"Name\":\"\"}", "{\"Name\":\"\",\"Id\":\"x\"}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(balm_resource_same(json(cases[i].a), json(cases[i].b)), cases[i].same);
        assert_int_equal(balm_resource_same(json(cases[i].b), json(cases[i].a)), cases[i].same);
    }
}

static void a_glob_may_fit_any_name(void **state)
{
    struct balm_value both = json("{\"Name\":\"logs\",\"Arn\":\"" ARN "\"}");
    (void)state;
    assert_true(balm_resource_fits(both, "logs"));
    assert_true(balm_resource_fits(both, "arn:aws:s3:::*"));
    assert_false(balm_resource_fits(both, "log"));
    assert_true(balm_resource_fits(json("{}"), "*"));
    assert_false(balm_resource_fits(json("{}"), "?*"));
}

static void a_log_may_call_it_by_its_name_or_by_its_arn(void **state)
{
    static const struct {
        const char *resource, *first, *second;
    } cases[] = {
        {"{\"Name\":\"logs\",\"Arn\":\"" ARN "\"}", "logs", ARN},
        {"{\"Id\":\"" ARN "\",\"ResourceId\":\"" ARN "\"}", "logs", ARN},
        {"{\"Arn\":\"arn:aws:iam::1:role/path/Dev\"}", "Dev", "arn:aws:iam::1:role/path/Dev"},
        {"{\"Arn\":\"arn:aws:rds:eu-west-1:1:db:orders\",\"UserName\":\"x\"}", "x",
         "arn:aws:rds:eu-west-1:1:db:orders"},
        {"{\"Id\":\"i-1\"}", "i-1", NULL},
        {"{\"AccountId\":\"1\",\"Name\":\"\"}", NULL, NULL},
    };
    const char *names[BALM_RESOURCE_LOGGED_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = balm_resource_logged_names(json(cases[i].resource), &arena, names);
        assert_int_equal(count, (cases[i].first != NULL) + (cases[i].second != NULL));
        if (count > 0) assert_string_equal(names[0], cases[i].first);
        if (count > 1) assert_string_equal(names[1], cases[i].second);
    }
}

static void an_arn_is_made_where_its_type_tells_how(void **state)
{
    static const struct balm_resource_place place = {"aws-cn", "cn-north-1", "123456789012"};
    static const struct {
        const char *type, *resource, *arn;
    } cases[] = {
        {"AWS::EC2::Instance", "{\"Id\":\"i-1\",\"Name\":\"web\"}",
         "arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-1"},
        {"AWS::RDS::DBInstance", "{\"Name\":\"orders\"}",
         "arn:aws-cn:rds:cn-north-1:123456789012:db:orders"},
        {"AWS::S3::Bucket", "{\"Name\":\"logs\"}", "arn:aws-cn:s3:::logs"},
        {"AWS::S3::Bucket", "{\"Name\":\"a/b\"}", NULL},
        {"AWS::S3::Bucket", "{}", NULL},
        {"AWS::EC2::Image", "{\"Id\":\"ami-1\"}", NULL}, /* whose, its ARN does not tell */
        {"", "{\"Id\":\"i-1\"}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *arn =
            balm_resource_make_arn(json(cases[i].resource), cases[i].type, &place, &arena);
        if (cases[i].arn) assert_non_null(arn);
        if (cases[i].arn) assert_string_equal(arn, cases[i].arn);
        if (!cases[i].arn) assert_null(arn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(a_resource_is_named_by_what_says_most_to_people),
        CLEAN(two_resources_are_the_same_where_any_name_is),
        CLEAN(a_glob_may_fit_any_name),
        CLEAN(a_log_may_call_it_by_its_name_or_by_its_arn),
        CLEAN(an_arn_is_made_where_its_type_tells_how),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
