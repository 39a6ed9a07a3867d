/*
 * iam_terraform: the role as a Terraform module of one file. Internal to iam.
 */
#ifndef BALM_REMEDY_IAM_TERRAFORM_H
#define BALM_REMEDY_IAM_TERRAFORM_H

#include "remedy/iam.h"

#define BALM_IAM_DESCRIPTION                                                                       \
    "Balm assumes this role to fix resources of this account; it may do what the remediations "    \
    "declare, ask CloudTrail who changed a resource, and nothing else."

/* What both templates say of their parameters. */
#define BALM_IAM_ABOUT_TRUST                                                                       \
    "Who may assume the role: the account that Balm runs in (12 digits), or better the ARN of "    \
    "Balm's own role."
#define BALM_IAM_ABOUT_EXTERNAL_ID "What Balm must tell when it assumes the role. Empty: nothing."
#define BALM_IAM_ABOUT_NAME        "The role's name, the same in every account."
#define BALM_IAM_ABOUT_BOUNDARY                                                                    \
    "The ARN of the managed policy that bounds what the role may do. Empty: none."
#define BALM_IAM_PRINCIPAL_PATTERN "^([0-9]{12}|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:.+)$"

/* role is complete but for what it leaves open. */
void balm_iam_terraform(struct balm_buf *out, const struct balm_iam_role *role);

#endif
