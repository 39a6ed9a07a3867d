#include "remedy/guard_set.h"

#include "remedy/breaker.h"
#include "remedy/budget.h"
#include "remedy/flapping.h"
#include "remedy/hold.h"
#include "remedy/kill_switch.h"
#include "remedy/managed.h"
#include "remedy/tags_asked.h"
#include "remedy/units.h"

#include <stdlib.h>

#define GUARDS_MAX 8

struct balm_guard_set {
    struct balm_kill_switch *kill_switch;
    struct balm_units *units;
    struct balm_tags_asked *tags;
    struct balm_flapping *flapping; /* from here on NULL without a store */
    struct balm_breaker *breaker;
    struct balm_budget *budget;
    struct balm_guard held;
    const struct balm_guard *list[GUARDS_MAX];
    size_t count;
};

/* What costs most to ask, and what takes something, comes last. */
static enum balm_code fill(struct balm_guard_set *set, const struct balm_guard_set_setup *setup,
                           struct balm_err *err)
{
    if (balm_kill_switch_new(&set->kill_switch, setup->loop, setup->aws, err) ||
        balm_units_new(&set->units, setup->aws, err) ||
        balm_tags_asked_new(&set->tags, setup->aws, err)) {
        return err->code;
    }
    set->list[set->count++] = balm_kill_switch_guard(set->kill_switch);
    set->list[set->count++] = balm_units_guard(set->units);
    /* Before `managed`: it goes by the tags that are found here. */
    set->list[set->count++] = balm_tags_asked_guard(set->tags);
    set->list[set->count++] = &balm_guard_managed;
    if (!setup->store) return BALM_OK;
    if (balm_flapping_new(&set->flapping, setup->aws, setup->store, err) ||
        balm_breaker_new(&set->breaker, setup->store, err) ||
        balm_budget_new(&set->budget, setup->loop, setup->store, err)) {
        return err->code;
    }
    set->held = balm_guard_held;
    set->held.store = setup->store;
    set->list[set->count++] = balm_flapping_guard(set->flapping);
    set->list[set->count++] = &set->held;
    set->list[set->count++] = balm_breaker_guard(set->breaker);
    set->list[set->count++] = balm_budget_guard(set->budget);
    return BALM_OK;
}

enum balm_code balm_guard_set_new(struct balm_guard_set **out,
                                  const struct balm_guard_set_setup *setup, struct balm_err *err)
{
    struct balm_guard_set *set = calloc(1, sizeof *set);

    if (!set) return balm_nomem(err);
    if (fill(set, setup, err)) {
        balm_guard_set_release(set);
        return err->code;
    }
    *out = set;
    return BALM_OK;
}

void balm_guard_set_release(struct balm_guard_set *set)
{
    if (!set) return;
    balm_budget_release(set->budget);
    balm_breaker_release(set->breaker);
    balm_flapping_release(set->flapping);
    balm_tags_asked_release(set->tags);
    balm_units_release(set->units);
    balm_kill_switch_release(set->kill_switch);
    free(set);
}

const struct balm_guard *const *balm_guard_set_list(const struct balm_guard_set *set, size_t *count)
{
    *count = set->count;
    return set->list;
}
