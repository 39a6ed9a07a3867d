/*
 * client: one API call, from parameters to answer.
 *
 * balm_aws is what a process shares (pack, HTTP, configuration, role cache). A session is an
 * identity in a region. A call is made (validated and serialised, nothing sent), then sent once, or
 * thrown away: between the two stands whoever decides (the gate).
 */
#ifndef BALM_AWS_CLIENT_H
#define BALM_AWS_CLIENT_H

#include "aws/codec.h"
#include "aws/config.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http.h"
#include "aws/model.h"

/* ---- what a process shares ---- */

struct balm_aws;
struct balm_aws_setup {
    struct balm_loop *loop;
    const char *models_path;        /* the pack */
    struct balm_aws_config *config; /* borrowed for the life of the balm_aws */
    int64_t fixed_now;              /* microseconds; 0: the clock (BALM_NOW, where it counts) */
    const struct balm_log *log;
};
enum balm_code balm_aws_new(struct balm_aws **out, const struct balm_aws_setup *setup,
                            struct balm_err *err);
/* all calls and sessions released before; accepts NULL */
void balm_aws_release(struct balm_aws *aws);
struct balm_pack *balm_aws_pack(struct balm_aws *aws);
struct balm_loop *balm_aws_loop(struct balm_aws *aws);
const struct balm_aws_config *balm_aws_config_of(const struct balm_aws *aws);
/* Read when first asked for. */
enum balm_code balm_aws_partitions(struct balm_aws *aws, const struct balm_partitions **out,
                                   struct balm_err *err);
/* The provider of the process's own credentials; made when first asked for; borrowed. */
enum balm_code balm_aws_own_provider(struct balm_aws *aws, struct balm_provider **out,
                                     struct balm_err *err);

/* ---- sessions ---- */

struct balm_session;

struct balm_session_options {
    struct balm_session *from; /* whose credentials assume role_arn; NULL: the process's own */
    const char *role_arn;      /* NULL: no role is assumed */
    const char *external_id;   /* NULL or "": none */
    /* "balm-" and the remediation's id; cut to 64, other characters made "-" */
    const char *session_name;
    const char *session_policy; /* JSON or NULL */
    const char *region;         /* required; "global" becomes the home region of partition */
    const char *partition; /* for "global" alone; NULL: that of the configured region, or "aws" */
    /* the account that this session must be in; NULL: no such check (`balm call`) */
    const char *account;
    const char *agent; /* added to the User-Agent of each request: the run's id; may be NULL */
};
/* Nothing is sent yet. Providers of assumed roles are shared: by source identity, role, external
   id, STS endpoint and session policy. */
enum balm_code balm_session_open(struct balm_session **out, struct balm_aws *aws,
                                 const struct balm_session_options *options, struct balm_err *err);
void balm_session_retain(struct balm_session *session);
void balm_session_release(struct balm_session *session);
const char *balm_session_region(const struct balm_session *session);
const char *balm_session_partition(const struct balm_session *session);
const char *balm_session_account(const struct balm_session *session); /* asked for; "" when not */
struct balm_aws *balm_session_aws(struct balm_session *session);

/* ---- calls ---- */

struct balm_call;
struct balm_call_result {
    struct balm_err err;      /* code BALM_OK: answer is good */
    struct balm_value answer; /* the output's members */
    struct balm_value detail; /* of an API error, as balm_parse_error() has it; else null */
    const char *request_id;   /* "" when none */
    int http_status;
    int attempts;
    int64_t ms;
    /* a request that was sent but whose answer never came: what it did is not known */
    bool in_doubt;
};

struct balm_call_options {
    const char *region;    /* another than the session's, or NULL */
    bool blobs_are_base64; /* params come from JSON */
};

/*
 * Makes a call of operation with params (copied: normalised, validated, serialised). On bad
 * parameters fails with BALM_E_ARG, and *problems (a list of texts in the given arena) tells all.
 * The call is the caller's to release.
 */
enum balm_code balm_call_new(struct balm_call **out, struct balm_session *session,
                             const struct balm_operation *operation, struct balm_value params,
                             const struct balm_call_options *options,
                             struct balm_arena *problems_arena, struct balm_value *problems,
                             struct balm_err *err);
/* The same of service's operation, both by name ("ssm", "GetParameter"), for Balm's own calls: what
   is wrong with params is told by err. */
enum balm_code balm_call_named(struct balm_call **out, struct balm_session *session,
                               const char *service, const char *operation, struct balm_value params,
                               struct balm_err *err);
/* A raw request for what no model has (client:request). query is a map name -> text or list of
   texts, headers a map of texts. */
struct balm_raw_call {
    const char *service; /* client name; endpoint and signing name from its rule set */
    const char *method, *path, *action; /* action "s3:GetObject" or NULL */
    struct balm_value query, headers;
    struct balm_value body; /* text, bytes or null */
};
enum balm_code balm_call_new_raw(struct balm_call **out, struct balm_session *session,
                                 const struct balm_raw_call *raw,
                                 const struct balm_call_options *options, struct balm_err *err);
void balm_call_release(struct balm_call *call); /* cancels what is under way; accepts NULL */

struct balm_session *balm_call_session(const struct balm_call *call);
/* NULL for raw calls */
const struct balm_operation *balm_call_operation(const struct balm_call *call);
const char *balm_call_service(const struct balm_call *call); /* "s3" */
/* "PutBucketVersioning"; raw: "GET /path" */
const char *balm_call_operation_name(const struct balm_call *call);
/* normalised; lives as long as the call */
struct balm_value balm_call_params(const struct balm_call *call);
/* texts: values outside an enum */
struct balm_value balm_call_warnings(const struct balm_call *call);
const char *balm_call_region(const struct balm_call *call);
/* An operation is a read if the model's table knows it as one. A raw request is one if its action
   is a read's, and its method GET, HEAD or that read's own. */
bool balm_call_is_write(const struct balm_call *call);
size_t balm_call_action_count(const struct balm_call *call);
const char *balm_call_action_at(const struct balm_call *call, size_t i);
/* The action that IAM asks for in place of those, where the call is made within a session with a
   directory bucket: "s3express:CreateSession". NULL: there is none. */
const char *balm_call_session_action(struct balm_call *call);

/*
 * Sends: credentials (the session's account is verified before the first request: else WrongAccount
 * and nothing sent), endpoint, signature, HTTP, retries. done is called from the loop, exactly
 * once, unless the call is released first; result lives as long as the call.
 */
void balm_call_send(struct balm_call *call,
                    void (*done)(void *owner, const struct balm_call_result *result), void *owner);
/* When its last answer was sent, by the service's clock, in microseconds since 1970. False where no
   answer came, or it does not say. */
bool balm_call_date(const struct balm_call *call, int64_t *micros);

/* For --dry-run: gets credentials as send does, then gives the signed request instead of sending
   it; request lives as long as the call. No session with a directory bucket is opened: the request
   is signed with the credentials that would open it, which S3 takes as well, and the log warns. */
void balm_call_sign_only(struct balm_call *call,
                         void (*done)(void *owner, const struct balm_request *request,
                                      const struct balm_err *err),
                         void *owner);

#endif
