#include "script_world.h"

#include "core/clock.h"

static void runs_check_fix_and_check_again_in_one_state(void **state)
{
    struct world *world = *state;
    const struct balm_outcome *outcome;

    world->version = world_load(
        world, "local aws = require \"aws\"\n"
               "return { id = \"Spec.It\", parameters = {},\n"
               "  check = function(session, resource)\n"
               "    local answer = session:client(\"s3\"):get_bucket_versioning"
               " { Bucket = resource.Name }\n"
               "    return answer.Status == \"Enabled\", answer\n"
               "  end,\n"
               "  fix = function(session, resource)\n"
               "    session:client(\"s3\"):put_bucket_versioning { Bucket = resource.Name,\n"
               "      VersioningConfiguration = { Status = \"Enabled\" } }\n"
               "  end,\n"
               "  undo = function(session, resource, parameters, before)\n"
               "    session:client(\"s3\"):put_bucket_versioning { Bucket = resource.Name,\n"
               "      VersioningConfiguration = { Status = before.Status or \"Suspended\" } }\n"
               "  end,\n"
               "}\n");
    REPLIES(world, {.answer = "{}"}, {.answer = "{}", .later = true},
            {.answer = "{\"Status\":\"Enabled\"}"});
    world->instance = world_instance(world, world->version);
    outcome = world_phase(world, BALM_PHASE_CHECK, balm_null());
    assert_int_equal(outcome->err.code, BALM_OK);
    assert_false(outcome->first.as.boolean);
    assert_int_equal(outcome->second.type, BALM_MAP);
    outcome = world_phase(world, BALM_PHASE_FIX, balm_null());
    assert_int_equal(outcome->err.code, BALM_OK);
    outcome = world_phase(world, BALM_PHASE_VERIFY, balm_null());
    assert_true(outcome->first.as.boolean);
    assert_string_equal(balm_get_string(outcome->second, "Status", ""), "Enabled");
    outcome = world_phase(world, BALM_PHASE_UNDO, balm_map(&world->arena));
    assert_int_equal(outcome->err.code, BALM_OK);
    assert_string_equal(world_call(world, 0), "s3:GetBucketVersioning {\"Bucket\":\"logs\"}");
    assert_string_equal(world_call(world, 3),
                        "s3:PutBucketVersioning {\"Bucket\":\"logs\","
                        "\"VersioningConfiguration\":{\"Status\":\"Suspended\"}}");
}

static void gives_each_phase_what_the_event_said(void **state)
{
    struct world *world = *state;

    world->version =
        world_load(world, "return { id = \"Spec.It\", parameters = {},\n"
                          "  check = function(session, resource)\n"
                          "    local name = resource.Name\n"
                          "    resource.Name, resource.more = \"changed\", true\n"
                          "    return name == \"logs\" and resource.more, { name, name }\n"
                          "  end,\n"
                          "  fix = function() end }\n");
    world->instance = world_instance(world, world->version);
    for (int i = 0; i < 2; i++) {
        const struct balm_outcome *outcome = world_phase(world, BALM_PHASE_CHECK, balm_null());
        assert_int_equal(outcome->err.code, BALM_OK);
        assert_true(outcome->first.as.boolean);
        assert_int_equal(balm_list_len(outcome->second), 2);
    }
}

static void refuses_a_state_that_cannot_be_kept(void **state)
{
    struct world *world = *state;
    const struct balm_outcome *outcome;

    world->version = world_load(world, "return { id = \"Spec.It\", parameters = {},\n"
                                       "  check = function() return true, { f = pairs } end,\n"
                                       "  fix = function() return pairs end }\n");
    world->instance = world_instance(world, world->version);
    outcome = world_phase(world, BALM_PHASE_CHECK, balm_null());
    assert_int_equal(outcome->err.code, BALM_E_SCRIPT);
    assert_non_null(strstr(outcome->err.message, "second result"));
    outcome = world_phase(world, BALM_PHASE_FIX, balm_null());
    assert_int_equal(outcome->err.code, BALM_OK);
    outcome = world_phase(world, BALM_PHASE_UNDO, balm_null());
    assert_non_null(strstr(outcome->err.message, "no function undo"));
}

