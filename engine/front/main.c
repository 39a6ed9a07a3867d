/*
 * main: names the commands and hands over.
 */
#include "front/commands.h"

#include <signal.h>

static const struct balm_command *const commands[] = {
    &balm_cmd_run,  &balm_cmd_plan, &balm_cmd_explain, &balm_cmd_list,     &balm_cmd_show,
    &balm_cmd_test, &balm_cmd_iam,  &balm_cmd_call,    &balm_cmd_endpoint, &balm_cmd_models,
    NULL,
};

int main(int argc, char **argv)
{
    /* A reader that went away is an error of the write, not the end of Balm. */
    (void)signal(SIGPIPE, SIG_IGN);
    return balm_cli_main(commands, argc, argv);
}
