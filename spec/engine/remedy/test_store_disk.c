/* A store over SQLite where the disk is slow, full or failing, and where memory runs out. */
#include "store_sqlite_fixture.h"

#include "core/file.h"

#include <signal.h>
#include <sys/resource.h>

/* ---- disks ---- */

static void fill_a_disk(int out)
{
    struct rlimit limit = {.rlim_cur = 300000, .rlim_max = RLIM_INFINITY};
    int64_t last = 0;
    char *text = balm_arena_alloc(&fixture.arena, 20000);
    struct balm_store_request *request = try_put(0);
    (void)out;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    memset(text, 'x', 20000);
    while (!request->err.code && last < 1000) {
        struct balm_change changes[2];
        last++;
        changes[0] = change_of(&fixture, "a", "{}");
        balm_map_set(&fixture.arena, changes[0].item.value, "n", balm_int(last));
        changes[1] = change_of(&fixture, balm_arena_printf(&fixture.arena, "b%d", (int)last), "{}");
        balm_map_set(&fixture.arena, changes[1].item.value, "x", balm_string_n(text, 20000));
        request = commit(&fixture, changes, 2);
    }
    fails(request, BALM_E_IO, "is full");
    assert_true(request->err.retryable);
    assert_int_equal(number(), last - 1); /* reads go on */
    limit.rlim_cur = RLIM_INFINITY;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    succeeds(try_put(last)); /* and so does the rest, once there is room */
    assert_int_equal(number(), last);
}

static void says_that_the_disk_is_full_and_goes_on_when_it_is_not(void **state)
{
    (void)state;
    ends_well(start_process(fill_a_disk, -1));
}

static void reports_a_disk_that_does_not_keep_what_it_takes(void **state)
{
    (void)state;
    succeeds(try_put(1));
    atomic_store(&syncs_fail, 1);
    fails(try_put(2), BALM_E_IO, "cannot be read or written (Input/output error");
    succeeds(try_put(3));
    assert_int_equal(number(), 3);
}

/* The file, its name, its log, the name of that, and the commit. */
static void makes_a_store_with_five_syncs(void **state)
{
    int before = atomic_load(&syncs);
    (void)state;
    succeeds(try_put(1));
    assert_int_equal(atomic_load(&syncs) - before, 5);
}

static void leaves_no_part_of_a_store_that_could_not_be_made(void **state)
{
    (void)state;
    atomic_store(&syncs_fail, 1);
    fails(try_put(1), BALM_E_IO, "cannot be opened (Input/output error)");
    assert_false(balm_file_exists(fixture.path));
    succeeds(try_put(2));
    assert_int_equal(number(), 2);
}

/* Whatever call fails, a commit that was answered with success is kept, and one that was not is
   there whole or not at all. */
static void loses_nothing_when_any_one_call_fails(void **state)
{
    int64_t kept = 0;
    int failures = 0;
    (void)state;
    succeeds(try_put(0));
    let_calls_fail(true);
    for (int at = 1; at < 60; at++) {
        int64_t n = at;
        struct balm_store_request *request;
        if (at % 2) reopen(); /* opening has calls of its own */
        atomic_store(&calls_until, at);
        request = try_put(n);
        atomic_store(&calls_until, 0);
        if (request->err.code == BALM_OK) {
            kept = n;
        } else {
            assert_int_equal(request->err.code, BALM_E_IO);
            failures++;
            if (number() == n) kept = n;
        }
        assert_int_equal(number(), kept);
    }
    assert_true(failures > 5);
}

/* ---- memory ---- */

static sqlite3_mem_methods real_memory;
static atomic_int memory_until; /* an allocation of SQLite's fails; 0: none does */

static bool memory_fails(void)
{
    int left = atomic_load(&memory_until);
    return left > 0 && atomic_fetch_sub(&memory_until, 1) == 1;
}

static void *failing_malloc(int size)
{
    return memory_fails() ? NULL : real_memory.xMalloc(size);
}

static void *failing_realloc(void *old, int size)
{
    return memory_fails() ? NULL : real_memory.xRealloc(old, size);
}

static void let_memory_fail(void)
{
    sqlite3_mem_methods failing;
    assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    failing = real_memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
}

static void let_memory_be(void)
{
    balm_store_release(fixture.store);
    fixture.store = NULL;
    assert_int_equal(sqlite3_shutdown(), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &real_memory), SQLITE_OK);
}

static void loses_nothing_when_any_one_allocation_fails(void **state)
{
    int64_t kept = 0;
    int failures = 0;
    (void)state;
    let_memory_fail();
    succeeds(try_put(0));
    for (int at = 1; at < 400; at += 3) {
        struct balm_store_request *request;
        if (at % 2) reopen();
        atomic_store(&memory_until, at);
        request = try_put(at);
        atomic_store(&memory_until, 0);
        if (request->err.code == BALM_OK) {
            kept = at;
        } else {
            assert_int_equal(request->err.code, BALM_E_NOMEM);
            failures++;
        }
        assert_int_equal(number(), kept);
    }
    let_memory_be();
    assert_true(failures > 20);
}

