/* What every store does: SQLite, and DynamoDB when spec/e2e/test_store.py starts it so. */
#include "store_fixture.h"

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    return fixture_begin(&fixture);
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static struct balm_store_request *try(struct balm_change change)
{
    return commit(&fixture, &change, 1);
}

/* A change of item "a" to {"n":n} under a condition. */
static struct balm_change change_to(int64_t n, enum balm_condition condition, int64_t version)
{
    struct balm_change change = change_of(&fixture, "a", "{}");
    balm_map_set(&fixture.arena, change.item.value, "n", balm_int(n));
    change.condition = condition;
    change.item.version = version;
    return change;
}

/* The sort keys that a query gives, joined. */
static const char *found(const char *from, const char *to, bool newest_first, size_t limit)
{
    struct balm_store_query asked = {
        .partition = "p", .from = from, .to = to, .newest_first = newest_first, .limit = limit};
    struct balm_store_request *request = query(&fixture, &asked);
    const char *text = "";
    succeeds(request);
    for (size_t i = 0; i < request->count; i++) {
        assert_string_equal(request->items[i].partition, "p");
        text =
            balm_arena_printf(&fixture.arena, "%s%s%s", text, i ? " " : "", request->items[i].sort);
    }
    return text;
}

/* ---- items ---- */

static void reads_back_what_was_committed(void **state)
{
    struct balm_change change = change_of(&fixture, "a", "{\"text\":\"\\u0000\xc3\xa9\",\"n\":1}");
    struct balm_item item;
    int64_t expires = balm_clock_now() + 3600 * SECOND;
    (void)state;
    balm_map_set(&fixture.arena, change.item.value, "bytes", balm_bytes("\xff", 1));
    balm_map_set(&fixture.arena, change.item.value, "time", balm_time_value(1));
    balm_map_set(&fixture.arena, change.item.value, "five", balm_double(5));
    change.item.expires = expires;
    assert_true(succeeds(try(change)) > 0);
    item = get(&fixture, "a");
    assert_true(balm_equal(item.value, change.item.value));
    assert_int_equal(balm_get(item.value, "bytes").type, BALM_BYTES);
    assert_int_equal(balm_get(item.value, "time").type, BALM_TIME);
    assert_int_equal(balm_get(item.value, "five").type, BALM_DOUBLE);
    assert_string_equal(item.sort, "a");
    assert_int_equal(item.expires, expires);
}

static void reads_nothing_where_nothing_was_written(void **state)
{
    (void)state;
    assert_string_equal(found(NULL, NULL, false, 10), "");
    assert_int_equal(get(&fixture, "a").version, 0);
}

static void outlives_the_process_that_wrote(void **state)
{
    (void)state;
    put(&fixture, "a", "{\"n\":1}");
    balm_store_release(fixture.store);
    fixture.store = open_store(&fixture);
    holds(&fixture, "a", "{\"n\":1}");
}

static void tells_the_version_that_a_commit_gave(void **state)
{
    int64_t first = put(&fixture, "a", "{\"n\":1}");
    int64_t second = put(&fixture, "a", "{\"n\":2}");
    (void)state;
    assert_true(second > first);
    assert_int_equal(get(&fixture, "a").version, second);
}

static void removes_items(void **state)
{
    (void)state;
    put(&fixture, "a", "{}");
    put(&fixture, "a", NULL);
    holds(&fixture, "a", "null");
    put(&fixture, "a", NULL); /* again: nothing to do */
}

static void gives_an_item_made_again_a_version_of_its_own(void **state)
{
    int64_t first = put(&fixture, "a", "{\"n\":1}");
    (void)state;
    put(&fixture, "a", NULL);
    assert_true(put(&fixture, "a", "{\"n\":2}") > first);
    conflicts(try(change_to(3, BALM_AS_READ, first)));
    holds(&fixture, "a", "{\"n\":2}");
}

