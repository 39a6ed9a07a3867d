#include "script_world.h"

static void calls_an_operation_by_either_name(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.answer = "{\"Status\":\"Enabled\"}"});
    world_holds(world, "assert(s3:get_bucket_versioning { Bucket = \"a\" }.Status == \"Enabled\")\n"
                       "assert(s3:GetBucketVersioning { Bucket = \"b\" }.Status == \"Enabled\")\n"
                       "assert(s3.get_bucket_versioning == s3.get_bucket_versioning)\n"
                       "assert(session:client(\"sts\"):get_caller_identity())");
    assert_string_equal(world_call(world, 0), "s3:GetBucketVersioning {\"Bucket\":\"a\"}");
    assert_string_equal(world_call(world, 1), "s3:GetBucketVersioning {\"Bucket\":\"b\"}");
    assert_string_equal(world_call(world, 2), "sts:GetCallerIdentity {}");
}

static void names_the_nearest_operation_and_service(void **state)
{
    struct world *world = *state;
    const struct balm_outcome *outcome;

    outcome = world_fails(world, "s3:get_bucket_versionning {}", "UnknownOperation");
    assert_non_null(strstr(outcome->err.message, "get_bucket_versioning"));
    outcome = world_fix(world, "session:client(\"dynamodbb\")");
    assert_non_null(strstr(outcome->err.message, "dynamodb"));
    assert_int_equal(balm_get_int(outcome->detail, "line", 0), 4);
}

static void catches_an_error_across_a_suspended_call(void **state)
{
    struct world *world = *state;

    REPLIES(world,
            {.code = "NoSuchBucket",
             .status = 404,
             .later = true,
             .detail = "{\"Error\":{\"Code\":\"NoSuchBucket\",\"BucketName\":\"logs\"},"
                       "\"ResponseMetadata\":{\"HTTPStatusCode\":404},\"Reason\":\"gone\"}"});
    world_holds(world,
                "local ok, err = pcall(s3.get_bucket_versioning, s3, { Bucket = \"logs\" })\n"
                "assert(not ok and type(err) == \"table\")\n"
                "assert(err.code == \"NoSuchBucket\" and err.status == 404)\n"
                "assert(err.service == \"s3\" and err.operation == \"GetBucketVersioning\")\n"
                "assert(err.retryable == false and err.BucketName == \"logs\")\n"
                "assert(err.Reason == \"gone\" and err.ResponseMetadata == nil)\n"
                "assert(aws.is_error(err) and aws.is_error(err, \"X\", \"NoSuchBucket\"))\n"
                "assert(not aws.is_error(err, \"X\") and not aws.is_error(\"text\"))\n"
                "assert(not aws.is_error({ code = \"NoSuchBucket\" }))\n"
                "local text = tostring(err)\n"
                "assert(text:find(\"spec_it.lua:4: s3:GetBucketVersioning: NoSuchBucket: \", 1,"
                " true), text)");
}

static void tells_every_problem_before_the_gate_is_asked(void **state)
{
    struct world *world = *state;

    world_holds(world, "local ok, err = pcall(s3.put_bucket_versioning, s3, {\n"
                       "  Bucket = 3, VersioningConfiguration = { Statuss = \"Enabled\" } })\n"
                       "assert(not ok and err.code == \"ParamValidation\", tostring(err))\n"
                       "assert(#err.problems == 2, tostring(err))\n"
                       "assert(err.message:find(\"Statuss\") and err.message:find(\"Bucket\"))\n"
                       "ok, err = pcall(s3.put_bucket_versioning, s3, { Bucket = print })\n"
                       "assert(not ok and tostring(err):find(\"Bucket\"), tostring(err))\n"
                       "ok, err = pcall(s3.put_bucket_versioning, s3, \"logs\")\n"
                       "assert(not ok and tostring(err):find(\"table\"), tostring(err))");
    assert_int_equal(world->asked, 0);
}

