/*
 * tool_store: a store by hand, for spec/e2e/test_store.py.
 *
 * Usage: tool_store URL. Each line on stdin is a list of operations that are under way together:
 *
 *   {"commit": [{"sort", "value"?, "if"?: "absent"|"as_read", "version"?, "expires"?, "check"?}]}
 *   {"read": {"from"?, "to"?, "limit"?}}
 *
 * all in partition "p"; each line on stdout the list of their outcomes, in order of asking:
 * {"ok": true, "version" | "items"}, {"conflict": true} or {"error", "code", "retryable"}.
 */
#include "core/file.h"
#include "core/json.h"
#include "remedy/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPERATIONS_MAX 2000

struct tool {
    struct balm_loop *loop;
    struct balm_aws_config config;
    struct balm_aws *aws;
    struct balm_store *store;
    struct balm_arena arena; /* of a line */
};

static void done(void *owner, struct balm_store_request *request)
{
    (void)owner, (void)request;
}

static struct balm_change change_of(struct balm_value asked)
{
    const char *condition = balm_get_string(asked, "if", "always");
    return (struct balm_change){.item = {.partition = "p",
                                         .sort = balm_get_string(asked, "sort", ""),
                                         .value = balm_get(asked, "value"),
                                         .version = balm_get_int(asked, "version", 0),
                                         .expires = balm_get_int(asked, "expires", 0)},
                                .condition = strcmp(condition, "absent") == 0    ? BALM_ABSENT
                                             : strcmp(condition, "as_read") == 0 ? BALM_AS_READ
                                                                                 : BALM_ALWAYS,
                                .only_checked = balm_get_bool(asked, "check", false)};
}

static void ask(struct tool *tool, struct balm_store_request *request, struct balm_value asked)
{
    struct balm_value read = balm_get(asked, "read");
    struct balm_value commit = balm_get(asked, "commit");
    struct balm_change changes[BALM_STORE_CHANGES_MAX];
    size_t count = balm_list_len(commit);
    struct balm_store_query query = {.partition = "p",
                                     .from = balm_get_string(read, "from", NULL),
                                     .to = balm_get_string(read, "to", NULL),
                                     .limit = (size_t)balm_get_int(read, "limit", 100)};
    *request = (struct balm_store_request){.done = done, .arena = &tool->arena};
    if (read.type == BALM_MAP) {
        balm_store_read(tool->store, request, &query);
        return;
    }
    for (size_t i = 0; i < count && i < BALM_STORE_CHANGES_MAX; i++) {
        changes[i] = change_of(*balm_list_at(commit, i));
    }
    balm_store_commit(tool->store, request, changes, count);
}

static struct balm_value items_of(struct tool *tool, const struct balm_store_request *request)
{
    struct balm_arena *arena = &tool->arena;
    struct balm_value items = balm_list(arena);
    for (size_t i = 0; i < request->count; i++) {
        const struct balm_item *item = &request->items[i];
        struct balm_value shown = balm_map(arena);
        balm_map_set(arena, shown, "sort", balm_string(item->sort));
        balm_map_set(arena, shown, "value", item->value);
        balm_map_set(arena, shown, "version", balm_int(item->version));
        balm_list_push(arena, items, shown);
    }
    return items;
}

static struct balm_value outcome_of(struct tool *tool, const struct balm_store_request *request,
                                    bool is_read)
{
    struct balm_arena *arena = &tool->arena;
    struct balm_value shown = balm_map(arena);
    if (request->err.code) {
        balm_map_set(arena, shown, "error", balm_string(request->err.message));
        balm_map_set(arena, shown, "code", balm_string(balm_code_name(request->err.code)));
        balm_map_set(arena, shown, "retryable", balm_bool(request->err.retryable));
    } else if (request->conflict) {
        balm_map_set(arena, shown, "conflict", balm_bool(true));
    } else {
        balm_map_set(arena, shown, "ok", balm_bool(true));
        balm_map_set(arena, shown, is_read ? "items" : "version",
                     is_read ? items_of(tool, request) : balm_int(request->version));
    }
    return shown;
}

static bool answer(struct tool *tool, const char *line)
{
    static struct balm_store_request requests[OPERATIONS_MAX];
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value asked;
    struct balm_value outcomes = balm_list(&tool->arena);
    struct balm_err err;
    if (balm_json_parse(&tool->arena, line, strlen(line), &asked, &err) ||
        balm_list_len(asked) > OPERATIONS_MAX) {
        return false;
    }
    for (size_t i = 0; i < balm_list_len(asked); i++) {
        ask(tool, &requests[i], *balm_list_at(asked, i));
    }
    balm_loop_run(tool->loop);
    for (size_t i = 0; i < balm_list_len(asked); i++) {
        bool is_read = balm_map_get(*balm_list_at(asked, i), "read") != NULL;
        balm_list_push(&tool->arena, outcomes, outcome_of(tool, &requests[i], is_read));
    }
    balm_json_print(&text, outcomes, BALM_JSON_COMPACT);
    puts(text.bytes);
    fflush(stdout);
    balm_buf_free(&text);
    balm_arena_reset(&tool->arena);
    return true;
}

static enum balm_code open_all(struct tool *tool, const char *url, struct balm_err *err)
{
    static const struct balm_log log = {.fd = 2, .level = BALM_LOG_WARN};
    struct balm_aws_options options = {.profile = NULL};
    struct balm_aws_setup aws = {.config = &tool->config, .log = &log};
    struct balm_store_setup setup = {.url = url, .log = &log};
    enum balm_code code = balm_loop_new(&tool->loop, err);
    if (!code) code = balm_aws_config_load(&tool->config, &options, err);
    aws.loop = tool->loop;
    aws.models_path = balm_file_own(&tool->arena, "models.pack");
    if (!code) code = balm_aws_new(&tool->aws, &aws, err);
    setup.loop = tool->loop;
    setup.aws = tool->aws;
    setup.region = tool->config.region;
    return code ? code : balm_store_open(&tool->store, &setup, err);
}

int main(int argc, char **argv)
{
    struct tool tool = {.loop = NULL};
    struct balm_err err;
    char *line = NULL;
    size_t room = 0;
    bool fine = argc == 2;
    if (!fine || open_all(&tool, argv[1], &err)) {
        (void)fprintf(stderr, "tool_store: %s\n", fine ? err.message : "URL");
        return 2;
    }
    while (fine && getline(&line, &room, stdin) > 0) {
        fine = answer(&tool, line);
    }
    free(line);
    balm_store_release(tool.store);
    balm_aws_release(tool.aws);
    balm_aws_config_free(&tool.config);
    balm_loop_release(tool.loop);
    balm_arena_free(&tool.arena);
    return fine ? 0 : 1;
}