static void keeps_partitions_apart(void **state)
{
    struct balm_change other = {
        .item = {.partition = "p2", .sort = "a", .value = value_of(&fixture, "{\"n\":2}")}};
    (void)state;
    put(&fixture, "a", "{\"n\":1}");
    succeeds(try(other));
    holds(&fixture, "a", "{\"n\":1}");
    assert_string_equal(found(NULL, NULL, false, 10), "a");
}

/* ---- conditions ---- */

static void commits_where_nothing_is_only_once(void **state)
{
    (void)state;
    succeeds(try(change_to(1, BALM_ABSENT, 0)));
    conflicts(try(change_to(2, BALM_ABSENT, 0)));
    holds(&fixture, "a", "{\"n\":1}");
}

static void commits_where_something_is_there(void **state)
{
    (void)state;
    conflicts(try(change_to(1, BALM_PRESENT, 0)));
    put(&fixture, "a", "{\"n\":2}");
    succeeds(try(change_to(3, BALM_PRESENT, 0)));
    holds(&fixture, "a", "{\"n\":3}");
    struct balm_change check = change_to(4, BALM_PRESENT, 0);
    check.only_checked = true;
    succeeds(try(check));
    holds(&fixture, "a", "{\"n\":3}");
    check.item.sort = "b";
    conflicts(try(check));
}

static void commits_over_what_was_read_only_while_it_is_so(void **state)
{
    int64_t first = put(&fixture, "a", "{\"n\":1}");
    int64_t second = succeeds(try(change_to(2, BALM_AS_READ, first)));
    (void)state;
    conflicts(try(change_to(3, BALM_AS_READ, first)));
    succeeds(try(change_to(4, BALM_AS_READ, second)));
    holds(&fixture, "a", "{\"n\":4}");
}

static void takes_version_0_for_nothing_there(void **state)
{
    (void)state;
    succeeds(try(change_to(1, BALM_AS_READ, 0)));
    conflicts(try(change_to(2, BALM_AS_READ, 0)));
}

static void removes_only_what_was_read(void **state)
{
    int64_t version = put(&fixture, "a", "{}");
    struct balm_change change = change_of(&fixture, "a", NULL);
    (void)state;
    change.condition = BALM_AS_READ;
    change.item.version = version - 1;
    conflicts(try(change));
    change.item.version = version;
    succeeds(try(change));
    holds(&fixture, "a", "null");
    conflicts(try(change));
}

static void changes_all_or_nothing(void **state)
{
    struct balm_change changes[3];
    (void)state;
    put(&fixture, "b", "{\"n\":1}");
    changes[0] = change_of(&fixture, "a", "{}");
    changes[1] = change_of(&fixture, "b", "{}");
    changes[1].condition = BALM_ABSENT;
    changes[2] = change_of(&fixture, "c", "{}");
    conflicts(commit(&fixture, changes, 3));
    assert_string_equal(found(NULL, NULL, false, 10), "b");
    changes[1].condition = BALM_ALWAYS;
    succeeds(commit(&fixture, changes, 3));
    assert_string_equal(found(NULL, NULL, false, 10), "a b c");
    assert_int_equal(get(&fixture, "a").version, get(&fixture, "c").version);
}

static void checks_an_item_without_touching_it(void **state)
{
    int64_t version = put(&fixture, "lease", "{\"owner\":1}");
    struct balm_change changes[2];
    (void)state;
    changes[0] = change_of(&fixture, "lease", NULL);
    changes[0].condition = BALM_AS_READ;
    changes[0].item.version = version;
    changes[0].only_checked = true;
    changes[1] = change_of(&fixture, "a", "{}");
    succeeds(commit(&fixture, changes, 2));
    assert_int_equal(get(&fixture, "lease").version, version);
    put(&fixture, "lease", "{\"owner\":2}");
    changes[1] = change_of(&fixture, "a", "{\"n\":2}");
    conflicts(commit(&fixture, changes, 2));
    holds(&fixture, "a", "{}");
    holds(&fixture, "lease", "{\"owner\":2}");
    conflicts(commit(&fixture, changes, 1)); /* also when there is nothing else to do */
}