static void commits_in_groups(void **state)
{
    enum { COMMITS = 1000 };
    struct balm_store_request *requests[COMMITS];
    int before;
    int64_t started;
    (void)state;
    put(&fixture, "first", "{}");
    before = atomic_load(&syncs);
    started = balm_clock_mono();
    for (int i = 0; i < COMMITS; i++) {
        struct outcome *outcome = new_outcome(&fixture);
        struct balm_change change =
            change_of(&fixture, balm_arena_printf(&fixture.arena, "%d", i), "{\"a\":1}");
        balm_store_commit(fixture.store, &outcome->request, &change, 1);
        requests[i] = &outcome->request;
    }
    settle(&fixture);
    for (int i = 0; i < COMMITS; i++) {
        succeeds(requests[i]);
    }
    print_message("%d commits, %d syncs, %d us\n", COMMITS, atomic_load(&syncs) - before,
                  (int)((balm_clock_mono() - started) / 1000));
    assert_true(atomic_load(&syncs) - before < COMMITS / 10);
}

/* SQLite alone makes two calls for each of its 4 KB. */
static void writes_a_commit_in_few_pieces(void **state)
{
    enum { CALLS = 1000 };
    char *text = balm_arena_alloc(&fixture.arena, 1000001);
    struct balm_change change = change_of(&fixture, "large", "{}");
    (void)state;
    put(&fixture, "a", "{}");
    memset(text, 'x', 1000000);
    text[1000000] = '\0';
    balm_map_set(&fixture.arena, change.item.value, "text", balm_string(text));
    let_calls_fail(true);
    atomic_store(&calls_until, CALLS);
    succeeds(commit(&fixture, &change, 1));
    assert_true(CALLS - atomic_load(&calls_until) < 20);
    reopen();
    assert_true(balm_equal(get(&fixture, "large").value, change.item.value));
}

static void undoes_no_neighbour_of_a_conflict(void **state)
{
    struct outcome *outcomes[30];
    (void)state;
    put(&fixture, "there", "{}");
    atomic_store(&sync_ms, 50); /* so that what follows waits, and goes together */
    for (int i = 0; i < 30; i++) {
        struct balm_change changes[2];
        changes[0] = change_of(&fixture, balm_arena_printf(&fixture.arena, "%02d", i), "{}");
        changes[1] = change_of(&fixture, "there", NULL);
        changes[1].only_checked = true;
        changes[1].condition = i % 3 == 0 ? BALM_ABSENT : BALM_ALWAYS;
        outcomes[i] = new_outcome(&fixture);
        balm_store_commit(fixture.store, &outcomes[i]->request, changes, 2);
    }
    settle(&fixture);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(outcomes[i]->request.conflict, i % 3 == 0);
        holds(&fixture, balm_arena_printf(&fixture.arena, "%02d", i), i % 3 ? "{}" : "null");
    }
}

static void count_turn(void *owner)
{
    ++*(int *)owner;
}

static void never_makes_the_loop_wait_for_the_disk(void **state)
{
    struct balm_timer timers[20] = {{0}};
    struct outcome *outcome = new_outcome(&fixture);
    struct balm_change change = change_of(&fixture, "a", "{}");
    int64_t started;
    int turns = 0;
    (void)state;
    put(&fixture, "b", "{}");
    atomic_store(&sync_ms, 200);
    started = balm_clock_mono();
    for (int i = 0; i < 20; i++) {
        balm_timer_set(fixture.loop, &timers[i], i * INT64_C(5000000), count_turn, &turns);
    }
    balm_store_commit(fixture.store, &outcome->request, &change, 1);
    while (turns < 20) {
        balm_timer_set(fixture.loop, &timers[0], 0, count_turn, &turns);
        balm_loop_run(fixture.loop);
    }
    succeeds(&outcome->request);
    assert_true(balm_clock_mono() - started >= INT64_C(200000000));
}

static void removes_what_has_expired_a_little_at_a_time(void **state)
{
    sqlite3 *db;
    sqlite3_stmt *count;
    (void)state;
    for (int i = 0; i < 200; i++) {
        struct balm_change change =
            change_of(&fixture, balm_arena_printf(&fixture.arena, "%d", i), "{}");
        change.item.expires = 1;
        if (i == 199) change.item.expires = 0;
        succeeds(commit(&fixture, &change, 1));
    }
    reopen(); /* which has swept nothing yet */
    for (int i = 0; i < 5; i++) {
        put(&fixture, "stays", "{}");
    }
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM items", -1, &count, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 2);
    sqlite3_finalize(count);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(says_that_the_disk_is_full_and_goes_on_when_it_is_not),
        TEST(reports_a_disk_that_does_not_keep_what_it_takes),
        TEST(makes_a_store_with_five_syncs),
        TEST(leaves_no_part_of_a_store_that_could_not_be_made),
        TEST(loses_nothing_when_any_one_call_fails),
        TEST(loses_nothing_when_any_one_allocation_fails),
        TEST(commits_in_groups),
        TEST(writes_a_commit_in_few_pieces),
        TEST(undoes_no_neighbour_of_a_conflict),
        TEST(never_makes_the_loop_wait_for_the_disk),
        TEST(removes_what_has_expired_a_little_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
