#include "engine/remedy/fixture.h"

#include "remedy/guard.h"

#define GET       "s3:GetBucketVersioning"
#define PUT       "s3:PutBucketVersioning"
#define ON        "{\"Status\":\"Enabled\"}"
#define COUNT(it) (sizeof(it) / sizeof *(it))

/* Declares whatever else it is given. */
#define SCRIPT(id, more)                                                                           \
    "local function get(s, r) return s:client('s3'):get_bucket_versioning { Bucket = r.Name } "    \
    "end\n"                                                                                        \
    "local function put(s, r, status) return s:client('s3'):put_bucket_versioning {\n"             \
    "  Bucket = r.Name, VersioningConfiguration = { Status = status } } end\n"                     \
    "return { id = '" id "', parameters = {}, " more " }\n"

#define CHECK "check = function(s, r) local v = get(s, r) return v.Status == 'Enabled', v end, "
#define FIX   "fix = function(s, r) put(s, r, 'Enabled') end, "
#define UNDO  "undo = function(s, r, p, b) put(s, r, b.Status or 'Suspended') end, "

static void run(struct fixture *fixture, const char *remediation, enum balm_action action,
                const struct answer *answers, size_t count)
{
    struct balm_finding finding = finding_for(fixture, remediation);
    struct balm_order order = {.finding = &finding, .action = action, .before = balm_null()};

    expect_calls(fixture, answers, count);
    run_order(fixture, &order);
}

