#include "front/rig.h"

#include "remedy/guard.h"

#include <string.h>

/* What the command said about roles and guards. */
static enum balm_code fill_options(struct balm_rig *rig, struct balm_err *err)
{
    struct balm_cli *cli = rig->world.cli;
    struct balm_engine *engine = &rig->engine;
    size_t count = balm_cli_count(cli, "skip-guard");
    const char **names = balm_arena_alloc(balm_cli_arena(cli), (count + 1) * sizeof *names);

    if (!names) return balm_nomem(err);
    engine->no_assume_role = balm_cli_has(cli, "no-assume-role");
    if (engine->no_assume_role && balm_cli_has(cli, "role-arn")) {
        return balm_fail(err, BALM_E_ARG, "--role-arn and --no-assume-role exclude each other");
    }
    engine->role = balm_cli_or_env(cli, "role-arn", "BALM_ROLE_ARN");
    engine->external_id = balm_cli_option(cli, "external-id");
    engine->no_session_policy = balm_cli_has(cli, "no-session-policy");
    engine->allow_destructive = balm_cli_has(cli, "allow-destructive");
    for (size_t i = 0; i < count; i++) {
        names[i] = balm_cli_nth(cli, "skip-guard", i);
    }
    engine->skipped_guards = names;
    engine->skipped_guard_count = count;
    return balm_guards_check_names(engine, err);
}

static enum balm_code open_scripts(struct balm_rig *rig, const struct balm_rig_options *options,
                                   struct balm_err *err)
{
    struct balm_cli *cli = rig->world.cli;
    struct balm_catalog_options scripts = {.loop = options->watches ? rig->world.loop : NULL,
                                           .log = balm_cli_log(cli),
                                           .limits = BALM_LIMITS_DEFAULT};

    if (balm_world_remediations(cli, &scripts.dirs, &scripts.dir_count, err) ||
        balm_world_lua_dir(cli, &scripts.lua_dir, err) ||
        balm_catalog_new(&rig->catalog, &scripts, err) ||
        balm_lua_host_new(&rig->host, scripts.lua_dir, err)) {
        return err->code;
    }
    return BALM_OK;
}

static enum balm_code open_config(struct balm_rig *rig, const struct balm_rig_options *options,
                                  struct balm_value *faults, struct balm_err *err)
{
    struct balm_cli *cli = rig->world.cli;
    struct balm_policy_source_options source = {
        .path = options->ignores_config ? NULL : balm_world_config_path(cli),
        .catalog = rig->catalog,
        .loop = options->watches ? rig->world.loop : NULL,
        .log = balm_cli_log(cli)};

    return balm_policy_source_new(&rig->policies, &source, balm_cli_arena(cli), faults, err);
}

static enum balm_code open_guards(struct balm_rig *rig, const struct balm_rig_options *options,
                                  struct balm_err *err)
{
    const struct balm_guard_set_setup setup = {
        .loop = rig->world.loop, .aws = rig->world.aws, .store = rig->archive.store};

    if (options->ignores_config) return BALM_OK;
    if (balm_guard_set_new(&rig->guards, &setup, err)) return err->code;
    rig->engine.guards = balm_guard_set_list(rig->guards, &rig->engine.guard_count);
    return BALM_OK;
}

static enum balm_code open_records(struct balm_rig *rig, const struct balm_rig_options *options,
                                   struct balm_err *err)
{
    if (!options->records) return BALM_OK;
    if (balm_archive_open(&rig->archive, &rig->world, err)) return err->code;
    rig->engine.store = rig->archive.store;
    rig->engine.ledger = rig->archive.ledger;
    return BALM_OK;
}

int balm_rig_open(struct balm_rig *rig, struct balm_cli *cli,
                  const struct balm_rig_options *options)
{
    struct balm_value faults = balm_null();
    struct balm_err err;
    int status;

    memset(rig, 0, sizeof *rig);
    if (!balm_world_open(&rig->world, cli, options->fixed_now, &err) &&
        !open_scripts(rig, options, &err) && !open_config(rig, options, &faults, &err)) {
        rig->engine = (struct balm_engine){.loop = rig->world.loop,
                                           .aws = rig->world.aws,
                                           .catalog = rig->catalog,
                                           .policies = rig->policies,
                                           .host = rig->host,
                                           .log = balm_cli_log(cli),
                                           .limits = BALM_LIMITS_DEFAULT};
        if (!open_records(rig, options, &err) && !open_guards(rig, options, &err) &&
            !fill_options(rig, &err)) {
            return BALM_EXIT_OK;
        }
    }
    status =
        balm_list_len(faults) > 0 ? balm_cli_fail_all(cli, &err, faults) : balm_cli_fail(cli, &err);
    balm_rig_close(rig);
    return status;
}

void balm_rig_close(struct balm_rig *rig)
{
    if (rig->archive.ledger) (void)balm_ledger_settle(rig->archive.ledger);
    balm_guard_set_release(rig->guards);
    balm_archive_close(&rig->archive);
    balm_lua_host_release(rig->host);
    balm_policy_source_release(rig->policies);
    balm_catalog_release(rig->catalog);
    if (rig->world.cli) balm_world_close(&rig->world);
    memset(rig, 0, sizeof *rig);
}
