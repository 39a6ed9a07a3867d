#include "front/cli.h"

#include "aws/retry.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"
#include "core/version.h"
#include "front/cli_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)1 << 30)

struct balm_arena *balm_cli_arena(struct balm_cli *cli)
{
    return &cli->arena;
}

const struct balm_log *balm_cli_log(const struct balm_cli *cli)
{
    return &cli->log;
}

bool balm_cli_wants_json(const struct balm_cli *cli)
{
    const char *output = balm_cli_option(cli, "output");

    return output ? strcmp(output, "json") == 0 : !isatty(STDOUT_FILENO);
}

const char *balm_cli_or_env(const struct balm_cli *cli, const char *option, const char *variable)
{
    const char *value = balm_cli_option(cli, option);

    if (value) return value;
    value = getenv(variable);
    return value && value[0] ? value : NULL;
}

enum balm_code balm_cli_now(int64_t *micros, struct balm_err *err)
{
    const char *text = getenv("BALM_NOW");

    *micros = 0;
    if (!text || !text[0]) return BALM_OK;
    if (balm_time_parse(text, strlen(text), micros)) return BALM_OK;
    return balm_fail(err, BALM_E_ARG, "BALM_NOW: \"%.60s\" is neither ISO 8601 nor epoch seconds",
                     text);
}

enum balm_code balm_cli_number(const struct balm_cli *cli, const char *name, int64_t least,
                               int64_t most, int64_t *value, struct balm_err *err)
{
    const char *text = balm_cli_option(cli, name);
    char *end;
    long long number;

    if (!text) return BALM_OK;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < least || number > most) {
        return balm_fail(err, BALM_E_ARG,
                         "--%s: expected a whole number from %" PRId64 " to %" PRId64
                         ", not \"%.40s\"",
                         name, least, most, text);
    }
    *value = number;
    return BALM_OK;
}

enum balm_code balm_cli_duration(const struct balm_cli *cli, const char *name, int64_t least,
                                 int64_t most, int64_t *seconds, struct balm_err *err)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    const char *text = balm_cli_option(cli, name);
    char *end;
    long long number;

    if (!text) return BALM_OK;
    errno = 0;
    number = strtoll(text, &end, 10);
    for (size_t i = 0; !errno && end > text && i < sizeof units / sizeof *units; i++) {
        int64_t unit = units[i].seconds;
        if (*end != units[i].letter || end[1] || number > most / unit) continue;
        if (number * unit < least) break;
        *seconds = number * unit;
        return BALM_OK;
    }
    return balm_fail(err, BALM_E_ARG,
                     "--%s: expected a time of %" PRId64 " to %" PRId64
                     " seconds, as 90s, 30m, 24h or 7d, not \"%.40s\"",
                     name, least, most, text);
}

/* ---- what is said ---- */

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
            continue;
        }
        if (done < 0) return false;
        bytes += done;
        len -= (size_t)done;
    }
    return true;
}

enum balm_code balm_cli_write(struct balm_cli *cli, const char *bytes, size_t len)
{
    struct balm_err err;

    if (cli->output_failed) return BALM_E_IO;
    if (write_all(STDOUT_FILENO, bytes, len)) return BALM_OK;
    cli->output_failed = true;
    (void)balm_fail(&err, BALM_E_IO, "standard output: %s", strerror(errno));
    (void)balm_cli_fail(cli, &err);
    return BALM_E_IO;
}

int balm_cli_say(struct balm_cli *cli, struct balm_buf *text, const char *what)
{
    struct balm_err err;
    int status = BALM_EXIT_OK;

    if (balm_buf_status(text, what, &err)) {
        cli->output_failed = true;
        status = balm_cli_fail(cli, &err);
    } else if (balm_cli_write(cli, text->bytes, text->len)) {
        status = BALM_EXIT_FAILED;
    }
    balm_buf_free(text);
    return status;
}

enum balm_code balm_cli_print(struct balm_cli *cli, struct balm_value value, unsigned style)
{
    struct balm_buf text = BALM_BUF_INIT(OUTPUT_MAX);
    struct balm_err err;
    enum balm_code code;

    if (isatty(STDOUT_FILENO)) style |= BALM_JSON_PRETTY;
    (void)balm_json_print(&text, value, style);
    (void)balm_buf_addc(&text, '\n');
    code = balm_arena_status(&cli->arena, &err); /* else value may not be whole */
    if (!code) code = balm_buf_status(&text, "the output", &err);
    if (code) {
        cli->output_failed = true;
        (void)balm_cli_fail(cli, &err);
    } else {
        code = balm_cli_write(cli, text.bytes, text.len);
    }
    balm_buf_free(&text);
    return code;
}

enum balm_exit balm_exit_of(const struct balm_err *err)
{
    switch (err->code) {
    case BALM_OK:
        return BALM_EXIT_OK;
    case BALM_E_ARG:
    case BALM_E_INPUT:
    case BALM_E_SCRIPT:
    case BALM_E_IO: /* a file or folder that was named */
        return BALM_EXIT_USAGE;
    case BALM_E_AUTH:
        return BALM_EXIT_DENIED;
    default:
        return balm_err_is_authorisation(err) ? BALM_EXIT_DENIED : BALM_EXIT_FAILED;
    }
}

