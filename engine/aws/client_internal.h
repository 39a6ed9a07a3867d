/*
 * client_internal: what the client's files share; nobody else includes it.
 */
#ifndef BALM_AWS_CLIENT_INTERNAL_H
#define BALM_AWS_CLIENT_INTERNAL_H

#include "aws/client.h"
#include "aws/endpoint_memo.h"
#include "aws/pace.h"

#define BALM_ROLE_BUCKETS 512

struct balm_skew;
struct balm_role; /* an assumed role's provider, and what it was asked for */
struct balm_bucket_session;

struct balm_aws {
    struct balm_loop *loop;
    struct balm_aws_config *config;
    struct balm_pack *pack;
    struct balm_partitions *partitions; /* from here on NULL until first needed */
    struct balm_http *http;
    struct balm_http *metadata; /* for services on the machine itself */
    struct balm_provider *own;
    struct balm_provider *verified;             /* the own credentials, their account asked for */
    struct balm_role *roles[BALM_ROLE_BUCKETS]; /* lists, by a hash of what was asked for */
    size_t role_count;
    size_t role_sweep; /* with so many, those that nobody uses go */
    struct balm_bucket_session *bucket_sessions;
    struct balm_signing_keys *keys;
    struct balm_endpoint_memo *endpoints;
    struct balm_arena bucket_arena;
    struct balm_value bucket_regions; /* of buckets that lie elsewhere than was thought; or null */
    struct balm_arena cell_arena;
    struct balm_value cells; /* hosts that services named: key -> {address, until}; or null */
    int64_t fixed_now;
    struct balm_skew *skews; /* of services whose clock is ahead of ours, or behind */
    struct balm_paces *paces;
    const struct balm_log *log;
};

struct balm_session {
    int references;
    struct balm_aws *aws;
    struct balm_provider *provider; /* NULL: the process's own, looked for when first needed */
    struct balm_arena arena;
    const char *region;
    const char *partition;
    const char *account; /* that its credentials must belong to; "": any */
    const char *agent;   /* may be NULL */
};

enum stage { IDLE, ASKING, SENDING, WAITING, OVER };

struct balm_call {
    struct balm_session *session;
    const struct balm_service *service;
    const struct balm_operation *operation; /* NULL: raw */
    struct balm_arena arena;
    const char *name;   /* raw: "GET /path" */
    const char *action; /* raw: may be NULL */
    const char *region;
    struct balm_value params;
    struct balm_value warnings;
    struct balm_request request;
    struct balm_response response;
    struct balm_endpoint endpoint;
    bool has_endpoint;
    const char *plain_body;         /* before a presigned URL became part of it; NULL: none did */
    struct balm_provider *provider; /* who was asked for credentials; borrowed */
    struct balm_provider *bucket_session; /* the same, of a session with the bucket; or NULL */
    enum stage stage;
    int attempts;
    int64_t begun;
    bool in_doubt;
    bool refreshed;
    bool corrected;
    bool redirected;             /* to the region that S3 named, or to another cell */
    const char *cell_key;        /* of the host that was discovered; NULL: none had to be */
    struct balm_call *discovery; /* the call that asks for it */
    int64_t skew_us;             /* what it was signed with */
    char account[16];            /* of the credentials; "" where it is not known */
    struct balm_pace *pace;      /* of its client, once it was needed; borrowed */
    int retry_cost;              /* of the last retry */
    bool secret;      /* the answer holds credentials: all of the call is wiped in the end */
    char key_id[160]; /* whose signature the last attempt bore */
    struct balm_wanted wanted;
    struct balm_transfer *transfer;
    struct balm_timer timer;
    struct balm_task task;
    struct balm_call_result result;
    void (*done)(void *owner, const struct balm_call_result *result);
    void (*signed_only)(void *owner, const struct balm_request *request,
                        const struct balm_err *err);
    void *owner;
};

enum balm_code balm_aws_http(struct balm_aws *aws, struct balm_http **out, struct balm_err *err);
/* One that heeds no proxy, and waits for a connection as long as the configuration says of the
   instance's metadata service. */
enum balm_code balm_aws_metadata_http(struct balm_aws *aws, struct balm_http **out,
                                      struct balm_err *err);
/* A session of provider (retained; NULL: the own) without a check of its account. */
enum balm_code balm_session_make(struct balm_session **out, struct balm_aws *aws,
                                 struct balm_provider *provider, const char *region,
                                 struct balm_err *err);

