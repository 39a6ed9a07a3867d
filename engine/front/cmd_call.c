/*
 * balm call: one API call from the shell, with the caller's own credentials.
 */
#include "core/file.h"
#include "core/json.h"
#include "front/commands.h"
#include "front/world.h"

#include <string.h>

#define PARAMS_MAX ((size_t)64 << 20)

struct caller {
    struct balm_world world;
    struct balm_session *session;
    struct balm_call *call;
    struct balm_value problems;
    int status;
};

static enum balm_code read_params(struct balm_cli *cli, struct balm_value *out,
                                  struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(PARAMS_MAX);
    const char *word = balm_cli_word(cli, 2);
    enum balm_code code = BALM_OK;

    *out = balm_map(balm_cli_arena(cli));
    if (!word) return BALM_OK;
    if (strcmp(word, "-") == 0 || word[0] == '@') {
        code = balm_file_read(&text, word[0] == '@' ? word + 1 : word, err);
    } else {
        code = balm_buf_adds(&text, word);
        if (code) code = balm_buf_status(&text, "PARAMS", err);
    }
    if (!code) code = balm_json_parse(balm_cli_arena(cli), text.bytes, text.len, out, err);
    if (code) {
        (void)balm_err_prefix(err, "PARAMS");
    } else if (out->type != BALM_MAP) {
        code = balm_fail(err, BALM_E_ARG, "PARAMS: expected a JSON object, got %s",
                         balm_type_name(out->type));
    }
    balm_buf_wipe(&text);
    return code;
}

static enum balm_code open_session(struct caller *caller, struct balm_err *err)
{
    struct balm_cli *cli = caller->world.cli;
    struct balm_session_options options = {
        .role_arn = balm_cli_option(cli, "role-arn"),
        .external_id = balm_cli_option(cli, "external-id"),
        .session_name = "balm-call",
    };
    enum balm_code code = balm_world_region(&caller->world, &options.region, err);

    if (code) return code;
    if (options.role_arn && strchr(options.role_arn, '{')) {
        return balm_fail(err, BALM_E_ARG,
                         "--role-arn: balm call has no event to fill \"%.80s\" from; give the "
                         "role's whole ARN",
                         options.role_arn);
    }
    return balm_session_open(&caller->session, caller->world.aws, &options, err);
}

static enum balm_code make_call(struct caller *caller, struct balm_err *err)
{
    static const struct balm_call_options from_json = {.blobs_are_base64 = true};
    struct balm_cli *cli = caller->world.cli;
    const struct balm_service *service;
    const struct balm_operation *operation;
    struct balm_value params;
    enum balm_code code = read_params(cli, &params, err);

    if (!code) {
        code = balm_pack_service(balm_aws_pack(caller->world.aws), balm_cli_word(cli, 0), &service,
                                 err);
    }
    if (!code) code = balm_service_operation(service, balm_cli_word(cli, 1), &operation, err);
    if (!code) code = open_session(caller, err);
    if (code) return code;
    code = balm_call_new(&caller->call, caller->session, operation, params, &from_json,
                         balm_cli_arena(cli), &caller->problems, err);
    if (code) return code;
    struct balm_value warnings = balm_call_warnings(caller->call);
    for (size_t i = 0; i < balm_list_len(warnings); i++) {
        balm_log(balm_cli_log(cli), BALM_LOG_WARN, "%s", balm_list_at(warnings, i)->as.text);
    }
    return BALM_OK;
}

static void on_signed(void *owner, const struct balm_request *request, const struct balm_err *why)
{
    struct caller *caller = owner;
    struct balm_cli *cli = caller->world.cli;
    struct balm_value shown;
    struct balm_err err;

    if (!request) {
        caller->status = balm_cli_fail(cli, why);
    } else if (balm_request_value(request, balm_cli_arena(cli), &shown, &err)) {
        caller->status = balm_cli_fail(cli, &err);
    } else {
        (void)balm_cli_print(cli, shown, 0);
    }
    balm_loop_stop(caller->world.loop);
}

/* What was malformed came from the service, and nobody here has used anything wrongly. */
static int fail_call(struct balm_cli *cli, const struct balm_err *err)
{
    int status = balm_cli_fail(cli, err);
    return err->code == BALM_E_INPUT ? BALM_EXIT_FAILED : status;
}

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct caller *caller = owner;
    struct balm_cli *cli = caller->world.cli;

    if (!result->err.code) {
        (void)balm_cli_print(cli, result->answer, BALM_JSON_SECRETS);
    } else if (result->err.code == BALM_E_AWS && !balm_is_null(result->detail)) {
        (void)balm_cli_print(cli, result->detail, BALM_JSON_SECRETS);
        caller->status = BALM_EXIT_FAILED;
    } else {
        caller->status = fail_call(cli, &result->err);
    }
    balm_loop_stop(caller->world.loop);
}

static int run(struct balm_cli *cli)
{
    struct caller caller = {.status = BALM_EXIT_OK, .problems = balm_null()};
    bool dry_run = balm_cli_has(cli, "dry-run");
    int64_t now = 0;
    struct balm_err err;
    enum balm_code code = dry_run ? balm_cli_now(&now, &err) : BALM_OK;

    if (!code) code = balm_world_open(&caller.world, cli, now, &err);
    if (code) return balm_cli_fail(cli, &err);
    code = make_call(&caller, &err);
    if (code) {
        caller.status = balm_cli_fail_all(cli, &err, caller.problems);
    } else if (dry_run) {
        balm_call_sign_only(caller.call, on_signed, &caller);
        balm_loop_run(caller.world.loop);
    } else {
        balm_call_send(caller.call, on_answer, &caller);
        balm_loop_run(caller.world.loop);
    }
    balm_call_release(caller.call);
    balm_session_release(caller.session);
    balm_world_close(&caller.world);
    return caller.status;
}

static const struct balm_option options[] = {
    {"dry-run", NULL, "send nothing; print the signed request (BALM_NOW fixes its time)", false},
    {"role-arn", "ARN", "assume this role first", false},
    {"external-id", "ID", "the external id that the role asks for", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_call = {
    .name = "call",
    .synopsis = "SERVICE OPERATION [PARAMS|@FILE|-]",
    .summary = "one API call, from the shell",
    .text = "Calls any operation of any service in the models, by its API name or its snake_case "
            "name,\nwith your own credentials. It knows no guards, records nothing and undoes "
            "nothing.\n\nPARAMS is a JSON object with the API's member names: blobs as base64, "
            "times as ISO 8601\nor epoch seconds. The answer is printed as JSON in the same way. "
            "`balm models show SERVICE\nOPERATION` tells what an operation takes.",
    .options = options,
    .groups = BALM_OPTIONS_AWS,
    .words_min = 2,
    .words_max = 3,
    .run = run,
};
