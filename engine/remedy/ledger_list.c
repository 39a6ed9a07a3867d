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
    bool ended;   /* nothing more of this walk is asked for */
    bool is_full; /* as many as were asked for are given */

    struct balm_arena arena; /* of open */
    struct balm_value open;  /* list: the heads of runs that have not ended, newest first */
    size_t next;             /* of these: the first that was not given */
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
    listing->is_full = listing->filter->limit > 0 && listing->given >= listing->filter->limit;
    listing->ended = listing->is_full;
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

/* An earlier Balm kept the head of a run that had not ended among the others. */
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

/* A run of which a mark tells: its head is read by itself. */
static enum balm_code give_marked(struct listing *listing, const char *run, struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_store_query query = {.from = run, .to = run, .limit = 1};
    struct balm_store_request request;
    char partition[BALM_SORT_SIZE];
    char day[BALM_DAY_SIZE];
    enum balm_code code;

    balm_ledger_day(day, run);
    balm_ledger_heads_of(partition, day);
    query.partition = partition;
    code = balm_ledger_read(listing->ledger, &request, &query, &arena, err);
    if (!code && request.count == 1) {
        code = tell_if_over(listing, run, request.items[0].value, err);
        if (!code) give(listing, request.items[0].value);
    }
    balm_arena_free(&arena);
    return code;
}

/* ---- runs that have not ended ---- */

/* The head of an item of "open", as it is now; null where an earlier Balm began the run, or what is
   there is not its head. */
static struct balm_value open_head(const struct balm_item *item)
{
    struct balm_value head = balm_get(item->value, BALM_LEDGER_HEAD);
    struct balm_value *status = balm_map_get(head, "status");

    if (!balm_is_text(balm_get(head, "run"), item->sort)) return balm_null();
    if (status && balm_ledger_is_over(item->value)) *status = balm_string("unfinished");
    return head;
}

static enum balm_code visit_unfinished(struct listing *listing, const struct balm_item *item,
                                       struct balm_err *err)
{
    struct balm_value head = open_head(item);

    if (is_past(listing, item->sort) || !balm_ledger_is_over(item->value)) return BALM_OK;
    if (balm_is_null(head)) return give_marked(listing, item->sort, err);
    give(listing, head);
    return BALM_OK;
}

/* Kept until its turn comes among those that have ended. */
static enum balm_code visit_open(struct listing *listing, const struct balm_item *item,
                                 struct balm_err *err)
{
    struct balm_value head = open_head(item);

    if (is_past(listing, item->sort) || balm_is_null(head)) return BALM_OK;
    balm_list_push(&listing->arena, listing->open, balm_copy(&listing->arena, head));
    return balm_arena_status(&listing->arena, err);
}

/* Gives those that are newer than run; NULL: all that are left. One that has ended since is given
   by its end. */
static void give_open(struct listing *listing, const char *run)
{
    while (listing->next < balm_list_len(listing->open) && !listing->ended) {
        struct balm_value head = *balm_list_at(listing->open, listing->next);
        int order = run ? strcmp(balm_get_string(head, "run", ""), run) : 1;

        if (order < 0) return;
        listing->next++;
        if (order > 0) give(listing, head);
    }
}

/* ---- all runs ---- */

static enum balm_code visit_head(struct listing *listing, const struct balm_item *item,
                                 struct balm_err *err)
{
    if (is_past(listing, item->sort)) return BALM_OK;
    if (tell_if_over(listing, item->sort, item->value, err)) return err->code;
    give_open(listing, item->sort);
    if (!listing->ended) give(listing, item->value);
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
    balm_ledger_heads_of(partition, item->sort);
    return walk(listing, partition, visit_head, err);
}

static enum balm_code list_all(struct listing *listing, struct balm_err *err)
{
    enum balm_code code;

    listing->open = balm_list(&listing->arena);
    code = walk(listing, BALM_LEDGER_OPEN, visit_open, err);
    listing->ended = false; /* that was about these alone */
    if (!code) code = walk(listing, "days", visit_day, err);
    listing->ended = listing->is_full;
    if (!code) give_open(listing, NULL);
    balm_arena_free(&listing->arena);
    return code;
}

static enum balm_code visit_unverified(struct listing *listing, const struct balm_item *item,
                                       struct balm_err *err)
{
    return is_past(listing, item->sort) ? BALM_OK : give_marked(listing, item->sort, err);
}

enum balm_code balm_ledger_list(struct balm_ledger *ledger, const struct balm_ledger_filter *filter,
                                void (*each)(void *owner, struct balm_value head), void *owner,
                                struct balm_err *err)
{
    struct listing listing = {.ledger = ledger, .filter = filter, .each = each, .owner = owner};

    switch (filter->which) {
    case BALM_LEDGER_UNFINISHED:
        return walk(&listing, BALM_LEDGER_OPEN, visit_unfinished, err);
    case BALM_LEDGER_UNVERIFIED:
        return walk(&listing, "unverified", visit_unverified, err);
    case BALM_LEDGER_ALL:
        break;
    }
    return list_all(&listing, err);
}
