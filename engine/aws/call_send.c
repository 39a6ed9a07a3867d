/*
 * call_send: the way of a call: credentials, account, endpoint, signature, HTTP, and again.
 */
#include "aws/client_internal.h"
#include "aws/retry.h"
#include "core/clock.h"
#include "core/text.h"
#include "core/version.h"

#include <stdio.h>
#include <string.h>

#define RESPONSE_MAX ((size_t)64 << 20)

static void ask_credentials(void *owner);

void balm_call_stop(struct balm_call *call)
{
    struct balm_loop *loop = call->session->aws->setup.loop;

    balm_provider_forget(&call->wanted);
    if (call->transfer) balm_transfer_cancel(call->transfer);
    balm_call_release(call->identity);
    call->transfer = NULL;
    call->identity = NULL;
    if (!loop) return;
    balm_timer_stop(loop, &call->timer);
    balm_task_cancel(loop, &call->task);
}

static void tell(void *owner)
{
    struct balm_call *call = owner;

    call->result.ms = (balm_clock_mono() - call->started) / 1000000;
    if (call->done) {
        call->done(call->owner, &call->result);
    } else {
        call->signed_done(call->owner, call->result.err.code ? NULL : &call->request,
                          &call->result.err);
    }
}

/* The outcome stands in call->result; it is told on the loop's next turn. */
static void finish(struct balm_call *call)
{
    balm_task_add(call->session->aws->setup.loop, &call->task, tell, call);
}

/* ---- answers ---- */

static void try_again(struct balm_call *call)
{
    unsigned char byte = 0;
    const struct balm_err *err = &call->result.err;
    int64_t delay;

    balm_random(&byte, sizeof byte);
    delay = balm_retry_delay(call->result.attempts + 1, balm_retry_is_throttling(err->aws_code),
                             byte / 255.0);
    if (balm_timer_set(call->session->aws->setup.loop, &call->timer, delay, ask_credentials,
                       call)) {
        finish(call);
    }
}

static struct balm_provider *provider_of(const struct balm_call *call)
{
    return call->session->provider ? call->session->provider : call->session->aws->own;
}

static bool is_expired_token(const char *aws_code)
{
    return strcmp(aws_code, "ExpiredToken") == 0 ||
           strcmp(aws_code, "ExpiredTokenException") == 0 ||
           strcmp(aws_code, "RequestExpired") == 0;
}

/* After a failed attempt: once more, or the end. */
static void settle_failure(struct balm_call *call)
{
    struct balm_err *err = &call->result.err;

    err->retryable = balm_retry_is_retryable(err);
    if (is_expired_token(err->aws_code) && !call->token_renewed && call->session->provider) {
        call->token_renewed = true;
        balm_provider_expire(provider_of(call));
        try_again(call);
    } else if (err->retryable &&
               call->result.attempts < call->session->aws->setup.config->max_attempts) {
        try_again(call);
    } else {
        finish(call);
    }
}

static struct balm_value raw_answer(struct balm_call *call)
{
    struct balm_arena *arena = &call->arena;
    struct balm_value answer = balm_map(arena), headers = balm_map(arena);

    for (size_t i = 0; i < call->response.header_len; i++) {
        balm_map_set(arena, headers, call->response.headers[i].name,
                     balm_string(call->response.headers[i].value));
    }
    balm_map_set(arena, answer, "status", balm_int(call->response.status));
    balm_map_set(arena, answer, "headers", headers);
    balm_map_set(arena, answer, "body",
                 balm_bytes(call->response.body.bytes, call->response.body.len));
    return answer;
}

static void read_error(struct balm_call *call)
{
    struct balm_err *err = &call->result.err;

    if (call->operation) {
        balm_parse_error(call->operation, &call->response, &call->arena, err, &call->result.detail);
        return;
    }
    (void)balm_fail(err, BALM_E_AWS, "%s: the answer's status is %d", call->name,
                    call->response.status);
    err->http_status = call->response.status;
    (void)snprintf(err->aws_code, sizeof err->aws_code, "%d", call->response.status);
}

