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
 * which store it was and what to do. A commit that failed has changed nothing, or all of it where
 * err.code is BALM_E_NET (no answer came) or BALM_E_IO (a disk that failed within it): whoever asks
 * again does so under a condition. Operations on one item are done in the order in which this
 * process asked for them.
 *
 * Values are kept as JSON with their types (document.h). What is secret has been sealed before
 * (seal.h): a value with a part that is marked secret is refused, so that nothing of it reaches a
 * disk by mistake.
 *
 * SQLite: one file, made with the first commit (mode 0600, missing folders 0700), in WAL mode with
 * synchronous=FULL. One thread does all of its work and commits in groups. Another process may use
 * the same file; one that holds it locked for more than five seconds makes operations fail.
 *
 * DynamoDB: one table with the string keys `pk` and `sk`, made on demand and billed by request
 * where there is none and the credentials may; README.md says how to make it by hand. `v` is the
 * version, `d` the document, `e` the expiry in microseconds, `x` the same in whole seconds for the
 * table's TTL. A document too large for one item lies in further items (partition and "#").
 */
#ifndef BALM_REMEDY_STORE_H
#define BALM_REMEDY_STORE_H

#include "aws/client.h"
#include "core/log.h"
#include "core/loop.h"

struct balm_store;
struct balm_store_op;

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
/* What is under way is dropped where it is a read; a commit is finished first with SQLite, and may
   still happen with DynamoDB. No done is called any more. Not from within a done; accepts NULL. */
void balm_store_release(struct balm_store *store);
const char *balm_store_url(const struct balm_store *store);
/* Where the store is when nobody says: "sqlite:", and balm/balm.db below XDG_STATE_HOME or
   ~/.local/state. NULL where neither is known, or memory ran out. */
const char *balm_store_default_url(struct balm_arena *arena);
/* The PATH of "sqlite:PATH", and the TABLE of "dynamodb:TABLE"; NULL for another url. */
const char *balm_store_sqlite_path(const char *url);
const char *balm_store_dynamodb_table(const char *url);

/* Keys are UTF-8 and not empty; a partition does not end in "#". */
#define BALM_STORE_PARTITION_MAX 1024 /* bytes */
#define BALM_STORE_SORT_MAX      960

struct balm_item {
    const char *partition;   /* "run/2026-11-25", "budget" ... */
    const char *sort;        /* orders the items of a partition, byte by byte */
    struct balm_value value; /* a map; null: no such item (as read), or remove it (in a change) */
    /* 0: there is none. Follows the clock, and grows with each change also where the clock does
       not, so that an item that was removed and made again is not taken for the one before. */
    int64_t version;
    int64_t expires; /* microseconds since 1970; 0: never. Past it, it reads as absent */
};

/* ---- reading ---- */

struct balm_store_query {
    const char *partition;
    const char *from, *to; /* sort keys, both included; NULL: open. Equal: one item */
    bool newest_first;     /* the highest sort key first */
    size_t limit;          /* at most so many items; at least 1 */
};

/* A request is embedded in its owner, who zeroes it, sets the first three members, and keeps it in
   place until done or balm_store_forget(). It may be used again in done. */
struct balm_store_request {
    void (*done)(void *owner, struct balm_store_request *request);
    void *owner;
    struct balm_arena *arena; /* where a read puts its items; a commit needs none */

    struct balm_err err;     /* of the outcome */
    struct balm_item *items; /* of a read */
    size_t count;
    bool conflict; /* of a commit: a condition did not hold, nothing was changed; err is BALM_OK */
    int64_t version; /* of a commit: what all the items it wrote have now */

    struct balm_store_op *op;        /* what is under way; NULL: nothing */
    struct balm_store_request *next; /* of those that are refused, and told so from the loop */
};

/* query and its texts are copied. Items come in order, expired ones left out. */
void balm_store_read(struct balm_store *store, struct balm_store_request *request,
                     const struct balm_store_query *query);

/* ---- changing ---- */

enum balm_condition {
    BALM_ALWAYS,  /* whatever is there */
    BALM_ABSENT,  /* only where nothing is there (or it has expired) */
    BALM_PRESENT, /* only where something is there */
    BALM_AS_READ, /* only where item.version is the version that is there, 0 where there is none */
};

struct balm_change {
    struct balm_item item;
    enum balm_condition condition;
    bool only_checked; /* the condition must hold; the item is left as it is */
    /* Where item.value was written already: its document (document.h), a map, copied as the rest.
       item.value is then not looked at; NULL where it counts, or the item is removed. */
    const char *document;
    size_t document_len;
};

/* Of one commit: DynamoDB's limits for a transaction, with room for what comes along. */
#define BALM_STORE_CHANGES_MAX 80
#define BALM_STORE_COMMIT_MAX  ((size_t)3 << 20) /* bytes of all its documents and keys */

/* All of the changes or none; they are copied. A place may occur once. BALM_E_ARG, or
   BALM_E_LIMIT, where they cannot be kept. */
void balm_store_commit(struct balm_store *store, struct balm_store_request *request,
                       const struct balm_change *changes, size_t count);

/* done will not be called. A commit under way may still happen. Does nothing where nothing is under
   way. */
void balm_store_forget(struct balm_store *store, struct balm_store_request *request);

#endif
