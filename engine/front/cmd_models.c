/*
 * balm models: makes the pack of service models, and shows what is in it.
 */
#include "aws/model.h"
#include "aws/model_build.h"
#include "core/clock.h"
#include "front/commands.h"
#include "front/models_show.h"
#include "front/world.h"

#include <string.h>

/* ---- build ---- */

/* The folders named as words, then those of --overlay, which lie over them. */
static enum balm_code collect_dirs(struct balm_cli *cli, struct balm_build_options *options,
                                   struct balm_err *err)
{
    size_t words = balm_cli_word_count(cli) - 1;
    size_t overlays = balm_cli_count(cli, "overlay");
    const char **dirs = balm_arena_alloc(balm_cli_arena(cli), (words + overlays) * sizeof *dirs);
    size_t i;

    if (!dirs) return balm_nomem(err);
    for (i = 0; i < words; i++) {
        dirs[i] = balm_cli_word(cli, i + 1);
    }
    for (i = 0; i < overlays; i++) {
        dirs[words + i] = balm_cli_nth(cli, "overlay", i);
    }
    options->dirs = dirs;
    options->dir_count = words + overlays;
    return BALM_OK;
}

static int build(struct balm_cli *cli)
{
    struct balm_build_options options = {.log = balm_cli_log(cli)};
    struct balm_build_report report;
    struct balm_value shown;
    struct balm_err err;
    int64_t start = balm_clock_mono();
    enum balm_code code;

    options.out_path = balm_cli_option(cli, "o");
    options.actions_path = balm_cli_option(cli, "actions");
    if (!options.actions_path) options.actions_path = balm_world_table(cli, "actions.tsv");
    options.dependents_path = balm_world_table(cli, "dependents.tsv");
    code = collect_dirs(cli, &options, &err);
    if (!code && options.dir_count == 0) {
        code = balm_fail(&err, BALM_E_ARG, "models build: name the folder of the descriptions");
    }
    if (!code && !options.out_path) {
        code = balm_fail(&err, BALM_E_ARG, "models build: name the pack to write with -o FILE");
    }
    if (!code && !options.actions_path) {
        balm_log(options.log, BALM_LOG_WARN,
                 "no actions.tsv is there, so every operation counts as a write");
    }
    if (!code && !options.dependents_path) {
        balm_log(options.log, BALM_LOG_WARN,
                 "no dependents.tsv is there, so no action is known to need another");
    }
    if (!code) code = balm_model_build(&options, &report, &err);
    if (code) return balm_cli_fail(cli, &err);
    shown = balm_map(balm_cli_arena(cli));
    balm_map_set(balm_cli_arena(cli), shown, "pack", balm_string(options.out_path));
    balm_map_set(balm_cli_arena(cli), shown, "services", balm_int((int64_t)report.services));
    balm_map_set(balm_cli_arena(cli), shown, "operations", balm_int((int64_t)report.operations));
    balm_map_set(balm_cli_arena(cli), shown, "bytes", balm_int((int64_t)report.bytes));
    balm_map_set(balm_cli_arena(cli), shown, "ms", balm_int((balm_clock_mono() - start) / 1000000));
    return balm_cli_print(cli, shown, 0) ? BALM_EXIT_FAILED : BALM_EXIT_OK;
}

/* ---- list ---- */

static enum balm_code list_one(struct balm_cli *cli, const struct balm_service *service,
                               struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    const char *refusal = balm_service_refusal(service);
    struct balm_value shown;
    char *line;

    if (!balm_cli_wants_json(cli)) {
        line = balm_arena_printf(arena, "%-36s %-11s %5zu operations%s%s\n",
                                 balm_service_name(service), balm_service_api_version(service),
                                 balm_service_operation_count(service),
                                 refusal ? "; cannot be called: " : "", refusal ? refusal : "");
        if (!line) return balm_arena_status(arena, err);
        return balm_cli_write(cli, line, strlen(line));
    }
    shown = balm_map(arena);
    balm_map_set(arena, shown, "service", balm_string(balm_service_name(service)));
    balm_map_set(arena, shown, "id", balm_string(balm_service_id(service)));
    balm_map_set(arena, shown, "apiVersion", balm_string(balm_service_api_version(service)));
    balm_map_set(arena, shown, "operations",
                 balm_int((int64_t)balm_service_operation_count(service)));
    if (refusal) balm_map_set(arena, shown, "refusal", balm_string(refusal));
    return balm_cli_print(cli, shown, 0);
}

