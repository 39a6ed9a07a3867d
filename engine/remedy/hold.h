/*
 * hold: a resource that was put back is left alone by the remediation for a while, so that the next
 * finding does not redo what a person undid.
 *
 * Holds are items of the store's partition "hold", under remediation, account and the run that made
 * them; they expire by themselves.
 */
#ifndef BALM_REMEDY_HOLD_H
#define BALM_REMEDY_HOLD_H

#include "remedy/guard.h"
#include "remedy/store.h"

#define BALM_HOLD_DAYS 7
#define BALM_HOLDS     "hold"

struct balm_hold {
    const char *remediation;
    const struct balm_finding *finding;
    const char *by; /* the undo */
    bool changed;   /* it wrote something, so that it can be undone in turn */
    int64_t days;   /* 0: what removes the hold */
};
/* The item that an undo leaves behind, in arena. */
void balm_hold_make(struct balm_item *out, const struct balm_hold *hold, struct balm_arena *arena);

/* guard_held.c: refuses fixes of what is held, reason `held`. To be copied, with the store as its
   owner. */
extern const struct balm_guard balm_guard_held;

#endif
