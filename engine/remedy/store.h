/*
 * store: what outlives a process: runs and their writes, counters, holds, claims.
 *
 * It keeps items. An item has a place (partition and sort key), a value (a map), a version that
 * grows with each change, and perhaps an expiry. Two operations are all there is: reading items,
 * and committing a set of changes as one, each under a condition. What the items mean is told by
 * those who keep them (ledger.h and others); where they lie is a backend's business: SQLite for one
 * machine, DynamoDB for a fleet. Both behave the same, so one suite of tests holds for both.
 *
 * Nothing here waits: every operation is answered from the loop. A commit that was answered with
 * BALM_OK is on disk (or in DynamoDB). What could not be done is answered with an error that says
 * which store it was and what to do; its effects are then unknown where the error says so
 * (err.code BALM_E_NET), else none.
 */
#ifndef BALM_REMEDY_STORE_H
#define BALM_REMEDY_STORE_H

#include "aws/client.h"
#include "core/log.h"

struct balm_store;

struct balm_store_setup {
    const char *url; /* "sqlite:PATH" or "dynamodb:TABLE" */
    struct balm_loop *loop;
    struct balm_aws *aws; /* DynamoDB is asked with the process's own credentials and region */
    const char *region;   /* DynamoDB's */
    const struct balm_log *log;
};

/* Checks the URL and starts the backend; a file or table that is not there is made with the first
   commit. Fails with BALM_E_ARG for a URL that is none. */
enum balm_code balm_store_open(struct balm_store **out, const struct balm_store_setup *setup,
                               struct balm_err *err);
/* What is under way is finished first where it is a commit, dropped where it is a read; its done
   is not called any more. Accepts NULL. */
void balm_store_release(struct balm_store *store);
const char *balm_store_url(const struct balm_store *store);

struct balm_item {
    const char *partition;   /* "run/2026-11-25", "budget" ... */
    const char *sort;        /* orders the items of a partition, byte by byte */
    struct balm_value value; /* a map; null: no such item (as read), or remove it (in a change) */
    int64_t version;         /* 0: there is none */
    int64_t expires;         /* microseconds since 1970; 0: never. Past it, it reads as absent */
};

/* ---- reading ---- */

struct balm_store_query {
    const char *partition;
    const char *from, *to; /* sort keys, both included; NULL: open. Equal: one item */
    bool newest_first;     /* the highest sort key first */
    size_t limit;          /* at most so many items; at least 1 */
};

/* A request is embedded in its owner, who keeps it in place until done or balm_store_forget(). */
struct balm_store_request {
    struct balm_err err;     /* of the outcome */
    struct balm_item *items; /* of a read; in arena */
    size_t count;
    bool conflict; /* of a commit: a condition did not hold, nothing was changed; err is BALM_OK */
    struct balm_arena *arena;
    void (*done)(void *owner, struct balm_store_request *request);
    void *owner;
    void *of_backend; /* its own use; NULL: nothing is under way */
};

/* query and its texts are copied. Items come in order, expired ones left out. */
void balm_store_read(struct balm_store *store, struct balm_store_request *request,
                     const struct balm_store_query *query);

/* ---- changing ---- */

enum balm_condition {
    BALM_ALWAYS,  /* whatever is there */
    BALM_ABSENT,  /* only where nothing is there (or it has expired) */
    BALM_AS_READ, /* only where item.version is the version that is there */
};

struct balm_change {
    struct balm_item item;
    enum balm_condition condition;
    bool only_checked; /* the condition must hold; the item is left as it is */
};

#define BALM_STORE_CHANGES_MAX 100 /* of one commit: DynamoDB's own limit for a transaction */

/* All of the changes or none; they are copied. A place may occur once. */
void balm_store_commit(struct balm_store *store, struct balm_store_request *request,
                       const struct balm_change *changes, size_t count);

/* done will not be called. A commit under way may still happen. */
void balm_store_forget(struct balm_store *store, struct balm_store_request *request);

#endif
