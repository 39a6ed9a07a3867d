/* The guards that look beyond the configuration, over a store of their own. */
#include "engine/remedy/fixture.h"

#include "core/clock.h"
#include "core/text.h"
#include "remedy/guard_set.h"
#include "remedy/kill_switch.h"
#include "remedy/trail.h"

#define PUT       "s3:PutBucketVersioning"
#define COUNT(it) (sizeof(it) / sizeof *(it))
#define MINUTE    (INT64_C(60) * 1000000)

/* One write, or two; its check finds nothing to do where the bucket is called "fine". */
#define WRITE                                                                                      \
    "s:client('s3'):put_bucket_versioning { Bucket = r.Name, "                                     \
    "VersioningConfiguration = { Status = 'Enabled' } } "
#define SCRIPT(id, writes)                                                                         \
    "return { id = '" id "', parameters = {},\n"                                                   \
    "check = function(s, r) return r.Name == 'fine' end, verify_seconds = 0,\n"                    \
    "fix = function(s, r) " writes "end }\n"

static struct fixture *fixture;
static struct balm_store *store;
static struct balm_guard_set *set;
static char state[SCRATCH_MAX]; /* where Balm keeps what it remembers */
static size_t throw_at;         /* the call at which somebody throws the kill switch; 0: never */
static struct balm_err err;

static const char *state_path(const char *name)
{
    return balm_arena_printf(&fixture->arena, "%s/balm/%s", state, name);
}

static struct balm_store *open_store(void)
{
    struct balm_store_setup setup = {
        .url = balm_arena_printf(&fixture->arena, "sqlite:%s", state_path("balm.db")),
        .loop = fixture->engine.loop};
    struct balm_store *opened = NULL;

    OK(balm_store_open(&opened, &setup, &err));
    return opened;
}

static struct balm_guard_set *guard(struct balm_engine *engine, struct balm_store *with)
{
    const struct balm_guard_set_setup setup = {
        .loop = engine->loop, .aws = engine->aws, .store = with};
    struct balm_guard_set *made = NULL;

    OK(balm_guard_set_new(&made, &setup, &err));
    engine->guards = balm_guard_set_list(made, &engine->guard_count);
    return made;
}

static void ask_fake(struct balm_gate *gate, struct balm_question *question)
{
    bool was;

    if (throw_at > 0 && --throw_at == 0) {
        OK(balm_stop_throw(state_path("stop"), "enough\nof this", &was, &err));
    }
    fake_ask(gate, question);
}

static void open_guarded(const char *config)
{
    write_file(fixture, "own_once.lua", SCRIPT("Own.Once", WRITE));
    write_file(fixture, "own_twice.lua", SCRIPT("Own.Twice", WRITE WRITE));
    open_engine(fixture, config);
    fixture->fake.link.gate.ask = ask_fake;
    store = open_store();
    set = guard(&fixture->engine, store);
}

static int begin(void **with)
{
    if (set_up(with)) return -1;
    fixture = *with;
    if (!scratch_folder(state)) return -1;
    setenv("XDG_STATE_HOME", state, 1);
    unsetenv("BALM_STOP");
    unsetenv("AWS_ACCESS_KEY_ID"); /* whoever asks AWS is told that there are no credentials */
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    throw_at = 0;
    store = NULL;
    set = NULL;
    return 0;
}

static int end(void **with)
{
    static const char *const names[] = {"balm.db", "balm.db-wal", "balm.db-shm", "stop", ""};

    balm_guard_set_release(set);
    balm_store_release(store);
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)remove(state_path(names[i]));
    }
    (void)remove(state);
    return tear_down(with);
}

/* ---- runs ---- */

static void on_trail(void *owner, struct balm_store_request *request)
{
    (void)owner;
    if (request->err.code) fail_msg("%s", request->err.message);
    balm_loop_stop(fixture->engine.loop);
}

/* As the record of runs does: what a run leaves for the guards is kept with its end. */
static void on_result(void *owner, struct balm_run *run, const struct balm_result *result)
{
    static struct balm_store_request request;
    struct balm_change changes[BALM_TRAIL_CHANGES_MAX];
    bool wrote = result->status == BALM_STATUS_FIXED || result->status == BALM_STATUS_UNVERIFIED;
    size_t count = balm_trail_changes(result, wrote, result->started, &fixture->arena, changes);

    keep_result(owner, run, result);
    if (count == 0) return;
    request = (struct balm_store_request){.done = on_trail};
    balm_store_commit(store, &request, changes, count);
}

