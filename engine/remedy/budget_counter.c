#include "remedy/budget_counter.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_US ((int64_t)60 * 1000000)

static bool is_over(int64_t minute, int64_t now)
{
    return minute <= now / MINUTE_US - BALM_COUNTER_MINUTES;
}

int64_t balm_counter_used(struct balm_counter *counter, int64_t now)
{
    int64_t used = 0;
    size_t kept = 0;

    for (size_t i = 0; i < counter->count; i++) {
        struct balm_counter_minute one = counter->minutes[i];
        if (is_over(one.minute, now)) continue;
        used += one.fixes;
        counter->minutes[kept++] = one;
    }
    counter->count = kept;
    return used;
}

/* The minutes of an hour are as many as there is room for; a clock that was set back may have left
   more: what does not fit is counted with another. */
static void add(struct balm_counter *counter, int64_t minute, int64_t fixes)
{
    size_t i = 0;

    while (i < counter->count && counter->minutes[i].minute != minute) {
        i++;
    }
    if (i == BALM_COUNTER_MINUTES) i = 0;
    if (i == counter->count) {
        counter->minutes[counter->count++] = (struct balm_counter_minute){minute, 0};
    }
    counter->minutes[i].fixes += fixes;
}

void balm_counter_read(struct balm_counter *counter, const struct balm_store_request *request,
                       int64_t now)
{
    struct balm_value minutes =
        request->count ? balm_get(request->items[0].value, "minutes") : balm_null();

    counter->known = true;
    counter->version = request->count ? request->items[0].version : 0;
    counter->count = 0;
    for (size_t i = 0; i < balm_map_len(minutes); i++) {
        const struct balm_entry *entry = balm_map_at(minutes, i);
        int64_t minute = strtoll(entry->key, NULL, 10);
        if (entry->value.type != BALM_INT || is_over(minute, now)) continue;
        add(counter, minute, entry->value.as.integer);
    }
}

struct balm_change balm_counter_add(struct balm_counter *counter, int64_t now,
                                    struct balm_arena *arena)
{
    struct balm_value value = balm_map(arena);
    struct balm_value minutes = balm_map(arena);

    (void)balm_counter_used(counter, now);
    add(counter, now / MINUTE_US, counter->granted);
    for (size_t i = 0; i < counter->count; i++) {
        char key[24];
        int len = snprintf(key, sizeof key, "%lld", (long long)counter->minutes[i].minute);
        balm_map_put(arena, minutes, key, (size_t)len, balm_int(counter->minutes[i].fixes));
    }
    balm_map_set(arena, value, "minutes", minutes);
    return (struct balm_change){.item = {"budget", counter->name, value, counter->version,
                                         now + 2 * BALM_COUNTER_MINUTES * MINUTE_US},
                                .condition = BALM_AS_READ};
}
