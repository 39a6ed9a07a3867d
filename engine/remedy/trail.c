#include "remedy/trail.h"

#include "core/digest.h"

#include <string.h>

#define HOUR_US ((int64_t)3600 * 1000000)
#define DAY_US  (24 * HOUR_US)

#define NAME_MAX_LEN 512 /* a longer one would not fit a partition */
#define TIME_LEN     17  /* of decimal digits */

const char *balm_trail_outcomes(const struct balm_intent *intent, struct balm_arena *arena)
{
    return balm_arena_join(arena, "outcome/", intent->finding->account, "/",
                           intent->association.remediation, NULL);
}

/* The name that tells most of a resource; one that has none is the account's only one. */
static const char *name_of(const struct balm_finding *finding)
{
    static const char *const names[] = {"Arn", "ResourceId", "Id", "Name", "UserName"};
    const char *name = "";

    for (size_t i = 0; i < sizeof names / sizeof *names && !name[0]; i++) {
        name = balm_get_string(finding->resource, names[i], "");
    }
    return name;
}

/* By name and not by its hash: what is fixed in the order of a list then lies together in the
   store, which changes fewer pages. The slash at the end as a partition does not end in "#". */
const char *balm_trail_fixes(const struct balm_intent *intent, struct balm_arena *arena)
{
    const struct balm_finding *finding = intent->finding;
    const char *name = name_of(finding);
    char hash[BALM_SHA256_HEX];

    if (strlen(name) > NAME_MAX_LEN) {
        balm_sha256_hex(hash, name, strlen(name));
        name = hash;
    }
    return balm_arena_join(arena, "fix/", finding->account, "/", finding->region, "/",
                           intent->association.remediation, "/", name, "/", NULL);
}

const char *balm_trail_sort(int64_t now, const char *run, struct balm_arena *arena)
{
    char time[TIME_LEN + 1];

    if (now < 0) now = 0;
    for (int i = TIME_LEN - 1; i >= 0; i--, now /= 10) {
        time[i] = (char)('0' + now % 10);
    }
    time[TIME_LEN] = '\0';
    return balm_arena_join(arena, time, "/", run, NULL);
}

const char *balm_trail_run(const char *sort)
{
    const char *slash = strchr(sort, '/');

    return slash ? slash + 1 : sort;
}

static bool is_outcome(const struct balm_result *result)
{
    return result->status == BALM_STATUS_FIXED || result->status == BALM_STATUS_UNVERIFIED ||
           (result->status == BALM_STATUS_FAILED && !result->invalid);
}

size_t balm_trail_changes(const struct balm_result *result, bool wrote, int64_t now,
                          struct balm_arena *arena,
                          struct balm_change changes[BALM_TRAIL_CHANGES_MAX])
{
    const struct balm_intent *intent = result->intent;
    const char *sort = balm_trail_sort(now, result->run, arena);
    struct balm_value value;
    size_t count = 0;

    if (intent->action != BALM_ACTION_FIX || !intent->association.remediation) return 0;
    if (is_outcome(result)) {
        value = balm_map_sized(arena, 2);
        balm_map_add(arena, value, "failed", balm_bool(result->status == BALM_STATUS_FAILED));
        balm_map_add(arena, value, "probe", balm_bool(intent->probes));
        changes[count++] = (struct balm_change){
            .item = {balm_trail_outcomes(intent, arena), sort, value, 0, now + DAY_US}};
    }
    if (wrote) {
        int64_t hours = balm_policy_guards(intent->policy)->flapping_hours;
        changes[count++] =
            (struct balm_change){.item = {balm_trail_fixes(intent, arena), sort, balm_map(arena), 0,
                                          now + hours * HOUR_US}};
    }
    return count;
}