static const char *run_with(const char *remediation, struct balm_value resource,
                            const struct answer *answers, size_t count)
{
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding, .instead_of_aws = &fixture->fake.link};

    OK(balm_finding_manual(&finding, remediation, resource, balm_null(), "eu-west-1",
                           &fixture->arena, &err));
    expect_calls(fixture, answers, count);
    OK(balm_run_start(&fixture->run, &fixture->engine, &order, on_result, fixture, &err));
    while (fixture->answered == 0) {
        balm_loop_run(fixture->engine.loop);
    }
    balm_loop_run(fixture->engine.loop);
    balm_run_release(fixture->run);
    fixture->answered = 0;
    return text_at(fixture, "status");
}

static struct balm_value json(const char *text)
{
    struct balm_value value = balm_null();

    OK(balm_json_parse(&fixture->arena, text, strlen(text), &value, &err));
    return value;
}

static struct balm_value bucket(const char *name, const char *tags)
{
    struct balm_value resource = balm_map(&fixture->arena);

    balm_map_set(&fixture->arena, resource, "Name", balm_string(name));
    balm_map_set(&fixture->arena, resource, "AccountId", balm_string("123456789012"));
    if (tags) balm_map_set(&fixture->arena, resource, "Tags", json(tags));
    return resource;
}

static const struct answer good[] = {{PUT, "{}", NULL, 0}, {PUT, "{}", NULL, 0}};
static const struct answer bad[] = {{PUT, NULL, "ServerOnFire", 400}};

static const char *fix(const char *name)
{
    return run_with("Own.Once", bucket(name, NULL), good, 1);
}

static void expect_refusal(const char *reason, const char *detail)
{
    assert_string_equal(text_at(fixture, "status"), "skipped");
    assert_string_equal(text_at(fixture, "reason"), reason);
    if (!strstr(text_at(fixture, "detail"), detail)) fail_msg("%s", text_at(fixture, "detail"));
}

/* ---- the kill switch ---- */

static void nothing_begins_once_the_switch_is_thrown(void **with)
{
    bool was;

    (void)with;
    open_guarded(NULL);
    OK(balm_stop_throw(state_path("stop"), "maintenance", &was, &err));
    assert_false(was);
    run_with("Own.Once", bucket("logs", NULL), NULL, 0);
    expect_refusal("kill_switch", "maintenance");
    assert_int_equal(fixture->exit, 4);
    OK(balm_stop_lift(state_path("stop"), &was, &err));
    assert_true(was);
    assert_string_equal(fix("logs"), "unverified");
}

static void a_run_that_has_written_fails_before_its_next_write(void **with)
{
    static const struct answer tried[] = {{PUT, "{}", NULL, 0}};

    (void)with;
    open_guarded(NULL);
    throw_at = 1; /* while the first write is on its way: it is the second that is held up */
    run_with("Own.Twice", bucket("logs", NULL), tried, 1);
    assert_string_equal(text_at(fixture, "status"), "failed");
    assert_string_equal(text_at(fixture, "error.code"), "GuardRefused");
    assert_non_null(strstr(text_at(fixture, "error.message"), "enough"));
    assert_null(strstr(text_at(fixture, "error.message"), "of this"));
    expect_json(fixture, "calls.0.status", "200");
    assert_int_equal(balm_list_len(balm_get(fixture->result, "calls")), 1);
}

static void the_environment_stops_as_well(void **with)
{
    (void)with;
    open_guarded(NULL);
    setenv("BALM_STOP", "night", 1);
    run_with("Own.Once", bucket("logs", NULL), NULL, 0);
    expect_refusal("kill_switch", "BALM_STOP is set: night");
    setenv("BALM_STOP", "0", 1);
    assert_string_equal(fix("logs"), "unverified");
}

static void a_switch_that_cannot_be_looked_at_is_thrown(void **with)
{
    char config[6000], name[5000];

    (void)with;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(config, sizeof config, "return { guards = { kill_switch = { file = '/%s' } } }", name);
    open_guarded(config);
    run_with("Own.Once", bucket("logs", NULL), NULL, 0);
    expect_refusal("kill_switch", "cannot look for");
}

