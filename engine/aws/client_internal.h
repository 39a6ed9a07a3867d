/*
 * client_internal: what the client's files share; nobody else includes it.
 */
#ifndef BALM_AWS_CLIENT_INTERNAL_H
#define BALM_AWS_CLIENT_INTERNAL_H

#include "aws/client.h"

struct balm_role; /* an assumed role's provider and how it is fetched (assume_role.c) */

struct balm_aws {
    struct balm_aws_setup setup;
    struct balm_pack *pack;
    struct balm_http *http;
    struct balm_signing_keys *keys;
    struct balm_partitions *partitions; /* NULL: not asked for yet */
    struct balm_provider *own;          /* NULL: not asked for yet */
    char own_account[13];               /* "": not known yet */
    struct balm_role *roles;
};

struct balm_session {
    size_t references;
    struct balm_aws *aws;
    struct balm_arena arena;
    struct balm_provider *provider; /* NULL: the process's own */
    const char *region, *partition, *account, *agent;
};

struct balm_call {
    struct balm_session *session;
    const struct balm_service *service;
    const struct balm_operation *operation; /* NULL: raw */
    struct balm_arena arena;
    const char *region, *name, *action;
    struct balm_value params, warnings;
    bool raw_is_write;
    struct balm_request request;

    /* while it is sent (call_send.c) */
    struct balm_endpoint endpoint;
    bool has_endpoint, token_renewed;
    struct balm_response response;
    struct balm_wanted wanted;
    struct balm_transfer *transfer;
    struct balm_timer timer;
    struct balm_call *identity; /* GetCallerIdentity, where the account must be asked for */
    struct balm_task task;      /* tells the outcome */
    int64_t started;
    struct balm_call_result result;
    void (*done)(void *owner, const struct balm_call_result *result);
    void (*signed_done)(void *owner, const struct balm_request *request,
                        const struct balm_err *err);
    void *owner;
};

/* The time that goes into signatures. */
int64_t balm_aws_now(const struct balm_aws *aws);
/* The provider of a role, shared by all sessions that ask for the same; retained for the caller. */
enum balm_code balm_role_provider(struct balm_aws *aws, const struct balm_session_options *options,
                                  const char *region, struct balm_provider **out,
                                  struct balm_err *err);
void balm_roles_release(struct balm_role *roles);
/* Frees what a sending call holds. */
void balm_call_stop(struct balm_call *call);

#endif
