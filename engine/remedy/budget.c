/*
 * budget: all who wait are counted together, in one commit: a counter that every run changes by
 * itself would be changed by nobody, for all the conflicts. What a commit left is known, so that
 * the next one reads nothing unless another process has counted meanwhile.
 */
#include "remedy/budget.h"

#include "core/clock.h"
#include "core/text.h"
#include "remedy/budget_counter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTERS_MAX BALM_STORE_CHANGES_MAX
#define BATCH_MAX    256 /* fixes that are counted together */
#define TRIES_MAX    60
#define PAUSE_NS     INT64_C(2000000) /* after a conflict, at least; up to ten times as long */
#define FRESH_NS     INT64_C(1000000000)
#define KNOWN_MAX    64

/* One run that waits; guarding->of_guard. */
struct take {
    struct take *next;
    struct balm_guarding *guarding; /* NULL: the run has ended meanwhile */
    bool only_looks;
    struct balm_counter *counters[3]; /* of the batch */
    const struct balm_counter *full;
};

/* What a run before found out: enough to look by, not to count by. */
struct known {
    uint64_t key;
    int64_t until; /* monotonic */
};

struct balm_budget {
    struct balm_guard guard;
    struct balm_loop *loop;
    struct balm_store *store;
    struct balm_timer timer;
    struct balm_task task;
    struct take *first, **last; /* that wait for the next batch */
    bool busy;                  /* a batch is under way, or soon will be */

    struct take *batch[BATCH_MAX];
    size_t batch_len;
    struct balm_counter *counters[COUNTERS_MAX]; /* all that are known; NULL behind the last */
    size_t counter_count;
    struct balm_store_request reads[COUNTERS_MAX];
    struct balm_arena arena; /* of the batch */
    size_t reading;          /* requests under way */
    int tries;
    struct balm_err err;
    struct balm_store_request commit;
    struct known known[KNOWN_MAX]; /* to have room */
};

static void begin_batch(void *owner);
static void count_batch(void *owner);

/* ---- answers ---- */

static void answer(struct balm_budget *budget, struct take *take)
{
    struct balm_guarding *guarding = take->guarding;
    const struct balm_counter *full = take->full;

    free(take);
    if (!guarding) return;
    guarding->of_guard = NULL;
    if (budget->err.code) {
        balm_guard_fail(guarding, budget->err.message);
    } else if (full) {
        balm_guard_refuse(guarding, "%lld fixes within the hour are all that is allowed: %s",
                          (long long)full->limit, full->name);
    } else {
        uint64_t key = balm_guard_key(guarding->intent);
        budget->known[key % KNOWN_MAX] = (struct known){key, balm_clock_mono() + FRESH_NS};
        balm_guard_allow(guarding);
    }
}

/* All who ask within one turn are counted together. */
static void call_for_batch(struct balm_budget *budget)
{
    budget->busy = true;
    balm_task_last(budget->loop, &budget->task, begin_batch, budget);
}

/* Answers may bring new takes: they wait for the next batch. */
static void end_batch(struct balm_budget *budget)
{
    for (size_t i = 0; i < budget->batch_len; i++) {
        answer(budget, budget->batch[i]);
    }
    budget->batch_len = 0;
    budget->busy = false;
    if (budget->first) call_for_batch(budget);
}

static void end_with(struct balm_budget *budget, const struct balm_err *err)
{
    budget->err = *err;
    end_batch(budget);
}

/* ---- counting ---- */

/* What was not kept, or by whom, is read before it is counted upon again. */
static void distrust(struct balm_budget *budget)
{
    for (size_t i = 0; i < budget->counter_count; i++) {
        if (budget->counters[i]->granted) budget->counters[i]->known = false;
    }
}

/* Gives to each in its turn, as long as all of its counters have room. True: there is something to
   be committed. */
static bool grant(struct balm_budget *budget, int64_t now)
{
    bool any = false;

    for (size_t i = 0; i < budget->counter_count; i++) {
        budget->counters[i]->granted = 0;
    }
    for (size_t i = 0; i < budget->batch_len; i++) {
        struct take *take = budget->batch[i];
        take->full = NULL;
        for (size_t k = 0; k < 3 && !take->full; k++) {
            struct balm_counter *counter = take->counters[k];
            int64_t used = balm_counter_used(counter, now) + counter->granted;
            if (used >= counter->limit) take->full = counter;
        }
        if (take->full || take->only_looks || !take->guarding) continue;
        any = true;
        for (size_t k = 0; k < 3; k++) {
            take->counters[k]->granted++;
        }
    }
    return any;
}

