/*
 * budget: all who wait are counted together, in one commit: a counter that every run changes by
 * itself would be changed by nobody, for all the conflicts.
 */
#include "remedy/budget.h"

#include "core/clock.h"
#include "core/hash.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US  ((int64_t)60 * 1000000)
#define HOUR       60 /* minutes */
#define BATCH_MAX  24 /* fixes that are counted together */
#define SCOPES_MAX (2 * BATCH_MAX + 1)
#define TRIES_MAX  60
#define PAUSE_NS   INT64_C(2000000) /* after a conflict, at least; up to ten times as long */
#define FRESH_NS   INT64_C(1000000000)
#define KNOWN_MAX  64
#define SCOPE_NAME 300

/* One counter. */
struct scope {
    char sort[SCOPE_NAME]; /* "all", "account/123456789012", "remediation/AWS.S3.X" */
    int64_t limit;
    int64_t version;
    int64_t used; /* within the hour */
    int64_t granted;
    struct balm_value minutes; /* "29384756" -> how many */
    struct balm_arena arena;
    struct balm_store_request request;
};

/* One run that waits; guarding->of_guard. */
struct take {
    struct take *next;
    struct balm_guarding *guarding; /* NULL: the run has ended meanwhile */
    bool only_looks;
    size_t scopes[3]; /* of the batch */
    const struct scope *full;
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
    struct take *first, **last; /* that wait for the next batch */

    struct take *batch[BATCH_MAX];
    size_t batch_len;
    struct scope scopes[SCOPES_MAX];
    size_t scope_count;
    size_t reading; /* requests under way */
    int tries;
    struct balm_err err;
    struct balm_store_request commit;
    struct known known[KNOWN_MAX]; /* to have room */
};

static void begin_batch(struct balm_budget *budget);
static void read_scopes(void *owner);

/* ---- answers ---- */

static uint64_t key_of(const struct balm_intent *intent)
{
    const char *remediation = intent->association.remediation;
    uint64_t parts[2] = {balm_hash(remediation, strlen(remediation)),
                         balm_hash(intent->finding->account, strlen(intent->finding->account))};

    return balm_hash(parts, sizeof parts);
}

static void answer(struct balm_budget *budget, struct take *take)
{
    struct balm_guarding *guarding = take->guarding;
    const struct scope *full = take->full;

    free(take);
    if (!guarding) return;
    guarding->of_guard = NULL;
    if (budget->err.code) {
        balm_guard_refuse(guarding, "%s", budget->err.message);
    } else if (full) {
        balm_guard_refuse(guarding, "%lld fixes within the hour are all that is allowed: %s",
                          (long long)full->limit, full->sort);
    } else {
        uint64_t key = key_of(guarding->intent);
        budget->known[key % KNOWN_MAX] = (struct known){key, balm_clock_mono() + FRESH_NS};
        balm_guard_allow(guarding);
    }
}

/* Answers may bring new takes: they wait for the next batch. */
static void end_batch(struct balm_budget *budget)
{
    for (size_t i = 0; i < budget->batch_len; i++) {
        answer(budget, budget->batch[i]);
    }
    for (size_t i = 0; i < budget->scope_count; i++) {
        balm_arena_free(&budget->scopes[i].arena);
    }
    budget->batch_len = budget->scope_count = 0;
    if (budget->first) begin_batch(budget);
}

static void end_with(struct balm_budget *budget, const struct balm_err *err)
{
    budget->err = *err;
    end_batch(budget);
}

/* ---- counting ---- */

static void count_scope(struct scope *scope, int64_t minute)
{
    struct balm_value fresh = balm_map(&scope->arena);

    scope->used = scope->granted = 0;
    for (size_t i = 0; i < balm_map_len(scope->minutes); i++) {
        const struct balm_entry *entry = balm_map_at(scope->minutes, i);
        int64_t then = strtoll(entry->key, NULL, 10);
        if (then <= minute - HOUR || entry->value.type != BALM_INT) continue;
        scope->used += entry->value.as.integer;
        balm_map_set_n(&scope->arena, fresh, entry->key, entry->key_len, entry->value);
    }
    scope->minutes = fresh;
}

/* Gives to each in its turn, as long as all of its scopes have room. True: there is something to
   be committed. */
static bool grant(struct balm_budget *budget)
{
    bool any = false;

    for (size_t i = 0; i < budget->batch_len; i++) {
        struct take *take = budget->batch[i];
        take->full = NULL;
        for (size_t k = 0; k < 3 && !take->full; k++) {
            const struct scope *scope = &budget->scopes[take->scopes[k]];
            if (scope->used + scope->granted >= scope->limit) take->full = scope;
        }
        if (take->full || take->only_looks || !take->guarding) continue;
        any = true;
        for (size_t k = 0; k < 3; k++) {
            budget->scopes[take->scopes[k]].granted++;
        }
    }
    return any;
}

static void add_granted(struct scope *scope, int64_t minute)
{
    char key[24];
    int len = snprintf(key, sizeof key, "%lld", (long long)minute);
    int64_t before = balm_get_int(scope->minutes, key, 0);

    balm_map_put(&scope->arena, scope->minutes, key, (size_t)len,
                 balm_int(before + scope->granted));
}

