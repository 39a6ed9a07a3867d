/*
 * run_undo: puts back what an earlier run found; what differs after that is the residue.
 */
#include "core/clock.h"
#include "remedy/residue.h"
#include "remedy/run_internal.h"

#define PATIENCE 6 /* of the time to verify, the part that a residue may stay the same */

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

    if (!run->finishing && balm_run_may_pass(&outcome->err) &&
        balm_run_looks_again(run, look_at_residue)) {
        return;
    }
    if (balm_run_has_ended(run, outcome) || !balm_run_took_verdict(run, outcome, &holds)) return;
    run->result.after = balm_copy(&run->arena, outcome->second);
    residue = balm_residue(run->order.before, run->result.after, &run->arena);
    may_go = may_still_go(run, residue);
    run->result.residue = residue;
    if (may_go && balm_run_looks_again(run, look_at_residue)) return;
    balm_run_end(run, BALM_STATUS_UNDONE);
}

static void look_at_residue(void *owner)
{
    balm_run_phase(owner, BALM_PHASE_VERIFY, balm_null(), on_looked);
}

static void on_undone(void *owner, const struct balm_outcome *outcome)
{
    struct balm_run *run = owner;

    if (balm_run_has_ended(run, outcome)) return;
    if (balm_run_is_plan(run)) {
        balm_run_end_planned(run, outcome);
    } else if (balm_run_has_check(run)) {
        balm_run_start_looking(run);
        look_at_residue(run);
    } else {
        balm_run_end(run, BALM_STATUS_UNDONE);
    }
}

static void undo(struct balm_run *run)
{
    balm_run_phase(run, BALM_PHASE_UNDO, run->order.before, on_undone);
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

    if (balm_run_has_ended(run, outcome) || !balm_run_took_verdict(run, outcome, &holds)) return;
    now = run->result.before = balm_copy(&run->arena, outcome->second);
    if (balm_is_null(again->after) || !differ(run, again->after, now)) {
        undo(run);
    } else if (differ(run, before, again->after) && !differ(run, before, now)) {
        run->result.after = now;
        run->result.residue = balm_list(&run->arena);
        run->result.detail = "the resource is as it was before already: nothing was called";
        balm_run_end(run, BALM_STATUS_UNDONE);
    } else if (again->force) {
        undo(run);
    } else {
        balm_run_end_skipped(
            run, "drift",
            balm_arena_printf(
                &run->arena,
                "the resource was changed since by others (%s); --force undoes it all the "
                "same",
                paths_of(run, balm_residue(again->after, now, &run->arena))));
    }
}

void balm_run_undo(struct balm_run *run)
{
    if (run->intent.again && balm_run_has_check(run)) {
        balm_run_phase(run, BALM_PHASE_CHECK, balm_null(), on_found);
    } else {
        undo(run);
    }
}