static void read_response(struct balm_call *call)
{
    const struct balm_response *response = &call->response;
    struct balm_call_result *result = &call->result;
    bool good = response->status < 300 &&
                !(call->operation && balm_response_hides_error(call->operation, response));

    result->http_status = response->status;
    result->request_id = balm_response_request_id(response, &call->arena);
    if (!good) {
        read_error(call);
        settle_failure(call);
        return;
    }
    if (!call->operation) {
        result->answer = raw_answer(call);
    } else if (balm_parse_response(call->operation, call->params, response, &call->arena,
                                   &result->answer, &result->err)) {
        result->err.http_status = response->status;
    }
    (void)balm_arena_status(&call->arena, &result->err);
    finish(call);
}

static void on_http(void *owner, const struct balm_err *err)
{
    struct balm_call *call = owner;

    call->transfer = NULL;
    call->result.err = *err;
    if (!err->code) {
        call->result.in_doubt = false;
        read_response(call);
        return;
    }
    call->result.in_doubt = call->response.was_sent;
    if (err->retryable && call->result.attempts < call->session->aws->setup.config->max_attempts) {
        try_again(call);
    } else {
        finish(call);
    }
}

/* ---- requests ---- */

static enum balm_code place(struct balm_call *call, const char *account, struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_endpoint_question question = {.service = call->service,
                                              .operation = call->operation,
                                              .params =
                                                  call->operation ? call->params : balm_null(),
                                              .extra = balm_null(),
                                              .region = call->region,
                                              .account = account};
    const struct balm_partitions *partitions;
    enum balm_code code;

    if (call->has_endpoint) return BALM_OK;
    code = balm_aws_partitions(aws, &partitions, err);
    if (!code) {
        code = balm_endpoint_resolve(&question, aws->setup.config, partitions, &call->arena,
                                     &call->endpoint, err);
    }
    if (!code) {
        code = balm_endpoint_apply(&call->endpoint, call->operation, call->params, &call->request,
                                   err);
    }
    call->has_endpoint = !code;
    return code;
}

static enum balm_code sign(struct balm_call *call, const struct balm_credentials *credentials,
                           struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_sigv4_options options = {
        .region = call->endpoint.signing_region,
        .service = call->endpoint.signing_name,
        .now = balm_aws_now(aws),
        .unsigned_payload = call->operation && balm_operation_unsigned_payload(call->operation),
        .raw_path = call->endpoint.raw_path,
        .payload_header = call->endpoint.raw_path,
        .keys = aws->keys,
    };

    if (strcmp(call->endpoint.auth_scheme, "none") == 0) return BALM_OK;
    if (strcmp(call->endpoint.auth_scheme, "sigv4") != 0) {
        return balm_fail(err, BALM_E_ARG,
                         "%s:%s wants to be signed by %s, which Balm does not speak",
                         balm_service_name(call->service), call->name, call->endpoint.auth_scheme);
    }
    return balm_sigv4_sign(&call->request, credentials, &options, err);
}

static enum balm_code transmit(struct balm_call *call, struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_http_options options = {.ca_bundle = aws->setup.config->ca_bundle,
                                        .user_agent = "balm/" BALM_VERSION};
    enum balm_code code = BALM_OK;

    if (!aws->http) code = balm_http_new(&aws->http, aws->setup.loop, &options, err);
    if (code) return code;
    balm_response_free(&call->response);
    balm_response_init(&call->response, RESPONSE_MAX);
    call->result.attempts++;
    return balm_http_send(aws->http, &call->request, call->session->agent, &call->response, on_http,
                          call, &call->transfer, err);
}

/* ---- credentials and account ---- */

