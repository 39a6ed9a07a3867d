/*
 * store_internal: what store and its backends share.
 */
#ifndef BALM_REMEDY_STORE_INTERNAL_H
#define BALM_REMEDY_STORE_INTERNAL_H

#include "remedy/store.h"

struct balm_store_write {
    const char *partition, *sort;
    const char *document; /* JSON; NULL: the item is removed, or only checked */
    size_t len;
    enum balm_condition condition;
    bool only_checked;
    int64_t version; /* of BALM_AS_READ */
    int64_t expires;
};

struct balm_store_row {
    const char *sort;
    const char *document;
    size_t len;
    int64_t version;
    int64_t expires;
};

/* One operation, from the request to its answer. A backend gets it from balm_store_backend.start,
   fills in the outcome, on whichever thread, and hands it back with balm_store_answer(). */
struct balm_store_op {
    struct balm_store *store;
    struct balm_store_request *request; /* NULL: forgotten; the loop's thread alone looks at it */
    struct balm_store_op *next;         /* in a queue of the backend's */
    struct balm_arena arena;            /* of all below */
    bool is_commit;

    struct balm_store_query query;   /* of a read */
    struct balm_store_write *writes; /* of a commit */
    size_t write_count;

    struct balm_err err;
    struct balm_store_row *rows; /* of a read, in order */
    size_t row_count;
    bool conflict; /* of a commit */
    int64_t version;
};

struct balm_store_backend {
    /* Takes op, unless it fails. */
    enum balm_code (*start)(struct balm_store *store, struct balm_store_op *op,
                            struct balm_err *err);
    /* op->request is NULL from now on; may be NULL itself where there is nothing to cancel. */
    void (*forget)(struct balm_store *store, struct balm_store_op *op);
    /* Frees all ops under way and the store. */
    void (*release)(struct balm_store *store);
};

/* The first member of a backend's own struct. */
struct balm_store {
    const struct balm_store_backend *backend;
    struct balm_loop *loop;
    const struct balm_log *log;
    char *url;
    struct balm_buf text; /* where documents are written */
    struct balm_task refuse;
    struct balm_store_request *refused; /* oldest first */
};

/* Does write's condition hold where this is there? version 0: nothing is. */
bool balm_store_holds(const struct balm_store_write *write, int64_t version, int64_t expires,
                      int64_t now);

/* Room for one more row; NULL when memory ran out (op->err says so). */
struct balm_store_row *balm_store_row_add(struct balm_store_op *op);
/* From the loop, not from within start: fills the request, frees op and calls done. */
void balm_store_answer(struct balm_store_op *op);
void balm_store_op_free(struct balm_store_op *op);

enum balm_code balm_store_sqlite_new(struct balm_store **out, const struct balm_store_setup *setup,
                                     struct balm_err *err);
enum balm_code balm_store_dynamodb_new(struct balm_store **out,
                                       const struct balm_store_setup *setup, struct balm_err *err);

#endif
