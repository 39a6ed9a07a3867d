/*
 * tool_endpoints: resolves endpoints in bulk, for spec/e2e/test_endpoints.py.
 *
 * Usage: tool_endpoints PACK. Each line on stdin is {"service", "operation"?, "params"?, "region",
 * "endpoint"?, "fips"?, "dualstack"?, "s3"?, "sts"?, "account"?, "extra"?}; each line on stdout
 * what balm_endpoint_resolve() makes of it, with the URL of a request for the path /x, or
 * {"error"}. It goes by the ways that the lines before took, by what is remembered of lines like it
 * (as the calls of one process do), and once more from the root: all must come to the same.
 */
#include "aws/endpoint_internal.h"
#include "aws/endpoint_memo.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A process has one configuration, and one memory for it. */
struct memory {
    struct memory *next;
    struct balm_endpoint_memo *memo;
    char *config;
};

struct tool {
    struct balm_pack *pack;
    struct balm_partitions *partitions;
    struct balm_ways *ways;
    struct memory *memories;
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

/* What is remembered has none, rather than an empty map. */
static bool are_same_headers(struct balm_value a, struct balm_value b)
{
    return balm_equal(a, b) || (balm_map_len(a) == 0 && balm_map_len(b) == 0);
}

static bool is_same(const struct balm_endpoint *a, const struct balm_endpoint *b)
{
    return strcmp(a->url, b->url) == 0 && strcmp(a->signing_region, b->signing_region) == 0 &&
           strcmp(a->signing_name, b->signing_name) == 0 &&
           strcmp(a->auth_scheme, b->auth_scheme) == 0 &&
           are_same_headers(a->headers, b->headers) && a->raw_path == b->raw_path &&
           a->payload_header == b->payload_header;
}

static struct balm_endpoint_memo *memory_of(struct tool *tool, struct balm_value line)
{
    static const char *const parts[] = {"endpoint", "fips", "dualstack", "s3", "sts"};
    struct balm_buf config = BALM_BUF_INIT(BALM_BUF_MAX);
    struct memory *memory = tool->memories;
    struct balm_err err;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        (void)balm_json_print(&config, balm_get(line, parts[i]), BALM_JSON_SORTED);
    }
    while (memory && strcmp(memory->config, config.bytes) != 0) {
        memory = memory->next;
    }
    if (!memory) {
        memory = calloc(1, sizeof *memory);
        if (!memory || balm_endpoint_memo_new(&memory->memo, &err)) abort();
        memory->config = strdup(config.bytes);
        memory->next = tool->memories;
        tool->memories = memory;
    }
    balm_buf_free(&config);
    return memory->memo;
}

static void release_memories(struct tool *tool)
{
    while (tool->memories) {
        struct memory *memory = tool->memories;
        tool->memories = memory->next;
        balm_endpoint_memo_release(memory->memo);
        free(memory->config);
        free(memory);
    }
}

/* What was found must be what the rules say from their root. */
static void check(const char *how, const struct answer *found, enum balm_code code,
                  const struct balm_err *err, const struct answer *rules, enum balm_code rules_code,
                  const struct balm_err *rules_err)
{
    if (code == rules_code && (code ? strcmp(err->message, rules_err->message) == 0
                                    : is_same(&found->endpoint, &rules->endpoint))) {
        return;
    }
    fprintf(stderr, "%s does not end where the rules do: %s, %s\n", how,
            code ? err->message : found->endpoint.url,
            rules_code ? rules_err->message : rules->endpoint.url);
    exit(1);
}

static void check_all(struct tool *tool, struct balm_value line,
                      const struct balm_endpoint_question *question,
                      const struct balm_aws_config *config, const struct answer *by_way,
                      enum balm_code code, const struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct answer rules, recalled;
    struct balm_err rules_err = {.message = ""}, own = {.message = ""};
    enum balm_code rules_code = balm_endpoint_resolve(question, config, tool->partitions, &arena,
                                                      &rules.endpoint, &rules_err);
    enum balm_code own_code =
        balm_endpoint_recall(memory_of(tool, line), question, config, tool->partitions, &arena,
                             &recalled.endpoint, &own);

    check("a way", by_way, code, err, &rules, rules_code, &rules_err);
    check("what is remembered", &recalled, own_code, &own, &rules, rules_code, &rules_err);
    balm_arena_free(&arena);
}

static enum balm_code resolve(struct tool *tool, struct balm_value line, struct balm_arena *arena,
                              struct answer *out, struct balm_err *err)
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
    check_all(tool, line, &question, &config, out, code, err);
    return code ? code : apply(out, &question, arena, err);
}

static void reply(struct tool *tool, const char *text, size_t len)
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
    struct tool tool = {NULL, NULL, NULL, NULL};
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
    release_memories(&tool);
    balm_ways_release(tool.ways);
    balm_partitions_release(tool.partitions);
    balm_pack_release(tool.pack);
    return 0;
}
