/*
 * tool_endpoints: resolves endpoints in bulk, for spec/e2e/test_endpoints.py.
 *
 * Usage: tool_endpoints PACK. Each line on stdin is {"service", "operation"?, "params"?, "region",
 * "endpoint"?, "fips"?, "dualstack"?, "s3"?, "sts"?, "account"?, "extra"?}; each line on stdout
 * what balm_endpoint_resolve() makes of it, with the URL of a request for the path /x, or
 * {"error"}. It goes by the ways that the lines before took, as the calls of one process do, and
 * once more from the root: both must come to the same.
 */
#include "aws/endpoint_internal.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tool {
    struct balm_pack *pack;
    struct balm_partitions *partitions;
    struct balm_ways *ways;
};

/* As the profile would have it. */
static void configure(struct balm_aws_config *config, struct balm_value line,
                      struct balm_arena *arena)
{
    struct balm_value profile = balm_map(arena), profiles = balm_map(arena);

    memset(config, 0, sizeof *config);
    (void)balm_map_set(arena, profile, "s3", balm_get(line, "s3"));
    (void)balm_map_set(arena, profiles, "default", profile);
    config->profile = "default";
    config->config_file = profiles;
    config->endpoint_url = balm_get_string(line, "endpoint", NULL);
    config->use_fips = balm_get_bool(line, "fips", false);
    config->use_dualstack = balm_get_bool(line, "dualstack", false);
    config->sts_regional = balm_get_string(line, "sts", "regional");
}

struct answer {
    struct balm_endpoint endpoint;
    const char *target; /* where a request for /x would go */
};

static enum balm_code apply(struct answer *out, const struct balm_endpoint_question *question,
                            struct balm_arena *arena, struct balm_err *err)
{
    struct balm_buf url = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_request request;
    enum balm_code code;

    balm_request_init(&request, arena);
    request.path = "/x";
    code =
        balm_endpoint_apply(&out->endpoint, question->operation, question->params, &request, err);
    if (!code) code = balm_request_url(&request, &url);
    out->target = balm_arena_copy(arena, url.bytes, url.len);
    balm_request_free(&request);
    balm_buf_free(&url);
    return code;
}

static bool is_same(const struct balm_endpoint *a, const struct balm_endpoint *b)
{
    return strcmp(a->url, b->url) == 0 && strcmp(a->signing_region, b->signing_region) == 0 &&
           strcmp(a->signing_name, b->signing_name) == 0 &&
           strcmp(a->auth_scheme, b->auth_scheme) == 0 && balm_equal(a->headers, b->headers);
}

static void check_way(const struct tool *tool, const struct balm_endpoint_question *question,
                      const struct balm_aws_config *config, const struct answer *by_way,
                      enum balm_code code, const struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_endpoint from_root;
    struct balm_err own = {.message = ""};
    enum balm_code other =
        balm_endpoint_resolve(question, config, tool->partitions, &arena, &from_root, &own);

    if (other != code || (code && strcmp(own.message, err->message) != 0) ||
        (!code && !is_same(&by_way->endpoint, &from_root))) {
        fprintf(stderr, "a way does not end where the rules do: %s, %s\n",
                code ? err->message : by_way->endpoint.url, other ? own.message : from_root.url);
        exit(1);
    }
    balm_arena_free(&arena);
}

static enum balm_code resolve(const struct tool *tool, struct balm_value line,
                              struct balm_arena *arena, struct answer *out, struct balm_err *err)
{
    struct balm_endpoint_question question = {.params = balm_get(line, "params"),
                                              .extra = balm_get(line, "extra"),
                                              .region = balm_get_string(line, "region", ""),
                                              .account = balm_get_string(line, "account", NULL)};
    const char *operation = balm_get_string(line, "operation", NULL);
    struct balm_aws_config config;
    enum balm_code code;

    configure(&config, line, arena);
    code =
        balm_pack_service(tool->pack, balm_get_string(line, "service", ""), &question.service, err);
    if (!code && operation) {
        code = balm_service_operation(question.service, operation, &question.operation, err);
    }
    if (code) return code;
    code = balm_endpoint_resolve_by(tool->ways, &question, &config, tool->partitions, arena,
                                    &out->endpoint, err);
    check_way(tool, &question, &config, out, code, err);
    return code ? code : apply(out, &question, arena, err);
}

static void reply(const struct tool *tool, const char *text, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value line, shown = balm_map(&arena);
    struct answer answer;
    struct balm_err err;

    if (balm_json_parse(&arena, text, len, &line, &err) ||
        resolve(tool, line, &arena, &answer, &err)) {
        (void)balm_map_set(&arena, shown, "error", balm_string(err.message));
    } else {
        (void)balm_map_set(&arena, shown, "url", balm_string(answer.endpoint.url));
        (void)balm_map_set(&arena, shown, "region", balm_string(answer.endpoint.signing_region));
        (void)balm_map_set(&arena, shown, "name", balm_string(answer.endpoint.signing_name));
        (void)balm_map_set(&arena, shown, "scheme", balm_string(answer.endpoint.auth_scheme));
        (void)balm_map_set(&arena, shown, "target", balm_string(answer.target));
        (void)balm_map_set(&arena, shown, "headers", answer.endpoint.headers);
    }
    (void)balm_json_print(&buf, shown, 0);
    puts(buf.bytes);
    balm_buf_free(&buf);
    balm_arena_free(&arena);
}

int main(int argc, char **argv)
{
    struct tool tool = {NULL, NULL, NULL};
    struct balm_err err;
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (argc != 2) {
        fprintf(stderr, "usage: tool_endpoints PACK\n");
        return 2;
    }
    if (balm_pack_open(&tool.pack, argv[1], &err) ||
        balm_partitions_new(&tool.partitions, tool.pack, &err) || balm_ways_new(&tool.ways, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while ((len = getline(&line, &size, stdin)) > 0) {
        reply(&tool, line, (size_t)len);
    }
    free(line);
    balm_ways_release(tool.ways);
    balm_partitions_release(tool.partitions);
    balm_pack_release(tool.pack);
    return 0;
}
