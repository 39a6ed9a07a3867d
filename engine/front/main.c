/*
 * main: names the commands and hands over.
 */
#include "front/commands.h"
#include "front/process.h"

static const struct balm_command *const commands[] = {
    &balm_cmd_run,     &balm_cmd_plan,     &balm_cmd_apply,
    &balm_cmd_undo,    &balm_cmd_verify,   &balm_cmd_history,
    &balm_cmd_explain, &balm_cmd_doctor,   &balm_cmd_list,
    &balm_cmd_show,    &balm_cmd_test,     &balm_cmd_iam,
    &balm_cmd_call,    &balm_cmd_endpoint, &balm_cmd_models,
    &balm_cmd_stop,    &balm_cmd_start,    NULL,
};

int main(int argc, char **argv)
{
    if (!balm_process_prepare()) return BALM_EXIT_FAILED;
    return balm_cli_main(commands, argc, argv);
}
