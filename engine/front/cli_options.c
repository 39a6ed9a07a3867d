/*
 * cli_options: the options that commands share, and the parser of all.
 */
#include "front/cli_internal.h"

#include "core/text.h"

#include <string.h>

static const struct balm_option everyone[] = {
    {"output", "json|text", "how to speak; text to a terminal, JSON to a pipe", false},
    {"log-level", "LEVEL", "debug, info, warn or error; what standard error is told", false},
    {"help", NULL, "say what the command does", false},
    {NULL, NULL, NULL, false}};

static const struct balm_option aws[] = {
    {"region", "REGION", "the region where a call, or the resource of --resource, names none",
     false},
    {"profile", "NAME", "the profile of the shared AWS files", false},
    {"endpoint-url", "URL", "send every request there instead of to AWS", false},
    {"fips", NULL, "use FIPS endpoints", false},
    {"dualstack", NULL, "use dual-stack endpoints", false},
    {NULL, NULL, NULL, false}};

static const struct balm_option models[] = {
    {"models", "FILE", "the pack of service models (BALM_MODELS)", false},
    {NULL, NULL, NULL, false}};

static const struct balm_option role[] = {
    {"role-arn", "TEMPLATE",
     "the role to assume; {account}, {partition} and {region} are filled in (BALM_ROLE_ARN)",
     false},
    {"external-id", "ID", "the external id that the role asks for", false},
    {"no-assume-role", NULL, "use the own credentials; the account is still checked", false},
    {NULL, NULL, NULL, false}};

static const struct balm_option scripts[] = {
    {"remediations", "DIR", "where remediations are (BALM_REMEDIATIONS, parted by :)", true},
    {"config", "FILE", "the configuration, instead of balm.lua (BALM_CONFIG)", false},
    {NULL, NULL, NULL, false}};

static const struct balm_option store[] = {
    {"store", "URL",
     "where runs are recorded: sqlite:PATH or dynamodb:TABLE (BALM_STORE; else balm/balm.db below "
     "XDG_STATE_HOME or ~/.local/state)",
     false},
    {NULL, NULL, NULL, false}};

static const struct {
    unsigned groups;
    const struct balm_option *options;
} shared[] = {
    {BALM_OPTIONS_SCRIPTS, scripts},
    {BALM_OPTIONS_STORE, store},
    {BALM_OPTIONS_ROLE, role},
    {BALM_OPTIONS_AWS, aws},
    {BALM_OPTIONS_AWS | BALM_OPTIONS_MODELS, models},
    {~0u, everyone},
};

static bool each(const struct balm_option *options,
                 bool (*visit)(void *owner, const struct balm_option *option), void *owner)
{
    for (; options && options->name; options++) {
        if (visit(owner, options)) return true;
    }
    return false;
}

bool balm_cli_each_option(const struct balm_command *command,
                          bool (*visit)(void *owner, const struct balm_option *option), void *owner)
{
    unsigned groups = command->groups | 1u << 31;

    if (each(command->options, visit, owner)) return true;
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        if (shared[i].groups & groups && each(shared[i].options, visit, owner)) return true;
    }
    return false;
}

struct search {
    const char *name;
    size_t len;
    const struct balm_option *found;
    const char *names[64];
    size_t count;
};

static bool match(void *owner, const struct balm_option *option)
{
    struct search *search = owner;

    if (search->count < sizeof search->names / sizeof *search->names) {
        search->names[search->count++] = option->name;
    }
    if (strlen(option->name) != search->len || memcmp(option->name, search->name, search->len)) {
        return false;
    }
    search->found = option;
    return true;
}

static const char *dashes(const char *name)
{
    return name[1] ? "--" : "-";
}

static enum balm_code unknown(const struct balm_cli *cli, const struct search *search,
                              struct balm_err *err)
{
    char name[64];
    size_t len = search->len < sizeof name ? search->len : sizeof name - 1;
    const char *nearest;

