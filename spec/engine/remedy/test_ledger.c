/*
 * What is kept of a run, and when, over a store in memory that counts and fails as a test wants.
 */
#include "engine/remedy/fixture.h"

#include "remedy/hold.h"
#include "remedy/ledger_internal.h"
#include "support/memory_store.h"

#define GET       "s3:GetBucketVersioning"
#define PUT       "s3:PutBucketVersioning"
#define ON        "{\"Status\":\"Enabled\"}"
#define COUNT(it) (sizeof(it) / sizeof *(it))

#define SCRIPT                                                                                     \
    "local function get(s, r) return s:client('s3'):get_bucket_versioning { Bucket = r.Name } "    \
    "end\n"                                                                                        \
    "local function put(s, r, status) return s:client('s3'):put_bucket_versioning {\n"             \
    "  Bucket = r.Name, VersioningConfiguration = { Status = status } } end\n"                     \
    "return { id = 'Own.On', parameters = { Size = 3 },\n"                                         \
    "  check = function(s, r) local v = get(s, r) return v.Status == 'Enabled', v end,\n"          \
    "  fix = function(s, r) put(s, r, 'Enabled') end,\n"                                           \
    "  undo = function(s, r, p, b) put(s, r, b.Status or 'Suspended') end }\n"

/* A check that finds what a sensitive member told, in a text of its own. */
#define LEAKING                                                                                    \
    "return { id = 'Own.Leak', parameters = {},\n"                                                 \
    "  check = function(s)\n"                                                                      \
    "    local v = s:client('secretsmanager'):get_secret_value { SecretId = 'x' }\n"               \
    "    return false, { Found = 'it is ' .. v.SecretString } end,\n"                              \
    "  fix = function(s, r) s:client('s3'):put_bucket_versioning {\n"                              \
    "    Bucket = r.Name, VersioningConfiguration = { Status = 'Enabled' } } end }\n"

static const struct answer fixes[] = {
    {GET, "{}", NULL, 0}, {PUT, "{}", NULL, 0}, {GET, ON, NULL, 0}};
static const struct answer holds_at_once[] = {{GET, ON, NULL, 0}};

static struct balm_seal *seal;

/* ---- a ledger beside the engine ---- */

static void open_ledger(struct fixture *fixture)
{
    struct balm_store_setup store = {.url = "sqlite:memory", .loop = fixture->engine.loop};
    struct balm_ledger_setup setup = {.loop = fixture->engine.loop};
    struct balm_err err;

    setenv("BALM_STORE_KEY", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 1);
    if (!fixture->engine.store) {
        OK(balm_store_open(&fixture->engine.store, &store, &err));
        OK(balm_seal_new(&seal, "sqlite:memory", &err));
    }
    setup.store = fixture->engine.store;
    setup.seal = seal;
    OK(balm_ledger_new(&fixture->engine.ledger, &setup, &err));
}

static void open_configured(struct fixture *fixture, const char *config)
{
    write_file(fixture, "own_on.lua", SCRIPT);
    write_file(fixture, "own_leak.lua", LEAKING);
    open_engine(fixture, config);
    open_ledger(fixture);
}

static void open_all(struct fixture *fixture)
{
    open_configured(fixture, NULL);
}

static int close_all(void **state)
{
    struct fixture *fixture = *state;

    balm_ledger_release(fixture->engine.ledger);
    balm_store_release(fixture->engine.store);
    balm_seal_release(seal);
    seal = NULL;
    return tear_down(state);
}

static void run(struct fixture *fixture, const char *remediation, const struct answer *answers,
                size_t count)
{
    struct balm_finding finding = finding_for(fixture, remediation);
    struct balm_order order = {.finding = &finding, .action = BALM_ACTION_FIX};

    expect_calls(fixture, answers, count);
    run_order(fixture, &order);
    balm_ledger_settle(fixture->engine.ledger);
}

static size_t count_items(struct fixture *fixture, const char *partition, const char *sort)
{
    size_t count = 0;

    for (struct kept_item *item = fixture->engine.store->items; item; item = item->next) {
        if (strstr(item->partition, partition) == item->partition &&
            strstr(item->sort, sort) == item->sort) {
            count++;
        }
    }
    return count;
}

static struct balm_kept load(struct fixture *fixture, const char *id)
{
    struct balm_kept kept;
    struct balm_err err;

