/*
 * sqlite_work: what a SQLite store does with the operations that wait, from its own thread.
 */
#ifndef BALM_REMEDY_SQLITE_WORK_H
#define BALM_REMEDY_SQLITE_WORK_H

#include "remedy/sqlite_file.h"
#include "remedy/store_internal.h"

struct balm_sqlite_work {
    struct balm_sqlite_file file;
    int64_t version; /* the last that was given */
    int64_t swept;   /* microseconds: when expired items were last removed */
    /* The last two reads of this transaction that found nothing, the latest first: of the runs that
       begin together most ask whether the same is held. NULL: none. */
    const struct balm_store_op *empty[2];
};

/* Does all of the operations, linked from first, in their order, those with changes in one
   transaction: a condition that does not hold keeps its own commit out of it and no other. When it
   returns every commit is on disk or has its error. */
void balm_sqlite_work(struct balm_sqlite_work *work, struct balm_store_op *first);

#endif
