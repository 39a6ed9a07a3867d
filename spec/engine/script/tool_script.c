/*
 * tool_script: plays scripts against given answers, in bulk, for the tests in Python.
 *
 * Each line on stdin is {"body", "given"?, "answers"?}: the body of `check(session, given)`, what
 * it is given, and what its calls get, in order: {"answer"} or {"code", "status"}. One line on
 * stdout is {"calls": [{"service", "operation", "params"}], "slept": [seconds], "first", "second"}
 * of check's results, or with {"error"} as a result tells of it. `path.compile` is the engine's.
 */
#include "script/instance_internal.h"
#include "script_world.h"

struct play {
    struct balm_gate gate; /* first */
    struct balm_arena arena;
    struct balm_value line, shown, calls, slept;
    size_t answered;
    bool asked_whether;
};

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct play *play = (struct play *)gate;
    struct balm_value call = balm_map(&play->arena);
    struct balm_value *next = balm_list_at(balm_get(play->line, "answers"), play->answered++);
    struct balm_err err;

    balm_map_set(&play->arena, call, "service", balm_string(balm_call_service(question->call)));
    balm_map_set(&play->arena, call, "operation",
                 balm_string(balm_call_operation_name(question->call)));
    balm_map_set(&play->arena, call, "params",
                 balm_copy(&play->arena, balm_call_params(question->call)));
    balm_list_push(&play->arena, play->calls, call);
    if (next && !balm_is_null(balm_get(*next, "answer"))) {
        balm_question_answer(question, balm_get(*next, "answer"));
        return;
    }
    balm_fail(&err, BALM_E_AWS, "told by the test");
    (void)snprintf(err.aws_code, sizeof err.aws_code, "%s",
                   next ? balm_get_string(*next, "code", "") : "NoMoreAnswers");
    err.http_status = next ? (int)balm_get_int(*next, "status", 400) : 400;
    balm_question_refuse(question, &err, balm_null());
}

/* A waiter asks first whether it may wait at all; no sleep takes its time. */
static bool may_sleep(struct balm_gate *gate, double seconds)
{
    struct play *play = (struct play *)gate;

    if (!play->asked_whether) {
        play->asked_whether = true;
        return true;
    }
    balm_list_push(&play->arena, play->slept, balm_double(seconds));
    return false;
}

static int compile(lua_State *L)
{
    return balm_engine_lua_call(L, "path", "compile");
}

static int open_path(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, compile);
    lua_setfield(L, -2, "compile");
    return 1;
}

/* Loads a body, unless it is the last one again. */
static void load(struct world *world, const char *body)
{
    static char last[8192];
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    if (world->version && strcmp(last, body) == 0) return;
    world_end_run(world);
    (void)snprintf(last, sizeof last, "%s", body);
    balm_buf_addf(&text,
                  "local aws = require \"aws\"\n"
                  "return { id = \"Spec.It\", parameters = {}, fix = function() end,\n"
                  "check = function(session, given)\n%s\nend }\n",
                  body);
    world->version = world_load(world, text.bytes);
    balm_buf_free(&text);
}

static void play(struct world *world, struct play *play)
{
    const struct balm_instance_options options = {
        .aws = world->aws,
        .version = world->version,
        .session = world->session,
        .gate = &play->gate,
        .resource = balm_get(play->line, "given"),
        .parameters = balm_map(&play->arena),
        .limits = world->limits,
        .run = "run-1",
    };
    struct balm_err err;

    must(balm_instance_new(&world->instance, &options, &err), &err);
    balm_sandbox_preload(world->instance->sandbox, "path", open_path, true);
    const struct balm_outcome *outcome = world_phase(world, BALM_PHASE_CHECK, balm_null());
    balm_map_set(&play->arena, play->shown, "calls", play->calls);
    balm_map_set(&play->arena, play->shown, "slept", play->slept);
    if (outcome->err.code) {
        balm_map_set(&play->arena, play->shown, "error", balm_copy(&play->arena, outcome->detail));
    } else {
        balm_map_set(&play->arena, play->shown, "first", balm_copy(&play->arena, outcome->first));
        balm_map_set(&play->arena, play->shown, "second", balm_copy(&play->arena, outcome->second));
    }
    balm_instance_release(world->instance);
    world->instance = NULL;
}

static void serve(struct world *world, const char *text, size_t len)
{
    struct play now = {.gate = {.ask = ask, .may_sleep = may_sleep}};
    struct balm_buf out = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_err err;

    balm_arena_init(&now.arena, (size_t)1 << 30);
    must(balm_json_parse(&now.arena, text, len, &now.line, &err), &err);
    now.shown = balm_map(&now.arena);
    now.calls = balm_list(&now.arena);
    now.slept = balm_list(&now.arena);
    load(world, balm_get_string(now.line, "body", ""));
    play(world, &now);
    must(balm_json_print(&out, now.shown, BALM_JSON_SORTED | BALM_JSON_SECRETS), &err);
    (void)fwrite(out.bytes, 1, out.len, stdout);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    balm_buf_free(&out);
    balm_arena_free(&now.arena);
}

int main(void)
{
    void *state = NULL;
    char *line = NULL;
    size_t size = 0;

    (void)world_set_up(&state);
    for (ssize_t len = getline(&line, &size, stdin); len > 0; len = getline(&line, &size, stdin)) {
        serve(state, line, (size_t)len);
    }
    free(line);
    return world_tear_down(&state);
}
