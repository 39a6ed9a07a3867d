/*
 * run_end: how a run ends: what its result says, and what is kept of it.
 */
#include "core/clock.h"
#include "core/json.h"
#include "remedy/guard.h"
#include "remedy/plan.h"
#include "remedy/run_internal.h"

#include <stdio.h>

static struct balm_value scrubbed(struct balm_run *run, struct balm_value value)
{
    return balm_scrub_value(&run->scrub, value, &run->arena);
}

static struct balm_value plan_of(struct balm_run *run)
{
    const struct balm_plan_parts parts = {
        .run = run->id,
        .intent = &run->intent,
        .before = balm_scrub_mark(&run->scrub, run->result.before, &run->arena),
        .writes = balm_scrub_mark(&run->scrub, run->plan.writes, &run->arena),
        .why_incomplete = run->result.detail};

    return balm_plan_make(&parts, &run->arena);
}

static struct balm_value json_of(struct balm_run *run, struct balm_value value)
{
    bool is_whole = !balm_json_print(&run->json, value, BALM_JSON_COMPACT) && !run->json.code;

    return is_whole ? balm_string_n(run->json.bytes, run->json.len) : balm_null();
}

static void tell(void *owner)
{
    struct balm_run *run = owner;

    run->done(run->owner, run, &run->result);
}

/* Never from within the instance's own callback: it is released here. */
static void finish(void *owner)
{
    struct balm_run *run = owner;
    struct balm_result *result = &run->result;

    if (run->instance) {
        result->log = balm_copy(&run->arena, balm_instance_log(run->instance));
        balm_instance_release(run->instance); /* what is under way is dropped, and recorded so */
        run->instance = NULL;
    }
    if (result->status == BALM_STATUS_PLANNED) result->plan = plan_of(run);
    result->calls = balm_gate_record_calls(&run->record, &run->arena);
    result->skipped_guards = balm_skipped_guards(run->engine, &run->arena);
    if (!result->err.code && balm_arena_status(&run->arena, &result->err)) {
        result->status = BALM_STATUS_FAILED; /* what cannot be told is not well */
    }
    result->ms = (balm_clock_mono() - run->began) / 1000000;
    balm_guards_ended(run->engine, result);
    /* Also what the event gave may have turned out to be sensitive. */
    result->value = scrubbed(run, balm_result_value(result, run->order.origin, &run->arena));
    result->json = json_of(run, result->value);
    balm_journal_end(&run->journal, tell, run);
}

void balm_run_end(struct balm_run *run, enum balm_status status)
{
    if (run->finishing) return;
    run->finishing = true;
    run->result.status = status;
    balm_task_add(run->engine->loop, &run->task, finish, run);
}

void balm_run_end_failed(struct balm_run *run, const struct balm_err *err, struct balm_value detail)
{
    run->result.err = *err;
    run->result.error = balm_error_value(err, balm_copy(&run->arena, detail), &run->arena);
    balm_run_end(run, BALM_STATUS_FAILED);
}

void balm_run_end_before(struct balm_run *run, const struct balm_err *err)
{
    run->result.invalid =
        err->code == BALM_E_ARG || err->code == BALM_E_INPUT || err->code == BALM_E_SCRIPT;
    balm_run_end_failed(run, err, balm_null());
    if (balm_list_len(run->intent.faults) > 0) {
        balm_map_set(&run->arena, run->result.error, "faults", run->intent.faults);
    }
}

void balm_run_end_skipped(struct balm_run *run, const char *reason, const char *detail)
{
    run->result.reason = reason;
    run->result.detail = detail;
    balm_run_end(run, BALM_STATUS_SKIPPED);
}

void balm_run_stop(struct balm_run *run, const char *reason, const char *code, const char *detail)
{
    size_t writes = run->record.writes;
    struct balm_err err;

    if (run->finishing) return;
    if (writes == 0) {
        balm_run_end_skipped(run, reason, balm_arena_strdup(&run->arena, detail));
        return;
    }
    balm_fail(&err, BALM_E_REFUSED, "ended after %zu write%s: %s", writes, writes == 1 ? "" : "s",
              detail);
    snprintf(err.aws_code, sizeof err.aws_code, "%s", code);
    balm_run_end_failed(run, &err, balm_null());
}

void balm_run_end_drifted(struct balm_run *run, struct balm_value drift)
{
    run->result.drift = drift;
    balm_run_stop(run, "drift", "Drift", balm_plan_drift_text(scrubbed(run, drift), &run->arena));
}

bool balm_run_ends_with(struct balm_run *run, struct balm_value drift)
{
    struct balm_err err;

    if (balm_list_len(drift) > 0) {
        balm_run_end_drifted(run, drift);
    } else if (balm_arena_status(&run->arena, &err)) {
        balm_run_end_failed(run, &err, balm_null());
    } else {
        return false;
    }
    return true;
}

/* NULL where the plan tells all that the fix would do. */
static const char *why_incomplete(struct balm_run *run, const struct balm_outcome *outcome)
{
    if (outcome->err.code) return "an error came after a write that was not sent";
    if (outcome->retry_after > 0) {
        return "the script asked to come back later, after a write that was not sent";
    }
    if (run->plan.blind_read) {
        return balm_arena_printf(&run->arena, "%s asks with what is not known before apply",
                                 run->plan.blind_read);
    }
    return outcome->met_unknown ? "the script looks into what is not known before apply" : NULL;
}

void balm_run_end_planned(struct balm_run *run, const struct balm_outcome *outcome)
{
    run->result.detail = why_incomplete(run, outcome);
    run->result.complete = !run->result.detail;
    if (outcome->err.code) {
        run->result.err = outcome->err;
        run->result.error =
            balm_error_value(&outcome->err, balm_copy(&run->arena, outcome->detail), &run->arena);
    }
    balm_run_end(run, BALM_STATUS_PLANNED);
}

bool balm_run_has_ended(struct balm_run *run, const struct balm_outcome *outcome)
{
    if (run->finishing) return true; /* it was aborted meanwhile */
    if (!outcome->err.code && outcome->retry_after <= 0) return false;
    if (balm_run_is_plan(run) && balm_list_len(run->plan.writes) > 0) {
        balm_run_end_planned(run, outcome);
    } else if (outcome->retry_after > 0) {
        run->result.reason = "retry_later";
        run->result.detail = balm_arena_strdup(&run->arena, outcome->why);
        run->result.retry_after = outcome->retry_after;
        balm_run_end(run, BALM_STATUS_DEFERRED);
    } else {
        balm_run_end_failed(run, &outcome->err, outcome->detail);
    }
    return true;
}
