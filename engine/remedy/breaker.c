#include "remedy/breaker.h"

#include "core/clock.h"
#include "remedy/guard_read.h"
#include "remedy/result.h"
#include "remedy/trail.h"

#include <stdlib.h>

#define MINUTE_US  ((int64_t)60 * 1000000)
#define PROBE_US   (10 * MINUTE_US) /* so long one fix may take to show */
#define FEWEST     5                /* fixes, before their share says anything */
#define FRESH_NS   INT64_C(1000000000)
#define CLOSED_MAX 64

/* Known to be closed: not read again for a moment, unless a fix of this process fails. */
struct closed {
    uint64_t key;
    int64_t until; /* monotonic */
};

struct balm_breaker {
    struct balm_guard guard;
    struct closed closed[CLOSED_MAX]; /* by key; one falls on another's place */
};

static struct closed *place_of(struct balm_breaker *breaker, uint64_t key)
{
    return &breaker->closed[key % CLOSED_MAX];
}

/* ---- what the last fixes say ---- */

struct verdict {
    size_t seen, failed;
    int64_t last_failure; /* microseconds; 0: none */
};

/* Newest first; a probe that succeeded has closed it: what was before does not count. */
static struct verdict judge(const struct balm_item *items, size_t count)
{
    struct verdict verdict = {0, 0, 0};

    for (size_t i = 0; i < count; i++) {
        bool failed = balm_get_bool(items[i].value, "failed", true);
        verdict.seen++;
        if (failed) verdict.failed++;
        if (failed && !verdict.last_failure) {
            verdict.last_failure = strtoll(items[i].sort, NULL, 10);
        }
        if (!failed && balm_get_bool(items[i].value, "probe", false)) break;
    }
    return verdict;
}

static bool is_open(const struct verdict *verdict, const struct balm_guard_settings *settings)
{
    size_t fewest = settings->breaker_of < FEWEST ? (size_t)settings->breaker_of : FEWEST;

    return verdict->seen >= fewest &&
           (double)verdict->failed >= settings->breaker_share * (double)verdict->seen;
}

/* ---- the guard ---- */

static void on_probe(struct balm_guard_read *read)
{
    struct balm_intent *intent = read->guarding->intent;

    if (read->request.conflict) {
        balm_guard_read_refuse(read,
                               "too many fixes failed, and another one is being tried just now");
        return;
    }
    intent->probes = true;
    balm_guard_read_allow(read);
}

/* Of all who would, one process lets one fix through. */
static void probe(struct balm_guard_read *read)
{
    struct balm_intent *intent = read->guarding->intent;
    struct balm_value value = balm_map(&read->arena);
    const struct balm_change change = {.item = {"probe", balm_trail_outcomes(intent, &read->arena),
                                                value, 0, read->guarding->now + PROBE_US},
                                       .condition = BALM_ABSENT};

    read->done = on_probe;
    balm_guard_read_commit(read, &change);
}

static void on_outcomes(struct balm_guard_read *read)
{
    struct balm_breaker *breaker = read->guard->owner;
    const struct balm_intent *intent = read->guarding->intent;
    struct verdict verdict = judge(read->request.items, read->request.count);
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);
    int64_t left;

    if (!is_open(&verdict, settings)) {
        uint64_t key = balm_guard_key(intent);
        *place_of(breaker, key) = (struct closed){key, balm_clock_mono() + FRESH_NS};
        balm_guard_read_allow(read);
        return;
    }
    left = verdict.last_failure + settings->breaker_minutes * MINUTE_US - read->guarding->now;
    if (left <= 0 && read->guarding->alone) { /* it is told, and takes nothing */
        balm_guard_read_allow(read);
        return;
    }
    if (left <= 0) {
        probe(read);
        return;
    }
    balm_guard_read_refuse(
        read, balm_arena_printf(intent->arena,
                                "%zu of the last %zu fixes by %s in %s failed; one is tried again "
                                "in %lld minutes, with --skip-guard breaker at once",
                                verdict.failed, verdict.seen, intent->association.remediation,
                                intent->finding->account,
                                (long long)((left + MINUTE_US - 1) / MINUTE_US)));
}

static bool question(const struct balm_guard *guard, struct balm_guarding *guarding,
                     struct balm_store_query *query)
{
    const struct balm_intent *intent = guarding->intent;
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);
    uint64_t key = balm_guard_key(intent);
    const struct closed *closed = place_of(guard->owner, key);

    if (closed->key == key && balm_clock_mono() < closed->until) return false;
    query->newest_first = true;
    query->partition = balm_trail_outcomes(intent, intent->arena);
    query->limit = (size_t)settings->breaker_of;
    return true;
}

static void ended(const struct balm_guard *guard, const struct balm_result *result)
{
    if (result->status != BALM_STATUS_FAILED || !result->intent->association.remediation) return;
    *place_of(guard->owner, balm_guard_key(result->intent)) = (struct closed){0, 0};
}

enum balm_code balm_breaker_new(struct balm_breaker **out, struct balm_store *store,
                                struct balm_err *err)
{
    static const struct balm_guard_reading reading = {question, on_outcomes};
    struct balm_breaker *breaker = calloc(1, sizeof *breaker);

    if (!breaker) return balm_nomem(err);
    breaker->guard = (struct balm_guard){.name = "breaker",
                                         .can_be_skipped = true,
                                         .actions = 1u << BALM_ACTION_FIX,
                                         .moments = 1u << BALM_BEFORE_RUN,
                                         .ask = balm_guard_read_ask,
                                         .forget = balm_guard_read_forget,
                                         .ended = ended,
                                         .owner = breaker,
                                         .reading = &reading,
                                         .store = store};
    *out = breaker;
    return BALM_OK;
}

void balm_breaker_release(struct balm_breaker *breaker)
{
    free(breaker);
}

const struct balm_guard *balm_breaker_guard(const struct balm_breaker *breaker)
{
    return &breaker->guard;
}
