/*
 * balm run, balm plan: events in, results out.
 */
#include "core/json.h"
#include "front/by_hand.h"
#include "front/commands.h"
#include "front/rig.h"
#include "front/writer.h"
#include "remedy/batch.h"
#include "remedy/explain.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONCURRENCY     16
#define CONCURRENCY_MAX 4096

struct running {
    struct balm_cli *cli;
    struct balm_rig rig;
    enum balm_action action;
    struct balm_writer *writer;
    struct balm_buf text; /* of one result */
    struct balm_batch *batch;
    struct balm_run *run; /* by hand */
    struct balm_signal *signals[2];
    bool as_text, coloured;
    bool interrupted, changes;
    int exit;
};

/* ---- what is said ---- */

static void print(struct running *running, struct balm_value value, bool as_text)
{
    balm_buf_clear(&running->text);
    if (as_text) {
        (void)balm_result_text(&running->text, value, running->coloured);
    } else {
        (void)balm_json_print(&running->text, value, BALM_JSON_COMPACT);
    }
    (void)balm_buf_addc(&running->text, '\n');
    if (running->text.code) {
        balm_log(balm_cli_log(running->cli), BALM_LOG_ERROR, "a result is too large to be told");
        running->exit = balm_exit_join(running->exit, BALM_EXIT_FAILED);
        return;
    }
    balm_writer_add(running->writer, running->text.bytes, running->text.len);
}

static bool plans_a_change(struct balm_value result)
{
    struct balm_value calls = balm_get(result, "calls");

    if (!balm_is_text(balm_get(result, "status"), "planned")) return false;
    for (size_t i = 0; i < balm_list_len(calls); i++) {
        struct balm_value call = *balm_list_at(calls, i);
        if (balm_get_bool(call, "write", false)) return true;
    }
    return false;
}

static void answer(void *owner, struct balm_value value)
{
    struct running *running = owner;

    running->changes = running->changes || plans_a_change(value);
    if (running->as_text && !balm_map_get(value, "run"))
        return; /* a person has read it in the log */
    print(running, value, running->as_text);
}

static void list(void *owner)
{
    struct running *running = owner;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value map;
    struct balm_err err;

    if (balm_panther_list(running->rig.catalog, balm_cli_log(running->cli), &arena, &map, &err)) {
        running->exit = balm_exit_join(running->exit, balm_cli_fail(running->cli, &err));
    } else {
        print(running, map, false);
    }
    balm_arena_free(&arena);
}

static void done(void *owner, int exit)
{
    struct running *running = owner;

    running->exit = balm_exit_join(running->exit, exit);
    balm_loop_stop(running->rig.world.loop);
}

static void pressure(void *owner, bool high)
{
    struct running *running = owner;

    if (running->batch) balm_batch_pause(running->batch, high);
}

static void broken(void *owner)
{
    struct running *running = owner;

    running->exit = balm_exit_join(running->exit, BALM_EXIT_FAILED);
    if (running->batch) balm_batch_stop(running->batch);
}

/* ---- signals: the first ends it in order, the second at once ---- */

static void on_signal(void *owner, int sig)
{
    struct running *running = owner;
    const char *name = sig == SIGINT ? "SIGINT" : "SIGTERM";
    struct balm_err err;

    if (!running->interrupted) {
        running->interrupted = true;
        balm_log(balm_cli_log(running->cli), BALM_LOG_WARN,
                 "%s: no more events are taken, what runs is finished; once more ends it at once",
                 name);
        if (running->batch) balm_batch_stop(running->batch);
        return;
    }
    if (running->batch) balm_batch_abort(running->batch, name);
    if (running->run) {
        balm_fail(&err, BALM_E_CANCELLED, "%s", name);
        balm_run_abort(running->run, &err);
    }
}

static enum balm_code catch_signals(struct running *running, struct balm_err *err)
{
    static const int signals[] = {SIGINT, SIGTERM};
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < 2; i++) {
        code = balm_signal_new(&running->signals[i], running->rig.world.loop, signals[i], on_signal,
                               running, err);
    }
    return code;
}

/* ---- one finding by hand ---- */

static void on_result(void *owner, struct balm_run *run, const struct balm_result *result)
{
    struct running *running = owner;

    answer(running, balm_result_value(result, NULL, balm_run_arena(run)));
    done(running, balm_result_exit(result));
}

static enum balm_code run_by_hand(struct running *running, struct balm_err *err)
{
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding, .action = running->action, .by_hand = true};
    enum balm_code code =
        balm_by_hand_finding(running->cli, running->rig.world.config.region, &finding, err);

    if (!code) {
        code = balm_run_start(&running->run, &running->rig.engine, &order, on_result, running, err);
    }
    if (code) return code;
    balm_loop_run(running->rig.world.loop);
    balm_run_release(running->run);
    running->run = NULL;
    return BALM_OK;
}

/* ---- events ---- */

