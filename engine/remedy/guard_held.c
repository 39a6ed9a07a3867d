/*
 * guard_held: what a person put back is not redone by the next finding.
 */
#include "remedy/guard_read.h"
#include "remedy/hold.h"
#include "remedy/resource.h"

#define LOOK_AT 100 /* holds of one remediation in one account that are looked at */

static bool holds(struct balm_value hold, const struct balm_finding *finding)
{
    return balm_is_text(balm_get(hold, "region"), finding->region) &&
           balm_resource_same(balm_get(hold, "resource"), finding->resource);
}

static void on_read(struct balm_guard_read *read)
{
    for (size_t i = 0; i < read->request.count; i++) {
        struct balm_value hold = read->request.items[i].value;
        const char *by = balm_get_string(hold, "by", "");
        if (!holds(hold, read->guarding->intent->finding)) continue;
        balm_guard_read_refuse(
            read, balm_arena_printf(&read->arena,
                                    "held until %s, since it was put back by %s; `balm undo %s` "
                                    "makes the change again",
                                    balm_get_string(hold, "until", ""), by, by));
        return;
    }
    balm_guard_read_allow(read);
}

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const struct balm_intent *intent = guarding->intent;
    struct balm_arena *arena = intent->arena;
    struct balm_store_query query = {.partition = BALM_HOLDS, .limit = LOOK_AT};

    if (intent->again) { /* whoever undoes the undo has decided */
        balm_guard_allow(guarding);
        return;
    }
    query.from = balm_arena_printf(arena, "%s/%s/", balm_version_id(intent->version),
                                   intent->finding->account);
    query.to = query.from ? balm_arena_printf(arena, "%s~", query.from) : NULL;
    if (query.to) {
        balm_guard_read(guard, guarding, guard->owner, &query, on_read);
    } else {
        balm_guard_refuse(guarding, "out of memory");
    }
}

const struct balm_guard balm_guard_held = {
    .name = "held",
    .can_be_skipped = true,
    .needs_script = true,
    .actions = 1u << BALM_ACTION_FIX,
    .moments = 1u << BALM_BEFORE_RUN,
    .ask = ask,
    .forget = balm_guard_read_forget,
};
