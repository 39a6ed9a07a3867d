/*
 * guard_read: guards that read the store before they answer. What several of them read is asked for
 * at once, and judged in the order of the guards.
 */
#ifndef BALM_REMEDY_GUARD_READ_H
#define BALM_REMEDY_GUARD_READ_H

#include "remedy/guard.h"
#include "remedy/store.h"

/* What a guard reads, and what it makes of it; guard->reading, with guard->store. */
struct balm_guard_reading {
    /* Fills query, whose texts live as long as the intent (NULL where memory ran out); false where
       the guard allows without. */
    bool (*question)(const struct balm_guard *guard, struct balm_guarding *guarding,
                     struct balm_store_query *query);
    /* Answers by balm_guard_read_allow() or _refuse(), or asks the store once more. */
    void (*judge)(struct balm_guard_read *read);
};

/* One answer on its way; guarding->of_guard once its guard is asked. */
struct balm_guard_read {
    struct balm_guard_read *next; /* of those that are read ahead */
    struct balm_store_request request;
    struct balm_arena arena;
    struct balm_guarding *guarding;
    const struct balm_guard *guard;
    bool asked;                                 /* its guard is, and waits */
    bool there;                                 /* the store has answered */
    void *own;                                  /* the guard's own use; NULL at first */
    void (*done)(struct balm_guard_read *read); /* judge, at first */
};

/* The `ask` of a guard that reads. A store that fails is a no, and is not judged. */
void balm_guard_read_ask(const struct balm_guard *guard, struct balm_guarding *guarding);
/* Begins to read for a guard that is going to be asked. */
void balm_guard_read_ahead(const struct balm_guard *guard, struct balm_guarding *guarding);
/* Forgets what was read ahead, and nobody asked for. */
void balm_guard_reads_drop(struct balm_guarding *guarding);
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
