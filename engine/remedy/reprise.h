/*
 * reprise: an earlier run, taken up again: undone, looked at again, or, where it was an undo
 * itself, its change made again.
 *
 * The version that made the change runs, from the source that the store kept, with the same
 * parameters on the same resource, whatever the disk and the configuration say by now.
 */
#ifndef BALM_REMEDY_REPRISE_H
#define BALM_REMEDY_REPRISE_H

#include "remedy/ledger.h"
#include "remedy/run.h"

struct balm_reprise {
    const struct balm_engine *engine;
    struct balm_arena arena;
    struct balm_kept kept;
    struct balm_finding finding;
    struct balm_again again;
    struct balm_order order; /* for balm_run_start() */
};

/* Finds the run and what it takes; run is an id or its beginning. Fails with BALM_E_ARG for one
   that changed nothing or still runs. To be freed in any case. Runs the loop, as all reading of the
   ledger does. */
enum balm_code balm_reprise_open(struct balm_reprise *reprise, const struct balm_engine *engine,
                                 const char *run, struct balm_err *err);
void balm_reprise_free(struct balm_reprise *reprise);

/* What order is to do. An undo of an undo is a fix. */
void balm_reprise_undo(struct balm_reprise *reprise, bool plan, bool force);
void balm_reprise_verify(struct balm_reprise *reprise);

/* The order's run has ended: says so in the ledger. hold_days is of an undo; 0: none. */
enum balm_code balm_reprise_done(struct balm_reprise *reprise, const struct balm_result *result,
                                 int64_t hold_days, struct balm_err *err);

#endif
