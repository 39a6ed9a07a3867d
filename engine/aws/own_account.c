/* client, the part that learns the account of the own credentials before they are used on a
   resource. */
#include "aws/client_internal.h"

#include <stdlib.h>
#include <string.h>

struct inquiry {
    struct balm_aws *aws;
    struct balm_provider *provider; /* whose fetcher this is */
    struct balm_session *session;   /* that asks, as the own */
    struct balm_wanted wanted;
    struct balm_call *call;
};

static void fail(struct inquiry *inquiry, const struct balm_err *why)
{
    struct balm_err err = *why;
    (void)balm_err_prefix(&err, "cannot learn the account of the credentials");
    balm_provider_supply(inquiry->provider, NULL, NULL, 0, &err);
}

static void supply(struct inquiry *inquiry, const struct balm_credentials *own, const char *account)
{
    balm_provider_supply(inquiry->provider, own, account, balm_provider_expires(inquiry->aws->own),
                         NULL);
}

static void fetch(void *owner, struct balm_provider *provider);

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct inquiry *inquiry = owner;
    const struct balm_credentials *own = balm_provider_peek(inquiry->aws->own, NULL);
    const char *account = balm_get_string(result->answer, "Account", "");
    struct balm_err err = result->err;
    if (!err.code && !account[0]) {
        (void)balm_fail(&err, BALM_E_INPUT, "the answer names no account");
    }
    if (err.code) {
        fail(inquiry, &err);
    } else if (!own || strcmp(own->access_key_id, inquiry->call->key_id) != 0) {
        fetch(inquiry, inquiry->provider); /* they were replaced while the answer was on its way */
    } else {
        supply(inquiry, own, account);
    }
}

static void on_own(void *owner, const struct balm_credentials *own, const char *account,
                   const struct balm_err *failure)
{
    struct inquiry *inquiry = owner;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_err err;
    balm_call_release(inquiry->call);
    inquiry->call = NULL;
    if (!own) {
        balm_provider_supply(inquiry->provider, NULL, NULL, 0, failure);
    } else if (account[0]) {
        supply(inquiry, own, account);
    } else if (balm_call_secretly(&inquiry->call, inquiry->session, "sts", "GetCallerIdentity",
                                  balm_map(&arena), &err)) {
        fail(inquiry, &err);
    } else {
        balm_call_send(inquiry->call, on_answer, inquiry);
    }
    balm_arena_free(&arena);
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct inquiry *inquiry = owner;
    (void)provider;
    balm_provider_get(inquiry->aws->own, &inquiry->wanted, on_own, inquiry);
}

static void expire(void *owner)
{
    struct inquiry *inquiry = owner;
    balm_provider_expire(inquiry->aws->own);
}

static void release(void *owner)
{
    struct inquiry *inquiry = owner;
    balm_provider_forget(&inquiry->wanted);
    balm_call_release(inquiry->call);
    balm_session_release(inquiry->session);
    free(inquiry);
}

static enum balm_code make(struct balm_aws *aws, const char *region, struct balm_err *err)
{
    struct inquiry *inquiry = calloc(1, sizeof *inquiry);
    struct balm_fetcher fetcher = {fetch, release, expire, inquiry, aws->log};
    enum balm_code code;
    if (!inquiry) return balm_nomem(err);
    inquiry->aws = aws;
    code = balm_session_make(&inquiry->session, aws, NULL, region, err);
    if (!code) code = balm_provider_fetching(&inquiry->provider, aws->loop, &fetcher, err);
    if (code) {
        release(inquiry);
        return code;
    }
    aws->verified = inquiry->provider;
    return BALM_OK;
}

enum balm_code balm_verified_provider(struct balm_provider **out, struct balm_aws *aws,
                                      const char *region, struct balm_err *err)
{
    struct balm_provider *own;
    enum balm_code code = balm_aws_own_provider(aws, &own, err);
    if (!code && !aws->verified) code = make(aws, region, err);
    *out = aws->verified;
    return code;
}
