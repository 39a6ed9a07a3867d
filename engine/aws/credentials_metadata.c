/* credentials, the part that asks services on the machine itself: short questions, short answers,
   never through a proxy. */
#include "aws/credentials_internal.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX ((size_t)65536)

static void start(struct balm_metadata *metadata);

void balm_metadata_init(struct balm_metadata *metadata, struct balm_aws *aws)
{
    metadata->aws = aws;
    balm_request_init(&metadata->request, &metadata->arena);
    balm_response_init(&metadata->response, ANSWER_MAX);
}

/* Between questions nothing of a secret stays. */
static void clear(struct balm_metadata *metadata)
{
    balm_request_free(&metadata->request);
    balm_response_free(&metadata->response);
    balm_arena_wipe(&metadata->arena);
    balm_metadata_init(metadata, metadata->aws);
}

void balm_metadata_free(struct balm_metadata *metadata)
{
    if (metadata->transfer) balm_transfer_cancel(metadata->transfer);
    metadata->transfer = NULL;
    balm_timer_stop(metadata->aws->loop, &metadata->timer);
    clear(metadata);
}

static void finish(struct balm_metadata *metadata, const struct balm_err *err)
{
    balm_timer_stop(metadata->aws->loop, &metadata->timer);
    metadata->done(metadata->owner, err);
}

static void start_again(void *owner)
{
    start(owner);
}

static void retry_or_fail(struct balm_metadata *metadata, const struct balm_err *err)
{
    const struct balm_metadata_question *question = metadata->question;
    if (err->code == BALM_E_NET && metadata->attempts < question->attempts &&
        !balm_timer_set(metadata->aws->loop, &metadata->timer, question->pause_ns, start_again,
                        metadata)) {
        return;
    }
    finish(metadata, err);
}

static void on_timeout(void *owner)
{
    struct balm_metadata *metadata = owner;
    struct balm_err err;
    balm_transfer_cancel(metadata->transfer);
    metadata->transfer = NULL;
    metadata->response.was_sent = true; /* connecting has a limit of its own, and a shorter one */
    (void)balm_fail(&err, BALM_E_NET, "no answer from %s within %lld ms", metadata->request.host,
                    (long long)(metadata->question->timeout_ns / 1000000));
    err.retryable = true;
    retry_or_fail(metadata, &err);
}

static void on_answer(void *owner, const struct balm_err *failure)
{
    struct balm_metadata *metadata = owner;
    struct balm_err err = *failure;
    metadata->transfer = NULL;
    balm_timer_stop(metadata->aws->loop, &metadata->timer);
    if (!err.code && metadata->response.status >= 500) {
        (void)balm_fail(&err, BALM_E_NET, "%s answered with status %d", metadata->request.host,
                        metadata->response.status);
        err.retryable = true;
    }
    if (err.code) {
        retry_or_fail(metadata, &err);
    } else {
        finish(metadata, &err);
    }
}

/* The query stays with the path: it is the caller's, and nobody signs it. */
static enum balm_code fill(struct balm_metadata *metadata, struct balm_err *err)
{
    const struct balm_metadata_question *question = metadata->question;
    struct balm_request *request = &metadata->request;
    struct balm_arena *arena = &metadata->arena;
    char *url = balm_arena_strdup(arena, question->url);
    char *query = url ? strchr(url, '?') : NULL;
    struct balm_url_parts parts;
    size_t i;
    if (query) *query++ = '\0';
    if (!url || !balm_endpoint_split(url, &parts)) return balm_endpoint_refuse(question->url, err);
    request->method = question->method;
    request->scheme = parts.scheme;
    request->host = balm_arena_copy(arena, parts.host, parts.host_len);
    request->base_path = "";
    request->path = balm_arena_printf(arena, "%s%s%s", parts.path_len ? parts.path : "/",
                                      query ? "?" : "", query ? query : "");
    for (i = 0; i < 2 && question->headers[i].name; i++) {
        balm_request_add_header(request, question->headers[i].name, question->headers[i].value);
    }
    return balm_arena_status(arena, err);
}

static enum balm_code send(struct balm_metadata *metadata, struct balm_err *err)
{
    struct balm_http *http;
    enum balm_code code = balm_aws_metadata_http(metadata->aws, &http, err);
    clear(metadata);
    if (!code) code = fill(metadata, err);
    if (!code) {
        code = balm_http_send(http, &metadata->request, NULL, &metadata->response, on_answer,
                              metadata, &metadata->transfer, err);
    }
    if (!code && balm_timer_set(metadata->aws->loop, &metadata->timer,
                                metadata->question->timeout_ns, on_timeout, metadata)) {
        balm_transfer_cancel(metadata->transfer);
        metadata->transfer = NULL;
        code = balm_nomem(err);
    }
    return code;
}

static void start(struct balm_metadata *metadata)
{
    struct balm_err err;
    metadata->attempts++;
    if (send(metadata, &err)) finish(metadata, &err);
}

void balm_metadata_ask(struct balm_metadata *metadata,
                       const struct balm_metadata_question *question,
                       void (*done)(void *owner, const struct balm_err *err), void *owner)
{
    metadata->question = question;
    metadata->done = done;
    metadata->owner = owner;
    metadata->attempts = 0;
    start(metadata);
}
