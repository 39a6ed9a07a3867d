/*
 * call: a call that is made and not yet sent.
 */
#include "aws/client_internal.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

static enum balm_code new_call(struct balm_call **out, struct balm_session *session,
                               const struct balm_service *service,
                               const struct balm_call_options *options, struct balm_err *err)
{
    struct balm_call *call;

    if (balm_service_refusal(service)) {
        return balm_fail(err, BALM_E_ARG, "%s: %s", balm_service_name(service),
                         balm_service_refusal(service));
    }
    call = calloc(1, sizeof *call);
    if (!call) return balm_nomem(err);
    balm_arena_init(&call->arena, 0);
    balm_request_init(&call->request, &call->arena);
    balm_response_init(&call->response, 0);
    balm_session_retain(session);
    call->session = session;
    call->service = service;
    call->region =
        options->region ? balm_arena_strdup(&call->arena, options->region) : session->region;
    call->warnings = balm_null();
    *out = call;
    return BALM_OK;
}

static bool wants_token(const struct balm_operation *operation)
{
    const struct balm_shape *input = balm_operation_input(operation);

    for (size_t i = 0; input && i < balm_shape_member_count(input); i++) {
        if (balm_member_is_idempotency_token(balm_shape_member_at(input, i))) return true;
    }
    return false;
}

enum balm_code balm_call_new(struct balm_call **out, struct balm_session *session,
                             const struct balm_operation *operation, struct balm_value params,
                             const struct balm_call_options *options,
                             struct balm_arena *problems_arena, struct balm_value *problems,
                             struct balm_err *err)
{
    struct balm_call *call;
    struct balm_value own_problems;
    char token[37] = "";
    enum balm_code code = new_call(&call, session, balm_operation_service(operation), options, err);

    *problems = balm_null();
    if (code) return code;
    if (wants_token(operation)) balm_text_uuid(token);
    call->operation = operation;
    call->name = balm_operation_name(operation);
    call->params =
        balm_normalise_input(operation, balm_copy(&call->arena, params), options->blobs_are_base64,
                             balm_arena_strdup(&call->arena, token), &call->arena);
    code = balm_arena_status(&call->arena, err);
    if (!code) {
        code = balm_validate_input(operation, call->params, &call->arena, &own_problems,
                                   &call->warnings, err);
        if (code) *problems = balm_copy(problems_arena, own_problems);
    }
    if (!code) code = balm_serialise(operation, call->params, &call->request, err);
    if (code) {
        balm_call_release(call);
        return code;
    }
    *out = call;
    return BALM_OK;
}

/* ---- raw ---- */

/* A write, unless the action is that of an operation that is known to be a read. */
static bool is_write(const struct balm_service *service, const char *action)
{
    for (size_t i = 0; action && i < balm_service_operation_count(service); i++) {
        const struct balm_operation *operation = balm_service_operation_at(service, i);
        for (size_t k = 0; k < balm_operation_action_count(operation); k++) {
            if (strcmp(balm_operation_action_at(operation, k), action) == 0 &&
                balm_operation_is_read(operation)) {
                return false;
            }
        }
    }
    return true;
}

static void add_query(struct balm_request *request, const char *name, struct balm_value value)
{
    if (value.type == BALM_STRING) {
        balm_request_add_query(request, name, value.as.text);
    } else if (value.type == BALM_LIST) {
        for (size_t i = 0; i < balm_list_len(value); i++) {
            add_query(request, name, *balm_list_at(value, i));
        }
    } else if (value.type == BALM_BOOL) {
        balm_request_add_query(request, name, value.as.boolean ? "true" : "false");
    } else if (value.type == BALM_INT) {
        balm_request_add_query(
            request, name, balm_arena_printf(request->arena, "%lld", (long long)value.as.integer));
    } else {
        balm_request_add_query(request, name, NULL);
    }
}

static enum balm_code fill_raw(struct balm_call *call, const struct balm_raw_call *raw,
                               struct balm_err *err)
{
    struct balm_request *request = &call->request;
    struct balm_buf path = BALM_BUF_INIT(BALM_BUF_MAX);

    if (raw->path[0] != '/') (void)balm_buf_addc(&path, '/');
    (void)balm_text_percent(&path, raw->path, strlen(raw->path), "/");
    request->path = balm_arena_copy(&call->arena, path.bytes, path.len);
    request->method = balm_arena_strdup(&call->arena, raw->method);
    balm_buf_free(&path);
    for (size_t i = 0; i < balm_map_len(raw->query); i++) {
        add_query(request, balm_map_at(raw->query, i)->key, balm_map_at(raw->query, i)->value);
    }
    for (size_t i = 0; i < balm_map_len(raw->headers); i++) {
        const struct balm_entry *header = balm_map_at(raw->headers, i);
        if (header->value.type != BALM_STRING) {
            return balm_fail(err, BALM_E_ARG, "headers.%.80s: expected a text", header->key);
        }
        balm_request_add_header(request, header->key, header->value.as.text);
    }
    if (raw->body.type == BALM_STRING || raw->body.type == BALM_BYTES) {
        (void)balm_buf_add(&request->body, raw->body.as.text, raw->body.len);
    }
    return balm_buf_status(&request->body, "the request", err);
}

enum balm_code balm_call_new_raw(struct balm_call **out, struct balm_session *session,
                                 const struct balm_raw_call *raw,
                                 const struct balm_call_options *options, struct balm_err *err)
{
    const struct balm_service *service;
    struct balm_call *call;
    enum balm_code code = balm_pack_service(session->aws->pack, raw->service, &service, err);

    if (!code) code = new_call(&call, session, service, options, err);
    if (code) return code;
    code = fill_raw(call, raw, err);
    call->name = balm_arena_printf(&call->arena, "%s %s", raw->method, raw->path);
    call->action = raw->action ? balm_arena_strdup(&call->arena, raw->action) : NULL;
    call->raw_is_write = is_write(service, raw->action);
    call->params = balm_map(&call->arena);
    balm_map_set(&call->arena, call->params, "query", balm_copy(&call->arena, raw->query));
    if (!code) code = balm_arena_status(&call->arena, err);
    if (code) {
        balm_call_release(call);
        return code;
    }
    *out = call;
    return BALM_OK;
}

void balm_call_release(struct balm_call *call)
{
    if (!call) return;
    balm_call_stop(call);
    balm_request_free(&call->request);
    balm_response_free(&call->response);
    balm_session_release(call->session);
    balm_arena_free(&call->arena);
    free(call);
}

/* ---- what it is ---- */

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
    return call->name;
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

bool balm_call_is_write(const struct balm_call *call)
{
    return call->operation ? !balm_operation_is_read(call->operation) : call->raw_is_write;
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
