/* What a store over SQLite does besides: disks that are slow, full or failing, files that are
   damaged or not ours, other processes, and the end of one's own. */
#include "store_fixture.h"

#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NOBODY 65534

static struct fixture fixture;
static pid_t tester;

/* ---- the disk, between SQLite and the kernel ---- */

static atomic_int syncs;
static atomic_int sync_ms;     /* how long one takes */
static atomic_int syncs_fail;  /* the next few */
static atomic_int calls_until; /* a call fails; 0: none does */
static atomic_int read_us;     /* how long a read takes, in microseconds */

int fdatasync(int fd)
{
    int ms = atomic_load(&sync_ms);
    atomic_fetch_add(&syncs, 1);
    if (ms) usleep((useconds_t)ms * 1000);
    if (atomic_load(&syncs_fail) > 0) {
        atomic_fetch_sub(&syncs_fail, 1);
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return fdatasync(fd);
}

static bool call_fails(void)
{
    int left = atomic_load(&calls_until);
    if (left == 0 || atomic_fetch_sub(&calls_until, 1) > 1) return false;
    errno = EIO;
    return true;
}

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return call_fails() ? -1 : pwrite(fd, bytes, len, at);
}

static ssize_t failing_pread(int fd, void *bytes, size_t len, off_t at)
{
    if (atomic_load(&read_us)) usleep((useconds_t)atomic_load(&read_us));
    return call_fails() ? -1 : pread(fd, bytes, len, at);
}

static int failing_ftruncate(int fd, off_t len)
{
    return call_fails() ? -1 : ftruncate(fd, len);
}

static int failing_open(const char *path, int flags, int mode)
{
    return call_fails() ? -1 : open(path, flags, mode);
}

/* SQLite calls each of these through a pointer that may be set. */
static void let_calls_fail(bool may_fail)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr call;
    } calls[] = {
        {"pwrite", (sqlite3_syscall_ptr)failing_pwrite},
        {"pwrite64", (sqlite3_syscall_ptr)failing_pwrite},
        {"pread", (sqlite3_syscall_ptr)failing_pread},
        {"pread64", (sqlite3_syscall_ptr)failing_pread},
        {"ftruncate", (sqlite3_syscall_ptr)failing_ftruncate},
        {"open", (sqlite3_syscall_ptr)failing_open},
    };
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        vfs->xSetSystemCall(vfs, calls[i].name, may_fail ? calls[i].call : NULL);
    }
}

static int set_up(void **state)
{
    (void)state;
    tester = getpid();
    return fixture_begin(&fixture);
}

static int tear_down(void **state)
{
    (void)state;
    if (getpid() != tester) _exit(1); /* a process that a test started has failed */
    atomic_store(&sync_ms, 0);
    atomic_store(&syncs_fail, 0);
    atomic_store(&calls_until, 0);
    let_calls_fail(false);
    fixture_end(&fixture);
    return 0;
}

static void reopen(void)
{
    balm_store_release(fixture.store);
    fixture.store = open_store(&fixture);
}

static struct balm_store_request *try_put(int64_t n)
{
    struct balm_change change = change_of(&fixture, "a", "{}");
    balm_map_set(&fixture.arena, change.item.value, "n", balm_int(n));
    return commit(&fixture, &change, 1);
}

static int64_t number(void)
{
    return balm_get_int(get(&fixture, "a").value, "n", -1);
}

static struct balm_store_request *try_get(void)
{
    struct balm_store_query all = {.partition = "p", .limit = 10};
    return query(&fixture, &all);
}

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

/* A process of its own, with a loop of its own: what body asserts is its exit status. */
static pid_t start_process(void (*body)(int out), int out)
{
    pid_t child;
    /* SQLite must not have a file open while a process divides. */
    balm_store_release(fixture.store);
    child = fork();
    if (child == 0) {
        struct balm_err err;
        if (balm_loop_new(&fixture.loop, &err)) _exit(99);
        fixture.store = open_store(&fixture);
        body(out);
        balm_store_release(fixture.store);
        _exit(0);
    }
    fixture.store = open_store(&fixture);
    assert_true(child > 0);
    return child;
}

static void ends_well(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
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
static void answers_from_a_damaged_file_with_an_error_or_the_truth(void **state)
{
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
        balm_store_release(fixture.store);
    }
    assert_true(refused > 0);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(makes_file_and_folders_for_the_owner_alone),
        TEST(makes_no_file_for_a_read),
        TEST(goes_on_in_a_new_file_when_the_old_was_taken_away),
        TEST(takes_no_name_for_something_else),
        TEST(refuses_urls_that_are_none),
        TEST(lies_below_the_state_directory_when_nobody_says),
        TEST(refuses_a_file_that_is_no_store),
        TEST(refuses_another_programs_file),
        TEST(refuses_a_newer_schema),
        TEST(takes_an_empty_file),
        TEST(answers_from_a_damaged_file_with_an_error_or_the_truth),
        TEST(says_who_may_not_write),
        TEST(says_which_folder_cannot_be_made),
        TEST(says_that_the_disk_is_full_and_goes_on_when_it_is_not),
        TEST(reports_a_disk_that_does_not_keep_what_it_takes),
        TEST(loses_nothing_when_any_one_call_fails),
        TEST(commits_in_groups),
        TEST(undoes_no_neighbour_of_a_conflict),
        TEST(never_makes_the_loop_wait_for_the_disk),
        TEST(removes_what_has_expired_a_little_at_a_time),
        TEST(waits_for_another_process_that_writes),
        TEST(gives_up_on_a_lock_that_stays),
        TEST(loses_no_count_between_processes),
        TEST(may_be_made_by_several_processes_at_once),
        TEST(keeps_all_it_said_it_would_when_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