    OK(balm_ledger_load(fixture->engine.ledger, id, &fixture->arena, &kept, &err));
    return kept;
}

/* ---- before and after a write ---- */

static struct fixture *watched;

/* What stands in AWS's place sees what the store holds by then. */
static void ask_after_the_record(struct balm_gate *gate, struct balm_question *question)
{
    if (balm_call_is_write(question->call)) {
        assert_int_equal(count_items(watched, "of/", "began"), 1);
        assert_int_equal(count_items(watched, "of/", "call.00001"), 1);
        assert_int_equal(count_items(watched, "run/", ""), 1);
        assert_int_equal(count_items(watched, "open", ""), 1);
        assert_int_equal(count_items(watched, "script", ""), 1);
    } else {
        assert_int_equal(count_items(watched, "of/", "began"),
                         ((struct fake *)gate)->asked > 1 ? 1 : 0);
    }
    fake_ask(gate, question);
}

static void a_write_is_recorded_before_it_is_sent(void **state)
{
    watched = *state;
    open_all(watched);
    watched->fake.link.gate.ask = ask_after_the_record;
    run(watched, "Own.On", fixes, COUNT(fixes));
    assert_string_equal(text_at(watched, "status"), "fixed");
    assert_int_equal(count_items(watched, "open", ""), 0);
    assert_int_equal(count_items(watched, "of/", "end.000"), 1);
}

static void a_write_that_cannot_be_recorded_is_not_made(void **state)
{
    static const enum balm_code codes[] = {BALM_E_IO, BALM_E_LIMIT, BALM_E_NET};
    struct fixture *fixture = *state;

    open_all(fixture);
    for (size_t i = 0; i < COUNT(codes); i++) {
        fixture->engine.store->fails_from = 1;
        fixture->engine.store->fails_with = codes[i];
        run(fixture, "Own.On", fixes, 1);
        assert_string_equal(text_at(fixture, "status"), "failed");
        assert_string_equal(text_at(fixture, "error.code"), "StoreUnavailable");
        assert_non_null(strstr(text_at(fixture, "error.message"), "the store is full"));
        assert_int_equal(balm_list_len(balm_get(fixture->result, "calls")), 1);
        assert_int_equal(fixture->exit, 1);
    }
}

static void a_run_that_writes_nothing_takes_one_commit(void **state)
{
    struct fixture *fixture = *state;

    open_all(fixture);
    run(fixture, "Own.On", holds_at_once, 1);
    assert_int_equal(fixture->engine.store->commits, 1);
    assert_int_equal(count_items(fixture, "script", ""), 0);
    assert_string_equal(balm_get_string(load(fixture, text_at(fixture, "run")).head, "status", ""),
                        "compliant");
}

static void a_run_of_one_write_takes_two_commits(void **state)
{
    struct fixture *fixture = *state;

    open_all(fixture);
    run(fixture, "Own.On", fixes, COUNT(fixes)); /* and one to learn that its script is not kept */
    assert_int_equal(fixture->engine.store->commits, 3);
    run(fixture, "Own.On", fixes, COUNT(fixes));
    assert_int_equal(fixture->engine.store->commits, 5);
}

static void the_source_is_kept_once_also_by_another_process(void **state)
{
    struct fixture *fixture = *state;
    size_t commits;

    open_all(fixture);
    run(fixture, "Own.On", fixes, COUNT(fixes));
    balm_ledger_release(fixture->engine.ledger);
    open_ledger(fixture);
    commits = fixture->engine.store->commits;
    run(fixture, "Own.On", fixes, COUNT(fixes));
    assert_int_equal(fixture->engine.store->commits - commits, 2); /* it was not offered again */
    assert_string_equal(text_at(fixture, "status"), "fixed");
    assert_int_equal(count_items(fixture, "script", ""), 1);
    assert_int_equal(count_items(fixture, "of/", "began"), 2);
}