static void tells_where_a_script_failed(void **state)
{
    struct world *world = *state;
    const struct balm_outcome *outcome = world_fails(world, "local x = nil + 1", "Script");
    const char *file = balm_get_string(outcome->detail, "file", "");

    assert_int_equal(outcome->err.code, BALM_E_SCRIPT);
    assert_int_equal(balm_get_int(outcome->detail, "line", 0), 4);
    assert_non_null(strstr(file, "spec_it.lua"));
    assert_non_null(strstr(balm_get_string(outcome->detail, "message", ""), "arithmetic"));
    assert_true(balm_list_len(balm_get(outcome->detail, "traceback")) > 0);
}

static void tells_which_call_failed_and_where(void **state)
{
    struct world *world = *state;
    const struct balm_outcome *outcome;

    REPLIES(world, {.code = "AccessDenied", .status = 403});
    outcome = world_fails(world, "s3:get_bucket_versioning { Bucket = \"logs\" }", "AccessDenied");
    assert_int_equal(outcome->err.code, BALM_E_AWS);
    assert_string_equal(outcome->err.aws_code, "AccessDenied");
    assert_int_equal(outcome->err.http_status, 403);
    assert_string_equal(balm_get_string(outcome->detail, "service", ""), "s3");
    assert_string_equal(balm_get_string(outcome->detail, "operation", ""), "GetBucketVersioning");
    assert_int_equal(balm_get_int(outcome->detail, "line", 0), 4);
}

static void ends_an_endless_loop_inside_pcall(void **state)
{
    struct world *world = *state;

    world->limits.steps = 1000000;
    const struct balm_outcome *outcome =
        world_fails(world, "while true do pcall(function() while true do end end) end", "Limit");
    assert_int_equal(outcome->err.code, BALM_E_LIMIT);
}

static void ends_a_run_whose_answers_need_too_much_memory(void **state)
{
    struct world *world = *state;

    world->limits.memory = 300000;
    REPLIES(world, {.answer = "{\"Contents\":[{\"Key\":\"a\",\"ETag\":\"b\"},{\"Key\":\"c\"}]}"});
    const struct balm_outcome *outcome = world_fails(
        world,
        "local all = {}\n"
        "while true do\n"
        "  pcall(function() all[#all + 1] = s3:list_objects { Bucket = \"logs\" } end)\n"
        "end",
        "Limit");
    assert_int_equal(outcome->err.code, BALM_E_LIMIT);
    assert_true(world->asked > 100);
}

static void ends_a_run_that_waits_too_long(void **state)
{
    struct world *world = *state;

    world->limits.wall_ns = 20000000;
    REPLIES(world, {.never = true});
    const struct balm_outcome *outcome = world_fails(
        world, "while true do pcall(s3.get_bucket_versioning, s3, { Bucket = \"logs\" }) end",
        "Limit");
    assert_int_equal(outcome->err.code, BALM_E_LIMIT);
    assert_int_equal(world->dropped, 1);
    assert_int_equal(balm_get_int(outcome->detail, "line", 0), 4);
}

static void ends_a_run_that_sleeps_too_long_and_lets_no_phase_follow(void **state)
{
    struct world *world = *state;

    world->limits.wall_ns = 20000000;
    world_fails(world, "aws.sleep(3600)", "Limit");
    assert_int_equal(world_phase(world, BALM_PHASE_FIX, balm_null())->err.code, BALM_E_LIMIT);
}

static void sleeps_as_long_as_asked(void **state)
{
    struct world *world = *state;
    int64_t began = balm_clock_mono();

    world_holds(world, "aws.sleep(0.03)");
    assert_true(balm_clock_mono() - began >= 30000000);
}

