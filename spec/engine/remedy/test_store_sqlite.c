/* What a store over SQLite does besides: files that are damaged or not ours, other processes, and
   the end of one's own. */
#include "store_sqlite_fixture.h"

#include "core/file.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define NOBODY 65534

static void by_hand(const char *statements)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 0777;
}

/* ---- the file ---- */

static void makes_file_and_folders_for_the_owner_alone(void **state)
{
    char deeper[2][SCRATCH_MAX + 32];
    (void)state;
    (void)snprintf(deeper[0], sizeof deeper[0], "%s/one", fixture.folder);
    (void)snprintf(deeper[1], sizeof deeper[1], "%s/one/two", fixture.folder);
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/one/two/x", fixture.folder);
    (void)snprintf(fixture.url, sizeof fixture.url, "sqlite:%s", fixture.path);
    reopen();
    put(&fixture, "a", "{}");
    assert_int_equal(mode_of(fixture.path), 0600);
    assert_int_equal(mode_of(balm_arena_printf(&fixture.arena, "%s-wal", fixture.path)), 0600);
    assert_int_equal(mode_of(deeper[1]), 0700);
    assert_int_equal(mode_of(deeper[0]), 0700);
    balm_store_release(fixture.store);
    fixture.store = NULL;
    fixture_remove_files(&fixture);
    rmdir(deeper[1]);
    rmdir(deeper[0]);
}

static void counts_no_memory(void **state)
{
    (void)state;
    put(&fixture, "a", "{}");
    assert_int_equal(sqlite3_memory_used(), 0);
}

static void makes_no_file_for_a_read(void **state)
{
    (void)state;
    holds(&fixture, "a", "null");
    assert_false(balm_file_exists(fixture.path));
}

static void goes_on_in_a_new_file_when_the_old_was_taken_away(void **state)
{
    (void)state;
    put(&fixture, "a", "{\"n\":1}");
    fixture_remove_files(&fixture);
    holds(&fixture, "a", "null");
    put(&fixture, "a", "{\"n\":2}");
    reopen();
    holds(&fixture, "a", "{\"n\":2}");
}

static void write_and_be_killed(int out)
{
    (void)out;
    put(&fixture, "a", "{\"n\":1}");
    put(&fixture, "old", "{}");
    _exit(0); /* the log stays, with all that was written */
}

static void takes_no_log_of_a_file_that_was_taken_away(void **state)
{
    (void)state;
    ends_well(start_process(write_and_be_killed, -1));
    assert_true(balm_file_exists(balm_arena_printf(&fixture.arena, "%s-wal", fixture.path)));
    assert_int_equal(unlink(fixture.path), 0);
    put(&fixture, "a", "{\"n\":2}");
    reopen();
    holds(&fixture, "a", "{\"n\":2}");
    holds(&fixture, "old", "null");
}

static void leaves_an_empty_log_when_all_is_closed(void **state)
{
    const char *log = balm_arena_printf(&fixture.arena, "%s-wal", fixture.path);
    struct stat status;
    (void)state;
    put(&fixture, "a", "{\"n\":1}");
    balm_store_release(fixture.store);
    fixture.store = NULL;
    assert_int_equal(stat(log, &status), 0);
    assert_int_equal(status.st_size, 0); /* the store alone is all that a copy needs */
    reopen();
    holds(&fixture, "a", "{\"n\":1}");
}

static void leaves_no_log_where_others_may_use_the_store(void **state)
{
    const char *log = balm_arena_printf(&fixture.arena, "%s-wal", fixture.path);
    const char *shared = balm_arena_printf(&fixture.arena, "%s-shm", fixture.path);
    (void)state;
    put(&fixture, "a", "{\"n\":1}");
    assert_int_equal(chmod(fixture.path, 0660), 0);
    reopen();
    put(&fixture, "b", "{\"n\":2}");
    balm_store_release(fixture.store);
    fixture.store = NULL;
    assert_false(balm_file_exists(log)); /* it would be this user's, and not the next one's */
    assert_false(balm_file_exists(shared));
    reopen();
    holds(&fixture, "b", "{\"n\":2}");
}

