#include "remedy/hold.h"

#include "core/clock.h"

#define SECOND_US ((int64_t)1000000)
#define DAY_S     ((int64_t)86400)

void balm_hold_make(struct balm_item *out, const struct balm_hold *hold, struct balm_arena *arena)
{
    int64_t until = (balm_clock_now() / SECOND_US + hold->days * DAY_S) * SECOND_US;

    *out = (struct balm_item){.partition = BALM_HOLDS,
                              .sort = balm_arena_printf(arena, "%s/%s/%s", hold->remediation,
                                                        hold->finding->account, hold->by)};
    if (hold->days == 0) return;
    out->expires = until;
    out->value = balm_map(arena);
    balm_map_set(arena, out->value, "region", balm_string(hold->finding->region));
    balm_map_set(arena, out->value, "resource", hold->finding->resource);
    balm_map_set(arena, out->value, "by", balm_string(hold->by));
    balm_map_set(arena, out->value, "changed", balm_bool(hold->changed));
    balm_map_set(arena, out->value, "until", balm_time_text(arena, until));
}
