/*
 * iam_resources: which resources an IAM action can act on. Internal to iam.
 *
 * From resources.tsv, lines of: IAM service, ARN patterns, actions; the lists parted by commas.
 */
#ifndef BALM_REMEDY_IAM_RESOURCES_H
#define BALM_REMEDY_IAM_RESOURCES_H

#include "core/value.h"

/* The ARN patterns of "s3:PutBucketVersioning", in arena; null where it acts on any resource, or is
   not known. table may be NULL. */
struct balm_value balm_iam_arns(const char *table, const char *action, struct balm_arena *arena);

#endif