static void what_a_run_found_and_left_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct balm_version *version = NULL;
    struct balm_kept kept;
    struct balm_err err;

    open_all(fixture);
    run(fixture, "Own.On", fixes, COUNT(fixes));
    write_file(fixture, "own_on.lua", "return {}");
    kept = load(fixture, text_at(fixture, "run"));
    assert_int_equal(balm_map_len(balm_get(kept.began, "before")), 0);
    assert_int_equal(balm_path(kept.began, "parameters.Size").as.integer, 3);
    assert_string_equal(balm_get_string(kept.after, "Status", ""), "Enabled");
    assert_true(balm_equal(kept.result, fixture->result));
    OK(balm_ledger_version(fixture->engine.ledger, fixture->engine.catalog, &kept, &version, &err));
    assert_string_equal(balm_version_id(version), "Own.On");
    balm_version_release(version);
}

static void a_secret_is_sealed_wherever_a_script_put_it(void **state)
{
    static const struct answer answers[] = {
        {"secretsmanager:GetSecretValue", "{\"SecretString\":\"hunter2-hunter2\"}", NULL, 0},
        {PUT, "{}", NULL, 0},
        {"secretsmanager:GetSecretValue", NULL, "AccessDenied", 403}};
    struct fixture *fixture = *state;
    struct balm_kept kept;

    open_all(fixture);
    run(fixture, "Own.Leak", answers, COUNT(answers));
    for (struct kept_item *item = fixture->engine.store->items; item; item = item->next) {
        assert_null(strstr(item->text, "hunter2"));
    }
    kept = load(fixture, text_at(fixture, "run"));
    assert_string_equal(balm_path(kept.began, "before.Found").as.text, "it is hunter2-hunter2");
    assert_true(balm_path(kept.began, "before.Found").secret);
}

static void the_external_id_of_an_association_is_kept_for_undo_and_shown_to_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct balm_buf shown = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value id;
    struct balm_kept kept;

    open_configured(fixture,
                    "return { remediations = { [\"Own.On\"] = { external_id = \"tenant-7\" } } }");
    run(fixture, "Own.On", fixes, COUNT(fixes));
    for (struct kept_item *item = fixture->engine.store->items; item; item = item->next) {
        assert_null(strstr(item->text, "tenant-7"));
    }
    kept = load(fixture, text_at(fixture, "run"));
    id = balm_get(kept.began, "external_id");
    assert_true(balm_is_text(id, "tenant-7") && id.secret);
    kept.result = balm_null(); /* one that never ended is shown by what it was to do */
    (void)balm_json_print(&shown, balm_kept_value(&kept, &fixture->arena), BALM_JSON_COMPACT);
    assert_null(strstr(shown.bytes, "external_id"));
    balm_buf_free(&shown);
}

static void an_external_id_for_all_is_not_kept_as_it_may_be_another_by_then(void **state)
{
    struct fixture *fixture = *state;
    struct balm_kept kept;

    open_configured(fixture, "return { external_id = \"for-all\" }");
    run(fixture, "Own.On", fixes, COUNT(fixes));
    kept = load(fixture, text_at(fixture, "run"));
    assert_true(balm_is_null(balm_get(kept.began, "external_id")));
}

static void a_result_too_long_for_one_commit_is_kept_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    struct balm_kept kept;

    open_all(fixture);
    write_file(fixture, "own_long.lua",
               "return { id = 'Own.Long', parameters = {}, fix = function() end,\n"
               "  check = function() return true, { Text = ('\\xC3\\xA4\"'):rep(1000000) } end }");
    run(fixture, "Own.Long", NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "compliant");
    assert_int_equal(count_items(fixture, "of/", "end.00"), 4);
    kept = load(fixture, text_at(fixture, "run"));
    assert_true(balm_equal(kept.result, fixture->result));
}

/* Printed, such a character is six. */
static void a_result_of_control_characters_is_kept_as_well(void **state)
{
    struct fixture *fixture = *state;

    open_all(fixture);
    write_file(fixture, "own_long.lua",
               "return { id = 'Own.Long', parameters = {}, fix = function() end,\n"
               "  check = function() return true, { Text = ('\\1'):rep(600000) } end }");
    run(fixture, "Own.Long", NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "compliant");
    assert_true(balm_equal(load(fixture, text_at(fixture, "run")).result, fixture->result));
}

static void a_result_of_long_names_is_kept_as_well(void **state)
{
    struct fixture *fixture = *state;

    open_all(fixture);
    write_file(fixture, "own_long.lua",
               "return { id = 'Own.Long', parameters = {}, fix = function() end,\n"
               "  check = function() return true, { [('n'):rep(4000000)] = 1 } end }");
    run(fixture, "Own.Long", NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "compliant");
    assert_true(balm_equal(load(fixture, text_at(fixture, "run")).result, fixture->result));
}

