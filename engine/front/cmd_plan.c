/*
 * balm plan: events in, what run would do out; kept for balm apply with --out.
 */
#include "front/act.h"
#include "front/by_hand.h"
#include "front/commands.h"

#include "core/clock.h"
#include "core/file.h"
#include "remedy/plan_file.h"

#include <string.h>

#define EXPIRES_S ((int64_t)24 * 3600)
#define YEAR_S    ((int64_t)366 * 24 * 3600)
#define SECOND_US ((int64_t)1000000)

struct keeping {
    struct balm_arena arena; /* holds the plans until all are made */
    struct balm_plan_file file;
    const char *path; /* NULL: they are not kept */
};

static void planned(void *owner, struct balm_value plan)
{
    struct keeping *keeping = owner;

    balm_list_push(&keeping->arena, keeping->file.events, balm_copy(&keeping->arena, plan));
}

/* What cannot be written in the end is said before anything is called. */
static enum balm_code prepare(struct keeping *keeping, const struct balm_cli *cli,
                              struct balm_err *err)
{
    int64_t expires = EXPIRES_S;

    keeping->path = balm_cli_option(cli, "out");
    if (!keeping->path && balm_cli_has(cli, "expires")) {
        return balm_fail(err, BALM_E_ARG, "--expires belongs to --out");
    }
    if (!keeping->path) return BALM_OK;
    if (balm_cli_duration(cli, "expires", 1, YEAR_S, &expires, err) ||
        balm_file_may_write(keeping->path, err)) {
        return err->code;
    }
    keeping->file.made = balm_clock_now();
    keeping->file.expires = keeping->file.made + expires * SECOND_US;
    keeping->file.events = balm_list(&keeping->arena);
    return balm_arena_status(&keeping->arena, err);
}

static enum balm_code keep(struct keeping *keeping, struct balm_act *act, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_PLAN_FILE_MAX);
    struct balm_value events = keeping->file.events;
    enum balm_code code = balm_arena_status(&keeping->arena, err);

    if (code) return code;
    if (act->interrupted) {
        return balm_fail(err, BALM_E_CANCELLED, "%s is not written: the plan is not whole",
                         keeping->path);
    }
    if (balm_list_len(events) > 0) {
        keeping->file.config = balm_get(*balm_list_at(events, 0), "config");
    }
    code = balm_plan_file_write(&text, &keeping->file, act->rig.archive.seal, err);
    if (!code) code = balm_file_write(keeping->path, text.bytes, text.len, 0600, err);
    balm_buf_free(&text);
    return code;
}

static int act_with(struct keeping *keeping, struct balm_cli *cli)
{
    /* A kept plan is made under one configuration. */
    struct balm_rig_options options_of_rig = {
        .watches = !keeping->path && balm_act_reads_a_stream(cli),
        .records = keeping->path != NULL}; /* for the key alone: a plan leaves no record */
    struct balm_act act;
    struct balm_err err;
    bool by_hand, changes;
    int status;

    if (balm_by_hand_asked(cli, &by_hand, &err)) return balm_cli_fail(cli, &err);
    status = balm_act_open(&act, cli, &options_of_rig);
    if (status) return status;
    act.action = BALM_ACTION_PLAN;
    if (keeping->path) act.planned = planned;
    act.owner = keeping;
    if (balm_act_events(&act, by_hand, &err)) balm_act_fail(&act, &err);
    if (keeping->path && keep(keeping, &act, &err)) balm_act_fail(&act, &err);
    changes = act.changes;
    status = balm_act_close(&act);
    if (status == BALM_EXIT_OK && changes && balm_cli_has(cli, "exit-code")) {
        return BALM_EXIT_CHANGES;
    }
    return status;
}

static int plan(struct balm_cli *cli)
{
    struct keeping keeping = {.arena = BALM_ARENA_INIT};
    struct balm_err err;
    int status = prepare(&keeping, cli, &err) ? balm_cli_fail(cli, &err) : act_with(&keeping, cli);

    balm_arena_free(&keeping.arena);
    return status;
}

static const struct balm_option options[] = {
    BALM_OPTIONS_BY_HAND,
    BALM_OPTIONS_ACT,
    {"out", "FILE", "keep the plan there, for balm apply", false},
    {"expires", "TIME", "how long a kept plan may be applied: 90s, 30m, 24h (the default), 7d",
     false},
    {"exit-code", NULL, "exit with 5 when there is something to change", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_plan = {
    .name = "plan",
    .synopsis = "[EVENT...]\n--remediation ID --resource FILE|JSON [--param NAME=VALUE]...",
    .summary = "what run would do, changing nothing",
    .text =
        "Runs the same scripts with the same reads, and lists each write instead of sending it.\n"
        "What an unsent write would have answered is shown as (known after apply: SOURCE). A plan\n"
        "kept with --out is sealed with the key of the store, and holds for one state of script,\n"
        "configuration and resource.",
    .options = options,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .words_max = 10000,
    .run = plan,
};
