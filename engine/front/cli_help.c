/*
 * cli_help: help, written from the tables.
 */
#include "front/cli_internal.h"

#include "core/version.h"

#include <string.h>

#define HELP_COLUMN 26

void balm_cli_overview(struct balm_buf *buf, const struct balm_command *const *commands)
{
    (void)balm_buf_adds(buf, "Balm " BALM_VERSION
                             " fixes cloud resources that break a policy.\n\nUsage: balm "
                             "COMMAND [OPTION...] [WORD...]\n\n");
    for (; *commands; commands++) {
        (void)balm_buf_addf(buf, "  %-10s %s\n", (*commands)->name, (*commands)->summary);
    }
    (void)balm_buf_adds(
        buf,
        "\n`balm help COMMAND` tells more.\n\nExit status: 0 all well; 1 a run failed; 2 wrong "
        "usage, or an event, script or\nconfiguration that is not valid; 3 every failure was "
        "one of authorisation; 4 something\nwas left undone; 5 there is something to change "
        "(plan --exit-code, iam --diff).\n");
}

static bool add_option(void *owner, const struct balm_option *option)
{
    struct balm_buf *buf = owner;
    size_t start = buf->len, used;

    (void)balm_buf_addf(buf, "  %s%s%s%s", option->name[1] ? "--" : "-", option->name,
                        option->argument ? " " : "", option->argument ? option->argument : "");
    used = buf->len - start;
    if (used + 1 > HELP_COLUMN) {
        (void)balm_buf_addc(buf, '\n');
        used = 0;
    }
    (void)balm_buf_addf(buf, "%*s%s%s\n", (int)(HELP_COLUMN - used), "", option->help,
                        option->many ? " (repeatable)" : "");
    return false;
}

void balm_cli_help(struct balm_buf *buf, const struct balm_command *command)
{
    const char *line = command->synopsis;

    (void)balm_buf_addf(buf, "%s\n\n", command->summary);
    for (const char *head = "Usage:"; line; head = "      ") {
        size_t len = strcspn(line, "\n");
        (void)balm_buf_addf(buf, "%s balm %s%s%.*s\n", head, command->name, len ? " " : "",
                            (int)len, line);
        line = line[len] ? line + len + 1 : NULL;
    }
    if (command->text) (void)balm_buf_addf(buf, "\n%s\n", command->text);
    (void)balm_buf_adds(buf, "\nOptions:\n");
    (void)balm_cli_each_option(command, add_option, buf);
}
