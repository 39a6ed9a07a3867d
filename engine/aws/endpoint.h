/*
 * endpoint: where a call goes and for which region and name it is signed.
 */
#ifndef BALM_AWS_ENDPOINT_H
#define BALM_AWS_ENDPOINT_H

#include "aws/config.h"
#include "aws/message.h"
#include "aws/rules.h"

struct balm_endpoint {
    const char *url;            /* "https://s3.eu-west-1.amazonaws.com" */
    const char *signing_region; /* the rule's, else the region asked for */
    const char *signing_name;   /* the rule's, else the model's */
    const char *auth_scheme;    /* "sigv4", "sigv4a", "none", "sigv4-s3express"...; never NULL */
    bool raw_path;              /* the scheme's disableDoubleEncoding, and S3 */
    struct balm_value headers;  /* name -> list of texts */
};

/*
 * Resolves by the service's rule set: Region, UseFIPS, UseDualStack, Endpoint (override), static and operation context parameters, and the members with a contextParam
 * (Bucket, AccountId, ...) from params. operation may be NULL (`balm endpoint`); extra is a map laid over the parameters (or null).
 * A region that is not a valid host label is refused with BALM_E_ARG before any rule runs; so is a bucket that would choose the host.
 * S3 as botocore's current default: virtual-hosted where the name allows and no endpoint override... is set by rule; with an override that is an IP or localhost, path style.
 */
enum balm_code balm_endpoint_resolve(const struct balm_service *service,
                                     const struct balm_operation *operation,
                                     struct balm_value params, const char *region,
                                     struct balm_value extra, const struct balm_aws_config *config,
                                     const struct balm_partitions *partitions,
                                     struct balm_arena *arena, struct balm_endpoint *out,
                                     struct balm_err *err);

/* Puts the endpoint (and the operation's host prefix filled from params; a label that is not one is refused) into request: scheme, host, base_path, headers. */
enum balm_code balm_endpoint_apply(const struct balm_endpoint *endpoint,
                                   const struct balm_operation *operation, struct balm_value params,
                                   struct balm_request *request, struct balm_err *err);

#endif
