/*
 * explain: what would be done about a finding, and why. Calls nothing.
 */
#ifndef BALM_REMEDY_EXPLAIN_H
#define BALM_REMEDY_EXPLAIN_H

#include "remedy/result.h"

/* The explanation as an object, in arena; *exit is the exit status that it comes to (2:
   something is not valid). */
struct balm_value balm_explain(const struct balm_engine *engine, const struct balm_finding *finding,
                               bool by_hand, const struct balm_origin *origin,
                               struct balm_arena *arena, int *exit);
enum balm_code balm_explain_text(struct balm_buf *buf, struct balm_value explanation);

/* Panther's listRemediations map: {id: {parameter: default}} of all that is loaded. Faults of
   scripts go to the log. */
enum balm_code balm_panther_list(struct balm_catalog *catalog, const struct balm_log *log,
                                 struct balm_arena *arena, struct balm_value *out,
                                 struct balm_err *err);

#endif
