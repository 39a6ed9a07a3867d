#include "remedy/trail.h"

#include "core/digest.h"

#include <string.h>

#define HOUR_US ((int64_t)3600 * 1000000)
#define DAY_US  (24 * HOUR_US)

const char *balm_trail_outcomes(const struct balm_intent *intent, struct balm_arena *arena)
{
    return balm_arena_printf(arena, "outcome/%s/%s", intent->finding->account,
                             intent->association.remediation);
}

/* By the name that tells most; one that has none is known by all that is known of it. */
static const char *resource_of(const struct balm_finding *finding, struct balm_arena *arena)
{
    static const char *const names[] = {"Arn", "ResourceId", "Id", "Name", "UserName"};
    char hash[BALM_SHA256_HEX];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = balm_get_string(finding->resource, names[i], "");
        if (!name[0]) continue;
        balm_sha256_hex(hash, name, strlen(name));
        return balm_arena_strdup(arena, hash); /* a name may be longer than a key */
    }
    return "account";
}

const char *balm_trail_fixes(const struct balm_intent *intent, struct balm_arena *arena)
{
    return balm_arena_printf(arena, "fix/%s/%s/%s/%s", intent->finding->account,
                             intent->finding->region, intent->association.remediation,
                             resource_of(intent->finding, arena));
}

const char *balm_trail_sort(int64_t now, const char *run, struct balm_arena *arena)
{
    return balm_arena_printf(arena, "%017lld/%s", (long long)now, run ? run : "");
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
    struct balm_guard_settings settings;
    struct balm_value value;
    size_t count = 0;

    if (intent->action != BALM_ACTION_FIX || !intent->association.remediation) return 0;
    balm_policy_guards(intent->policy, &settings);
    if (is_outcome(result)) {
        value = balm_map(arena);
        balm_map_set(arena, value, "failed", balm_bool(result->status == BALM_STATUS_FAILED));
        balm_map_set(arena, value, "probe", balm_bool(intent->probes));
        changes[count++] = (struct balm_change){
            .item = {balm_trail_outcomes(intent, arena), sort, value, 0, now + DAY_US}};
    }
    if (wrote) {
        value = balm_map(arena);
        balm_map_set(arena, value, "run", balm_text(arena, result->run));
        changes[count++] =
            (struct balm_change){.item = {balm_trail_fixes(intent, arena), sort, value, 0,
                                          now + settings.flapping_hours * HOUR_US}};
    }
    return count;
}
