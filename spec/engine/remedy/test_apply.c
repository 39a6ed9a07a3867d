#include "engine/remedy/fixture.h"

#include "core/clock.h"

#define GET       "s3:GetBucketVersioning"
#define PUT       "s3:PutBucketVersioning"
#define ON        "{\"Status\":\"Enabled\"}"
#define CREATE    "ec2:CreateVolume"
#define DELETE    "ec2:DeleteVolume"
#define TAG       "ec2:CreateTags"
#define VOLUME(n) "{\"VolumeId\":\"vol-" n "\",\"Size\":8}"
#define COUNT(it) (sizeof(it) / sizeof *(it))
#define CALL(name, gives)                                                                          \
    {                                                                                              \
        name, gives, NULL, 0                                                                       \
    }

#define SCRIPT(more)                                                                               \
    "local function get(s, r) return s:client('s3'):get_bucket_versioning { Bucket = r.Name } "    \
    "end\n"                                                                                        \
    "local function put(s, r, status) return s:client('s3'):put_bucket_versioning {\n"             \
    "  Bucket = r.Name, VersioningConfiguration = { Status = status } } end\n"                     \
    "return { id = 'Own.Fix', parameters = { Status = 'Enabled' }, " more " }\n"

#define CHECK "check = function(s, r) local v = get(s, r) return v.Status == 'Enabled', v end, "
#define FIX   "fix = function(s, r, p) put(s, r, p.Status) end, "
/* body sees ec2, and create() makes a volume. */
#define EC2(body)                                                                                  \
    SCRIPT(                                                                                        \
        "fix = function(s, r, p) local ec2 = s:client('ec2')\n"                                    \
        "local function create() return ec2:create_volume { AvailabilityZone = 'a' } end\n" body   \
        " end")

static void start(struct fixture *fixture, const char *script, const char *config)
{
    write_file(fixture, "own_fix.lua", script);
    open_engine(fixture, config);
}

/* The plan is kept in the fixture. */
static void plan(struct fixture *fixture, const struct answer *answers, size_t count)
{
    struct balm_finding finding = finding_for(fixture, "Own.Fix");
    struct balm_order order = {.finding = &finding, .action = BALM_ACTION_PLAN, .by_hand = true};

    fixture->plan = balm_null();
    expect_calls(fixture, answers, count);
    run_order(fixture, &order);
    assert_string_equal(text_at(fixture, "status"), "planned");
}

static void apply(struct fixture *fixture, const struct answer *answers, size_t count)
{
    struct balm_finding finding = finding_for(fixture, "Own.Fix");
    struct balm_order order = {
        .finding = &finding, .action = BALM_ACTION_FIX, .by_hand = true, .plan = fixture->plan};

    expect_calls(fixture, answers, count);
    run_order(fixture, &order);
}

static void expect_skipped(struct fixture *fixture, const char *path)
{
    assert_string_equal(text_at(fixture, "status"), "skipped");
    assert_string_equal(text_at(fixture, "reason"), "drift");
    assert_string_equal(text_at(fixture, "drift.0.path"), path);
    assert_int_equal(fixture->exit, 4);
}

static void expect_failed(struct fixture *fixture, const char *path)
{
    assert_string_equal(text_at(fixture, "status"), "failed");
    assert_string_equal(text_at(fixture, "error.code"), "Drift");
    assert_string_equal(text_at(fixture, "drift.0.path"), path);
    assert_int_equal(fixture->exit, 1);
}

/* ---- what was planned ---- */

static void a_plan_tells_all_that_the_fix_would_do(void **state)
{
    static const struct answer planned[] = {CALL(GET, "{}")};
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(CHECK FIX "permissions = { '" GET "', '" PUT "' }"), NULL);
    plan(fixture, planned, COUNT(planned));
    expect_json(fixture, "actions", "[\"s3:PutBucketVersioning\"]");
    expect_json(fixture, "destructive", "false");
    expect_json(fixture, "reversible", "false");
    expect_json(fixture, "complete", "true");
    fixture->result = fixture->plan;
    expect_json(fixture, "before", "{}");
    expect_json(fixture, "parameters", "{\"Status\":\"Enabled\"}");
    expect_json(fixture, "writes",
                "[{\"service\":\"s3\",\"operation\":\"PutBucketVersioning\","
                "\"region\":\"eu-west-1\",\"account\":\"123456789012\",\"params\":"
                "{\"Bucket\":\"logs\",\"VersioningConfiguration\":{\"Status\":\"Enabled\"}},"
                "\"actions\":[\"s3:PutBucketVersioning\"]}]");
}

