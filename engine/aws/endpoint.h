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
    /* "sigv4", "sigv4a", "sigv4-s3express": within a session with the bucket; or "none": not
       signed at all. "bearer" only where nothing else is offered. Never NULL. */
    const char *auth_scheme;
    bool raw_path;             /* the S3 family: the path is signed as it is sent */
    bool payload_header;       /* the S3 family: x-amz-content-sha256 is sent */
    struct balm_value headers; /* name -> list of texts */
};

struct balm_endpoint_question {
    const struct balm_service *service;
    const struct balm_operation *operation; /* NULL: `balm endpoint`, raw calls */
    struct balm_value params;               /* the operation's; or null */
    struct balm_value extra; /* the rule set's own parameters, laid over all others; or null */
    const char *region;
    const char *account; /* the credentials'; NULL or "": not known */
};

/*
 * Resolves by the service's rule set. Its parameters come, first to last, from extra, the
 * operation's
 * static and dynamic context, and the built-ins: region, account and configuration. An endpoint
 * override turns FIPS and dual-stack off and makes S3 address buckets by path, as botocore does.
 *
 * Before any rule runs a region that is no host label and a bucket that could choose the host are
 * refused with BALM_E_ARG. A rule's own error is BALM_E_ARG with its words as the whole message.
 * The
 * texts of out live in arena, in the pack, or are question's own.
 */
enum balm_code balm_endpoint_resolve(const struct balm_endpoint_question *question,
                                     const struct balm_aws_config *config,
                                     const struct balm_partitions *partitions,
                                     struct balm_arena *arena, struct balm_endpoint *out,
                                     struct balm_err *err);

/*
 * Puts the endpoint, and the operation's host prefix filled from params, into request: scheme,
 * host,
 * base_path, headers. A value that is no host label is refused with BALM_E_ARG. Where base_path is
 * not
 * empty and path is "/" alone, path becomes "". May be called again.
 */
enum balm_code balm_endpoint_apply(const struct balm_endpoint *endpoint,
                                   const struct balm_operation *operation, struct balm_value params,
                                   struct balm_request *request, struct balm_err *err);

/* The parts of an endpoint's URL, lengths in bytes; path may be empty. */
struct balm_url_parts {
    const char *scheme; /* "https" or "http" */
    const char *host;   /* with the port, if it is not the scheme's own */
    const char *path;
    size_t host_len, path_len;
};

/* False where the URL is not http(s)://host[:port][/path], the host not one that may be asked. */
bool balm_endpoint_split(const char *url, struct balm_url_parts *parts);
/* Says so; returns BALM_E_ARG. */
enum balm_code balm_endpoint_refuse(const char *url, struct balm_err *err);

/* Is it sent without a signature, whatever the rules offer for the rest of its service? */
bool balm_operation_is_unsigned(const struct balm_operation *operation);

#endif