static void refuses_to_wait_where_lua_cannot(void **state)
{
    struct world *world = *state;

    world_holds(world, "local ok, err = pcall(string.gsub, \"ab\", \".\", function()\n"
                       "  s3:get_bucket_versioning { Bucket = \"logs\" } end)\n"
                       "assert(not ok and tostring(err):find(\"cannot be called here\"), err)\n"
                       "ok, err = pcall(s3.get_bucket_versioning, { Bucket = \"logs\" })\n"
                       "assert(not ok and tostring(err):find(\"colon\"), err)");
    assert_int_equal(world->asked, 0);
}

static void gives_sessions_that_tell_where_they_are_and_no_more(void **state)
{
    struct world *world = *state;

    world_holds(world,
                "assert(session.region == \"eu-west-1\" and session.account == \"111122223333\")\n"
                "assert(session.partition == \"aws\")\n"
                "assert(not pcall(function() session.region = \"x\" end))\n"
                "assert(not pcall(function() return session.credentials end))\n"
                "local log_archive = aws.session {\n"
                "  role_arn = \"arn:aws:iam::444455556666:role/Logs\", region = \"us-east-1\" }\n"
                "assert(log_archive.account == \"444455556666\")\n"
                "assert(log_archive.region == \"us-east-1\")\n"
                "log_archive:client(\"s3\"):get_bucket_acl { Bucket = \"archive\" }\n"
                "assert(not pcall(aws.session, { role_arn = \"x\" }))\n"
                "assert(not pcall(aws.session, { role = \"x\" }))\n"
                "assert(not pcall(aws.session, { account = \"111122223333\",\n"
                "  role_arn = \"arn:aws:iam::444455556666:role/Logs\" }))");
    assert_string_equal(world_call(world, 0), "s3:GetBucketAcl {\"Bucket\":\"archive\"}");
}

static void opens_no_endless_number_of_sessions(void **state)
{
    world_holds(*state, "local opened = {}\n"
                        "local ok, err = pcall(function()\n"
                        "  for i = 1, 2000 do\n"
                        "    opened[i] = aws.session { role_arn = "
                        "\"arn:aws:iam::444455556666:role/R\" .. i }\n"
                        "  end\n"
                        "end)\n"
                        "assert(not ok and #opened == 1000, tostring(err))\n"
                        "assert(tostring(err):find(\"1000 sessions at most\"), tostring(err))");
}

static void calls_a_service_in_another_region(void **state)
{
    struct world *world = *state;

    world_holds(world, "local ec2 = session:client(\"ec2\", { region = \"us-west-2\" })\n"
                       "ec2:describe_vpcs {}\n"
                       "assert(not pcall(session.client, session, \"ec2\", { regoin = \"x\" }))");
    assert_string_equal(world_call(world, 0), "ec2:DescribeVpcs {}");
}

static void walks_pages_and_items(void **state)
{
    struct world *world = *state;
    static const struct reply pages[] = {
        {.answer = "{\"Users\":[{\"UserName\":\"a\"},{\"UserName\":\"b\"}],"
                   "\"IsTruncated\":true,\"Marker\":\"1\"}"},
        {.answer = "{\"Users\":[],\"IsTruncated\":true,\"Marker\":\"2\"}"},
        {.answer = "{\"Users\":[{\"UserName\":\"c\"}],\"IsTruncated\":false,\"Marker\":\"3\"}"}};

    world_replies(world, pages, 3);
    world_holds(world, "local iam, names = session:client(\"iam\"), \"\"\n"
                       "for user, key in iam:items(\"list_users\", { PathPrefix = \"/\" }) do\n"
                       "  names = names .. user.UserName\n"
                       "  assert(key == \"Users\")\n"
                       "end\n"
                       "assert(names == \"abc\", names)");
    assert_int_equal(world->asked, 3);
    assert_string_equal(world_call(world, 0), "iam:ListUsers {\"PathPrefix\":\"/\"}");
    assert_string_equal(world_call(world, 2),
                        "iam:ListUsers {\"Marker\":\"2\",\"PathPrefix\":\"/\"}");
    world_replies(world, pages, 3);
    world_holds(world, "local count = 0\n"
                       "for page in session:client(\"iam\"):pages(\"ListUsers\") do\n"
                       "  count = count + 1 assert(page.Users)\n"
                       "end\n"
                       "assert(count == 3, count)");
}