/* ---- whose it is ---- */

static void what_a_stack_or_terraform_owns_is_left_alone(void **with)
{
    static const struct {
        const char *tags, *detail;
    } owned[] = {
        {"{\"aws:cloudformation:stack-name\":\"web\"}", "stack web"},
        {"[{\"Key\":\"aws:cloudformation:stack-name\",\"Value\":\"web\"}]", "stack web"},
        {"[{\"Key\":\"ManagedBy\",\"Value\":\"Terraform\"}]", "ManagedBy"},
        {"{\"terraform\":\"true\"}", "terraform"},
    };
    static const char *const free_ones[] = {"{\"team\":\"a\"}", "{\"terraform\":\"false\"}", "[]",
                                            "{\"ManagedBy\":\"hand\"}"};

    (void)with;
    open_guarded(NULL);
    for (size_t i = 0; i < COUNT(owned); i++) {
        run_with("Own.Once", bucket("logs", owned[i].tags), NULL, 0);
        expect_refusal("managed", owned[i].detail);
    }
    for (size_t i = 0; i < COUNT(free_ones); i++) {
        char name[] = {'b', (char)('0' + (int)i), '\0'};
        assert_string_equal(run_with("Own.Once", bucket(name, free_ones[i]), good, 1),
                            "unverified");
    }
}

static void the_configuration_may_say_to_fix_it_all_the_same(void **with)
{
    (void)with;
    open_guarded("return { guards = { managed = 'fix' } }");
    assert_string_equal(run_with("Own.Once", bucket("logs", "{\"terraform\":\"true\"}"), good, 1),
                        "unverified");
}

static void a_resource_may_ask_to_be_left_alone_for_a_while(void **with)
{
    (void)with;
    open_guarded(NULL);
    run_with("Own.Once", bucket("logs", "{\"balm:skip-until\":\"2999-01-01\"}"), NULL, 0);
    expect_refusal("excluded", "2999-01-01");
    run_with("Own.Once", bucket("logs", "{\"balm:skip-until\":\"soon\"}"), NULL, 0);
    expect_refusal("excluded", "soon");
    assert_string_equal(
        run_with("Own.Once", bucket("logs", "{\"balm:skip-until\":\"2001-01-01\"}"), good, 1),
        "unverified");
}

/* ---- the budget ---- */

static void a_spent_budget_ends_the_fixes_of_this_hour(void **with)
{
    (void)with;
    open_guarded("return { guards = { per_hour_per_account = 2 } }");
    assert_string_equal(fix("fine-not"), "unverified");
    assert_string_equal(run_with("Own.Once", bucket("fine", NULL), NULL, 0), "compliant");
    assert_string_equal(run_with("Own.Twice", bucket("b", NULL), good, 2), "unverified");
    run_with("Own.Once", bucket("c", NULL), NULL, 0);
    expect_refusal("budget", "account/123456789012");
    assert_int_equal(fixture->exit, 4);
}

struct asked {
    struct balm_intent intent;
    struct balm_finding finding;
    struct balm_guarding guarding;
    bool allowed;
};

static size_t waited;

static void on_guarded(void *owner, struct balm_guarding *guarding)
{
    struct asked *asked = owner;

    asked->allowed = !guarding->asked && !guarding->err.code;
    if (--waited == 0) balm_loop_stop(fixture->engine.loop);
}

static void ask_at(struct asked *asked, const struct balm_engine *engine, enum balm_moment moment,
                   int64_t now)
{
    struct balm_guards_question question = {.intent = &asked->intent, .moment = moment, .now = now};

    asked->finding = finding_for(fixture, "Own.Once");
    balm_intent_init(&asked->intent, engine, &asked->finding, &fixture->arena);
    OK(balm_intent_associate(&asked->intent, &err));
    waited++;
    balm_guards_ask(&asked->guarding, &question, on_guarded, asked);
}

