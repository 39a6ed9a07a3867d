#include "script_world.h"

/* An expression, what it is applied to, and what the reference implementation of JMESPath finds. */
static const struct {
    const char *expression, *value, *found;
} cases[] = {
    {"NextMarker || Contents[-1].Key", "{\"Contents\":[{\"Key\":\"a\"},{\"Key\":\"b\"}]}", "\"b\""},
    {"NextMarker || Contents[-1].Key", "{\"NextMarker\":\"m\",\"Contents\":[{\"Key\":\"a\"}]}",
     "\"m\""},
    {"StreamDescription.Shards[-1].ShardId",
     "{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"s1\"},{\"ShardId\":\"s2\"}]}}", "\"s2\""},
    {"StreamNames[-1]", "{\"StreamNames\":[\"a\",\"b\"]}", "\"b\""},
    {"Jobs[-1].JobId", "{\"Jobs\":[]}", "null"},
    {"Reservations[].Instances[].State.Name",
     "{\"Reservations\":[{\"Instances\":[{\"State\":{\"Name\":\"a\"}},{\"State\":{\"Name\""
     ":\"b\"}}]},{\"Instances\":[{\"State\":{\"Name\":\"c\"}}]},{}]}",
     "[\"a\",\"b\",\"c\"]"},
    {"VerificationAttributes.*.VerificationStatus",
     "{\"VerificationAttributes\":{\"x\":{\"VerificationStatus\":\"Success\"}}}", "[\"Success\"]"},
    {"length(services[?!(length(deployments) == `1` && runningCount == desir"
     "edCount)]) == `0`",
     "{\"services\":[{\"deployments\":[1],\"runningCount\":2,\"desiredCount\":2}]}", "true"},
    {"length(services[?!(length(deployments) == `1` && runningCount == desir"
     "edCount)]) == `0`",
     "{\"services\":[{\"deployments\":[1],\"runningCount\":1,\"desiredCount\":2}]}", "false"},
    {"length(KeyPairs[].KeyName) > `0`", "{\"KeyPairs\":[{\"KeyName\":\"k\"}]}", "true"},
    {"length(Output || '') > `0`", "{}", "false"},
    {"length(CompositeAlarms[]) > `0`", "{\"CompositeAlarms\":[]}", "false"},
    {"a[*].b[0]", "{\"a\":[{\"b\":[1,2]},{\"b\":[]},{\"b\":[3]}]}", "[1,3]"},
    {"a[][]", "{\"a\":[[1,[2]],[3]]}", "[1,2,3]"},
    {"a[?b=='x'].c", "{\"a\":[{\"b\":\"x\",\"c\":1},{\"b\":\"y\",\"c\":2}]}", "[1]"},
    {"a[?b && !c].d", "{\"a\":[{\"b\":true,\"c\":false,\"d\":1},{\"b\":true,\"c\":true,\"d\":2}]}",
     "[1]"},
    {"(a || b).c", "{\"b\":{\"c\":4}}", "4"},
    {"a.b.c", "{\"a\":{\"b\":[1]}}", "null"},
    {"a[0].b || 'none'", "{\"a\":[]}", "\"none\""},
    {"a[?b>=`2`].b", "{\"a\":[{\"b\":1},{\"b\":2},{\"b\":3}]}", "[2,3]"},
    {"\"a\".b", "{\"a\":{\"b\":false}}", "false"},
};

static void finds_what_jmespath_finds(void **state)
{
    struct world *world = *state;

    world->top = "local path = require \"aws.path\"";

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[1024];
        (void)snprintf(body, sizeof body,
                       "local find = path.compile([==[%s]==])\n"
                       "local found = find(json.decode([==[%s]==]))\n"
                       "if found == nil then found = aws.null end\n"
                       "assert(json.encode(found) == [==[%s]==], json.encode(found))",
                       cases[i].expression, cases[i].value, cases[i].found);
        world_holds(world, body);
    }
}

static void refuses_what_it_does_not_understand(void **state)
{
    struct world *world = *state;
    static const char *const strange[] = {"sort(a)", "a[1:2]", "{a: b}", "a | b", "a.[b, c]",
                                          "a[",      "a ==",   "&a",     "",      "a b",
                                          "`{}`",    "a[?b",   "@",      "a.",    "a[b]"};

    world->top = "local path = require \"aws.path\"";
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        char body[256];
        (void)snprintf(body, sizeof body, "assert(not pcall(path.compile, [==[%s]==]))",
                       strange[i]);
        world_holds(world, body);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_what_jmespath_finds),
        TEST(refuses_what_it_does_not_understand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
