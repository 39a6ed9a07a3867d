#include "remedy/hold.h"

#include "core/clock.h"

#define SECOND_US ((int64_t)1000000)
#define DAY_S     ((int64_t)86400)

void balm_hold_make(struct balm_item *out, const char *remediation,
                    const struct balm_finding *finding, const char *by, int64_t days,
                    struct balm_arena *arena)
{
    int64_t until = (balm_clock_now() / SECOND_US + days * DAY_S) * SECOND_US;

    *out = (struct balm_item){
        .partition = BALM_HOLDS,
        .sort = balm_arena_printf(arena, "%s/%s/%s", remediation, finding->account, by)};
    if (days == 0) return;
    out->expires = until;
    out->value = balm_map(arena);
    balm_map_set(arena, out->value, "region", balm_string(finding->region));
    balm_map_set(arena, out->value, "resource", finding->resource);
    balm_map_set(arena, out->value, "by", balm_string(by));
    balm_map_set(arena, out->value, "until", balm_time_text(arena, until));
}
