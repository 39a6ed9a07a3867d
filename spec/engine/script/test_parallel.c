#include "script_world.h"

/* aws.parallel, with a gate that answers as each test needs it. */

#define WAITING_MAX 1000

/* A gate that keeps the questions until the test answers them, in an order of its own. */
struct desk {
    struct balm_gate gate; /* first */
    struct world *world;
    struct balm_question *waiting[WAITING_MAX];
    const char *bucket[WAITING_MAX]; /* what each asked for */
    size_t count, dropped, at_once, most_at_once;
    const char *order; /* one letter for each answer: the bucket that gets it; "!a": an error; ">a"
                          lets it through to AWS */
    const struct balm_call_result *settled;
    struct balm_task task;
};

static void answer_next(void *owner);

static void desk_ask(struct balm_gate *gate, struct balm_question *question)
{
    struct desk *desk = (struct desk *)gate;

    assert_true(desk->count < WAITING_MAX);
    desk->bucket[desk->count] = balm_arena_strdup(
        &desk->world->arena, balm_get_string(balm_call_params(question->call), "Bucket", ""));
    balm_list_push(&desk->world->arena, desk->world->calls, balm_string(desk->bucket[desk->count]));
    desk->waiting[desk->count++] = question;
    if (++desk->at_once > desk->most_at_once) desk->most_at_once = desk->at_once;
    balm_task_add(desk->world->loop, &desk->task, answer_next, desk);
}

/* how: '!', '>', or another for a good answer */
static void desk_answer(struct desk *desk, size_t i, char how)
{
    const struct reply good = {.answer = "{\"Status\":\"Enabled\"}"};
    const struct reply bad = {.code = "Broken", .status = 400};
    struct balm_question *question = desk->waiting[i];

    desk->waiting[i] = NULL;
    desk->at_once--;
    if (how == '>') {
        balm_question_send(question);
    } else {
        world_answer(question, how == '!' ? &bad : &good);
    }
}

static void desk_settled(struct balm_gate *gate, struct balm_question *question,
                         const struct balm_call_result *result)
{
    (void)question;
    ((struct desk *)gate)->settled = result;
}

/* Answers one question a turn: the one whose turn it is, once it is there. */
static void answer_next(void *owner)
{
    struct desk *desk = owner;
    char how = *desk->order == '!' || *desk->order == '>' ? *desk->order : '\0';
    char next = *desk->order ? desk->order[how ? 1 : 0] : '\0';

    for (size_t i = 0; i < desk->count; i++) {
        if (!desk->waiting[i] || (next && desk->bucket[i][0] != next)) continue;
        if (next) desk->order += how ? 2 : 1;
        desk_answer(desk, i, how);
        break;
    }
    if (desk->at_once > 0) balm_task_add(desk->world->loop, &desk->task, answer_next, desk);
}

static void desk_dropped(struct balm_gate *gate, struct balm_question *question, bool sent)
{
    struct desk *desk = (struct desk *)gate;

    (void)sent;
    for (size_t i = 0; i < desk->count; i++) {
        if (desk->waiting[i] == question) desk->waiting[i] = NULL;
    }
    desk->at_once--;
    desk->dropped++;
}

/* get("a") gives a function that asks for the bucket "a", notes when it had its answer, and returns
   its name. */
#define PRELUDE                                                                                    \
    "local order = \"\"\n"                                                                         \
    "local function get(name) return function()\n"                                                 \
    "  s3:get_bucket_versioning { Bucket = name } order = order .. name return name end end\n"

/* Runs the body of a fix; order: how the desk answers first, from then on as the calls come. */
static const struct balm_outcome *fix_at(struct desk *desk, struct world *world, const char *order,
                                         const char *body)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    const struct balm_outcome *outcome;

    *desk =
        (struct desk){.gate = {.ask = desk_ask, .settled = desk_settled, .dropped = desk_dropped},
                      .world = world,
                      .order = order};
    world->gate_instead = &desk->gate;
    world->calls = balm_list(&world->arena);
    balm_buf_addf(&text, PRELUDE "%s", body);
    outcome = world_fix(world, text.bytes);
    balm_buf_free(&text);
    balm_task_cancel(world->loop, &desk->task);
    return outcome;
}