static void takes_no_name_for_something_else(void **state)
{
    char before[SCRATCH_MAX];
    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(fixture.folder), 0);
    (void)snprintf(fixture.url, sizeof fixture.url, "sqlite::memory:");
    (void)snprintf(fixture.path, sizeof fixture.path, "%s/:memory:", fixture.folder);
    reopen();
    put(&fixture, "a", "{}");
    assert_true(balm_file_exists(fixture.path));
    assert_int_equal(chdir(before), 0);
}

static void refuses_urls_that_are_none(void **state)
{
    static const char *const wrong[] = {"", "sqlite:", "balm.db", "postgres:x"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct balm_store_setup setup = {.url = wrong[i], .loop = fixture.loop};
        struct balm_store *store = NULL;
        struct balm_err err;
        assert_int_equal(balm_store_open(&store, &setup, &err), BALM_E_ARG);
        assert_non_null(strstr(err.message, "sqlite:PATH"));
    }
}

static void lies_below_the_state_directory_when_nobody_says(void **state)
{
    (void)state;
    setenv("XDG_STATE_HOME", "/state", 1);
    setenv("HOME", "/home/x", 1);
    assert_string_equal(balm_store_default_url(&fixture.arena), "sqlite:/state/balm/balm.db");
    setenv("XDG_STATE_HOME", "relative", 1);
    assert_string_equal(balm_store_default_url(&fixture.arena),
                        "sqlite:/home/x/.local/state/balm/balm.db");
    unsetenv("HOME");
    assert_null(balm_store_default_url(&fixture.arena));
}

/* ---- files that are not as they should be ---- */

static void refuses_a_file_that_is_no_store(void **state)
{
    static const char text[] =
        "not at all a database, but long enough to be taken for one: 1234567";
    struct balm_err err;
    (void)state;
    assert_int_equal(balm_file_write(fixture.path, text, sizeof text, 0600, &err), BALM_OK);
    fails(try_put(1), BALM_E_IO, "damaged");
    fails(try_get(), BALM_E_IO, fixture.path);
}

static void refuses_another_programs_file(void **state)
{
    (void)state;
    by_hand("CREATE TABLE theirs (x)");
    fails(try_put(1), BALM_E_IO, "another program's");
    by_hand("PRAGMA application_id = 7");
    fails(try_get(), BALM_E_IO, "another program's");
}

static void refuses_a_newer_schema(void **state)
{
    (void)state;
    put(&fixture, "a", "{}");
    reopen();
    by_hand("PRAGMA user_version = 1000");
    fails(try_put(1), BALM_E_IO, "newer Balm (schema 1000");
    fails(try_get(), BALM_E_IO, "newer Balm");
}

/* As SQLite alone answers. */
static const char *answer_by_hand(const char *question)
{
    const char *answer = NULL;
    sqlite3_stmt *it;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, question, -1, &it, NULL), SQLITE_OK);
    if (sqlite3_step(it) == SQLITE_ROW) {
        answer = balm_arena_strdup(&fixture.arena, (const char *)sqlite3_column_text(it, 0));
    }
    sqlite3_finalize(it);
    sqlite3_close(db);
    return answer;
}

/* Also what is damaged: the rest can be used all the same. */
static void takes_over_an_earlier_schema_as_it_is(void **state)
{
    (void)state;
    put(&fixture, "a", "{}");
    reopen();
    by_hand("PRAGMA user_version = 1;"
            "INSERT INTO items (partition, sort, version, expires, value) VALUES"
            " ('of/R', 'began', 1, 0, '{\"script\":\"r\"}'),"
            " ('of/R', 'call.00002', 1, 0, '{\"number\":2}'), ('open', 'S', 1, 0, '{\"pid\":')");
    holds(&fixture, "a", "{}");
    put(&fixture, "b", "{}");
    assert_string_equal(answer_by_hand("SELECT group_concat(value) FROM (SELECT value FROM items "
                                       "WHERE partition IN ('of/R', 'open') ORDER BY sort)"),
                        "{\"pid\":,{\"script\":\"r\"},{\"number\":2}");
    assert_string_equal(answer_by_hand("PRAGMA user_version"), "2"); /* that one refuses it now */
}

static void takes_an_empty_file(void **state)
{
    struct balm_err err;
    (void)state;
    assert_int_equal(balm_file_write(fixture.path, "", 0, 0600, &err), BALM_OK);
    holds(&fixture, "a", "null");
    put(&fixture, "a", "{}");
    holds(&fixture, "a", "{}");
}