static void takes_the_next_token_from_the_last_item(void **state)
{
    struct world *world = *state;

    REPLIES(world,
            {.answer = "{\"Contents\":[{\"Key\":\"a\"},{\"Key\":\"b\"}],\"IsTruncated\":true}"},
            {.answer = "{\"Contents\":[{\"Key\":\"c\"}],\"IsTruncated\":false}"});
    world_holds(world, "for _ in s3:items(\"list_objects\", { Bucket = \"logs\" }) do end");
    assert_string_equal(world_call(world, 1),
                        "s3:ListObjects {\"Bucket\":\"logs\",\"Marker\":\"b\"}");
}

static void stops_where_the_same_token_comes_twice(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.answer = "{\"Users\":[],\"IsTruncated\":true,\"Marker\":\"1\"}"});
    const struct balm_outcome *outcome = world_fails(
        world, "for _ in session:client(\"iam\"):items(\"list_users\") do end", "RepeatedToken");
    assert_non_null(strstr(balm_get_string(outcome->detail, "file", ""), "spec_it.lua"));
    assert_int_equal(balm_get_int(outcome->detail, "line", 0), 4);
    assert_int_equal(world->asked, 2);
    world_fails(world, "s3:pages(\"get_bucket_versioning\", {})", "ParamValidation");
}

static void waits_until_the_answer_is_as_wanted(void **state)
{
    struct world *world = *state;

    world->offline = true;
    REPLIES(
        world,
        {.answer = "{\"Reservations\":[{\"Instances\":[{\"State\":{\"Name\":\"stopping\"}},"
                   "{\"State\":{\"Name\":\"stopped\"}}]}]}"},
        {.answer = "{\"Reservations\":[{\"Instances\":[{\"State\":{\"Name\":\"stopped\"}}]}]}"});
    world_holds(world, "local ec2 = session:client(\"ec2\")\n"
                       "ec2:wait(\"instance_stopped\", { InstanceIds = { \"i-1\" } })");
    assert_int_equal(world->asked, 2);
    REPLIES(world, {.answer = "{\"Reservations\":[{\"Instances\":["
                              "{\"State\":{\"Name\":\"terminated\"}}]}]}"});
    world_fails(world, "session:client(\"ec2\"):wait(\"instance_stopped\", {})", "WaiterFailed");
    REPLIES(world, {.answer = "{\"Reservations\":[]}"});
    world_fails(world, "session:client(\"ec2\"):wait(\"instance_stopped\", {}, { attempts = 4 })",
                "WaiterTimeout");
    assert_int_equal(world->asked, 4);
}

static void waits_for_errors_and_statuses_too(void **state)
{
    struct world *world = *state;

    world->offline = true;
    REPLIES(world, {.code = "404", .status = 404}, {.answer = "{}"});
    world_holds(world, "s3:wait(\"bucket_exists\", { Bucket = \"logs\" })");
    assert_int_equal(world->asked, 2);
    REPLIES(world, {.code = "AccessDenied", .status = 403});
    world_fails(world, "s3:wait(\"bucket_not_exists\", { Bucket = \"logs\" })", "AccessDenied");
    world_fails(world, "s3:wait(\"bucket_naps\", {})", "ParamValidation");
}

static void waits_for_nothing_in_a_plan(void **state)
{
    struct world *world = *state;

    world->no_sleep = true;
    world_holds(world, "session:client(\"ec2\"):wait(\"instance_stopped\", {})");
    assert_int_equal(world->asked, 0);
}

