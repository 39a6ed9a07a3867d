#include "front/world.h"

#include "aws/endpoint.h"
#include "core/file.h"

#include <stdlib.h>
#include <string.h>

static enum balm_code own(struct balm_cli *cli, const char *what, const char *otherwise,
                          const char **path, struct balm_err *err)
{
    *path = balm_file_own(balm_cli_arena(cli), what);
    if (balm_arena_status(balm_cli_arena(cli), err)) return err->code;
    if (*path) return BALM_OK;
    return balm_fail(err, BALM_E_IO, "Balm's own %s is not where the program lies; %s", what,
                     otherwise);
}

enum balm_code balm_world_models_path(struct balm_cli *cli, const char **path, struct balm_err *err)
{
    *path = balm_cli_or_env(cli, "models", "BALM_MODELS");
    if (*path) return BALM_OK;
    return own(cli, "models.pack", "use --models, or make it with balm models build", path, err);
}

enum balm_code balm_world_lua_dir(struct balm_cli *cli, const char **dir, struct balm_err *err)
{
    return own(cli, "lua", "install Balm whole", dir, err);
}

const char *balm_world_table(struct balm_cli *cli, const char *name)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    const char *in_tree = balm_arena_printf(arena, "engine/aws/%s", name);
    const char *path = balm_file_own(arena, name);

    return path || !in_tree ? path : balm_file_own(arena, in_tree);
}

static enum balm_code read_table(struct balm_cli *cli, const char *name, const char *without,
                                 struct balm_buf *text, struct balm_err *err)
{
    const char *path = balm_world_table(cli, name);

    if (path) return balm_file_read(text, path, err);
    balm_log(balm_cli_log(cli), BALM_LOG_WARN, "Balm's own %s is not where the program lies: %s",
             name, without);
    return BALM_OK;
}

enum balm_code balm_world_resources(struct balm_cli *cli, struct balm_buf *text,
                                    struct balm_err *err)
{
    return read_table(cli, "resources.tsv", "every action is taken to act on any resource", text,
                      err);
}

enum balm_code balm_world_dependents(struct balm_cli *cli, struct balm_buf *text,
                                     struct balm_err *err)
{
    return read_table(cli, "dependents.tsv", "what else an action may need is not told", text, err);
}

static enum balm_code from_variable(struct balm_cli *cli, const char *text,
                                    const char *const **dirs, size_t *count, struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    const char **list = balm_arena_alloc(arena, (strlen(text) + 1) * sizeof *list);

    *count = 0;
    while (list && *text) {
        size_t len = strcspn(text, ":");
        if (len) list[(*count)++] = balm_arena_copy(arena, text, len);
        text += len + (text[len] ? 1 : 0);
    }
    *dirs = list;
    return balm_arena_status(arena, err);
}

enum balm_code balm_world_remediations(struct balm_cli *cli, const char *const **dirs,
                                       size_t *count, struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    const char *variable = getenv("BALM_REMEDIATIONS");
    const char **list;

    *count = balm_cli_count(cli, "remediations");
    if (!*count && variable && variable[0]) return from_variable(cli, variable, dirs, count, err);
    list = balm_arena_alloc(arena, (*count + 1) * sizeof *list);
    if (!list) return balm_arena_status(arena, err);
    *dirs = list;
    for (size_t i = 0; i < *count; i++)
        list[i] = balm_cli_nth(cli, "remediations", i);
    if (*count) return BALM_OK;
    *count = 1;
    return own(cli, "remediations", "use --remediations DIR", list, err);
}

const char *balm_world_config_path(struct balm_cli *cli)
{
    const char *path = balm_cli_or_env(cli, "config", "BALM_CONFIG");

    if (path) return path;
    return balm_file_exists("balm.lua") ? "balm.lua" : NULL;
}

static enum balm_code open_all(struct balm_world *world, int64_t fixed_now, struct balm_err *err)
{
    const struct balm_cli *cli = world->cli;
    struct balm_aws_options options = {
        .profile = balm_cli_option(cli, "profile"),
        .region = balm_cli_option(cli, "region"),
        .endpoint_url = balm_cli_option(cli, "endpoint-url"),
        .fips = balm_cli_has(cli, "fips"),
        .dualstack = balm_cli_has(cli, "dualstack"),
    };
    struct balm_aws_setup setup = {
        .config = &world->config, .fixed_now = fixed_now, .log = balm_cli_log(cli)};
    struct balm_url_parts parts;
    enum balm_code code = balm_world_models_path(world->cli, &setup.models_path, err);

    if (!code && options.endpoint_url && !balm_endpoint_split(options.endpoint_url, &parts)) {
        code = balm_endpoint_refuse(options.endpoint_url, err);
    }
    if (!code) code = balm_aws_config_load(&world->config, &options, err);
    if (!code) code = balm_loop_new(&world->loop, err);
    setup.loop = world->loop;
    if (!code) code = balm_aws_new(&world->aws, &setup, err);
    return code;
}

enum balm_code balm_world_open(struct balm_world *world, struct balm_cli *cli, int64_t fixed_now,
                               struct balm_err *err)
{
    enum balm_code code;

    memset(world, 0, sizeof *world);
    world->cli = cli;
    code = open_all(world, fixed_now, err);
    if (code) balm_world_close(world);
    return code;
}

void balm_world_close(struct balm_world *world)
{
    balm_aws_release(world->aws);
    balm_loop_release(world->loop);
    balm_aws_config_free(&world->config);
    memset(world, 0, sizeof *world);
}

enum balm_code balm_world_region(const struct balm_world *world, const char **region,
                                 struct balm_err *err)
{
    *region = world->config.region;
    if (*region && **region) return BALM_OK;
    return balm_fail(err, BALM_E_ARG,
                     "no region is named: use --region, AWS_REGION, or the profile's region");
}
