/*
 * balm doctor: can every associated remediation run?
 */
#include "remedy/doctor.h"

#include "aws/reference.h"
#include "core/json.h"
#include "front/commands.h"
#include "front/rig.h"

#include <string.h>
#include <unistd.h>

#define CONCURRENCY     16
#define CONCURRENCY_MAX 4096

struct visit {
    struct balm_cli *cli;
    struct balm_rig rig;
    struct balm_archive archive;
    struct balm_buf resources;
    struct balm_doctor_options options;
    struct balm_value checks;
    int exit;
};

static bool is_account(const char *text)
{
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* --account, else the ones that the configuration states; one that it does not state is refused. */
static enum balm_code find_accounts(struct visit *visit, struct balm_err *err)
{
    struct balm_cli *cli = visit->cli;
    struct balm_policy *policy = balm_policy_source_current(visit->rig.policies);
    struct balm_value *accounts = &visit->options.accounts;
    enum balm_code code = BALM_OK;

    *accounts = balm_list(balm_cli_arena(cli));
    for (size_t i = 0; !code && i < balm_cli_count(cli, "account"); i++) {
        const char *account = balm_cli_nth(cli, "account", i);
        if (!is_account(account)) {
            code = balm_fail(err, BALM_E_ARG, "--account: \"%.40s\" is not 12 digits", account);
        } else if (!balm_policy_has_account(policy, account)) {
            code =
                balm_fail(err, BALM_E_ARG, "--account: %s is not among the accounts that %s states",
                          account, balm_policy_path(policy));
        } else {
            balm_list_push(balm_cli_arena(cli), *accounts, balm_string(account));
        }
    }
    if (!code && balm_list_len(*accounts) == 0) {
        *accounts = balm_copy(balm_cli_arena(cli), balm_get(balm_policy_value(policy), "accounts"));
    }
    if (!code && balm_list_len(*accounts) == 0) {
        balm_log(balm_cli_log(cli), BALM_LOG_WARN,
                 "no accounts are looked at: name them with --account, or state them in balm.lua");
    }
    balm_policy_release(policy);
    return code;
}

static enum balm_code look(struct visit *visit, struct balm_err *err)
{
    struct balm_cli *cli = visit->cli;
    struct balm_world *world = &visit->rig.world;
    struct balm_doctor_options *options = &visit->options;
    int64_t concurrency = CONCURRENCY;

    if (balm_cli_number(cli, "concurrency", 1, CONCURRENCY_MAX, &concurrency, err) ||
        balm_world_region(world, &options->region, err) || find_accounts(visit, err) ||
        balm_world_models_path(cli, &options->models_path, err) ||
        balm_world_resources(cli, &visit->resources, err) ||
        balm_archive_open(&visit->archive, world, err)) {
        return err->code;
    }
    options->engine = &visit->rig.engine;
    options->store = visit->archive.store;
    options->seal = visit->archive.seal;
    options->resources = visit->resources.bytes;
    options->concurrency = (size_t)concurrency;
    return balm_doctor_look(options, balm_cli_arena(cli), &visit->checks, &visit->exit, err);
}

static int tell(struct visit *visit)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    bool as_json = balm_cli_wants_json(visit->cli);
    int status;

    for (size_t i = 0; as_json && i < balm_list_len(visit->checks); i++) {
        (void)balm_json_print(&text, *balm_list_at(visit->checks, i), BALM_JSON_COMPACT);
        (void)balm_buf_addc(&text, '\n');
    }
    if (!as_json) (void)balm_doctor_text(&text, visit->checks, isatty(STDOUT_FILENO) != 0);
    status = balm_cli_say(visit->cli, &text, "what was found");
    return status ? status : visit->exit;
}

/* The guards are opened without a store: what it says is asked for apart. */
static int doctor(struct balm_cli *cli)
{
    struct visit visit = {.cli = cli, .resources = BALM_BUF_INIT(BALM_REFERENCE_MAX)};
    const struct balm_rig_options options = {.records = false};
    struct balm_err err;
    int status = balm_rig_open(&visit.rig, cli, &options);

    if (status) return status;
    status = look(&visit, &err) ? balm_cli_fail(cli, &err) : tell(&visit);
    balm_archive_close(&visit.archive);
    balm_buf_free(&visit.resources);
    balm_rig_close(&visit.rig);
    return status;
}

static const struct balm_option options_of_doctor[] = {
    {"account", "ID", "look at this account; else at those that balm.lua states", true},
    {"concurrency", "N", "roles looked at at a time (16)", false},
    {"no-session-policy", NULL, "assume roles as run does with this option", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_doctor = {
    .name = "doctor",
    .synopsis = "[--account ID]...",
    .summary = "can every associated remediation run? scripts, roles, permissions, regions",
    .text =
        "Looks at the models, the credentials, the clock, the store and its key, and the kill\n"
        "switch; then, for each remediation that balm.lua associates (each loaded one where it\n"
        "associates none) and each account: does the script load, is the role assumed and of the\n"
        "right account, is the region enabled, may the guard `flapping` ask who changes a "
        "resource\n"
        "back, is each declared permission granted?\n\n"
        "The role needs ec2:DescribeRegions and iam:SimulatePrincipalPolicy for the last three; a\n"
        "check that may not be made is \"unknown\", which is no failure, as a role that only "
        "lacks\n"
        "what `flapping` asks is. Nothing is changed in AWS.\n\nExit status: 0 where nothing "
        "failed; 3 where all that failed is of authorisation; "
        "1 else.",
    .options = options_of_doctor,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .run = doctor,
};
