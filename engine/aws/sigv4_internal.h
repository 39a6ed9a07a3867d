/*
 * sigv4_internal: what the kinds of signature share; nobody else includes it.
 */
#ifndef BALM_AWS_SIGV4_INTERNAL_H
#define BALM_AWS_SIGV4_INTERNAL_H

#include "aws/sigv4.h"

#define BALM_SIGV4_DATE_LEN 8                 /* of a time such as "20150830T123600Z" */
#define BALM_SIGV4_TEXT_MAX ((size_t)1 << 24) /* of a canonical request and the like */

/* Refuses what is missing or would break a header. */
enum balm_code balm_sigv4_check(const struct balm_credentials *credentials,
                                const struct balm_sigv4_options *options, struct balm_err *err);
/* The header, or part of a query, that carries a session's token. */
const char *balm_sigv4_token_name(const struct balm_sigv4_options *options);
/* Takes an earlier signature away and adds date, token and hash. hash: an empty buffer, empty again
   afterwards. What goes wrong the request's arena tells. */
void balm_sigv4_set_headers(struct balm_request *request,
                            const struct balm_credentials *credentials,
                            const struct balm_sigv4_options *options, const char *time,
                            struct balm_buf *hash);
/* "20150830/us-east-1/iam/aws4_request" */
void balm_sigv4_add_scope(struct balm_buf *buf, const char *time,
                          const struct balm_sigv4_options *options);

#endif