static void holds_at(struct world *world, const char *order, const char *body)
{
    struct desk desk;
    const struct balm_outcome *outcome = fix_at(&desk, world, order, body);

    assert_non_null(outcome);
    if (outcome->err.code) fail_msg("%s", outcome->err.message);
    assert_int_equal(desk.dropped, 0);
}

/* The buckets that were asked for, in order, each by its first letter. */
static const char *asked(struct world *world)
{
    const char *all = "";

    for (size_t i = 0; i < balm_list_len(world->calls); i++) {
        all = balm_arena_printf(&world->arena, "%s%c", all, world_call(world, i)[0]);
    }
    return all;
}

static void gives_the_first_result_of_each_in_order(void **state)
{
    holds_at(*state, "cab",
             "local a, b, c = aws.parallel { get \"a\", get \"b\", get \"c\" }\n"
             "assert(a .. b .. c == \"abc\" and order == \"cab\", order)\n"
             "local n, x, more = aws.parallel { function() end, function() return 1, 2 end }\n"
             "assert(n == nil and x == 1 and more == nil)\n"
             "assert(select(\"#\", aws.parallel { function() end, function() end }) == 2)\n"
             "assert(select(\"#\", aws.parallel {}) == 0)");
}

static void asks_for_all_before_the_first_answer(void **state)
{
    struct world *world = *state;
    struct desk desk;

    fix_at(&desk, world, "",
           "local all = {}\n"
           "for i = 1, 90 do all[i] = get(\"b\" .. i) end\n"
           "local results = { aws.parallel(all) }\n"
           "assert(#results == 90 and results[90] == \"b90\")");
    assert_int_equal(world->outcome->err.code, BALM_OK);
    assert_int_equal(desk.most_at_once, 64);
    assert_int_equal(desk.count, 90);
}

static void runs_one_after_the_other_where_order_counts(void **state)
{
    struct world *world = *state;
    struct desk desk;

    world->in_order = true;
    fix_at(&desk, world, "",
           "local a, b = aws.parallel { get \"a\", get \"b\" }\n"
           "assert(a == \"a\" and b == \"b\" and order == \"ab\")\n"
           "local ok, err = pcall(aws.parallel, { get \"c\", error, get \"d\" })\n"
           "assert(not ok and err == nil and order == \"abc\")");
    assert_int_equal(world->outcome->err.code, BALM_OK);
    assert_int_equal(desk.most_at_once, 1);
    assert_string_equal(asked(world), "abc");
}

static void raises_the_first_error_when_what_is_under_way_has_ended(void **state)
{
    struct world *world = *state;

    holds_at(world, "!bca",
             "local function twice(name) return function() get(name)() get(\"z\")() end end\n"
             "local ok, err = pcall(aws.parallel, { twice \"a\", twice \"b\", twice \"c\" })\n"
             "assert(not ok and aws.is_error(err, \"Broken\"), tostring(err))\n"
             "assert(err.line == 6, tostring(err.line))\n"
             "assert(order == \"\", order)\n"
             "assert(get(\"d\")() == \"d\")");
    assert_string_equal(asked(world), "abcd");
}

static void begins_nothing_after_an_error(void **state)
{
    struct world *world = *state;

    holds_at(world, "",
             "local ok, err = pcall(aws.parallel, {\n"
             "  function() error(\"no\", 0) end, get \"a\", get \"b\" })\n"
             "assert(not ok and err == \"no\" and order == \"\")");
    assert_string_equal(asked(world), "");
}

static void wakes_who_sleeps_when_another_fails(void **state)
{
    holds_at(*state, "!a",
             "local woke = false\n"
             "local ok, err = pcall(aws.parallel, {\n"
             "  get \"a\", function() aws.sleep(600) woke = true end })\n"
             "assert(not ok and err.code == \"Broken\" and not woke)");
}

static void sleeps_side_by_side(void **state)
{
    holds_at(*state, "",
             "local sleep = function() aws.sleep(0.05) return 1 end\n"
             "local before, all = os.clock(), {}\n"
             "for i = 1, 20 do all[i] = sleep end\n"
             "assert(select(\"#\", aws.parallel(all)) == 20)");
}

static void catches_errors_within_a_branch(void **state)
{
    struct world *world = *state;

    holds_at(world, "!ab",
             "local a, b = aws.parallel {\n"
             "  function() return select(2, pcall(get \"a\")).code end, get \"b\" }\n"
             "assert(a == \"Broken\" and b == \"b\")");
    assert_string_equal(asked(world), "ab");
}

