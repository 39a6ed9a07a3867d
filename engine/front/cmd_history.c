/*
 * balm history: what Balm did, from the store of runs.
 */
#include "core/clock.h"
#include "core/json.h"
#include "core/time.h"
#include "front/archive.h"
#include "front/commands.h"
#include "remedy/chain.h"
#include "remedy/page.h"
#include "remedy/policy.h"
#include "remedy/result.h"

#include <string.h>
#include <unistd.h>

#define LIMIT     100
#define LIMIT_MAX 1000000
#define YEARS_S   ((int64_t)100 * 366 * 24 * 3600)
#define SECOND_US ((int64_t)1000000)

struct history {
    struct balm_cli *cli;
    struct balm_world world;
    struct balm_archive archive;
    bool as_text;
    size_t count;
    int exit;
};

/* ---- the list ---- */

/* A column; a text that is wider moves what follows. */
static void add_column(struct balm_buf *line, const char *text, size_t width)
{
    size_t begin = line->len;

    balm_page_text(line, text);
    while (!line->code && line->len - begin < width) {
        (void)balm_buf_addc(line, ' ');
    }
    (void)balm_buf_adds(line, "  ");
}

static void add_row(struct balm_buf *line, struct balm_value head)
{
    char started[BALM_TIME_MAX] = "";
    const char *status = balm_get_string(head, "status", "");
    struct balm_value at = balm_get(head, "started");

    if (at.type == BALM_STRING) {
        (void)memcpy(started, at.as.text, at.len < 19 ? at.len : 19); /* to the second */
    }
    if (!balm_is_null(balm_get(head, "undone_by"))) status = "undone since";
    if (balm_is_text(balm_get(head, "action"), "undo")) status = "undo";
    add_column(line, started, 19);
    add_column(line, status, 12);
    add_column(line, balm_get_string(head, "remediation", "-"), 36);
    add_column(line, balm_get_string(head, "account", ""), 12);
    add_column(line, balm_get_string(head, "resource", ""), 30);
    balm_page_text(line, balm_get_string(head, "run", ""));
}

static void each(void *owner, struct balm_value head)
{
    struct history *history = owner;
    struct balm_buf line = BALM_BUF_INIT(BALM_BUF_MAX);

    history->count++;
    if (history->as_text) {
        add_row(&line, head);
    } else {
        (void)balm_json_print(&line, head, BALM_JSON_COMPACT);
    }
    (void)balm_buf_addc(&line, '\n');
    history->exit = balm_exit_join(history->exit, balm_cli_say(history->cli, &line, "a run"));
}

static enum balm_code read_since(const struct balm_cli *cli, int64_t *since, struct balm_err *err)
{
    const char *text = balm_cli_option(cli, "since");
    int64_t seconds = 0;

    if (!text || (strchr(text, '-') && balm_time_parse(text, strlen(text), since))) return BALM_OK;
    if (balm_cli_duration(cli, "since", 1, YEARS_S, &seconds, err)) {
        return balm_fail(err, BALM_E_ARG,
                         "--since: expected a date or time as 2026-11-25 or 2026-11-25T08:00:00Z, "
                         "or how long ago as 90s, 30m, 24h or 7d, not \"%.60s\"",
                         text);
    }
    *since = balm_clock_now() - seconds * SECOND_US;
    return BALM_OK;
}

/* A status that is none would list nothing, as if there had been nothing. */
static enum balm_code read_status(const struct balm_cli *cli, const char **out,
                                  struct balm_err *err)
{
    struct balm_buf names = BALM_BUF_INIT(BALM_BUF_MAX);
    bool known;

    *out = balm_cli_option(cli, "status");
    known = !*out || strcmp(*out, "running") == 0 || strcmp(*out, "unfinished") == 0;
    (void)balm_buf_adds(&names, "running, unfinished"); /* what has not ended is listed so */
    for (int status = BALM_STATUS_FIXED; !known && status <= BALM_STATUS_FAILED; status++) {
        const char *name = balm_status_name((enum balm_status)status);
        known = strcmp(*out, name) == 0;
        (void)balm_buf_addf(&names, ", %s", name);
    }
    if (!known) {
        balm_fail(err, BALM_E_ARG, "--status: there is no status \"%.40s\", but %s", *out,
                  names.len > 0 ? names.bytes : "others");
    }
    balm_buf_free(&names);
    return known ? BALM_OK : err->code;
}

static enum balm_code read_filter(const struct balm_cli *cli, struct balm_ledger_filter *filter,
                                  struct balm_err *err)
{
    int64_t limit = LIMIT;

    *filter = (struct balm_ledger_filter){
        .account = balm_cli_option(cli, "account"),
        .remediation = balm_cli_option(cli, "remediation"),
        .resource = balm_cli_option(cli, "resource"),
    };
    if (balm_cli_has(cli, "unfinished") && balm_cli_has(cli, "unverified")) {
        return balm_fail(err, BALM_E_ARG, "--unfinished and --unverified exclude each other");
    }
    if (balm_cli_has(cli, "unfinished")) filter->which = BALM_LEDGER_UNFINISHED;
    if (balm_cli_has(cli, "unverified")) filter->which = BALM_LEDGER_UNVERIFIED;
    if (read_status(cli, &filter->status, err)) return err->code;
    if (balm_cli_number(cli, "limit", 1, LIMIT_MAX, &limit, err)) return err->code;
    filter->limit = (size_t)limit;
    return read_since(cli, &filter->since, err);
}

static enum balm_code list(struct history *history, struct balm_err *err)
{
    struct balm_ledger_filter filter;

