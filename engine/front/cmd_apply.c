/*
 * balm apply: the writes of a kept plan, and no others.
 */
#include "front/act.h"
#include "front/commands.h"

#include "core/clock.h"
#include "core/file.h"
#include "remedy/plan_file.h"

#include <string.h>

static enum balm_code read_plan(struct balm_act *act, const char *path, struct balm_plan_file *file,
                                struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_PLAN_FILE_MAX);
    enum balm_code code = balm_file_read(&text, path, err);

    if (!code) {
        code = balm_plan_file_read(file, text.bytes, text.len, act->rig.archive.seal,
                                   balm_clock_now(), balm_cli_arena(act->cli), err);
        if (code) balm_err_prefix(err, "the plan %s cannot be applied", path);
    }
    balm_buf_free(&text);
    return code;
}

static enum balm_code fill_orders(const struct balm_plan_file *file, struct balm_arena *arena,
                                  struct balm_order *orders, struct balm_err *err)
{
    size_t count = balm_list_len(file->events);
    struct balm_finding *findings = balm_arena_zalloc(arena, count * sizeof *findings);

    if (!findings) return balm_nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct balm_value plan = *balm_list_at(file->events, i);
        if (balm_finding_read(&findings[i], balm_get(plan, "finding"), arena, err)) {
            return err->code;
        }
        /* Whoever applies a plan means it, whatever mode the configuration states. */
        orders[i] = (struct balm_order){
            .finding = &findings[i], .action = BALM_ACTION_FIX, .by_hand = true, .plan = plan};
    }
    return BALM_OK;
}

static enum balm_code apply_plan(struct balm_act *act, const char *path, struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(act->cli);
    struct balm_plan_file file;
    struct balm_order *orders;
    size_t count;

    if (read_plan(act, path, &file, err)) return err->code;
    count = balm_list_len(file.events);
    orders = balm_arena_zalloc(arena, count * sizeof *orders);
    if (!orders) return balm_nomem(err);
    if (fill_orders(&file, arena, orders, err)) return err->code;
    return balm_act_orders(act, path, orders, count, err);
}

static int apply(struct balm_cli *cli)
{
    struct balm_rig_options options_of_rig = {.records = true};
    struct balm_act act;
    struct balm_err err;
    int status = balm_act_open(&act, cli, &options_of_rig);

    if (status) return status;
    act.action = BALM_ACTION_FIX;
    if (balm_act_record(&act, &err) || apply_plan(&act, balm_cli_word(cli, 0), &err)) {
        balm_act_fail(&act, &err);
    }
    return balm_act_close(&act);
}

static const struct balm_option options[] = {
    BALM_OPTIONS_ACT, BALM_OPTION_ALLOW_DESTRUCTIVE, BALM_OPTION_RECORD, {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_apply = {
    .name = "apply",
    .synopsis = "PLAN",
    .summary = "make exactly the changes of a kept plan",
    .text =
        "PLAN is what balm plan --out kept. check and fix run again; each write is made only if\n"
        "it is the plan's next one, and the first that is not ends that run: skipped (drift)\n"
        "where nothing was written, else failed. What is compliant by now is left alone. The\n"
        "roles are the plan's.",
    .options = options,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .words_min = 1,
    .words_max = 1,
    .run = apply,
};
