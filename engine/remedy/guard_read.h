/*
 * guard_read: a guard that reads the store before it answers.
 */
#ifndef BALM_REMEDY_GUARD_READ_H
#define BALM_REMEDY_GUARD_READ_H

#include "remedy/guard.h"
#include "remedy/store.h"

/* One answer on its way; guarding->of_guard. */
struct balm_guard_read {
    struct balm_store_request request;
    struct balm_store *store;
    struct balm_arena arena;
    struct balm_guarding *guarding;
    const struct balm_guard *guard;
    bool commits; /* the guard's own use: it is a commit that is under way */
    void *own;    /* the same, for more; NULL at first */
    void (*done)(struct balm_guard_read *read);
};

/* Reads on behalf of guarding; then done, which answers by balm_guard_read_allow() or _refuse(), or
   asks the store once more. A store that fails is a no, and done is not called. */
void balm_guard_read(const struct balm_guard *guard, struct balm_guarding *guarding,
                     struct balm_store *store, const struct balm_store_query *query,
                     void (*done)(struct balm_guard_read *read));
/* Reads more, in the same memory; done comes again. */
void balm_guard_read_again(struct balm_guard_read *read, const struct balm_store_query *query);
/* Commits one change with the same read; done comes again. */
void balm_guard_read_commit(struct balm_guard_read *read, const struct balm_change *change);
void balm_guard_read_allow(struct balm_guard_read *read);
/* detail is copied; NULL where there was no memory for it. */
void balm_guard_read_refuse(struct balm_guard_read *read, const char *detail);
void balm_guard_read_fail(struct balm_guard_read *read, const char *why); /* balm_guard_fail() */
/* For the guard's `forget`. */
void balm_guard_read_forget(const struct balm_guard *guard, struct balm_guarding *guarding);

#endif
