#include "remedy/chain_internal.h"

#include "core/buf.h"
#include "core/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

const char balm_chain_first[BALM_SHA256_HEX] =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct balm_chain {
    struct balm_loop *loop;
    const struct balm_log *log;
    char *path;
    int fd;
    struct balm_buf waiting; /* results without their closing braces, one a line */
    struct balm_buf working; /* the worker's, while it works */
    struct balm_buf lines;   /* the worker's own: what it appends */
    uv_work_t work;
    bool is_working, failed, closing;
    struct balm_err err; /* of the work */
};

/* ---- the worker ---- */

static enum balm_code fail(const struct balm_chain *chain, const char *what, struct balm_err *err)
{
    return balm_fail(err, BALM_E_IO, "the record %s: %s: %s", chain->path, what, strerror(errno));
}

bool balm_chain_hash_of(const char *line, size_t len, char hash[BALM_SHA256_HEX])
{
    if (len < BALM_CHAIN_TAIL_LEN ||
        strncmp(line + len - BALM_CHAIN_TAIL_LEN, BALM_CHAIN_HASH, strlen(BALM_CHAIN_HASH)) != 0 ||
        memcmp(line + len - 2, "\"}", 2) != 0) {
        return false;
    }
    memcpy(hash, line + len - BALM_CHAIN_HASH_LEN - strlen("\"}"), BALM_CHAIN_HASH_LEN);
    hash[BALM_CHAIN_HASH_LEN] = '\0';
    return strspn(hash, "0123456789abcdef") == BALM_CHAIN_HASH_LEN;
}

/* What the last line's hash is, by the end of the file; the file is locked. */
static enum balm_code read_last(const struct balm_chain *chain, char hash[BALM_SHA256_HEX],
                                struct balm_err *err)
{
    char tail[BALM_CHAIN_TAIL_LEN + 1];
    struct stat about;
    ssize_t got;

    if (fstat(chain->fd, &about) != 0) return fail(chain, "cannot be looked at", err);
    memcpy(hash, balm_chain_first, BALM_SHA256_HEX);
    if (about.st_size == 0) return BALM_OK;
    got = about.st_size < (off_t)sizeof tail
              ? 0
              : pread(chain->fd, tail, sizeof tail, about.st_size - (off_t)sizeof tail);
    if (got < 0) return fail(chain, "cannot be read", err);
    if (got == (ssize_t)sizeof tail && tail[BALM_CHAIN_TAIL_LEN] == '\n' &&
        balm_chain_hash_of(tail, BALM_CHAIN_TAIL_LEN, hash)) {
        return BALM_OK;
    }
    return balm_fail(err, BALM_E_INPUT,
                     "%s does not end in a whole line of a record: balm history --verify says "
                     "where it breaks; move it away to begin another",
                     chain->path);
}

/* Adds the lines of working, each bound to the one before. */
static enum balm_code bind_lines(struct balm_chain *chain, char prev[BALM_SHA256_HEX],
                                 struct balm_err *err)
{
    const char *at = chain->working.bytes;
    const char *end = at + chain->working.len;

    balm_buf_clear(&chain->lines);
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t begin = chain->lines.len;

        (void)balm_buf_add(&chain->lines, at, (size_t)(newline - at));
        (void)balm_buf_addf(&chain->lines, BALM_CHAIN_PREV "%s\"}", prev);
        if (balm_buf_status(&chain->lines, "the record", err)) return err->code;
        balm_sha256_hex(prev, chain->lines.bytes + begin, chain->lines.len - begin);
        balm_buf_cut(&chain->lines, 1);
        (void)balm_buf_addf(&chain->lines, BALM_CHAIN_HASH "%s\"}\n", prev);
        at = newline + 1;
    }
    return balm_buf_status(&chain->lines, "the record", err);
}

/* All or, as far as that can be, nothing. */
static enum balm_code append(const struct balm_chain *chain, struct balm_err *err)
{
    off_t begin = lseek(chain->fd, 0, SEEK_END);
    size_t done = 0;