static void a_finding_is_fixed_and_verified(void **state)
{
    static const struct answer answers[] = {
        {GET, "{}", NULL, 0}, {PUT, "{}", NULL, 0}, {GET, ON, NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "fixed");
    assert_int_equal(fixture->exit, 0);
    expect_json(fixture, "verified", "true");
    expect_json(fixture, "before", "{}");
    expect_json(fixture, "calls.0.write", "false");
    expect_json(fixture, "calls.1.params",
                "{\"Bucket\":\"logs\",\"VersioningConfiguration\":{\"Status\":\"Enabled\"}}");
    expect_json(fixture, "calls.1.status", "200");
    assert_string_equal(text_at(fixture, "permissions"), "undeclared");
    assert_int_equal(strlen(text_at(fixture, "script.version")), 64);
    assert_string_equal(text_at(fixture, "account"), "123456789012");
}

static void what_is_compliant_is_left_alone(void **state)
{
    static const struct answer answers[] = {{GET, ON, NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "compliant");
    expect_json(fixture, "verified", "null");
}

static void a_fix_without_a_check_is_not_verified(void **state)
{
    static const struct answer answers[] = {{PUT, "{}", NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "fixed");
    expect_json(fixture, "verified", "false");
}

static void a_check_that_writes_is_refused(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua",
               SCRIPT("Own.On", "check = function(s, r) put(s, r, 'Enabled') end, " FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "failed");
    assert_string_equal(text_at(fixture, "error.code"), "CheckMayNotWrite");
    expect_json(fixture, "calls", "[]");
    assert_int_equal(fixture->exit, 1);
}

static void a_check_that_says_neither_yes_nor_no_is_an_error(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", "check = function() return 'ok' end, " FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "InvalidCheck");
}

static void a_call_outside_the_permissions_names_the_action(void **state)
{
    static const struct answer answers[] = {{GET, "{}", NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua",
               SCRIPT("Own.On", "permissions = { 's3:GetBucketVersioning' }, " CHECK FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "error.code"), "PermissionNotDeclared");
    assert_non_null(strstr(text_at(fixture, "error.message"), "s3:PutBucketVersioning"));
    assert_int_equal(balm_list_len(balm_get(fixture->result, "calls")), 1);
}

/* AWS asks for iam:PassRole where an instance is given a role. */
#define RUNS_INSTANCE(id, permissions)                                                             \
    "return { id = '" id "', parameters = {}, permissions = { " permissions " },\n"                \
    "  fix = function(s) s:client('ec2'):run_instances { MinCount = 1, MaxCount = 1 } end }\n"

static void a_refusal_names_what_else_may_be_needed_and_is_not_declared(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", RUNS_INSTANCE("Own.On", "'s3:GetObject'"));
    write_file(fixture, "own_off.lua", RUNS_INSTANCE("Own.Off", "'iam:PassRole'"));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "PermissionNotDeclared");
    assert_non_null(strstr(text_at(fixture, "error.message"),
                           "do not list; it may also need iam:PassRole, ec2:CreateTags, "
                           "ssm:GetParameters"));
    run(fixture, "Own.Off", BALM_ACTION_FIX, NULL, 0);
    assert_non_null(strstr(text_at(fixture, "error.message"),
                           "do not list; it may also need ec2:CreateTags, ssm:GetParameters"));
}

static void what_else_may_be_needed_is_named_as_far_as_there_is_room(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua",
               "return { id = 'Own.On', parameters = {}, permissions = { 's3:GetObject' },\n"
               "  fix = function(s) s:client('rds'):modify_db_instance {\n"
               "    DBInstanceIdentifier = 'orders' } end }\n");
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_non_null(strstr(text_at(fixture, "error.message"), "it may also need iam:PassRole, "));
    assert_non_null(strstr(text_at(fixture, "error.message"), " more"));
}

static void what_else_may_be_needed_is_not_held_against_a_call(void **state)
{
    static const struct answer answers[] = {{"ec2:RunInstances", "{}", NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", RUNS_INSTANCE("Own.On", "'ec2:RunInstances'"));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "fixed");
}

static void a_call_whose_action_is_not_known_must_be_declared_all_the_same(void **state)
{
    static const struct answer answers[] = {{"cloudhsm:AddTagsToResource", "{}", NULL, 0}};
    static const char fix[] =
        "fix = function(s) s:client('cloudhsm'):add_tags_to_resource { ResourceArn = 'arn', "
        "TagList = {{ Key = 'k', Value = 'v' }} } end }\n";
    struct fixture *fixture = *state;
    char text[512];

    snprintf(text, sizeof text,
             "return { id = 'Own.On', parameters = {}, permissions = { 's3:GetObject' }, %s", fix);
    write_file(fixture, "own_on.lua", text);
    snprintf(text, sizeof text,
             "return { id = 'Own.Off', parameters = {}, permissions = { "
             "'cloudhsm:AddTagsToResource' }, %s",
             fix);
    write_file(fixture, "own_off.lua", text);
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "PermissionNotDeclared");
    run(fixture, "Own.Off", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "fixed");
}

#define REQUEST(id, request)                                                                       \
    "return { id = '" id "', parameters = {}, permissions = { 's3:GetObject' },\n"                 \
    "  check = function(s) s:client('s3'):request " request " return true end,\n"                  \
    "  fix = function() end }\n"

static void a_raw_request_names_the_permission_it_needs(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", REQUEST("Own.On", "{ path = '/logs/a' }"));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "PermissionNotDeclared");
    assert_non_null(strstr(text_at(fixture, "error.message"), "give the request an action"));
}

static void a_raw_request_that_deletes_is_a_write_whatever_action_it_names(void **state)
{
    struct fixture *fixture = *state;

    write_file(
        fixture, "own_on.lua",
        REQUEST("Own.On", "{ method = 'DELETE', path = '/logs/a', action = 's3:GetObject' }"));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "CheckMayNotWrite");
}

static void an_error_of_authorisation_has_its_own_exit_status(void **state)
{
    static const struct answer answers[] = {{GET, NULL, "AccessDenied", 403}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "failed");
    assert_string_equal(text_at(fixture, "error.code"), "AccessDenied");
    assert_string_equal(text_at(fixture, "error.operation"), "GetBucketVersioning");
    expect_json(fixture, "error.status", "403");
    assert_int_equal(fixture->exit, 3);
}

static void a_run_that_wrote_and_fails_tells_its_writes(void **state)
{
    static const struct answer answers[] = {{PUT, "{}", NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua",
               SCRIPT("Own.On", "fix = function(s, r) put(s, r, 'Enabled') error('no more') end"));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "failed");
    assert_non_null(strstr(text_at(fixture, "error.message"), "no more"));
    expect_json(fixture, "calls.0.write", "true");
    expect_json(fixture, "calls.0.status", "200");
}

/* ---- plans ---- */

static void a_plan_sends_reads_and_lists_writes(void **state)
{
    static const struct answer answers[] = {{GET, "{}", NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_PLAN, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "planned");
    assert_int_equal(fixture->exit, 0);
    expect_json(fixture, "complete", "true");
    expect_json(fixture, "calls.0.status", "200");
    assert_string_equal(text_at(fixture, "calls.1.operation"), "PutBucketVersioning");
    assert_string_equal(text_at(fixture, "calls.1.status"), "planned");
}

static void an_unknown_goes_into_the_next_write_of_a_plan(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_volume.lua",
               SCRIPT("Own.Volume",
                      "fix = function(s, r) local ec2 = s:client('ec2')\n"
                      "local v = ec2:create_volume { AvailabilityZone = 'eu-west-1a', Size = 1 }\n"
                      "ec2:delete_volume { VolumeId = v.VolumeId } end"));
    open_engine(fixture, NULL);
    run(fixture, "Own.Volume", BALM_ACTION_PLAN, NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "planned");
    expect_json(fixture, "complete", "true");
    expect_json(fixture, "calls.1.params",
                "{\"VolumeId\":{\"unknown\":\"ec2:CreateVolume.VolumeId\"}}");
}

static void a_read_that_depends_on_an_unsent_write_makes_a_plan_incomplete(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_volume.lua",
               SCRIPT("Own.Volume",
                      "fix = function(s, r) local ec2 = s:client('ec2')\n"
                      "local v = ec2:create_volume { AvailabilityZone = 'eu-west-1a', Size = 1 }\n"
                      "ec2:describe_volumes { VolumeIds = { v.VolumeId } } end"));
    open_engine(fixture, NULL);
    run(fixture, "Own.Volume", BALM_ACTION_PLAN, NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "planned");
    expect_json(fixture, "complete", "false");
    assert_string_equal(text_at(fixture, "detail"),
                        "ec2:DescribeVolumes asks with what is not known before apply");
}

static void an_error_after_an_unsent_write_leaves_an_incomplete_plan(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua",
               SCRIPT("Own.On", "fix = function(s, r) put(s, r, 'Enabled') error('hm') end"));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_PLAN, NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "planned");
    expect_json(fixture, "complete", "false");
    assert_non_null(strstr(text_at(fixture, "error.message"), "hm"));
}

