/*
 * balm stop, balm start: the kill switch (remedy/kill_switch.h).
 */
#include "front/commands.h"
#include "front/world.h"
#include "remedy/kill_switch.h"

#define REASON "stopped by hand"
#define GO     "go"

struct switching {
    struct balm_world world;
    struct balm_session *session;
    struct balm_call *call;
    struct balm_value problems;
    int status;
};

static void say(struct balm_cli *cli, bool stopped, const char *where, bool was)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    struct balm_value told = balm_map(arena);

    if (balm_cli_wants_json(cli)) {
        balm_map_set(arena, told, "stopped", balm_bool(stopped));
        balm_map_set(arena, told, "by", balm_string(where));
        balm_map_set(arena, told, "was", balm_bool(was));
        (void)balm_cli_print(cli, told, 0);
        return;
    }
    told = balm_textf(arena, "%s%s: %s\n", was == stopped ? "already " : "",
                      stopped ? "stopped" : "started", where);
    if (told.type == BALM_STRING) (void)balm_cli_write(cli, told.as.text, told.len);
}

/* ---- the file ---- */

static int switch_file(struct balm_cli *cli, bool stop)
{
    const char *path = balm_cli_option(cli, "file");
    const char *reason = stop ? balm_cli_option(cli, "reason") : NULL;
    bool was_thrown = false;
    struct balm_err err;
    enum balm_code code;

    if (!path) path = balm_stop_path(balm_cli_arena(cli));
    if (!path) {
        balm_fail(&err, BALM_E_ARG,
                  "neither XDG_STATE_HOME nor HOME is set: name the file, --file");
        return balm_cli_fail(cli, &err);
    }
    code = stop ? balm_stop_throw(path, reason ? reason : REASON, &was_thrown, &err)
                : balm_stop_lift(path, &was_thrown, &err);
    if (code) return balm_cli_fail(cli, &err);
    say(cli, stop, path, was_thrown);
    return BALM_EXIT_OK;
}

/* ---- the parameter ---- */

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct switching *switching = owner;

    if (result->err.code) {
        switching->status = balm_cli_fail(switching->world.cli, &result->err);
    }
    balm_loop_stop(switching->world.loop);
}

static enum balm_code put_parameter(struct switching *switching, const char *name,
                                    const char *value, struct balm_err *err)
{
    struct balm_world *world = &switching->world;
    struct balm_arena *arena = balm_cli_arena(world->cli);
    struct balm_value params = balm_map(arena);
    struct balm_session_options options = {.session_name = "balm-stop"};
    const struct balm_service *service;
    const struct balm_operation *operation;

    balm_map_set(arena, params, "Name", balm_string(name));
    balm_map_set(arena, params, "Value", balm_string(value));
    balm_map_set(arena, params, "Type", balm_string("String"));
    balm_map_set(arena, params, "Overwrite", balm_bool(true));
    if (balm_world_region(world, &options.region, err) ||
        balm_pack_service(balm_aws_pack(world->aws), "ssm", &service, err) ||
        balm_service_operation(service, "PutParameter", &operation, err) ||
        balm_session_open(&switching->session, world->aws, &options, err) ||
        balm_call_new(&switching->call, switching->session, operation, params, NULL, arena,
                      &switching->problems, err)) {
        return err->code;
    }
    balm_call_send(switching->call, on_answer, switching);
    balm_loop_run(world->loop);
    return BALM_OK;
}

static int switch_parameter(struct balm_cli *cli, bool stop)
{
    struct switching switching = {.status = BALM_EXIT_OK, .problems = balm_null()};
    const char *name = balm_cli_option(cli, "parameter");
    const char *reason = stop ? balm_cli_option(cli, "reason") : NULL;
    struct balm_err err;

    if (reason && (!reason[0] || balm_stop_says_go(reason))) {
        balm_fail(&err, BALM_E_ARG,
                  "--reason \"%s\": a parameter that says this stops nothing; say why fixes stop",
                  reason);
        return balm_cli_fail(cli, &err);
    }
    if (balm_world_open(&switching.world, cli, 0, &err)) return balm_cli_fail(cli, &err);
    if (put_parameter(&switching, name, stop ? reason ? reason : REASON : GO, &err)) {
        switching.status = balm_cli_fail_all(cli, &err, switching.problems);
    } else if (switching.status == BALM_EXIT_OK) {
        say(cli, stop, name, !stop);
    }
    balm_call_release(switching.call);
    balm_session_release(switching.session);
    balm_world_close(&switching.world);
    return switching.status;
}

static int act(struct balm_cli *cli, bool stop)
{
    struct balm_err err;

    if (!balm_cli_has(cli, "parameter")) return switch_file(cli, stop);
    if (balm_cli_has(cli, "file")) {
        balm_fail(&err, BALM_E_ARG, "--file and --parameter exclude each other");
        return balm_cli_fail(cli, &err);
    }
    return switch_parameter(cli, stop);
}

static int stop(struct balm_cli *cli)
{
    return act(cli, true);
}

static int start(struct balm_cli *cli)
{
    return act(cli, false);
}

#define WHERE                                                                                      \
    {"file", "FILE", "this file, which balm.lua names as guards.kill_switch.file", false},         \
    {                                                                                              \
        "parameter", "NAME", "this parameter of SSM, which balm.lua names", false                  \
    }

static const struct balm_option stop_options[] = {
    {"reason", "TEXT", "why; shown with every fix that is skipped", false},
    WHERE,
    {NULL, NULL, NULL, false}};

static const struct balm_option start_options[] = {WHERE, {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_stop = {
    .name = "stop",
    .synopsis = "[--reason TEXT]",
    .summary = "no more fixes: throws the kill switch",
    .text =
        "From now on no fix begins, and those under way make no further write: they end as "
        "skipped,\nkill_switch, or failed where they have written already. Plans, undo and "
        "checks go on.\n\nWithout options the switch is a file of this user on this machine; "
        "BALM_STOP=1 in the\nenvironment does the same for one process. For several machines "
        "name a shared file or a\nparameter of SSM in balm.lua:\n\n    guards = { kill_switch = "
        "{ parameter = \"/balm/stop\" } }",
    .options = stop_options,
    .groups = BALM_OPTIONS_AWS,
    .run = stop,
};

const struct balm_command balm_cmd_start = {
    .name = "start",
    .synopsis = "",
    .summary = "lifts the kill switch",
    .text = "Undoes balm stop.",
    .options = start_options,
    .groups = BALM_OPTIONS_AWS,
    .run = start,
};
