#include "remedy/run.h"

#include "aws/retry.h"
#include "core/clock.h"
#include "core/text.h"
#include "remedy/gate_journal.h"
#include "remedy/guard.h"
#include "remedy/plan.h"
#include "remedy/residue.h"
#include "script/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS      ((int64_t)1000000000)
#define LOOK_AGAIN_NS  (SECOND_NS / 4) /* after the first look; doubled up to the most */
#define LOOK_MOST_NS   (5 * SECOND_NS)
#define VERIFY_SECONDS 30
#define PATIENCE       6 /* of the time to verify, the part that a residue may stay the same */
#define RUN_MEMORY_OF  4 /* times what the script may hold: its calls, and what is told of them */

struct balm_run {
    const struct balm_engine *engine;
    struct balm_order order;
    void (*done)(void *owner, struct balm_run *run, const struct balm_result *result);
    void *owner;
    struct balm_arena arena;
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
    struct balm_value after; /* what the run left, as `check` saw it last; null: not known */

    struct balm_task task;           /* begin, then finish */
    struct balm_timer timer;         /* until the next look */
    int64_t looks_began, look_until; /* monotonic: verification */
    int64_t look_after;              /* the next pause */
    int64_t residue_since;           /* monotonic: it has been the same since then */
    bool finishing;
    struct balm_result result;
};

/* ---- the end ---- */

static bool is_plan(const struct balm_run *run)
{
    return run->intent.action == BALM_ACTION_PLAN || (run->intent.again && run->intent.again->plan);
}

static bool is_apply(const struct balm_run *run)
{
    return !balm_is_null(run->order.plan);
}

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
    result->calls = scrubbed(run, balm_gate_record_calls(&run->record, &run->arena));
    result->before = scrubbed(run, result->before);
    result->residue = scrubbed(run, result->residue);
    result->error = scrubbed(run, result->error);
    result->log = scrubbed(run, result->log);
    result->drift = scrubbed(run, result->drift);
    result->skipped_guards = balm_skipped_guards(run->engine, &run->arena);
    if (!result->err.code && balm_arena_status(&run->arena, &result->err)) {
        result->status = BALM_STATUS_FAILED; /* what cannot be told is not well */
    }
    result->ms = (balm_clock_mono() - run->began) / 1000000;
    balm_guards_ended(run->engine, result);
    result->value = balm_result_value(result, run->order.origin, &run->arena);
    balm_journal_end(&run->journal, result->value, run->after, tell, run);
}

static void end(struct balm_run *run, enum balm_status status)
{
    if (run->finishing) return;
    run->finishing = true;
    run->result.status = status;
    balm_task_add(run->engine->loop, &run->task, finish, run);
}

static void end_failed(struct balm_run *run, const struct balm_err *err, struct balm_value detail)
{
    run->result.err = *err;
    run->result.error = balm_error_value(err, balm_copy(&run->arena, detail), &run->arena);
    end(run, BALM_STATUS_FAILED);
}

/* Nothing was called: what was asked for, or what it is asked with, is at fault. */
static void end_before(struct balm_run *run, const struct balm_err *err)
{
    run->result.invalid =
        err->code == BALM_E_ARG || err->code == BALM_E_INPUT || err->code == BALM_E_SCRIPT;
    end_failed(run, err, balm_null());
    if (balm_list_len(run->intent.faults) > 0) {
        balm_map_set(&run->arena, run->result.error, "faults", run->intent.faults);
    }
}

static void end_skipped(struct balm_run *run, const char *reason, const char *detail)
{
    run->result.reason = reason;
    run->result.detail = detail;
    end(run, BALM_STATUS_SKIPPED);
}

void balm_run_stop(struct balm_run *run, const char *reason, const char *code, const char *detail)
{
    size_t writes = run->record.writes;
    struct balm_err err;

    if (run->finishing) return;
    if (writes == 0) {
        end_skipped(run, reason, balm_arena_strdup(&run->arena, detail));
        return;
    }
    balm_fail(&err, BALM_E_REFUSED, "ended after %zu write%s: %s", writes, writes == 1 ? "" : "s",
              detail);
    snprintf(err.aws_code, sizeof err.aws_code, "%s", code);
    end_failed(run, &err, balm_null());
}

