/* client, the part that sends calls: credentials, endpoint, signature, attempts, answer. */
#include "aws/client_internal.h"

#include "core/clock.h"
#include "core/digest.h"
#include "core/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- the end ---- */

static void tell(void *owner)
{
    struct balm_call *call = owner;
    call->stage = OVER;
    call->result.attempts = call->attempts;
    call->result.ms = (balm_clock_mono() - call->begun) / 1000000;
    call->result.in_doubt = call->in_doubt && call->result.err.code != BALM_OK;
    if (call->signed_only) {
        bool failed = call->result.err.code != BALM_OK;
        call->signed_only(call->owner, failed ? NULL : &call->request,
                          failed ? &call->result.err : NULL);
    } else {
        call->done(call->owner, &call->result);
    }
}

/* On a later turn: whoever asked may not be ready for the answer yet. */
void balm_call_finish(struct balm_call *call)
{
    balm_task_add(call->session->aws->loop, &call->task, tell, call);
}

/* ---- one attempt ---- */

enum balm_code balm_call_resolve(struct balm_call *call, const char *account,
                                 struct balm_endpoint *out, struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_endpoint_question question = {.service = call->service,
                                              .operation = call->operation,
                                              .params =
                                                  call->operation ? call->params : balm_null(),
                                              .extra = balm_null(),
                                              .region = balm_call_where(call),
                                              .account = account};
    const struct balm_partitions *partitions;
    enum balm_code code = balm_aws_partitions(aws, &partitions, err);
    if (code) return code;
    return balm_endpoint_recall(aws->endpoints, &question, aws->config, partitions, &call->arena,
                                out, err);
}

static enum balm_code find_endpoint(struct balm_call *call, const char *account,
                                    struct balm_err *err)
{
    struct balm_value params = call->operation ? call->params : balm_null();
    enum balm_code code;
    if (call->has_endpoint) return BALM_OK;
    code = balm_call_resolve(call, account, &call->endpoint, err);
    if (!code) {
        code = balm_endpoint_apply(&call->endpoint, call->operation, params, &call->request, err);
    }
    call->has_endpoint = code == BALM_OK;
    return code;
}

static bool is_stream(const struct balm_operation *operation)
{
    const struct balm_shape *input = balm_operation_input(operation);
    const struct balm_member *payload = input ? balm_shape_payload(input) : NULL;
    return payload && balm_member_is_streaming(payload);
}

/* Where the model says so; and as the SDKs do with S3, where TLS and a checksum guard a stream
   already. */
static bool is_unsigned_payload(const struct balm_call *call)
{
    const struct balm_request *request = &call->request;
    if (!call->operation) return false;
    bool stated = balm_operation_unsigned_payload(call->operation);
    if (!call->endpoint.payload_header) return stated;
    return strcmp(request->scheme, "https") == 0 &&
           (request->checksummed || balm_request_header(request, "Content-MD5")) &&
           (stated || is_stream(call->operation));
}

static enum balm_code sign(struct balm_call *call, const struct balm_credentials *credentials,
                           struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_sigv4_options options = {.region = call->endpoint.signing_region,
                                         .service = call->endpoint.signing_name,
                                         .now = balm_call_now(call),
                                         .unsigned_payload = is_unsigned_payload(call),
                                         .raw_path = call->endpoint.raw_path,
                                         .payload_header = call->endpoint.payload_header,
                                         .bucket_session =
                                             balm_call_is_in_session(call) && !call->signed_only,
                                         .keys = aws->keys};
    const char *scheme = call->endpoint.auth_scheme;
    bool asymmetric = strcmp(scheme, "sigv4a") == 0;
    enum balm_code code;
    if (strcmp(scheme, "none") == 0) return BALM_OK;
    if (!asymmetric && strcmp(scheme, "sigv4") != 0 && !balm_call_is_in_session(call)) {
        return balm_fail(err, BALM_E_ARG, "%s asks for signatures of kind %s, which Balm lacks",
                         call->endpoint.url, scheme);
    }
    (void)memccpy(call->key_id, credentials->access_key_id, '\0', sizeof call->key_id - 1);
    code = balm_call_presign(call, credentials, options.now, err);
    if (code) return code;
    return (asymmetric ? balm_sigv4a_sign : balm_sigv4_sign)(&call->request, credentials, &options,
                                                             err);
}

static void on_http(void *owner, const struct balm_err *err);

static enum balm_code post(struct balm_call *call, struct balm_err *err)
{
    struct balm_http *http;
    enum balm_code code = balm_aws_http(call->session->aws, &http, err);
    if (code) return code;
    balm_response_free(&call->response);
    code = balm_http_send(http, &call->request, call->session->agent, &call->response, on_http,
                          call, &call->transfer, err);
    if (code) return code;
    call->attempts++;
    call->stage = SENDING;
    return BALM_OK;
}

