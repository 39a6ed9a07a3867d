#include "remedy/kill_switch.h"

#include "core/clock.h"
#include "core/file.h"
#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIX        (1u << BALM_ACTION_FIX)
#define REASON_MAX ((size_t)4096)            /* bytes of the file */
#define SHOWN      200                       /* characters of a reason */
#define FRESH_NS   (INT64_C(5) * 1000000000) /* so long a parameter is taken as read */

/* Which parameter, and where. */
struct question {
    char parameter[1025];
    char region[64]; /* "": none is configured */
};

struct balm_kill_switch {
    struct balm_guard guard;
    struct balm_loop *loop;
    struct balm_aws *aws;
    struct balm_arena arena; /* the file's place */
    const char *own_path;    /* NULL: not known */
    int64_t absent_at;       /* the turn of the loop in which it was last not there */

    /* the parameter */
    struct balm_arena of_call;
    struct balm_session *session; /* these two: while it is being read */
    struct balm_call *call;
    struct balm_guarding *waiting; /* through of_guard */
    struct question about;         /* the following */
    int64_t read_at;               /* monotonic; 0: never */
    bool thrown;
    char why[SHOWN + 200];
};

/* ---- file and environment ---- */

const char *balm_stop_path(struct balm_arena *arena)
{
    return balm_file_state(arena, "stop");
}

enum balm_code balm_stop_throw(const char *path, const char *reason, bool *was_thrown,
                               struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(REASON_MAX);
    enum balm_code code;

    *was_thrown = false;
    (void)balm_buf_addf(&text, "%s\n", reason);
    code = balm_buf_status(&text, "the reason", err);
    if (!code) code = balm_dir_make_for(path, 0700, err);
    if (!code) code = balm_file_create(path, text.bytes, text.len, 0644, was_thrown, err);
    balm_buf_free(&text);
    return *was_thrown ? BALM_OK : code;
}

enum balm_code balm_stop_lift(const char *path, bool *was_thrown, struct balm_err *err)
{
    *was_thrown = unlink(path) == 0;
    if (*was_thrown || errno == ENOENT || errno == ENOTDIR) return BALM_OK;
    return balm_fail(err, BALM_E_IO, "cannot remove %s: %s", path, strerror(errno));
}

/* The first line, as much as is shown. */
static void refuse_by_file(struct balm_guarding *guarding, const char *path)
{
    struct balm_buf text = BALM_BUF_INIT(REASON_MAX);
    struct balm_err err;
    int len = 0;

    if (!balm_file_read(&text, path, &err) && text.len > 0) {
        len = (int)strcspn(text.bytes, "\r\n");
    }
    if (len > SHOWN) len = SHOWN;
    balm_guard_refuse(guarding, "%s is there%s%.*s; \"balm start\" lifts it", path, len ? ": " : "",
                      len, len ? text.bytes : "");
    balm_buf_free(&text);
}

static bool is_thrown_by_variable(struct balm_guarding *guarding)
{
    const char *variable = getenv("BALM_STOP");

    if (!variable || !variable[0] || strcmp(variable, "0") == 0) return false;
    balm_guard_refuse(guarding, "BALM_STOP is set: %.*s", SHOWN, variable);
    return true;
}

/* path NULL: there is none. */
static bool is_thrown_by_file(struct balm_guarding *guarding, const char *path)
{
    struct stat status;

    if (!path) return false;
    if (stat(path, &status) == 0) {
        refuse_by_file(guarding, path);
        return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) return false;
    balm_guard_refuse(guarding, "cannot look for %s: %s", path, strerror(errno));
    return true;
}

/* Once a turn for all who ask: none takes longer than some milliseconds, unless a script computes
   for longer. */
static bool is_thrown_by_own_file(struct balm_kill_switch *kill, struct balm_guarding *guarding)
{
    int64_t turn = balm_loop_now(kill->loop);

    if (turn == kill->absent_at) return false;
    if (is_thrown_by_file(guarding, kill->own_path)) return true;
    kill->absent_at = turn;
    return false;
}

/* ---- the parameter ---- */

static void answer(const struct balm_kill_switch *kill, struct balm_guarding *guarding)
{
    if (kill->thrown) {
        balm_guard_refuse(guarding, "%s", kill->why);
    } else {
        balm_guard_allow(guarding);
    }
}

static void ask_parameter(struct balm_kill_switch *kill, struct balm_guarding *guarding);

static void set_question(struct question *out, const struct balm_kill_switch *kill,
                         const struct balm_guarding *guarding)
{
    const struct balm_guard_settings *settings = balm_policy_guards(guarding->intent->policy);
    const char *region;

    region = settings->stop_region;
    if (!region) region = balm_aws_config_of(kill->aws)->region;
    (void)snprintf(out->parameter, sizeof out->parameter, "%s", settings->stop_parameter);
    (void)snprintf(out->region, sizeof out->region, "%s", region ? region : "");
}

static bool asks_the_same(const struct balm_kill_switch *kill, const struct balm_guarding *guarding)
{
    struct question own;

    set_question(&own, kill, guarding);
    return strcmp(own.parameter, kill->about.parameter) == 0 &&
           strcmp(own.region, kill->about.region) == 0;
}

