/*
 * fail: makes one call of a program fail; preloaded into what is tortured.
 *
 *   TORTURE_WHAT    "memory": malloc and its kin; "files": calls that open, change or map a file
 *                   below TORTURE_DIR
 *   TORTURE_AT      which of them fails, from 1; 0: none; -3: the third and all after it
 *   TORTURE_ERRNO   of "files": how, a number
 *   TORTURE_REPORT  a file that is told how many there were when the program ends in order
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_LEN 4096

/* glibc's own, which nothing stands before. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool of_memory, of_files;
static long at;
static int how = EIO;
static const char *dir;
static atomic_long calls;

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("TORTURE_WHAT");
    const char *number = getenv("TORTURE_AT");
    const char *reason = getenv("TORTURE_ERRNO");

    if (!what) return;
    if (number) at = strtol(number, NULL, 10);
    if (reason) how = (int)strtol(reason, NULL, 10);
    dir = getenv("TORTURE_DIR");
    of_memory = strcmp(what, "memory") == 0;
    of_files = strcmp(what, "files") == 0 && dir;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("TORTURE_REPORT");
    char text[32];
    int len = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
    long fd;

    of_memory = of_files = false;
    if (!path || len <= 0) return;
    fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return;
    (void)syscall(SYS_write, fd, text, (size_t)len);
    (void)syscall(SYS_close, fd);
}

static bool is_the_one(void)
{
    long call = atomic_fetch_add(&calls, 1) + 1;

    return at < 0 ? call >= -at : call == at;
}

/* ---- memory ---- */

static bool memory_fails(void)
{
    if (!of_memory || !is_the_one()) return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return memory_fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return memory_fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return memory_fails() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memory_fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *made = memory_fails() ? NULL : __libc_memalign(alignment, size);

    if (!made) return ENOMEM;
    *out = made;
    return 0;
}

/* ---- files ---- */

static bool fails(bool is_ours)
{
    if (!is_ours || !is_the_one()) return false;
    errno = how;
    return true;
}

static bool path_fails(const char *path)
{
    return of_files && fails(strncmp(path, dir, strlen(dir)) == 0);
}

static bool fd_fails(int fd)
{
    char name[64], path[PATH_LEN];
    int kept = errno;
    long len;

    if (!of_files || fd < 0) return false;
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    len = syscall(SYS_readlinkat, AT_FDCWD, name, path, sizeof path - 1);
    errno = kept;
    return len > 0 && fails((size_t)len >= strlen(dir) && memcmp(path, dir, strlen(dir)) == 0);
}

static int opened(const char *path, int flags, va_list more)
{
    bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    mode_t mode = makes ? va_arg(more, mode_t) : 0;

    if (path_fails(path)) return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    int fd;

    va_start(more, flags);
    fd = opened(path, flags, more);
    va_end(more);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    int fd;

    va_start(more, flags);
    fd = opened(path, flags, more);
    va_end(more);
    return fd;
}

int unlink(const char *path)
{
    return path_fails(path) ? -1 : (int)syscall(SYS_unlink, path);
}

int mkdir(const char *path, mode_t mode)
{
    return path_fails(path) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return fd_fails(fd) ? -1 : syscall(SYS_write, fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return fd_fails(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    return pwrite(fd, bytes, len, offset);
}

int fsync(int fd)
{
    return fd_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fd_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t len)
{
    return fd_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int ftruncate64(int fd, off64_t len)
{
    return ftruncate(fd, len);
}

void *mmap(void *where, size_t len, int protection, int flags, int fd, off_t offset)
{
    if (fd_fails(fd)) return MAP_FAILED;
    return (void *)(intptr_t)syscall(SYS_mmap, where, len, protection, flags, fd, offset);
}

void *mmap64(void *where, size_t len, int protection, int flags, int fd, off64_t offset)
{
    return mmap(where, len, protection, flags, fd, offset);
}
