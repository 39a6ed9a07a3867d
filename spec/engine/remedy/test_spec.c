#include "engine/remedy/fixture.h"

#include "remedy/spec.h"

#define REMEDIATION                                                                                \
    "return { id = 'Own.On', parameters = {},\n"                                                   \
    "check = function(s, r) local v = s:client('s3'):get_bucket_versioning { Bucket = r.Name }\n"  \
    "  return v.Status == 'Enabled', v end,\n"                                                     \
    "fix = function(s, r) s:client('s3'):put_bucket_versioning { Bucket = r.Name,\n"               \
    "  VersioningConfiguration = { Status = 'Enabled' } } end }"
#define HEAD                                                                                       \
    "return { remediation = 'Own.On',\n"                                                           \
    "resource = { Name = 'logs', AccountId = '123456789012', Region = 'eu-west-1' },\n"
#define GET "{ 's3:GetBucketVersioning', gives = {} }"
#define ON  "{ 's3:GetBucketVersioning', gives = { Status = 'Enabled' } }"
#define PUT                                                                                        \
    "{ 's3:PutBucketVersioning', { Bucket = 'logs', VersioningConfiguration = { Status = "         \
    "'Enabled' } } }"

struct told {
    struct fixture *fixture;
    size_t count, failed;
    const char *problem; /* the first of all */
};

static void tell(void *owner, const struct balm_spec_outcome *outcome)
{
    struct told *told = owner;

    told->count++;
    if (balm_list_len(outcome->problems) == 0) return;
    told->failed++;
    if (!told->problem) {
        told->problem =
            balm_arena_strdup(&told->fixture->arena, balm_list_at(outcome->problems, 0)->as.text);
    }
}

static enum balm_code load(struct fixture *fixture, const char *text, struct balm_spec *spec,
                           struct balm_value *faults)
{
    struct balm_err err;
    const char *path = balm_arena_printf(&fixture->arena, "%s/spec", fixture->dir);

    write_file(fixture, "own_on.lua", REMEDIATION);
    write_file(fixture, "spec", text);
    if (!fixture->engine.loop) open_engine(fixture, NULL);
    return balm_spec_load(spec, path, balm_aws_pack(fixture->engine.aws), &fixture->arena, faults,
                          &err);
}

static struct told play(struct fixture *fixture, const char *text)
{
    struct told told = {.fixture = fixture};
    struct balm_spec spec;
    struct balm_value faults;
    struct balm_err err;

    if (load(fixture, text, &spec, &faults)) fail_msg("%s", balm_list_at(faults, 0)->as.text);
    OK(balm_spec_play(&spec, &fixture->engine, tell, &told, &err));
    return told;
}

static void cases_that_hold_pass(void **state)
{
    struct told told = play(
        *state, HEAD
        "{ 'turns it on', calls = {" GET "," PUT "," ON "}, status = 'fixed', "
        "verified = true },\n"
        "{ 'leaves it', calls = {" ON "}, status = 'compliant' },\n"
        "{ 'plans it', run = 'plan', calls = {" GET "," PUT "}, status = 'planned' },\n"
        "{ 'never sees it', calls = {" GET "," PUT "," GET "," GET "}, status = 'unverified' },\n"
        "{ 'is told no', calls = { { 's3:GetBucketVersioning', raises = { code = "
        "'AccessDenied', status = 403 } } }, status = 'failed', "
        "error = 'AccessDenied' } }");

    assert_int_equal(told.count, 5);
    if (told.problem) fail_msg("%s", told.problem);
}

static void fails(struct fixture *fixture, const char *text, const char *problem)
{
    struct told told = play(fixture, text);

    assert_int_equal(told.failed, 1);
    if (!strstr(told.problem, problem)) fail_msg("%s", told.problem);
}

static void a_call_that_was_not_expected_fails(void **state)
{
    fails(*state, HEAD "{ 'x', calls = {" GET "}, status = 'fixed' } }",
          "unexpected call s3:PutBucketVersioning {\"Bucket\":\"logs\"");
}