static void a_compliant_resource_needs_no_plan(void **state)
{
    static const struct answer answers[] = {{GET, ON, NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_PLAN, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "compliant");
}

/* ---- verifying, undoing, coming back later ---- */

static bool once_more(void *owner)
{
    int *left = owner;

    return (*left)-- > 0;
}

static void look(struct fixture *fixture, int times, const struct answer *answers, size_t count)
{
    struct balm_finding finding = finding_for(fixture, "Own.On");
    struct balm_order order = {.finding = &finding, .look_again = once_more, .owner = &times};

    expect_calls(fixture, answers, count);
    run_order(fixture, &order);
}

static void a_fix_that_shows_late_is_looked_at_again(void **state)
{
    static const struct answer answers[] = {{GET, "{}", NULL, 0},
                                            {PUT, "{}", NULL, 0},
                                            {GET, NULL, "NoSuchBucket", 404},
                                            {GET, "{}", NULL, 0},
                                            {GET, ON, NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    look(fixture, 2, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "fixed");
    expect_json(fixture, "error", "null");
}

static void a_fix_that_never_shows_is_unverified(void **state)
{
    static const struct answer answers[] = {
        {GET, "{}", NULL, 0}, {PUT, "{}", NULL, 0}, {GET, "{}", NULL, 0}, {GET, "{}", NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    look(fixture, 1, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "unverified");
    assert_int_equal(fixture->exit, 4);
}

static void what_may_not_be_looked_at_after_the_fix_is_a_failure(void **state)
{
    static const struct answer answers[] = {
        {GET, "{}", NULL, 0}, {PUT, "{}", NULL, 0}, {GET, NULL, "AccessDenied", 403}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    look(fixture, 1, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "failed");
    expect_json(fixture, "calls.1.write", "true");
}

static void undo(struct fixture *fixture, const char *before, const struct answer *answers,
                 size_t count)
{
    struct balm_finding finding = finding_for(fixture, "Own.On");
    int never = 0;
    struct balm_order order = {
        .finding = &finding, .action = BALM_ACTION_UNDO, .look_again = once_more, .owner = &never};
    struct balm_err err;

    OK(balm_json_parse(&fixture->arena, before, strlen(before), &order.before, &err));
    expect_calls(fixture, answers, count);
    run_order(fixture, &order);
}

static void undo_puts_back_what_was_and_tells_what_differs_still(void **state)
{
    static const struct answer answers[] = {{PUT, "{}", NULL, 0},
                                            {GET, "{\"Status\":\"Suspended\"}", NULL, 0}};
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX UNDO));
    open_engine(fixture, NULL);
    undo(fixture, "{\"Status\":\"Suspended\"}", answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "undone");
    expect_json(fixture, "residue", "[]");
    undo(fixture, "{}", answers, COUNT(answers));
    expect_json(fixture, "residue",
                "[{\"path\":\"Status\",\"before\":null,\"now\":\"Suspended\"}]");
}

static void what_declares_no_undo_cannot_be_undone(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    undo(fixture, "{}", NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "CannotBeUndone");
    assert_int_equal(fixture->exit, 2);
}

static void a_script_may_ask_to_come_back_later(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua",
               "local aws = require 'aws'\n" SCRIPT(
                   "Own.On", "fix = function() aws.retry_later(90, 'still creating') end"));
    open_engine(fixture, NULL);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "deferred");
    assert_string_equal(text_at(fixture, "detail"), "still creating");
    expect_json(fixture, "retry_after", "90");
    assert_int_equal(fixture->exit, 4);
}

/* ---- before anything is called ---- */

static void skipped(struct fixture *fixture, const char *config, const char *reason, int exit)
{
    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX "destructive = true"));
    open_engine(fixture, config);
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "skipped");
    assert_string_equal(text_at(fixture, "reason"), reason);
    assert_int_equal(fixture->exit, exit);
    expect_json(fixture, "calls", "[]");
}

