/*
 * reference: what AWS's authorisation reference tells of IAM actions, from a table's text.
 *
 * Lines of: IAM service, facts, actions; the lists parted by commas. resources.tsv tells the ARN
 * patterns of what an action can act on, dependents.tsv the actions that AWS may ask for as well.
 */
#ifndef BALM_AWS_REFERENCE_H
#define BALM_AWS_REFERENCE_H

#include "core/value.h"

#define BALM_REFERENCE_MAX ((size_t)16 << 20) /* of a table's text */

/* The facts about "s3:PutBucketVersioning", a list in arena; null where the table has none: then it
   acts on any resource, or depends on no other action. Null too where memory ran out, which the
   arena remembers. table may be NULL. */
struct balm_value balm_reference_find(const char *table, const char *action,
                                      struct balm_arena *arena);

#endif