static void on_commit(void *owner, struct balm_store_request *request)
{
    struct balm_budget *budget = owner;

    if (request->err.code) {
        end_with(budget, &request->err);
    } else if (!request->conflict) {
        end_batch(budget);
    } else if (++budget->tries < TRIES_MAX) {
        uint8_t dice;
        balm_random(&dice, sizeof dice);
        if (balm_timer_set(budget->loop, &budget->timer, PAUSE_NS * (1 + dice % 10), read_scopes,
                           budget)) {
            struct balm_err err;
            balm_nomem(&err);
            end_with(budget, &err);
        }
    } else {
        struct balm_err err;
        balm_fail(&err, BALM_E_LIMIT, "the budget in %s is changed by others all the time",
                  balm_store_url(budget->store));
        end_with(budget, &err);
    }
}

static void commit(struct balm_budget *budget, int64_t now)
{
    struct balm_change changes[SCOPES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < budget->scope_count; i++) {
        struct scope *scope = &budget->scopes[i];
        struct balm_value value = balm_map(&scope->arena);
        if (scope->granted == 0) continue;
        add_granted(scope, now / MINUTE_US);
        balm_map_set(&scope->arena, value, "minutes", scope->minutes);
        if (balm_arena_status(&scope->arena, &budget->err)) break;
        changes[count++] = (struct balm_change){
            .item = {"budget", scope->sort, value, scope->version, now + 2 * HOUR * MINUTE_US},
            .condition = BALM_AS_READ};
    }
    if (budget->err.code) {
        end_batch(budget);
        return;
    }
    budget->commit = (struct balm_store_request){.done = on_commit, .owner = budget};
    balm_store_commit(budget->store, &budget->commit, changes, count);
}

/* ---- reading ---- */

static void on_scope(void *owner, struct balm_store_request *request)
{
    struct balm_budget *budget = owner;
    int64_t now = balm_clock_now();

    if (request->err.code) budget->err = request->err;
    if (--budget->reading > 0) return;
    for (size_t i = 0; i < budget->scope_count && !budget->err.code; i++) {
        struct scope *scope = &budget->scopes[i];
        bool is_there = scope->request.count > 0;
        scope->version = is_there ? scope->request.items[0].version : 0;
        scope->minutes =
            is_there ? balm_get(scope->request.items[0].value, "minutes") : balm_null();
        count_scope(scope, now / MINUTE_US);
    }
    if (!budget->err.code && grant(budget)) {
        commit(budget, now);
    } else {
        end_batch(budget);
    }
}

static void read_scopes(void *owner)
{
    struct balm_budget *budget = owner;

    budget->reading = budget->scope_count;
    for (size_t i = 0; i < budget->scope_count; i++) {
        struct scope *scope = &budget->scopes[i];
        const struct balm_store_query query = {
            .partition = "budget", .from = scope->sort, .to = scope->sort, .limit = 1};
        balm_arena_free(&scope->arena);
        scope->request =
            (struct balm_store_request){.done = on_scope, .owner = budget, .arena = &scope->arena};
        balm_store_read(budget->store, &scope->request, &query);
    }
}

/* ---- batches ---- */

static size_t scope_of(struct balm_budget *budget, int64_t limit, const char *kind,
                       const char *name)
{
    char sort[SCOPE_NAME];
    struct scope *scope;

    (void)snprintf(sort, sizeof sort, "%s%s%s", kind, name[0] ? "/" : "", name);
    for (size_t i = 0; i < budget->scope_count; i++) {
        if (strcmp(budget->scopes[i].sort, sort) == 0) return i;
    }
    scope = &budget->scopes[budget->scope_count];
    memset(scope, 0, sizeof *scope);
    memcpy(scope->sort, sort, sizeof sort);
    scope->limit = limit;
    return budget->scope_count++;
}

static void add_to_batch(struct balm_budget *budget, struct take *take)
{
    const struct balm_intent *intent = take->guarding->intent;
    struct balm_guard_settings settings;

    balm_policy_guards(intent->policy, &settings);
    take->scopes[0] = scope_of(budget, settings.per_hour, "all", "");
    take->scopes[1] =
        scope_of(budget, settings.per_hour_per_account, "account", intent->finding->account);
    take->scopes[2] = scope_of(budget, settings.per_hour_per_remediation, "remediation",
                               intent->association.remediation);
    budget->batch[budget->batch_len++] = take;
}

static void begin_batch(struct balm_budget *budget)
{
    budget->tries = 0;
    budget->err = (struct balm_err){.code = BALM_OK};
    while (budget->first && budget->batch_len < BATCH_MAX) {
        struct take *take = budget->first;
        budget->first = take->next;
        add_to_batch(budget, take);
    }
    if (!budget->first) budget->last = &budget->first;
    read_scopes(budget);
}

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_budget *budget = guard->owner;
    uint64_t key = key_of(guarding->intent);
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
    if (budget->batch_len == 0) begin_batch(budget);
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
    for (size_t i = 0; i < budget->scope_count; i++) {
        balm_store_forget(budget->store, &budget->scopes[i].request);
        balm_arena_free(&budget->scopes[i].arena);
    }
    balm_store_forget(budget->store, &budget->commit);
    for (size_t i = 0; i < budget->batch_len; i++) {
        free(budget->batch[i]);
    }
    free(budget);
}

const struct balm_guard *balm_budget_guard(const struct balm_budget *budget)
{
    return &budget->guard;
}