/* What is asked for is not what was planned. */
static void end_drifted(struct balm_run *run, struct balm_value drift)
{
    run->result.drift = drift;
    balm_run_stop(run, "drift", "Drift", balm_plan_drift_text(scrubbed(run, drift), &run->arena));
}

static void on_write_refused(void *owner, const struct balm_guarding *guarding)
{
    struct balm_run *run = owner;

    if (guarding->err.code) {
        end_failed(run, &guarding->err, balm_null());
    } else {
        balm_run_stop(run, guarding->asked->name, "GuardRefused", guarding->detail);
    }
}

/* Is there any drift, or no memory to know it by? Then the run has ended. */
static bool ends_with(struct balm_run *run, struct balm_value drift)
{
    struct balm_err err;

    if (balm_list_len(drift) > 0) {
        end_drifted(run, drift);
    } else if (balm_arena_status(&run->arena, &err)) {
        end_failed(run, &err, balm_null());
    } else {
        return false;
    }
    return true;
}

static void on_drift(void *owner)
{
    struct balm_run *run = owner;

    end_drifted(run, run->apply.drift);
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

/* After an unsent write a plan tells what it knows, and that it is not all. */
static void end_planned(struct balm_run *run, const struct balm_outcome *outcome)
{
    run->result.detail = why_incomplete(run, outcome);
    run->result.complete = !run->result.detail;
    if (outcome->err.code) {
        run->result.err = outcome->err;
        run->result.error =
            balm_error_value(&outcome->err, balm_copy(&run->arena, outcome->detail), &run->arena);
    }
    end(run, BALM_STATUS_PLANNED);
}

/* Did the phase end the run, by an error or by asking to come back later? */
static bool has_ended(struct balm_run *run, const struct balm_outcome *outcome)
{
    if (run->finishing) return true; /* it was aborted meanwhile */
    if (!outcome->err.code && outcome->retry_after <= 0) return false;
    if (is_plan(run) && balm_list_len(run->plan.writes) > 0) {
        end_planned(run, outcome);
    } else if (outcome->retry_after > 0) {
        run->result.reason = "retry_later";
        run->result.detail = balm_arena_strdup(&run->arena, outcome->why);
        run->result.retry_after = outcome->retry_after;
        end(run, BALM_STATUS_DEFERRED);
    } else {
        end_failed(run, &outcome->err, outcome->detail);
    }
    return true;
}

/* ---- the script's phases ---- */

static void run_phase(struct balm_run *run, enum balm_phase phase, struct balm_value extra,
                      void (*done)(void *owner, const struct balm_outcome *outcome))
{
    balm_instance_run(run->instance, phase, extra, done, run);
}

static bool has_check(const struct balm_run *run)
{
    return balm_get_bool(run->intent.declaration, "has_check", false);
}

/* `check` says true, or false (nil counts as that: AWS leaves out what is not set); nothing else
   passes for either. Fills *holds, or ends the run. */
static bool took_verdict(struct balm_run *run, const struct balm_outcome *outcome, bool *holds)
{
    struct balm_err err;

    if (outcome->first.type == BALM_BOOL || balm_is_null(outcome->first)) {
        *holds = outcome->first.type == BALM_BOOL && outcome->first.as.boolean;
        return true;
    }
    balm_fail(&err, BALM_E_SCRIPT, "check must return true or false first, not %s",
              balm_type_name((enum balm_type)outcome->first.type));
    snprintf(err.aws_code, sizeof err.aws_code, "InvalidCheck");
    end_failed(run, &err, balm_null());
    return false;
}

static void start_looking(struct balm_run *run)
{
    int64_t seconds = balm_get_int(run->intent.declaration, "verify_seconds", VERIFY_SECONDS);

    run->looks_began = balm_clock_mono();
    run->look_until = run->looks_began + seconds * SECOND_NS;
    run->look_after = LOOK_AGAIN_NS;
}

/* AWS is eventually consistent: looks again after a pause, as long as there is time. */
static bool looks_again(struct balm_run *run, void (*look)(void *owner))
{
    int64_t left = run->look_until - balm_clock_mono();
    int64_t pause = run->look_after < left ? run->look_after : left;

    if (run->order.look_again) {
        if (!run->order.look_again(run->order.owner)) return false;
        pause = 0;
    } else if (left <= 0) {
        return false;
    }
    run->look_after = 2 * run->look_after < LOOK_MOST_NS ? 2 * run->look_after : LOOK_MOST_NS;
    return balm_timer_set(run->engine->loop, &run->timer, pause, look, run) == BALM_OK;
}

static void verify(void *owner);

/* An error while verifying may pass, as a resource that is not there yet does; what is refused
   or broken stays so. */
static bool may_pass(const struct balm_err *err)
{
    return (err->code == BALM_E_AWS || err->code == BALM_E_NET) && !balm_err_is_authorisation(err);
}

static void on_verified(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    bool holds = false;

    if (run->finishing || !may_pass(&outcome->err)) {
        if (has_ended(run, outcome) || !took_verdict(run, outcome, &holds)) return;
    }
    if (holds) {
        run->result.verified = true;
        run->after = balm_copy(&run->arena, outcome->second);
        end(run, BALM_STATUS_FIXED);
    } else if (!looks_again(run, verify)) {
        run->result.err = outcome->err;
        if (outcome->err.code) {
            run->result.error = balm_error_value(
                &outcome->err, balm_copy(&run->arena, outcome->detail), &run->arena);
        }
        end(run, BALM_STATUS_UNVERIFIED);
    }
}

static void verify(void *owner)
{
    run_phase(owner, BALM_PHASE_VERIFY, balm_null(), on_verified);
}

static void on_fixed(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;

    if (has_ended(run, outcome)) return;
    if (is_plan(run)) {
        end_planned(run, outcome);
    } else if (is_apply(run) && !balm_gate_apply_is_done(&run->apply)) {
        end_drifted(run, run->apply.drift);
    } else if (has_check(run)) {
        start_looking(run);
        verify(run);
    } else {
        end(run, BALM_STATUS_FIXED);
    }
}

/* Did check observe what it did when the plan was made? */
static bool is_as_planned(struct balm_run *run)
{
    struct balm_value drift = balm_list(&run->arena);

    balm_drift_add(drift, "before", balm_get(run->order.plan, "before"), run->result.before,
                   &run->arena);
    return !ends_with(run, drift);
}

static void on_checked(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    bool holds = false;

    if (has_ended(run, outcome) || !took_verdict(run, outcome, &holds)) return;
    run->result.before = balm_copy(&run->arena, outcome->second);
    if (holds) {
        end(run, BALM_STATUS_COMPLIANT);
    } else if (!is_apply(run) || is_as_planned(run)) {
        run_phase(run, BALM_PHASE_FIX, balm_null(), on_fixed);
    }
}

static void look_at_residue(void *owner);

/* Part of what there was may be gone for good. What has stayed the same for a while is taken for
   that; AWS takes its time for the rest. */
static bool may_still_go(struct balm_run *run, struct balm_value residue)
{
    int64_t now = balm_clock_mono();
    int64_t all = run->look_until - run->looks_began;

    if (balm_list_len(residue) == 0) return false;
    if (run->order.look_again || !balm_equal(residue, run->result.residue)) {
        run->residue_since = now;
        return true;
    }
    return now - run->residue_since < all / PATIENCE;
}

static void on_looked(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    struct balm_value residue;
    bool may_go;
    bool holds = false;

    if (has_ended(run, outcome) || !took_verdict(run, outcome, &holds)) return;
    run->after = balm_copy(&run->arena, outcome->second);
    residue = balm_residue(run->order.before, run->after, &run->arena);
    may_go = may_still_go(run, residue);
    run->result.residue = residue;
    if (may_go && looks_again(run, look_at_residue)) return;
    end(run, BALM_STATUS_UNDONE);
}

static void look_at_residue(void *owner)
{
    run_phase(owner, BALM_PHASE_VERIFY, balm_null(), on_looked);
}

static void on_undone(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;

    if (has_ended(run, outcome)) return;
    if (is_plan(run)) {
        end_planned(run, outcome);
    } else if (has_check(run)) {
        start_looking(run);
        look_at_residue(run);
    } else {
        end(run, BALM_STATUS_UNDONE);
    }
}

static void undo(struct balm_run *run)
{
    run_phase(run, BALM_PHASE_UNDO, run->order.before, on_undone);
}

/* Where differences lie, for people. */
static const char *paths_of(struct balm_run *run, struct balm_value differences)
{
    const char *text = "";

    for (size_t i = 0; text && i < balm_list_len(differences); i++) {
        const char *path = balm_get_string(*balm_list_at(differences, i), "path", "");
        text = balm_arena_printf(&run->arena, "%s%s%s", text, i > 0 ? ", " : "",
                                 path[0] ? path : "all of it");
    }
    return text ? text : "";
}

static bool differ(struct balm_run *run, struct balm_value a, struct balm_value b)
{
    return balm_list_len(balm_residue(a, b, &run->arena)) > 0;
}

/* What the run to be undone left must still be there, unless others put back already what it had
   found. */
static void on_found(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    const struct balm_again *again = run->intent.again;
    struct balm_value before = run->order.before;
    struct balm_value now;
    bool holds;

    if (has_ended(run, outcome) || !took_verdict(run, outcome, &holds)) return;
    now = run->result.before = balm_copy(&run->arena, outcome->second);
    if (balm_is_null(again->after) || !differ(run, again->after, now)) {
        undo(run);
    } else if (differ(run, before, again->after) && !differ(run, before, now)) {
        run->after = now;
        run->result.residue = balm_list(&run->arena);
        run->result.detail = "the resource is as it was before already: nothing was called";
        end(run, BALM_STATUS_UNDONE);
    } else if (again->force) {
        undo(run);
    } else {
        end_skipped(run, "drift",
                    balm_arena_printf(
                        &run->arena,
                        "the resource was changed since by others (%s); --force undoes it all the "
                        "same",
                        paths_of(run, balm_residue(again->after, now, &run->arena))));
    }
}

/* ---- looking again at an earlier run ---- */

static void on_verified_again(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;
    bool holds = false;

    if (has_ended(run, outcome) || !took_verdict(run, outcome, &holds)) return;
    run->result.verified = holds;
    end(run, holds ? BALM_STATUS_FIXED : BALM_STATUS_UNVERIFIED);
}

static void verify_again(struct balm_run *run)
{
    struct balm_err err;

    if (has_check(run)) {
        run_phase(run, BALM_PHASE_CHECK, balm_null(), on_verified_again);
        return;
    }
    balm_fail(&err, BALM_E_ARG, "%s declares no check", run->intent.association.remediation);
    snprintf(err.aws_code, sizeof err.aws_code, "CannotBeVerified");
    end_before(run, &err);
}

/* ---- from the guards to the first phase ---- */

static void on_taken(void *owner)
{
    struct balm_run *run = owner;
    struct balm_value drift = balm_list(&run->arena);

    balm_drift_add(drift, "applied", balm_bool(false), balm_bool(true), &run->arena);
    end_drifted(run, drift);
}

/* The second time a check would find what it should; a script without one would write again. */
static void add_claim(struct balm_run *run)
{
    struct balm_value by = balm_map(&run->arena);
    const struct balm_item item = {.partition = "plan",
                                   .sort = run->result.applied,
                                   .value = by,
                                   .expires = balm_get(run->order.plan, "expires").as.integer};

    balm_map_set(&run->arena, by, "run", balm_string(run->id));
    balm_gate_claim_init(&run->claim, run->engine->store, &item, on_taken, run);
    balm_gates_add(&run->gates, &run->claim.link);
}

static void add_gates(struct balm_run *run)
{
    balm_gate_permissions_init(&run->permissions, balm_get(run->intent.declaration, "permissions"));
    balm_gates_add(&run->gates, &run->permissions.link);
    balm_gate_check_init(&run->check);
    balm_gates_add(&run->gates, &run->check.link);
    if (is_plan(run)) {
        balm_gate_plan_init(&run->plan, run->permissions.declared, &run->arena);
        balm_gates_add(&run->gates, &run->plan.link);
    }
    if (is_apply(run)) {
        balm_gate_apply_init(&run->apply, balm_get(run->order.plan, "writes"), on_drift, run,
                             &run->arena);
        balm_gates_add(&run->gates, &run->apply.link);
    }
    balm_gate_guards_init(&run->guards, &run->intent, on_write_refused, run);
    balm_gates_add(&run->gates, &run->guards.link);
    if (is_apply(run) && run->engine->store) add_claim(run);
    if (run->journal.ledger && !is_plan(run)) {
        balm_gate_journal_init(&run->journaled, &run->journal);
        balm_gates_add(&run->gates, &run->journaled.link);
    }
    balm_gate_record_init(&run->record, run->intent.region, &run->scrub, &run->arena);
    balm_gates_add(&run->gates, &run->record.link);
    if (run->order.instead_of_aws) balm_gates_add(&run->gates, run->order.instead_of_aws);
}

static const char *session_policy_of(const struct balm_run *run)
{
    if (run->engine->no_session_policy) return NULL;
    return balm_version_session_policy(run->intent.version);
}

static enum balm_code open_session(struct balm_run *run, struct balm_err *err)
{
    const struct balm_intent *intent = &run->intent;
    bool offline = run->order.instead_of_aws != NULL;
    struct balm_session_options options = {
        .role_arn = offline ? NULL : intent->role_arn,
        .external_id = intent->external_id,
        .session_policy = session_policy_of(run),
        .region = intent->region,
        .partition = intent->partition,
        .account = intent->finding->account,
        .agent = run->id,
    };

    options.session_name =
        balm_arena_printf(&run->arena, "balm-%s", intent->association.remediation);
    if (balm_arena_status(&run->arena, err)) return err->code;
    return balm_session_open(&run->session, run->engine->aws, &options, err);
}

static enum balm_code open_instance(struct balm_run *run, struct balm_err *err)
{
    const struct balm_intent *intent = &run->intent;
    struct balm_instance_options options = {
        .aws = run->engine->aws,
        .version = intent->version,
        .session = run->session,
        .gate = &run->gates.face,
        .resource = intent->finding->resource,
        .parameters = intent->parameters,
        .limits = run->engine->limits,
        .run = run->id,
        .session_policy = session_policy_of(run),
        .offline = run->order.instead_of_aws != NULL,
    };

    options.limits.wall_ns +=
        SECOND_NS * balm_get_int(intent->declaration, "verify_seconds", VERIFY_SECONDS);
    run->journal.lease_us = options.limits.wall_ns / 1000;
    return balm_instance_new(&run->instance, &options, err);
}

static void first_phase(struct balm_run *run)
{
    if (run->intent.action == BALM_ACTION_VERIFY) {
        verify_again(run);
    } else if (run->intent.action == BALM_ACTION_UNDO && run->intent.again && has_check(run)) {
        run_phase(run, BALM_PHASE_CHECK, balm_null(), on_found);
    } else if (run->intent.action == BALM_ACTION_UNDO) {
        undo(run);
    } else if (has_check(run)) {
        run_phase(run, BALM_PHASE_CHECK, balm_null(), on_checked);
    } else {
        run_phase(run, BALM_PHASE_FIX, balm_null(), on_fixed);
    }
}

static enum balm_code fill_intent(struct balm_run *run, struct balm_err *err)
{
    struct balm_value plan = run->order.plan;

    if (balm_intent_load(&run->intent, err) || balm_intent_complete(&run->intent, err) ||
        balm_intent_locate(&run->intent, err)) {
        return err->code;
    }
    if (is_apply(run)) { /* the role is the plan's, whatever this command says */
        run->intent.role_arn = balm_get_string(plan, "role", NULL);
        run->intent.external_id = balm_get_string(plan, "external_id", NULL);
    }
    return BALM_OK;
}

/* Is what is known of the intent by now no longer what was planned? Then the run has ended. */
static bool has_drifted(struct balm_run *run)
{
    return ends_with(run, balm_plan_drift(run->order.plan, &run->intent, &run->arena));
}

static void on_guarded(void *owner, struct balm_guarding *guarding)
{
    struct balm_run *run = owner;
    struct balm_err err;

    if (guarding->err.code) {
        end_before(run, &guarding->err);
    } else if (guarding->asked) {
        end_skipped(run, guarding->asked->name, guarding->detail);
    } else if (fill_intent(run, &err)) {
        end_before(run, &err);
    } else if (!is_apply(run) || !has_drifted(run)) {
        add_gates(run);
        if (open_session(run, &err) || open_instance(run, &err)) {
            end_before(run, &err);
        } else {
            first_phase(run);
        }
    }
}

static void begin(void *owner)
{
    struct balm_run *run = owner;
    struct balm_err err;

    if (balm_intent_associate(&run->intent, &err)) {
        end_before(run, &err);
    } else if (is_apply(run) && has_drifted(run)) {
        return;
    } else if (!run->intent.association.remediation) {
        end_skipped(run, "no_association",
                    balm_arena_printf(&run->arena, "no remediation is associated with %s",
                                      run->order.finding->policy_id));
    } else {
        const struct balm_guards_question question = {
            .intent = &run->intent, .moment = BALM_BEFORE_RUN, .now = run->result.started};
        balm_guards_ask(&run->guarding, &question, on_guarded, run);
    }
}

/* What changes nothing by its nature is told, and leaves no record. */
static bool is_recorded(const struct balm_run *run)
{
    return run->order.action != BALM_ACTION_PLAN && run->order.action != BALM_ACTION_VERIFY &&
           !(run->order.again && run->order.again->plan);
}

enum balm_code balm_run_start(struct balm_run **out, const struct balm_engine *engine,
                              const struct balm_order *order,
                              void (*done)(void *owner, struct balm_run *run,
                                           const struct balm_result *result),
                              void *owner, struct balm_err *err)
{
    struct balm_run *run = calloc(1, sizeof *run);

    if (!run) return balm_nomem(err);
    run->engine = engine;
    run->order = *order;
    run->done = done;
    run->owner = owner;
    balm_arena_init(&run->arena, RUN_MEMORY_OF * engine->limits.memory);
    run->began = balm_clock_mono();
    balm_intent_init(&run->intent, engine, order->finding, &run->arena);
    run->intent.action = order->action;
    run->intent.by_hand = order->by_hand;
    if (!balm_is_null(order->plan)) run->result.applied = balm_get_string(order->plan, "run", "");
    run->intent.again = order->again;
    balm_scrub_init(&run->scrub, &run->arena);
    balm_gates_init(&run->gates);
    balm_gate_record_init(&run->record, "", NULL, &run->arena);
    run->result.run = run->id;
    run->result.intent = &run->intent;
    run->result.started = balm_clock_now();
    balm_text_uuid_at(run->id, run->result.started);
    balm_journal_init(&run->journal, is_recorded(run) ? engine->ledger : NULL, &run->result,
                      &run->scrub, &run->arena);
    balm_task_add(engine->loop, &run->task, begin, run);
    *out = run;
    return BALM_OK;
}

void balm_run_abort(struct balm_run *run, const struct balm_err *err)
{
    if (run->finishing) return;
    balm_timer_stop(run->engine->loop, &run->timer);
    balm_guards_forget(&run->guarding);
    end_failed(run, err, balm_null());
}

void balm_run_release(struct balm_run *run)
{
    if (!run) return;
    balm_task_cancel(run->engine->loop, &run->task);
    balm_timer_stop(run->engine->loop, &run->timer);
    balm_guards_forget(&run->guarding);
    balm_instance_release(run->instance);
    balm_journal_free(&run->journal);
    if (run->session) balm_session_release(run->session);
    balm_intent_free(&run->intent);
    balm_arena_free(&run->arena);
    free(run);
}