/* Each page but the first is overwritten in turn; no answer is wrong, and none is missing. */
/* Each for one item, all asked for before the first is answered. */
static void read_at_once(const char *const *sorts, size_t count, struct outcome **outcomes)
{
    for (size_t i = 0; i < count; i++) {
        struct balm_store_query one = {
            .partition = "p", .from = sorts[i], .to = sorts[i], .limit = 1};
        outcomes[i] = new_outcome(&fixture);
        balm_store_read(fixture.store, &outcomes[i]->request, &one);
    }
    settle(&fixture);
    for (size_t i = 0; i < count; i++) {
        assert_true(outcomes[i]->done);
    }
}

static void answers_each_of_the_reads_that_come_together(void **state)
{
    static const char *const sorts[] = {"a", "none", "b"};
    struct outcome *outcomes[3];
    (void)state;
    read_at_once(sorts, 3, outcomes); /* without a file */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(outcomes[i]->request.err.code, BALM_OK);
        assert_int_equal(outcomes[i]->request.count, 0);
    }
    put(&fixture, "a", "{\"n\":1}");
    put(&fixture, "b", "{\"n\":2}");
    read_at_once(sorts, 3, outcomes);
    assert_int_equal(balm_get_int(outcomes[0]->request.items[0].value, "n", 0), 1);
    assert_int_equal(outcomes[1]->request.count, 0);
    assert_int_equal(balm_get_int(outcomes[2]->request.items[0].value, "n", 0), 2);
    put(&fixture, "c", "{}"); /* nothing is left open */
}

static void answers_from_a_damaged_file_with_an_error_or_the_truth(void **state)
{
    static const char *const sorts[] = {"000", "150", "299"};
    struct outcome *outcomes[3];
    size_t told = 0;
    struct balm_buf whole = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_err err;
    int refused = 0;
    (void)state;
    for (int i = 0; i < 300; i++) {
        put(&fixture, balm_arena_printf(&fixture.arena, "%03d", i), "{\"n\":7}");
    }
    balm_store_release(fixture.store);
    assert_int_equal(balm_file_read(&whole, fixture.path, &err), BALM_OK);
    for (size_t page = 4096; page < whole.len; page += 4096) {
        struct balm_store_query all = {.partition = "p", .limit = 1000};
        struct balm_store_request *request;
        char kept[64];
        memcpy(kept, whole.bytes + page, sizeof kept);
        memset(whole.bytes + page, 0x5a, sizeof kept);
        assert_int_equal(balm_file_write(fixture.path, whole.bytes, whole.len, 0600, &err),
                         BALM_OK);
        memcpy(whole.bytes + page, kept, sizeof kept);
        fixture.store = open_store(&fixture);
        request = query(&fixture, &all);
        if (request->err.code) {
            fails(request, BALM_E_IO, "damaged");
            refused++;
        } else {
            assert_int_equal(request->count, 300);
        }
        read_at_once(sorts, 3, outcomes);
        for (size_t i = 0; i < 3; i++) {
            request = &outcomes[i]->request;
            if (request->err.code) {
                fails(request, BALM_E_IO, "damaged");
            } else {
                assert_int_equal(request->count, 1);
                told++;
            }
        }
        balm_store_release(fixture.store);
    }
    assert_true(refused > 0 && told > 0);
    balm_buf_free(&whole);
    fixture.store = open_store(&fixture);
}

static void write_as_nobody(int out)
{
    (void)out;
    holds(&fixture, "a", "{\"n\":1}"); /* it may still be read */
    fails(try_put(2), BALM_E_IO, "may not be written by this user");
}

static void find_no_way_in(int out)
{
    (void)out;
    fails(try_put(2), BALM_E_IO, "cannot be opened");
    fails(try_get(), BALM_E_IO, fixture.path);
}

static void as_nobody(void (*body)(int out))
{
    uid_t before = geteuid();
    if (before == 0) assert_int_equal(seteuid(NOBODY), 0);
    ends_well(start_process(body, -1));
    if (before == 0) assert_int_equal(seteuid(0), 0);
}

