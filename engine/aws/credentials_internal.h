/*
 * credentials_internal: what the sources of the process's own credentials share; nobody else
 * includes it.
 *
 * Each makes a provider out of what the environment and the shared files say, and sends nothing
 * until it is asked for credentials.
 */
#ifndef BALM_AWS_CREDENTIALS_INTERNAL_H
#define BALM_AWS_CREDENTIALS_INTERNAL_H

#include "aws/client_internal.h"

/* What a source says: there they are, it is not meant, or what is wrong with what it was told (in
   err). */
enum balm_found { BALM_FOUND, BALM_NOT_MEANT, BALM_BROKEN };

/* Every provider in *out is the caller's to release. */
enum balm_found balm_find_in_environment(struct balm_aws *aws, struct balm_provider **out,
                                         struct balm_err *err);
/* with_environment: AWS_WEB_IDENTITY_TOKEN_FILE and its like count too. */
enum balm_found balm_find_in_profile(struct balm_aws *aws, const char *profile,
                                     bool with_environment, struct balm_provider **out,
                                     struct balm_err *err);
enum balm_found balm_find_sso(struct balm_aws *aws, const char *profile, struct balm_provider **out,
                              struct balm_err *err);
enum balm_found balm_find_container(struct balm_aws *aws, struct balm_provider **out,
                                    struct balm_err *err);
/* BALM_BROKEN where AWS_EC2_METADATA_DISABLED is true. tried: what said no before; copied; told in
   front of every failure; may be "". */
enum balm_found balm_find_instance(struct balm_aws *aws, const char *tried,
                                   struct balm_provider **out, struct balm_err *err);
enum balm_code balm_provider_process(struct balm_provider **out, struct balm_aws *aws,
                                     const char *profile, const char *command,
                                     struct balm_err *err);

/* What a pair of keys is called there, for errors. */
struct balm_pair_names {
    const char *where, *id, *secret;
};
/* A pair of keys as they are, NULL where there is none, and a token or NULL. */
enum balm_found balm_find_pair(struct balm_aws *aws, const struct balm_credentials *pair,
                               const struct balm_pair_names *names, struct balm_provider **out,
                               struct balm_err *err);

/* The last step of making a source: with code BALM_OK a provider around fetcher, in *out and *kept;
   else, or when it cannot be made, fetcher's owner is released. Returns what became of it. */
enum balm_code balm_source_finish(const struct balm_fetcher *fetcher, struct balm_aws *aws,
                                  enum balm_code code, struct balm_provider **kept,
                                  struct balm_provider **out, struct balm_err *err);

/* Credentials as a document, or an answer, has them: AccessKeyId, SecretAccessKey, a token under
   token_key, Expiration. Texts stay document's. *expires as in balm_provider_supply(). */
enum balm_code balm_credentials_read(struct balm_value document, const char *token_key,
                                     struct balm_credentials *out, int64_t *expires,
                                     struct balm_err *err);

/* Whoever hands out credentials that have expired is broken, or this clock is wrong. */
enum balm_code balm_credentials_check_time(int64_t expires, struct balm_err *err);

/* ---- services on the machine itself ---- */

struct balm_metadata_question {
    const char *method;
    const char *url;
    struct balm_header headers[2]; /* name NULL: none */
    int64_t timeout_ns;
    int attempts;
    int64_t pause_ns; /* between attempts */
};

/* One question at a time, embedded in its owner; zero it, then _init. */
struct balm_metadata {
    struct balm_aws *aws;
    const struct balm_metadata_question *question;
    struct balm_arena arena;
    struct balm_request request;
    struct balm_response response;
    struct balm_transfer *transfer; /* NULL: none under way */
    struct balm_timer timer;
    int attempts;
    void (*done)(void *owner, const struct balm_err *err);
    void *owner;
};
void balm_metadata_init(struct balm_metadata *metadata, struct balm_aws *aws);
/* Cancels what is under way, wipes. */
void balm_metadata_free(struct balm_metadata *metadata);
/* Asks, again after a fault of the network or the server. question is borrowed until done is
   called, perhaps at once: with BALM_OK (any status below 500; see response) or why there is no
   answer. */
void balm_metadata_ask(struct balm_metadata *metadata,
                       const struct balm_metadata_question *question,
                       void (*done)(void *owner, const struct balm_err *err), void *owner);

#endif
