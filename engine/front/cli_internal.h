/*
 * cli_internal: what the command line's files share; nobody else includes it.
 */
#ifndef BALM_FRONT_CLI_INTERNAL_H
#define BALM_FRONT_CLI_INTERNAL_H

#include "front/cli.h"

struct balm_cli_given {
    const struct balm_option *option;
    const char *value; /* NULL for a switch */
};

struct balm_cli {
    const struct balm_command *const *commands;
    const struct balm_command *command;
    struct balm_arena arena;
    struct balm_log log;
    struct balm_cli_given *given;
    size_t given_count;
    const char **words;
    size_t word_count;
    bool output_failed; /* something that was to be printed was not; it was told */
};

/* Calls visit for the command's options, its own first. Stops, and returns true, when visit does.
   */
bool balm_cli_each_option(const struct balm_command *command,
                          bool (*visit)(void *owner, const struct balm_option *option),
                          void *owner);

/* Fills given and words from argv (the words behind the command's name); keeps argv's texts. */
enum balm_code balm_cli_parse(struct balm_cli *cli, char **argv, size_t count,
                              struct balm_err *err);

/* What `balm help` and `balm COMMAND --help` say. */
void balm_cli_overview(struct balm_buf *buf, const struct balm_command *const *commands);
void balm_cli_help(struct balm_buf *buf, const struct balm_command *command);

#endif