static void on_identity(void *owner, const struct balm_call_result *result)
{
    struct balm_call *call = owner, *identity = call->identity;
    const char *account = balm_get_string(result->answer, "Account", "");

    call->identity = NULL;
    call->result.err = result->err;
    if (!result->err.code) {
        (void)snprintf(call->session->aws->own_account, sizeof call->session->aws->own_account,
                       "%s", account);
        if (!account[0]) {
            (void)balm_fail(&call->result.err, BALM_E_INPUT,
                            "the answer to sts:GetCallerIdentity names no account");
        }
    } else {
        (void)balm_err_prefix(&call->result.err, "sts:GetCallerIdentity");
    }
    balm_call_release(identity);
    if (call->result.err.code) {
        finish(call);
    } else {
        ask_credentials(call);
    }
}

static enum balm_code ask_identity(struct balm_call *call, struct balm_err *err)
{
    static const struct balm_call_options plain = {NULL, false};
    struct balm_session_options options = {.from = call->session, .region = call->session->region};
    struct balm_session *session;
    const struct balm_service *service;
    const struct balm_operation *operation;
    struct balm_value problems;
    enum balm_code code = balm_session_open(&session, call->session->aws, &options, err);

    if (code) return code;
    code = balm_pack_service(call->session->aws->pack, "sts", &service, err);
    if (!code) code = balm_service_operation(service, "GetCallerIdentity", &operation, err);
    if (!code) {
        code = balm_call_new(&call->identity, session, operation, balm_map(&call->arena), &plain,
                             &call->arena, &problems, err);
    }
    if (!code) balm_call_send(call->identity, on_identity, call);
    balm_session_release(session);
    return code;
}

static enum balm_code wrong_account(const struct balm_call *call, const char *account,
                                    struct balm_err *err)
{
    (void)balm_fail(err, BALM_E_AUTH,
                    "the credentials are of account %s, the resource is in account %s: nothing "
                    "was sent",
                    account, call->session->account);
    (void)snprintf(err->aws_code, sizeof err->aws_code, "WrongAccount");
    return err->code;
}

static void on_credentials(void *owner, const struct balm_credentials *credentials,
                           const char *account, const struct balm_err *why)
{
    struct balm_call *call = owner;
    struct balm_err *err = &call->result.err;
    const char *wanted = call->session->account;
    enum balm_code code = BALM_OK;

    if (!credentials) {
        *err = *why;
        finish(call);
        return;
    }
    if (!account[0] && !call->session->provider) account = call->session->aws->own_account;
    if (wanted[0] && !account[0]) {
        if (ask_identity(call, err)) finish(call);
        return;
    }
    if (wanted[0] && strcmp(wanted, account) != 0) code = wrong_account(call, account, err);
    if (!code) code = place(call, account, err);
    if (!code) code = sign(call, credentials, err);
    if (!code && call->done) code = transmit(call, err);
    if (code || !call->done) finish(call);
}

static void ask_credentials(void *owner)
{
    struct balm_call *call = owner;
    struct balm_provider *provider = call->session->provider;

    memset(&call->result.err, 0, sizeof call->result.err);
    if (!provider && balm_aws_own_provider(call->session->aws, &provider, &call->result.err)) {
        finish(call);
        return;
    }
    balm_provider_get(provider, &call->wanted, on_credentials, call);
}

static void begin(struct balm_call *call)
{
    call->started = balm_clock_mono();
    call->result.request_id = "";
    call->result.answer = call->result.detail = balm_null();
    ask_credentials(call);
}

void balm_call_send(struct balm_call *call,
                    void (*done)(void *owner, const struct balm_call_result *result), void *owner)
{
    call->done = done;
    call->owner = owner;
    begin(call);
}

void balm_call_sign_only(struct balm_call *call,
                         void (*done)(void *owner, const struct balm_request *request,
                                      const struct balm_err *err),
                         void *owner)
{
    call->signed_done = done;
    call->owner = owner;
    begin(call);
}