static void on_commit(void *owner, struct balm_store_request *request)
{
    struct balm_budget *budget = owner;
    struct balm_err err = request->err;

    if (!err.code && !request->conflict) {
        for (size_t i = 0; i < budget->counter_count; i++) {
            struct balm_counter *counter = budget->counters[i];
            if (counter->granted) counter->version = request->version;
        }
        end_batch(budget);
        return;
    }
    distrust(budget);
    if (!err.code && ++budget->tries < TRIES_MAX) {
        uint8_t dice;
        balm_random(&dice, sizeof dice);
        if (balm_timer_set(budget->loop, &budget->timer, PAUSE_NS * (1 + dice % 10), count_batch,
                           budget) == BALM_OK) {
            return;
        }
        balm_nomem(&err);
    }
    if (!err.code) {
        balm_fail(&err, BALM_E_LIMIT, "the budget in %s is changed by others all the time",
                  balm_store_url(budget->store));
    }
    end_with(budget, &err);
}

static void commit(struct balm_budget *budget, int64_t now)
{
    struct balm_change changes[COUNTERS_MAX];
    struct balm_err err;
    size_t count = 0;

    for (size_t i = 0; i < budget->counter_count; i++) {
        struct balm_counter *counter = budget->counters[i];
        if (counter->granted) changes[count++] = balm_counter_add(counter, now, &budget->arena);
    }
    if (balm_arena_status(&budget->arena, &err)) {
        distrust(budget);
        end_with(budget, &err);
        return;
    }
    budget->commit = (struct balm_store_request){.done = on_commit, .owner = budget};
    balm_store_commit(budget->store, &budget->commit, changes, count);
}

static void count(struct balm_budget *budget)
{
    int64_t now = balm_clock_now();

    if (grant(budget, now)) {
        commit(budget, now);
    } else {
        end_batch(budget);
    }
}

/* ---- reading ---- */

static void on_counter(void *owner, struct balm_store_request *request)
{
    struct balm_budget *budget = owner;

    if (request->err.code) {
        budget->err = request->err;
    } else {
        balm_counter_read(budget->counters[request - budget->reads], request, balm_clock_now());
    }
    if (--budget->reading > 0) return;
    if (budget->err.code) {
        end_batch(budget);
    } else {
        count(budget);
    }
}

/* Reads what is not known, then counts. */
static void count_batch(void *owner)
{
    struct balm_budget *budget = owner;

    balm_arena_reset(&budget->arena);
    for (size_t i = 0; i < budget->counter_count; i++) {
        struct balm_counter *counter = budget->counters[i];
        const struct balm_store_query query = {
            .partition = "budget", .from = counter->name, .to = counter->name, .limit = 1};
        if (counter->known) continue;
        budget->reading++;
        budget->reads[i] = (struct balm_store_request){
            .done = on_counter, .owner = budget, .arena = &budget->arena};
        balm_store_read(budget->store, &budget->reads[i], &query);
    }
    if (budget->reading == 0) count(budget);
}

/* ---- batches ---- */

/* The counter of this name, a new one where there is room. */
static struct balm_counter *counter_of(struct balm_budget *budget, int64_t limit, const char *kind,
                                       const char *of)
{
    char name[BALM_COUNTER_NAME];
    struct balm_counter *counter;

    (void)snprintf(name, sizeof name, "%s%s%s", kind, of[0] ? "/" : "", of);
    for (size_t i = 0; i < budget->counter_count; i++) {
        counter = budget->counters[i];
        if (strcmp(counter->name, name) != 0) continue;
        counter->limit = limit;
        return counter;
    }
    if (budget->counter_count == COUNTERS_MAX) return NULL;
    counter = calloc(1, sizeof *counter);
    if (!counter) return NULL;
    memcpy(counter->name, name, sizeof name);
    counter->limit = limit;
    budget->counters[budget->counter_count++] = counter;
    return counter;
}

/* Between batches nobody looks at them. */
static void forget_counters(struct balm_budget *budget)
{
    while (budget->counter_count > 0) {
        free(budget->counters[--budget->counter_count]);
    }
}

