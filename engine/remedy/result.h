/*
 * result: how one run ended (DESIGN §3), as data, as a JSON object and as text.
 */
#ifndef BALM_REMEDY_RESULT_H
#define BALM_REMEDY_RESULT_H

#include "remedy/intent.h"

enum balm_status {
    BALM_STATUS_FIXED,
    BALM_STATUS_COMPLIANT,
    BALM_STATUS_PLANNED,
    BALM_STATUS_UNDONE,
    BALM_STATUS_SKIPPED,
    BALM_STATUS_DEFERRED,
    BALM_STATUS_UNVERIFIED,
    BALM_STATUS_FAILED
};
const char *balm_status_name(enum balm_status status);

/* Where an event came from; shown with its result, since results come in the order of ending. */
struct balm_origin {
    const char *source; /* "events.json", "-"; NULL: the run has no event */
    size_t number;      /* which of the source's events, from 1 */
    size_t line;        /* 0: not told */
};

struct balm_result {
    enum balm_status status;
    const char *run;                  /* its id */
    const struct balm_intent *intent; /* as far as it was filled */
    const char *reason;               /* of skipped and deferred; NULL else */
    const char *detail;               /* the same for people; NULL */
    bool guard_failed;                /* of skipped: the guard could not find out */
    bool verified;                    /* of fixed */
    bool complete;                    /* of planned */
    struct balm_value plan;           /* of planned: plan.h, with all that is secret; else null */
    const char *applied;              /* the planned run whose plan was applied; NULL else */
    struct balm_value drift;          /* what is not as planned: plan.h; null: nothing */
    double retry_after;               /* of deferred: seconds */
    bool invalid;        /* failed before any call: event, script or configuration is not valid */
    struct balm_err err; /* code BALM_OK: none */
    struct balm_value error;                       /* {code, message, service, ...}; null: none */
    struct balm_value calls, before, log, residue; /* lists and values; residue null: not asked */
    struct balm_value skipped_guards;              /* list of names; null: none */
    struct balm_value after; /* what was left, as `check` saw it last, with all that is secret: not
                                printed; null: not known */
    int64_t started;         /* microseconds since 1970 */
    int64_t ms;
    /* Of a run that has ended: all of it as the object that is printed and kept, and the same as
       compact JSON, a string; null where memory ran out. */
    struct balm_value value, json;
};

/* The result object, in arena. */
struct balm_value balm_result_value(const struct balm_result *result,
                                    const struct balm_origin *origin, struct balm_arena *arena);
/* What an event that could not be understood gives instead. */
struct balm_value balm_fault_value(const struct balm_err *err, const struct balm_origin *origin,
                                   struct balm_arena *arena);
/* {code, message, retryable}, and whatever of service, operation, status, request_id, file, line
   is known: detail as of struct balm_outcome, or null. */
struct balm_value balm_error_value(const struct balm_err *err, struct balm_value detail,
                                   struct balm_arena *arena);

/* DESIGN §4's exit status of one result, and of several: the first in the order 2, 3, 1, 4. A
   failure of another kind beside one of authorisation makes 1 of 3. */
int balm_result_exit(const struct balm_result *result);
int balm_exit_join(int a, int b);

/* A result or a fault for a person to read, several lines; coloured for a terminal. value as
   made above. */
enum balm_code balm_result_text(struct balm_buf *buf, struct balm_value value, bool coloured);

#endif
