/* client, the part about raw requests: for what no model has. */
#include "aws/client_internal.h"

#include "core/text.h"

#include <string.h>

static bool is_s3(const struct balm_service *service)
{
    return strcmp(balm_service_signing_name(service), "s3") == 0;
}

static enum balm_code set_path(struct balm_call *call, const char *path, struct balm_err *err)
{
    struct balm_buf plain = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf encoded = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code;
    if (!path || path[0] != '/') return balm_fail(err, BALM_E_ARG, "path must begin with \"/\"");
    if (is_s3(call->service)) {
        (void)balm_buf_adds(&plain, path);
    } else {
        balm_text_add_segments(&plain, path);
        if (!plain.len || balm_text_ends(path, "/")) (void)balm_buf_addc(&plain, '/');
    }
    (void)balm_text_percent(&encoded, plain.bytes, plain.len, "/");
    code = balm_buf_status(&plain, "path", err);
    if (!code) code = balm_buf_status(&encoded, "path", err);
    if (!code) call->request.path = balm_arena_copy(&call->arena, encoded.bytes, encoded.len);
    balm_buf_free(&plain);
    balm_buf_free(&encoded);
    return code ? code : balm_arena_status(&call->arena, err);
}

static enum balm_code bad(const char *what, const char *name, struct balm_err *err)
{
    return balm_fail(err, BALM_E_ARG, "%s.%.80s must be a text", what, name);
}

static enum balm_code add_pair(struct balm_call *call, const char *name, struct balm_value value,
                               struct balm_err *err)
{
    if (value.type == BALM_STRING) {
        balm_request_add_query(&call->request, name, value.as.text);
    } else if (value.type == BALM_INT) {
        balm_request_add_query(
            &call->request, name,
            balm_arena_printf(&call->arena, "%lld", (long long)value.as.integer));
    } else if (value.type == BALM_BOOL) {
        balm_request_add_query(&call->request, name, value.as.boolean ? "true" : "false");
    } else {
        return bad("query", name, err);
    }
    return BALM_OK;
}

static enum balm_code add_query(struct balm_call *call, struct balm_value query,
                                struct balm_err *err)
{
    size_t i;
    size_t j;
    for (i = 0; i < balm_map_len(query); i++) {
        const struct balm_entry *entry = balm_map_at(query, i);
        enum balm_code code = BALM_OK;
        if (entry->value.type != BALM_LIST) code = add_pair(call, entry->key, entry->value, err);
        for (j = 0; !code && j < balm_list_len(entry->value); j++) {
            code = add_pair(call, entry->key, *balm_list_at(entry->value, j), err);
        }
        if (code) return code;
    }
    return BALM_OK;
}

static enum balm_code add_headers(struct balm_call *call, struct balm_value headers,
                                  struct balm_err *err)
{
    size_t i;
    for (i = 0; i < balm_map_len(headers); i++) {
        const struct balm_entry *entry = balm_map_at(headers, i);
        if (entry->value.type != BALM_STRING) return bad("headers", entry->key, err);
        balm_request_add_header(&call->request, entry->key, entry->value.as.text);
    }
    return BALM_OK;
}

static enum balm_code add_body(struct balm_call *call, struct balm_value body, struct balm_err *err)
{
    if (balm_is_null(body)) return BALM_OK;
    if (body.type != BALM_STRING && body.type != BALM_BYTES) {
        return balm_fail(err, BALM_E_ARG, "body must be a text");
    }
    (void)balm_buf_add(&call->request.body, body.as.text, body.len);
    return balm_buf_status(&call->request.body, "body", err);
}

/* What gates, plans and records see of it. */
static void describe(struct balm_call *call, const struct balm_raw_call *raw)
{
    struct balm_arena *arena = &call->arena;
    call->params = balm_map(arena);
    call->name = balm_arena_printf(arena, "%s %s", call->request.method, raw->path);
    call->action = raw->action ? balm_arena_strdup(arena, raw->action) : NULL;
    (void)balm_map_set(arena, call->params, "method", balm_string(call->request.method));
    (void)balm_map_set(arena, call->params, "path", balm_text(arena, raw->path));
    if (balm_map_len(raw->query)) {
        (void)balm_map_set(arena, call->params, "query", balm_copy(arena, raw->query));
    }
    if (balm_map_len(raw->headers)) {
        (void)balm_map_set(arena, call->params, "headers", balm_copy(arena, raw->headers));
    }
    if (!balm_is_null(raw->body)) {
        (void)balm_map_set(arena, call->params, "body", balm_copy(arena, raw->body));
    }
}

enum balm_code balm_call_new_raw(struct balm_call **out, struct balm_session *session,
                                 const struct balm_raw_call *raw,
                                 const struct balm_call_options *options, struct balm_err *err)
{
    const struct balm_service *service;
    struct balm_call *call;
    enum balm_code code = balm_pack_service(session->aws->pack, raw->service, &service, err);
    if (!code) code = balm_call_make(&call, session, service, options, err);
    if (code) return code;
    call->request.method = balm_arena_strdup(&call->arena, raw->method ? raw->method : "GET");
    code = set_path(call, raw->path, err);
    if (!code) code = add_query(call, raw->query, err);
    if (!code) code = add_headers(call, raw->headers, err);
    if (!code) code = add_body(call, raw->body, err);
    if (!code) describe(call, raw);
    if (!code) code = balm_arena_status(&call->arena, err);
    if (code) {
        balm_call_release(call);
        return code;
    }
    *out = call;
    return BALM_OK;
}