static void says_who_may_not_write(void **state)
{
    (void)state;
    put(&fixture, "a", "{\"n\":1}");
    assert_int_equal(chmod(fixture.path, 0444), 0);
    assert_int_equal(chmod(balm_arena_printf(&fixture.arena, "%s-shm", fixture.path), 0444), 0);
    assert_int_equal(chmod(balm_arena_printf(&fixture.arena, "%s-wal", fixture.path), 0444), 0);
    assert_int_equal(chmod(fixture.folder, 0755), 0);
    as_nobody(write_as_nobody);
    assert_int_equal(chmod(fixture.path, 0), 0);
    as_nobody(find_no_way_in);
    assert_int_equal(chmod(fixture.path, 0600), 0);
}

static void says_which_folder_cannot_be_made(void **state)
{
    struct balm_err err;
    char file[SCRATCH_MAX + 16];
    (void)state;
    (void)snprintf(file, sizeof file, "%s/file", fixture.folder);
    assert_int_equal(balm_file_write(file, "", 0, 0600, &err), BALM_OK);
    (void)snprintf(fixture.url, sizeof fixture.url, "sqlite:%s/x/balm.db", file);
    reopen();
    fails(try_put(1), BALM_E_IO, file);
    (void)snprintf(fixture.url, sizeof fixture.url, "sqlite:%s", fixture.folder);
    reopen();
    fails(try_put(1), BALM_E_IO, "cannot be opened");
    unlink(file);
}

/* ---- versions ---- */

/* As after a clock that was set back: all that is there is newer than now. */
static void gives_a_commit_one_version_newer_than_all_that_is_there(void **state)
{
    struct balm_change changes[3];
    int64_t version;
    (void)state;
    put(&fixture, "b", "{}");
    put(&fixture, "c", "{}");
    by_hand("UPDATE items SET version = 9000000000000000 WHERE sort = 'b';"
            "UPDATE items SET version = 9000000000000009 WHERE sort = 'c'");
    changes[0] = change_of(&fixture, "a", "{\"n\":1}");
    changes[1] = change_of(&fixture, "b", "{\"n\":2}");
    changes[2] = change_of(&fixture, "c", "{\"n\":3}");
    version = succeeds(commit(&fixture, changes, 3));
    assert_true(version > INT64_C(9000000000000009));
    for (size_t i = 0; i < 3; i++) {
        struct balm_item item = get(&fixture, changes[i].item.sort);
        assert_int_equal(item.version, version);
        assert_true(balm_equal(item.value, changes[i].item.value));
    }
    assert_true(put(&fixture, "d", "{}") > version); /* and all later ones, too */
}

/* They share a transaction, and its time. */
static void gives_commits_that_come_together_versions_of_their_own(void **state)
{
    const char *const values[] = {"{\"n\":1}", NULL, "{\"n\":2}"};
    struct outcome *outcomes[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct balm_change change = change_of(&fixture, "a", values[i]);
        outcomes[i] = new_outcome(&fixture);
        balm_store_commit(fixture.store, &outcomes[i]->request, &change, 1);
    }
    settle(&fixture);
    assert_true(succeeds(&outcomes[2]->request) > succeeds(&outcomes[0]->request));
    holds(&fixture, "a", "{\"n\":2}");
}

/* ---- other processes ---- */

static void *let_go(void *owner)
{
    usleep(300000);
    sqlite3_exec(owner, "COMMIT", NULL, NULL, NULL);
    return NULL;
}

