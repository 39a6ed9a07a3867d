/*
 * budget_counter: one counter of fixes, by the minute, as it lies in the store: partition "budget",
 * sorted by its name, {"minutes": {"29384756": 3, ...}}.
 */
#ifndef BALM_REMEDY_BUDGET_COUNTER_H
#define BALM_REMEDY_BUDGET_COUNTER_H

#include "remedy/store.h"

#define BALM_COUNTER_MINUTES 60
#define BALM_COUNTER_NAME    300

struct balm_counter {
    char name[BALM_COUNTER_NAME]; /* "all", "account/123456789012", "remediation/AWS.S3.X" */
    int64_t limit;                /* within the hour; a counter does not heed it */
    int64_t granted;              /* by the batch that is under way */

    bool known;      /* what follows is as this process last read or wrote it */
    int64_t version; /* of the item; 0: there is none */
    size_t count;
    struct balm_counter_minute {
        int64_t minute; /* since 1970 */
        int64_t fixes;
    } minutes[BALM_COUNTER_MINUTES]; /* in no order, of distinct minutes */
};

/* How many fixes within the hour that ends now (microseconds); forgets those before. */
int64_t balm_counter_used(struct balm_counter *counter, int64_t now);
/* Takes what was read: one item, or none. */
void balm_counter_read(struct balm_counter *counter, const struct balm_store_request *request,
                       int64_t now);
/* Counts what is granted as of now. The change that keeps that lives in arena and in counter; it
   holds only where nobody else has counted meanwhile. */
struct balm_change balm_counter_add(struct balm_counter *counter, int64_t now,
                                    struct balm_arena *arena);

#endif
