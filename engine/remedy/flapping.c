#include "remedy/flapping.h"

#include "remedy/guard_read.h"
#include "remedy/trail.h"

#include <stdlib.h>

#define HOUR_US ((int64_t)3600 * 1000000)

struct balm_flapping {
    struct balm_guard guard;
    struct balm_store *store;
};

static void on_fixes(struct balm_guard_read *read)
{
    const struct balm_intent *intent = read->guarding->intent;
    struct balm_guard_settings settings;

    balm_policy_guards(intent->policy, &settings);
    if ((int64_t)read->request.count < settings.flapping_times) {
        balm_guard_read_allow(read);
        return;
    }
    balm_guard_read_refuse(
        read, balm_arena_printf(intent->arena,
                                "%s has fixed it %lld times within %lld hours, last in run %s, and "
                                "something changes it back",
                                intent->association.remediation, (long long)settings.flapping_times,
                                (long long)settings.flapping_hours,
                                balm_get_string(read->request.items[0].value, "run", "?")));
}

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const struct balm_flapping *flapping = guard->owner;
    const struct balm_intent *intent = guarding->intent;
    struct balm_guard_settings settings;
    struct balm_store_query query = {.newest_first = true};

    balm_policy_guards(intent->policy, &settings);
    query.partition = balm_trail_fixes(intent, intent->arena);
    query.from =
        balm_trail_sort(guarding->now - settings.flapping_hours * HOUR_US, NULL, intent->arena);
    query.limit = (size_t)settings.flapping_times;
    if (!query.partition || !query.from) {
        balm_guard_fail(guarding, "out of memory");
    } else {
        balm_guard_read(guard, guarding, flapping->store, &query, on_fixes);
    }
}

enum balm_code balm_flapping_new(struct balm_flapping **out, struct balm_store *store,
                                 struct balm_err *err)
{
    struct balm_flapping *flapping = calloc(1, sizeof *flapping);

    if (!flapping) return balm_nomem(err);
    flapping->store = store;
    flapping->guard = (struct balm_guard){.name = "flapping",
                                          .can_be_skipped = true,
                                          .actions = 1u << BALM_ACTION_FIX,
                                          .moments = 1u << BALM_BEFORE_RUN,
                                          .ask = ask,
                                          .forget = balm_guard_read_forget,
                                          .owner = flapping};
    *out = flapping;
    return BALM_OK;
}

void balm_flapping_release(struct balm_flapping *flapping)
{
    free(flapping);
}

const struct balm_guard *balm_flapping_guard(const struct balm_flapping *flapping)
{
    return &flapping->guard;
}
