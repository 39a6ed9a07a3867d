/*
 * asker: one who asks a provider for credentials, and what was answered.
 */
#ifndef SPEC_ENGINE_AWS_ASKER_H
#define SPEC_ENGINE_AWS_ASKER_H

#include "aws/credentials.h"

#include <stdio.h>

struct asker {
    struct balm_wanted wanted;
    int answers;
    char key[32];
    char account[16];
    struct balm_err err;               /* of the last answer */
    void (*then)(struct asker *asker); /* may be NULL */
};

static inline void asker_ready(void *owner, const struct balm_credentials *credentials,
                               const char *account, const struct balm_err *failure)
{
    struct asker *asker = owner;
    asker->answers++;
    snprintf(asker->key, sizeof asker->key, "%s", credentials ? credentials->access_key_id : "");
    snprintf(asker->account, sizeof asker->account, "%s", account);
    asker->err = failure ? *failure : (struct balm_err){.code = BALM_OK};
    if (asker->then) asker->then(asker);
}

static inline void asker_asks(struct asker *asker, struct balm_provider *provider)
{
    balm_provider_get(provider, &asker->wanted, asker_ready, asker);
}

#endif
