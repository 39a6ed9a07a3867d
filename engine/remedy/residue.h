/*
 * residue: what still differs after an undo, and what has drifted since a plan.
 */
#ifndef BALM_REMEDY_RESIDUE_H
#define BALM_REMEDY_RESIDUE_H

#include "core/value.h"

/* [{path, before, now}] of every place where the two differ, in arena; "" is the path of the
   whole. */
struct balm_value balm_residue(struct balm_value before, struct balm_value now,
                               struct balm_arena *arena);

/* The same of what was planned and what is, under a path, added to drift: [{path, planned,
   now}]. */
void balm_drift_add(struct balm_value drift, const char *path, struct balm_value planned,
                    struct balm_value now, struct balm_arena *arena);

#endif
