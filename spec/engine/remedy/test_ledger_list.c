/*
 * How runs of the past are found and listed.
 */
#include "ledger_fixture.h"

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
    assert_int_equal(fixture->engine.store->reads, 3); /* what is open, the days, one page */
}

static void keep_done(void *owner, struct balm_store_request *request)
{
    assert_int_equal(request->err.code, BALM_OK);
    *(bool *)owner = true;
}

/* As its process would, now. */
static void end_by_hand(struct fixture *fixture, const char *id)
{
    struct balm_change end = {.item = {.sort = id, .value = balm_map(&fixture->arena)}};
    bool done = false;
    struct balm_store_request request = {.done = keep_done, .owner = &done};
    char day[BALM_DAY_SIZE];

    balm_ledger_day(day, id);
    end.item.partition = balm_arena_printf(&fixture->arena, "run/%s", day);
    balm_map_set(&fixture->arena, end.item.value, "run", balm_string(id));
    balm_map_set(&fixture->arena, end.item.value, "status", balm_string("fixed"));
    balm_store_commit(fixture->engine.store, &request, &end, 1);
    while (!done) {
        turn(fixture);
    }
}

static void runs_that_have_not_ended_are_listed_in_their_turn(void **state)
{
    struct balm_ledger_filter filter = {.limit = 0};
    struct fixture *fixture = *state;
    const char *id;

    open_all(fixture);
    begin_and_vanish(fixture);
    assert_int_equal(count_listed(fixture, &filter), 1);
    id = text_at(fixture, "0.run");
    fixture->fake.link.gate.ask = fake_ask;
    run(fixture, "Own.On", holds_at_once, 1);
    begin_and_vanish(fixture);
    assert_int_equal(count_listed(fixture, &filter), 3);
    expect_json(fixture, "0.status", "\"running\"");
    expect_json(fixture, "1.status", "\"compliant\"");
    expect_json(fixture, "2.status", "\"running\"");
    assert_string_equal(text_at(fixture, "2.run"), id);
    filter.limit = 2;
    assert_int_equal(count_listed(fixture, &filter), 2);
    assert_true(load(fixture, id).is_running);

    end_by_hand(fixture, id); /* what is open of it was read before */
    filter.limit = 0;
    assert_int_equal(count_listed(fixture, &filter), 3);
    expect_json(fixture, "2.status", "\"fixed\"");
    assert_string_equal(balm_get_string(load(fixture, id).head, "status", ""), "fixed");
}

static void what_is_damaged_keeps_no_other_run_from_its_turn(void **state)
{
    struct balm_ledger_filter filter = {.limit = 0};
    struct fixture *fixture = *state;
    struct kept_item *newest;

    open_all(fixture);
    begin_and_vanish(fixture);
    fixture->fake.link.gate.ask = fake_ask;
    run(fixture, "Own.On", holds_at_once, 1);
    begin_and_vanish(fixture);
    assert_int_equal(count_listed(fixture, &filter), 3);
    newest = item_at(fixture->engine.store, "open", text_at(fixture, "0.run"));
    free(newest->text);
    newest->text = strdup("{\"head\":7}");
    assert_int_equal(count_listed(fixture, &filter), 2);
    expect_json(fixture, "0.status", "\"compliant\"");
    expect_json(fixture, "1.status", "\"running\"");
    filter.which = BALM_LEDGER_UNFINISHED;
    assert_int_equal(count_listed(fixture, &filter), 0);
}

/* ---- what an earlier Balm kept ---- */

static struct balm_value value_of(struct fixture *fixture, const char *partition, const char *sort)
{
    struct kept_item *item = item_at(fixture->engine.store, partition, sort);
    struct balm_value value;
    struct balm_err err;

    assert_non_null(item);
    OK(balm_document_read(&fixture->arena, item->text, strlen(item->text), &value, &err));
    return value;
}

/* A table has no migration, and an earlier Balm may still write to it: `began` was an item of its
   own, and the head of a run that had not ended lay among the others. */
