#include "remedy/reprise.h"

#include "remedy/hold.h"

#include <stdio.h>
#include <string.h>

static enum balm_code refuse(const struct balm_reprise *reprise, const char *name, const char *why,
                             struct balm_err *err)
{
    balm_fail(err, BALM_E_ARG, "run %s %s", reprise->kept.run, why);
    snprintf(err->aws_code, sizeof err->aws_code, "%s", name);
    return err->code;
}

static void find_resource(struct balm_reprise *reprise)
{
    struct balm_value began = reprise->kept.began;

    reprise->finding = (struct balm_finding){
        .source = balm_get_string(began, "source", ""),
        .kind = "finding",
        .event_id = balm_get_string(began, "event", ""),
        .account = balm_get_string(began, "account", ""),
        .region = balm_get_string(began, "region", ""),
        .partition = balm_get_string(began, "partition", ""),
        .policy_id = balm_get_string(began, "policy", ""),
        .remediation = balm_get_string(began, "remediation", ""),
        .status = "fail",
        .policy_aliases = balm_list(&reprise->arena),
        .parameters = balm_get(began, "parameters"),
        .resource = balm_get(began, "resource"),
        .normal = balm_null(),
    };
}

enum balm_code balm_reprise_open(struct balm_reprise *reprise, const struct balm_engine *engine,
                                 const char *run, struct balm_err *err)
{
    struct balm_kept *kept = &reprise->kept;

    memset(reprise, 0, sizeof *reprise);
    reprise->engine = engine;
    if (balm_ledger_load(engine->ledger, run, &reprise->arena, kept, err)) return err->code;
    if (kept->is_running) return refuse(reprise, "StillRunning", "is still running", err);
    if (balm_is_null(kept->began)) {
        return refuse(reprise, "NothingToUndo", "changed nothing", err);
    }
    if (balm_ledger_trust(engine->ledger, kept, &reprise->arena, err) ||
        balm_ledger_version(engine->ledger, engine->catalog, kept, &reprise->again.version, err)) {
        return err->code;
    }
    find_resource(reprise);
    reprise->again.run = kept->run;
    reprise->again.parameters = balm_get(kept->began, "parameters");
    reprise->again.role = balm_get_string(kept->began, "role", NULL);
    reprise->again.external_id = balm_get_string(kept->began, "external_id", NULL);
    reprise->order = (struct balm_order){
        .finding = &reprise->finding, .by_hand = true, .again = &reprise->again};
    return balm_arena_status(&reprise->arena, err);
}

void balm_reprise_free(struct balm_reprise *reprise)
{
    balm_version_release(reprise->again.version);
    balm_arena_free(&reprise->arena);
}

static bool was_undo(const struct balm_reprise *reprise)
{
    return balm_is_text(balm_get(reprise->kept.began, "action"), "undo");
}

void balm_reprise_undo(struct balm_reprise *reprise, bool plan, bool force)
{
    reprise->again.plan = plan;
    reprise->again.force = force;
    if (was_undo(reprise)) {
        reprise->order.action = plan ? BALM_ACTION_PLAN : BALM_ACTION_FIX;
        return;
    }
    reprise->order.action = BALM_ACTION_UNDO;
    reprise->order.before = balm_get(reprise->kept.began, "before");
    reprise->again.after = reprise->kept.after;
}

void balm_reprise_verify(struct balm_reprise *reprise)
{
    reprise->order.action = BALM_ACTION_VERIFY;
}

/* What failed, or was undone, is not made a success by what the resource is today. */
static bool is_unverified(const struct balm_reprise *reprise)
{
    return balm_is_text(balm_get(reprise->kept.head, "status"), "unverified");
}

static bool wrote(const struct balm_result *result)
{
    for (size_t i = 0; i < balm_list_len(result->calls); i++) {
        if (balm_get_bool(*balm_list_at(result->calls, i), "write", false)) return true;
    }
    return false;
}

/* Who put it back: an undo that found nothing to write takes no earlier one's place. */
static enum balm_code note_undone(struct balm_reprise *reprise, const struct balm_result *result,
                                  struct balm_hold *hold, struct balm_err *err)
{
    const char *earlier = balm_get_string(reprise->kept.head, "undone_by", NULL);
    struct balm_item item;

    hold->changed = earlier || wrote(result);
    hold->by = earlier && !wrote(result) ? earlier : result->run;
    balm_hold_make(&item, hold, &reprise->arena);
    return balm_ledger_undone(reprise->engine->ledger, &reprise->kept, hold->by, &item, err);
}

/* The change was made again: the hold of the undo that was undone ends. */
static enum balm_code note_made_again(struct balm_reprise *reprise,
                                      const struct balm_result *result, struct balm_hold *hold,
                                      struct balm_err *err)
{
    struct balm_item item;

    hold->by = reprise->kept.run;
    hold->days = 0;
    balm_hold_make(&item, hold, &reprise->arena);
    return balm_ledger_undone(reprise->engine->ledger, &reprise->kept, result->run, &item, err);
}

enum balm_code balm_reprise_done(struct balm_reprise *reprise, const struct balm_result *result,
                                 int64_t hold_days, struct balm_err *err)
{
    struct balm_hold hold = {.remediation = balm_version_id(reprise->again.version),
                             .finding = &reprise->finding,
                             .days = hold_days};

    err->code = BALM_OK;
    if (result->intent->action == BALM_ACTION_VERIFY) {
        return result->verified && is_unverified(reprise)
                   ? balm_ledger_verified(reprise->engine->ledger, &reprise->kept, result->after,
                                          err)
                   : BALM_OK;
    }
    if (result->status == BALM_STATUS_UNDONE) {
        return note_undone(reprise, result, &hold, err);
    }
    if (result->status == BALM_STATUS_FIXED || result->status == BALM_STATUS_UNVERIFIED) {
        return note_made_again(reprise, result, &hold, err);
    }
    return BALM_OK;
}