/* ---- runs that are ended from outside ---- */

static void stop_loop(void *owner)
{
    balm_loop_stop(owner);
}

static void turn(struct fixture *fixture)
{
    struct balm_timer timer = {.place = 0};
    struct balm_err err;

    OK(balm_timer_set(fixture->engine.loop, &timer, 1000000, stop_loop, fixture->engine.loop));
    balm_loop_run(fixture->engine.loop);
    balm_timer_stop(fixture->engine.loop, &timer);
}

/* Until its write waits for a disk that does not answer. */
static void start_on_a_silent_disk(struct fixture *fixture, const struct balm_finding *finding)
{
    struct balm_order order = {
        .finding = finding, .action = BALM_ACTION_FIX, .instead_of_aws = &fixture->fake.link};
    struct balm_err err;

    expect_calls(fixture, fixes, 1);
    fixture->engine.store->is_silent = true;
    OK(balm_run_start(&fixture->run, &fixture->engine, &order, keep_result, fixture, &err));
    while (fixture->engine.store->commits == 0) {
        turn(fixture);
    }
}

static void what_waits_for_the_disk_is_not_sent_when_the_run_is_aborted(void **state)
{
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_err err;

    open_all(fixture);
    finding = finding_for(fixture, "Own.On");
    start_on_a_silent_disk(fixture, &finding);
    fixture->engine.store->is_silent = false;
    balm_fail(&err, BALM_E_CANCELLED, "SIGTERM");
    balm_run_abort(fixture->run, &err);
    while (!fixture->answered) {
        turn(fixture);
    }
    balm_run_release(fixture->run);
    assert_string_equal(text_at(fixture, "status"), "failed");
    assert_int_equal(balm_list_len(balm_get(fixture->result, "calls")), 1);
    assert_int_equal(count_items(fixture, "open", ""), 0);
    assert_int_equal(count_items(fixture, "of/", "end."), 1);
    assert_int_equal(count_items(fixture, "fix/", ""), 0); /* for flapping: nothing was fixed */
}

static void a_run_may_be_dropped_while_it_waits_for_the_disk(void **state)
{
    struct fixture *fixture = *state;
    struct balm_finding finding;

    open_all(fixture);
    finding = finding_for(fixture, "Own.On");
    start_on_a_silent_disk(fixture, &finding);
    balm_run_release(fixture->run);
    assert_int_equal(fixture->answered, 0);
}

/* ---- runs that never ended ---- */

static void finds_nothing(void *owner, struct balm_value head)
{
    (void)owner, (void)head;
    fail_msg("a run that goes on is listed");
}

static void keep_head(void *owner, struct balm_value head)
{
    struct fixture *fixture = owner;

    balm_list_push(&fixture->arena, fixture->result, balm_copy(&fixture->arena, head));
}

static void ask_writes_in_vain(struct balm_gate *gate, struct balm_question *question)
{
    if (!balm_call_is_write(question->call)) fake_ask(gate, question);
}

/* The write is recorded, sent, and nothing more is heard. */
static void begin_and_vanish(struct fixture *fixture)
{
    static const struct answer answers[] = {{GET, "{}", NULL, 0}};
    struct balm_finding finding = finding_for(fixture, "Own.On");
    struct balm_order order = {
        .finding = &finding, .action = BALM_ACTION_FIX, .instead_of_aws = &fixture->fake.link};
    struct balm_err err;

    fixture->fake.link.gate.ask = ask_writes_in_vain;
    expect_calls(fixture, answers, 1);
    OK(balm_run_start(&fixture->run, &fixture->engine, &order, keep_result, fixture, &err));
    while (count_items(fixture, "of/", "call.") == 0) {
        turn(fixture);
    }
    balm_run_release(fixture->run);
}