static void an_account_that_is_not_enabled_is_skipped(void **state)
{
    skipped(*state, "return { accounts = { '111122223333' } }", "account_not_enabled", 4);
}

static void what_is_off_is_skipped(void **state)
{
    skipped(*state, "return { remediations = { ['Own.On'] = { mode = 'off' } } }", "off", 0);
}

static void what_is_excluded_is_skipped_with_the_reason(void **state)
{
    struct fixture *fixture = *state;

    skipped(fixture,
            "return { exclude = { { account = '123456789012', reason = 'sandbox', "
            "owner = 'o@example.com', expires = '2099-01-01' } } }",
            "excluded", 0);
    assert_non_null(strstr(text_at(fixture, "detail"), "sandbox"));
}

static void what_is_destructive_must_be_allowed(void **state)
{
    static const struct answer answers[] = {{GET, ON, NULL, 0}};
    struct fixture *fixture = *state;

    skipped(fixture, NULL, "destructive", 4);
    fixture->engine.allow_destructive = true;
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "compliant");
}

static void a_closed_finding_is_skipped(void **state)
{
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding};

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    finding = finding_for(fixture, "Own.On");
    finding.status = "archived";
    expect_calls(fixture, NULL, 0);
    run_order(fixture, &order);
    assert_string_equal(text_at(fixture, "reason"), "finding_closed");
    assert_int_equal(fixture->exit, 0);
}