static enum balm_code check_account(const struct balm_call *call, const char *account,
                                    struct balm_err *err)
{
    const char *wanted = call->session->account;
    if (!wanted[0] || strcmp(wanted, account) == 0) return BALM_OK;
    (void)balm_fail(err, BALM_E_AUTH,
                    "the credentials are of account %.20s, not of %.20s; nothing was sent",
                    account[0] ? account : "(unknown)", wanted);
    (void)snprintf(err->aws_code, sizeof err->aws_code, "WrongAccount");
    return err->code;
}

static void try_again(void *owner);

static bool waits_for_its_turn(struct balm_call *call)
{
    int64_t wait = balm_call_turn(call);
    if (!wait || balm_timer_set(call->session->aws->loop, &call->timer, wait, try_again, call)) {
        return false;
    }
    call->stage = WAITING;
    return true;
}

/* With the credentials that sign, and an endpoint. */
static enum balm_code conclude(struct balm_call *call, const struct balm_credentials *credentials,
                               struct balm_err *err)
{
    enum balm_code code = sign(call, credentials, err);
    if (!code && !call->signed_only) return post(call, err);
    if (!code) balm_call_finish(call);
    return code;
}

static void on_bucket_session(void *owner, const struct balm_credentials *credentials,
                              const char *account, const struct balm_err *failure)
{
    struct balm_call *call = owner;
    struct balm_err *err = &call->result.err;
    (void)account;
    if (!credentials) *err = *failure;
    if (!credentials || conclude(call, credentials, err)) balm_call_finish(call);
}

/* *waits: a directory bucket has keys of its own, which come later. */
static enum balm_code enter_session(struct balm_call *call, bool *waits, struct balm_err *err)
{
    enum balm_code code;
    if (!balm_call_is_in_session(call)) return BALM_OK;
    if (call->signed_only) {
        balm_log(call->session->aws->log, BALM_LOG_WARN,
                 "no session with the bucket is opened for a dry run: the request is signed with "
                 "the credentials themselves, as with AWS_S3_DISABLE_EXPRESS_SESSION_AUTH=true");
        return BALM_OK;
    }
    code = balm_call_open_session(call, err);
    if (code) return code;
    *waits = true;
    call->provider = call->bucket_session;
    balm_provider_get(call->provider, &call->wanted, on_bucket_session, call);
    return BALM_OK;
}

static void on_credentials(void *owner, const struct balm_credentials *credentials,
                           const char *account, const struct balm_err *failure)
{
    struct balm_call *call = owner;
    struct balm_err *err = &call->result.err;
    enum balm_code code;
    bool waits = false;
    if (!credentials) {
        *err = *failure;
        balm_call_finish(call);
        return;
    }
    (void)memccpy(call->account, account, '\0', sizeof call->account - 1);
    code = check_account(call, account, err);
    if (!code && !call->signed_only && waits_for_its_turn(call)) return;
    if (!code) code = find_endpoint(call, account, err);
    if (!code) code = balm_call_discover(call, credentials, &waits, err);
    if (!code && !waits) code = enter_session(call, &waits, err);
    if (!code && !waits) code = conclude(call, credentials, err);
    if (code) balm_call_finish(call);
}

/* What is sent unsigned needs none, and may be what gets them; unless the session is bound to an
   account, which only they can prove. */
static bool needs_credentials(const struct balm_call *call)
{
    return call->session->account[0] || !call->operation ||
           !balm_operation_is_unsigned(call->operation);
}

void balm_call_ask(struct balm_call *call)
{
    static const struct balm_credentials none = {"", "", ""};
    struct balm_session *session = call->session;
    enum balm_code code = BALM_OK;
    call->stage = ASKING;
    memset(&call->result.err, 0, sizeof call->result.err);
    call->result.detail = balm_null();
    if (!needs_credentials(call)) {
        on_credentials(call, &none, "", NULL);
        return;
    }
    call->provider = session->provider;
    if (!call->provider && session->account[0]) {
        code = balm_verified_provider(&call->provider, session->aws, session->region,
                                      &call->result.err);
    } else if (!call->provider) {
        code = balm_aws_own_provider(session->aws, &call->provider, &call->result.err);
    }
    if (code) {
        balm_call_finish(call);
    } else {
        balm_provider_get(call->provider, &call->wanted, on_credentials, call);
    }
}

/* ---- answers ---- */