/* ---- expiry ---- */

static struct balm_change expired(const char *sort)
{
    struct balm_change change = change_of(&fixture, sort, "{\"n\":1}");
    change.item.expires = balm_clock_now() - SECOND;
    return change;
}

static void takes_what_has_expired_for_absent(void **state)
{
    int64_t version = succeeds(try(expired("a")));
    (void)state;
    put(&fixture, "b", "{}");
    holds(&fixture, "a", "null");
    assert_string_equal(found(NULL, NULL, false, 10), "b");
    conflicts(try(change_to(2, BALM_AS_READ, version)));
    conflicts(try(change_to(2, BALM_PRESENT, 0)));
    assert_true(succeeds(try(change_to(3, BALM_ABSENT, 0))) > version);
    holds(&fixture, "a", "{\"n\":3}");
}

static void gives_a_lease_to_the_next_when_it_ends(void **state)
{
    struct balm_change lease = change_to(1, BALM_ABSENT, 0);
    (void)state;
    put(&fixture, "b", "{}"); /* a store that is to be made takes a while */
    lease.item.expires = balm_clock_now() + SECOND;
    succeeds(try(lease));
    conflicts(try(change_to(2, BALM_ABSENT, 0)));
    while (balm_clock_now() <= lease.item.expires) {
        usleep(10000);
    }
    succeeds(try(change_to(3, BALM_ABSENT, 0)));
}

static void counts_no_expired_item_towards_a_limit(void **state)
{
    (void)state;
    succeeds(try(expired("a")));
    succeeds(try(expired("b")));
    put(&fixture, "c", "{}");
    put(&fixture, "d", "{}");
    assert_string_equal(found(NULL, NULL, false, 2), "c d");
}

/* ---- ranges ---- */

static void finds_items_in_the_order_of_their_bytes(void **state)
{
    static const char *const keys[] = {"a", "Z", "\xc3\xa9", "b/1", "a#", "b", "\xf0\x9f\x98\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        put(&fixture, keys[i], "{}");
    }
    assert_string_equal(found(NULL, NULL, false, 10), "Z a a# b b/1 \xc3\xa9 \xf0\x9f\x98\x80");
    assert_string_equal(found(NULL, NULL, true, 3), "\xf0\x9f\x98\x80 \xc3\xa9 b/1");
    assert_string_equal(found("a", "b", false, 10), "a a# b");
    assert_string_equal(found("a", "b", true, 2), "b a#");
    assert_string_equal(found("b", NULL, false, 2), "b b/1");
    assert_string_equal(found(NULL, "a", false, 10), "Z a");
    assert_string_equal(found("c", "c", false, 10), "");
    assert_string_equal(found("b", "a", false, 10), "");
}

static void finds_more_items_than_one_answer_holds(void **state)
{
    /* 40 of 60 KB each: DynamoDB gives a megabyte at a time. */
    enum { COUNT = 40, SIZE = 60000 };
    struct balm_store_query all = {.partition = "p", .limit = 1000};
    struct balm_store_request *request;
    struct balm_change change;
    char *large = balm_arena_alloc(&fixture.arena, SIZE);
    (void)state;
    memset(large, 'x', SIZE);
    for (int i = 0; i < COUNT; i++) {
        change = change_of(&fixture, balm_arena_printf(&fixture.arena, "%03d", i), "{}");
        balm_map_set(&fixture.arena, change.item.value, "x", balm_string_n(large, SIZE));
        succeeds(try(change));
    }
    request = query(&fixture, &all);
    succeeds(request);
    assert_int_equal(request->count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(strtol(request->items[i].sort, NULL, 10), i);
        assert_int_equal(balm_get(request->items[i].value, "x").len, SIZE);
    }
}

/* ---- sizes ---- */

static struct balm_change large(const char *sort, size_t size, char fill)
{
    struct balm_change change = change_of(&fixture, sort, "{}");
    char *text = balm_arena_alloc(&fixture.arena, size);
    memset(text, fill, size);
    balm_map_set(&fixture.arena, change.item.value, "x", balm_string_n(text, size));
    return change;
}

