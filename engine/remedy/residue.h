/*
 * residue: what still differs after an undo.
 */
#ifndef BALM_REMEDY_RESIDUE_H
#define BALM_REMEDY_RESIDUE_H

#include "core/value.h"

/* [{path, before, now}] of every place where the two differ, in arena; "" is the path of the
   whole. */
struct balm_value balm_residue(struct balm_value before, struct balm_value now,
                               struct balm_arena *arena);

#endif
