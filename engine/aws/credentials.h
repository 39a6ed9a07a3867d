/*
 * credentials: who signs.
 *
 * A provider gives credentials when asked, later, from the loop. From 15 minutes before they
 * expire it fetches new ones while it still gives those it has; from 10 minutes before, all who ask
 * wait for the new ones (of credentials that live less than an hour: a quarter and a sixth of their
 * life). It fetches once at a time, and all who asked meanwhile get the outcome; where a refresh
 * fails, what still holds is given on, and the next try is a minute later. Secrets are wiped when
 * they are replaced or released.
 */
#ifndef BALM_AWS_CREDENTIALS_H
#define BALM_AWS_CREDENTIALS_H

#include "aws/sigv4.h"
#include "core/log.h"
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
/* When the cached credentials expire, in microseconds since 1970; 0: never, or there are none. */
int64_t balm_provider_expires(const struct balm_provider *provider);

/* Does nobody but the one who asks hold it, and would it have to fetch if asked? */
bool balm_provider_is_idle(const struct balm_provider *provider);

void balm_provider_retain(struct balm_provider *provider);
void balm_provider_release(struct balm_provider *provider); /* counted; accepts NULL */

/* Fixed ones. */
enum balm_code balm_provider_fixed(struct balm_provider **out, struct balm_loop *loop,
                                   const struct balm_credentials *credentials, const char *account,
                                   struct balm_err *err);

/* For a provider that fetches: fetch is called, once at a time, when credentials are wanted and
   none are fresh, or soon will not be; it ends with one balm_provider_supply(). */
struct balm_fetcher {
    void (*fetch)(void *owner, struct balm_provider *provider);
    void (*release)(void *owner); /* cancels a fetch under way, frees owner */
    void (*expire)(void *owner);  /* those it fetches with are to be dropped too; may be NULL */
    void *owner;
    const struct balm_log *log; /* is told of a refresh that failed while others still hold */
};
enum balm_code balm_provider_fetching(struct balm_provider **out, struct balm_loop *loop,
                                      const struct balm_fetcher *fetcher, struct balm_err *err);
/* Copies. expires: microseconds since 1970, 0 never. credentials NULL: failed, with err; a failure
   is not cached. */
void balm_provider_supply(struct balm_provider *provider,
                          const struct balm_credentials *credentials, const char *account,
                          int64_t expires, const struct balm_err *err);

#endif
