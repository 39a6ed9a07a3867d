/*
 * tool_codec: writes requests and reads answers in bulk, for spec/e2e/test_codec.py.
 *
 * Usage: tool_codec PACK. Each line on stdin is {"service", "operation", "params"}, and one line on
 * stdout is the request: {"method", "path", "query", "headers", "body" (base64)}. With "status"
 * (and
 * "headers", "body" in base64) the line is an answer, and what comes is {"answer"} or {"detail"},
 * what
 * an API error says. What goes wrong is {"error"}.
 */
#include "aws/codec.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    struct balm_arena arena;
    struct balm_value asked;
    struct balm_value shown;
    const struct balm_operation *operation;
};

static void show(struct line *line, const char *key, struct balm_value value)
{
    (void)balm_map_set(&line->arena, line->shown, key, value);
}

static void show_request(struct line *line, const struct balm_request *request)
{
    struct balm_value headers = balm_map(&line->arena);
    struct balm_buf query = BALM_BUF_INIT(BALM_BUF_MAX);

    for (size_t i = 0; i < request->query_len; i++) {
        (void)balm_buf_addf(&query, "%s%s", i ? "&" : "", request->query[i].name);
        if (request->query[i].value) (void)balm_buf_addf(&query, "=%s", request->query[i].value);
    }
    for (size_t i = 0; i < request->header_len; i++) {
        (void)balm_map_set(&line->arena, headers, request->headers[i].name,
                           balm_string(request->headers[i].value));
    }
    show(line, "method", balm_string(request->method));
    show(line, "path", balm_string(request->path));
    show(line, "query", balm_text_n(&line->arena, query.bytes, query.len));
    show(line, "headers", headers);
    struct balm_value body = balm_text_n(&line->arena, request->body.bytes, request->body.len);
    body.type = BALM_BYTES;
    show(line, "body", body);
    balm_buf_free(&query);
}

static enum balm_code write_request(struct line *line, struct balm_err *err)
{
    struct balm_value params = balm_normalise_input(
        line->operation, balm_get(line->asked, "params"), true, "token", &line->arena);
    struct balm_value problems, warnings;
    struct balm_request request;
    enum balm_code code =
        balm_validate_input(line->operation, params, &line->arena, &problems, &warnings, err);

    if (code) return code;
    balm_request_init(&request, &line->arena);
    code = balm_serialise(line->operation, params, &request, err);
    if (!code) show_request(line, &request);
    line->shown = balm_copy(&line->arena, line->shown); /* what request holds is wiped with it */
    balm_request_free(&request);
    return code;
}

static enum balm_code read_answer(struct line *line, struct balm_err *err)
{
    struct balm_value headers = balm_get(line->asked, "headers");
    const char *body = balm_get_string(line->asked, "body", "");
    struct balm_response response;
    struct balm_value read = balm_null();
    enum balm_code code = BALM_OK;

    balm_response_init(&response, BALM_BUF_MAX);
    response.status = (int)balm_get_int(line->asked, "status", 200);
    for (size_t i = 0; i < balm_map_len(headers); i++) {
        const struct balm_entry *entry = balm_map_at(headers, i);
        balm_response_add_header(&response, entry->key, entry->key_len, entry->value.as.text,
                                 entry->value.len);
    }
    (void)balm_text_unbase64(&response.body, body, strlen(body));
    if (response.status >= 300 || balm_response_hides_error(line->operation, &response)) {
        balm_parse_error(line->operation, &response, &line->arena, err, &read);
        show(line, "detail", read);
    } else {
        code = balm_parse_response(line->operation, balm_get(line->asked, "params"), &response,
                                   &line->arena, &read, err);
        if (!code) show(line, "answer", read);
    }
    line->shown = balm_copy(&line->arena, line->shown); /* header texts go with the response */
    balm_response_free(&response);
    return code;
}

static enum balm_code reply(struct balm_pack *pack, struct line *line, struct balm_err *err)
{
    const struct balm_service *service;
    enum balm_code code =
        balm_pack_service(pack, balm_get_string(line->asked, "service", ""), &service, err);

    if (!code) {
        code = balm_service_operation(service, balm_get_string(line->asked, "operation", ""),
                                      &line->operation, err);
    }
    if (code) return code;
    return balm_map_get(line->asked, "status") ? read_answer(line, err) : write_request(line, err);
}

static void take(struct balm_pack *pack, const char *text, size_t len)
{
    struct line line = {.arena = BALM_ARENA_INIT, .asked = balm_null()};
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_err err;

    line.shown = balm_map(&line.arena);
    if (balm_json_parse(&line.arena, text, len, &line.asked, &err) || reply(pack, &line, &err)) {
        show(&line, "error", balm_string(err.message));
    }
    (void)balm_json_print(&buf, line.shown, BALM_JSON_SECRETS);
    puts(buf.bytes);
    (void)fflush(stdout); /* a test asks again only when it has the answer */
    balm_buf_free(&buf);
    balm_arena_free(&line.arena);
}

int main(int argc, char **argv)
{
    struct balm_pack *pack = NULL;
    struct balm_err err;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (argc != 2) {
        fprintf(stderr, "usage: tool_codec PACK\n");
        return 2;
    }
    if (balm_digest_ready(&err) || balm_pack_open(&pack, argv[1], &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while ((len = getline(&line, &size, stdin)) > 0) {
        take(pack, line, (size_t)len);
    }
    free(line);
    balm_pack_release(pack);
    return 0;
}
