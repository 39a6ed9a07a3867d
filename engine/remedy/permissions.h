/*
 * permissions: what a script declares, held against what AWS may ask for as well.
 *
 * An action's dependent actions (aws/reference.h) are needed at times, by what a call is asked
 * with: iam:PassRole only where it names a role. So they are told, and never held against a call.
 */
#ifndef BALM_REMEDY_PERMISSIONS_H
#define BALM_REMEDY_PERMISSIONS_H

#include "core/buf.h"
#include "core/value.h"

/* declared: a list of IAM actions, or null. Case does not count, as in IAM. */
bool balm_permissions_list(struct balm_value declared, const char *action);

/* Declared action -> its dependent actions that are not declared; those that lack none are left
   out. dependents: the text of dependents.tsv, or NULL. */
struct balm_value balm_permissions_lacking(struct balm_value declared, const char *dependents,
                                           struct balm_arena *arena);

/* Adds "ec2:RunInstances may also need iam:PassRole, ec2:CreateTags": one entry of the above. */
enum balm_code balm_permissions_remark(struct balm_buf *out, const struct balm_entry *lacking);

#endif