static void a_guard_may_be_left_out_by_name(void **state)
{
    static const struct answer answers[] = {{GET, ON, NULL, 0}};
    static const char *const names[] = {"off"};
    struct fixture *fixture = *state;
    struct balm_err err;

    skipped(fixture, "return { mode = 'off' }", "off", 0);
    fixture->engine.skipped_guards = names;
    fixture->engine.skipped_guard_count = 1;
    fixture->engine.allow_destructive = true;
    OK(balm_guards_check_names(&fixture->engine, &err));
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "compliant");
    expect_json(fixture, "skipped_guards", "[\"off\"]");
}

static void some_guards_cannot_be_left_out(void **state)
{
    static const char *const names[] = {"account_not_enabled"};
    struct balm_engine engine = {.skipped_guards = names, .skipped_guard_count = 1};
    struct balm_err err;

    (void)state;
    assert_int_equal(balm_guards_check_names(&engine, &err), BALM_E_ARG);
    assert_non_null(strstr(err.message, "excluded"));
}

/* A guard that takes its time, as one that reads a store does. */
struct slow {
    struct balm_guard guard;
    struct balm_loop *loop;
    struct balm_task task;
    struct balm_guarding *guarding;
};

static void slow_answer(void *owner)
{
    struct slow *slow = owner;

    balm_guard_refuse(slow->guarding, "%d fixes in the last hour", 100);
}

static void slow_ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct slow *slow = guard->owner;

    slow->guarding = guarding;
    balm_task_add(slow->loop, &slow->task, slow_answer, slow);
}

static void a_guard_may_answer_later_from_the_loop(void **state)
{
    struct fixture *fixture = *state;
    struct slow slow = {.guard = {.name = "budget",
                                  .can_be_skipped = true,
                                  .actions = 1u << BALM_ACTION_FIX,
                                  .moments = 1u << BALM_BEFORE_RUN,
                                  .ask = slow_ask,
                                  .owner = &slow}};
    const struct balm_guard *guards[] = {&slow.guard};

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    slow.loop = fixture->engine.loop;
    fixture->engine.guards = guards;
    fixture->engine.guard_count = 1;
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "reason"), "budget");
    assert_string_equal(text_at(fixture, "detail"), "100 fixes in the last hour");
    assert_int_equal(fixture->exit, 4);
}

static void a_remediation_that_does_not_exist_is_an_invalid_event(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.Onn", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "RemediationDoesNotExist");
    assert_non_null(strstr(text_at(fixture, "error.message"), "Own.On"));
    assert_int_equal(fixture->exit, 2);
}

static void parameters_are_refused_before_any_call(void **state)
{
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding};

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    finding = finding_for(fixture, "Own.On");
    finding.parameters = balm_map(&fixture->arena);
    balm_map_set(&fixture->arena, finding.parameters, "Status", balm_string("x"));
    expect_calls(fixture, NULL, 0);
    run_order(fixture, &order);
    assert_string_equal(text_at(fixture, "error.code"), "InvalidParameter");
    assert_int_equal(fixture->exit, 2);
}

static void the_configuration_may_require_permissions(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, "return { require_permissions = true }");
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "PermissionsUndeclared");
}

static void a_mode_that_is_stated_turns_a_fix_into_a_plan(void **state)
{
    static const struct answer answers[] = {{GET, "{}", NULL, 0}};
    static const struct answer fixes[] = {
        {GET, "{}", NULL, 0}, {PUT, "{}", NULL, 0}, {GET, ON, NULL, 0}};
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding, .by_hand = true};

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, "return { mode = 'plan' }");
    run(fixture, "Own.On", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "planned");

    finding = finding_for(fixture, "Own.On"); /* by hand: the command is the consent */
    expect_calls(fixture, fixes, COUNT(fixes));
    run_order(fixture, &order);
    assert_string_equal(text_at(fixture, "status"), "fixed");
}

