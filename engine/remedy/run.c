#include "remedy/run.h"

#include "core/clock.h"
#include "core/text.h"
#include "remedy/guard.h"
#include "remedy/plan.h"
#include "remedy/residue.h"
#include "remedy/run_internal.h"

#include <stdlib.h>

#define RUN_MEMORY_OF 4 /* times what the script may hold: its calls, and what is told of them */

bool balm_run_is_plan(const struct balm_run *run)
{
    return run->intent.action == BALM_ACTION_PLAN || (run->intent.again && run->intent.again->plan);
}

bool balm_run_is_apply(const struct balm_run *run)
{
    return !balm_is_null(run->order.plan);
}

static void on_write_refused(void *owner, const struct balm_guarding *guarding)
{
    struct balm_run *run = owner;

    if (guarding->err.code) {
        balm_run_end_failed(run, &guarding->err, balm_null());
    } else {
        run->result.guard_failed = guarding->failed;
        balm_run_stop(run, guarding->asked->name, "GuardRefused", guarding->detail);
    }
}

static void on_drift(void *owner)
{
    struct balm_run *run = owner;

    balm_run_end_drifted(run, run->apply.drift);
}

bool balm_run_has_check(const struct balm_run *run)
{
    return balm_get_bool(run->intent.declaration, "has_check", false);
}

static void on_taken(void *owner)
{
    struct balm_run *run = owner;
    struct balm_value drift = balm_list(&run->arena);

    balm_drift_add(drift, "applied", balm_bool(false), balm_bool(true), &run->arena);
    balm_run_end_drifted(run, drift);
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
    if (balm_run_is_plan(run)) {
        balm_gate_plan_init(&run->plan, run->permissions.declared, &run->arena);
        balm_gates_add(&run->gates, &run->plan.link);
    }
    if (balm_run_is_apply(run)) {
        balm_gate_apply_init(&run->apply, balm_get(run->order.plan, "writes"), on_drift, run,
                             &run->arena);
        balm_gates_add(&run->gates, &run->apply.link);
    }
    balm_gate_guards_init(&run->guards, &run->intent, on_write_refused, run);
    balm_gates_add(&run->gates, &run->guards.link);
    if (balm_run_is_apply(run) && run->engine->store) add_claim(run);
    if (run->journal.ledger && !balm_run_is_plan(run)) {
        balm_gate_journal_init(&run->journaled, &run->journal);
        balm_gates_add(&run->gates, &run->journaled.link);
    }
    balm_gate_record_init(&run->record, run->intent.region, &run->arena);
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
        .in_order =
            balm_run_is_plan(run) || balm_run_is_apply(run) || run->order.instead_of_aws != NULL,
    };

    options.limits.wall_ns +=
        BALM_SECOND_NS * balm_get_int(intent->declaration, "verify_seconds", BALM_VERIFY_SECONDS);
    run->journal.lease_us = options.limits.wall_ns / 1000;
    return balm_instance_new(&run->instance, &options, err);
}

static void first_phase(struct balm_run *run)
{
    if (run->intent.action == BALM_ACTION_VERIFY) {
        balm_run_verify_again(run);
    } else if (run->intent.action == BALM_ACTION_UNDO) {
        balm_run_undo(run);
    } else {
        balm_run_fix(run);
    }
}

static enum balm_code fill_intent(struct balm_run *run, struct balm_err *err)
{
    struct balm_value plan = run->order.plan;

    if (balm_intent_load(&run->intent, err) || balm_intent_complete(&run->intent, err) ||
        balm_intent_locate(&run->intent, err)) {
        return err->code;
    }
    if (balm_run_is_apply(run)) { /* the role is the plan's, whatever this command says */
        run->intent.role_arn = balm_get_string(plan, "role", NULL);
        run->intent.external_id = balm_get_string(plan, "external_id", NULL);
    }
    return BALM_OK;
}

/* Is what is known of the intent by now no longer what was planned? Then the run has ended. */
static bool has_drifted(struct balm_run *run)
{
    return balm_run_ends_with(run, balm_plan_drift(run->order.plan, &run->intent, &run->arena));
}

static void on_guarded(void *owner, struct balm_guarding *guarding)
{
    struct balm_run *run = owner;
    struct balm_err err;

    if (guarding->err.code) {
        balm_run_end_before(run, &guarding->err);
    } else if (guarding->asked) {
        run->result.guard_failed = guarding->failed;
        balm_run_end_skipped(run, guarding->asked->name, guarding->detail);
    } else if (fill_intent(run, &err)) {
        balm_run_end_before(run, &err);
    } else if (!balm_run_is_apply(run) || !has_drifted(run)) {
        add_gates(run);
        if (open_session(run, &err) || open_instance(run, &err)) {
            balm_run_end_before(run, &err);
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
        balm_run_end_before(run, &err);
    } else if (balm_run_is_apply(run) && has_drifted(run)) {
        return;
    } else if (!run->intent.association.remediation) {
        balm_run_end_skipped(
            run, "no_association",
            balm_arena_printf(&run->arena,
                              "no remediation is associated with %s: `policies` in "
                              "balm.lua can name one",
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
    balm_buf_init(&run->json, BALM_BUF_MAX);
    run->began = balm_clock_mono();
    balm_intent_init(&run->intent, engine, order->finding, &run->arena);
    run->intent.action = order->action;
    run->intent.by_hand = order->by_hand;
    if (!balm_is_null(order->plan)) run->result.applied = balm_get_string(order->plan, "run", "");
    run->intent.again = order->again;
    balm_scrub_init(&run->scrub, &run->arena);
    balm_gates_init(&run->gates, &run->scrub);
    balm_gate_record_init(&run->record, "", &run->arena);
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
    balm_run_end_failed(run, err, balm_null());
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
    balm_buf_free(&run->json);
    balm_arena_free(&run->arena);
    free(run);
}