    while (done < chain->lines.len) {
        ssize_t wrote = write(chain->fd, chain->lines.bytes + done, chain->lines.len - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) {
            fail(chain, "cannot be written", err);
            if (begin >= 0) (void)!ftruncate(chain->fd, begin);
            return err->code;
        }
        done += (size_t)wrote;
    }
    return fdatasync(chain->fd) == 0 || errno == EINVAL ? BALM_OK
                                                        : fail(chain, "cannot be written", err);
}

static void work(uv_work_t *request)
{
    struct balm_chain *chain = request->data;
    char prev[BALM_SHA256_HEX];
    struct balm_err *err = &chain->err;

    err->code = BALM_OK;
    if (flock(chain->fd, LOCK_EX) != 0) {
        fail(chain, "cannot be locked", err);
        return;
    }
    if (!read_last(chain, prev, err) && !bind_lines(chain, prev, err)) append(chain, err);
    (void)flock(chain->fd, LOCK_UN);
}

/* ---- on the loop ---- */

static void start(struct balm_chain *chain);

static void worked(uv_work_t *request, int status)
{
    struct balm_chain *chain = request->data;

    (void)status;
    chain->is_working = false;
    if (chain->err.code) {
        if (!chain->failed) balm_log(chain->log, BALM_LOG_ERROR, "%s", chain->err.message);
        chain->failed = true;
    }
    if (chain->waiting.len > 0) {
        start(chain);
    } else if (chain->closing) {
        balm_loop_stop(chain->loop);
    }
}

static void start(struct balm_chain *chain)
{
    struct balm_buf spare = chain->working;

    balm_buf_clear(&spare);
    chain->working = chain->waiting;
    chain->waiting = spare;
    chain->is_working = true;
    chain->work.data = chain;
    (void)uv_queue_work(balm_loop_uv(chain->loop), &chain->work, work, worked);
}

void balm_chain_add(struct balm_chain *chain, struct balm_value result)
{
    (void)balm_json_print(&chain->waiting, result, BALM_JSON_COMPACT | BALM_JSON_SORTED);
    balm_buf_cut(&chain->waiting, 1);
    (void)balm_buf_addc(&chain->waiting, '\n');
    if (chain->waiting.code) {
        balm_log(chain->log, BALM_LOG_ERROR, "the record %s: out of memory", chain->path);
        chain->failed = true;
        balm_buf_clear(&chain->waiting);
    }
    if (!chain->is_working && chain->waiting.len > 0) start(chain);
}

enum balm_code balm_chain_open(struct balm_chain **out, const char *path, struct balm_loop *loop,
                               const struct balm_log *log, struct balm_err *err)
{
    struct balm_chain *chain = calloc(1, sizeof *chain);
    char last[BALM_SHA256_HEX];

    if (!chain) return balm_nomem(err);
    chain->loop = loop;
    chain->log = log;
    balm_buf_init(&chain->waiting, BALM_BUF_MAX);
    balm_buf_init(&chain->working, BALM_BUF_MAX);
    balm_buf_init(&chain->lines, BALM_BUF_MAX);
    chain->path = strdup(path);
    chain->fd = -1;
    err->code = chain->path ? BALM_OK : balm_nomem(err);
    if (!err->code) {
        chain->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (chain->fd < 0) fail(chain, "cannot be opened", err);
    }
    if (!err->code) read_last(chain, last, err);
    if (err->code) {
        (void)balm_chain_close(chain);
        return err->code;
    }
    *out = chain;
    return BALM_OK;
}

bool balm_chain_close(struct balm_chain *chain)
{
    bool is_whole;

    if (!chain) return true;
    chain->closing = true;
    if (chain->is_working) balm_loop_run(chain->loop);
    is_whole = !chain->failed;
    if (chain->fd >= 0) (void)close(chain->fd);
    balm_buf_free(&chain->waiting);
    balm_buf_free(&chain->working);
    balm_buf_free(&chain->lines);
    free(chain->path);
    free(chain);
    return is_whole;
}
