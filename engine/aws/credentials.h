/*
 * credentials: who signs.
 *
 * A provider gives credentials when asked, later, from the loop; it caches them until 5 minutes
 * before they expire,
 * refreshes once at a time, and all who asked meanwhile get the outcome. Secrets are wiped when
 * they are replaced or released.
 */
#ifndef BALM_AWS_CREDENTIALS_H
#define BALM_AWS_CREDENTIALS_H

#include "aws/config.h"
#include "aws/sigv4.h"
#include "core/loop.h"

struct balm_provider;

/* credentials are borrowed until the callback returns; NULL when err says why there are none.
   account: the 12 digits where the provider knows them ("" else). */
typedef void balm_credentials_ready(void *owner, const struct balm_credentials *credentials,
                                    const char *account, const struct balm_err *err);

struct balm_wanted { /* one question, embedded in its owner */
    struct balm_wanted *next, *prev;
    balm_credentials_ready *ready;
    void *owner;
    struct balm_provider *provider; /* NULL: not waiting */
};

/* Always answers from the loop, also when the answer is at hand... except that
   balm_provider_peek() gives it at once. */
void balm_provider_get(struct balm_provider *provider, struct balm_wanted *wanted,
                       balm_credentials_ready *ready, void *owner);
void balm_provider_forget(struct balm_wanted *wanted); /* ready will not be called */
/* The cached credentials if they are fresh, else NULL; never starts anything. */
const struct balm_credentials *balm_provider_peek(struct balm_provider *provider,
                                                  const char **account);
/* Drops what is cached (the service said ExpiredToken): the next question refreshes. */
void balm_provider_expire(struct balm_provider *provider);

void balm_provider_retain(struct balm_provider *provider);
void balm_provider_release(struct balm_provider *provider); /* counted; accepts NULL */

/* The environment (AWS_ACCESS_KEY_ID, ...), then the shared files' profile. When neither has any
   the error lists what was tried and why each said no. */
enum balm_code balm_provider_chain(struct balm_provider **out, struct balm_loop *loop,
                                   const struct balm_aws_config *config, struct balm_err *err);
/* Fixed ones (specs, tests). */
enum balm_code balm_provider_fixed(struct balm_provider **out, struct balm_loop *loop,
                                   const struct balm_credentials *credentials, const char *account,
                                   struct balm_err *err);

/* For a provider that fetches (AssumeRole): fetch is called, once at a time, when credentials are
   wanted and none are fresh; it ends with one balm_provider_supply(). */
struct balm_fetcher {
    void (*fetch)(void *owner, struct balm_provider *provider);
    void (*release)(void *owner); /* cancels a fetch under way, frees owner */
    void *owner;
};
enum balm_code balm_provider_fetching(struct balm_provider **out, struct balm_loop *loop,
                                      const struct balm_fetcher *fetcher, struct balm_err *err);
/* Copies. expires: microseconds since 1970, 0 never. credentials NULL: failed, with err; a failure
   is not cached. */
void balm_provider_supply(struct balm_provider *provider,
                          const struct balm_credentials *credentials, const char *account,
                          int64_t expires, const struct balm_err *err);

#endif