static void tries_again_what_passes(void **state)
{
    struct world *world = *state;

    world->offline = true;
    REPLIES(world, {.code = "Busy", .status = 409}, {.code = "Busy", .status = 409},
            {.answer = "{\"Status\":\"Enabled\"}"});
    world_holds(world,
                "local get = function() return s3:get_bucket_versioning { Bucket = \"b\" } end\n"
                "local answer = aws.retry({ attempts = 3, delay = 5, on = { \"Busy\" } }, get)\n"
                "assert(answer.Status == \"Enabled\")");
    REPLIES(world, {.code = "Busy", .status = 409});
    world_fails(world,
                "aws.retry({ attempts = 2, on = \"Busy\" }, function()\n"
                "  s3:get_bucket_versioning { Bucket = \"b\" } end)",
                "Busy");
    assert_int_equal(world->asked, 2);
    world_holds(world,
                "local function said(opts)\n"
                "  return select(2, pcall(aws.retry, opts, function() end)).message\n"
                "end\n"
                "assert(said { atempts = 2 }\n"
                "  == \"aws.retry: there is no option atempts, but attempts, delay, on\")\n"
                "assert(said { attempts = \"2\" }:find(\"attempts must be a whole number\"))\n"
                "assert(said { on = { 5 } }:find(\"on must be the code of an error\"))");
    REPLIES(world, {.code = "Busy", .status = 409});
    world_fails(world, "aws.retry({}, function() s3:get_bucket_versioning { Bucket = \"b\" } end)",
                "Busy");
    assert_int_equal(world->asked, 1);
}

static void names_the_waiter_that_was_meant(void **state)
{
    struct world *world = *state;

    world_holds(world, "local ec2 = session:client(\"ec2\")\n"
                       "local ok, err = pcall(ec2.wait, ec2, \"instance_stoped\", {})\n"
                       "assert(not ok and err.code == \"ParamValidation\")\n"
                       "assert(err.message:find('did you mean \"instance_stopped\"?', 1, true))\n"
                       "ok, err = pcall(ec2.wait, ec2, \"christmas\", {})\n"
                       "assert(not ok and err.message == 'ec2 has no waiter \"christmas\"')");
    assert_int_equal(world->asked, 0);
}

static void hands_out_what_a_plan_cannot_know(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.answer = NULL});
    world_holds(world, "local ec2 = session:client(\"ec2\")\n"
                       "local answer = ec2:create_volume { AvailabilityZone = \"eu-west-1a\" }\n"
                       "assert(not aws.known(answer.VolumeId) and aws.known(answer.Tags))\n"
                       "assert(not aws.known(tonumber(answer.VolumeId)))\n"
                       "assert(#answer.Tags == 0)\n"
                       "ec2:delete_volume { VolumeId = answer.VolumeId }");
    assert_true(world->needed_unknown);
    assert_false(world->outcome->met_unknown);
    assert_non_null(strstr(world_call(world, 1), "ec2:CreateVolume.VolumeId"));
    const struct balm_outcome *outcome =
        world_fix(world, "local answer = session:client(\"ec2\"):create_volume"
                         " { AvailabilityZone = \"a\" }\n"
                         "return pcall(function() return answer.Size + 1 end)");
    assert_true(outcome->met_unknown);
}