static void sleeps_not_at_all_where_the_gate_or_a_spec_says_so(void **state)
{
    struct world *world = *state;

    world->limits.wall_ns = 50000000;
    world->no_sleep = true;
    world_holds(world, "aws.sleep(3600)");
    world->no_sleep = false;
    world->offline = true;
    world_holds(world, "aws.sleep(3600)");
}

static void comes_back_later_even_through_pcall(void **state)
{
    struct world *world = *state;
    const struct balm_outcome *outcome =
        world_fix(world, "pcall(aws.retry_later, 90, \"still creating\") error(\"went on\")");

    assert_int_equal(outcome->err.code, BALM_OK);
    assert_true(outcome->retry_after == 90);
    assert_string_equal(outcome->why, "still creating");
}

static void a_long_reason_for_coming_back_is_cut(void **state)
{
    const struct balm_outcome *outcome =
        world_fix(*state, "aws.retry_later(90, string.rep(\"x\", 1e6))");

    assert_int_equal(strlen(outcome->why), 1024);
}

static void is_released_in_the_middle_of_a_call(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.stops = true});
    world_fix(world, "s3:get_bucket_versioning { Bucket = \"logs\" }");
    assert_null(world->outcome);
    world_end_run(world);
    assert_int_equal(world->dropped, 1);
}

static void is_released_before_its_first_turn(void **state)
{
    struct world *world = *state;

    world->version = world_load(world, "return { id = \"Spec.It\", parameters = {},"
                                       " fix = function() error(\"ran\") end }");
    world->instance = world_instance(world, world->version);
    balm_instance_run(world->instance, BALM_PHASE_FIX, balm_null(), world_done, world);
    balm_instance_release(world->instance);
    world->instance = NULL;
    balm_loop_run(world->loop);
    assert_null(world->outcome);
}

static void says_that_an_error_after_an_unsent_write_leaves_the_plan_open(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.answer = NULL});
    assert_false(world_fails(world, "error(\"no\")", "Script")->met_unknown);
    assert_true(world_fails(world, "s3:create_bucket { Bucket = \"new\" } error(\"no\")", "Script")
                    ->met_unknown);
}

struct both {
    struct world *world;
    int left;
};

static void one_done(void *owner, const struct balm_outcome *outcome)
{
    struct both *both = owner;

    assert_int_equal(outcome->err.code, BALM_OK);
    if (--both->left == 0) balm_loop_stop(both->world->loop);
}

static void requires_at_load_alone_as_the_version_counts_what_was_required(void **state)
{
    struct world *world = *state;
    const struct balm_outcome *outcome = world_fails(world, "require \"late\"", "Script");

    assert_non_null(strstr(outcome->err.message, "require it at the top of the script"));
}

static void keeps_two_instances_apart(void **state)
{
    struct world *world = *state;
    struct balm_instance *other;
    struct both both = {world, 2};

    REPLIES(world, {.answer = "{}"});
    world->version = world_load(
        world, "local aws = require \"aws\"\n"
               "local seen = 0\n"
               "return { id = \"Spec.It\", parameters = {}, fix = function(session, resource)\n"
               "  local s3 = session:client(\"s3\")\n"
               "  assert(shared == nil and string.mine == nil)\n"
               "  for i = 1, 3 do\n"
               "    seen = seen + 1\n"
               "    pcall(function() shared = true string.mine = true end)\n"
               "    s3:get_bucket_versioning { Bucket = resource.Name }\n"
               "    assert(seen == i)\n"
               "  end\n"
               "end }\n");
    world->instance = world_instance(world, world->version);
    other = world_instance(world, world->version);
    balm_instance_run(world->instance, BALM_PHASE_FIX, balm_null(), one_done, &both);
    balm_instance_run(other, BALM_PHASE_FIX, balm_null(), one_done, &both);
    balm_loop_run(world->loop);
    balm_instance_release(other);
    assert_int_equal(both.left, 0);
    assert_int_equal(balm_list_len(world->calls), 6);
}

