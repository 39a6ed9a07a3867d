/*
 * scrub: keeps the sensitive values that a run has read out of what it tells.
 *
 * Values that a model marks are learned from answers; a script may have put them anywhere, so every
 * text that goes out is searched for them. Shorter than 8 bytes they are not: "true" would be
 * everywhere.
 */
#ifndef BALM_REMEDY_SCRUB_H
#define BALM_REMEDY_SCRUB_H

#include "core/value.h"

struct balm_scrub {
    struct balm_arena *arena; /* borrowed: for what is learned */
    struct balm_value texts;  /* list; null while nothing was learned */
};

void balm_scrub_init(struct balm_scrub *scrub, struct balm_arena *arena);
void balm_scrub_learn(struct balm_scrub *scrub, struct balm_value value);
/* value with "(sensitive)" in place of every learned text within its texts; value itself where
   there is none. */
struct balm_value balm_scrub_value(const struct balm_scrub *scrub, struct balm_value value,
                                   struct balm_arena *arena);
/* value with every text that holds a learned one marked as secret: for what is sealed instead. */
struct balm_value balm_scrub_mark(const struct balm_scrub *scrub, struct balm_value value,
                                  struct balm_arena *arena);

#endif
