/*
 * run: one finding becomes one result.
 *
 * A state machine on the loop: association, guards, parameters, role, session, then the script's
 * phases. Whatever goes wrong on the way is a result too.
 */
#ifndef BALM_REMEDY_RUN_H
#define BALM_REMEDY_RUN_H

#include "remedy/gates.h"
#include "remedy/result.h"

struct balm_run;

struct balm_order {
    const struct balm_finding
        *finding; /* borrowed, with all it points to, until the run is released */
    const struct balm_origin *origin; /* of its event; NULL: it has none. Borrowed likewise */
    enum balm_action action;
    bool by_hand;                   /* --remediation: the configuration's modes do not count */
    struct balm_value before;       /* of undo: what `check` returned before the fix */
    const struct balm_again *again; /* the run that it is about, or NULL; borrowed */
    /* A plan (plan.h): then a fix makes its writes and no others. Null: there is none. */
    struct balm_value plan;

    /* Specs: what stands in AWS's place, and whether an unverified fix is looked at again, at
       once. */
    struct balm_gate_link *instead_of_aws;
    bool (*look_again)(void *owner);
    void *owner; /* of look_again */
};

/*
 * done comes from the loop, exactly once, unless the run is released first; result and all in it
 * live until the release, which done may call. Fails for want of memory alone.
 */
enum balm_code balm_run_start(struct balm_run **out, const struct balm_engine *engine,
                              const struct balm_order *order,
                              void (*done)(void *owner, struct balm_run *run,
                                           const struct balm_result *result),
                              void *owner, struct balm_err *err);
/* Ends it as failed with err; done still comes, with the writes that were made and the one under
   way. */
void balm_run_abort(struct balm_run *run, const struct balm_err *err);
/* Ends it now, for a gate: skipped with the reason where nothing was written, else failed with the
   code, a name for machines. reason and code are borrowed, detail is copied. */
void balm_run_stop(struct balm_run *run, const char *reason, const char *code, const char *detail);
void balm_run_release(struct balm_run *run); /* cancels what is under way; accepts NULL */

#endif