static void holds_large(const char *sort, size_t size, char fill)
{
    struct balm_value text = balm_get(get(&fixture, sort).value, "x");
    assert_int_equal(text.len, size);
    for (size_t i = 0; i < size; i++) {
        if (text.as.text[i] != fill) fail_msg("%s differs at %zu", sort, i);
    }
}

static void keeps_documents_larger_than_an_item_of_dynamodb(void **state)
{
    int64_t version = succeeds(try(large("a", 2500000, 'a')));
    struct balm_change change;
    (void)state;
    put(&fixture, "b", "{}");
    holds_large("a", 2500000, 'a');
    assert_int_equal(get(&fixture, "a").version, version);
    assert_string_equal(found(NULL, NULL, false, 10), "a b");
    change = large("a", 900000, 'b');
    change.condition = BALM_AS_READ;
    change.item.version = version - 1;
    conflicts(try(change));
    holds_large("a", 2500000, 'a');
    change.item.version = version;
    succeeds(try(change));
    holds_large("a", 900000, 'b');
    put(&fixture, "a", "{\"n\":1}");
    holds(&fixture, "a", "{\"n\":1}");
    succeeds(try(large("a", 900000, 'c')));
    put(&fixture, "a", NULL);
    holds(&fixture, "a", "null");
    succeeds(try(large("a", 800000, 'd')));
    holds_large("a", 800000, 'd');
}

static void refuses_what_cannot_be_kept(void **state)
{
    struct balm_change change = change_of(&fixture, "a", "{}");
    struct balm_value secret = balm_string("hunter2hunter2");
    (void)state;
    fails(commit(&fixture, &change, 0), BALM_E_ARG, "no changes");
    change.item.sort = "";
    fails(try(change), BALM_E_ARG, "sort");
    change.item.sort = "\xff";
    fails(try(change), BALM_E_ARG, "sort");
    change.item.sort = "a";
    change.item.partition = "";
    fails(try(change), BALM_E_ARG, "partition");
    change.item.partition = "p#"; /* where pieces lie */
    fails(try(change), BALM_E_ARG, "partition");
    change = change_of(&fixture, "a", "[]");
    fails(try(change), BALM_E_ARG, "a map");
    secret.secret = 1;
    change = change_of(&fixture, "a", "{\"b\":{}}");
    balm_map_set(&fixture.arena, *balm_map_get(change.item.value, "b"), "c", secret);
    fails(try(change), BALM_E_ARG, "secret");
    fails(try(large("a", BALM_STORE_COMMIT_MAX, 'x')), BALM_E_LIMIT, "bytes");
    assert_string_equal(found(NULL, NULL, false, 10), "");
}

static void refuses_too_many_changes_and_a_place_twice(void **state)
{
    struct balm_change changes[BALM_STORE_CHANGES_MAX + 1];
    (void)state;
    for (int i = 0; i <= BALM_STORE_CHANGES_MAX; i++) {
        changes[i] = change_of(&fixture, balm_arena_printf(&fixture.arena, "%03d", i), "{}");
    }
    fails(commit(&fixture, changes, BALM_STORE_CHANGES_MAX + 1), BALM_E_LIMIT, "at most 80");
    succeeds(commit(&fixture, changes, BALM_STORE_CHANGES_MAX));
    changes[1] = changes[0];
    fails(commit(&fixture, changes, 2), BALM_E_ARG, "twice");
}

static void refuses_a_read_without_key_or_limit(void **state)
{
    struct balm_store_query asked = {.partition = "", .limit = 1};
    (void)state;
    fails(query(&fixture, &asked), BALM_E_ARG, "partition");
    asked = (struct balm_store_query){.partition = "p"};
    fails(query(&fixture, &asked), BALM_E_ARG, "no items");
}

/* ---- under way together ---- */

