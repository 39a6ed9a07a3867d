/*
 * dynamodb: the parts of a store over DynamoDB.
 *
 * Each operation of the store is a task, which makes one call after another until it is finished. A
 * task waits until the earlier ones that touch the same items are over, so that this process's
 * operations on an item keep their order; all others go side by side, and a read that was forgotten
 * holds up none.
 *
 * An item: pk, sk; v its version, d its document, e its expiry in microseconds and x in whole
 * seconds for the table's TTL (both absent: never); t names the commit that wrote it, so that a
 * commit whose answer was lost knows its own work again. A document that is too large for an item
 * lies in pieces, n tells how many; a piece has the pk of its item and "#", and an sk that names
 * item, version and place. Pieces are written and removed in the transaction that writes their
 * item, so a reader finds the ones that belong together, or reads again.
 */
#ifndef BALM_REMEDY_DYNAMODB_H
#define BALM_REMEDY_DYNAMODB_H

#include "remedy/store_internal.h"

enum balm_dynamodb_operation {
    BALM_DDB_GET,
    BALM_DDB_BATCH_GET,
    BALM_DDB_QUERY,
    BALM_DDB_PUT,
    BALM_DDB_DELETE,
    BALM_DDB_TRANSACT,
    BALM_DDB_DESCRIBE_TABLE,
    BALM_DDB_CREATE_TABLE,
    BALM_DDB_UPDATE_TTL,
    BALM_DDB_OPERATIONS
};

struct balm_dynamodb_task;

struct balm_dynamodb {
    struct balm_store base;
    struct balm_aws *aws;
    char *table;
    char *region;
    struct balm_session *session; /* NULL until first needed */
    const struct balm_operation *operations[BALM_DDB_OPERATIONS];
    struct balm_dynamodb_task *first, *last; /* in the order of asking */
    struct balm_dynamodb_task *maker;        /* makes the table; NULL: nobody does */
};

/* What is known of one place of a commit. */
struct balm_dynamodb_head {
    bool known;
    int64_t version; /* 0: nothing is there */
    int64_t expires;
    int pieces;
    bool own; /* this very commit wrote it */
};

#define BALM_DDB_TOKEN_LEN 24

struct balm_dynamodb_task {
    struct balm_dynamodb *store;
    struct balm_store_op *op;
    struct balm_dynamodb_task *previous, *next;
    size_t blockers; /* earlier tasks that touch what this one touches */
    bool waits;      /* for the table to be made */
    bool given_up;   /* a read that was forgotten: no later task waits for it */

    struct balm_arena arena; /* of the call under way */
    struct balm_call *call;
    void (*answered)(struct balm_dynamodb_task *task, const struct balm_call_result *result);
    struct balm_timer timer;
    void (*resume)(struct balm_dynamodb_task *task);
    int tries; /* of resume */
    struct balm_task over;

    /* of a read */
    struct balm_value behind; /* the key to go on behind, or null; in op->arena */
    size_t row;               /* whose pieces are read */
    const char **pieces;      /* those that came; in op->arena */

    /* of a commit */
    struct balm_dynamodb_head *heads; /* one for each write */
    int64_t version;
    int round; /* how often it was put together, or the read begun, anew */
    char token[BALM_DDB_TOKEN_LEN + 1];
};

/* ---- store_dynamodb.c: what every task can do ---- */

/* Makes a call; answered is called from the loop, unless the task ends first. params live in
   task->arena, which is emptied with the next call. */
void balm_dynamodb_call(struct balm_dynamodb_task *task, enum balm_dynamodb_operation operation,
                        struct balm_value params,
                        void (*answered)(struct balm_dynamodb_task *task,
                                         const struct balm_call_result *result));
/* Empties task->arena, for the params of the next call. */
struct balm_arena *balm_dynamodb_begin(struct balm_dynamodb_task *task);
/* Goes on with resume after a while, longer each time. */
void balm_dynamodb_later(struct balm_dynamodb_task *task,
                         void (*resume)(struct balm_dynamodb_task *task));
/* Ends the task: with op->err, or with success where it has none. Always from the loop. */
void balm_dynamodb_finish(struct balm_dynamodb_task *task);
/* Ends the task with the error of an answer. */
void balm_dynamodb_fail(struct balm_dynamodb_task *task, const struct balm_err *err);

/* ---- the tasks ---- */

void balm_dynamodb_read(struct balm_dynamodb_task *task);   /* dynamodb_read.c */
void balm_dynamodb_commit(struct balm_dynamodb_task *task); /* dynamodb_commit.c */
/* dynamodb_table.c: makes the table, or waits until another task has, then goes on with
   balm_dynamodb_commit(). */
void balm_dynamodb_make_table(struct balm_dynamodb_task *task);
bool balm_dynamodb_has_no_table(const struct balm_err *err);

/* ---- dynamodb_item.c: items as the API has them ---- */

#define BALM_DDB_PIECE_MAX ((size_t)350000) /* bytes of a document in one item */

struct balm_value balm_dynamodb_text(struct balm_arena *arena, const char *text); /* {"S": text} */
struct balm_value balm_dynamodb_number(struct balm_arena *arena, int64_t number);
/* {"pk": ..., "sk": ...} */
struct balm_value balm_dynamodb_key(struct balm_arena *arena, const char *partition,
                                    const char *sort);
/* Of the place-th piece of an item. */
struct balm_value balm_dynamodb_piece_key(struct balm_arena *arena, const char *partition,
                                          const char *sort, int64_t version, int place);
/* The item of a write, which has a document; and its pieces: each call gives the next one and moves
   *at on. */
struct balm_value balm_dynamodb_item(struct balm_arena *arena,
                                     const struct balm_dynamodb_task *task,
                                     const struct balm_store_write *write);
struct balm_value balm_dynamodb_piece(struct balm_arena *arena,
                                      const struct balm_dynamodb_task *task,
                                      const struct balm_store_write *write, int place, size_t *at);
/* How many it has; 0: its document lies in the item itself. */
int balm_dynamodb_pieces_of(const struct balm_store_write *write);
/* Members of an item; NULL and 0 where they are not there. */
const char *balm_dynamodb_get_text(struct balm_value item, const char *name);
int64_t balm_dynamodb_get_number(struct balm_value item, const char *name);

#endif
