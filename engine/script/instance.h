/*
 * instance: one Lua state for one run of one version, thrown away after it.
 *
 * Its phases (check, fix, check again, undo) run one after the other in the same state. A phase
 * waits for AWS by being suspended: the loop resumes it. Within one, aws.parallel runs several
 * threads of Lua in turn. Releasing an instance cancels whatever it
 * waits for.
 */
#ifndef BALM_SCRIPT_INSTANCE_H
#define BALM_SCRIPT_INSTANCE_H

#include "script/catalog.h"
#include "script/gate.h"
#include "script/limits.h"

struct balm_instance;

struct balm_instance_options {
    struct balm_aws *aws;
    struct balm_version *version; /* retained */
    struct balm_session *session; /* the target's; retained */
    struct balm_gate *gate;       /* borrowed for the instance's life */
    struct balm_value resource;   /* copied into Lua */
    struct balm_value parameters;
    struct balm_limits limits;
    const struct balm_log *log; /* log.debug ... also go here when not NULL */
    const char *run;            /* the run's id */
    const char *session_policy; /* of the sessions that the script opens; NULL: none. Borrowed */
    /* Specs: aws.session{} opens without credentials; sleeping takes no time. */
    bool offline;
    /* Plans, applies, specs: the branches of aws.parallel run one after the other. */
    bool in_order;
};

struct balm_outcome {
    /* BALM_OK: the phase returned. BALM_E_SCRIPT: it raised; BALM_E_AWS: an API error left the
       script; BALM_E_LIMIT ... */
    struct balm_err err;
    /* Of an error: {"code", "message", "status", "service", "operation", "request_id", "retryable",
       "file", "line", "traceback"} as far as known; else null. */
    struct balm_value detail;
    /* The first and second result of check and verify (compliant, before). */
    struct balm_value first;
    struct balm_value second;
    /* The phase read what is not known, or an error came after an unsent write: the plan is not
       complete. */
    bool met_unknown;
    double retry_after; /* > 0: aws.retry_later was called */
    const char *why;    /* with it; else "" */
};

enum balm_code balm_instance_new(struct balm_instance **out,
                                 const struct balm_instance_options *options, struct balm_err *err);
void balm_instance_release(struct balm_instance *instance); /* accepts NULL; not from within done */

/* Runs a phase; done comes from the loop, exactly once, unless the instance is released first.
   outcome lives until the next phase or release. extra: `before` for BALM_PHASE_UNDO, else null. */
void balm_instance_run(struct balm_instance *instance, enum balm_phase phase,
                       struct balm_value extra,
                       void (*done)(void *owner, const struct balm_outcome *outcome), void *owner);
/* The log lines so far: [{"level","message","ms"}]; lives as long as the instance. */
struct balm_value balm_instance_log(struct balm_instance *instance);

#endif