    if (read_filter(history->cli, &filter, err)) return err->code;
    if (balm_ledger_list(history->archive.ledger, &filter, each, history, err)) return err->code;
    if (history->as_text && history->count == filter.limit) {
        balm_log(balm_cli_log(history->cli), BALM_LOG_INFO,
                 "there may be more; --limit N shows N of them");
    }
    return BALM_OK;
}

/* ---- one run ---- */

static enum balm_code show(struct history *history, const char *run, struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(history->cli);
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value value;
    struct balm_kept kept;

    if (balm_ledger_load(history->archive.ledger, run, arena, &kept, err)) return err->code;
    value = balm_kept_value(&kept, arena);
    if (balm_arena_status(arena, err)) return err->code;
    if (history->as_text) {
        (void)balm_result_text(&text, value, isatty(STDOUT_FILENO) != 0);
    } else {
        (void)balm_json_print(&text, value, BALM_JSON_COMPACT);
        (void)balm_buf_addc(&text, '\n');
    }
    history->exit = balm_cli_say(history->cli, &text, "the run");
    return BALM_OK;
}

/* ---- the record ---- */

static enum balm_code find_record(struct balm_cli *cli, const char **path, struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    const char *config = balm_world_config_path(cli);
    struct balm_policy *policy;
    struct balm_value faults;

    *path = balm_cli_word(cli, 0);
    if (*path) return BALM_OK;
    if (balm_policy_load(&policy, config, NULL, balm_clock_now(), balm_cli_log(cli), arena, &faults,
                         err)) {
        return err->code;
    }
    if (balm_policy_record(policy)) *path = balm_arena_strdup(arena, balm_policy_record(policy));
    balm_policy_release(policy);
    if (*path || balm_arena_status(arena, err)) return *path ? BALM_OK : err->code;
    return balm_fail(err, BALM_E_ARG,
                     "--verify: name the record's file, or set `record` in the configuration");
}

static int verify(struct balm_cli *cli)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    struct balm_value told = balm_map(arena);
    struct balm_chain_state state;
    struct balm_err err;
    const char *path;
    enum balm_code code;

    if (find_record(cli, &path, &err)) return balm_cli_fail(cli, &err);
    code = balm_chain_verify(path, &state, &err);
    if (code && code != BALM_E_INPUT) return balm_cli_fail(cli, &err);
    balm_map_set(arena, told, "record", balm_string(path));
    balm_map_set(arena, told, "intact", balm_bool(!code));
    balm_map_set(arena, told, "lines", balm_int((int64_t)state.lines));
    balm_map_set(arena, told, "last", balm_string(state.last));
    if (code) balm_map_set(arena, told, "broken", balm_string(err.message));
    if (balm_cli_print(cli, told, 0)) return BALM_EXIT_FAILED;
    return code ? BALM_EXIT_FAILED : BALM_EXIT_OK;
}

/* ---- the command ---- */

static const char *const of_lists[] = {"account", "remediation", "status",     "resource",
                                       "since",   "limit",       "unfinished", "unverified"};

static enum balm_code check_words(const struct balm_cli *cli, struct balm_err *err)
{
    for (size_t i = 0; i < sizeof of_lists / sizeof *of_lists; i++) {
        if (balm_cli_word_count(cli) > 0 && balm_cli_has(cli, of_lists[i])) {
            return balm_fail(err, BALM_E_ARG, "--%s is for lists; give it or a run, not both",
                             of_lists[i]);
        }
    }
    return BALM_OK;
}

static int history(struct balm_cli *cli)
{
    struct history history = {.cli = cli,
                              .as_text = !balm_cli_has(cli, "json") && !balm_cli_wants_json(cli)};
    const char *run = balm_cli_word(cli, 0);
    struct balm_err err;

    if (balm_cli_has(cli, "verify")) return verify(cli);
    if (check_words(cli, &err) || balm_world_open(&history.world, cli, 0, &err)) {
        return balm_cli_fail(cli, &err);
    }
    if (balm_archive_open(&history.archive, &history.world, &err) ||
        (run ? show(&history, run, &err) : list(&history, &err))) {
        history.exit = balm_exit_join(history.exit, balm_cli_fail(cli, &err));
    }
    balm_archive_close(&history.archive);
    balm_world_close(&history.world);
    return history.exit;
}

static const struct balm_option options[] = {
    {"account", "ID", "runs in this account", false},
    {"remediation", "ID", "runs of this remediation", false},
    {"status", "STATUS", "runs that are fixed, compliant, skipped, failed, unfinished ...", false},
    {"resource", "NAME", "runs on this resource; * and ? stand for any characters", false},
    {"since", "TIME", "runs since a date, or for so long: 2026-11-25, 2h, 7d", false},
    {"limit", "N", "at most so many (100)", false},
    {"unfinished", NULL, "runs that began to write and whose process is gone", false},
    {"unverified", NULL, "runs whose writes were accepted, but whose check did not hold", false},
    {"json", NULL, "the same as --output json", false},
    {"verify", NULL, "hold the record in FILE (--record, `record` in balm.lua) against its hashes",
     false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_history = {
    .name = "history",
    .synopsis = "[RUN]\n--verify [FILE]",
    .summary = "the runs of the past, newest first, or one with all its calls",
    .text =
        "RUN is a run's id, or the beginning of one: at least 8 characters that no other begins\n"
        "with. A run that began to write and never ended is shown with the writes that were\n"
        "recorded before they were sent; what became of the last one is not known.",
    .options = options,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .words_max = 1,
    .run = history,
};