static void a_run_that_vanished_is_told_with_its_writes(void **state)
{
    struct balm_ledger_filter filter = {.which = BALM_LEDGER_UNFINISHED};
    struct fixture *fixture = *state;
    struct kept_item *open;
    struct balm_kept kept;
    char *digit;
    struct balm_err err;

    open_all(fixture);
    begin_and_vanish(fixture);
    open = fixture->engine.store->items;
    while (strcmp(open->partition, "open") != 0) {
        open = open->next;
    }
    OK(balm_ledger_list(fixture->engine.ledger, &filter, finds_nothing, NULL, &err));
    assert_true(load(fixture, open->sort).is_running);

    /* Another process took the number of the one that began it. */
    digit = strstr(open->text, "\"birth\":") + strlen("\"birth\":");
    *digit = *digit == '1' ? '2' : '1';
    fixture->result = balm_list(&fixture->arena);
    OK(balm_ledger_list(fixture->engine.ledger, &filter, keep_head, fixture, &err));
    expect_json(fixture, "0.status", "\"unfinished\"");
    kept = load(fixture, text_at(fixture, "0.run"));
    assert_false(kept.is_running);
    fixture->result = balm_kept_value(&kept, &fixture->arena);
    expect_json(fixture, "status", "\"unfinished\"");
    expect_json(fixture, "calls.0.operation", "\"PutBucketVersioning\"");
    expect_json(fixture, "calls.0.status", "\"unknown\"");
    expect_json(fixture, "calls.0.params.VersioningConfiguration.Status", "\"Enabled\"");
    expect_json(fixture, "before", "{}");
}

static void ask_after_the_mark(struct balm_gate *gate, struct balm_question *question)
{
    if (balm_call_is_write(question->call)) {
        struct kept_item *open = watched->engine.store->items;
        while (open && strcmp(open->partition, "open") != 0) {
            open = open->next;
        }
        assert_non_null(open);
        assert_non_null(strstr(open->text, "\"birth\":"));
    }
    fake_ask(gate, question);
}

/* What the ledger remembers only saves work. */
static void a_ledger_that_can_remember_nothing_records_all_the_same(void **state)
{
    watched = *state;
    open_all(watched);
    watched->fake.link.gate.ask = ask_after_the_mark;
    run(watched, "Own.On", fixes, COUNT(fixes));
    balm_ledger_release(watched->engine.ledger);
    open_ledger(watched);
    watched->engine.ledger->arena.code = BALM_E_NOMEM;
    run(watched, "Own.On", fixes, COUNT(fixes));
    assert_string_equal(text_at(watched, "status"), "fixed");
    assert_int_equal(count_items(watched, "of/", "began"), 2);
}

static void a_process_is_known_by_its_birth(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value here = balm_ledger_process(&arena);
    (void)state;
    assert_false(balm_ledger_is_gone(here));
    balm_map_set(&arena, here, "birth", balm_int(1));
    assert_true(balm_ledger_is_gone(here));
    balm_map_set(&arena, here, "space", balm_string("pid:[1]")); /* another container's */
    assert_false(balm_ledger_is_gone(here));
    balm_map_set(&arena, here, "host", balm_string("elsewhere"));
    assert_false(balm_ledger_is_gone(here));
    balm_map_set(&arena, here, "until", balm_time_value(1));
    assert_true(balm_ledger_is_over(here));
    balm_arena_free(&arena);
}

/* ---- finding runs ---- */

static void a_run_is_found_by_the_beginning_of_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct balm_kept kept;
    struct balm_err err;
    char start[37];

    open_all(fixture);
    run(fixture, "Own.On", holds_at_once, 1);
    snprintf(start, sizeof start, "%.18s", text_at(fixture, "run"));
    assert_string_equal(load(fixture, start).run, text_at(fixture, "run"));
    run(fixture, "Own.On", holds_at_once, 1);
    start[8] = '\0';
    assert_int_equal(balm_ledger_load(fixture->engine.ledger, start, &fixture->arena, &kept, &err),
                     BALM_E_ARG);
    assert_non_null(strstr(err.message, "several runs begin with"));
}

static void what_names_no_run_is_refused(void **state)
{
    static const struct {
        const char *run, *said;
    } cases[] = {
        {"", "at least 8"},
        {"01a2", "at least 8"},
        {"01a213ed-3129-77c6-9028-dcede58000ba", "has no run"},
        {"01A213ED", "not a run's id"},
        {"01a213ed_3129", "not a run's id"},
        {"01a213ed-3129-77c6-9028-dcede58000ba0", "not a run's id"},
        {"%s%s%s%s", "not a run's id"},
    };
    struct fixture *fixture = *state;
    struct balm_kept kept;
    struct balm_err err;

    open_all(fixture);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            balm_ledger_load(fixture->engine.ledger, cases[i].run, &fixture->arena, &kept, &err),
            BALM_E_ARG);
        if (!strstr(err.message, cases[i].said)) fail_msg("%s: %s", cases[i].run, err.message);
    }
}

