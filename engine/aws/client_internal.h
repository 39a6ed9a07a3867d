/*
 * client_internal: what the client's files share; nobody else includes it.
 */
#ifndef BALM_AWS_CLIENT_INTERNAL_H
#define BALM_AWS_CLIENT_INTERNAL_H

#include "aws/client.h"
#include "aws/endpoint_memo.h"

struct balm_role; /* an assumed role's provider, and what it was asked for */

struct balm_aws {
    struct balm_loop *loop;
    struct balm_aws_config *config;
    struct balm_pack *pack;
    struct balm_partitions *partitions; /* from here on NULL until first needed */
    struct balm_http *http;
    struct balm_provider *own;
    struct balm_provider *verified; /* the own credentials, their account asked for */
    struct balm_role *roles;
    struct balm_signing_keys *keys;
    struct balm_endpoint_memo *endpoints;
    int64_t fixed_now;
    int64_t skew_us; /* what the services' clock is ahead of ours */
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
    struct balm_provider *provider; /* who was asked for credentials; borrowed */
    enum stage stage;
    int attempts;
    int64_t begun;
    bool in_doubt;
    bool refreshed;
    bool corrected;
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
/* A session of provider (retained; NULL: the own) without a check of its account. */
enum balm_code balm_session_make(struct balm_session **out, struct balm_aws *aws,
                                 struct balm_provider *provider, const char *region,
                                 struct balm_err *err);
/* The provider of an assumed role, shared; borrowed. */
enum balm_code balm_role_provider(struct balm_provider **out, struct balm_aws *aws,
                                  const struct balm_session_options *options, const char *region,
                                  struct balm_provider *source, struct balm_err *err);
void balm_roles_release(struct balm_aws *aws);
/* The own credentials, once GetCallerIdentity has said their account; borrowed. */
enum balm_code balm_verified_provider(struct balm_provider **out, struct balm_aws *aws,
                                      const char *region, struct balm_err *err);
/* An empty call on session (retained); whoever makes it fills in the request. */
enum balm_code balm_call_make(struct balm_call **out, struct balm_session *session,
                              const struct balm_service *service,
                              const struct balm_call_options *options, struct balm_err *err);

#endif
