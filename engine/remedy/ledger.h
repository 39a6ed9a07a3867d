/*
 * ledger: the runs of the past: what each was to do, its writes, each before it was sent, and how
 * it ended. It lies in the store, as items:
 *
 *   partition      sort               value
 *   run/DAY        RUN                the head of a run that has ended: what a list shows. DAY is
 *                                     UTC, "2026-11-25"
 *   of/RUN         after              what the run left, where that was not known before it was
 *                                     looked at again
 *                  call.NUMBER        a write, as it is to be sent; with the first, what the run
 *                                     is to do, and what `check` found (`began`)
 *                  done.NUMBER        how that ended, where the run went on for long after it
 *                  end.PIECE          the result as printed, and what the run left (`after`)
 *   script         HASH.PIECE         a version's script with all that it requires
 *   days           DAY                there are runs of this day
 *   open           RUN                it began, and has not ended: its head, which process, until
 *                                     when
 *   unverified     RUN                it ended as unverified
 *
 * Run ids are UUIDs that begin with the time, so runs sort by it, and their day is known. A PIECE
 * is a part of a JSON text that is too long for one commit; what is not lies there as it is. What
 * is secret is sealed for its run.
 */
#ifndef BALM_REMEDY_LEDGER_H
#define BALM_REMEDY_LEDGER_H

#include "remedy/seal.h"
#include "remedy/store.h"
#include "script/catalog.h"

struct balm_ledger;

struct balm_ledger_setup {
    struct balm_loop *loop;
    struct balm_store *store; /* borrowed, as is the rest */
    struct balm_seal *seal;
    const struct balm_log *log;
};

enum balm_code balm_ledger_new(struct balm_ledger **out, const struct balm_ledger_setup *setup,
                               struct balm_err *err);
/* All journals (journal.h) ended before. What is still being written is written all the same.
   Accepts NULL. */
void balm_ledger_release(struct balm_ledger *ledger);

/* ---- reading, for commands: each runs the loop until the store has answered, so nothing else may
   hang from it ---- */

/* Waits for what runs left to be written. False where some of it could not be, which was said. */
bool balm_ledger_settle(struct balm_ledger *ledger);

struct balm_ledger_filter {
    const char *account, *remediation, *status; /* NULL: any */
    const char *resource;                       /* its name, or a glob; NULL: any */
    int64_t since;                              /* microseconds since 1970; 0: all */
    size_t limit;                               /* 0: none */
    enum { BALM_LEDGER_ALL, BALM_LEDGER_UNFINISHED, BALM_LEDGER_UNVERIFIED } which;
};

/* Heads, newest first; each lives until the callback returns. Of a run that never ended the status
   is "running" where its process may be there, else "unfinished". */
enum balm_code balm_ledger_list(struct balm_ledger *ledger, const struct balm_ledger_filter *filter,
                                void (*each)(void *owner, struct balm_value head), void *owner,
                                struct balm_err *err);

/* One run, as far as it is known; all in the arena that was given. */
struct balm_kept {
    struct balm_value head;
    const char *run;
    struct balm_value began;        /* null: the run wrote nothing, or its end alone is known */
    struct balm_value signed_began; /* as it lies in the store */
    struct balm_value calls;        /* of began: the writes, as in a result */
    struct balm_value result;       /* as printed; null: the run has not ended */
    struct balm_value after;        /* null: not known */
    bool is_running;                /* in a process that is there, or may be */
};

/* run is an id or the beginning of one, at least 8 characters. BALM_E_ARG: there is none, or there
   are several. */
enum balm_code balm_ledger_load(struct balm_ledger *ledger, const char *run,
                                struct balm_arena *arena, struct balm_kept *out,
                                struct balm_err *err);
/* Is began what this store's Balm wrote for this run? BALM_E_INPUT where it is not; to be asked
   before it is acted upon. */
enum balm_code balm_ledger_trust(struct balm_ledger *ledger, const struct balm_kept *kept,
                                 struct balm_arena *arena, struct balm_err *err);
/* The run for a person or a program to read: its result, or what is known of one that never ended,
   and what happened to it since. */
struct balm_value balm_kept_value(const struct balm_kept *kept, struct balm_arena *arena);
/* The version that made the run's changes, as began names it, restored from its kept source. */
enum balm_code balm_ledger_version(struct balm_ledger *ledger, struct balm_catalog *catalog,
                                   const struct balm_kept *kept, struct balm_version **out,
                                   struct balm_err *err);

/* ---- what happens to a run later ---- */

/* It was looked at again, and is as it should be: after is what it left, as an undo will want to
   find it, with what is secret marked. */
enum balm_code balm_ledger_verified(struct balm_ledger *ledger, const struct balm_kept *kept,
                                    struct balm_value after, struct balm_err *err);
/* It was undone by another run. hold, where .partition is not NULL, is committed with it. */
enum balm_code balm_ledger_undone(struct balm_ledger *ledger, const struct balm_kept *kept,
                                  const char *by, const struct balm_item *hold,
                                  struct balm_err *err);

#endif