static enum balm_code list(struct balm_cli *cli, struct balm_pack *pack, struct balm_err *err)
{
    size_t count = balm_pack_service_count(pack);
    size_t i;

    if (balm_cli_word(cli, 1)) {
        return balm_fail(err, BALM_E_ARG, "models list: does not know what to do with \"%.80s\"",
                         balm_cli_word(cli, 1));
    }
    for (i = 0; i < count; i++) {
        const struct balm_service *service;
        enum balm_code code =
            balm_pack_service(pack, balm_pack_service_name(pack, i), &service, err);
        if (!code) code = list_one(cli, service, err);
        if (code) return code;
    }
    return BALM_OK;
}

/* ---- show ---- */

static enum balm_code show_text(struct balm_cli *cli, const struct balm_service *service,
                                const struct balm_operation *operation, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code = operation ? balm_models_operation_text(&text, operation)
                                    : balm_models_service_text(&text, service);

    code = code ? balm_nomem(err) : balm_cli_write(cli, text.bytes, text.len);
    balm_buf_free(&text);
    return code;
}

static enum balm_code show(struct balm_cli *cli, struct balm_pack *pack, struct balm_err *err)
{
    const char *service_name = balm_cli_word(cli, 1);
    const char *operation_name = balm_cli_word(cli, 2);
    const struct balm_service *service;
    const struct balm_operation *operation = NULL;
    enum balm_code code;

    if (!service_name || balm_cli_word(cli, 3)) {
        return balm_fail(err, BALM_E_ARG, "models show: expected SERVICE, or SERVICE OPERATION");
    }
    code = balm_pack_service(pack, service_name, &service, err);
    if (!code && operation_name) {
        code = balm_service_operation(service, operation_name, &operation, err);
    }
    if (code) return code;
    if (!balm_cli_wants_json(cli)) return show_text(cli, service, operation, err);
    return balm_cli_print(cli, balm_models_value(balm_cli_arena(cli), service, operation), 0);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    enum balm_code (*run)(struct balm_cli *cli, struct balm_pack *pack, struct balm_err *err);
} verbs[] = {{"list", list}, {"show", show}};

static int run_verb(struct balm_cli *cli, size_t verb)
{
    struct balm_pack *pack = NULL;
    const char *path;
    struct balm_err err = {0};
    enum balm_code code = balm_world_models_path(cli, &path, &err);

    if (!code) code = balm_pack_open(&pack, path, &err);
    if (!code) code = verbs[verb].run(cli, pack, &err);
    balm_pack_release(pack);
    if (!code) return BALM_EXIT_OK;
    /* What standard output could not take was said when it could not. */
    return err.code ? balm_cli_fail(cli, &err) : BALM_EXIT_FAILED;
}

static int run(struct balm_cli *cli)
{
    const char *verb = balm_cli_word(cli, 0);
    struct balm_err err;
    size_t i;

    if (strcmp(verb, "build") == 0) return build(cli);
    for (i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verb, verbs[i].name) == 0) return run_verb(cli, i);
    }
    balm_fail(&err, BALM_E_ARG, "models: expected build, list or show, not \"%.40s\"", verb);
    return balm_cli_fail(cli, &err);
}

static const struct balm_option options[] = {
    {"o", "FILE", "build: the pack to write; it is replaced in one step", false},
    {"overlay", "DIR", "build: descriptions that lie over the others", true},
    {"actions", "FILE", "build: the table of access levels and IAM actions", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_models = {
    .name = "models",
    .synopsis = "build DIR... -o FILE\nlist\nshow SERVICE [OPERATION]",
    .summary = "the service models: make the pack, see what is in it",
    .text = "build compiles API descriptions in botocore's layout\n"
            "(SERVICE/VERSION/service-2.json, plain or .gz) into one file; of each service the "
            "newest\nversion. list names the services, show the operations of one, or what an "
            "operation takes\nand gives.",
    .options = options,
    .groups = BALM_OPTIONS_MODELS,
    .words_min = 1,
    .words_max = 64,
    .run = run,
};
