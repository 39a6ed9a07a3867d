/*
 * run_internal: what the files of a run share: its life up to the first phase (run.c), what check
 * says and how long it is asked (run_look.c), the phases of a fix (run_fix.c) and of an undo
 * (run_undo.c), and how it ends (run_end.c). Nobody else includes it.
 */
#ifndef BALM_REMEDY_RUN_INTERNAL_H
#define BALM_REMEDY_RUN_INTERNAL_H

#include "remedy/gate_journal.h"
#include "remedy/gates.h"
#include "remedy/run.h"
#include "script/instance.h"

#define BALM_SECOND_NS      ((int64_t)1000000000)
#define BALM_VERIFY_SECONDS 30

struct balm_run {
    const struct balm_engine *engine;
    struct balm_order order;
    void (*done)(void *owner, struct balm_run *run, const struct balm_result *result);
    void *owner;
    struct balm_arena arena;
    struct balm_buf json; /* of the result; the arena's ceiling is for what it tells of */
    char id[37];
    int64_t began; /* monotonic */

    struct balm_intent intent;
    struct balm_guarding guarding;

    struct balm_session *session;
    struct balm_instance *instance;
    struct balm_scrub scrub;
    struct balm_gates gates;
    struct balm_gate_permissions permissions;
    struct balm_gate_check check;
    struct balm_gate_plan plan;
    struct balm_gate_apply apply;
    struct balm_gate_claim claim;
    struct balm_gate_guards guards;
    struct balm_gate_journal journaled;
    struct balm_gate_record record;
    struct balm_journal journal;

    struct balm_task task;           /* begin, then finish */
    struct balm_timer timer;         /* until the next look */
    int64_t looks_began, look_until; /* monotonic: verification */
    int64_t look_after;              /* the next pause */
    int64_t residue_since;           /* monotonic: it has been the same since then */
    bool finishing;
    struct balm_result result;
};

/* ---- run.c ---- */

bool balm_run_is_plan(const struct balm_run *run);
bool balm_run_is_apply(const struct balm_run *run);
bool balm_run_has_check(const struct balm_run *run);

/* ---- run_look.c ---- */

void balm_run_phase(struct balm_run *run, enum balm_phase phase, struct balm_value extra,
                    void (*done)(void *owner, const struct balm_outcome *outcome));
/* `check` says true, or false (nil counts as that: AWS leaves out what is not set); nothing else
   passes for either. Fills *holds, or ends the run. */
bool balm_run_took_verdict(struct balm_run *run, const struct balm_outcome *outcome, bool *holds);
/* An error while looking may pass, as a resource that is not there yet does; what is refused or
   broken stays so. */
bool balm_run_may_pass(const struct balm_err *err);
void balm_run_start_looking(struct balm_run *run);
/* AWS is eventually consistent: looks again after a pause, as long as there is time. */
bool balm_run_looks_again(struct balm_run *run, void (*look)(void *owner));

/* ---- run_fix.c, run_undo.c: each begins with its first phase ---- */

void balm_run_fix(struct balm_run *run);
void balm_run_undo(struct balm_run *run);
void balm_run_verify_again(struct balm_run *run); /* an earlier run's outcome, by check alone */

/* ---- run_end.c: the first one counts; done comes on a later turn ---- */

void balm_run_end(struct balm_run *run, enum balm_status status);
void balm_run_end_failed(struct balm_run *run, const struct balm_err *err,
                         struct balm_value detail);
/* Nothing was called: what was asked for, or what it is asked with, is at fault. */
void balm_run_end_before(struct balm_run *run, const struct balm_err *err);
void balm_run_end_skipped(struct balm_run *run, const char *reason, const char *detail);
/* What is asked for is not what was planned. */
void balm_run_end_drifted(struct balm_run *run, struct balm_value drift);
/* Is there any drift, or no memory to know it by? Then the run has ended. */
bool balm_run_ends_with(struct balm_run *run, struct balm_value drift);
/* After an unsent write a plan tells what it knows, and that it is not all. */
void balm_run_end_planned(struct balm_run *run, const struct balm_outcome *outcome);
/* Did the phase end the run, by an error or by asking to come back later? */
bool balm_run_has_ended(struct balm_run *run, const struct balm_outcome *outcome);

#endif
