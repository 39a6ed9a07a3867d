/*
 * chain: a file with one line for each run, each bound to the one before.
 *
 * A line is the run's result as JSON, its keys sorted, and at its end two members more: "prev", the
 * hash of the line before (64 zeros in the first), and "hash", the SHA-256 of the line as it is
 * without that last member. Whoever changes, adds or takes out a line breaks the chain there. That
 * its end was cut off shows only to whoever knows the last hash, so keep that elsewhere.
 *
 * Processes may share a file: each appends under flock(2). The loop does not wait for that.
 */
#ifndef BALM_REMEDY_CHAIN_H
#define BALM_REMEDY_CHAIN_H

#include "core/digest.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/value.h"

struct balm_chain;

/* Makes the file (mode 0600) where there is none; fails where it cannot be appended to, with
   BALM_E_IO, or is no record. path is copied. */
enum balm_code balm_chain_open(struct balm_chain **out, const char *path, struct balm_loop *loop,
                               const struct balm_log *log, struct balm_err *err);
/* Appends a result, soon. */
void balm_chain_add(struct balm_chain *chain, struct balm_value result);
/* Waits for what is not written yet, running the loop, and releases. false where something could
   not be written, which was said. Accepts NULL. */
bool balm_chain_close(struct balm_chain *chain);

struct balm_chain_state {
    size_t lines;               /* that are whole, from the first on */
    char last[BALM_SHA256_HEX]; /* the hash of the last of them */
};
/* Holds the chain against its hashes. BALM_E_INPUT says in which line it breaks, and why; *state is
   filled all the same. */
enum balm_code balm_chain_verify(const char *path, struct balm_chain_state *state,
                                 struct balm_err *err);

#endif
