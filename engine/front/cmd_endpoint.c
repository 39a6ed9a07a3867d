/*
 * balm endpoint: where a call to a service would go.
 */
#include "core/json.h"
#include "front/commands.h"
#include "front/world.h"

#include <string.h>

/* NAME=VALUE, the value JSON where it parses as JSON, else a string. */
static enum balm_code add_param(struct balm_arena *arena, struct balm_value params,
                                const char *text, struct balm_err *err)
{
    const char *equals = strchr(text, '=');
    struct balm_value value;

    if (!equals || equals == text) {
        return balm_fail(err, BALM_E_ARG, "--param: expected NAME=VALUE, not \"%.80s\"", text);
    }
    if (balm_json_parse(arena, equals + 1, strlen(equals + 1), &value, err)) {
        value = balm_string(equals + 1);
    }
    balm_map_put(arena, params, text, (size_t)(equals - text), value);
    return balm_arena_status(arena, err);
}

static struct balm_value show(struct balm_arena *arena, const struct balm_endpoint *endpoint)
{
    struct balm_value shown = balm_map(arena);

    balm_map_set(arena, shown, "url", balm_string(endpoint->url));
    balm_map_set(arena, shown, "signingRegion", balm_string(endpoint->signing_region));
    balm_map_set(arena, shown, "signingName", balm_string(endpoint->signing_name));
    balm_map_set(arena, shown, "authScheme", balm_string(endpoint->auth_scheme));
    balm_map_set(arena, shown, "headers", endpoint->headers);
    return shown;
}

/* The region that a call's session would be in: "global" is none by itself. */
static enum balm_code read_region(const struct balm_world *world, const char **out,
                                  struct balm_err *err)
{
    struct balm_session_options options = {0};
    struct balm_session *session;
    enum balm_code code = balm_world_region(world, &options.region, err);

    if (!code) code = balm_session_open(&session, world->aws, &options, err);
    if (code) return code;
    *out = balm_arena_strdup(balm_cli_arena(world->cli), balm_session_region(session));
    balm_session_release(session);
    return balm_arena_status(balm_cli_arena(world->cli), err);
}

/* What is asked, in the words of the command line. */
static enum balm_code read_question(const struct balm_world *world,
                                    struct balm_endpoint_question *question, struct balm_err *err)
{
    struct balm_cli *cli = world->cli;
    struct balm_arena *arena = balm_cli_arena(cli);
    enum balm_code code = balm_pack_service(balm_aws_pack(world->aws), balm_cli_word(cli, 0),
                                            &question->service, err);

    question->extra = balm_map(arena);
    for (size_t i = 0; !code && i < balm_cli_count(cli, "param"); i++) {
        code = add_param(arena, question->extra, balm_cli_nth(cli, "param", i), err);
    }
    return code ? code : read_region(world, &question->region, err);
}

static int resolve(struct balm_world *world)
{
    struct balm_arena *arena = balm_cli_arena(world->cli);
    struct balm_endpoint_question question = {.params = balm_null()};
    const struct balm_partitions *partitions;
    struct balm_endpoint endpoint;
    struct balm_err err;

    if (read_question(world, &question, &err) ||
        balm_aws_partitions(world->aws, &partitions, &err)) {
        return balm_cli_fail(world->cli, &err);
    }
    /* That there is no such endpoint is an answer, and no wrong usage. */
    if (balm_endpoint_resolve(&question, &world->config, partitions, arena, &endpoint, &err)) {
        (void)balm_cli_fail(world->cli, &err);
        return BALM_EXIT_FAILED;
    }
    return balm_cli_print(world->cli, show(arena, &endpoint), 0) ? BALM_EXIT_FAILED : BALM_EXIT_OK;
}

static int run(struct balm_cli *cli)
{
    struct balm_world world;
    struct balm_err err;
    int status;

    if (balm_world_open(&world, cli, 0, &err)) return balm_cli_fail(cli, &err);
    status = resolve(&world);
    balm_world_close(&world);
    return status;
}

static const struct balm_option options[] = {
    {"param", "NAME=VALUE", "a parameter of the service's rules, such as Bucket=logs", true},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_endpoint = {
    .name = "endpoint",
    .synopsis = "SERVICE",
    .summary = "which URL, region and signing name a call would use",
    .text = "Evaluates the service's endpoint rules and calls nothing. A VALUE is JSON where it "
            "parses\nas JSON (true, 5, [\"a\"]), else a string.",
    .options = options,
    .groups = BALM_OPTIONS_AWS,
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