static void nests(void **state)
{
    struct world *world = *state;

    holds_at(world, "dbac",
             "local function both(x, y) return function()\n"
             "  local p, q = aws.parallel { get(x), get(y) } return p .. q end end\n"
             "local l, r = aws.parallel { both(\"a\", \"b\"), both(\"c\", \"d\") }\n"
             "assert(l == \"ab\" and r == \"cd\" and order == \"dbac\", order)");
    assert_string_equal(asked(world), "abcd");
}

static void stops_what_is_nested_too(void **state)
{
    struct world *world = *state;

    holds_at(world, "!e",
             "local function more(x) return function() get(x)() get(\"z\")() end end\n"
             "local ok, err = pcall(aws.parallel, {\n"
             "  function() aws.parallel { more \"a\", function() aws.sleep(600) end } end,\n"
             "  function() pcall(aws.parallel, { more \"b\", more \"c\" }) get(\"y\")() end,\n"
             "  get \"e\" })\n"
             "assert(not ok and err.code == \"Broken\" and order == \"\", order)");
    assert_string_equal(asked(world), "eabc");
}

static void an_inner_error_stays_within_where_it_is_caught(void **state)
{
    holds_at(*state, "!ab",
             "local l, r = aws.parallel {\n"
             "  function() return pcall(aws.parallel, { get \"a\" }) end, get \"b\" }\n"
             "assert(l == false and r == \"b\")");
}

static void comes_back_later_from_a_branch_of_a_branch(void **state)
{
    struct world *world = *state;
    struct desk desk;
    const struct balm_outcome *outcome;

    world->top = "local went = false";
    outcome =
        fix_at(&desk, world, "",
               "if went then get \"c\"() return end\n"
               "went = true\n"
               "pcall(aws.parallel, { get \"a\", function()\n"
               "  pcall(aws.parallel, { function() aws.retry_later(30, \"busy\") end, get \"b\" }) "
               "end })\n"
               "error(\"goes on\")");

    assert_int_equal(outcome->err.code, BALM_OK);
    assert_true(outcome->retry_after == 30);
    assert_string_equal(outcome->why, "busy");
    assert_int_equal(desk.at_once, 0);
    assert_int_equal(desk.dropped, 0);
    outcome = world_phase(world, BALM_PHASE_FIX, balm_null());
    assert_true(outcome->err.code == BALM_OK && outcome->retry_after == 0);
    assert_string_equal(asked(world), "ac");
}

static void sends_no_call_that_waits_at_its_gate_when_another_fails(void **state)
{
    struct desk desk;

    fix_at(&desk, *state, "!a>b",
           "local ok, err = pcall(aws.parallel, { get \"a\", get \"b\" })\n"
           "assert(not ok and err.code == \"Broken\" and order == \"\")");
    assert_int_equal(desk.world->outcome->err.code, BALM_OK);
    assert_non_null(desk.settled);
    assert_int_equal(desk.settled->err.code, BALM_E_CANCELLED);
    assert_int_equal(desk.settled->http_status, 0);
    assert_false(desk.settled->in_doubt);
}

static void limits_hold_for_all_branches_together(void **state)
{
    struct world *world = *state;
    struct desk desk;
    const struct balm_outcome *outcome;

    world->limits.steps = 3000000;
    outcome = fix_at(&desk, world, "",
                     "local function work() get(\"a\")() for _ = 1, 200000 do end end\n"
                     "local all = {}\n"
                     "for i = 1, 30 do all[i] = function() pcall(work) end end\n"
                     "pcall(aws.parallel, all)");
    assert_int_equal(outcome->err.code, BALM_E_LIMIT);
    assert_int_equal(desk.at_once, 0);
    world->limits = (struct balm_limits)BALM_LIMITS_DEFAULT;
    world->limits.memory = (size_t)2 << 20;
    outcome = fix_at(&desk, world, "",
                     "local kept, all = {}, {}\n"
                     "for i = 1, 64 do all[i] = function() get(\"a\")()\n"
                     "  kept[i] = string.rep(tostring(i), 50000) end end\n"
                     "pcall(aws.parallel, all)");
    assert_int_equal(outcome->err.code, BALM_E_LIMIT);
    assert_non_null(strstr(outcome->err.message, "memory"));
    world->limits = (struct balm_limits)BALM_LIMITS_DEFAULT;
    world->limits.wall_ns = 50000000;
    outcome = fix_at(&desk, world, "",
                     "pcall(aws.parallel, { function() aws.sleep(60) end, get \"a\" })");
    assert_int_equal(outcome->err.code, BALM_E_LIMIT);
    assert_non_null(strstr(outcome->err.message, "takes longer"));
}