/* False: its counters find no room. */
static bool add_to_batch(struct balm_budget *budget, struct take *take)
{
    const struct balm_intent *intent = take->guarding->intent;
    const struct balm_guard_settings *settings = balm_policy_guards(intent->policy);

    take->counters[0] = counter_of(budget, settings->per_hour, "all", "");
    take->counters[1] =
        counter_of(budget, settings->per_hour_per_account, "account", intent->finding->account);
    take->counters[2] = counter_of(budget, settings->per_hour_per_remediation, "remediation",
                                   intent->association.remediation);
    if (!take->counters[0] || !take->counters[1] || !take->counters[2]) return false;
    budget->batch[budget->batch_len++] = take;
    return true;
}

static void take_batch(struct balm_budget *budget)
{
    while (budget->first && budget->batch_len < BATCH_MAX && add_to_batch(budget, budget->first)) {
        budget->first = budget->first->next;
    }
    if (!budget->first) budget->last = &budget->first;
}

static void begin_batch(void *owner)
{
    struct balm_budget *budget = owner;

    budget->tries = 0;
    budget->err = (struct balm_err){.code = BALM_OK};
    take_batch(budget);
    if (budget->batch_len == 0) { /* the counters of others have taken all room */
        forget_counters(budget);
        take_batch(budget);
    }
    if (budget->batch_len > 0 || !budget->first) {
        count_batch(budget);
        return;
    }
    balm_nomem(&budget->err);
    budget->batch[budget->batch_len++] = budget->first;
    budget->first = budget->first->next;
    if (!budget->first) budget->last = &budget->first;
    end_batch(budget);
}

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_budget *budget = guard->owner;
    uint64_t key = balm_guard_key(guarding->intent);
    const struct known *known = &budget->known[key % KNOWN_MAX];
    bool only_looks = guarding->moment == BALM_BEFORE_RUN;
    struct take *take;

    if (guarding->writes > 0 ||
        (only_looks && known->key == key && balm_clock_mono() < known->until)) {
        balm_guard_allow(guarding);
        return;
    }
    take = calloc(1, sizeof *take);
    if (!take) {
        balm_guard_fail(guarding, "out of memory");
        return;
    }
    take->guarding = guarding;
    take->only_looks = only_looks;
    guarding->of_guard = take;
    *budget->last = take;
    budget->last = &take->next;
    if (!budget->busy) call_for_batch(budget);
}

/* What it takes of the budget while its commit is under way stays taken. */
static void forget(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_budget *budget = guard->owner;
    struct take *take = guarding->of_guard;

    if (!take) return;
    take->guarding = NULL;
    for (struct take **at = &budget->first; *at; at = &(*at)->next) {
        if (*at != take) continue;
        *at = take->next;
        if (!*at) budget->last = at;
        free(take);
        return;
    }
}

enum balm_code balm_budget_new(struct balm_budget **out, struct balm_loop *loop,
                               struct balm_store *store, struct balm_err *err)
{
    struct balm_budget *budget = calloc(1, sizeof *budget);

    if (!budget) return balm_nomem(err);
    budget->loop = loop;
    budget->store = store;
    budget->last = &budget->first;
    budget->guard = (struct balm_guard){.name = "budget",
                                        .can_be_skipped = true,
                                        .actions = 1u << BALM_ACTION_FIX,
                                        .moments = 1u << BALM_BEFORE_RUN | 1u << BALM_BEFORE_WRITE,
                                        .ask = ask,
                                        .forget = forget,
                                        .owner = budget};
    *out = budget;
    return BALM_OK;
}

void balm_budget_release(struct balm_budget *budget)
{
    if (!budget) return;
    balm_timer_stop(budget->loop, &budget->timer);
    balm_task_cancel(budget->loop, &budget->task);
    for (size_t i = 0; i < COUNTERS_MAX; i++) {
        balm_store_forget(budget->store, &budget->reads[i]);
    }
    balm_store_forget(budget->store, &budget->commit);
    for (size_t i = 0; i < budget->batch_len; i++) {
        free(budget->batch[i]);
    }
    forget_counters(budget);
    balm_arena_free(&budget->arena);
    free(budget);
}

const struct balm_guard *balm_budget_guard(const struct balm_budget *budget)
{
    return &budget->guard;
}
