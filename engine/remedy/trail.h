/*
 * trail: what runs leave in the store for the guards of later ones: how a fix ended, for the
 * breaker, and which resource it changed, for flapping.
 */
#ifndef BALM_REMEDY_TRAIL_H
#define BALM_REMEDY_TRAIL_H

#include "remedy/result.h"
#include "remedy/store.h"

#define BALM_TRAIL_CHANGES_MAX 2

/* Where the outcomes of one remediation in one account lie, newest last: items of
   {"failed", "probe"}. */
const char *balm_trail_outcomes(const struct balm_intent *intent, struct balm_arena *arena);
/* Where the fixes of one resource by one remediation lie, newest last: items of {}. */
const char *balm_trail_fixes(const struct balm_intent *intent, struct balm_arena *arena);
/* The sort key of what happened at now (microseconds since 1970), run being NULL for "from then
   on". */
const char *balm_trail_sort(int64_t now, const char *run, struct balm_arena *arena);
/* The run in a sort key. */
const char *balm_trail_run(const char *sort);

/* What a run that has ended leaves: fills changes with what is to be committed with its record, in
   arena, and returns how many. wrote: it made a write, or may have. */
size_t balm_trail_changes(const struct balm_result *result, bool wrote, int64_t now,
                          struct balm_arena *arena,
                          struct balm_change changes[BALM_TRAIL_CHANGES_MAX]);

#endif