static enum balm_code run_events(struct running *running, struct balm_err *err)
{
    struct balm_cli *cli = running->cli;
    size_t count = balm_cli_word_count(cli);
    const char **sources = balm_arena_alloc(balm_cli_arena(cli), count * sizeof *sources);
    struct balm_batch_options options = {.sources = sources,
                                         .source_count = count,
                                         .action = running->action,
                                         .answer = answer,
                                         .list = list,
                                         .done = done,
                                         .owner = running};
    int64_t concurrency = CONCURRENCY;

    if (!sources) return balm_nomem(err);
    for (size_t i = 0; i < count; i++) {
        sources[i] = balm_cli_word(cli, i);
    }
    if (balm_cli_number(cli, "concurrency", 1, CONCURRENCY_MAX, &concurrency, err)) {
        return err->code;
    }
    options.concurrency = (size_t)concurrency;
    if (balm_batch_new(&running->batch, &running->rig.engine, &options, err)) return err->code;
    balm_loop_run(running->rig.world.loop);
    return BALM_OK;
}

/* ---- the commands ---- */

/* Only a stream that may last is worth watching for: a file is read to its end at once. */
static bool reads_a_stream(const struct balm_cli *cli)
{
    for (size_t i = 0; i < balm_cli_word_count(cli); i++) {
        const char *source = balm_cli_word(cli, i);
        struct stat status;

        if (strcmp(source, "-") == 0) return true;
        if (stat(source, &status) == 0 && !S_ISREG(status.st_mode)) return true;
    }
    return false;
}

static enum balm_code run_all(struct running *running, bool by_hand, struct balm_err *err)
{
    struct balm_writer_options options = {.cli = running->cli,
                                          .loop = running->rig.world.loop,
                                          .pressure = pressure,
                                          .broken = broken,
                                          .owner = running};
    enum balm_code code = balm_writer_new(&running->writer, &options, err);

    if (!code) code = catch_signals(running, err);
    if (!code) code = by_hand ? run_by_hand(running, err) : run_events(running, err);
    return code;
}

static void release(struct running *running)
{
    balm_batch_release(running->batch);
    running->batch = NULL;
    if (running->writer && !balm_writer_finish(running->writer)) {
        running->exit = balm_exit_join(running->exit, BALM_EXIT_FAILED);
    }
    balm_writer_release(running->writer);
    balm_signal_release(running->signals[0]);
    balm_signal_release(running->signals[1]);
    balm_buf_free(&running->text);
    balm_rig_close(&running->rig);
}

static int act(struct balm_cli *cli, enum balm_action action)
{
    struct running running = {
        .cli = cli, .action = action, .text = BALM_BUF_INIT((size_t)256 << 20)};
    struct balm_rig_options options = {.watches = reads_a_stream(cli)};
    struct balm_err err;
    bool by_hand;
    int status;

    if (balm_by_hand_asked(cli, &by_hand, &err)) return balm_cli_fail(cli, &err);
    running.as_text = !balm_cli_wants_json(cli);
    running.coloured = isatty(STDOUT_FILENO) != 0;
    status = balm_rig_open(&running.rig, cli, &options);
    if (status) return status;
    if (run_all(&running, by_hand, &err)) running.exit = balm_cli_fail(cli, &err);
    release(&running);
    if (running.exit == BALM_EXIT_OK && running.changes && balm_cli_has(cli, "exit-code")) {
        return BALM_EXIT_CHANGES;
    }
    return running.exit;
}

static int run(struct balm_cli *cli)
{
    return act(cli, BALM_ACTION_FIX);
}

static int plan(struct balm_cli *cli)
{
    return act(cli, BALM_ACTION_PLAN);
}

#define SHARED_OPTIONS                                                                             \
    BALM_OPTIONS_BY_HAND, {"concurrency", "N", "runs at a time (16)", false},                      \
    {                                                                                              \
        "skip-guard", "NAME", "leave out this guard, which the result records", true               \
    }

static const struct balm_option run_options[] = {
    SHARED_OPTIONS,
    {"allow-destructive", NULL, "let remediations run that lose data or stop a workload", false},
    {NULL, NULL, NULL, false}};

static const struct balm_option plan_options[] = {
    SHARED_OPTIONS,
    {"exit-code", NULL, "exit with 5 when there is something to change", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_run = {
    .name = "run",
    .synopsis = "[EVENT...]\n--remediation ID --resource FILE|JSON [--param NAME=VALUE]...",
    .summary = "fix: each EVENT is a file or -, and holds one or many JSON events",
    .text = "Reads events as they come, runs the associated remediations in the accounts that own\n"
            "the resources, and prints one result for each as it ends. A script or configuration\n"
            "that changes meanwhile is used by the next event.",
    .options = run_options,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS,
    .words_max = 10000,
    .run = run,
};

const struct balm_command balm_cmd_plan = {
    .name = "plan",
    .synopsis = "[EVENT...]\n--remediation ID --resource FILE|JSON [--param NAME=VALUE]...",
    .summary = "what run would do, changing nothing",
    .text =
        "Runs the same scripts with the same reads, and lists each write instead of sending it.\n"
        "What an unsent write would have answered is shown as (known after apply).",
    .options = plan_options,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS,
    .words_max = 10000,
    .run = plan,
};
