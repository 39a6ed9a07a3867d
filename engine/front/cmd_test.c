/*
 * balm test: plays specs through the real engine, offline.
 */
#include "core/file.h"
#include "core/json.h"
#include "front/commands.h"
#include "front/rig.h"
#include "remedy/result.h"
#include "remedy/spec.h"

#include <string.h>

#define SPECS "spec/remediations"

struct testing {
    struct balm_cli *cli;
    struct balm_rig rig;
    struct balm_buf line;
    size_t passed, failed, invalid;
};

static void told(void *owner, const struct balm_spec_outcome *outcome)
{
    struct testing *testing = owner;
    size_t problems = balm_list_len(outcome->problems);
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value said = balm_map(&arena);

    if (problems > 0) {
        testing->failed++;
    } else {
        testing->passed++;
    }
    if (balm_cli_wants_json(testing->cli)) {
        balm_map_set(&arena, said, "spec", balm_string(outcome->spec->path));
        balm_map_set(&arena, said, "remediation", balm_string(outcome->spec->remediation));
        balm_map_set(&arena, said, "case", balm_string(outcome->played->name));
        balm_map_set(&arena, said, "passed", balm_bool(problems == 0));
        balm_map_set(&arena, said, "problems", outcome->problems);
        (void)balm_cli_print(testing->cli, said, BALM_JSON_COMPACT);
    } else {
        balm_buf_clear(&testing->line);
        balm_buf_addf(&testing->line, "%s  %s: %s\n", problems > 0 ? "FAIL" : "ok  ",
                      outcome->spec->remediation, outcome->played->name);
        for (size_t i = 0; i < problems; i++) {
            balm_buf_addf(&testing->line, "        %s\n",
                          balm_list_at(outcome->problems, i)->as.text);
        }
        (void)balm_cli_write(testing->cli, testing->line.bytes, testing->line.len);
    }
    balm_arena_free(&arena);
}

static void test_file(struct testing *testing, const char *path)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value faults;
    struct balm_spec spec;
    struct balm_err err;

    if (balm_spec_load(&spec, path, balm_aws_pack(testing->rig.world.aws), &arena, &faults, &err)) {
        testing->invalid++;
        for (size_t i = 0; i < balm_list_len(faults); i++) {
            struct balm_err fault;
            balm_fail(&fault, BALM_E_INPUT, "%s: %s", path, balm_list_at(faults, i)->as.text);
            (void)balm_cli_fail(testing->cli, &fault);
        }
        if (balm_list_len(faults) == 0) (void)balm_cli_fail(testing->cli, &err);
    } else if (balm_spec_play(&spec, &testing->rig.engine, told, testing, &err)) {
        testing->invalid++;
        (void)balm_cli_fail(testing->cli, &err);
    }
    balm_arena_free(&arena);
}

static enum balm_code test_dir(struct testing *testing, const char *dir, struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(testing->cli);
    const char **names;
    size_t count;

    if (balm_dir_list(arena, dir, ".lua", &names, &count, err)) return err->code;
    if (count == 0) return balm_fail(err, BALM_E_ARG, "%s holds no specs (*.lua)", dir);
    for (size_t i = 0; i < count; i++) {
        const char *path = balm_arena_printf(arena, "%s/%s", dir, names[i]);
        if (!path) return balm_nomem(err);
        test_file(testing, path);
    }
    return BALM_OK;
}

static enum balm_code test_all(struct testing *testing, struct balm_err *err)
{
    size_t count = balm_cli_word_count(testing->cli);
    const char *own =
        balm_file_is_dir(SPECS) ? SPECS : balm_file_own(balm_cli_arena(testing->cli), SPECS);

    if (count == 0 && !own) {
        return balm_fail(err, BALM_E_ARG, "there is no folder " SPECS " here: name files of specs");
    }
    if (count == 0) return test_dir(testing, own, err);
    for (size_t i = 0; i < count; i++) {
        const char *path = balm_cli_word(testing->cli, i);
        if (!balm_file_is_dir(path)) {
            test_file(testing, path);
        } else if (test_dir(testing, path, err)) {
            return err->code;
        }
    }
    return BALM_OK;
}

static int test(struct balm_cli *cli)
{
    struct testing testing = {.cli = cli, .line = BALM_BUF_INIT((size_t)64 << 20)};
    struct balm_rig_options options = {.ignores_config = true};
    struct balm_err err;
    int status;

    if (balm_cli_now(&options.fixed_now, &err)) return balm_cli_fail(cli, &err);
    status = balm_rig_open(&testing.rig, cli, &options);
    if (status) return status;
    if (test_all(&testing, &err)) {
        testing.invalid++;
        (void)balm_cli_fail(cli, &err);
    }
    if (!balm_cli_wants_json(cli)) {
        balm_buf_clear(&testing.line);
        balm_buf_addf(&testing.line, "%zu passed, %zu failed\n", testing.passed,
                      testing.failed + testing.invalid);
        (void)balm_cli_write(cli, testing.line.bytes, testing.line.len);
    }
    balm_buf_free(&testing.line);
    balm_rig_close(&testing.rig);
    if (testing.invalid > 0) return BALM_EXIT_USAGE;
    return testing.failed > 0 ? BALM_EXIT_FAILED : BALM_EXIT_OK;
}

const struct balm_command balm_cmd_test = {
    .name = "test",
    .synopsis = "[FILE|DIR...]",
    .summary = "play remediations' specs offline",
    .text = "A spec says what a remediation asks AWS, and what AWS answers. Without a FILE all of\n"
            "spec/remediations is played.",
    .groups = BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_MODELS,
    .words_max = 10000,
    .run = test,
};