static void a_budget_holds_for_many_at_once_and_for_two_processes(void **with)
{
    static struct asked all[200];
    struct balm_engine other;
    struct balm_store *others_store;
    struct balm_guard_set *others_set;
    size_t allowed = 0;

    (void)with;
    open_guarded("return { guards = { per_hour = 10 } }");
    other = fixture->engine;
    others_store = open_store();
    others_set = guard(&other, others_store);
    waited = 1; /* nobody stops the loop before all are asked */
    for (size_t i = 0; i < COUNT(all); i++) {
        ask_at(&all[i], i % 2 ? &other : &fixture->engine, BALM_BEFORE_WRITE, balm_clock_now());
    }
    if (--waited > 0) balm_loop_run(fixture->engine.loop);
    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i].allowed) allowed++;
        balm_intent_free(&all[i].intent);
    }
    assert_int_equal(allowed, 10);
    balm_guard_set_release(others_set);
    balm_store_release(others_store);
}

/* Asks one after the other, each in a turn of its own. */
static bool is_allowed(const struct balm_engine *engine)
{
    struct asked asked;

    waited = 0;
    ask_at(&asked, engine, BALM_BEFORE_WRITE, balm_clock_now());
    if (waited > 0) balm_loop_run(fixture->engine.loop);
    balm_intent_free(&asked.intent);
    return asked.allowed;
}

static void a_budget_knows_what_another_process_has_counted_meanwhile(void **with)
{
    struct balm_engine other;
    struct balm_store *others_store;
    struct balm_guard_set *others_set;

    (void)with;
    open_guarded("return { guards = { per_hour = 4 } }");
    other = fixture->engine;
    others_store = open_store();
    others_set = guard(&other, others_store);
    assert_true(is_allowed(&fixture->engine));
    assert_true(is_allowed(&other));
    assert_true(is_allowed(&fixture->engine)); /* though it knew of one alone */
    assert_true(is_allowed(&other));
    assert_false(is_allowed(&fixture->engine));
    assert_false(is_allowed(&other));
    balm_guard_set_release(others_set);
    balm_store_release(others_store);
}

static void a_budget_holds_over_more_accounts_than_it_counts_at_once(void **with)
{
    static struct asked all[400];
    static char accounts[COUNT(all)][16];
    struct balm_guards_question question = {.moment = BALM_BEFORE_WRITE, .now = balm_clock_now()};
    size_t allowed = 0;

    (void)with;
    open_guarded("return { guards = { per_hour = 170, per_hour_per_account = 2 } }");
    waited = COUNT(all);
    for (size_t i = 0; i < COUNT(all); i++) {
        all[i].finding = finding_for(fixture, "Own.Once");
        snprintf(accounts[i], sizeof accounts[i], "%012zu", i % 100);
        all[i].finding.account = accounts[i];
        balm_intent_init(&all[i].intent, &fixture->engine, &all[i].finding, &fixture->arena);
        OK(balm_intent_associate(&all[i].intent, &err));
        question.intent = &all[i].intent;
        balm_guards_ask(&all[i].guarding, &question, on_guarded, &all[i]);
    }
    balm_loop_run(fixture->engine.loop);
    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i].allowed) allowed++;
        balm_intent_free(&all[i].intent);
    }
    assert_int_equal(allowed, 170);
}

static void a_store_that_fails_is_a_no(void **with)
{
    static const char rubbish[] = "this is no database, and was none before either";

    (void)with;
    OK(balm_dir_make_for(state_path("balm.db"), 0700, &err));
    OK(balm_file_write(state_path("balm.db"), rubbish, sizeof rubbish, 0600, &err));
    open_guarded(NULL);
    run_with("Own.Once", bucket("logs", NULL), NULL, 0);
    expect_refusal("flapping", "balm.db");
}

/* ---- the breaker ---- */

static bool is_allowed_at(int64_t now, bool *probes)
{
    struct asked asked;

    waited = 1;
    ask_at(&asked, &fixture->engine, BALM_BEFORE_RUN, now);
    if (--waited > 0) balm_loop_run(fixture->engine.loop);
    *probes = asked.intent.probes;
    balm_intent_free(&asked.intent);
    return asked.allowed;
}

