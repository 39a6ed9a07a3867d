/*
 * What is kept of a run, and when.
 */
#include "ledger_fixture.h"

/* ---- before and after a write ---- */

static struct fixture *watched;

/* What stands in AWS's place sees what the store holds by then. */
static void ask_after_the_record(struct balm_gate *gate, struct balm_question *question)
{
    if (balm_call_is_write(question->call)) {
        assert_int_equal(count_items(watched, "of/", "call.00001"), 1);
        assert_int_equal(count_items(watched, "open", ""), 1);
        assert_int_equal(count_items(watched, "script", ""), 1);
    } else {
        assert_int_equal(count_items(watched, "of/", "call.00001"),
                         ((struct fake *)gate)->asked > 1 ? 1 : 0);
    }
    assert_int_equal(count_items(watched, "run/", ""), 0);
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
    assert_int_equal(count_items(watched, "run/", ""), 1);
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
    assert_int_equal(count_items(fixture, "of/", "call.00001"), 2);
}

/* It may be long. */
static void of_runs_that_begin_together_one_brings_the_source(void **state)
{
    struct fixture *fixture = *state;
    struct balm_finding finding;
    struct balm_order order = {
        .finding = &finding, .action = BALM_ACTION_FIX, .instead_of_aws = &fixture->fake.link};
    struct balm_run *runs[3];
    struct balm_err err;

    write_file(fixture, "own_write.lua",
               "return { id = 'Own.Write', parameters = {}, fix = function(s, r)\n"
               "  s:client('s3'):put_bucket_versioning { Bucket = r.Name,\n"
               "    VersioningConfiguration = { Status = 'Enabled' } } end }");
    open_all(fixture);
    fixture->fake.never_answers = true;
    finding = finding_for(fixture, "Own.Write");
    for (size_t i = 0; i < COUNT(runs); i++) {
        OK(balm_run_start(&runs[i], &fixture->engine, &order, keep_result, fixture, &err));
    }
    while (count_items(fixture, "open", "") < COUNT(runs)) {
        turn(fixture);
    }
    /* Each asked whether it is there; one brought it, and the others asked again. */
    assert_int_equal(fixture->engine.store->commits, 2 * COUNT(runs));
    assert_int_equal(count_items(fixture, "script", ""), 1);
    for (size_t i = 0; i < COUNT(runs); i++) {
        balm_run_release(runs[i]);
    }
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

/* The disk fails, or the process is killed, between two of them. */
static void a_run_whose_end_is_there_in_part_can_be_undone(void **state)
{
    struct fixture *fixture = *state;
    struct balm_ledger_filter filter = {.limit = 0};
    struct balm_kept kept;
    struct balm_err err;

    open_all(fixture);
    write_file(fixture, "own_long.lua",
               "return { id = 'Own.Long', parameters = {}, fix = function(s, r)\n"
               "  s:client('s3'):put_bucket_versioning { Bucket = r.Name,\n"
               "    VersioningConfiguration = { Status = 'Enabled' } } end,\n"
               "  check = function(s, r)\n"
               "    local v = s:client('s3'):get_bucket_versioning { Bucket = r.Name }\n"
               "    return v.Status == 'Enabled', { Text = ('x'):rep(3000000) } end }");
    fixture->engine.store->fails_from = 4;
    fixture->engine.store->fails_with = BALM_E_IO;
    run(fixture, "Own.Long", fixes, COUNT(fixes));
    assert_int_equal(count_items(fixture, "of/", "end."), 1);
    assert_int_equal(count_listed(fixture, &filter), 1);
    kept = load(fixture, text_at(fixture, "0.run"));
    assert_true(balm_is_null(kept.result));
    assert_string_equal(balm_get_string(kept.began, "remediation", ""), "Own.Long");

    fixture->engine.store->fails_from = 0;
    OK(balm_ledger_undone(fixture->engine.ledger, &kept, "01a213ed-3129-77c6-9028-dcede58000ba",
                          NULL, &err));
    kept = load(fixture, kept.run);
    assert_string_equal(balm_get_string(kept.head, "status", ""), "unfinished");
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

/* Escaped it is six times as long: what the run may hold is no measure of what is told of it. */
static void a_result_longer_as_text_than_the_run_may_hold_is_kept_as_well(void **state)
{
    struct fixture *fixture = *state;

    open_all(fixture);
    fixture->engine.limits.memory = (size_t)8 << 20;
    write_file(fixture, "own_long.lua",
               "return { id = 'Own.Long', parameters = {}, fix = function() end,\n"
               "  check = function() local text = ('\\1'):rep(1000000)\n"
               "    return true, { text, text, text, text, text, text } end }");
    run(fixture, "Own.Long", NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "compliant");
    assert_int_equal(count_items(fixture, "run/", ""), 1);
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

/* What is told takes as much again as what it tells of. */
static void a_result_near_the_limit_of_memory_is_kept_as_well(void **state)
{
    static const struct answer answers[] = {{GET, "{}", NULL, 0},
                                            {GET, "{}", NULL, 0},
                                            {GET, "{}", NULL, 0},
                                            {GET, "{}", NULL, 0},
                                            {GET, "{}", NULL, 0}};
    struct fixture *fixture = *state;

    open_all(fixture);
    fixture->engine.limits.memory = (size_t)8 << 20;
    write_file(fixture, "own_long.lua",
               "return { id = 'Own.Long', parameters = {}, fix = function(s, r)\n"
               "  for _ = 1, 5 do s:client('s3'):get_bucket_versioning {\n"
               "    Bucket = r.Name, ExpectedBucketOwner = ('1'):rep(4000000) } end end }");
    run(fixture, "Own.Long", answers, COUNT(answers));
    assert_int_equal(balm_list_len(balm_path(fixture->result, "calls")), 5);
    assert_true(balm_equal(load(fixture, text_at(fixture, "run")).result, fixture->result));
}

/* Some are what a document has for its own. */
static void a_result_of_any_names_is_kept_as_it_is(void **state)
{
    struct fixture *fixture = *state;

    open_all(fixture);
    write_file(fixture, "own_long.lua",
               "return { id = 'Own.Long', parameters = {}, fix = function() end,\n"
               "  check = function() return true, { { ['$time'] = 'noon' },\n"
               "    { ['$ref'] = '#/a', ['b\"$'] = '\"$' }, '$', '' } end }");
    run(fixture, "Own.Long", NULL, 0);
    assert_string_equal(text_at(fixture, "status"), "compliant");
    assert_string_equal(text_at(fixture, "before.0.$time"), "noon");
    assert_true(balm_equal(load(fixture, text_at(fixture, "run")).result, fixture->result));
}

/* ---- runs that are ended from outside ---- */

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
    assert_int_equal(count_items(watched, "of/", "call.00001"), 2);
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

/* A map that is sealed for the run, in place of its first call; nobody needs the key for that. */
static void put_sealed_in_front(struct fixture *fixture, const char *id, struct balm_value secret)
{
    struct balm_arena *arena = &fixture->arena;
    struct kept_item *call =
        item_at(fixture->engine.store, balm_arena_printf(arena, "of/%s", id), "call.00001");
    struct balm_change change = {.item = {.partition = call->partition, .sort = "call.00001"}};
    struct balm_value sealed = balm_map(arena);
    struct balm_err err;

    *strchr(call->sort, '1') = '2';
    secret.secret = true;
    balm_map_set(arena, sealed, "x", secret);
    OK(balm_seal_value(seal, arena, sealed, id, &sealed, &err));
    change.item.value = balm_get(sealed, "x");
    apply(fixture->engine.store, &change);
}

/* What is trusted and what is acted upon must be one. */
static void what_a_run_was_to_do_is_not_taken_from_what_it_sealed(void **state)
{
    struct fixture *fixture = *state;
    struct balm_arena *arena = &fixture->arena;
    struct balm_value secret, forged;
    struct balm_kept kept;
    struct balm_err err;

    open_all(fixture);
    run(fixture, "Own.On", fixes, COUNT(fixes));
    forged = balm_map(arena);
    balm_map_set(arena, forged, "role", balm_string("another"));
    secret = balm_map(arena);
    balm_map_set(arena, secret, BALM_LEDGER_BEGAN, forged);
    put_sealed_in_front(fixture, text_at(fixture, "run"), secret);
    kept = load(fixture, text_at(fixture, "run"));
    if (balm_ledger_trust(fixture->engine.ledger, &kept, arena, &err)) return;
    assert_string_equal(balm_get_string(kept.began, "remediation", ""), "Own.On");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_write_is_recorded_before_it_is_sent),
        TEST(a_write_that_cannot_be_recorded_is_not_made),
        TEST(a_run_that_writes_nothing_takes_one_commit),
        TEST(a_run_of_one_write_takes_two_commits),
        TEST(the_source_is_kept_once_also_by_another_process),
        TEST(of_runs_that_begin_together_one_brings_the_source),
        TEST(a_ledger_that_can_remember_nothing_records_all_the_same),
        TEST(what_a_run_found_and_left_comes_back),
        TEST(a_secret_is_sealed_wherever_a_script_put_it),
        TEST(the_external_id_of_an_association_is_kept_for_undo_and_shown_to_nobody),
        TEST(an_external_id_for_all_is_not_kept_as_it_may_be_another_by_then),
        TEST(a_result_too_long_for_one_commit_is_kept_in_pieces),
        TEST(a_run_whose_end_is_there_in_part_can_be_undone),
        TEST(a_result_of_control_characters_is_kept_as_well),
        TEST(a_result_longer_as_text_than_the_run_may_hold_is_kept_as_well),
        TEST(a_result_of_long_names_is_kept_as_well),
        TEST(a_result_near_the_limit_of_memory_is_kept_as_well),
        TEST(a_result_of_any_names_is_kept_as_it_is),
        TEST(what_waits_for_the_disk_is_not_sent_when_the_run_is_aborted),
        TEST(a_run_may_be_dropped_while_it_waits_for_the_disk),
        TEST(a_run_that_vanished_is_told_with_its_writes),
        cmocka_unit_test(a_process_is_known_by_its_birth),
        TEST(what_is_held_is_not_fixed_until_its_undo_is_undone),
        TEST(however_many_resources_are_held_none_is_fixed),
        TEST(a_run_verified_later_is_fixed),
        TEST(what_a_run_was_to_do_is_not_taken_from_what_it_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