static size_t count_listed(struct fixture *fixture, const struct balm_ledger_filter *filter)
{
    struct balm_err err;

    fixture->result = balm_list(&fixture->arena);
    OK(balm_ledger_list(fixture->engine.ledger, filter, keep_head, fixture, &err));
    return balm_list_len(fixture->result);
}

static void runs_are_listed_newest_first_and_filtered(void **state)
{
    static const struct {
        struct balm_ledger_filter filter;
        size_t count;
    } cases[] = {
        {{.limit = 0}, 3},
        {{.limit = 2}, 2},
        {{.account = "123456789012"}, 3},
        {{.account = "123456789013"}, 0},
        {{.remediation = "own_on"}, 3},
        {{.remediation = "Own.Of"}, 0},
        {{.status = "fixed"}, 1},
        {{.resource = "logs"}, 3},
        {{.resource = "lo*"}, 3},
        {{.resource = "log"}, 0},
        {{.since = INT64_C(4102444800000000)}, 0},
    };
    struct fixture *fixture = *state;

    open_all(fixture);
    run(fixture, "Own.On", holds_at_once, 1);
    run(fixture, "Own.On", fixes, COUNT(fixes));
    run(fixture, "Own.On", holds_at_once, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t count = count_listed(fixture, &cases[i].filter);
        if (count != cases[i].count) fail_msg("case %zu lists %zu", i, count);
    }
    (void)count_listed(fixture, &cases[0].filter);
    assert_true(strcmp(text_at(fixture, "0.run"), text_at(fixture, "1.run")) > 0);
    assert_true(strcmp(text_at(fixture, "1.run"), text_at(fixture, "2.run")) > 0);
    expect_json(fixture, "1.status", "\"fixed\"");
    expect_json(fixture, "1.writes", "1");
}

static void a_long_list_is_read_page_by_page(void **state)
{
    struct balm_ledger_filter filter = {.limit = 0};
    struct fixture *fixture = *state;

    open_all(fixture);
    for (int i = 0; i < 450; i++) {
        run(fixture, "Own.On", holds_at_once, 1);
    }
    assert_int_equal(count_listed(fixture, &filter), 450);
    filter.limit = 5;
    fixture->engine.store->reads = 0;
    assert_int_equal(count_listed(fixture, &filter), 5);
    assert_int_equal(fixture->engine.store->reads, 2);
}

/* ---- later ---- */

static void what_is_held_is_not_fixed_until_its_undo_is_undone(void **state)
{
    struct balm_guard held = balm_guard_held;
    const struct balm_guard *const guards[] = {&held};
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_kept kept;
    struct balm_item hold;
    struct balm_err err;

    open_all(fixture);
    held.store = fixture->engine.store;
    fixture->engine.guards = guards;
    fixture->engine.guard_count = 1;
    run(fixture, "Own.On", fixes, COUNT(fixes));
    kept = load(fixture, text_at(fixture, "run"));
    finding = finding_for(fixture, "Own.On");
    balm_hold_make(
        &hold,
        &(struct balm_hold){"Own.On", &finding, "01a213ed-3129-77c6-9028-dcede58000ba", true, 7},
        &fixture->arena);
    OK(balm_ledger_undone(fixture->engine.ledger, &kept, "01a213ed-3129-77c6-9028-dcede58000ba",
                          &hold, &err));
    run(fixture, "Own.On", NULL, 0);
    assert_string_equal(text_at(fixture, "reason"), "held");
    kept = load(fixture, kept.run);
    assert_string_equal(balm_get_string(kept.head, "undone_by", ""),
                        "01a213ed-3129-77c6-9028-dcede58000ba");
    assert_string_equal(balm_get_string(kept.head, "status", ""), "fixed");

    balm_hold_make(
        &hold,
        &(struct balm_hold){"Own.On", &finding, "01a213ed-3129-77c6-9028-dcede58000ba", true, 0},
        &fixture->arena);
    OK(balm_ledger_undone(fixture->engine.ledger, &kept, kept.run, &hold, &err));
    run(fixture, "Own.On", holds_at_once, 1);
    assert_string_equal(text_at(fixture, "status"), "compliant");
}

