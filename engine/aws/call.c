/*
 * client, the part that makes calls: parameters held against the model, a request made, nothing
 * sent.
 */
#include "aws/client_internal.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum balm_code balm_call_make(struct balm_call **out, struct balm_session *session,
                              const struct balm_service *service,
                              const struct balm_call_options *options, struct balm_err *err)
{
    const char *why = balm_service_refusal(service);
    struct balm_call *call;
    if (why) {
        return balm_fail(err, BALM_E_ARG, "%s cannot be called: %s", balm_service_name(service),
                         why);
    }
    call = calloc(1, sizeof *call);
    if (!call) return balm_nomem(err);
    balm_session_retain(session);
    call->session = session;
    call->service = service;
    call->region = session->region;
    if (options && options->region) {
        call->region = balm_arena_strdup(&call->arena, options->region);
    }
    balm_request_init(&call->request, &call->arena);
    balm_response_init(&call->response, BALM_BUF_MAX);
    call->result.request_id = "";
    *out = call;
    return BALM_OK;
}

/* Random bytes cost a system call: most operations take no token. */
static bool lacks_token(const struct balm_operation *operation, struct balm_value params)
{
    const struct balm_shape *input = balm_operation_input(operation);
    size_t count = input ? balm_shape_member_count(input) : 0;
    size_t i;
    for (i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(input, i);
        if (balm_member_is_idempotency_token(member) &&
            !balm_map_get(params, balm_member_name(member))) {
            return true;
        }
    }
    return false;
}

/* What the environment or the profile say about bodies that may be compressed. */
static enum balm_code set_compression(struct balm_call *call, struct balm_err *err)
{
    static const char variable[] = "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES";
    const struct balm_aws_config *config = call->session->aws->config;
    const char *text;
    char *end = NULL;
    long least;

    if (!balm_operation_compression(call->operation)[0]) return BALM_OK;
    if (balm_aws_config_flag(config, "AWS_DISABLE_REQUEST_COMPRESSION",
                             "disable_request_compression")) {
        call->request.compress_min = SIZE_MAX;
        return BALM_OK;
    }
    text = balm_aws_config_setting(config, variable, "request_min_compression_size_bytes");
    if (!text) return BALM_OK;
    least = strtol(text, &end, 10);
    if (*end || least < 0 || least > 10485760) {
        return balm_fail(err, BALM_E_ARG,
                         "%s (or the profile's request_min_compression_size_bytes) must be 0 to "
                         "10485760, not \"%.40s\"",
                         variable, text);
    }
    call->request.compress_min = (size_t)least;
    return BALM_OK;
}

static enum balm_code fill(struct balm_call *call, struct balm_value params, bool base64,
                           struct balm_arena *problems_arena, struct balm_value *problems,
                           struct balm_err *err)
{
    const struct balm_operation *operation = call->operation;
    bool lacking = lacks_token(operation, params);
    char token[37];
    enum balm_code code;
    if (lacking) balm_text_uuid(token);
    call->params =
        balm_normalise_input(operation, params, base64, lacking ? token : NULL, &call->arena);
    code = balm_arena_status(&call->arena, err);
    if (code) return code;
    code = balm_validate_input(operation, call->params, problems_arena, problems, &call->warnings,
                               err);
    call->warnings = balm_copy(&call->arena, call->warnings);
    if (!code) code = set_compression(call, err);
    if (!code) code = balm_serialise(operation, call->params, &call->request, err);
    return code ? code : balm_arena_status(&call->arena, err);
}

enum balm_code balm_call_new(struct balm_call **out, struct balm_session *session,
                             const struct balm_operation *operation, struct balm_value params,
                             const struct balm_call_options *options,
                             struct balm_arena *problems_arena, struct balm_value *problems,
                             struct balm_err *err)
{
    struct balm_call *call;
    enum balm_code code;
    *problems = balm_null();
    code = balm_call_make(&call, session, balm_operation_service(operation), options, err);
    if (code) return code;
    call->operation = operation;
    code = fill(call, params, options && options->blobs_are_base64, problems_arena, problems, err);
    if (code) {
        balm_call_release(call);
        return code;
    }
    *out = call;
    return BALM_OK;
}

