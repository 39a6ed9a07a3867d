/*
 * iam: the role in a target account that the loaded remediations need.
 *
 * Its permissions are the union of what the scripts declare, one statement for each service, in
 * byte order: the same scripts always make the same text.
 */
#ifndef BALM_REMEDY_IAM_H
#define BALM_REMEDY_IAM_H

#include "core/buf.h"
#include "core/value.h"
#include "script/catalog.h"

#define BALM_IAM_ROLE_NAME  "BalmRemediationRole"
#define BALM_IAM_POLICY_MAX 10240 /* characters of a role's inline policies, white space apart */

enum balm_iam_format { BALM_IAM_CLOUDFORMATION, BALM_IAM_TERRAFORM, BALM_IAM_JSON };

struct balm_iam_role {
    const char *name;        /* NULL: BalmRemediationRole */
    const char *trust;       /* who may assume it, an account or an ARN; NULL: left open */
    const char *external_id; /* NULL: none, or left open */
    struct balm_value permissions;
};

/* The sorted union of what versions declare, each action once. undeclared: the ids, in arena, of
   those that declare nothing. */
enum balm_code balm_iam_union(struct balm_version *const *versions, size_t count,
                              struct balm_arena *arena, struct balm_value *permissions,
                              struct balm_value *undeclared, struct balm_err *err);

/*
 * Adds the role's text. A template's parameters stand for what role leaves open, and have what role
 * states for their defaults; JSON leaves the trust out where it is open. BALM_E_ARG says which part
 * of role is not valid, BALM_E_LIMIT that the permissions do not fit one role.
 */
enum balm_code balm_iam_write(struct balm_buf *out, enum balm_iam_format format,
                              const struct balm_iam_role *role, struct balm_err *err);

#endif