static void does_the_same_twice(void **state)
{
    struct world *world = *state;
    static const char body[] =
        "local function twice(x, y) return function() get(x)() get(y)() end end\n"
        "aws.parallel { twice(\"a\", \"d\"), twice(\"b\", \"e\"), twice(\"c\", \"f\") }\n"
        "assert(order == \"cafdbe\", order)";

    for (int i = 0; i < 2; i++) {
        holds_at(world, "cafdbe", body);
        assert_string_equal(asked(world), "abcfde");
    }
}

static void refuses_what_is_no_list_of_functions(void **state)
{
    holds_at(*state, "",
             "local function says(list, text)\n"
             "  local ok, err = pcall(aws.parallel, list)\n"
             "  assert(not ok and string.find(err, text, 1, true), err)\n"
             "end\n"
             "says(nil, \"table expected\")\n"
             "says({ pairs, 3 }, \"number 2 is a number\")\n"
             "says({ a = pairs }, \"and no names\")\n"
             "local all = {}\n"
             "for i = 1, 1001 do all[i] = pairs end\n"
             "says(all, \"1000 functions at most\")\n"
             "local ok, err = pcall(table.sort, { 1, 2 }, function()\n"
             "  aws.parallel { get \"a\" } end)\n"
             "assert(not ok and string.find(err, \"cannot be called here\"), err)");
}

static void stop(void *loop)
{
    balm_loop_stop(loop);
}

static void is_released_in_the_middle(void **state)
{
    struct world *world = *state;
    struct desk desk = {.gate = {.ask = desk_ask, .settled = desk_settled, .dropped = desk_dropped},
                        .world = world,
                        .order = "x"}; /* nobody gets an answer */

    world->gate_instead = &desk.gate;
    world_end_run(world);
    world->version = world_load(
        world, "local aws = require \"aws\"\n"
               "return { id = \"Spec.It\", parameters = {}, fix = function(session)\n"
               "  local s3 = session:client(\"s3\")\n"
               "  local get = function() s3:get_bucket_versioning { Bucket = \"a\" } end\n"
               "  local nap = function() aws.sleep(60) end\n"
               "  aws.parallel { get, nap, function() aws.parallel { get, nap } end }\n"
               "end }\n");
    world->instance = world_instance(world, world->version);
    balm_instance_run(world->instance, BALM_PHASE_FIX, balm_null(), world_done, world);
    struct balm_timer timer = {0};
    assert_int_equal(balm_timer_set(world->loop, &timer, 20000000, stop, world->loop), BALM_OK);
    balm_loop_run(world->loop);
    assert_int_equal(desk.at_once, 2);
    world_end_run(world);
    assert_int_equal(desk.dropped, 2);
    assert_int_equal(desk.at_once, 0);
    balm_task_cancel(world->loop, &desk.task);
}

static void goes_on_after_many_of_them(void **state)
{
    holds_at(*state, "",
             "for i = 1, 200 do\n"
             "  pcall(aws.parallel, { get \"a\", function() error(i) end, get \"b\" })\n"
             "  aws.parallel { function() return 1 end, function() aws.sleep(0) end }\n"
             "end");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gives_the_first_result_of_each_in_order),
        TEST(asks_for_all_before_the_first_answer),
        TEST(runs_one_after_the_other_where_order_counts),
        TEST(raises_the_first_error_when_what_is_under_way_has_ended),
        TEST(begins_nothing_after_an_error),
        TEST(wakes_who_sleeps_when_another_fails),
        TEST(sleeps_side_by_side),
        TEST(catches_errors_within_a_branch),
        TEST(nests),
        TEST(stops_what_is_nested_too),
        TEST(an_inner_error_stays_within_where_it_is_caught),
        TEST(comes_back_later_from_a_branch_of_a_branch),
        TEST(sends_no_call_that_waits_at_its_gate_when_another_fails),
        TEST(limits_hold_for_all_branches_together),
        TEST(does_the_same_twice),
        TEST(refuses_what_is_no_list_of_functions),
        TEST(is_released_in_the_middle),
        TEST(goes_on_after_many_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