static void a_call_that_never_came_fails(void **state)
{
    fails(*state, HEAD "{ 'x', calls = {" ON "," PUT "}, status = 'compliant' } }",
          "call 2 was expected and never came: s3:PutBucketVersioning");
}

static void another_call_than_expected_fails(void **state)
{
    fails(*state,
          HEAD "{ 'x', calls = {" GET ", { 's3:PutBucketVersioning', { Bucket = 'logs', "
               "VersioningConfiguration = { Status = 'Suspended' } } } }, status = 'fixed' } }",
          "call 2: expected s3:PutBucketVersioning {\"Bucket\":\"logs\","
          "\"VersioningConfiguration\":{\"Status\":\"Suspended\"}}");
}

static void a_plan_s_writes_are_held_against_the_spec_too(void **state)
{
    fails(*state, HEAD "{ 'x', run = 'plan', calls = {" GET "}, status = 'planned' } }",
          "unexpected call s3:PutBucketVersioning");
}

static void another_end_than_expected_says_what_went_wrong(void **state)
{
    fails(*state,
          HEAD "{ 'x', calls = { { 's3:GetBucketVersioning', raises = { code = 'NoSuchBucket', "
               "message = 'gone', status = 404 } } }, status = 'compliant' } }",
          "status: expected compliant, got failed");
}

static void refuses(struct fixture *fixture, const char *text, const char *fault)
{
    struct balm_spec spec;
    struct balm_value faults;

    assert_int_equal(load(fixture, text, &spec, &faults), BALM_E_INPUT);
    for (size_t i = 0; i < balm_list_len(faults); i++) {
        if (strstr(balm_list_at(faults, i)->as.text, fault)) return;
    }
    fail_msg("%s is not among %zu faults: %s", fault, balm_list_len(faults),
             balm_list_len(faults) ? balm_list_at(faults, 0)->as.text : "");
}

static void what_a_spec_may_not_say_is_refused(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {HEAD "}", "it has no cases"},
        {"return 5", "a spec returns a table"},
        {HEAD "colour = 1, { 'x', status = 'fixed' } }", "colour: unknown field"},
        {HEAD "{ 'x', status = 'fixed', cals = {} } }", "did you mean calls"},
        {HEAD "{ 'x' } }", "case 1 (x): status: missing"},
        {HEAD "{ status = 'fixed' } }", "1: missing, required"},
        {HEAD "{ 'x', status = 'fixed', run = 'unfix' } }", "unfix"},
        {HEAD "{ 'x', status = 'fixed', before = {} } }", "before: only where"},
        {HEAD "{ 'x', status = 'fixed', calls = { { 's3:GetBucketVersionin' } } } }",
         "case 1 (x), call 1: "},
        {HEAD "{ 'x', status = 'fixed', calls = { { 'GetBucketVersioning' } } } }",
         "a call is named as"},
        {HEAD "{ 'x', status = 'fixed', calls = { { 's3:GetBucketVersioning', { Buckt = 'b' } } } "
              "} }",
         "Buckt"},
        {HEAD "{ 'x', status = 'fixed', calls = { { 's3:GetBucketVersioning', gives = { State = "
              "'On' } } } } }",
         "State"},
        {HEAD "{ 'x', status = 'fixed', calls = { { 's3:GetBucketVersioning', gives = {}, raises "
              "= { code = 'X' } } } } }",
         "not both"},
        {HEAD "{ 'x', status = 'fixed', calls = { { 's3:GetBucketVersioning', raises = {} } } } }",
         "code: missing"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refuses(*state, cases[i].text, cases[i].fault);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cases_that_hold_pass),
        TEST(a_call_that_was_not_expected_fails),
        TEST(a_call_that_never_came_fails),
        TEST(another_call_than_expected_fails),
        TEST(a_plan_s_writes_are_held_against_the_spec_too),
        TEST(another_end_than_expected_says_what_went_wrong),
        TEST(what_a_spec_may_not_say_is_refused),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