static void a_role_with_unknown_braces_sends_nothing(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", CHECK FIX));
    open_engine(fixture, NULL);
    fixture->engine.role = "arn:aws:iam::{acount}:role/R";
    run(fixture, "Own.On", BALM_ACTION_FIX, NULL, 0);
    assert_string_equal(text_at(fixture, "error.code"), "InvalidRole");
    assert_int_equal(fixture->exit, 2);
}

/* ---- the end that others choose ---- */

static void abort_it(void *owner)
{
    struct fixture *fixture = owner;
    struct balm_err err;

    balm_fail(&err, BALM_E_CANCELLED, "SIGTERM");
    balm_run_abort(fixture->run, &err);
}

static void an_aborted_run_tells_the_write_under_way_as_unknown(void **state)
{
    struct fixture *fixture = *state;
    struct balm_timer timer = {0};
    struct balm_err err;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", FIX));
    open_engine(fixture, NULL);
    fixture->fake.never_answers = true;
    balm_timer_set(fixture->engine.loop, &timer, 20000000, abort_it, fixture);
    struct balm_finding finding = finding_for(fixture, "Own.On");
    struct balm_order order = {.finding = &finding, .instead_of_aws = &fixture->fake.link};
    OK(balm_run_start(&fixture->run, &fixture->engine, &order, keep_result, fixture, &err));
    balm_loop_run(fixture->engine.loop);
    balm_run_release(fixture->run);
    assert_string_equal(text_at(fixture, "status"), "failed");
    assert_string_equal(text_at(fixture, "error.code"), "Cancelled");
    assert_string_equal(text_at(fixture, "calls.0.operation"), "PutBucketVersioning");
    expect_json(fixture, "calls.0.write", "true");
}

static void a_run_may_be_released_at_any_time(void **state)
{
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding, .instead_of_aws = &fixture->fake.link};
    struct balm_err err;

    write_file(fixture, "own_on.lua", SCRIPT("Own.On", FIX));
    open_engine(fixture, NULL);
    finding = finding_for(fixture, "Own.On");
    OK(balm_run_start(&fixture->run, &fixture->engine, &order, keep_result, fixture, &err));
    balm_run_release(fixture->run);
    balm_loop_run(fixture->engine.loop);
    assert_int_equal(fixture->answered, 0);
}

static void what_a_model_calls_sensitive_is_told_nowhere(void **state)
{
    static const struct answer answers[] = {
        {"secretsmanager:GetSecretValue", "{\"SecretString\":\"hunter2-hunter2\"}", NULL, 0}};
    struct fixture *fixture = *state;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    write_file(fixture, "own_leak.lua",
               SCRIPT("Own.Leak", "check = function(s) local v = s:client('secretsmanager')"
                                  ":get_secret_value { SecretId = 'x' }\n"
                                  "log.info('it is ' .. v.SecretString) return true, v end, " FIX));
    open_engine(fixture, NULL);
    run(fixture, "Own.Leak", BALM_ACTION_FIX, answers, COUNT(answers));
    assert_string_equal(text_at(fixture, "status"), "compliant");
    assert_string_equal(text_at(fixture, "log.0.message"), "it is (sensitive)");
    (void)balm_json_print(&text, fixture->result, BALM_JSON_COMPACT | BALM_JSON_SECRETS);
    assert_null(strstr(text.bytes, "hunter2"));
    balm_buf_free(&text);
}

