/*
 * store_sqlite_fixture: a store over SQLite whose disk does what a test says, and processes that
 * use it.
 */
#ifndef SPEC_ENGINE_REMEDY_STORE_SQLITE_FIXTURE_H
#define SPEC_ENGINE_REMEDY_STORE_SQLITE_FIXTURE_H

#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <uv.h>

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

static inline bool call_fails(void)
{
    int left = atomic_load(&calls_until);
    if (left == 0 || atomic_fetch_sub(&calls_until, 1) > 1) return false;
    errno = EIO;
    return true;
}

static inline ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return call_fails() ? -1 : pwrite(fd, bytes, len, at);
}

static inline ssize_t failing_pread(int fd, void *bytes, size_t len, off_t at)
{
    if (atomic_load(&read_us)) usleep((useconds_t)atomic_load(&read_us));
    return call_fails() ? -1 : pread(fd, bytes, len, at);
}

static inline int failing_ftruncate(int fd, off_t len)
{
    return call_fails() ? -1 : ftruncate(fd, len);
}

static inline int failing_open(const char *path, int flags, int mode)
{
    return call_fails() ? -1 : open(path, flags, mode);
}

/* SQLite calls each of these through a pointer that may be set. */
static inline void let_calls_fail(bool may_fail)
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

static inline int set_up(void **state)
{
    (void)state;
    tester = getpid();
    return fixture_begin(&fixture);
}

static inline int tear_down(void **state)
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

static inline void reopen(void)
{
    balm_store_release(fixture.store);
    fixture.store = open_store(&fixture);
}

static inline struct balm_store_request *try_put(int64_t n)
{
    struct balm_change change = change_of(&fixture, "a", "{}");
    balm_map_set(&fixture.arena, change.item.value, "n", balm_int(n));
    return commit(&fixture, &change, 1);
}

static inline int64_t number(void)
{
    return balm_get_int(get(&fixture, "a").value, "n", -1);
}

static inline struct balm_store_request *try_get(void)
{
    struct balm_store_query all = {.partition = "p", .limit = 10};
    return query(&fixture, &all);
}

/* A process of its own: what body asserts is its exit status. */
static inline pid_t start_process(void (*body)(int out), int out)
{
    pid_t child;
    /* SQLite must not have a file open while a process divides. */
    balm_store_release(fixture.store);
    child = fork();
    if (child == 0) {
        if (uv_loop_fork(balm_loop_uv(fixture.loop))) _exit(99);
        fixture.store = open_store(&fixture);
        body(out);
        balm_store_release(fixture.store);
        _exit(0);
    }
    fixture.store = open_store(&fixture);
    assert_true(child > 0);
    return child;
}

static inline void ends_well(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