static void tells_how_a_text_is_made_of_what_a_plan_cannot_know(void **state)
{
    static const struct {
        const char *made, *told;
    } cases[] = {
        {"\"vol/\" .. id .. \"/\" .. 7", "\\\"vol/\\\" .. ec2:CreateVolume.VolumeId .. \\\"/7\\\""},
        {"string.format(\"%d%%/%s/%s\", 7, id, \"x\")",
         "\\\"7%/\\\" .. ec2:CreateVolume.VolumeId .. \\\"/x\\\""},
        {"table.concat({ \"a\", id, \"b\" }, \",\")",
         "\\\"a,\\\" .. ec2:CreateVolume.VolumeId .. \\\",b\\\""},
        {"json.encode { Id = id, Of = 1 }",
         "\\\"{\\\\\\\"Id\\\\\\\":\\\" .. json(ec2:CreateVolume.VolumeId) .. "
         "\\\",\\\\\\\"Of\\\\\\\":1}\\\""},
        {"tostring(aws.arn { service = \"ec2\", resource = \"volume/\" .. id })",
         "\\\"arn:aws:ec2:::volume/\\\" .. ec2:CreateVolume.VolumeId"},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char script[600];
        REPLIES(world, {.answer = NULL});
        snprintf(script, sizeof script,
                 "local ec2 = session:client(\"ec2\")\n"
                 "local id = ec2:create_volume({ AvailabilityZone = \"eu-west-1a\" }).VolumeId\n"
                 "ec2:delete_volume { VolumeId = %s }",
                 cases[i].made);
        world_holds(world, script);
        assert_false(world->outcome->met_unknown);
        if (!strstr(world_call(world, 1), cases[i].told)) {
            fail_msg("%s: %s", cases[i].made, world_call(world, 1));
        }
    }
}

static void cannot_tell_what_a_format_makes_of_an_unknown(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.answer = NULL});
    world_holds(world, "local ec2 = session:client(\"ec2\")\n"
                       "local size = ec2:create_volume({ AvailabilityZone = \"a\" }).Size\n"
                       "ec2:delete_volume { VolumeId = string.format(\"%05d\", size) }");
    assert_true(world->outcome->met_unknown);
}

static void bounds_what_an_unknown_takes(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.answer = NULL});
    world_fails(world,
                "local ec2 = session:client(\"ec2\")\n"
                "local id = ec2:create_volume({ AvailabilityZone = \"a\" }).VolumeId\n"
                "local long, tags = string.rep(\"x\", 1000000) .. id, {}\n"
                "for i = 1, 100 do tags[i] = { Key = \"k\" .. i, Value = long } end\n"
                "ec2:create_tags { Resources = { \"a\" }, Tags = tags }",
                "Limit");
}

static void takes_arns_apart_and_puts_them_together(void **state)
{
    struct world *world = *state;

    world_holds(world,
                "local arn = aws.arn(\"arn:aws:logs:eu-west-1:111122223333:log-group:a:b\")\n"
                "assert(arn.partition == \"aws\" and arn.service == \"logs\")\n"
                "assert(arn.region == \"eu-west-1\" and arn.account == \"111122223333\")\n"
                "assert(arn.resource == \"log-group:a:b\")\n"
                "assert(tostring(aws.arn { service = \"s3\", resource = \"logs\" })"
                " == \"arn:aws:s3:::logs\")\n"
                "arn.resource = \"x\"\n"
                "assert(tostring(arn) == \"arn:aws:logs:eu-west-1:111122223333:x\")\n"
                "assert(not pcall(aws.arn, \"logs\"))\n"
                "assert(not pcall(aws.arn, { service = \"s3\", name = \"x\" }))");
}

