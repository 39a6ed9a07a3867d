/*
 * guard: may this finding be acted on?
 *
 * A guard is asked and answers, at once or later from the loop, always exactly once. They are asked
 * one after the other; the first that refuses ends the run as `skipped`, with the guard's name as
 * the reason. They fail closed: what a guard cannot find out is a no.
 */
#ifndef BALM_REMEDY_GUARD_H
#define BALM_REMEDY_GUARD_H

#include "remedy/intent.h"

struct balm_guarding;

struct balm_guard {
    const char *name; /* DESIGN's reason of `skipped`, and what --skip-guard names: "excluded" */
    bool can_be_skipped;
    bool needs_script; /* the declaration must be known: intent->version is loaded first */
    unsigned actions;  /* set of 1u << BALM_ACTION_...: the ones it guards */
    void (*ask)(const struct balm_guard *guard, struct balm_guarding *guarding);
    /* The run ended unanswered. NULL where it always answers at once. */
    void (*forget)(const struct balm_guard *guard, struct balm_guarding *guarding);
    void *owner; /* the guard's own use */
};

/* One finding before all guards; embedded in its owner, who fills nothing of it. */
struct balm_guarding {
    struct balm_intent *intent;
    int64_t now;                    /* microseconds since 1970: judges dates */
    size_t next;                    /* the guard to be asked next */
    const struct balm_guard *asked; /* NULL: none is being asked */
    bool answered, allowed, asking;
    const char *detail;  /* of a refusal, for people */
    void *of_guard;      /* the asked guard's own use */
    struct balm_err err; /* the script could not be loaded for the guard that needs it */
    void (*done)(void *owner, struct balm_guarding *guarding);
    void *owner;
};

/* Asks all guards for intent->action; done comes once, at once or from the loop: `asked` is the
   guard that refused, NULL where all allowed; or err.code is set. */
void balm_guards_ask(struct balm_guarding *guarding, struct balm_intent *intent, int64_t now,
                     void (*done)(void *owner, struct balm_guarding *guarding), void *owner);
void balm_guards_forget(struct balm_guarding *guarding); /* done will not be called */

/* A guard's two answers. */
void balm_guard_allow(struct balm_guarding *guarding);
void balm_guard_refuse(struct balm_guarding *guarding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The guards of an engine, in the order of asking: the built-in ones, then the engine's own.
   NULL past the end. */
const struct balm_guard *balm_guard_at(const struct balm_engine *engine, size_t i);
/* Does this command leave it out? */
bool balm_guard_is_skipped(const struct balm_engine *engine, const struct balm_guard *guard);
/* Refuses names in engine->skipped_guards that no guard has, or whose guard cannot be skipped. */
enum balm_code balm_guards_check_names(const struct balm_engine *engine, struct balm_err *err);

#endif
