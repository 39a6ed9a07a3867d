#include "front/act.h"

#include "core/json.h"
#include "front/by_hand.h"
#include "remedy/explain.h"
#include "remedy/store.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONCURRENCY     16
#define CONCURRENCY_MAX 4096
#define TEXT_MAX        ((size_t)256 << 20)

/* ---- what is said ---- */

static void print(struct balm_act *act, struct balm_value value, bool as_text)
{
    balm_buf_clear(&act->text);
    if (as_text) {
        (void)balm_result_text(&act->text, value, act->coloured);
    } else {
        (void)balm_json_print(&act->text, value, BALM_JSON_COMPACT);
    }
    (void)balm_buf_addc(&act->text, '\n');
    if (act->text.code) {
        balm_log(balm_cli_log(act->cli), BALM_LOG_ERROR, "a result is too large to be told");
        act->exit = balm_exit_join(act->exit, BALM_EXIT_FAILED);
        return;
    }
    balm_writer_add(act->writer, act->text.bytes, act->text.len);
}

static void planned(void *owner, struct balm_value plan)
{
    struct balm_act *act = owner;

    act->changes = act->changes || balm_list_len(balm_get(plan, "writes")) > 0;
    if (act->planned) act->planned(act->owner, plan);
}

static void answer(void *owner, struct balm_value value, struct balm_value json)
{
    struct balm_act *act = owner;

    if (act->chain && balm_map_get(value, "run")) balm_chain_add(act->chain, value);
    if (act->as_text && !balm_map_get(value, "run")) return; /* a person has read it in the log */
    if (act->as_text || balm_is_null(json)) {
        print(act, value, act->as_text);
    } else {
        balm_writer_add(act->writer, json.as.text, json.len);
        balm_writer_add(act->writer, "\n", 1);
    }
}

static void list(void *owner)
{
    struct balm_act *act = owner;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value map;
    struct balm_err err;

    if (balm_panther_list(act->rig.catalog, balm_cli_log(act->cli), &arena, &map, &err)) {
        act->exit = balm_exit_join(act->exit, balm_cli_fail(act->cli, &err));
    } else {
        print(act, map, false);
    }
    balm_arena_free(&arena);
}

static void done(void *owner, int exit)
{
    struct balm_act *act = owner;

    act->exit = balm_exit_join(act->exit, exit);
    balm_loop_stop(act->rig.world.loop);
}

static void pressure(void *owner, bool high)
{
    struct balm_act *act = owner;

    if (act->batch) balm_batch_pause(act->batch, high);
}

static void broken(void *owner)
{
    struct balm_act *act = owner;

    act->exit = balm_exit_join(act->exit, BALM_EXIT_FAILED);
    if (act->batch) balm_batch_stop(act->batch);
}

/* ---- signals: the first ends it in order, the second at once ---- */

static void on_signal(void *owner, int sig)
{
    struct balm_act *act = owner;
    const char *name = sig == SIGINT ? "SIGINT" : "SIGTERM";
    struct balm_err err;

    if (!act->interrupted) {
        act->interrupted = true;
        balm_log(balm_cli_log(act->cli), BALM_LOG_WARN,
                 "%s: no more events are taken, what runs is finished; once more ends it at once",
                 name);
        if (act->batch) balm_batch_stop(act->batch);
        return;
    }
    if (act->batch) balm_batch_abort(act->batch, name);
    if (act->run) {
        balm_fail(&err, BALM_E_CANCELLED, "%s", name);
        balm_run_abort(act->run, &err);
    }
}

static enum balm_code catch_signals(struct balm_act *act, struct balm_err *err)
{
    static const int signals[] = {SIGINT, SIGTERM};
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < 2; i++) {
        code =
            balm_signal_new(&act->signals[i], act->rig.world.loop, signals[i], on_signal, act, err);
    }
    return code;
}

/* ---- one run ---- */

static void on_result(void *owner, struct balm_run *run, const struct balm_result *result)
{
    struct balm_act *act = owner;

    if (!balm_is_null(result->plan)) planned(act, result->plan);
    (void)run;
    act->result = result;
    answer(act, result->value, result->json);
    done(act, balm_result_exit(result));
}

enum balm_code balm_act_run(struct balm_act *act, const struct balm_order *order,
                            void (*ended)(void *owner, const struct balm_result *result),
                            void *owner, struct balm_err *err)
{
    if (act->interrupted) return balm_fail(err, BALM_E_CANCELLED, "nothing was begun");
    if (balm_run_start(&act->run, &act->rig.engine, order, on_result, act, err)) return err->code;
    balm_loop_run(act->rig.world.loop);
    if (ended) ended(owner, act->result);
    balm_run_release(act->run);
    act->run = NULL;
    return BALM_OK;
}

