/*
 * doctor: can every associated remediation run? (DESIGN §4)
 *
 * It looks at what all runs need (the pack, the credentials, the clock, the store and its key, the
 * kill switch), then loads each remediation that the configuration associates, or all where it
 * associates none, and assumes the role of each of them in each account. There the account, the
 * region, the declared permissions and the one that a guard has use for are looked at, with a
 * session policy that allows these questions and nothing else: nothing is changed in AWS but an
 * item of a store that lies there, which is removed again.
 *
 * A check is a map: "check" (its name), "status" ("ok", "failed", or "unknown" where it may not be
 * looked at), whichever of "account", "region", "role", "remediation" it is about, "detail" for
 * people, "error" as in a result, and "missing", the actions that are not granted.
 */
#ifndef BALM_REMEDY_DOCTOR_H
#define BALM_REMEDY_DOCTOR_H

#include "remedy/engine.h"
#include "remedy/seal.h"
#include "remedy/store.h"

struct balm_doctor_options {
    const struct balm_engine *engine; /* its guards without a store: the kill switch is asked */
    const char *models_path;
    const char *region; /* where the credentials are asked, and which must be enabled */
    struct balm_store *store;
    struct balm_seal *seal;
    struct balm_value accounts; /* list of texts; empty or null: none is named */
    const char *resources;      /* the text of resources.tsv (aws/reference.h), or NULL */
    size_t concurrency;         /* roles looked at at a time */
};

/* Runs the loop until all is looked at, so nothing else may hang from it. Fills checks, in arena,
   in an order that does not change, and exit: 0 where none failed, 3 where all that failed is of
   authorisation, else 1. */
enum balm_code balm_doctor_look(const struct balm_doctor_options *options, struct balm_arena *arena,
                                struct balm_value *checks, int *exit, struct balm_err *err);

/* The checks as a table for a terminal. */
enum balm_code balm_doctor_text(struct balm_buf *buf, struct balm_value checks, bool coloured);

#endif
