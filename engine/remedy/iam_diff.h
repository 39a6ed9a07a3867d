/*
 * iam_diff: what a change of scripts adds to a role, and takes from it.
 */
#ifndef BALM_REMEDY_IAM_DIFF_H
#define BALM_REMEDY_IAM_DIFF_H

#include "remedy/iam_policy.h"

/* The actions that a role as JSON allows, sorted, in arena: of every policy in it, whatever stands
   around, but for who may assume it. BALM_E_INPUT where it holds no policy. */
enum balm_code balm_iam_allowed(struct balm_value role, struct balm_arena *arena,
                                struct balm_value *actions, struct balm_err *err);

/* {added: [{action, by}], removed: [action]}, in arena; by lists the remediations that need it, and
   is empty where Balm itself does. */
struct balm_value balm_iam_diff(struct balm_value allowed, const struct balm_iam_needs *needs,
                                struct balm_arena *arena);
/* The same for a person, a line each. */
void balm_iam_diff_text(struct balm_buf *out, struct balm_value diff);

#endif