static void keeps_the_order_in_which_it_was_asked(void **state)
{
    struct balm_store_query one = {.partition = "p", .from = "a", .to = "a", .limit = 1};
    struct balm_store_request *reads[20];
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct outcome *writing = new_outcome(&fixture);
        struct outcome *reading = new_outcome(&fixture);
        struct balm_change change = change_to(i, BALM_ALWAYS, 0);
        balm_store_commit(fixture.store, &writing->request, &change, 1);
        balm_store_read(fixture.store, &reading->request, &one);
        reads[i] = &reading->request;
    }
    settle(&fixture);
    for (int i = 0; i < 20; i++) {
        succeeds(reads[i]);
        assert_int_equal(balm_get_int(reads[i]->items[0].value, "n", -1), i);
    }
}

/* What was just found to be empty is not taken to be so still. */
static void finds_what_was_written_between_two_reads(void **state)
{
    const struct balm_store_query all = {.partition = "p", .limit = 9};
    const struct balm_store_query other = {.partition = "q", .limit = 9};
    struct balm_store_request *reads[6];
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct outcome *reading = new_outcome(&fixture);
        struct outcome *writing = new_outcome(&fixture);
        struct balm_change change = change_to(i, BALM_ALWAYS, 0);
        balm_store_read(fixture.store, &reading->request, i % 3 == 2 ? &other : &all);
        reads[i] = &reading->request;
        if (i == 3) balm_store_commit(fixture.store, &writing->request, &change, 1);
    }
    settle(&fixture);
    for (int i = 0; i < 6; i++) {
        succeeds(reads[i]);
        assert_int_equal(reads[i]->count, i == 4 ? 1 : 0);
    }
}

static void takes_a_value_that_is_written_already(void **state)
{
    static const char document[] = "{\"at\":{\"$time\":\"1970-01-01T00:00:00Z\"}}";
    struct balm_change change = {.item = {.partition = "p", .sort = "a"},
                                 .document = document,
                                 .document_len = sizeof document - 1};
    struct balm_store_request *read;
    (void)state;
    succeeds(commit(&fixture, &change, 1));
    read = query(&fixture, &(struct balm_store_query){.partition = "p", .limit = 1});
    assert_int_equal(read->count, 1);
    assert_int_equal(balm_get(read->items[0].value, "at").type, BALM_TIME);
}

static void gives_a_race_to_one_alone(void **state)
{
    struct balm_store_request *requests[50];
    int won = 0;
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct outcome *outcome = new_outcome(&fixture);
        struct balm_change change = change_to(i, BALM_ABSENT, 0);
        balm_store_commit(fixture.store, &outcome->request, &change, 1);
        requests[i] = &outcome->request;
    }
    settle(&fixture);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(requests[i]->err.code, BALM_OK);
        won += !requests[i]->conflict;
    }
    assert_int_equal(won, 1);
    holds(&fixture, "a", "{\"n\":0}");
}

/* Adds one to a counter, as often as it takes, with its request used again from within done. */
struct counter {
    struct balm_store_request request;
    struct balm_arena arena;
    struct balm_store *store;
    int left;
};

static void read_counter(struct counter *counter);

static void on_counted(void *owner, struct balm_store_request *request)
{
    struct counter *counter = owner;
    succeeds(&(struct balm_store_request){.err = request->err});
    if (!request->conflict) counter->left--;
    if (counter->left > 0) read_counter(counter);
}

static void on_counter_read(void *owner, struct balm_store_request *request)
{
    struct counter *counter = owner;
    struct balm_change change = {
        .item = {.partition = "p", .sort = "a", .value = balm_map(&counter->arena)},
        .condition = BALM_AS_READ};
    int64_t n = 0;
    succeeds(request);
    if (request->count) {
        change.item.version = request->items[0].version;
        n = balm_get_int(request->items[0].value, "n", -1);
    }
    balm_map_set(&counter->arena, change.item.value, "n", balm_int(n + 1));
    request->done = on_counted;
    balm_store_commit(counter->store, request, &change, 1);
}