static void what_is_sent_in_a_sensitive_member_is_told_nowhere(void **state)
{
    static const struct answer answers[] = {{"secretsmanager:PutSecretValue", "{}", NULL, 0}};
    struct fixture *fixture = *state;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding};

    write_file(fixture, "own_set.lua",
               "return { id = 'Own.Set', parameters = { Password = { type = 'string' } },\n"
               "fix = function(s, r, p) log.info('sets ' .. p.Password)\n"
               "s:client('secretsmanager'):put_secret_value { SecretId = 'x', SecretString = "
               "p.Password } end }");
    open_engine(fixture, NULL);
    finding = finding_for(fixture, "Own.Set");
    balm_map_set(&fixture->arena, finding.parameters, "Password", balm_string("hunter2-hunter2"));
    expect_calls(fixture, answers, COUNT(answers));
    run_order(fixture, &order);
    assert_string_equal(text_at(fixture, "status"), "fixed");
    assert_string_equal(text_at(fixture, "parameters.Password"), "(sensitive)");
    (void)balm_json_print(&text, fixture->result, BALM_JSON_COMPACT | BALM_JSON_SECRETS);
    assert_null(strstr(text.bytes, "hunter2"));
    balm_buf_free(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_finding_is_fixed_and_verified),
        TEST(what_is_compliant_is_left_alone),
        TEST(a_fix_without_a_check_is_not_verified),
        TEST(a_check_that_writes_is_refused),
        TEST(a_check_that_says_neither_yes_nor_no_is_an_error),
        TEST(a_call_outside_the_permissions_names_the_action),
        TEST(a_refusal_names_what_else_may_be_needed_and_is_not_declared),
        TEST(what_else_may_be_needed_is_named_as_far_as_there_is_room),
        TEST(what_else_may_be_needed_is_not_held_against_a_call),
        TEST(a_call_whose_action_is_not_known_must_be_declared_all_the_same),
        TEST(a_raw_request_names_the_permission_it_needs),
        TEST(a_raw_request_that_deletes_is_a_write_whatever_action_it_names),
        TEST(an_error_of_authorisation_has_its_own_exit_status),
        TEST(a_run_that_wrote_and_fails_tells_its_writes),
        TEST(a_plan_sends_reads_and_lists_writes),
        TEST(an_unknown_goes_into_the_next_write_of_a_plan),
        TEST(a_read_that_depends_on_an_unsent_write_makes_a_plan_incomplete),
        TEST(an_error_after_an_unsent_write_leaves_an_incomplete_plan),
        TEST(a_compliant_resource_needs_no_plan),
        TEST(a_fix_that_shows_late_is_looked_at_again),
        TEST(a_fix_that_never_shows_is_unverified),
        TEST(what_may_not_be_looked_at_after_the_fix_is_a_failure),
        TEST(undo_puts_back_what_was_and_tells_what_differs_still),
        TEST(what_declares_no_undo_cannot_be_undone),
        TEST(a_script_may_ask_to_come_back_later),
        TEST(an_account_that_is_not_enabled_is_skipped),
        TEST(what_is_off_is_skipped),
        TEST(what_is_excluded_is_skipped_with_the_reason),
        TEST(what_is_destructive_must_be_allowed),
        TEST(a_closed_finding_is_skipped),
        TEST(a_guard_may_be_left_out_by_name),
        TEST(some_guards_cannot_be_left_out),
        TEST(a_guard_may_answer_later_from_the_loop),
        TEST(a_remediation_that_does_not_exist_is_an_invalid_event),
        TEST(parameters_are_refused_before_any_call),
        TEST(the_configuration_may_require_permissions),
        TEST(a_mode_that_is_stated_turns_a_fix_into_a_plan),
        TEST(a_role_with_unknown_braces_sends_nothing),
        TEST(an_aborted_run_tells_the_write_under_way_as_unknown),
        TEST(a_run_may_be_released_at_any_time),
        TEST(what_a_model_calls_sensitive_is_told_nowhere),
        TEST(what_is_sent_in_a_sensitive_member_is_told_nowhere),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
