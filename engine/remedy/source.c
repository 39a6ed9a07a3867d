#include "remedy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum balm_code fail(struct balm_err *err, const char *what)
{
    return balm_fail(err, BALM_E_IO, "cannot %s the events: %s", what, strerror(errno));
}

/* Standard input through a description of our own, or the shared one, whose flags are then
   restored at the end. */
static int open_stdin(struct balm_source *source)
{
    struct stat status;

    if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode)) return STDIN_FILENO;
    source->own_fd = open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (source->own_fd >= 0) return source->own_fd;
    source->flags = fcntl(STDIN_FILENO, F_GETFL);
    return STDIN_FILENO;
}

enum balm_code balm_source_open(struct balm_source *source, struct balm_loop *loop,
                                const char *path, struct balm_err *err)
{
    struct stat status;

    memset(source, 0, sizeof *source);
    source->loop = loop;
    source->own_fd = source->flags = -1;
    if (strcmp(path, "-") == 0) {
        source->fd = open_stdin(source);
    } else {
        source->fd = source->own_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (source->fd < 0) {
            return balm_fail(err, BALM_E_IO, "cannot open %s: %s", path, strerror(errno));
        }
    }
    if (fstat(source->fd, &status) != 0) goto failed;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        goto failed;
    }
    source->regular = S_ISREG(status.st_mode);
    source->unwritten = S_ISFIFO(status.st_mode) && strcmp(path, "-") != 0;
    if (source->regular) return BALM_OK;
    /* What cannot be polled (/dev/null, some devices) does not block either. */
    if (balm_watch_new(&source->watch, loop, source->fd, err)) source->regular = true;
    return BALM_OK;
failed:
    fail(err, "read");
    balm_source_close(source);
    return err->code;
}

void balm_source_close(struct balm_source *source)
{
    balm_watch_release(source->watch);
    source->watch = NULL;
    if (source->own_fd >= 0) close(source->own_fd);
    if (source->flags >= 0) (void)fcntl(STDIN_FILENO, F_SETFL, source->flags);
    source->fd = source->own_fd = source->flags = -1;
}

static void on_ready(void *owner, int fd, int events)
{
    struct balm_source *source = owner;
    struct balm_err err;

    (void)fd, (void)events;
    /* A pipe without writers is in no event until the first of them has been there. */
    source->unwritten = false;
    (void)balm_watch_set(source->watch, 0, on_ready, source, &err);
    source->ready(source->owner);
}

enum balm_source_got balm_source_read(struct balm_source *source, char *bytes, size_t size,
                                      size_t *got, void (*ready)(void *owner), void *owner,
                                      struct balm_err *err)
{
    ssize_t len;

    do {
        len = read(source->fd, bytes, size);
    } while (len < 0 && errno == EINTR);
    if (len > 0) {
        source->unwritten = false;
        *got = (size_t)len;
        return BALM_SOURCE_BYTES;
    }
    if (len == 0 && !(source->unwritten && source->watch)) return BALM_SOURCE_END;
    if (len < 0 && (errno != EAGAIN || !source->watch)) {
        fail(err, "read");
        return BALM_SOURCE_FAILED;
    }
    source->ready = ready;
    source->owner = owner;
    return balm_watch_set(source->watch, BALM_READ, on_ready, source, err) ? BALM_SOURCE_FAILED
                                                                           : BALM_SOURCE_WAIT;
}
