/*
 * tool_codec: signs requests and reads answers in bulk, for spec/e2e/test_codec.py.
 *
 * Usage: tool_codec PACK, the environment as for `balm call --dry-run`. Each line on stdin is
 * {"service", "operation", "params", "region"?}, and one line on stdout is the signed request as
 * `balm call --dry-run` prints it. With "status" (and "headers", "body" in base64) the line is an
 * answer, and what comes is {"answer"} or {"detail"}, what an API error says. What goes wrong is
 * {"error"}. With "signature" and "signing_name" {"verifies"} says whether that signature holds.
 */
#include "aws/client.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tool {
    struct balm_loop *loop;
    struct balm_aws_config config;
    struct balm_aws *aws;
    struct balm_session *session;
    int64_t now;
};

struct line {
    struct tool *tool;
    struct balm_arena arena;
    struct balm_value asked;
    struct balm_value shown;
    const struct balm_operation *operation;
    struct balm_err failure; /* of a request */
};

static void show(struct line *line, const char *key, struct balm_value value)
{
    (void)balm_map_set(&line->arena, line->shown, key, value);
}

/* Would another's asymmetric signature of this request, in base64, hold? No two are alike. */
static enum balm_code verify(struct line *line, const struct balm_request *request,
                             const char *signature, struct balm_err *err)
{
    struct balm_credentials credentials = {getenv("AWS_ACCESS_KEY_ID"),
                                           getenv("AWS_SECRET_ACCESS_KEY"), NULL};
    struct balm_sigv4_options options = {
        .now = line->tool->now,
        .region = balm_request_header(request, "x-amz-region-set"),
        .service = balm_get_string(line->asked, "signing_name", ""),
        .raw_path = balm_request_header(request, "x-amz-content-sha256") != NULL};
    struct balm_buf canonical = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf names = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf to_sign = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf bytes = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_request bare = *request;
    unsigned char key[BALM_SIGV4A_KEY_LEN];
    enum balm_code code = balm_sigv4a_key(key, &credentials, err);

    bare.header_len--; /* the signature is the last */
    if (!code) code = balm_sigv4_canonical_request(&bare, &options, &canonical, &names);
    if (!code) code = balm_sigv4a_string_to_sign(&options, &canonical, &to_sign);
    if (!code) code = balm_text_unbase64(&bytes, signature, strlen(signature));
    if (!code) {
        show(line, "verifies",
             balm_bool(balm_sigv4a_verify(key, &to_sign, bytes.bytes, bytes.len)));
    }
    balm_buf_free(&canonical);
    balm_buf_free(&names);
    balm_buf_free(&to_sign);
    balm_buf_free(&bytes);
    return code;
}

static void on_signed(void *owner, const struct balm_request *request, const struct balm_err *why)
{
    struct line *line = owner;
    const char *signature = balm_get_string(line->asked, "signature", NULL);

    line->failure.code = BALM_OK;
    if (why) {
        line->failure = *why;
    } else if (signature) {
        (void)verify(line, request, signature, &line->failure);
    } else {
        (void)balm_request_value(request, &line->arena, &line->shown, &line->failure);
    }
    balm_loop_stop(line->tool->loop);
}

static enum balm_code write_request(struct line *line, struct balm_err *err)
{
    struct balm_call_options options = {.region = balm_get_string(line->asked, "region", NULL),
                                        .blobs_are_base64 = true};
    struct balm_value problems;
    struct balm_call *call;
    enum balm_code code =
        balm_call_new(&call, line->tool->session, line->operation, balm_get(line->asked, "params"),
                      &options, &line->arena, &problems, err);

    if (code) return code;
    balm_call_sign_only(call, on_signed, line);
    balm_loop_run(line->tool->loop);
    line->shown = balm_copy(&line->arena, line->shown); /* what request holds is wiped with it */
    balm_call_release(call);
    *err = line->failure;
    return err->code;
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

static enum balm_code reply(struct line *line, struct balm_err *err)
{
    const struct balm_service *service;
    enum balm_code code = balm_pack_service(
        balm_aws_pack(line->tool->aws), balm_get_string(line->asked, "service", ""), &service, err);

    if (!code) {
        code = balm_service_operation(service, balm_get_string(line->asked, "operation", ""),
                                      &line->operation, err);
    }
    if (code) return code;
    return balm_map_get(line->asked, "status") ? read_answer(line, err) : write_request(line, err);
}

static void take(struct tool *tool, const char *text, size_t len)
{
    struct line line = {.tool = tool, .arena = BALM_ARENA_INIT, .asked = balm_null()};
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_err err;

    line.shown = balm_map(&line.arena);
    if (balm_json_parse(&line.arena, text, len, &line.asked, &err) || reply(&line, &err)) {
        line.shown = balm_map(&line.arena);
        show(&line, "error", balm_string(err.message));
    }
    (void)balm_json_print(&buf, line.shown, BALM_JSON_SECRETS);
    puts(buf.bytes);
    (void)fflush(stdout); /* a test asks again only when it has the answer */
    balm_buf_free(&buf);
    balm_arena_free(&line.arena);
}

static enum balm_code open_tool(struct tool *tool, const char *pack, struct balm_err *err)
{
    const char *now = getenv("BALM_NOW");
    struct balm_aws_options none = {0};
    struct balm_aws_setup setup = {.models_path = pack, .config = &tool->config};
    struct balm_session_options session = {0};
    enum balm_code code = balm_loop_new(&tool->loop, err);

    setup.loop = tool->loop;
    if (now && !balm_time_parse(now, strlen(now), &setup.fixed_now)) {
        code = balm_fail(err, BALM_E_ARG, "BALM_NOW is no time");
    }
    tool->now = setup.fixed_now;
    if (!code) code = balm_aws_config_load(&tool->config, &none, err);
    session.region = tool->config.region;
    if (!code) code = balm_aws_new(&tool->aws, &setup, err);
    return code ? code : balm_session_open(&tool->session, tool->aws, &session, err);
}

int main(int argc, char **argv)
{
    struct tool tool = {0};
    struct balm_err err;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (argc != 2) {
        fprintf(stderr, "usage: tool_codec PACK\n");
        return 2;
    }
    if (open_tool(&tool, argv[1], &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while ((len = getline(&line, &size, stdin)) > 0) {
        take(&tool, line, (size_t)len);
    }
    free(line);
    balm_session_release(tool.session);
    balm_aws_release(tool.aws);
    balm_aws_config_free(&tool.config);
    balm_loop_release(tool.loop);
    return 0;
}
