/*
 * archive: the store of runs that a command works with, and the ledger in it.
 */
#ifndef BALM_FRONT_ARCHIVE_H
#define BALM_FRONT_ARCHIVE_H

#include "front/world.h"
#include "remedy/ledger.h"

struct balm_archive {
    struct balm_store *store;
    struct balm_seal *seal;
    struct balm_ledger *ledger;
};

/* --store, BALM_STORE, else SQLite below the user's state directory. Nothing is read or made yet.
   Empty again after a failure. */
enum balm_code balm_archive_open(struct balm_archive *archive, const struct balm_world *world,
                                 struct balm_err *err);
/* What is still being written is written all the same. Accepts one that is zeroed. */
void balm_archive_close(struct balm_archive *archive);

#endif
