/*
 * balm iam: the role that the loaded remediations need in a target account.
 */
#include "aws/reference.h"
#include "core/file.h"
#include "core/json.h"
#include "front/commands.h"
#include "front/scripts.h"
#include "front/world.h"
#include "remedy/iam.h"
#include "remedy/iam_diff.h"
#include "remedy/permissions.h"

#include <string.h>

#define ROLE_MAX ((size_t)16 << 20) /* of the file to compare with */

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

static enum balm_code remark_on(struct balm_cli *cli, const struct balm_version *version,
                                const char *dependents, struct balm_err *err)
{
    struct balm_value declared = balm_get(balm_version_declaration(version), "permissions");
    struct balm_value lacking = balm_permissions_lacking(declared, dependents, balm_cli_arena(cli));
    struct balm_buf remark = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code = balm_arena_status(balm_cli_arena(cli), err);

    for (size_t i = 0; !code && i < balm_map_len(lacking); i++) {
        balm_buf_clear(&remark);
        if (balm_permissions_remark(&remark, balm_map_at(lacking, i))) {
            code = balm_nomem(err);
        } else {
            balm_log(balm_cli_log(cli), BALM_LOG_INFO, "%s: %s, which it does not declare",
                     balm_version_id(version), remark.bytes);
        }
    }
    balm_buf_free(&remark);
    return code;
}

/* What a call may need at times, a reader of the role must judge: it is told, and not added. */
static enum balm_code remark_on_all(struct balm_cli *cli, const struct balm_scripts *scripts,
                                    struct balm_err *err)
{
    struct balm_buf dependents = BALM_BUF_INIT(BALM_REFERENCE_MAX);
    enum balm_code code = balm_world_dependents(cli, &dependents, err);

    for (size_t i = 0; !code && i < scripts->count; i++) {
        code = remark_on(cli, scripts->versions[i], dependents.bytes, err);
    }
    balm_buf_free(&dependents);
    return code;
}

static enum balm_code write_role(struct balm_cli *cli, const struct balm_iam_needs *needs,
                                 struct balm_buf *text, struct balm_err *err)
{
    struct balm_buf resources = BALM_BUF_INIT(BALM_REFERENCE_MAX);
    struct balm_iam_role role = {.name = balm_cli_option(cli, "role-name"),
                                 .trust = balm_cli_option(cli, "trust"),
                                 .external_id = balm_cli_option(cli, "external-id"),
                                 .boundary = balm_cli_option(cli, "boundary"),
                                 .partition = balm_cli_option(cli, "partition"),
                                 .policies = balm_list(balm_cli_arena(cli))};
    enum balm_iam_format format;
    enum balm_code code = read_format(cli, &format, err);

    if (!code && role.partition && format != BALM_IAM_JSON) {
        code = balm_fail(err, BALM_E_ARG,
                         "--partition belongs to --format json: a template is of the partition "
                         "that it is used in");
    }
    if (!code) code = balm_world_resources(cli, &resources, err);
    if (!code) {
        code = balm_iam_policies(needs, resources.bytes, balm_cli_arena(cli), &role.policies, err);
    }
    if (!code) code = balm_iam_write(text, format, &role, err);
    balm_buf_free(&resources);
    return code;
}

static int print_role(struct balm_cli *cli, const struct balm_iam_needs *needs,
                      const struct balm_scripts *scripts)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_err err;
    int status;

    if (write_role(cli, needs, &text, &err)) {
        balm_buf_free(&text);
        return balm_cli_fail(cli, &err);
    }
    warn_of_undeclared(cli, needs->undeclared);
    status = balm_cli_say(cli, &text, "the role");
    /* Last, so that they stand where they are seen. */
    if (!status && remark_on_all(cli, scripts, &err)) status = balm_cli_fail(cli, &err);
    return status;
}

static enum balm_code read_role(struct balm_cli *cli, const char *path, struct balm_value *allowed,
                                struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(ROLE_MAX);
    struct balm_value role;
    enum balm_code code = balm_file_read(&text, path, err);

    if (!code) {
        code = balm_json_parse(balm_cli_arena(cli), text.bytes, text.len, &role, err);
        if (!code) code = balm_iam_allowed(role, balm_cli_arena(cli), allowed, err);
        if (code) balm_err_prefix(err, "--diff %s", path);
    }
    balm_buf_free(&text);
    return code;
}

static int print_diff(struct balm_cli *cli, const struct balm_iam_needs *needs)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value allowed, diff;
    struct balm_err err;
    bool differs;
    int status;

    if (read_role(cli, balm_cli_option(cli, "diff"), &allowed, &err)) {
        return balm_cli_fail(cli, &err);
    }
    diff = balm_iam_diff(allowed, needs, balm_cli_arena(cli));
    differs = balm_list_len(balm_get(diff, "added")) + balm_list_len(balm_get(diff, "removed")) > 0;
    if (balm_cli_wants_json(cli)) {
        status = balm_cli_print(cli, diff, BALM_JSON_COMPACT) ? BALM_EXIT_FAILED : BALM_EXIT_OK;
    } else {
        balm_iam_diff_text(&text, diff);
        status = balm_cli_say(cli, &text, "the difference");
    }
    return status == BALM_EXIT_OK && differs ? BALM_EXIT_CHANGES : status;
}

static int print(struct balm_cli *cli, const struct balm_scripts *scripts)
{
    struct balm_iam_needs needs;
    struct balm_err err;

    if (balm_iam_needs(scripts->versions, scripts->count, balm_cli_arena(cli), &needs, &err)) {
        return balm_cli_fail(cli, &err);
    }
    if (balm_list_len(needs.actions) == 0) {
        balm_fail(&err, BALM_E_ARG, "no remediation declares a permission");
        return balm_cli_fail(cli, &err);
    }
    return balm_cli_has(cli, "diff") ? print_diff(cli, &needs) : print_role(cli, &needs, scripts);
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
        if (!status) status = print(cli, &scripts);
    }
    balm_scripts_close(&scripts);
    return status;
}

static const struct balm_option options[] = {
    {"format", "FORMAT", "cloudformation (the default), terraform or json", false},
    {"trust", "PRINCIPAL", "who may assume it: Balm's account, or the ARN of Balm's role", false},
    {"external-id", "ID", "what Balm must tell when it assumes the role", false},
    {"role-name", "NAME", "the role's name; BalmRemediationRole if not given", false},
    {"boundary", "ARN", "the managed policy that bounds what the role may do", false},
    {"partition", "NAME", "of the ARNs in json; aws if not given", false},
    {"diff", "FILE", "what the scripts add to this earlier role, and take from it", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_iam = {
    .name = "iam",
    .synopsis = "",
    .summary = "the role that the loaded remediations need in a target account",
    .text =
        "Holds what the scripts declare as `permissions`: over TLS, on the kinds of resources\n"
        "that the actions act on, with service-linked roles of the scripts' own services alone.\n"
        "The last statement, BalmItself, is of what Balm itself asks: cloudtrail:LookupEvents,\n"
        "for the guard `flapping` to name who changes a resource back, and tag:GetResources,\n"
        "for where the configuration says tags = \"ask\". There is nothing else. A template has\n"
        "parameters for what is not given here. What is too much for a role's inline policy\n"
        "becomes several managed ones. What AWS may need beside an action, by what a call asks\n"
        "for, is remarked on, and not added.\n"
        "\n"
        "--diff compares the actions with a role that --format json or cloudformation made, and\n"
        "exits with 5 where they differ.",
    .options = options,
    .groups = BALM_OPTIONS_SCRIPTS,
    .run = run,
};
