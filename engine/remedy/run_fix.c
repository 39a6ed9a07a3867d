/*
 * run_fix: check, fix, check again; and a later look at a fix that could not be verified.
 */
#include "remedy/residue.h"
#include "remedy/run_internal.h"

#include <stdio.h>

static void verify(void *owner);

static void on_verified(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    bool holds = false;

    if (run->finishing || !balm_run_may_pass(&outcome->err)) {
        if (balm_run_has_ended(run, outcome) || !balm_run_took_verdict(run, outcome, &holds))
            return;
    }
    if (holds) {
        run->result.verified = true;
        run->result.after = balm_copy(&run->arena, outcome->second);
        balm_run_end(run, BALM_STATUS_FIXED);
    } else if (!balm_run_looks_again(run, verify)) {
        run->result.err = outcome->err;
        if (outcome->err.code) {
            run->result.error = balm_error_value(
                &outcome->err, balm_copy(&run->arena, outcome->detail), &run->arena);
        }
        balm_run_end(run, BALM_STATUS_UNVERIFIED);
    }
}

static void verify(void *owner)
{
    balm_run_phase(owner, BALM_PHASE_VERIFY, balm_null(), on_verified);
}

static void on_fixed(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;

    if (balm_run_has_ended(run, outcome)) return;
    if (balm_run_is_plan(run)) {
        balm_run_end_planned(run, outcome);
    } else if (balm_run_is_apply(run) && !balm_gate_apply_is_done(&run->apply)) {
        balm_run_end_drifted(run, run->apply.drift);
    } else if (balm_run_has_check(run)) {
        balm_run_start_looking(run);
        verify(run);
    } else {
        balm_run_end(run, BALM_STATUS_FIXED);
    }
}

/* Did check observe what it did when the plan was made? */
static bool is_as_planned(struct balm_run *run)
{
    struct balm_value drift = balm_list(&run->arena);

    balm_drift_add(drift, "before", balm_get(run->order.plan, "before"), run->result.before,
                   &run->arena);
    return !balm_run_ends_with(run, drift);
}

static void on_checked(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    bool holds = false;

    if (balm_run_has_ended(run, outcome) || !balm_run_took_verdict(run, outcome, &holds)) return;
    run->result.before = balm_copy(&run->arena, outcome->second);
    if (holds) {
        balm_run_end(run, BALM_STATUS_COMPLIANT);
    } else if (!balm_run_is_apply(run) || is_as_planned(run)) {
        balm_run_phase(run, BALM_PHASE_FIX, balm_null(), on_fixed);
    }
}

void balm_run_fix(struct balm_run *run)
{
    if (balm_run_has_check(run)) {
        balm_run_phase(run, BALM_PHASE_CHECK, balm_null(), on_checked);
    } else {
        balm_run_phase(run, BALM_PHASE_FIX, balm_null(), on_fixed);
    }
}

/* ---- looking again at an earlier run ---- */

static void on_verified_again(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    bool holds = false;

    if (balm_run_has_ended(run, outcome) || !balm_run_took_verdict(run, outcome, &holds)) return;
    run->result.verified = holds;
    run->result.after =
        balm_scrub_mark(&run->scrub, balm_copy(&run->arena, outcome->second), &run->arena);
    balm_run_end(run, holds ? BALM_STATUS_FIXED : BALM_STATUS_UNVERIFIED);
}

void balm_run_verify_again(struct balm_run *run)
{
    struct balm_err err;

    if (balm_run_has_check(run)) {
        balm_run_phase(run, BALM_PHASE_CHECK, balm_null(), on_verified_again);
        return;
    }
    balm_fail(&err, BALM_E_ARG, "%s declares no check", run->intent.association.remediation);
    snprintf(err.aws_code, sizeof err.aws_code, "CannotBeVerified");
    balm_run_end_before(run, &err);
}
