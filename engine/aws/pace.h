/*
 * pace: how often one client may try again, and how fast it may send.
 *
 * A client is whoever calls one service, in one region, for one account. Its budget of retries is
 * the SDKs' (500; a retry costs 5, one after a timeout 10; success gives back what the last one
 * cost, else 1), so that a service that is down is not asked ever more often. In "adaptive" mode
 * its rate is limited as well, once it was throttled: cubically growing, cut by each "slow down".
 * Pure: times are monotonic nanoseconds that the caller passes.
 */
#ifndef BALM_AWS_PACE_H
#define BALM_AWS_PACE_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

struct balm_pace {
    int budget;
    bool limited;                      /* it was throttled; from here on the rate is */
    double rate;                       /* requests a second */
    double tokens, tokens_max, filled; /* filled: when last, in seconds */
    double measured, bucket;           /* what it really sends, and since when it counts */
    int sent;
    double peak, knee, last_cut; /* of the cubic: the rate, and when, of the last cut */
};

#define BALM_PACE_BUDGET 500

void balm_pace_init(struct balm_pace *pace, int64_t now);
/* Takes the cost of a retry; 0 when the budget is spent. */
int balm_pace_take_retry(struct balm_pace *pace, bool timed_out);
/* After a success; cost: of the last retry, 0 when there was none. */
void balm_pace_give_back(struct balm_pace *pace, int cost);
/* Takes leave to send now and returns 0, or how many nanoseconds to wait before asking again. */
int64_t balm_pace_take_turn(struct balm_pace *pace, int64_t now);
/* Each answer, and each attempt without one. */
void balm_pace_answered(struct balm_pace *pace, bool throttled, int64_t now);

/* Those of a process, made when first asked for. */
struct balm_paces;
void balm_paces_release(struct balm_paces *paces); /* accepts NULL */
struct balm_pace_key {
    const char *service, *region, *account;
};
/* *paces may be NULL at first. make false: NULL unless it is there. NULL when memory ran out. */
struct balm_pace *balm_pace_of(struct balm_paces **paces, const struct balm_pace_key *key,
                               int64_t now, bool make);

#endif
