/*
 * client, the part about sessions with directory buckets: S3 Express takes requests that are signed
 * with keys for one bucket, good for a few minutes, which CreateSession gives. A session serves all
 * calls on its bucket that come with the same credentials, and is opened anew before it is over.
 */
#include "aws/credentials_internal.h"

#include <stdlib.h>
#include <string.h>

#define OPEN "CreateSession"

struct balm_bucket_session {
    struct balm_bucket_session *next;
    struct balm_provider *provider; /* of its keys; not counted: it frees this */
    struct balm_provider *opener;   /* whose credentials open it; session counts it */
    struct balm_session *session;   /* that asks: opener's identity, in the bucket's region */
    struct balm_call *call;
    const struct balm_service *service;
    const char *bucket; /* in session's arena */
};

/* ---- opening ---- */

static void fail(struct balm_bucket_session *session, const struct balm_err *why)
{
    struct balm_err err = *why;
    (void)balm_err_prefix(&err, "cannot open a session with the bucket %.100s, by " OPEN,
                          session->bucket);
    balm_provider_supply(session->provider, NULL, NULL, 0, &err);
}

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct balm_bucket_session *session = owner;
    struct balm_value given = balm_get(result->answer, "Credentials");
    struct balm_credentials credentials;
    struct balm_err err = result->err;
    int64_t expires = 0;
    if (!err.code) {
        (void)balm_credentials_read(given, "SessionToken", &credentials, &expires, &err);
    }
    if (err.code) {
        fail(session, &err);
    } else {
        balm_provider_supply(session->provider, &credentials, session->session->account, expires,
                             NULL);
    }
    balm_value_wipe(given); /* the provider has copied them */
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct balm_bucket_session *session = owner;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value params = balm_map(&arena);
    struct balm_err err;
    (void)provider;
    balm_call_release(session->call);
    session->call = NULL;
    (void)balm_map_set(&arena, params, "Bucket", balm_string(session->bucket));
    if (balm_call_secretly(&session->call, session->session, balm_service_name(session->service),
                           OPEN, params, &err)) {
        fail(session, &err);
    } else {
        balm_call_send(session->call, on_answer, session);
    }
    balm_arena_free(&arena);
}

static void release(void *owner)
{
    struct balm_bucket_session *session = owner;
    balm_call_release(session->call);
    balm_session_release(session->session);
    free(session);
}

/* ---- finding ---- */

static enum balm_code make(struct balm_bucket_session **out, struct balm_call *call,
                           const char *bucket, struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_bucket_session *session = calloc(1, sizeof *session);
    struct balm_fetcher fetcher = {
        .fetch = fetch, .release = release, .owner = session, .log = aws->log};
    struct balm_arena *arena;
    enum balm_code code;
    if (!session) return balm_nomem(err);
    session->opener = call->provider;
    session->service = call->service;
    code = balm_session_make(&session->session, aws, call->provider, balm_call_where(call), err);
    if (!code) {
        arena = &session->session->arena;
        session->bucket = balm_arena_strdup(arena, bucket);
        session->session->account = balm_arena_strdup(arena, call->session->account);
        code = balm_arena_status(arena, err);
    }
    if (!code) code = balm_provider_fetching(&session->provider, aws->loop, &fetcher, err);
    if (code) {
        release(session);
        return code;
    }
    *out = session;
    return BALM_OK;
}

/* The account is among what must be the same, so that it is held against the credentials that open
   the session too, which may be others by then. */
static bool serves(const struct balm_bucket_session *session, struct balm_call *call,
                   const char *bucket)
{
    return session->opener == call->provider && session->service == call->service &&
           strcmp(session->bucket, bucket) == 0 &&
           strcmp(session->session->region, balm_call_where(call)) == 0 &&
           strcmp(session->session->account, call->session->account) == 0;
}

void balm_bucket_sessions_sweep(struct balm_aws *aws)
{
    struct balm_bucket_session **at = &aws->bucket_sessions;
    while (*at) {
        struct balm_bucket_session *session = *at;
        if (balm_provider_is_idle(session->provider)) {
            *at = session->next;
            balm_provider_release(session->provider);
        } else {
            at = &session->next;
        }
    }
}

void balm_bucket_sessions_release(struct balm_aws *aws)
{
    while (aws->bucket_sessions) {
        struct balm_bucket_session *session = aws->bucket_sessions;
        aws->bucket_sessions = session->next;
        balm_provider_release(session->provider);
    }
}

/* ---- calls ---- */

static bool is_for_sessions(const struct balm_endpoint *endpoint)
{
    return strcmp(endpoint->auth_scheme, "sigv4-s3express") == 0;
}

bool balm_call_is_in_session(const struct balm_call *call)
{
    return is_for_sessions(&call->endpoint);
}

enum balm_code balm_call_open_session(struct balm_call *call, struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    const char *bucket = balm_get_string(call->params, "Bucket", "");
    struct balm_bucket_session *session = aws->bucket_sessions;
    while (session && !serves(session, call, bucket)) {
        session = session->next;
    }
    if (!session) {
        if (make(&session, call, bucket, err)) return err->code;
        balm_bucket_sessions_sweep(aws); /* there are as many as were used in the last minutes */
        session->next = aws->bucket_sessions;
        aws->bucket_sessions = session;
    }
    balm_provider_retain(session->provider);
    balm_provider_release(call->bucket_session); /* an earlier attempt's */
    call->bucket_session = session->provider;
    return BALM_OK;
}

const char *balm_call_session_action(struct balm_call *call)
{
    struct balm_endpoint endpoint;
    struct balm_err err;
    if (!call->operation || !balm_map_get(call->params, "Bucket")) return NULL;
    /* Asked as when it is sent, so that the answer is kept; what the rules refuse is told then. */
    if (balm_call_resolve(call, call->session->account, &endpoint, &err)) return NULL;
    if (!is_for_sessions(&endpoint)) return NULL;
    return balm_arena_printf(&call->arena, "%s:" OPEN, endpoint.signing_name);
}