    memcpy(name, search->name, len);
    name[len] = '\0';
    nearest = balm_text_nearest(name, search->names, search->count);
    if (nearest) {
        return balm_fail(err, BALM_E_ARG, "balm %s has no option %s%s; did you mean %s%s?",
                         cli->command->name, dashes(name), name, dashes(nearest), nearest);
    }
    return balm_fail(err, BALM_E_ARG, "balm %s has no option %s%s; balm help %s lists them",
                     cli->command->name, dashes(name), name, cli->command->name);
}

/* Takes one option at argv[*at] and, where it needs one, its value behind it. */
static enum balm_code take_option(struct balm_cli *cli, char **argv, size_t count, size_t *at,
                                  struct balm_err *err)
{
    const char *text = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
    const char *equals = strchr(text, '=');
    struct search search = {.name = text, .len = equals ? (size_t)(equals - text) : strlen(text)};
    struct balm_cli_given *given = &cli->given[cli->given_count];

    if (!balm_cli_each_option(cli->command, match, &search)) return unknown(cli, &search, err);
    given->option = search.found;
    if (!search.found->argument) {
        if (equals) {
            return balm_fail(err, BALM_E_ARG, "--%s takes no value", search.found->name);
        }
    } else if (equals) {
        given->value = equals + 1;
    } else if (*at + 1 < count) {
        given->value = argv[++*at];
    } else {
        return balm_fail(err, BALM_E_ARG, "%s%s wants a value: %s", dashes(search.found->name),
                         search.found->name, search.found->argument);
    }
    if (!search.found->many && balm_cli_has(cli, search.found->name)) {
        return balm_fail(err, BALM_E_ARG, "%s%s is given twice", dashes(search.found->name),
                         search.found->name);
    }
    cli->given_count++;
    return BALM_OK;
}

static enum balm_code check_words(const struct balm_cli *cli, struct balm_err *err)
{
    if (balm_cli_has(cli, "help")) return BALM_OK;
    if (cli->word_count < cli->command->words_min) {
        return balm_fail(err, BALM_E_ARG, "balm %s wants more words; balm help %s tells which",
                         cli->command->name, cli->command->name);
    }
    if (cli->word_count > cli->command->words_max) {
        return balm_fail(err, BALM_E_ARG, "balm %s does not know what to do with \"%.80s\"",
                         cli->command->name, cli->words[cli->command->words_max]);
    }
    return BALM_OK;
}

enum balm_code balm_cli_parse(struct balm_cli *cli, char **argv, size_t count, struct balm_err *err)
{
    bool ended = false;

    cli->given = balm_arena_zalloc(&cli->arena, (count + 1) * sizeof *cli->given);
    cli->words = balm_arena_zalloc(&cli->arena, (count + 1) * sizeof *cli->words);
    if (balm_arena_status(&cli->arena, err)) return err->code;
    for (size_t i = 0; i < count; i++) {
        enum balm_code code = BALM_OK;
        if (ended || argv[i][0] != '-' || !argv[i][1]) {
            cli->words[cli->word_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (argv[i][1] != '-' && argv[i][2]) {
            return balm_fail(err, BALM_E_ARG, "%.40s: options have long names only, as --help",
                             argv[i]);
        } else {
            code = take_option(cli, argv, count, &i, err);
        }
        if (code) return code;
    }
    return check_words(cli, err);
}

const char *balm_cli_option(const struct balm_cli *cli, const char *name)
{
    size_t count = balm_cli_count(cli, name);

    return count ? balm_cli_nth(cli, name, count - 1) : NULL;
}

bool balm_cli_has(const struct balm_cli *cli, const char *name)
{
    return balm_cli_count(cli, name) > 0;
}

size_t balm_cli_count(const struct balm_cli *cli, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < cli->given_count; i++) {
        if (strcmp(cli->given[i].option->name, name) == 0) count++;
    }
    return count;
}

const char *balm_cli_nth(const struct balm_cli *cli, const char *name, size_t i)
{
    for (size_t k = 0; k < cli->given_count; k++) {
        if (strcmp(cli->given[k].option->name, name) == 0 && i-- == 0) return cli->given[k].value;
    }
    return NULL;
}

size_t balm_cli_word_count(const struct balm_cli *cli)
{
    return cli->word_count;
}

const char *balm_cli_word(const struct balm_cli *cli, size_t i)
{
    return i < cli->word_count ? cli->words[i] : NULL;
}