static void say(const struct balm_cli *cli, const char *message)
{
    struct balm_buf line = BALM_BUF_INIT(1 << 20);

    if (cli->log.json) {
        (void)balm_buf_adds(&line, "{\"error\":");
        (void)balm_json_quote(&line, message, strlen(message));
        (void)balm_buf_addc(&line, '}');
    } else {
        (void)balm_buf_adds(&line, "balm: ");
        (void)balm_text_visible(&line, message, strlen(message), ' ');
    }
    (void)balm_buf_addc(&line, '\n');
    (void)write_all(STDERR_FILENO, line.bytes, line.len);
    balm_buf_free(&line);
}

int balm_cli_fail(const struct balm_cli *cli, const struct balm_err *err)
{
    say(cli, err->message);
    return (int)balm_exit_of(err);
}

int balm_cli_fail_all(const struct balm_cli *cli, const struct balm_err *err,
                      struct balm_value problems)
{
    if (balm_list_len(problems) == 0) return balm_cli_fail(cli, err);
    for (size_t i = 0; i < balm_list_len(problems); i++) {
        struct balm_value problem = *balm_list_at(problems, i);
        say(cli, problem.type == BALM_STRING ? problem.as.text : err->message);
    }
    return BALM_EXIT_USAGE;
}

/* ---- from main to the command ---- */

static const struct balm_command *find(const struct balm_command *const *commands, const char *name)
{
    for (; *commands; commands++) {
        if (strcmp((*commands)->name, name) == 0) return *commands;
    }
    return NULL;
}

static int unknown_command(const struct balm_cli *cli, const char *name)
{
    const char *names[64];
    size_t count = 0;
    struct balm_err err;
    const char *nearest;

    while (cli->commands[count] && count < sizeof names / sizeof *names) {
        names[count] = cli->commands[count]->name;
        count++;
    }
    nearest = balm_text_nearest(name, names, count);
    if (nearest) {
        (void)balm_fail(&err, BALM_E_ARG, "there is no command \"%.60s\"; did you mean %s?", name,
                        nearest);
    } else {
        (void)balm_fail(&err, BALM_E_ARG, "there is no command \"%.60s\"; balm help lists them",
                        name);
    }
    return balm_cli_fail(cli, &err);
}

static int show_help(struct balm_cli *cli, const struct balm_command *command)
{
    struct balm_buf text = BALM_BUF_INIT(1 << 20);

    if (command) {
        balm_cli_help(&text, command);
    } else {
        balm_cli_overview(&text, cli->commands);
    }
    return balm_cli_say(cli, &text, "the help");
}

static enum balm_code set_log(struct balm_cli *cli, struct balm_err *err)
{
    const char *output = balm_cli_option(cli, "output");
    const char *level = balm_cli_option(cli, "log-level");

    if (output && strcmp(output, "json") != 0 && strcmp(output, "text") != 0) {
        return balm_fail(err, BALM_E_ARG, "--output: expected json or text, not \"%.40s\"", output);
    }
    if (!level) return BALM_OK;
    for (int i = BALM_LOG_DEBUG; i <= BALM_LOG_ERROR; i++) {
        cli->log.level = (enum balm_log_level)i;
        if (strcmp(level, balm_log_level_name(cli->log.level)) == 0) return BALM_OK;
    }
    return balm_fail(err, BALM_E_ARG,
                     "--log-level: expected debug, info, warn or error, not \"%.40s\"", level);
}

static int run_command(struct balm_cli *cli, char **argv, size_t count)
{
    struct balm_err err;
    enum balm_code code = balm_cli_parse(cli, argv, count, &err);

    if (!code) code = set_log(cli, &err);
    if (!code && balm_cli_has(cli, "help")) return show_help(cli, cli->command);
    if (code) return balm_cli_fail(cli, &err);
    return cli->command->run(cli);
}

static int dispatch(struct balm_cli *cli, int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";

    if (strcmp(name, "--version") == 0) {
        struct balm_buf text = BALM_BUF_INIT(64);
        (void)balm_buf_adds(&text, "balm " BALM_VERSION "\n");
        return balm_cli_say(cli, &text, "the version");
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0) {
        if (argc < 3) return show_help(cli, NULL);
        cli->command = find(cli->commands, argv[2]);
        return cli->command ? show_help(cli, cli->command) : unknown_command(cli, argv[2]);
    }
    cli->command = find(cli->commands, name);
    if (!cli->command) return unknown_command(cli, name);
    return run_command(cli, argv + 2, (size_t)(argc - 2));
}

int balm_cli_main(const struct balm_command *const *commands, int argc, char **argv)
{
    struct balm_cli cli = {
        .commands = commands,
        .arena = BALM_ARENA_INIT,
        .log = {STDERR_FILENO, BALM_LOG_INFO, !isatty(STDERR_FILENO)},
    };
    int status = dispatch(&cli, argc, argv);

    if (cli.output_failed && status == BALM_EXIT_OK) status = BALM_EXIT_FAILED;
    balm_arena_free(&cli.arena);
    return status;
}