static sqlite3 *lock(void)
{
    sqlite3 *db;
    put(&fixture, "a", "{\"n\":0}");
    assert_int_equal(sqlite3_open(fixture.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void waits_for_another_process_that_writes(void **state)
{
    sqlite3 *db = lock();
    pthread_t thread;
    (void)state;
    pthread_create(&thread, NULL, let_go, db);
    succeeds(try_put(1));
    pthread_join(thread, NULL);
    sqlite3_close(db);
}

static void gives_up_on_a_lock_that_stays(void **state)
{
    sqlite3 *db = lock();
    struct balm_store_request *request = try_put(1);
    (void)state;
    fails(request, BALM_E_IO, "locked");
    assert_true(request->err.retryable);
    assert_int_equal(number(), 0); /* reading needs no lock */
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    succeeds(try_put(2));
}

static void count_to_100(int out)
{
    int done = 0;
    (void)out;
    while (done < 100) {
        struct balm_item item = get(&fixture, "a");
        struct balm_change change = change_of(&fixture, "a", "{}");
        struct balm_store_request *request;
        balm_map_set(&fixture.arena, change.item.value, "n",
                     balm_int(balm_get_int(item.value, "n", 0) + 1));
        change.item.version = item.version;
        change.condition = BALM_AS_READ;
        request = commit(&fixture, &change, 1);
        if (request->err.code) fail_msg("%s", request->err.message);
        done += !request->conflict;
    }
}

static void loses_no_count_between_processes(void **state)
{
    pid_t children[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        children[i] = start_process(count_to_100, -1);
    }
    for (int i = 0; i < 3; i++) {
        ends_well(children[i]);
    }
    assert_int_equal(number(), 300);
}

static atomic_int *gate; /* shared with the processes that wait at it */

static void write_once(int out)
{
    (void)out;
    while (!atomic_load(gate)) {
        sched_yield();
    }
    let_calls_fail(true);
    atomic_store(&read_us, 500 + getpid() % 7 * 300);
    succeeds(try_put(1));
}

static void may_be_made_by_several_processes_at_once(void **state)
{
    (void)state;
    gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(gate, MAP_FAILED);
    for (int round = 0; round < 20; round++) {
        pid_t children[6];
        fixture_remove_files(&fixture);
        atomic_store(gate, 0);
        for (int i = 0; i < 6; i++) {
            children[i] = start_process(write_once, -1);
        }
        atomic_store(gate, 1);
        for (int i = 0; i < 6; i++) {
            ends_well(children[i]);
        }
        assert_int_equal(number(), 1);
        reopen();
    }
    munmap(gate, sizeof *gate);
}

/* Tells each number once it is kept. */
static void count_until_killed(int out)
{
    int64_t n = number();
    for (;;) {
        n++;
        succeeds(try_put(n));
        if (write(out, &n, sizeof n) != sizeof n) return;
    }
}

static void keeps_all_it_said_it_would_when_killed(void **state)
{
    int64_t last = 0;
    (void)state;
    put(&fixture, "a", "{\"n\":0}");
    for (unsigned round = 0; round < 25; round++) {
        int ends[2];
        int64_t told;
        pid_t child;
        assert_int_equal(pipe(ends), 0);
        child = start_process(count_until_killed, ends[1]);
        close(ends[1]);
        assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);
        last = told;
        usleep(round * 997 % 7919);
        kill(child, SIGKILL);
        while (read(ends[0], &told, sizeof told) == sizeof told) {
            last = told;
        }
        close(ends[0]);
        waitpid(child, NULL, 0);
        assert_in_range(number(), last, last + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_file_and_folders_for_the_owner_alone),
        TEST(counts_no_memory),
        TEST(makes_no_file_for_a_read),
        TEST(goes_on_in_a_new_file_when_the_old_was_taken_away),
        TEST(takes_no_log_of_a_file_that_was_taken_away),
        TEST(leaves_an_empty_log_when_all_is_closed),
        TEST(leaves_no_log_where_others_may_use_the_store),
        TEST(takes_no_name_for_something_else),
        TEST(refuses_urls_that_are_none),
        TEST(lies_below_the_state_directory_when_nobody_says),
        TEST(refuses_a_file_that_is_no_store),
        TEST(refuses_another_programs_file),
        TEST(refuses_a_newer_schema),
        TEST(takes_over_an_earlier_schema_as_it_is),
        TEST(takes_an_empty_file),
        TEST(answers_each_of_the_reads_that_come_together),
        TEST(answers_from_a_damaged_file_with_an_error_or_the_truth),
        TEST(says_who_may_not_write),
        TEST(says_which_folder_cannot_be_made),
        TEST(gives_a_commit_one_version_newer_than_all_that_is_there),
        TEST(gives_commits_that_come_together_versions_of_their_own),
        TEST(waits_for_another_process_that_writes),
        TEST(gives_up_on_a_lock_that_stays),
        TEST(loses_no_count_between_processes),
        TEST(may_be_made_by_several_processes_at_once),
        TEST(keeps_all_it_said_it_would_when_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