enum balm_code balm_call_named(struct balm_call **out, struct balm_session *session,
                               const char *service, const char *operation, struct balm_value params,
                               struct balm_err *err)
{
    const struct balm_service *of = NULL;
    const struct balm_operation *asked = NULL;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value problems = balm_null();
    enum balm_code code = balm_pack_service(session->aws->pack, service, &of, err);
    if (!code) code = balm_service_operation(of, operation, &asked, err);
    if (!code) code = balm_call_new(out, session, asked, params, NULL, &arena, &problems, err);
    if (code && balm_list_len(problems)) {
        code = balm_fail(err, BALM_E_ARG, "%s", balm_list_at(problems, 0)->as.text);
    }
    balm_arena_wipe(&arena); /* a problem may quote what is secret */
    return code;
}

enum balm_code balm_call_secretly(struct balm_call **out, struct balm_session *session,
                                  const char *service, const char *operation,
                                  struct balm_value params, struct balm_err *err)
{
    enum balm_code code = balm_call_named(out, session, service, operation, params, err);
    if (!code) (*out)->secret = true;
    return code;
}

void balm_call_release(struct balm_call *call)
{
    if (!call) return;
    if (call->stage == SENDING) balm_transfer_cancel(call->transfer);
    balm_call_release(call->discovery);
    balm_provider_forget(&call->wanted);
    balm_provider_release(call->bucket_session);
    balm_timer_stop(call->session->aws->loop, &call->timer);
    balm_task_cancel(call->session->aws->loop, &call->task);
    balm_request_free(&call->request);
    balm_response_free(&call->response);
    if (call->secret) balm_arena_wipe(&call->arena);
    balm_arena_free(&call->arena);
    balm_session_release(call->session);
    free(call);
}

struct balm_session *balm_call_session(const struct balm_call *call)
{
    return call->session;
}

const struct balm_operation *balm_call_operation(const struct balm_call *call)
{
    return call->operation;
}

const char *balm_call_service(const struct balm_call *call)
{
    return balm_service_name(call->service);
}

const char *balm_call_operation_name(const struct balm_call *call)
{
    return call->operation ? balm_operation_name(call->operation) : call->name;
}

struct balm_value balm_call_params(const struct balm_call *call)
{
    return call->params;
}

struct balm_value balm_call_warnings(const struct balm_call *call)
{
    return call->warnings;
}

const char *balm_call_region(const struct balm_call *call)
{
    return call->region;
}

static bool asks_nothing_but(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* Does the table know action, of whatever operation, as a read? The method must be that one's too:
   a script can name a harmless action for a DELETE. */
static bool is_read_action(const struct balm_call *call)
{
    const char *method = call->request.method;
    size_t count = call->action ? balm_service_operation_count(call->service) : 0;
    size_t i;
    size_t j;
    for (i = 0; i < count; i++) {
        const struct balm_operation *operation = balm_service_operation_at(call->service, i);
        if (!balm_operation_is_read(operation)) continue;
        if (!asks_nothing_but(method) && strcmp(method, balm_operation_method(operation)) != 0) {
            continue;
        }
        for (j = 0; j < balm_operation_action_count(operation); j++) {
            if (strcmp(balm_operation_action_at(operation, j), call->action) == 0) return true;
        }
    }
    return false;
}

bool balm_call_is_write(const struct balm_call *call)
{
    if (call->operation) return !balm_operation_is_read(call->operation);
    return !is_read_action(call);
}

size_t balm_call_action_count(const struct balm_call *call)
{
    if (call->operation) return balm_operation_action_count(call->operation);
    return call->action ? 1 : 0;
}

const char *balm_call_action_at(const struct balm_call *call, size_t i)
{
    return call->operation ? balm_operation_action_at(call->operation, i) : call->action;
}
