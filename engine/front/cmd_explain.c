/*
 * balm explain: what was understood of an event, and what would be done about it. Calls nothing.
 */
#include "core/file.h"
#include "core/json.h"
#include "front/by_hand.h"
#include "front/commands.h"
#include "front/rig.h"
#include "remedy/explain.h"
#include "remedy/feed.h"

#include <string.h>

#define EVENTS_MAX ((size_t)1 << 30)
#define CHUNK      ((size_t)64 << 10)

struct explaining {
    struct balm_cli *cli;
    struct balm_rig rig;
    struct balm_arena arena; /* of one event */
    int exit;
};

static void print(struct explaining *explaining, struct balm_value value, bool is_fault)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    if (balm_cli_wants_json(explaining->cli)) {
        (void)balm_cli_print(explaining->cli, value, BALM_JSON_COMPACT);
        return;
    }
    if (is_fault) {
        (void)balm_result_text(&text, value, false);
    } else {
        (void)balm_explain_text(&text, value);
    }
    (void)balm_buf_addc(&text, '\n');
    (void)balm_cli_say(explaining->cli, &text, "what is explained");
}

static void explain_one(struct explaining *explaining, const struct balm_finding *finding,
                        bool by_hand, const struct balm_origin *origin)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    int exit;

    print(explaining,
          balm_explain(&explaining->rig.engine, finding, by_hand, origin, &arena, &exit), false);
    explaining->exit = balm_exit_join(explaining->exit, exit);
    balm_arena_free(&arena);
}

static void tell_fault(struct explaining *explaining, struct balm_err *err,
                       const struct balm_origin *origin)
{
    explaining->exit = balm_exit_join(explaining->exit, BALM_EXIT_USAGE);
    print(explaining, balm_fault_value(err, origin, &explaining->arena), true);
}

static void explain_event(struct explaining *explaining, struct balm_value event,
                          const struct balm_origin *origin)
{
    struct balm_finding *findings;
    struct balm_err err;
    size_t count;

    if (balm_findings_decode(explaining->rig.host, event, &explaining->arena, &findings, &count,
                             &err)) {
        tell_fault(explaining, &err, origin);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(findings[i].kind, "list") == 0) {
            struct balm_value told = balm_map(&explaining->arena);
            balm_map_set(&explaining->arena, told, "outcome",
                         balm_string("the list of remediations would be printed"));
            print(explaining, told, false);
        } else {
            explain_one(explaining, &findings[i], false, origin);
        }
    }
}

/* Takes what is whole. */
static void drain(struct explaining *explaining, struct balm_feed *feed, const char *source)
{
    for (;;) {
        struct balm_origin origin = {source, 0, 0};
        struct balm_value event;
        struct balm_err err;
        enum balm_feed_next next;

        balm_arena_reset(&explaining->arena);
        next = balm_feed_take(feed, &explaining->arena, &event, &origin.line, &err);
        origin.number = feed->count;
        if (next == BALM_FEED_MORE || next == BALM_FEED_END) return;
        if (next == BALM_FEED_BAD) {
            tell_fault(explaining, &err, &origin);
        } else {
            explain_event(explaining, event, &origin);
        }
    }
}

static enum balm_code explain_source(struct explaining *explaining, const char *source,
                                     struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(EVENTS_MAX);
    struct balm_feed feed;
    enum balm_code code = balm_file_read(&text, source, err);

    balm_feed_init(&feed);
    for (size_t at = 0; !code && at < text.len; at += CHUNK) {
        size_t len = text.len - at < CHUNK ? text.len - at : CHUNK;
        code = balm_feed_add(&feed, text.bytes + at, len, err);
        if (!code) drain(explaining, &feed, source);
    }
    balm_feed_finish(&feed);
    if (!code) drain(explaining, &feed, source);
    balm_feed_free(&feed);
    balm_buf_free(&text);
    return code;
}

static enum balm_code explain_all(struct explaining *explaining, bool by_hand, struct balm_err *err)
{
    struct balm_cli *cli = explaining->cli;
    struct balm_finding finding;

    if (by_hand) {
        if (balm_by_hand_finding(cli, explaining->rig.world.config.region, &finding, err)) {
            return err->code;
        }
        explain_one(explaining, &finding, true, NULL);
        return BALM_OK;
    }
    for (size_t i = 0; i < balm_cli_word_count(cli); i++) {
        if (explain_source(explaining, balm_cli_word(cli, i), err)) return err->code;
    }
    return BALM_OK;
}

static int explain(struct balm_cli *cli)
{
    struct explaining explaining = {.cli = cli, .arena = BALM_ARENA_INIT};
    struct balm_rig_options options = {.records = true}; /* for what the guards remember */
    struct balm_err err;
    bool by_hand;
    int status;

    if (balm_by_hand_asked(cli, &by_hand, &err)) return balm_cli_fail(cli, &err);
    status = balm_rig_open(&explaining.rig, cli, &options);
    if (status) return status;
    if (explain_all(&explaining, by_hand, &err)) {
        explaining.exit = balm_exit_join(explaining.exit, BALM_EXIT_USAGE);
        (void)balm_cli_fail(cli, &err);
    }
    balm_arena_free(&explaining.arena);
    balm_rig_close(&explaining.rig);
    return explaining.exit;
}

static const struct balm_option options_of_explain[] = {
    BALM_OPTIONS_BY_HAND,
    {"skip-guard", "NAME", "leave out this guard", true},
    {"allow-destructive", NULL, "as run would be told", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_explain = {
    .name = "explain",
    .synopsis = "[EVENT...]\n--remediation ID --resource FILE|JSON [--param NAME=VALUE]...",
    .summary = "what was understood, which remediation, which guards, and why; calls nothing",
    .text = "Tells of each event the finding that was understood, the remediation and the role it "
            "leads\nto, its parameters, and which guard would stop it.",
    .options = options_of_explain,
    .groups = BALM_OPTIONS_AWS | BALM_OPTIONS_ROLE | BALM_OPTIONS_SCRIPTS | BALM_OPTIONS_STORE,
    .words_max = 10000,
    .run = explain,
};