static void the_planned_writes_are_made(void **state)
{
    static const struct answer planned[] = {CALL(GET, "{}")};
    static const struct answer applied[] = {CALL(GET, "{}"), CALL(PUT, "{}"), CALL(GET, ON)};
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(CHECK FIX), NULL);
    plan(fixture, planned, COUNT(planned));
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "status"), "fixed");
    expect_json(fixture, "verified", "true");
    assert_string_equal(text_at(fixture, "applied"), balm_get_string(fixture->plan, "run", "none"));
}

static void what_is_right_by_now_is_left_alone(void **state)
{
    static const struct answer planned[] = {CALL(GET, "{}")};
    static const struct answer applied[] = {CALL(GET, ON)};
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(CHECK FIX), NULL);
    plan(fixture, planned, COUNT(planned));
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "status"), "compliant");
}

/* ---- what was not known ---- */

static void an_id_that_was_not_known_is_the_one_that_came(void **state)
{
    static const struct answer applied[] = {CALL(CREATE, VOLUME("1")), CALL(CREATE, VOLUME("2")),
                                            CALL(DELETE, "{}"), CALL(DELETE, "{}")};
    struct fixture *fixture = *state;

    start(fixture,
          EC2("local one, two = create(), create()\n"
              "ec2:delete_volume { VolumeId = two.VolumeId }\n"
              "ec2:delete_volume { VolumeId = one.VolumeId }"),
          NULL);
    plan(fixture, NULL, 0);
    expect_json(fixture, "calls.2.params",
                "{\"VolumeId\":{\"unknown\":\"ec2:CreateVolume[2].VolumeId\"}}");
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "status"), "fixed");
    expect_json(fixture, "calls.2.params", "{\"VolumeId\":\"vol-2\"}");
}

static void an_id_within_a_text_is_the_one_that_came(void **state)
{
    static const struct answer applied[] = {CALL(CREATE, VOLUME("1")), CALL(TAG, "{}")};
    struct fixture *fixture = *state;

    start(fixture,
          EC2("local v = create()\n"
              "ec2:create_tags { Resources = { v.VolumeId }, Tags = {\n"
              "{ Key = 'arn', Value = 'volume/' .. v.VolumeId .. '/' .. v.Size },\n"
              "{ Key = 'json', Value = json.encode { Id = v.VolumeId } },\n"
              "{ Key = 'size', Value = tostring(v.Size) } } }"),
          NULL);
    plan(fixture, NULL, 0);
    expect_json(fixture, "complete", "true");
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "status"), "fixed");
    expect_json(fixture, "calls.1.params.Tags.0.Value", "\"volume/vol-1/8\"");
    expect_json(fixture, "calls.1.params.Tags.1.Value", "\"{\\\"Id\\\":\\\"vol-1\\\"}\"");
    expect_json(fixture, "calls.1.params.Tags.2.Value", "\"8\"");
}

static void another_id_than_the_one_that_came_is_refused(void **state)
{
    static const struct answer applied[] = {CALL(CREATE, VOLUME("1")), CALL(CREATE, VOLUME("2"))};
    struct fixture *fixture = *state;

    /* `==` on an unknown cannot be seen: the plan takes the other way. */
    start(fixture,
          EC2("local one, two = create(), create()\n"
              "local id = one.Size == 8 and two.VolumeId or one.VolumeId\n"
              "ec2:delete_volume { VolumeId = id }"),
          NULL);
    plan(fixture, NULL, 0);
    apply(fixture, applied, COUNT(applied));
    expect_failed(fixture, "writes[3].params.VolumeId");
    expect_json(fixture, "drift.0.planned", "\"vol-1\"");
    expect_json(fixture, "drift.0.now", "\"vol-2\"");
    expect_json(fixture, "calls.2", "null");
}

