/*
 * balm run: events in, fixes made, results out.
 */
#include "front/act.h"
#include "front/by_hand.h"
#include "front/commands.h"

static int run(struct balm_cli *cli)
{
    struct balm_rig_options options_of_rig = {.watches = balm_act_reads_a_stream(cli),
                                              .records = true};
    struct balm_act act;
    struct balm_err err;
    bool by_hand;
    int status;

    if (balm_by_hand_asked(cli, &by_hand, &err)) return balm_cli_fail(cli, &err);
    status = balm_act_open(&act, cli, &options_of_rig);
    if (status) return status;
    act.action = BALM_ACTION_FIX;
    if (balm_act_record(&act, &err) || balm_act_events(&act, by_hand, &err)) {
        balm_act_fail(&act, &err);
    }
    return balm_act_close(&act);
}

static const struct balm_option options[] = {BALM_OPTIONS_BY_HAND,
                                             BALM_OPTIONS_ACT,
                                             BALM_OPTION_ALLOW_DESTRUCTIVE,
                                             BALM_OPTION_RECORD,
                                             {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_run = {
    .name = "run",
    .synopsis = "[EVENT...]\n--remediation ID --resource FILE|JSON [--param NAME=VALUE]...",
    .summary = "fix: each EVENT is a file or -, and holds one or many JSON events",
    .text = "Reads events as they come, runs the associated remediations in the accounts that own\n"
            "the resources, and prints one result for each as it ends. A script or configuration\n"
            "that changes meanwhile is used by the next event.",
    .options = options,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .words_max = 10000,
    .run = run,
};
