/*
 * iam_policy: what the loaded remediations may do, as IAM policies.
 *
 * One statement for each service, in byte order, so that the same scripts always make the same
 * text; a service whose actions act on any resource has another for those. The last one is of what
 * Balm itself asks, whatever the scripts declare. Every statement wants TLS. ARNs begin with
 * "arn:{partition}:", which whoever writes the policy down fills in.
 */
#ifndef BALM_REMEDY_IAM_POLICY_H
#define BALM_REMEDY_IAM_POLICY_H

#include "core/buf.h"
#include "core/value.h"
#include "script/catalog.h"

#define BALM_IAM_INLINE_MAX   10240 /* characters of a role's inline policies, white space apart */
#define BALM_IAM_MANAGED_MAX  6144  /* of one managed policy */
#define BALM_IAM_MANAGED_MOST 10    /* managed policies of one role */
#define BALM_IAM_PARTITION    "arn:{partition}" /* what an ARN begins with */

struct balm_iam_needs {
    struct balm_value actions;    /* sorted texts, each once */
    struct balm_value linked;     /* services that iam:CreateServiceLinkedRole is declared for */
    struct balm_value by;         /* action -> list of the remediations that declare it */
    struct balm_value undeclared; /* ids of those that declare nothing */
};

/* What Balm itself asks in a target account: actions that only look, on any resource; NULL behind
   the last. */
extern const char *const balm_iam_own[];

/* The union of what versions declare; all in arena. */
enum balm_code balm_iam_needs(struct balm_version *const *versions, size_t count,
                              struct balm_arena *arena, struct balm_iam_needs *out,
                              struct balm_err *err);

/*
 * Adds the policy documents to *out, a list: one where it fits a role's inline policy, else several
 * managed ones. resources is the text of resources.tsv, or NULL: then every resource is allowed.
 * BALM_E_LIMIT where no role could hold them.
 */
enum balm_code balm_iam_policies(const struct balm_iam_needs *needs, const char *resources,
                                 struct balm_arena *arena, struct balm_value *out,
                                 struct balm_err *err);

/* A policy document of statements, and a map of one member: for whoever writes policies. */
struct balm_value balm_iam_document(struct balm_arena *arena, struct balm_value statements);
struct balm_value balm_iam_one(struct balm_arena *arena, const char *key, struct balm_value value);

#endif