static void a_text_around_the_id_must_be_the_planned_one(void **state)
{
    static const struct answer applied[] = {CALL(CREATE, VOLUME("1"))};
    struct fixture *fixture = *state;

    start(fixture,
          EC2("local v = create()\n"
              "local prefix = v.Size == 8 and 'disk/' or 'volume/'\n"
              "ec2:create_tags { Resources = { 'a' }, Tags = {\n"
              "{ Key = 'k', Value = prefix .. v.VolumeId } } }"),
          NULL);
    plan(fixture, NULL, 0);
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "status"), "failed");
    expect_json(fixture, "drift.0.now", "[{\"Key\":\"k\",\"Value\":\"disk/vol-1\"}]");
}

static void what_the_answer_did_not_hold_is_not_there(void **state)
{
    static const struct answer applied[] = {CALL(CREATE, "{\"VolumeId\":\"vol-1\"}"),
                                            CALL(CREATE, VOLUME("2"))};
    struct fixture *fixture = *state;

    start(fixture, EC2("ec2:create_volume { AvailabilityZone = 'a', Size = create().Size }"), NULL);
    plan(fixture, NULL, 0);
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "status"), "fixed");
}

/* ---- drift ---- */

static void a_resource_that_has_changed_is_not_touched(void **state)
{
    static const struct answer planned[] = {CALL(GET, "{}")};
    static const struct answer applied[] = {CALL(GET, "{\"Status\":\"Suspended\"}")};
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(CHECK FIX), NULL);
    plan(fixture, planned, COUNT(planned));
    apply(fixture, applied, COUNT(applied));
    expect_skipped(fixture, "before.Status");
    expect_json(fixture, "drift.0.planned", "null");
    expect_json(fixture, "drift.0.now", "\"Suspended\"");
    assert_string_equal(text_at(fixture, "detail"), "before.Status: planned null, now Suspended");
}

/* A script that writes something else where versioning is on by the time of the apply. */
static void is_not_made(struct fixture *fixture, const char *script)
{
    static const struct answer planned[] = {CALL(GET, "{}")};
    static const struct answer applied[] = {CALL(GET, ON)};

    start(fixture, script, NULL);
    plan(fixture, planned, COUNT(planned));
    apply(fixture, applied, COUNT(applied));
    expect_skipped(fixture, "writes[1].params.VersioningConfiguration.Status");
    expect_json(fixture, "calls.1", "null");
}

static void another_write_than_the_planned_one_is_not_made(void **state)
{
    is_not_made(*state, SCRIPT("fix = function(s, r)\n"
                               "put(s, r, get(s, r).Status or 'Suspended') end"));
}

static void a_script_cannot_go_on_after_a_drift(void **state)
{
    is_not_made(*state, SCRIPT("fix = function(s, r) local now = get(s, r).Status\n"
                               "if now then pcall(put, s, r, now) end put(s, r, 'Suspended') end"));
}

static void a_write_more_than_planned_is_not_made(void **state)
{
    static const struct answer planned[] = {CALL(GET, "{}")};
    static const struct answer applied[] = {CALL(GET, ON), CALL(PUT, "{}")};
    struct fixture *fixture = *state;

    start(fixture,
          SCRIPT("fix = function(s, r) local now = get(s, r).Status put(s, r, 'Enabled')\n"
                 "if now then put(s, r, 'Suspended') end end"),
          NULL);
    plan(fixture, planned, COUNT(planned));
    apply(fixture, applied, COUNT(applied));
    expect_failed(fixture, "writes[2]");
    expect_json(fixture, "drift.0.planned", "null");
    expect_json(fixture, "calls.1.status", "200");
}

static void a_write_less_than_planned_is_drift(void **state)
{
    static const struct answer planned[] = {CALL(GET, "{}")};
    static const struct answer less[] = {CALL(GET, "{\"Status\":\"Suspended\"}"), CALL(PUT, "{}")};
    static const struct answer none[] = {CALL(GET, ON)};
    struct fixture *fixture = *state;

    start(fixture,
          SCRIPT("fix = function(s, r) local now = get(s, r).Status\n"
                 "if now ~= 'Enabled' then put(s, r, 'Suspended') end\n"
                 "if not now then put(s, r, 'Enabled') end end"),
          NULL);
    plan(fixture, planned, COUNT(planned));
    apply(fixture, less, COUNT(less));
    expect_failed(fixture, "writes[2]");
    apply(fixture, none, COUNT(none));
    expect_skipped(fixture, "writes[1]");
}

