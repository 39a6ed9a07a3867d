/*
 * balm iam: the role that the loaded remediations need in a target account.
 */
#include "front/commands.h"
#include "front/scripts.h"
#include "remedy/iam.h"

#include <string.h>

static enum balm_code read_format(struct balm_cli *cli, enum balm_iam_format *format,
                                  struct balm_err *err)
{
    static const struct {
        const char *name;
        enum balm_iam_format format;
    } formats[] = {{"cloudformation", BALM_IAM_CLOUDFORMATION},
                   {"terraform", BALM_IAM_TERRAFORM},
                   {"json", BALM_IAM_JSON}};
    const char *name = balm_cli_option(cli, "format");

    *format = BALM_IAM_CLOUDFORMATION;
    if (!name) return BALM_OK;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        *format = formats[i].format;
        if (strcmp(name, formats[i].name) == 0) return BALM_OK;
    }
    return balm_fail(err, BALM_E_ARG,
                     "--format must be cloudformation, terraform or json, not \"%.40s\"", name);
}

static void warn_of_undeclared(struct balm_cli *cli, struct balm_value undeclared)
{
    for (size_t i = 0; i < balm_list_len(undeclared); i++) {
        balm_log(balm_cli_log(cli), BALM_LOG_WARN,
                 "%s declares no permissions: what it needs is not in this role",
                 balm_list_at(undeclared, i)->as.text);
    }
}

static int print_role(struct balm_cli *cli, const struct balm_scripts *scripts)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_iam_role role = {.name = balm_cli_option(cli, "role-name"),
                                 .trust = balm_cli_option(cli, "trust"),
                                 .external_id = balm_cli_option(cli, "external-id")};
    struct balm_value undeclared;
    enum balm_iam_format format;
    struct balm_err err;
    enum balm_code code = read_format(cli, &format, &err);

    if (!code) {
        code = balm_iam_union(scripts->versions, scripts->count, balm_cli_arena(cli),
                              &role.permissions, &undeclared, &err);
    }
    if (!code) code = balm_iam_write(&text, format, &role, &err);
    if (code) {
        balm_buf_free(&text);
        return balm_cli_fail(cli, &err);
    }
    warn_of_undeclared(cli, undeclared);
    return balm_cli_say(cli, &text, "the role");
}

/* A role without what a broken script needs would pass for whole: then there is none. */
static int run(struct balm_cli *cli)
{
    struct balm_scripts scripts;
    struct balm_err err;
    int status;

    if (balm_scripts_open(&scripts, cli, &err) || balm_scripts_load(&scripts, cli, &err)) {
        status = balm_cli_fail(cli, &err);
    } else {
        status = balm_scripts_say(cli, scripts.faults);
        if (!status) status = print_role(cli, &scripts);
    }
    balm_scripts_close(&scripts);
    return status;
}

static const struct balm_option options[] = {
    {"format", "FORMAT", "cloudformation (the default), terraform or json", false},
    {"trust", "PRINCIPAL", "who may assume it: Balm's account, or the ARN of Balm's role", false},
    {"external-id", "ID", "what Balm must tell when it assumes the role", false},
    {"role-name", "NAME", "the role's name; BalmRemediationRole if not given", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_iam = {
    .name = "iam",
    .synopsis = "",
    .summary = "the role that the loaded remediations need in a target account",
    .text = "Holds what the scripts declare as `permissions`, and nothing else. A template has\n"
            "parameters for what is not given here.",
    .options = options,
    .groups = BALM_OPTIONS_SCRIPTS,
    .run = run,
};
