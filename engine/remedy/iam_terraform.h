/*
 * iam_terraform: the role as a Terraform module of one file. Internal to iam.
 */
#ifndef BALM_REMEDY_IAM_TERRAFORM_H
#define BALM_REMEDY_IAM_TERRAFORM_H

#include "remedy/iam.h"

#define BALM_IAM_DESCRIPTION                                                                       \
    "Balm assumes this role to fix resources of this account; it may do what the remediations "    \
    "declare, and nothing else."

/* role is complete but for what it leaves open; policy is the IAM document. */
void balm_iam_terraform(struct balm_buf *out, const struct balm_iam_role *role,
                        struct balm_value policy);

#endif