static void an_error_after_a_planned_write_is_a_failure_of_its_own(void **state)
{
    static const struct answer applied[] = {{PUT, NULL, "AccessDenied", 403}};
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(FIX), NULL);
    plan(fixture, NULL, 0);
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "error.code"), "AccessDenied");
    assert_int_equal(fixture->exit, 3);
}

/* ---- what is compared before anything is called ---- */

static void a_changed_script_is_not_run(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(FIX), NULL);
    plan(fixture, NULL, 0);
    close_engine(fixture);
    start(fixture, SCRIPT(FIX " description = 'another'"), NULL);
    apply(fixture, NULL, 0);
    expect_skipped(fixture, "script.version");
}

static void changed_parameters_are_drift(void **state)
{
    struct fixture *fixture = *state;
    struct balm_value parameters;

    start(fixture, SCRIPT(FIX), NULL);
    plan(fixture, NULL, 0);
    parameters = balm_get(fixture->plan, "parameters");
    balm_map_set(&fixture->arena, parameters, "Status", balm_string("Suspended"));
    apply(fixture, NULL, 0);
    expect_skipped(fixture, "parameters.Status");
}

static void a_changed_configuration_is_drift(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(FIX), "return { mode = 'plan' }");
    plan(fixture, NULL, 0);
    close_engine(fixture);
    start(fixture, SCRIPT(FIX), "return { mode = 'fix' }");
    apply(fixture, NULL, 0);
    expect_skipped(fixture, "config.sha256");
}

static void a_plan_that_is_not_complete_is_not_applied(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, SCRIPT("fix = function(s, r) put(s, r, 'Enabled') error('hm') end"), NULL);
    plan(fixture, NULL, 0);
    apply(fixture, NULL, 0);
    expect_skipped(fixture, "complete");
    assert_string_equal(text_at(fixture, "detail"),
                        "the plan is not complete: an error came after a write that was not sent");
}

static void a_plan_that_has_expired_is_not_applied(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(FIX), NULL);
    plan(fixture, NULL, 0);
    balm_map_set(&fixture->arena, fixture->plan, "expires", balm_time_value(balm_clock_now()));
    apply(fixture, NULL, 0);
    expect_skipped(fixture, "expires");
    assert_non_null(strstr(text_at(fixture, "detail"), "expired at 20"));
}

static void the_configuration_s_mode_does_not_hinder_an_apply(void **state)
{
    static const struct answer applied[] = {CALL(PUT, "{}")};
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(FIX), "return { mode = 'plan' }");
    plan(fixture, NULL, 0);
    apply(fixture, applied, COUNT(applied));
    assert_string_equal(text_at(fixture, "status"), "fixed");
}

static void guards_hold_for_an_apply_as_for_a_fix(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, SCRIPT(FIX "destructive = true"), NULL);
    plan(fixture, NULL, 0);
    expect_json(fixture, "destructive", "true");
    apply(fixture, NULL, 0);
    assert_string_equal(text_at(fixture, "reason"), "destructive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(it) cmocka_unit_test_setup_teardown(it, set_up, tear_down)
        TEST(a_plan_tells_all_that_the_fix_would_do),
        TEST(the_planned_writes_are_made),
        TEST(what_is_right_by_now_is_left_alone),
        TEST(an_id_that_was_not_known_is_the_one_that_came),
        TEST(an_id_within_a_text_is_the_one_that_came),
        TEST(another_id_than_the_one_that_came_is_refused),
        TEST(a_text_around_the_id_must_be_the_planned_one),
        TEST(what_the_answer_did_not_hold_is_not_there),
        TEST(a_resource_that_has_changed_is_not_touched),
        TEST(another_write_than_the_planned_one_is_not_made),
        TEST(a_script_cannot_go_on_after_a_drift),
        TEST(a_write_more_than_planned_is_not_made),
        TEST(a_write_less_than_planned_is_drift),
        TEST(an_error_after_a_planned_write_is_a_failure_of_its_own),
        TEST(a_changed_script_is_not_run),
        TEST(changed_parameters_are_drift),
        TEST(a_changed_configuration_is_drift),
        TEST(a_plan_that_is_not_complete_is_not_applied),
        TEST(a_plan_that_has_expired_is_not_applied),
        TEST(the_configuration_s_mode_does_not_hinder_an_apply),
        TEST(guards_hold_for_an_apply_as_for_a_fix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
