/*
 * journal: what one run writes into the ledger.
 *
 * A run that changes something is kept before its first write is sent, and each write before it is
 * sent; one that changes nothing is kept when it has ended, which costs it one commit that nobody
 * waits for. What a write came to is kept with the end, or by itself where the run goes on for
 * long.
 */
#ifndef BALM_REMEDY_JOURNAL_H
#define BALM_REMEDY_JOURNAL_H

#include "core/loop.h"
#include "remedy/ledger.h"
#include "remedy/result.h"
#include "remedy/scrub.h"

struct balm_journal;

/* One write of the run; lives as long as the journal. */
struct balm_journal_write {
    struct balm_journal_write *next;
    struct balm_journal *journal;
    size_t number; /* from 1 */
    bool brings;   /* the version's source goes with it */
    const struct balm_call *call;
    struct balm_store_request request;
    struct balm_task task;
    bool waits; /* for the disk */
    void (*done)(void *owner, struct balm_journal_write *write, const struct balm_err *err);
    void *owner;

    int64_t sent;             /* microseconds since 1970; 0: not yet */
    struct balm_value status; /* as in a result's call; null: not known yet */
    const char *request_id;
    int64_t ms;
    bool is_told; /* the outcome is on disk, or on its way */
};

/* Embedded in its run. */
struct balm_journal {
    struct balm_ledger *ledger;       /* NULL: nothing is kept */
    const struct balm_result *result; /* of the run: what is known of it so far */
    const struct balm_scrub *scrub;
    struct balm_arena *arena;
    int64_t lease_us; /* what the run may take at most */
    bool begun;       /* what it is to do is on disk */
    bool has_source;  /* the store has the version's source from another run */
    bool lacks;       /* it did not have it */
    struct balm_journal_write *first, **last;
    size_t count;
    struct balm_timer timer; /* until outcomes are written by themselves */
    struct balm_store_request outcomes;
    struct balm_ledger_end *end;
    void (*ended)(void *owner);
    void *owner;
};

/* Borrows all. ledger may be NULL: then nothing below does anything. */
void balm_journal_init(struct balm_journal *journal, struct balm_ledger *ledger,
                       const struct balm_result *result, const struct balm_scrub *scrub,
                       struct balm_arena *arena);
/* Forgets what is under way; done and ended do not come any more. */
void balm_journal_free(struct balm_journal *journal);

/* The call is about to be sent: done comes from the loop when that is on disk, or with why it
   cannot be; then it must not be sent. call stays until then. NULL, and err, when memory ran out.
   */
struct balm_journal_write *balm_journal_write(
    struct balm_journal *journal, const struct balm_call *call,
    void (*done)(void *owner, struct balm_journal_write *write, const struct balm_err *err),
    void *owner, struct balm_err *err);
/* done does not come any more: the call is not sent. */
void balm_journal_forget(struct balm_journal_write *write);
/* How a write ended; status as in a result's call. */
void balm_journal_settled(struct balm_journal_write *write, struct balm_value status,
                          const char *request_id, int64_t ms);

/* The run has ended, and its result is made. ended comes once, at once where nobody has to wait,
   else from the loop. */
void balm_journal_end(struct balm_journal *journal, void (*ended)(void *owner), void *owner);

#endif
