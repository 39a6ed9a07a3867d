/*
 * sigv4: AWS Signature Version 4 for one HTTP request, and its asymmetric kind (4A).
 *
 * Pure: no I/O, no clock, no globals. The caller passes the time, so that tests can sign the
 * published vectors and a retry can sign again with a fresh date.
 */
#ifndef BALM_AWS_SIGV4_H
#define BALM_AWS_SIGV4_H

#include "aws/message.h"
#include "core/digest.h"
#include "core/err.h"

struct balm_credentials {
    const char *access_key_id;
    const char *secret_access_key; /* 512 characters at most */
    const char *session_token;     /* NULL or "": long-lived */
};

/* Signing keys by day, region, service and access key, so that the four HMACs of a key are done
   once. The keys are wiped when they leave. One thread's. */
struct balm_signing_keys;
enum balm_code balm_signing_keys_new(struct balm_signing_keys **out, struct balm_err *err);
void balm_signing_keys_release(struct balm_signing_keys *keys);

struct balm_sigv4_options {
    const char *region;    /* "eu-west-1"; required */
    const char *service;   /* signing name, such as "s3"; required */
    int64_t now;           /* microseconds since 1970 */
    bool unsigned_payload; /* x-amz-content-sha256: UNSIGNED-PAYLOAD */
    /* S3: the path is encoded once and dot segments are kept; else the canonical path is encoded
       twice and normalised */
    bool raw_path;
    bool payload_header;            /* S3 family: send x-amz-content-sha256 */
    bool bucket_session;            /* the credentials are of a session with a directory bucket */
    struct balm_signing_keys *keys; /* NULL: derive each time */
};

/*
 * Adds X-Amz-Date, X-Amz-Security-Token (temporary credentials only; X-Amz-S3session-Token in
 * its place for a bucket's session), X-Amz-Content-SHA256 (if asked for) and Authorization to
 * request; replaces those of an earlier signature. Borrows every
 * argument and keeps none (keys: see above). Where credentials or options are refused, request is
 * unchanged; where memory ran out, it is of no more use, and its arena says so too.
 */
enum balm_code balm_sigv4_sign(struct balm_request *request,
                               const struct balm_credentials *credentials,
                               const struct balm_sigv4_options *options, struct balm_err *err);

/*
 * The same as a part of the URL, which is good for expires_s seconds: adds X-Amz-Algorithm to
 * X-Amz-Signature to the query. Signs the host and the headers that request has. A request that was
 * refused halfway is of no more use.
 */
enum balm_code balm_sigv4_presign(struct balm_request *request,
                                  const struct balm_credentials *credentials,
                                  const struct balm_sigv4_options *options, int expires_s,
                                  struct balm_err *err);

/*
 * Version 4A: options->region is a set ("*", or names with commas between), sent as
 * X-Amz-Region-Set. As balm_sigv4_sign() otherwise, but that no two signatures are alike.
 */
enum balm_code balm_sigv4a_sign(struct balm_request *request,
                                const struct balm_credentials *credentials,
                                const struct balm_sigv4_options *options, struct balm_err *err);

/* The stages, for tests that compare each of them with published vectors. */
enum balm_code balm_sigv4_canonical_request(const struct balm_request *request,
                                            const struct balm_sigv4_options *options,
                                            struct balm_buf *canonical_request,
                                            struct balm_buf *signed_headers);
enum balm_code balm_sigv4_string_to_sign(const struct balm_sigv4_options *options,
                                         const struct balm_buf *canonical_request,
                                         struct balm_buf *string_to_sign);
#define BALM_SIGV4A_KEY_LEN 32
enum balm_code balm_sigv4a_string_to_sign(const struct balm_sigv4_options *options,
                                          const struct balm_buf *canonical_request,
                                          struct balm_buf *string_to_sign);
/* The private key, big-endian. */
enum balm_code balm_sigv4a_key(unsigned char out[BALM_SIGV4A_KEY_LEN],
                               const struct balm_credentials *credentials, struct balm_err *err);
/* Was this signature (DER) made with key? */
bool balm_sigv4a_verify(const unsigned char key[BALM_SIGV4A_KEY_LEN],
                        const struct balm_buf *string_to_sign, const void *signature, size_t len);
void balm_sigv4_signing_key(unsigned char out[BALM_SHA256_LEN],
                            const struct balm_credentials *credentials,
                            const struct balm_sigv4_options *options);

#endif
