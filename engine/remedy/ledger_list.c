/*
 * ledger_list: the runs of the past, newest first.
 */
#include "remedy/ledger_internal.h"

#include "core/text.h"
#include "core/time.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 200

struct listing {
    struct balm_ledger *ledger;
    const struct balm_ledger_filter *filter;
    void (*each)(void *owner, struct balm_value head);
    void *owner;
    size_t given;
    bool ended; /* all that was asked for is given */
};

static bool fits_text(struct balm_value head, const char *key, const char *wanted)
{
    return !wanted || balm_is_text(balm_get(head, key), wanted);
}

static bool fits(const struct listing *listing, struct balm_value head)
{
    const struct balm_ledger_filter *filter = listing->filter;
    const char *id = balm_get_string(head, "remediation", "");

    return fits_text(head, "account", filter->account) &&
           fits_text(head, "status", filter->status) &&
           (!filter->remediation || balm_catalog_same_id(id, filter->remediation)) &&
           (!filter->resource ||
            balm_text_glob(filter->resource, balm_get_string(head, "resource", "")));
}

/* A head of the right time. */
static void give(struct listing *listing, struct balm_value head)
{
    if (!fits(listing, head)) return;
    listing->each(listing->owner, head);
    listing->given++;
    listing->ended = listing->filter->limit > 0 && listing->given >= listing->filter->limit;
}

/* Is the run too old? Those that follow are older still. */
static bool is_past(struct listing *listing, const char *run)
{
    int64_t from = 0, to = 0;

    (void)balm_text_uuid_span(run, &from, &to);
    if (to >= listing->filter->since) return false;
    listing->ended = true;
    return true;
}

/* Walks a partition from its newest item. */
static enum balm_code walk(struct listing *listing, const char *partition,
                           enum balm_code (*visit)(struct listing *listing,
                                                   const struct balm_item *item,
                                                   struct balm_err *err),
                           struct balm_err *err)
{
    struct balm_store_query query = {
        .partition = partition, .newest_first = true, .limit = AT_ONCE};
    char before[BALM_SORT_SIZE] = "";
    size_t count = AT_ONCE;
    enum balm_code code = BALM_OK;

    while (!code && !listing->ended && count == AT_ONCE) {
        struct balm_arena arena = BALM_ARENA_INIT;
        struct balm_store_request request;

        code = balm_ledger_read(listing->ledger, &request, &query, &arena, err);
        count = code ? 0 : request.count;
        for (size_t i = 0; !code && !listing->ended && i < count; i++) {
            if (strcmp(request.items[i].sort, before) == 0) continue; /* of the last page */
            code = visit(listing, &request.items[i], err);
        }
        if (count > 0) {
            snprintf(before, sizeof before, "%s", request.items[count - 1].sort);
            query.to = before;
        }
        balm_arena_free(&arena);
    }
    return code;
}

/* Of one that never ended its head still says that it is running. */
static enum balm_code tell_if_over(const struct listing *listing, const char *run,
                                   struct balm_value head, struct balm_err *err)
{
    struct balm_value *status = balm_map_get(head, "status");
    bool is_running = true;

    if (!status || !balm_is_text(*status, "running")) return BALM_OK;
    if (balm_ledger_is_running(listing->ledger, run, &is_running, err)) return err->code;
    if (!is_running) *status = balm_string("unfinished");
    return BALM_OK;
}

static enum balm_code visit_head(struct listing *listing, const struct balm_item *item,
                                 struct balm_err *err)
{
    if (is_past(listing, item->sort)) return BALM_OK;
    if (tell_if_over(listing, item->sort, item->value, err)) return err->code;
    give(listing, item->value);
    return BALM_OK;
}

static enum balm_code visit_day(struct listing *listing, const struct balm_item *item,
                                struct balm_err *err)
{
    char since[BALM_DAY_SIZE];
    char partition[BALM_SORT_SIZE];

    balm_ledger_day_of(since, listing->filter->since);
    if (strcmp(item->sort, since) < 0) {
        listing->ended = true;
        return BALM_OK;
    }
    snprintf(partition, sizeof partition, "run/%s", item->sort);
    return walk(listing, partition, visit_head, err);
}

/* An item of "open" or "unverified": its run's head is read by itself. */
static enum balm_code visit_mark(struct listing *listing, const struct balm_item *item,
                                 struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_store_query query = {.from = item->sort, .to = item->sort, .limit = 1};
    struct balm_store_request request;
    char partition[BALM_SORT_SIZE];
    char day[BALM_DAY_SIZE];
    enum balm_code code = BALM_OK;

    if (is_past(listing, item->sort)) return BALM_OK;
    if (listing->filter->which == BALM_LEDGER_UNFINISHED && !balm_ledger_is_over(item->value)) {
        return BALM_OK;
    }
    balm_ledger_day(day, item->sort);
    snprintf(partition, sizeof partition, "run/%s", day);
    query.partition = partition;
    code = balm_ledger_read(listing->ledger, &request, &query, &arena, err);
    if (!code && request.count == 1) {
        code = tell_if_over(listing, item->sort, request.items[0].value, err);
        if (!code) give(listing, request.items[0].value);
    }
    balm_arena_free(&arena);
    return code;
}

enum balm_code balm_ledger_list(struct balm_ledger *ledger, const struct balm_ledger_filter *filter,
                                void (*each)(void *owner, struct balm_value head), void *owner,
                                struct balm_err *err)
{
    struct listing listing = {.ledger = ledger, .filter = filter, .each = each, .owner = owner};

    switch (filter->which) {
    case BALM_LEDGER_UNFINISHED:
        return walk(&listing, "open", visit_mark, err);
    case BALM_LEDGER_UNVERIFIED:
        return walk(&listing, "unverified", visit_mark, err);
    case BALM_LEDGER_ALL:
        break;
    }
    return walk(&listing, "days", visit_day, err);
}
