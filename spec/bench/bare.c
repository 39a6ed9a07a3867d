/*
 * bare: balm run with the same engine, but no store, no guards beside the configuration's own, and
 * no session policy: what all of these cost is the difference.
 */
#include "front/act.h"
#include "front/commands.h"
#include "front/process.h"

static int run(struct balm_cli *cli)
{
    static const struct balm_rig_options options = {.watches = true, .ignores_config = true};
    struct balm_act act;
    struct balm_err err;
    int status = balm_act_open(&act, cli, &options);

    if (status) return status;
    act.rig.engine.no_session_policy = true;
    act.action = BALM_ACTION_FIX;
    if (balm_act_events(&act, false, &err)) balm_act_fail(&act, &err);
    return balm_act_close(&act);
}

int main(int argc, char **argv)
{
    struct balm_command bare = balm_cmd_run;
    const struct balm_command *const commands[] = {&bare, NULL};

    bare.run = run;
    if (!balm_process_prepare()) return BALM_EXIT_FAILED;
    return balm_cli_main(commands, argc, argv);
}