static void makes_the_same_calls_in_the_same_order_each_time(void **state)
{
    struct world *world = *state;
    static const char body[] =
        "local tags = { b = 1, a = 2, c = 3, [1] = 4, z1 = 5, z0 = 6, y = 7 }\n"
        "for name in pairs(tags) do s3:get_bucket_tagging { Bucket = \"b-\" .. name } end";
    struct balm_value first;

    REPLIES(world, {.answer = "{}"});
    world_holds(world, body);
    first = world->calls;
    REPLIES(world, {.answer = "{}"});
    world_holds(world, body);
    assert_int_equal(balm_list_len(first), 7);
    assert_true(balm_equal(first, world->calls));
}

static void keeps_what_the_script_logs_within_bounds(void **state)
{
    struct world *world = *state;
    struct balm_value log;

    world_holds(world, "log.info(\"bucket\", resource.Name, 3, { Tags = { \"a\" } })\n"
                       "for i = 1, 10000 do log.debug(i) end");
    log = balm_instance_log(world->instance);
    assert_string_equal(balm_get_string(*balm_list_at(log, 0), "message", ""),
                        "bucket logs 3 {\"Tags\":[\"a\"]}");
    assert_string_equal(balm_get_string(*balm_list_at(log, 0), "level", ""), "info");
    assert_true(balm_list_len(log) < 1000);
    world_holds(world, "for i = 1, 1000 do log.warn((\"x\"):rep(100000)) end");
    log = balm_instance_log(world->instance);
    assert_true(balm_list_len(log) < 100);
}

/* What a run costs beside its calls; printed, and held far above what it should be. */
static void costs_little(void **state)
{
    struct world *world = *state;
    enum { RUNS = 2000 };
    int64_t began;

    world->version = world_load(
        world, "local aws = require \"aws\"\n"
               "return { id = \"Spec.It\", parameters = {}, fix = function(session, resource)\n"
               "  session:client(\"s3\"):put_bucket_versioning { Bucket = resource.Name,\n"
               "    VersioningConfiguration = { Status = \"Enabled\" } }\n"
               "end }\n");
    began = balm_clock_cpu();
    for (int i = 0; i < RUNS; i++) {
        world->calls = balm_list(&world->arena);
        world->instance = world_instance(world, world->version);
        assert_int_equal(world_phase(world, BALM_PHASE_FIX, balm_null())->err.code, BALM_OK);
        balm_instance_release(world->instance);
        world->instance = NULL;
    }
    double each = (double)(balm_clock_cpu() - began) / RUNS / 1000;
    print_message("one run with one write: %.1f us of CPU\n", each);
    assert_true(each < 2000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_check_fix_and_check_again_in_one_state),
        TEST(gives_each_phase_what_the_event_said),
        TEST(refuses_a_state_that_cannot_be_kept),
        TEST(tells_where_a_script_failed),
        TEST(tells_which_call_failed_and_where),
        TEST(ends_an_endless_loop_inside_pcall),
        TEST(ends_a_run_whose_answers_need_too_much_memory),
        TEST(ends_a_run_that_waits_too_long),
        TEST(ends_a_run_that_sleeps_too_long_and_lets_no_phase_follow),
        TEST(sleeps_as_long_as_asked),
        TEST(sleeps_not_at_all_where_the_gate_or_a_spec_says_so),
        TEST(comes_back_later_even_through_pcall),
        TEST(a_long_reason_for_coming_back_is_cut),
        TEST(is_released_in_the_middle_of_a_call),
        TEST(is_released_before_its_first_turn),
        TEST(says_that_an_error_after_an_unsent_write_leaves_the_plan_open),
        TEST(requires_at_load_alone_as_the_version_counts_what_was_required),
        TEST(keeps_two_instances_apart),
        TEST(makes_the_same_calls_in_the_same_order_each_time),
        TEST(keeps_what_the_script_logs_within_bounds),
        TEST(costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