static void read_counter(struct counter *counter)
{
    struct balm_store_query one = {.partition = "p", .from = "a", .to = "a", .limit = 1};
    counter->request.done = on_counter_read;
    balm_store_read(counter->store, &counter->request, &one);
}

static void loses_no_count_between_two_stores(void **state)
{
    enum { COUNTERS = 6, EACH = 5 };
    static struct counter counters[COUNTERS];
    struct balm_store *other = open_store(&fixture);
    (void)state;
    for (int i = 0; i < COUNTERS; i++) {
        counters[i] = (struct counter){.store = i % 2 ? other : fixture.store, .left = EACH};
        counters[i].request.owner = &counters[i];
        counters[i].request.arena = &counters[i].arena;
        read_counter(&counters[i]);
    }
    settle(&fixture);
    holds(&fixture, "a", "{\"n\":30}");
    for (int i = 0; i < COUNTERS; i++) {
        balm_arena_free(&counters[i].arena);
    }
    balm_store_release(other);
}

static void answers_nobody_who_was_forgotten(void **state)
{
    struct balm_store_query one = {.partition = "p", .limit = 1};
    struct balm_store_query wrong = {.partition = "", .limit = 1};
    struct outcome *outcomes[3];
    struct balm_change change = change_to(1, BALM_ALWAYS, 0);
    (void)state;
    for (int i = 0; i < 3; i++) {
        outcomes[i] = new_outcome(&fixture);
    }
    balm_store_commit(fixture.store, &outcomes[0]->request, &change, 1);
    balm_store_read(fixture.store, &outcomes[1]->request, &one);
    balm_store_read(fixture.store, &outcomes[2]->request, &wrong);
    for (int i = 0; i < 3; i++) {
        balm_store_forget(fixture.store, &outcomes[i]->request);
        balm_store_forget(fixture.store, &outcomes[i]->request);
    }
    settle(&fixture);
    for (int i = 0; i < 3; i++) {
        assert_false(outcomes[i]->done);
    }
}

static void may_be_released_with_work_under_way(void **state)
{
    struct balm_store_query one = {.partition = "p", .limit = 1};
    struct outcome *reading = new_outcome(&fixture);
    (void)state;
    put(&fixture, "a", "{}");
    balm_store_read(fixture.store, &reading->request, &one);
    balm_store_release(fixture.store);
    fixture.store = open_store(&fixture);
    settle(&fixture);
    assert_false(reading->done);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reads_back_what_was_committed),
        TEST(reads_nothing_where_nothing_was_written),
        TEST(outlives_the_process_that_wrote),
        TEST(tells_the_version_that_a_commit_gave),
        TEST(removes_items),
        TEST(gives_an_item_made_again_a_version_of_its_own),
        TEST(keeps_partitions_apart),
        TEST(commits_where_nothing_is_only_once),
        TEST(commits_where_something_is_there),
        TEST(commits_over_what_was_read_only_while_it_is_so),
        TEST(takes_version_0_for_nothing_there),
        TEST(removes_only_what_was_read),
        TEST(changes_all_or_nothing),
        TEST(checks_an_item_without_touching_it),
        TEST(takes_what_has_expired_for_absent),
        TEST(gives_a_lease_to_the_next_when_it_ends),
        TEST(counts_no_expired_item_towards_a_limit),
        TEST(finds_items_in_the_order_of_their_bytes),
        TEST(finds_more_items_than_one_answer_holds),
        TEST(keeps_documents_larger_than_an_item_of_dynamodb),
        TEST(refuses_what_cannot_be_kept),
        TEST(refuses_too_many_changes_and_a_place_twice),
        TEST(refuses_a_read_without_key_or_limit),
        TEST(keeps_the_order_in_which_it_was_asked),
        TEST(finds_what_was_written_between_two_reads),
        TEST(takes_a_value_that_is_written_already),
        TEST(gives_a_race_to_one_alone),
        TEST(loses_no_count_between_two_stores),
        TEST(answers_nobody_who_was_forgotten),
        TEST(may_be_released_with_work_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
