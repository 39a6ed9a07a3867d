#include "aws/pace.h"

#include "core/arena.h"
#include "core/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COST         5
#define COST_TIMEOUT 10
#define GAIN         1

#define RATE_LEAST  0.5
#define SMOOTHING   0.8
#define BUCKETS     2.0 /* a second */
#define BETA        0.7
#define SCALE       0.4
#define RATE_LEEWAY 2.0 /* times what was measured */

/* ---- the budget ---- */

int balm_pace_take_retry(struct balm_pace *pace, bool timed_out)
{
    int cost = timed_out ? COST_TIMEOUT : COST;
    if (cost > pace->budget) return 0;
    pace->budget -= cost;
    return cost;
}

void balm_pace_give_back(struct balm_pace *pace, int cost)
{
    pace->budget += cost ? cost : GAIN;
    if (pace->budget > BALM_PACE_BUDGET) pace->budget = BALM_PACE_BUDGET;
}

/* ---- the rate ---- */

static double seconds(int64_t now)
{
    return (double)now / 1e9;
}

static void fill(struct balm_pace *pace, double now)
{
    pace->tokens = fmin(pace->tokens_max, pace->tokens + (now - pace->filled) * pace->rate);
    pace->filled = now;
}

static void set_rate(struct balm_pace *pace, double rate, double now)
{
    fill(pace, now); /* at the old rate, up to now */
    pace->rate = fmax(rate, RATE_LEAST);
    pace->tokens_max = fmax(rate, 1);
    pace->tokens = fmin(pace->tokens, pace->tokens_max);
}

void balm_pace_init(struct balm_pace *pace, int64_t now)
{
    double start = seconds(now);
    *pace = (struct balm_pace){.budget = BALM_PACE_BUDGET,
                               .rate = 1,
                               .tokens_max = 1,
                               .filled = start,
                               .bucket = floor(start),
                               .last_cut = start};
}

int64_t balm_pace_take_turn(struct balm_pace *pace, int64_t now)
{
    if (!pace->limited) return 0;
    fill(pace, seconds(now));
    if (pace->tokens < 1) return (int64_t)ceil((1 - pace->tokens) / pace->rate * 1e9);
    pace->tokens -= 1;
    return 0;
}

/* Smoothed over half seconds. */
static void measure(struct balm_pace *pace, double now)
{
    double bucket = floor(now * BUCKETS) / BUCKETS;
    pace->sent++;
    if (bucket <= pace->bucket) return;
    pace->measured =
        pace->sent / (bucket - pace->bucket) * SMOOTHING + pace->measured * (1 - SMOOTHING);
    pace->sent = 0;
    pace->bucket = bucket;
}

static double cut(struct balm_pace *pace, double now)
{
    pace->peak = pace->limited ? fmin(pace->measured, pace->rate) : pace->measured;
    pace->knee = cbrt(pace->peak * (1 - BETA) / SCALE);
    pace->last_cut = now;
    pace->limited = true;
    return pace->peak * BETA;
}

void balm_pace_answered(struct balm_pace *pace, bool throttled, int64_t now)
{
    double at = seconds(now);
    double rate;
    measure(pace, at);
    rate =
        throttled ? cut(pace, at) : SCALE * pow(at - pace->last_cut - pace->knee, 3) + pace->peak;
    set_rate(pace, fmin(rate, RATE_LEEWAY * pace->measured), at);
}

/* ---- those of a process ---- */

#define LISTS 64

struct entry {
    struct entry *next;
    uint64_t hash;
    struct balm_pace_key key;
    struct balm_pace pace;
};

struct balm_paces {
    struct balm_arena arena;
    struct entry *lists[LISTS];
};

void balm_paces_release(struct balm_paces *paces)
{
    if (!paces) return;
    balm_arena_free(&paces->arena);
    free(paces);
}

static uint64_t hash_of(const struct balm_pace_key *key)
{
    uint64_t hash = balm_hash(key->service, strlen(key->service));
    hash = hash * 31 + balm_hash(key->region, strlen(key->region));
    return hash * 31 + balm_hash(key->account, strlen(key->account));
}

static bool is_same(const struct balm_pace_key *a, const struct balm_pace_key *b)
{
    return strcmp(a->service, b->service) == 0 && strcmp(a->region, b->region) == 0 &&
           strcmp(a->account, b->account) == 0;
}

static struct entry *make_entry(struct balm_paces *paces, const struct balm_pace_key *key,
                                uint64_t hash, int64_t now)
{
    struct balm_arena *arena = &paces->arena;
    struct entry *entry = balm_arena_alloc(arena, sizeof *entry);
    struct balm_pace_key copy = {balm_arena_strdup(arena, key->service),
                                 balm_arena_strdup(arena, key->region),
                                 balm_arena_strdup(arena, key->account)};
    if (balm_arena_status(arena, NULL)) return NULL;
    *entry = (struct entry){.next = paces->lists[hash % LISTS], .hash = hash, .key = copy};
    balm_pace_init(&entry->pace, now);
    paces->lists[hash % LISTS] = entry;
    return entry;
}

struct balm_pace *balm_pace_of(struct balm_paces **paces, const struct balm_pace_key *key,
                               int64_t now, bool make)
{
    uint64_t hash;
    struct entry *entry;
    if (!*paces && make) *paces = calloc(1, sizeof **paces);
    if (!*paces) return NULL;
    hash = hash_of(key);
    for (entry = (*paces)->lists[hash % LISTS]; entry; entry = entry->next) {
        if (entry->hash == hash && is_same(&entry->key, key)) return &entry->pace;
    }
    entry = make ? make_entry(*paces, key, hash, now) : NULL;
    return entry ? &entry->pace : NULL;
}