static void lay_out_as_before(struct fixture *fixture, const char *id)
{
    const char *of = balm_arena_printf(&fixture->arena, "of/%s", id);
    char day[BALM_DAY_SIZE];
    struct balm_change changes[5] = {
        {.item = {.partition = of,
                  .sort = "call.00001",
                  .value = value_of(fixture, of, "call.00001")}},
        {.item = {.partition = of, .sort = "began"}},
        {.item = {.partition = "open", .sort = id, .value = value_of(fixture, "open", id)}},
        {.item = {.sort = id}},
        {.item = {.partition = "days", .sort = day, .value = balm_map(&fixture->arena)}}};
    bool done = false;
    struct balm_store_request request = {.done = keep_done, .owner = &done};

    balm_ledger_day(day, id);
    changes[1].item.value =
        balm_copy(&fixture->arena, balm_get(changes[0].item.value, BALM_LEDGER_BEGAN));
    (void)balm_map_remove(changes[0].item.value, BALM_LEDGER_BEGAN);
    changes[3].item.partition = balm_arena_printf(&fixture->arena, "run/%s", day);
    changes[3].item.value =
        balm_copy(&fixture->arena, balm_get(changes[2].item.value, BALM_LEDGER_HEAD));
    (void)balm_map_remove(changes[2].item.value, BALM_LEDGER_HEAD);
    balm_store_commit(fixture->engine.store, &request, changes, COUNT(changes));
    while (!done) {
        turn(fixture);
    }
}

static void a_run_that_an_earlier_balm_kept_can_be_undone(void **state)
{
    struct fixture *fixture = *state;
    struct balm_ledger_filter filter = {.limit = 0};
    struct balm_kept kept;
    struct balm_err err;

    open_all(fixture);
    begin_and_vanish(fixture);
    assert_int_equal(count_listed(fixture, &filter), 1);
    lay_out_as_before(fixture, text_at(fixture, "0.run"));
    filter.which = BALM_LEDGER_UNFINISHED;
    assert_int_equal(count_listed(fixture, &filter), 0); /* its process is here */
    filter.which = BALM_LEDGER_ALL;
    assert_int_equal(count_listed(fixture, &filter), 1);
    kept = load(fixture, text_at(fixture, "0.run"));
    assert_string_equal(balm_get_string(kept.began, "remediation", ""), "Own.On");
    OK(balm_ledger_trust(fixture->engine.ledger, &kept, &fixture->arena, &err));
}

/* Its process is gone. */
static void end_process(struct fixture *fixture, const char *id)
{
    char *birth = strstr(item_at(fixture->engine.store, "open", id)->text, "\"birth\":");

    assert_non_null(birth);
    birth += strlen("\"birth\":");
    *birth = *birth == '1' ? '2' : '1';
}

static void runs_that_an_earlier_balm_began_are_listed_in_their_turn(void **state)
{
    struct fixture *fixture = *state;
    struct balm_ledger_filter filter = {.limit = 0};

    open_all(fixture);
    for (int i = 0; i < 2; i++) {
        begin_and_vanish(fixture);
        fixture->fake.link.gate.ask = fake_ask;
        run(fixture, "Own.On", holds_at_once, 1);
    }
    assert_int_equal(count_listed(fixture, &filter), 4);
    lay_out_as_before(fixture, text_at(fixture, "1.run"));
    assert_int_equal(count_listed(fixture, &filter), 4);
    expect_json(fixture, "1.status", "\"running\"");
    expect_json(fixture, "3.status", "\"running\"");
    end_process(fixture, text_at(fixture, "1.run"));
    filter.which = BALM_LEDGER_UNFINISHED;
    assert_int_equal(count_listed(fixture, &filter), 1);
    expect_json(fixture, "0.status", "\"unfinished\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_found_by_the_beginning_of_its_id),
        TEST(what_names_no_run_is_refused),
        TEST(runs_are_listed_newest_first_and_filtered),
        TEST(a_long_list_is_read_page_by_page),
        TEST(runs_that_have_not_ended_are_listed_in_their_turn),
        TEST(what_is_damaged_keeps_no_other_run_from_its_turn),
        TEST(a_run_that_an_earlier_balm_kept_can_be_undone),
        TEST(runs_that_an_earlier_balm_began_are_listed_in_their_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
