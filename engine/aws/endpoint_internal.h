/*
 * endpoint_internal: what the endpoint's files share; nobody else includes it.
 */
#ifndef BALM_AWS_ENDPOINT_INTERNAL_H
#define BALM_AWS_ENDPOINT_INTERNAL_H

#include "aws/endpoint.h"

/* balm_endpoint_resolve(), and what it learns of the rules is kept in ways; which may be NULL. */
enum balm_code balm_endpoint_resolve_by(struct balm_ways *ways,
                                        const struct balm_endpoint_question *question,
                                        const struct balm_aws_config *config,
                                        const struct balm_partitions *partitions,
                                        struct balm_arena *arena, struct balm_endpoint *out,
                                        struct balm_err *err);

/* What serves for questions like this one, where only the operation's parameters are others; *out
   is NULL where nothing does. It was just resolved, by the same ways. */
enum balm_code balm_endpoint_again_new(struct balm_rules_again **out, const struct balm_ways *ways,
                                       const struct balm_endpoint_question *question,
                                       const struct balm_aws_config *config,
                                       const struct balm_partitions *partitions,
                                       struct balm_err *err);

/* A parameter that may stand in a host: a region, a bucket. */
enum balm_code balm_endpoint_check(const char *name, struct balm_value value, struct balm_err *err);

/* The parameters of the service's rule set, checked, in arena. *region: the one to sign for. */
enum balm_code balm_endpoint_params(const struct balm_endpoint_question *question,
                                    const struct balm_aws_config *config, struct balm_arena *arena,
                                    struct balm_value *out, const char **region,
                                    struct balm_err *err);

/* What an operationContextParams path finds in params: names, [*], keys(x), [a, b][]. A list of
   what
   is there, or the one value where the path is plain names. */
struct balm_value balm_endpoint_path(struct balm_value params, const char *path,
                                     struct balm_arena *arena);

#endif
