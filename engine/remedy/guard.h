/*
 * guard: may this finding be acted on?
 *
 * A guard is asked and answers, at once or later from the loop, always exactly once. They are asked
 * one after the other, before the run and, those that want to, again before each of its writes. The
 * first that refuses ends the run: `skipped` with the guard's name as the reason, or `failed` where
 * something has been written already. They fail closed: what a guard cannot find out is a no.
 */
#ifndef BALM_REMEDY_GUARD_H
#define BALM_REMEDY_GUARD_H

#include "remedy/intent.h"

struct balm_guarding;
struct balm_guard_read;
struct balm_guard_reading;
struct balm_result;
struct balm_store;

enum balm_moment { BALM_BEFORE_RUN, BALM_BEFORE_WRITE };

struct balm_guard {
    const char *name; /* DESIGN's reason of `skipped`, and what --skip-guard names: "excluded" */
    bool can_be_skipped;
    bool needs_script; /* the declaration must be known: intent->version is loaded first */
    unsigned actions;  /* set of 1u << BALM_ACTION_...: the ones it guards */
    unsigned moments;  /* set of 1u << BALM_BEFORE_...: when it is asked */
    void (*ask)(const struct balm_guard *guard, struct balm_guarding *guarding);
    /* The run ended unanswered. NULL where it always answers at once. */
    void (*forget)(const struct balm_guard *guard, struct balm_guarding *guarding);
    /* A run has ended, whatever its action. May be NULL. */
    void (*ended)(const struct balm_guard *guard, const struct balm_result *result);
    void *owner; /* the guard's own use */
    /* What it reads of this store before it answers, where it does (guard_read.h); ask and forget
       are balm_guard_read_ask() and balm_guard_read_forget() then, or call them. */
    const struct balm_guard_reading *reading;
    struct balm_store *store;
};

/* One finding before all guards; embedded in its owner, who fills nothing of it. */
struct balm_guarding {
    struct balm_intent *intent;
    enum balm_moment moment;
    size_t writes;                  /* that the run has made, or may have made */
    int64_t now;                    /* microseconds since 1970: judges dates */
    size_t next;                    /* the guard to be asked next */
    const struct balm_guard *asked; /* NULL: none is being asked */
    bool answered, allowed, asking;
    bool failed; /* refused, as what it asks for could not be found out */
    bool alone;  /* one guard is asked, to tell what it says; no call to AWS is made for that */
    const char *detail;            /* of a refusal, for people */
    void *of_guard;                /* the asked guard's own use */
    bool has_read_ahead;           /* for all guards that read the store */
    struct balm_guard_read *ahead; /* a list: for those that are not asked yet */
    struct balm_err err;           /* the script could not be loaded for the guard that needs it */
    void (*done)(void *owner, struct balm_guarding *guarding);
    void *owner;
};

struct balm_guards_question {
    struct balm_intent *intent;
    enum balm_moment moment;
    size_t writes;
    int64_t now;
};
/* Asks all guards for intent->action; done comes once, at once or from the loop: `asked` is the
   guard that refused, NULL where all allowed; or err.code is set. */
void balm_guards_ask(struct balm_guarding *guarding, const struct balm_guards_question *question,
                     void (*done)(void *owner, struct balm_guarding *guarding), void *owner);
/* Asks one guard, for people to read; done comes where it answers later, from the loop. One that
   would have to call AWS stays unanswered: to be forgotten. */
void balm_guard_ask_alone(struct balm_guarding *guarding, const struct balm_guard *guard,
                          const struct balm_guards_question *question,
                          void (*done)(void *owner, struct balm_guarding *guarding), void *owner);
void balm_guards_forget(struct balm_guarding *guarding); /* done will not be called */
/* Tells all guards how a run ended. */
void balm_guards_ended(const struct balm_engine *engine, const struct balm_result *result);

/* Tells remediations in accounts apart, for guards that remember for a moment what they found. */
uint64_t balm_guard_key(const struct balm_intent *intent);

/* For guards that answer several at once: takes one out of their list through of_guard. */
void balm_guarding_unlink(struct balm_guarding **list, struct balm_guarding *guarding);

/* A guard's two answers. */
void balm_guard_allow(struct balm_guarding *guarding);
void balm_guard_refuse(struct balm_guarding *guarding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Refuses too, since what was to be found out cannot be: why says what stands in the way. Such a
   run has left something undone, whatever the guard. */
void balm_guard_fail(struct balm_guarding *guarding, const char *why);

/* The guard `excluded`, as far as the configuration and the resource's tags tell; for those that
   find out more of them. */
void balm_guard_excluded(const struct balm_guard *guard, struct balm_guarding *guarding);

/* The guards of an engine, in the order of asking: the built-in ones, then the engine's own.
   NULL past the end. */
const struct balm_guard *balm_guard_at(const struct balm_engine *engine, size_t i);
/* Does this command leave it out? */
bool balm_guard_is_skipped(const struct balm_engine *engine, const struct balm_guard *guard);
/* Refuses names in engine->skipped_guards that no guard has, or whose guard cannot be skipped. */
enum balm_code balm_guards_check_names(const struct balm_engine *engine, struct balm_err *err);

#endif
