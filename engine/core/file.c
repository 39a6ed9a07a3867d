#include "core/file.h"

#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIQUE_LEN 6 /* what mkstemp(3) fills in */

#define READ_MIN ((size_t)16 << 10)

static enum balm_code io_error(struct balm_err *err, const char *what, const char *path)
{
    return balm_fail(err, BALM_E_IO, "cannot %s %s: %s", what, path[0] ? path : "\"\"",
                     strerror(errno));
}

/* Room for what fstat promises and one byte more, so that the end is seen without growing. */
static size_t first_room(const struct balm_buf *buf, const struct stat *status)
{
    size_t left = buf->max > buf->len ? buf->max - buf->len : 0;
    size_t want = READ_MIN;
    if (S_ISREG(status->st_mode) && status->st_size >= 0) want = (size_t)status->st_size + 1;
    return want < left ? want : left;
}

static enum balm_code too_large(struct balm_buf *buf, const char *path, struct balm_err *err)
{
    buf->code = BALM_E_LIMIT;
    return balm_fail(err, BALM_E_LIMIT, "%s is larger than the %zu bytes allowed", path, buf->max);
}

static enum balm_code read_all(struct balm_buf *buf, int fd, size_t room, const char *path,
                               struct balm_err *err)
{
    char beyond;
    for (;;) {
        char *to = room ? balm_buf_room(buf, room) : &beyond;
        ssize_t got;
        if (!to) return balm_buf_status(buf, path, err);
        got = read(fd, to, room ? room : 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error(err, "read", path);
        if (got == 0) return BALM_OK;
        if (!room) return too_large(buf, path, err);
        balm_buf_grew(buf, (size_t)got);
        room = buf->max - buf->len;
        if (room > READ_MIN) {
            size_t spare = buf->cap - buf->len - 1;
            room = spare >= READ_MIN ? spare : READ_MIN;
        }
    }
}

enum balm_code balm_file_read(struct balm_buf *buf, const char *path, struct balm_err *err)
{
    struct stat status;
    enum balm_code code;
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return io_error(err, "open", name);
    if (buf->code) {
        code = balm_buf_status(buf, name, err);
    } else if (fstat(fd, &status) != 0) {
        code = io_error(err, "read", name);
    } else {
        code = read_all(buf, fd, first_room(buf, &status), name, err);
    }
    if (!is_stdin) close(fd);
    return code;
}

struct content {
    const char *bytes;
    size_t len;
    mode_t mode;
};

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

/* Writes to a new file beside path; fills temporary with its name. */
static enum balm_code write_beside(char temporary[PATH_MAX], const char *path,
                                   const struct content *content, struct balm_err *err)
{
    size_t path_len = strlen(path);
    bool done;
    int fd;
    int why;
    if (path_len + UNIQUE_LEN + 2 > PATH_MAX) {
        errno = ENAMETOOLONG;
        return balm_fail(err, BALM_E_IO, "cannot write: the path is too long");
    }
    memcpy(temporary, path, path_len);
    temporary[path_len] = '.';
    memset(temporary + path_len + 1, 'X', UNIQUE_LEN);
    temporary[path_len + 1 + UNIQUE_LEN] = '\0';
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) return io_error(err, "write", path);
    done = write_all(fd, content->bytes, content->len) && fchmod(fd, content->mode) == 0 &&
           fsync(fd) == 0;
    why = errno;
    if (close(fd) != 0 && done) {
        done = false;
        why = errno;
    }
    if (done) return BALM_OK;
    unlink(temporary);
    errno = why;
    return io_error(err, "write", path);
}

static enum balm_code refuse_others(const char *path, struct balm_err *err)
{
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode)) return BALM_OK;
    return balm_fail(err, BALM_E_IO, "cannot write %s: it is there, and not a file", path);
}

enum balm_code balm_file_write(const char *path, const void *bytes, size_t len, unsigned mode,
                               struct balm_err *err)
{
    char temporary[PATH_MAX];
    struct content content = {bytes, len, (mode_t)mode};
    enum balm_code code = refuse_others(path, err);
    if (code) return code;
    code = write_beside(temporary, path, &content, err);
    if (code || rename(temporary, path) == 0) return code;
    io_error(err, "write", path);
    unlink(temporary);
    return BALM_E_IO;
}

static bool folder_of(char folder[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *from = slash ? path : ".";
    size_t len = slash > path ? (size_t)(slash - path) : 1; /* "/", or "." where there is none */
    if (len >= PATH_MAX) return false;
    memcpy(folder, from, len);
    folder[len] = '\0';
    return true;
}

enum balm_code balm_file_may_write(const char *path, struct balm_err *err)
{
    char folder[PATH_MAX];
    if (refuse_others(path, err)) return err->code;
    if (!folder_of(folder, path)) {
        return balm_fail(err, BALM_E_IO, "cannot write: the path is too long");
    }
    return access(folder, W_OK | X_OK) == 0 ? BALM_OK : io_error(err, "write", path);
}

/* A new name is on disk only when its folder is. */
static bool sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    bool done;
    int fd;
    if (!folder_of(folder, path)) return false;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    done = fsync(fd) == 0;
    close(fd);
    return done;
}