static void however_many_resources_are_held_none_is_fixed(void **state)
{
    struct balm_guard held = balm_guard_held;
    const struct balm_guard *const guards[] = {&held};
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_kept kept;
    struct balm_err err;

    open_all(fixture);
    held.store = fixture->engine.store;
    fixture->engine.guards = guards;
    fixture->engine.guard_count = 1;
    run(fixture, "Own.On", holds_at_once, 1);
    kept = load(fixture, text_at(fixture, "run"));
    for (int i = 0; i <= 250; i++) {
        const char *by =
            balm_arena_printf(&fixture->arena, "01a213ed-3129-77c6-9028-%012x", (unsigned)i);
        struct balm_item hold;
        finding = finding_for(fixture, "Own.On");
        if (i < 250) balm_map_set(&fixture->arena, finding.resource, "Name", balm_string(by));
        balm_hold_make(&hold, &(struct balm_hold){"Own.On", &finding, by, true, 7},
                       &fixture->arena);
        OK(balm_ledger_undone(fixture->engine.ledger, &kept, by, &hold, &err));
    }
    run(fixture, "Own.On", NULL, 0);
    assert_string_equal(text_at(fixture, "reason"), "held");
}

static bool never(void *owner)
{
    (void)owner;
    return false;
}

static void a_run_verified_later_is_fixed(void **state)
{
    static const struct answer answers[] = {
        {GET, "{}", NULL, 0}, {PUT, "{}", NULL, 0}, {GET, "{}", NULL, 0}};
    struct balm_ledger_filter filter = {.which = BALM_LEDGER_UNVERIFIED};
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding, .look_again = never};
    struct balm_kept kept;
    struct balm_err err;

    open_all(fixture);
    finding = finding_for(fixture, "Own.On");
    expect_calls(fixture, answers, COUNT(answers));
    run_order(fixture, &order);
    assert_string_equal(text_at(fixture, "status"), "unverified");
    assert_int_equal(count_listed(fixture, &filter), 1);
    kept = load(fixture, text_at(fixture, "0.run"));
    assert_true(balm_is_null(kept.after));
    OK(balm_ledger_verified(fixture->engine.ledger, &kept, balm_string("left"), &err));
    assert_int_equal(count_listed(fixture, &filter), 0);
    kept = load(fixture, kept.run);
    assert_true(balm_is_text(kept.after, "left"));
    fixture->result = balm_kept_value(&kept, &fixture->arena);
    expect_json(fixture, "status", "\"fixed\"");
    expect_json(fixture, "verified", "true");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_write_is_recorded_before_it_is_sent),
        TEST(a_write_that_cannot_be_recorded_is_not_made),
        TEST(a_run_that_writes_nothing_takes_one_commit),
        TEST(a_run_of_one_write_takes_two_commits),
        TEST(the_source_is_kept_once_also_by_another_process),
        TEST(a_ledger_that_can_remember_nothing_records_all_the_same),
        TEST(what_a_run_found_and_left_comes_back),
        TEST(a_secret_is_sealed_wherever_a_script_put_it),
        TEST(the_external_id_of_an_association_is_kept_for_undo_and_shown_to_nobody),
        TEST(an_external_id_for_all_is_not_kept_as_it_may_be_another_by_then),
        TEST(a_result_too_long_for_one_commit_is_kept_in_pieces),
        TEST(a_result_of_control_characters_is_kept_as_well),
        TEST(a_result_of_long_names_is_kept_as_well),
        TEST(what_waits_for_the_disk_is_not_sent_when_the_run_is_aborted),
        TEST(a_run_may_be_dropped_while_it_waits_for_the_disk),
        TEST(a_run_that_vanished_is_told_with_its_writes),
        cmocka_unit_test(a_process_is_known_by_its_birth),
        TEST(a_run_is_found_by_the_beginning_of_its_id),
        TEST(what_names_no_run_is_refused),
        TEST(runs_are_listed_newest_first_and_filtered),
        TEST(a_long_list_is_read_page_by_page),
        TEST(what_is_held_is_not_fixed_until_its_undo_is_undone),
        TEST(however_many_resources_are_held_none_is_fixed),
        TEST(a_run_verified_later_is_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
