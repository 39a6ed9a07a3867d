/*
 * iam: the role in a target account that the loaded remediations need.
 */
#ifndef BALM_REMEDY_IAM_H
#define BALM_REMEDY_IAM_H

#include "remedy/iam_policy.h"

#define BALM_IAM_ROLE_NAME   "BalmRemediationRole"
#define BALM_IAM_POLICY_NAME "BalmRemediations" /* with a number where there are several */

enum balm_iam_format { BALM_IAM_CLOUDFORMATION, BALM_IAM_TERRAFORM, BALM_IAM_JSON };

struct balm_iam_role {
    const char *name;           /* NULL: BalmRemediationRole */
    const char *trust;          /* who may assume it, an account or an ARN; NULL: left open */
    const char *external_id;    /* NULL: none, or left open */
    const char *boundary;       /* the ARN of its permissions boundary; NULL: none, or left open */
    const char *partition;      /* of JSON's ARNs; NULL: aws. Templates ask where they are used */
    struct balm_value policies; /* of balm_iam_policies(); at least one */
};

/*
 * Adds the role's text. A template's parameters stand for what role leaves open, and have what role
 * states for their defaults; JSON leaves out what is open. One policy stands within the role,
 * several are managed ones. BALM_E_ARG says which part of role is not valid.
 */
enum balm_code balm_iam_write(struct balm_buf *out, enum balm_iam_format format,
                              const struct balm_iam_role *role, struct balm_err *err);

#endif