/* Gives a file its name unless that is taken: 0, or errno. Some file systems know no two names. */
static int name_file(const char *temporary, const char *path)
{
    if (link(temporary, path) == 0) return 0;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
    return renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

enum balm_code balm_file_create(const char *path, const void *bytes, size_t len, unsigned mode,
                                bool *exists, struct balm_err *err)
{
    char temporary[PATH_MAX];
    struct content content = {bytes, len, (mode_t)mode};
    enum balm_code code = write_beside(temporary, path, &content, err);
    int why;
    *exists = false;
    if (code) return code;
    why = name_file(temporary, path);
    unlink(temporary); /* its other name */
    if (!why && sync_folder_of(path)) return BALM_OK;
    *exists = why == EEXIST;
    if (why) errno = why;
    return io_error(err, "make", path);
}

enum balm_code balm_dir_make_for(const char *path, unsigned mode, struct balm_err *err)
{
    char folder[PATH_MAX];
    char *slash;
    size_t len = strlen(path);
    if (len >= sizeof folder) return balm_fail(err, BALM_E_IO, "the path is too long: %s", path);
    memcpy(folder, path, len + 1);
    for (slash = strchr(folder + (len > 0), '/'); slash; slash = strchr(slash + 1, '/')) {
        int why;
        *slash = '\0';
        why = mkdir(folder, (mode_t)mode) == 0 ? 0 : errno;
        if (why && !balm_file_is_dir(folder)) {
            errno = why;
            return io_error(err, "make the folder", folder);
        }
        *slash = '/';
    }
    return BALM_OK;
}

bool balm_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool balm_file_is_dir(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
    const char **at;
    size_t count;
    size_t cap;
};

static bool add_name(struct balm_arena *arena, struct names *names, const char *name)
{
    const char *copy = balm_arena_strdup(arena, name);
    if (!copy) return false;
    if (names->count == names->cap) {
        size_t cap = names->cap ? names->cap * 2 : 32;
        const char **at = realloc(names->at, cap * sizeof *at);
        if (!at) return false;
        names->at = at;
        names->cap = cap;
    }
    names->at[names->count++] = copy;
    return true;
}

static enum balm_code collect(struct balm_arena *arena, DIR *folder, const char *dir,
                              const char *suffix, struct names *names, struct balm_err *err)
{
    for (;;) {
        struct dirent *entry;
        errno = 0;
        entry = readdir(folder);
        if (!entry) return errno ? io_error(err, "list", dir) : BALM_OK;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (!balm_text_ends(entry->d_name, suffix)) continue;
        if (!add_name(arena, names, entry->d_name)) {
            return arena->code ? balm_arena_status(arena, err) : balm_nomem(err);
        }
    }
}

enum balm_code balm_dir_list(struct balm_arena *arena, const char *dir, const char *suffix,
                             const char ***names, size_t *count, struct balm_err *err)
{
    struct names found = {NULL, 0, 0};
    DIR *folder = opendir(dir);
    enum balm_code code;
    if (!folder) return io_error(err, "list", dir);
    code = collect(arena, folder, dir, suffix, &found, err);
    if (code) goto out;
    if (found.count) qsort(found.at, found.count, sizeof *found.at, by_name);
    *names = balm_arena_alloc(arena, found.count * sizeof *found.at);
    code = balm_arena_status(arena, err);
    if (code) goto out;
    if (found.count) memcpy(*names, found.at, found.count * sizeof *found.at);
    *count = found.count;
out:
    closedir(folder);
    free(found.at);
    return code;
}

/* Takes the last step off path, in place, and returns it; NULL at the root. */
static char *cut_last(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash) return NULL;
    *slash = '\0';
    return slash + 1;
}

static char *existing(struct balm_arena *arena, const char *root, const char *folder,
                      const char *what)
{
    char *path = balm_arena_printf(arena, "%s/%s%s", root, folder, what);
    return path && balm_file_exists(path) ? path : NULL;
}

char *balm_file_own(struct balm_arena *arena, const char *what)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    char *step;
    char *found;
    int levels;
    if (len <= 0 || (size_t)len >= sizeof path - 1) return NULL;
    path[len] = '\0';
    if (!cut_last(path)) return NULL;
    step = cut_last(path);
    found = step && strcmp(step, "bin") == 0 ? existing(arena, path, "share/balm/", what) : NULL;
    /* Tests lie a few folders deeper in the build tree than balm does. */
    for (levels = 0; step && !found && levels < 5; levels++) {
        step = cut_last(path);
        if (!step || strcmp(step, "build") != 0) continue;
        found = existing(arena, path, strcmp(what, "models.pack") == 0 ? "build/" : "", what);
    }
    return found;
}

char *balm_file_state(struct balm_arena *arena, const char *name)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    /* The convention ignores a relative one. */
    if (state && *state == '/') return balm_arena_printf(arena, "%s/balm/%s", state, name);
    if (!home || *home != '/') return NULL;
    return balm_arena_printf(arena, "%s/.local/state/balm/%s", home, name);
}
