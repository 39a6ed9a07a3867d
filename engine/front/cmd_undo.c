/*
 * balm undo, balm verify: earlier runs, taken up again.
 */
#include "front/act.h"
#include "front/commands.h"
#include "remedy/hold.h"
#include "remedy/reprise.h"

#define HOLD_MAX 3650

struct taking_up {
    struct balm_act act;
    struct balm_reprise reprise;
    int64_t hold_days;
};

static void on_ended(void *owner, const struct balm_result *result)
{
    struct taking_up *up = owner;
    struct balm_err err;

    if (up->reprise.again.plan) return;
    if (balm_reprise_done(&up->reprise, result, up->hold_days, &err)) balm_act_fail(&up->act, &err);
}

/* ---- undo ---- */

static enum balm_code undo_run(struct taking_up *up, struct balm_err *err)
{
    struct balm_cli *cli = up->act.cli;
    enum balm_code code =
        balm_reprise_open(&up->reprise, &up->act.rig.engine, balm_cli_word(cli, 0), err);

    if (!code) {
        balm_reprise_undo(&up->reprise, balm_cli_has(cli, "plan"), balm_cli_has(cli, "force"));
        code = balm_act_run(&up->act, &up->reprise.order, on_ended, up, err);
    }
    balm_reprise_free(&up->reprise);
    return code;
}

static int undo(struct balm_cli *cli)
{
    struct balm_rig_options options_of_rig = {.records = true};
    struct taking_up up = {.hold_days = BALM_HOLD_DAYS};
    struct balm_err err;
    int status;

    if (balm_cli_number(cli, "hold", 0, HOLD_MAX, &up.hold_days, &err)) {
        return balm_cli_fail(cli, &err);
    }
    status = balm_act_open(&up.act, cli, &options_of_rig);
    if (status) return status;
    if ((!balm_cli_has(cli, "plan") && balm_act_record(&up.act, &err)) || undo_run(&up, &err)) {
        balm_act_fail(&up.act, &err);
    }
    return balm_act_close(&up.act);
}

static const struct balm_option options_of_undo[] = {
    {"plan", NULL, "show what would be written, and write nothing", false},
    {"force", NULL, "also where the resource was changed since by others", false},
    {"hold", "DAYS", "how long the remediation then leaves the resource alone (7); 0: not at all",
     false},
    {"skip-guard", "NAME", "leave out this guard where a change is made again", true},
    BALM_OPTION_ALLOW_DESTRUCTIVE,
    BALM_OPTION_RECORD,
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_undo = {
    .name = "undo",
    .synopsis = "RUN",
    .summary = "put back what RUN changed",
    .text =
        "The version that made the change puts back what it had found, with the parameters and on\n"
        "the resource of then, whatever the files say by now. It works while guards stop all "
        "else;\n"
        "the account alone counts. Where the resource is not as RUN left it, others have changed\n"
        "it, and nothing is done (skipped, drift) without --force. What still differs afterwards\n"
        "is the residue. A run that never ended can be undone as well.\n"
        "\n"
        "An undo is a run of its own. To undo it makes the change again: check and fix of the "
        "same\n"
        "version, under all guards but the hold, which ends. That is then a fix like any other, "
        "so\n"
        "it works for every remediation, and can be undone in turn.\n"
        "\n"
        "RUN is an id, or the beginning of one: at least 8 characters that no other begins with.",
    .options = options_of_undo,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .words_min = 1,
    .words_max = 1,
    .run = undo,
};

/* ---- verify ---- */

static enum balm_code verify_run(struct taking_up *up, const char *run, struct balm_err *err)
{
    enum balm_code code = balm_reprise_open(&up->reprise, &up->act.rig.engine, run, err);

    if (!code) {
        balm_reprise_verify(&up->reprise);
        code = balm_act_run(&up->act, &up->reprise.order, on_ended, up, err);
    }
    balm_reprise_free(&up->reprise);
    return code;
}

struct waiting {
    struct balm_arena *arena;
    struct balm_value runs; /* list of ids */
};

static void add_run(void *owner, struct balm_value head)
{
    struct waiting *waiting = owner;

    balm_list_push(waiting->arena, waiting->runs,
                   balm_text(waiting->arena, balm_get_string(head, "run", "")));
}

/* The runs that are named, or wait to be looked at again. */
static enum balm_code find_runs(struct taking_up *up, struct waiting *waiting, struct balm_err *err)
{
    const struct balm_ledger_filter filter = {.which = BALM_LEDGER_UNVERIFIED};
    struct balm_cli *cli = up->act.cli;

    waiting->arena = balm_cli_arena(cli);
    waiting->runs = balm_list(waiting->arena);
    for (size_t i = 0; i < balm_cli_word_count(cli); i++) {
        balm_list_push(waiting->arena, waiting->runs, balm_string(balm_cli_word(cli, i)));
    }
    if (balm_cli_has(cli, "unverified") &&
        balm_ledger_list(up->act.rig.engine.ledger, &filter, add_run, waiting, err)) {
        return err->code;
    }
    return balm_arena_status(waiting->arena, err);
}

/* What one run is about does not keep the others from being looked at. */
static void verify_all(struct taking_up *up)
{
    struct waiting waiting;
    struct balm_err err;

    if (find_runs(up, &waiting, &err)) {
        balm_act_fail(&up->act, &err);
        return;
    }
    for (size_t i = 0; !up->act.interrupted && i < balm_list_len(waiting.runs); i++) {
        if (verify_run(up, balm_list_at(waiting.runs, i)->as.text, &err)) {
            balm_act_fail(&up->act, &err);
        }
    }
}

static int verify(struct balm_cli *cli)
{
    struct balm_rig_options options_of_rig = {.records = true};
    struct taking_up up = {.hold_days = 0};
    struct balm_err err;
    int status;

    if ((balm_cli_word_count(cli) > 0) == balm_cli_has(cli, "unverified")) {
        balm_fail(&err, BALM_E_ARG, "name runs, or give --unverified for all that wait");
        return balm_cli_fail(cli, &err);
    }
    status = balm_act_open(&up.act, cli, &options_of_rig);
    if (status) return status;
    verify_all(&up);
    return balm_act_close(&up.act);
}

static const struct balm_option options_of_verify[] = {
    {"unverified", NULL, "all runs that ended as unverified", false}, {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_verify = {
    .name = "verify",
    .synopsis = "RUN...\n--unverified",
    .summary = "look again whether what a run changed is as it should be",
    .text =
        "Runs the check, and nothing else, of the version that made the change. One that holds\n"
        "makes an unverified run fixed in the history; AWS takes its time now and then.",
    .options = options_of_verify,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .words_max = 10000,
    .run = verify,
};