static enum balm_code run_by_hand(struct balm_act *act, struct balm_err *err)
{
    struct balm_finding finding;
    struct balm_order order = {.finding = &finding, .action = act->action, .by_hand = true};

    if (balm_by_hand_finding(act->cli, act->rig.world.config.region, &finding, err)) {
        return err->code;
    }
    return balm_act_run(act, &order, NULL, NULL, err);
}

/* ---- events ---- */

static enum balm_code run_batch(struct balm_act *act, struct balm_batch_options *options,
                                struct balm_err *err)
{
    int64_t concurrency = CONCURRENCY;

    options->action = act->action;
    options->planned = planned;
    options->answer = answer;
    options->list = list;
    options->done = done;
    options->owner = act;
    if (balm_cli_number(act->cli, "concurrency", 1, CONCURRENCY_MAX, &concurrency, err)) {
        return err->code;
    }
    options->concurrency = (size_t)concurrency;
    if (balm_batch_new(&act->batch, &act->rig.engine, options, err)) return err->code;
    balm_loop_run(act->rig.world.loop);
    return BALM_OK;
}

enum balm_code balm_act_events(struct balm_act *act, bool by_hand, struct balm_err *err)
{
    size_t count = balm_cli_word_count(act->cli);
    const char **sources;
    struct balm_batch_options options = {.source_count = count};

    if (by_hand) return run_by_hand(act, err);
    sources = balm_arena_alloc(balm_cli_arena(act->cli), count * sizeof *sources);
    if (!sources) return balm_nomem(err);
    for (size_t i = 0; i < count; i++) {
        sources[i] = balm_cli_word(act->cli, i);
    }
    options.sources = sources;
    return run_batch(act, &options, err);
}

enum balm_code balm_act_orders(struct balm_act *act, const char *from,
                               const struct balm_order *orders, size_t count, struct balm_err *err)
{
    struct balm_batch_options options = {
        .sources = &from, .source_count = 1, .orders = orders, .order_count = count};

    return run_batch(act, &options, err);
}

/* ---- from the first to the last ---- */

bool balm_act_reads_a_stream(const struct balm_cli *cli)
{
    for (size_t i = 0; i < balm_cli_word_count(cli); i++) {
        const char *source = balm_cli_word(cli, i);
        struct stat status;

        if (strcmp(source, "-") == 0) return true;
        if (stat(source, &status) == 0 && !S_ISREG(status.st_mode)) return true;
    }
    return false;
}

int balm_act_open(struct balm_act *act, struct balm_cli *cli,
                  const struct balm_rig_options *options)
{
    struct balm_writer_options writer = {
        .cli = cli, .pressure = pressure, .broken = broken, .owner = act};
    struct balm_err err;
    int status;

    memset(act, 0, sizeof *act);
    act->cli = cli;
    balm_buf_init(&act->text, TEXT_MAX);
    act->as_text = !balm_cli_wants_json(cli);
    act->coloured = isatty(STDOUT_FILENO) != 0;
    status = balm_rig_open(&act->rig, cli, options);
    if (status) return status;
    writer.loop = act->rig.world.loop;
    if (!balm_writer_new(&act->writer, &writer, &err) && !catch_signals(act, &err)) {
        return BALM_EXIT_OK;
    }
    balm_act_fail(act, &err);
    return balm_act_close(act);
}

enum balm_code balm_act_record(struct balm_act *act, struct balm_err *err)
{
    struct balm_policy *policy = balm_policy_source_current(act->rig.policies);
    const char *path = balm_cli_option(act->cli, "record");
    enum balm_code code = BALM_OK;

    if (!path) path = balm_policy_record(policy);
    if (path) {
        code = balm_chain_open(&act->chain, path, act->rig.world.loop, balm_cli_log(act->cli), err);
    }
    balm_policy_release(policy);
    return code;
}

void balm_act_fail(struct balm_act *act, const struct balm_err *err)
{
    if (err->code) act->exit = balm_exit_join(act->exit, balm_cli_fail(act->cli, err));
}

int balm_act_close(struct balm_act *act)
{
    balm_batch_release(act->batch);
    act->batch = NULL;
    if (!balm_chain_close(act->chain)) act->exit = balm_exit_join(act->exit, BALM_EXIT_FAILED);
    if (act->rig.archive.ledger && !balm_ledger_settle(act->rig.archive.ledger)) {
        act->exit = balm_exit_join(act->exit, BALM_EXIT_FAILED); /* a record that is not whole */
    }
    /* All is recorded: who reads the results may take its time, and a signal ends that at once. */
    balm_signal_release(act->signals[0]);
    balm_signal_release(act->signals[1]);
    if (act->writer && !balm_writer_finish(act->writer)) {
        act->exit = balm_exit_join(act->exit, BALM_EXIT_FAILED);
    }
    balm_writer_release(act->writer);
    balm_buf_free(&act->text);
    balm_rig_close(&act->rig);
    return act->exit;
}