static void read_raw(struct balm_call *call)
{
    struct balm_arena *arena = &call->arena;
    struct balm_response *response = &call->response;
    struct balm_value headers = balm_map(arena);
    size_t i;
    for (i = 0; i < response->header_len; i++) {
        (void)balm_map_put(arena, headers, response->headers[i].name,
                           strlen(response->headers[i].name),
                           balm_text(arena, response->headers[i].value));
    }
    call->result.answer = balm_map(arena);
    (void)balm_map_set(arena, call->result.answer, "status", balm_int(response->status));
    (void)balm_map_set(arena, call->result.answer, "headers", headers);
    (void)balm_map_set(arena, call->result.answer, "body",
                       balm_text_n(arena, response->body.bytes, response->body.len));
}

/* An error of a raw call has no model; its status is its code. */
static void read_raw_error(struct balm_call *call)
{
    struct balm_err *err = &call->result.err;
    const char *type = balm_response_header(&call->response, "x-amzn-errortype");
    (void)balm_fail(err, BALM_E_AWS, "%s answered with status %d", call->request.host,
                    call->response.status);
    err->http_status = call->response.status;
    if (type) {
        (void)snprintf(err->aws_code, sizeof err->aws_code, "%.*s", (int)strcspn(type, ":"), type);
    } else {
        (void)snprintf(err->aws_code, sizeof err->aws_code, "%d", call->response.status);
    }
}

/* AWS quotes the request where its signature does not match, and the token stands in it: before
   anything reads such an answer, its bytes are struck out. */
static void strike_token(struct balm_call *call)
{
    const char *token = balm_request_header(&call->request, "x-amz-security-token");
    struct balm_buf *body = &call->response.body;
    char *at = body->bytes;
    size_t len;
    if (!token) token = balm_request_header(&call->request, "x-amz-s3session-token");
    len = token ? strlen(token) : 0;
    if (!len || !at) return;
    while ((at = memmem(at, body->len - (size_t)(at - body->bytes), token, len)) != NULL) {
        memset(at, '*', len);
        at += len;
    }
}

static void read_answer(struct balm_call *call)
{
    struct balm_call_result *result = &call->result;
    struct balm_response *response = &call->response;
    bool is_bad = response->status >= 300 ||
                  (call->operation && balm_response_hides_error(call->operation, response));
    if (is_bad) strike_token(call);
    result->http_status = response->status;
    result->request_id = balm_response_request_id(response, &call->arena);
    if (is_bad && call->operation) {
        balm_parse_error(call->operation, response, &call->arena, &result->err, &result->detail);
    } else if (is_bad) {
        read_raw_error(call);
    } else if (call->operation) {
        (void)balm_parse_response(call->operation, call->params, response, &call->arena,
                                  &result->answer, &result->err);
    } else {
        read_raw(call);
    }
    if (!result->err.code) (void)balm_arena_status(&call->arena, &result->err);
}

/* DynamoDB's own checksum of what it sends. */
static bool is_damaged(const struct balm_call *call)
{
    const char *sum = balm_response_header(&call->response, "x-amz-crc32");
    char ours[16];
    if (!sum || strcmp(balm_service_name(call->service), "dynamodb") != 0) return false;
    (void)snprintf(ours, sizeof ours, "%" PRIu32,
                   balm_crc32(call->response.body.bytes, call->response.body.len));
    return strcmp(sum, ours) != 0;
}

static void try_again(void *owner)
{
    balm_call_ask(owner);
}

static void on_http(void *owner, const struct balm_err *failure)
{
    struct balm_call *call = owner;
    struct balm_err *err = &call->result.err;
    int64_t delay;
    call->stage = WAITING;
    call->transfer = NULL;
    if (failure->code) {
        *err = *failure;
        if (call->response.was_sent) call->in_doubt = true;
    } else if (is_damaged(call)) {
        (void)balm_fail(err, BALM_E_NET, "the answer from %s is damaged: its CRC-32 differs",
                        call->request.host);
        err->retryable = call->in_doubt = true;
    } else {
        read_answer(call);
    }
    if (balm_call_redirect(call) || balm_call_rediscover(call)) {
        balm_call_ask(call);
        return;
    }
    if (!balm_call_wants_retry(call, &delay) ||
        balm_timer_set(call->session->aws->loop, &call->timer, delay, try_again, call)) {
        tell(call);
    }
}

bool balm_call_date(const struct balm_call *call, int64_t *micros)
{
    const char *date = balm_response_header(&call->response, "date");
    return date && balm_time_parse(date, strlen(date), micros);
}

/* ---- the door ---- */

void balm_call_send(struct balm_call *call,
                    void (*done)(void *owner, const struct balm_call_result *result), void *owner)
{
    call->done = done;
    call->owner = owner;
    call->begun = balm_clock_mono();
    balm_call_ask(call);
}

void balm_call_sign_only(struct balm_call *call,
                         void (*done)(void *owner, const struct balm_request *request,
                                      const struct balm_err *err),
                         void *owner)
{
    call->signed_only = done;
    call->owner = owner;
    call->begun = balm_clock_mono();
    balm_call_ask(call);
}
