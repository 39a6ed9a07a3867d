/*
 * chain_verify: a record held against its own hashes.
 */
#include "remedy/chain_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verifying {
    const char *path;
    struct balm_chain_state *state;
    struct balm_err *err;
};

static enum balm_code breaks(const struct verifying *verifying, const char *why)
{
    return balm_fail(verifying->err, BALM_E_INPUT, "the record %s breaks in line %zu: %s",
                     verifying->path, verifying->state->lines + 1, why);
}

/* The member "prev" of a line, before its hash. */
static bool follows(const char *line, size_t len, const char *prev)
{
    size_t prev_len = strlen(BALM_CHAIN_PREV) + BALM_CHAIN_HASH_LEN + strlen("\"");
    const char *at;

    if (len < BALM_CHAIN_TAIL_LEN + prev_len) return false;
    at = line + len - BALM_CHAIN_TAIL_LEN - prev_len;
    return strncmp(at, BALM_CHAIN_PREV, strlen(BALM_CHAIN_PREV)) == 0 &&
           strncmp(at + strlen(BALM_CHAIN_PREV), prev, BALM_CHAIN_HASH_LEN) == 0;
}

/* line ends in a newline, and is changed. */
static enum balm_code verify_line(const struct verifying *verifying, char *line, size_t len)
{
    struct balm_chain_state *state = verifying->state;
    char told[BALM_SHA256_HEX], computed[BALM_SHA256_HEX];
    size_t bare;

    if (line[len - 1] != '\n') return breaks(verifying, "it was cut off");
    if (!balm_chain_hash_of(line, len - 1, told)) {
        return breaks(verifying, "it does not end in its hash");
    }
    if (!follows(line, len - 1, state->last)) {
        return breaks(verifying, "it does not follow the line before: one was changed, added or "
                                 "taken out");
    }
    bare = len - 1 - BALM_CHAIN_TAIL_LEN;
    line[bare] = '}';
    balm_sha256_hex(computed, line, bare + 1);
    if (strcmp(told, computed) != 0) return breaks(verifying, "it was changed");
    memcpy(state->last, told, sizeof told);
    state->lines++;
    return BALM_OK;
}

enum balm_code balm_chain_verify(const char *path, struct balm_chain_state *state,
                                 struct balm_err *err)
{
    struct verifying verifying = {path, state, err};
    FILE *file = fopen(path, "re");
    enum balm_code code = BALM_OK;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    *state = (struct balm_chain_state){.lines = 0};
    memcpy(state->last, balm_chain_first, sizeof state->last);
    if (!file) {
        return balm_fail(err, BALM_E_IO, "the record %s cannot be read: %s", path, strerror(errno));
    }
    errno = 0;
    while (!code && (len = getline(&line, &size, file)) > 0) {
        code = verify_line(&verifying, line, (size_t)len);
    }
    if (!code && (ferror(file) || errno == ENOMEM)) {
        code = balm_fail(err, BALM_E_IO, "the record %s cannot be read: %s", path, strerror(errno));
    }
    free(line);
    (void)fclose(file);
    return code;
}