/* Whoever only wants to know takes nothing from the run that comes. */
static bool is_allowed_when_explained_at(int64_t now)
{
    struct balm_guards_question question = {.moment = BALM_BEFORE_RUN, .now = now};
    const struct balm_guard *breaker = NULL;
    struct asked asked;

    for (size_t i = 0; !breaker || strcmp(breaker->name, "breaker") != 0; i++) {
        breaker = balm_guard_at(&fixture->engine, i);
    }
    asked.finding = finding_for(fixture, "Own.Once");
    balm_intent_init(&asked.intent, &fixture->engine, &asked.finding, &fixture->arena);
    OK(balm_intent_associate(&asked.intent, &err));
    question.intent = &asked.intent;
    waited = 1;
    balm_guard_ask_alone(&asked.guarding, breaker, &question, on_guarded, &asked);
    if (!asked.guarding.answered) balm_loop_run(fixture->engine.loop);
    balm_intent_free(&asked.intent);
    return asked.guarding.allowed;
}

static void a_breaker_opens_when_too_many_fail_and_lets_one_try_later(void **with)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    int64_t now = balm_clock_now();
    bool probes;

    (void)with;
    open_guarded(NULL);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_string_equal(run_with("Own.Once", bucket(names[i], NULL), bad, 1), "failed");
    }
    run_with("Own.Once", bucket("f", NULL), NULL, 0);
    expect_refusal("breaker", "5 of the last 5 fixes by Own.Once in 123456789012 failed");
    expect_refusal("breaker", "with --skip-guard breaker at once");
    assert_string_equal(run_with("Own.Twice", bucket("f", NULL), good, 2), "unverified");

    assert_false(is_allowed_at(now + 14 * MINUTE, &probes));
    assert_true(is_allowed_when_explained_at(now + 17 * MINUTE));
    assert_true(is_allowed_at(now + 17 * MINUTE, &probes));
    assert_true(probes);
    assert_false(is_allowed_at(now + 17 * MINUTE, &probes)); /* one at a time */
}

/* ---- flapping ---- */

static void a_resource_that_is_fixed_again_and_again_is_left_alone(void **with)
{
    (void)with;
    open_guarded("return { guards = { flapping = { times = 2, hours = 1 } } }");
    assert_string_equal(fix("a"), "unverified");
    assert_string_equal(fix("a"), "unverified");
    run_with("Own.Once", bucket("a", NULL), NULL, 0);
    expect_refusal("flapping", "2 times within 1 hours");
    expect_refusal("flapping", "changes it back; by whom is not known: ");
    assert_string_equal(fix("b"), "unverified");
    assert_string_equal(run_with("Own.Twice", bucket("a", NULL), good, 2), "unverified");
}

static const char *fix_of_arn(const char *arn)
{
    struct balm_value resource = bucket("a", NULL);

    balm_map_set(&fixture->arena, resource, "Arn", balm_string(arn));
    return run_with("Own.Once", resource, good, 1);
}

/* A name may be longer than a key of the store, or end as no partition may. */
static void resources_of_any_name_are_told_apart(void **with)
{
    char long_name[2000];
    (void)with;
    memset(long_name, 'n', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    open_guarded("return { guards = { flapping = { times = 1, hours = 1 } } }");
    assert_string_equal(fix_of_arn(long_name), "unverified");
    assert_string_equal(fix_of_arn(long_name), "skipped");
    long_name[sizeof long_name - 2] = 'o';
    assert_string_equal(fix_of_arn(long_name), "unverified");
    assert_string_equal(fix_of_arn("a#"), "unverified");
    assert_string_equal(fix_of_arn("a"), "unverified");
    assert_string_equal(fix_of_arn("a#"), "skipped");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_begins_once_the_switch_is_thrown),
        TEST(a_run_that_has_written_fails_before_its_next_write),
        TEST(the_environment_stops_as_well),
        TEST(a_switch_that_cannot_be_looked_at_is_thrown),
        TEST(what_a_stack_or_terraform_owns_is_left_alone),
        TEST(the_configuration_may_say_to_fix_it_all_the_same),
        TEST(a_resource_may_ask_to_be_left_alone_for_a_while),
        TEST(a_spent_budget_ends_the_fixes_of_this_hour),
        TEST(a_budget_holds_for_many_at_once_and_for_two_processes),
        TEST(a_budget_knows_what_another_process_has_counted_meanwhile),
        TEST(a_budget_holds_over_more_accounts_than_it_counts_at_once),
        TEST(a_store_that_fails_is_a_no),
        TEST(a_breaker_opens_when_too_many_fail_and_lets_one_try_later),
        TEST(a_resource_that_is_fixed_again_and_again_is_left_alone),
        TEST(resources_of_any_name_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
