/*
 * guard_held: what a person put back is not redone by the next finding.
 */
#include "remedy/guard_read.h"
#include "remedy/hold.h"
#include "remedy/resource.h"

#define AT_ONCE 100 /* holds of one remediation in one account */

static bool holds(struct balm_value hold, const struct balm_finding *finding)
{
    return balm_is_text(balm_get(hold, "region"), finding->region) &&
           balm_resource_same(balm_get(hold, "resource"), finding->resource);
}

/* sort keys end in the undoing run's id */
static struct balm_store_query page_of(const struct balm_intent *intent, struct balm_arena *arena)
{
    const char *from = balm_arena_join(arena, balm_version_id(intent->version), "/",
                                       intent->finding->account, "/", NULL);

    return (struct balm_store_query){.partition = BALM_HOLDS,
                                     .from = from,
                                     .to = from ? balm_arena_join(arena, from, "~", NULL) : NULL,
                                     .limit = AT_ONCE};
}

static void look(struct balm_guard_read *read);

/* However many there are, each is looked at; the last of a page begins the next one. */
static void look_further(struct balm_guard_read *read, const char *last)
{
    struct balm_store_query query = page_of(read->guarding->intent, &read->arena);

    query.from = balm_arena_strdup(&read->arena, last);
    if (read->arena.code) {
        balm_guard_read_fail(read, "out of memory");
    } else {
        read->done = look;
        balm_guard_read_again(read, &query);
    }
}

/* An undo that found all put back already has nothing to undo. */
static const char *text_of(struct balm_value hold, struct balm_arena *arena)
{
    const char *by = balm_get_string(hold, "by", "");
    const char *until = balm_get_string(hold, "until", "");

    if (!balm_get_bool(hold, "changed", true)) {
        return balm_arena_printf(
            arena, "held until %s by %s; --skip-guard held makes the change all the same", until,
            by);
    }
    return balm_arena_printf(arena,
                             "held until %s, since it was put back by %s; `balm undo %s` makes the "
                             "change again",
                             until, by, by);
}

static void look(struct balm_guard_read *read)
{
    for (size_t i = 0; i < read->request.count; i++) {
        struct balm_value hold = read->request.items[i].value;
        if (!holds(hold, read->guarding->intent->finding)) continue;
        balm_guard_read_refuse(read, text_of(hold, &read->arena));
        return;
    }
    if (read->request.count == AT_ONCE) {
        look_further(read, read->request.items[AT_ONCE - 1].sort);
    } else {
        balm_guard_read_allow(read);
    }
}

static bool question(const struct balm_guard *guard, struct balm_guarding *guarding,
                     struct balm_store_query *query)
{
    const struct balm_intent *intent = guarding->intent;

    (void)guard;
    if (intent->again) return false; /* whoever undoes the undo has decided */
    *query = page_of(intent, intent->arena);
    if (!query->to) query->partition = NULL;
    return true;
}

static const struct balm_guard_reading reading = {question, look};

const struct balm_guard balm_guard_held = {
    .name = "held",
    .can_be_skipped = true,
    .needs_script = true,
    .actions = 1u << BALM_ACTION_FIX,
    .moments = 1u << BALM_BEFORE_RUN,
    .ask = balm_guard_read_ask,
    .forget = balm_guard_read_forget,
    .reading = &reading,
};