static void changes_policies(void **state)
{
    struct world *world = *state;

    world_holds(
        world,
        "local policy = aws.policy('{\"Version\":\"2012-10-17\",\"Id\":\"x\",\"Statement\":['\n"
        "  .. '{\"Sid\":\"All\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:*\",'\n"
        "  .. "
        "'\"Resource\":\"*\"},{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":[\"1\",\"2\"]}}]}')\n"
        "assert(#policy:find { Effect = \"Allow\", Principal = \"*\" } == 1)\n"
        "assert(#policy:find { Principal = { AWS = \"2\" } } == 1)\n"
        "assert(policy:remove(\"All\") == 1 and #policy.statements == 1)\n"
        "policy:add { Sid = \"New\", Effect = \"Deny\" }\n"
        "policy:add { Sid = \"New\", Effect = \"Allow\" }\n"
        "assert(#policy.statements == 2 and policy:document().Id == \"x\")\n"
        "local again = aws.policy(tostring(policy))\n"
        "assert(again.statements[2].Effect == \"Allow\" and again:document().Id == \"x\")\n"
        "assert(aws.policy(\"%7B%22Statement%22%3A%5B%5D%7D\"):to_json() == '{\"Statement\":[]}')\n"
        "assert(not pcall(aws.policy, \"no policy\"))");
}

static void sends_raw_requests_through_the_gate(void **state)
{
    struct world *world = *state;

    REPLIES(world, {.answer = "{\"status\":200,\"body\":\"hello\"}"});
    world_holds(world, "local answer = s3:request { method = \"GET\", path = \"/logs/a b\",\n"
                       "  query = { versionId = \"1\" }, action = \"s3:GetObject\" }\n"
                       "assert(answer.body == \"hello\")\n"
                       "local ok, err = pcall(s3.request, s3, { methd = \"GET\" })\n"
                       "assert(not ok and tostring(err):find(\"no field methd, but method\"))\n"
                       "assert(not pcall(s3.request, s3, { \"GET\" }))\n"
                       "assert(not pcall(s3.request, s3, { path = 3 }))\n"
                       "assert(not pcall(s3.request, s3, { query = \"x\" }))");
    assert_int_equal(world->asked, 1);
    assert_non_null(strstr(world_call(world, 0), "s3:GET /logs/a b"));
}

static void calls_nothing_while_a_script_is_loaded(void **state)
{
    struct world *world = *state;
    struct balm_version *version = NULL;
    struct balm_value faults = balm_null();
    struct balm_err err;
    char path[SCRATCH_MAX + 32];
    static const char text[] = "local aws = require \"aws\"\n"
                               "local zones = aws.list {}\n"
                               "aws.sleep(1)\n"
                               "return { id = \"Spec.It\", parameters = {}, fix = pairs }\n";

    (void)snprintf(path, sizeof path, "%s/spec_it.lua", world->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(
        balm_catalog_load_file(world->catalog, path, &version, &world->arena, &faults, &err),
        BALM_E_SCRIPT);
    assert_int_equal(unlink(path), 0);
    struct balm_value *fault = balm_list_at(faults, 0);
    assert_non_null(fault);
    assert_int_equal(balm_get_int(*fault, "line", 0), 3);
    assert_non_null(strstr(balm_get_string(*fault, "message", ""), "while the script is loaded"));
}

static void keeps_null_and_lists(void **state)
{
    struct world *world = *state;

    world_holds(world, "assert(json.encode { a = aws.null, b = aws.list {} }"
                       " == '{\"a\":null,\"b\":[]}')\n"
                       "session:client(\"ec2\"):describe_instances { InstanceIds = {} }");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_an_operation_by_either_name),
        TEST(names_the_nearest_operation_and_service),
        TEST(catches_an_error_across_a_suspended_call),
        TEST(tells_every_problem_before_the_gate_is_asked),
        TEST(refuses_to_wait_where_lua_cannot),
        TEST(gives_sessions_that_tell_where_they_are_and_no_more),
        TEST(opens_no_endless_number_of_sessions),
        TEST(calls_a_service_in_another_region),
        TEST(walks_pages_and_items),
        TEST(takes_the_next_token_from_the_last_item),
        TEST(stops_where_the_same_token_comes_twice),
        TEST(waits_until_the_answer_is_as_wanted),
        TEST(waits_for_errors_and_statuses_too),
        TEST(waits_for_nothing_in_a_plan),
        TEST(tries_again_what_passes),
        TEST(names_the_waiter_that_was_meant),
        TEST(hands_out_what_a_plan_cannot_know),
        TEST(tells_how_a_text_is_made_of_what_a_plan_cannot_know),
        TEST(cannot_tell_what_a_format_makes_of_an_unknown),
        TEST(bounds_what_an_unknown_takes),
        TEST(takes_arns_apart_and_puts_them_together),
        TEST(changes_policies),
        TEST(sends_raw_requests_through_the_gate),
        TEST(calls_nothing_while_a_script_is_loaded),
        TEST(keeps_null_and_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
