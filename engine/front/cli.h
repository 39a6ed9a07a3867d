/*
 * cli: the command line, as data.
 *
 * A command is a table entry: its options are declared, parsed and shown by --help from the same
 * place. Long names, `--name VALUE` or `--name=VALUE`, in any order with the words; `--` ends the
 * options and `-` is a word. An option whose name is one letter is given as -o (models build's).
 */
#ifndef BALM_FRONT_CLI_H
#define BALM_FRONT_CLI_H

#include "core/buf.h"
#include "core/log.h"
#include "core/value.h"

/* DESIGN §4. Of several the first in the order USAGE, DENIED, FAILED, LEFT counts. */
enum balm_exit {
    BALM_EXIT_OK = 0,
    BALM_EXIT_FAILED = 1,
    BALM_EXIT_USAGE = 2,  /* wrong usage, or an event, script or configuration that is not valid */
    BALM_EXIT_DENIED = 3, /* every failure was one of authorisation */
    BALM_EXIT_LEFT = 4,   /* something was left undone */
    BALM_EXIT_CHANGES = 5 /* plan --exit-code: there is something to change */
};

struct balm_option {
    const char *name;     /* "region": given as --region */
    const char *argument; /* "REGION"; NULL: a switch, which takes none */
    const char *help;
    bool many; /* may be given several times; else twice is an error */
};

/* Options that several commands share. --help, --output and --log-level are everyone's. */
enum balm_option_group {
    BALM_OPTIONS_AWS = 1 << 0,     /* region profile endpoint-url fips dualstack models */
    BALM_OPTIONS_ROLE = 1 << 1,    /* role-arn external-id no-assume-role */
    BALM_OPTIONS_SCRIPTS = 1 << 2, /* remediations config */
    BALM_OPTIONS_MODELS = 1 << 3,  /* models alone; in BALM_OPTIONS_AWS too */
    BALM_OPTIONS_STORE = 1 << 4    /* store */
};

struct balm_cli;

struct balm_command {
    const char *name;                  /* "run" */
    const char *synopsis;              /* "[EVENT...]", or several lines of it */
    const char *summary;               /* one line, for `balm help` */
    const char *text;                  /* what --help says below the usage; paragraphs */
    const struct balm_option *options; /* its own; ends with an entry without a name; may be NULL */
    unsigned groups;                   /* set of enum balm_option_group */
    size_t words_min, words_max;
    int (*run)(struct balm_cli *cli); /* returns enum balm_exit */
};

/* Finds the command among commands (ends with NULL), parses, runs it; returns the exit status. */
int balm_cli_main(const struct balm_command *const *commands, int argc, char **argv);

/* ---- what was given ---- */

const char *balm_cli_option(const struct balm_cli *cli, const char *name); /* the last; or NULL */
bool balm_cli_has(const struct balm_cli *cli, const char *name);
size_t balm_cli_count(const struct balm_cli *cli, const char *name);
const char *balm_cli_nth(const struct balm_cli *cli, const char *name, size_t i);
size_t balm_cli_word_count(const struct balm_cli *cli);
const char *balm_cli_word(const struct balm_cli *cli, size_t i); /* NULL past the end */
/* A whole number of least to most, or fallback where the option is absent. */
enum balm_code balm_cli_number(const struct balm_cli *cli, const char *name, int64_t least,
                               int64_t most, int64_t *value, struct balm_err *err);
/* A time of least to most seconds, as 90s, 30m, 24h or 7d. */
enum balm_code balm_cli_duration(const struct balm_cli *cli, const char *name, int64_t least,
                                 int64_t most, int64_t *seconds, struct balm_err *err);
/* --output, else: text to a terminal, JSON to anything else. */
bool balm_cli_wants_json(const struct balm_cli *cli);
/* The option's value, else the environment variable's where it is set and not empty, else NULL. */
const char *balm_cli_or_env(const struct balm_cli *cli, const char *option, const char *variable);
/* BALM_NOW as microseconds; 0 where it is not set. For test, endpoint and call --dry-run. */
enum balm_code balm_cli_now(int64_t *micros, struct balm_err *err);

/* Lives as long as the command runs. */
struct balm_arena *balm_cli_arena(struct balm_cli *cli);
const struct balm_log *balm_cli_log(const struct balm_cli *cli);

/* ---- what is said ---- */

/* Writes all of it to standard output. BALM_E_IO when that is closed or full: said once. */
enum balm_code balm_cli_write(struct balm_cli *cli, const char *bytes, size_t len);
/* The same for a whole text, which is released; one that did not fit is said too, as `what`.
   Returns the exit status. */
int balm_cli_say(struct balm_cli *cli, struct balm_buf *text, const char *what);
/* One line of JSON; pretty on a terminal. style: BALM_JSON_SORTED, BALM_JSON_SECRETS, or 0. */
enum balm_code balm_cli_print(struct balm_cli *cli, struct balm_value value, unsigned style);
/* Says "balm: message" on standard error (a JSON object where that is not a terminal) and returns
   the exit status that fits err's code. */
int balm_cli_fail(const struct balm_cli *cli, const struct balm_err *err);
/* The same for a list of texts, one line each; BALM_EXIT_USAGE. */
int balm_cli_fail_all(const struct balm_cli *cli, const struct balm_err *err,
                      struct balm_value problems);
enum balm_exit balm_exit_of(const struct balm_err *err);

#endif