/* The configuration may name another one than when the reading began: who goes by that is asked
   for anew, after the others have their answer. */
static void answer_all(struct balm_kill_switch *kill)
{
    struct balm_guarding *waiting = kill->waiting, *others = NULL, *next;

    kill->waiting = NULL;
    for (; waiting; waiting = next) {
        next = waiting->of_guard;
        if (asks_the_same(kill, waiting)) {
            answer(kill, waiting);
        } else {
            waiting->of_guard = others;
            others = waiting;
        }
    }
    for (; others; others = next) {
        next = others->of_guard;
        ask_parameter(kill, others);
    }
}

static void end_reading(struct balm_kill_switch *kill)
{
    balm_call_release(kill->call);
    if (kill->session) balm_session_release(kill->session);
    kill->call = NULL;
    kill->session = NULL;
    balm_arena_free(&kill->of_call);
}

static void cannot_tell(struct balm_kill_switch *kill, const struct balm_err *err)
{
    kill->thrown = true;
    (void)snprintf(kill->why, sizeof kill->why, "the parameter %.80s cannot be read: %.*s",
                   kill->about.parameter, SHOWN, err->message);
}

bool balm_stop_says_go(const char *value)
{
    static const char *const words[] = {"0", "false", "no", "off", "go", "start"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (balm_text_same_nocase(words[i], value)) return true;
    }
    return false;
}

static void on_parameter(void *owner, const struct balm_call_result *result)
{
    struct balm_kill_switch *kill = owner;
    const char *value = balm_get_string(balm_get(result->answer, "Parameter"), "Value", "");

    kill->thrown = false;
    if (result->err.code && strcmp(result->err.aws_code, "ParameterNotFound") != 0) {
        cannot_tell(kill, &result->err);
    } else if (!result->err.code && !balm_stop_says_go(value)) {
        kill->thrown = true;
        (void)snprintf(kill->why, sizeof kill->why, "the parameter %.80s says: %.*s",
                       kill->about.parameter, SHOWN, value);
    }
    kill->read_at = balm_clock_mono();
    end_reading(kill);
    answer_all(kill);
}

static enum balm_code read_parameter(struct balm_kill_switch *kill, struct balm_err *err)
{
    const struct balm_session_options options = {.region = kill->about.region};
    struct balm_value params = balm_map(&kill->of_call);

    balm_map_set(&kill->of_call, params, "Name", balm_string(kill->about.parameter));
    if (!kill->about.region[0]) {
        return balm_fail(err, BALM_E_ARG, "no region is configured, and kill_switch states none");
    }
    if (balm_session_open(&kill->session, kill->aws, &options, err) ||
        balm_call_named(&kill->call, kill->session, "ssm", "GetParameter", params, err)) {
        return err->code;
    }
    balm_call_send(kill->call, on_parameter, kill);
    return BALM_OK;
}

/* Read once for all who wait, and again when it is no longer fresh. */
static void ask_parameter(struct balm_kill_switch *kill, struct balm_guarding *guarding)
{
    struct balm_err err;

    if (kill->read_at && balm_clock_mono() - kill->read_at < FRESH_NS &&
        asks_the_same(kill, guarding)) {
        answer(kill, guarding);
        return;
    }
    guarding->of_guard = kill->waiting;
    kill->waiting = guarding;
    if (kill->call || guarding->alone) return;
    set_question(&kill->about, kill, guarding);
    kill->read_at = 0;
    if (read_parameter(kill, &err)) {
        cannot_tell(kill, &err);
        end_reading(kill);
        answer_all(kill);
    }
}

/* ---- the guard ---- */

static void ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_kill_switch *kill = guard->owner;
    const struct balm_guard_settings *settings = balm_policy_guards(guarding->intent->policy);

    if (is_thrown_by_variable(guarding) || is_thrown_by_own_file(kill, guarding) ||
        is_thrown_by_file(guarding, settings->stop_file)) {
        return;
    }
    if (settings->stop_parameter) {
        ask_parameter(kill, guarding);
    } else {
        balm_guard_allow(guarding);
    }
}

static void forget(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_kill_switch *kill = guard->owner;

    balm_guarding_unlink(&kill->waiting, guarding);
}

enum balm_code balm_kill_switch_new(struct balm_kill_switch **out, struct balm_loop *loop,
                                    struct balm_aws *aws, struct balm_err *err)
{
    struct balm_kill_switch *kill = calloc(1, sizeof *kill);

    if (!kill) return balm_nomem(err);
    kill->loop = loop;
    kill->aws = aws;
    kill->own_path = balm_stop_path(&kill->arena);
    kill->guard = (struct balm_guard){.name = "kill_switch",
                                      .actions = FIX,
                                      .moments = 1u << BALM_BEFORE_RUN | 1u << BALM_BEFORE_WRITE,
                                      .ask = ask,
                                      .forget = forget,
                                      .owner = kill};
    *out = kill;
    return BALM_OK;
}

void balm_kill_switch_release(struct balm_kill_switch *kill)
{
    if (!kill) return;
    end_reading(kill);
    balm_arena_free(&kill->arena);
    free(kill);
}

const struct balm_guard *balm_kill_switch_guard(const struct balm_kill_switch *kill)
{
    return &kill->guard;
}