/* Whose role, and how it is assumed. Texts may be NULL where they may be absent. */
struct balm_role_options {
    const char *arn;    /* required */
    const char *region; /* whose STS is asked; required */
    const char *external_id, *policy;
    const char *name;             /* of the session; NULL: "balm" */
    const char *token_file;       /* a web identity's token, read each time, instead of a source */
    int duration_s;               /* 0: what STS gives */
    struct balm_provider *source; /* whose credentials assume it; NULL: the own */
};
/* The provider of an assumed role, shared by all who ask for the same; borrowed. */
enum balm_code balm_role_provider(struct balm_provider **out, struct balm_aws *aws,
                                  const struct balm_role_options *options, struct balm_err *err);
void balm_roles_release(struct balm_aws *aws);

/* Is the call, whose endpoint is known, signed within a session with its bucket? */
bool balm_call_is_in_session(const struct balm_call *call);
/* The provider of the keys of that session, opened with the credentials of call->provider; kept in
   call, which counts it. Nothing is sent yet. */
enum balm_code balm_call_open_session(struct balm_call *call, struct balm_err *err);
/* Those that are over go, and release the credentials that opened them. */
void balm_bucket_sessions_sweep(struct balm_aws *aws);
void balm_bucket_sessions_release(struct balm_aws *aws);

/* Where call goes, as the rules have it. account: the credentials', or "". */
enum balm_code balm_call_resolve(struct balm_call *call, const char *account,
                                 struct balm_endpoint *out, struct balm_err *err);
/* The process's own credentials, as the environment, the shared files and the machine have them:
   what is configured decides at once, and what is configured wrongly is an error that says what.
   The caller's to release. */
enum balm_code balm_provider_chain(struct balm_provider **out, struct balm_aws *aws,
                                   struct balm_err *err);
/* The own credentials, once their account is known: from the role's ARN, or from GetCallerIdentity;
   borrowed. */
enum balm_code balm_verified_provider(struct balm_provider **out, struct balm_aws *aws,
                                      const char *region, struct balm_err *err);
/* balm_call_named() of one whose answer or parameters are secret. */
enum balm_code balm_call_secretly(struct balm_call **out, struct balm_session *session,
                                  const char *service, const char *operation,
                                  struct balm_value params, struct balm_err *err);
/* "arn:aws:sts::123456789012:assumed-role/x/y": the account, in arena; "" when there is none. */
const char *balm_arn_account(struct balm_arena *arena, const char *arn);
/* Makes an attempt: credentials, endpoint, signature, HTTP. */
void balm_call_ask(struct balm_call *call);
/* Tells the result, on a later turn. */
void balm_call_finish(struct balm_call *call);
/* Puts the host that the service wants to be asked at into the request. *waits: it is not known
   yet, and balm_call_ask() comes again, or the end. */
enum balm_code balm_call_discover(struct balm_call *call,
                                  const struct balm_credentials *credentials, bool *waits,
                                  struct balm_err *err);
/* Does the answer say that the host is no longer the right one? Once, it is asked for anew then. */
bool balm_call_rediscover(struct balm_call *call);
/* The region that the call goes to: the bucket's, once S3 has told it. */
const char *balm_call_where(struct balm_call *call);
/* Does the answer say that the bucket lies in another region? Then, once, that one is kept, and the
   next attempt goes there. */
bool balm_call_redirect(struct balm_call *call);
/* Gives the copies between regions a presigned URL of the source's region, in their body; others
   are left alone. */
enum balm_code balm_call_presign(struct balm_call *call, const struct balm_credentials *credentials,
                                 int64_t now, struct balm_err *err);
/* An empty call on session (retained); whoever makes it fills in the request. */
enum balm_code balm_call_make(struct balm_call **out, struct balm_session *session,
                              const struct balm_service *service,
                              const struct balm_call_options *options, struct balm_err *err);

/* The time to sign with: that of the service. */
int64_t balm_call_now(struct balm_call *call);
/* Nanoseconds to wait before sending, in adaptive mode; 0: now. */
int64_t balm_call_turn(struct balm_call *call);
/* Looks at the outcome of an attempt (result.err, response) and says whether to make another, and
   after how many nanoseconds. Sets err->retryable; refreshes credentials and corrects the clock
   where that is what it takes. */
bool balm_call_wants_retry(struct balm_call *call, int64_t *delay_ns);
void balm_skews_release(struct balm_skew *skews);

#endif
