/*
 * script_world: what the tests of instances stand on: a loop, the real pack, a session that sends
 * nothing, scripts as texts, and a gate that answers from a table.
 */
#ifndef SPEC_SCRIPT_WORLD_H
#define SPEC_SCRIPT_WORLD_H

#include "core/file.h"
#include "core/json.h"
#include "script/instance.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS_MAX 64

/* What the gate does with the next call; the last one counts for all that follow. */
struct reply {
    const char *answer; /* JSON; NULL: the shape of what is not known, as a plan answers */
    const char *code;   /* an API error instead */
    int status;
    const char *detail; /* JSON, of the error */
    bool never;         /* no answer comes */
    bool stops;         /* no answer comes, and the loop stops */
    bool later;         /* from the loop, not from within ask() */
};

struct world {
    struct balm_gate gate; /* first: the gate is the world */
    struct balm_loop *loop;
    struct balm_aws_config config;
    struct balm_aws *aws;
    struct balm_session *session;
    struct balm_catalog *catalog;
    struct balm_arena arena;
    char dir[SCRATCH_MAX];

    const struct reply *replies;
    size_t reply_count, asked;
    struct balm_value calls; /* "s3:GetBucketVersioning {...}" of each call */
    bool needed_unknown;
    int dropped;
    bool no_sleep;
    struct balm_question *waiting;
    struct balm_task answering;

    struct balm_limits limits;
    const char *top; /* stands at the top of the script, on its first line */
    bool offline, in_order;
    struct balm_gate *gate_instead; /* of the world's own, where not NULL */
    struct balm_version *version;
    struct balm_instance *instance;
    const struct balm_outcome *outcome;
};

static inline void world_answer(struct balm_question *question, const struct reply *reply)
{
    struct balm_value value = balm_null();
    struct balm_value detail = balm_null();
    struct balm_err err;

    if (reply->code) {
        balm_fail(&err, BALM_E_AWS, "told by the test");
        (void)snprintf(err.aws_code, sizeof err.aws_code, "%s", reply->code);
        err.http_status = reply->status;
        err.retryable = reply->status >= 500;
        if (reply->detail) {
            assert_int_equal(balm_json_parse(question->arena, reply->detail, strlen(reply->detail),
                                             &detail, &err),
                             BALM_OK);
        }
        balm_question_refuse(question, &err, detail);
        return;
    }
    if (reply->answer) {
        assert_int_equal(
            balm_json_parse(question->arena, reply->answer, strlen(reply->answer), &value, &err),
            BALM_OK);
    } else {
        value = balm_unknown_output(balm_call_operation(question->call),
                                    balm_arena_printf(question->arena, "%s:%s",
                                                      balm_call_service(question->call),
                                                      balm_call_operation_name(question->call)),
                                    question->arena);
    }
    balm_question_answer(question, value);
}

static inline const struct reply *world_reply(const struct world *world, size_t i)
{
    static const struct reply nothing = {.answer = "{}"};

    if (world->reply_count == 0) return &nothing;
    return &world->replies[i < world->reply_count ? i : world->reply_count - 1];
}

static inline void world_answers(void *owner)
{
    struct world *world = owner;

    world_answer(world->waiting, world_reply(world, world->asked - 1));
}

static inline void world_ask(struct balm_gate *gate, struct balm_question *question)
{
    struct world *world = (struct world *)gate;
    const struct reply *reply = world_reply(world, world->asked++);
    struct balm_buf params = BALM_BUF_INIT(BALM_BUF_MAX);

    assert_int_equal(balm_json_print(&params, balm_call_params(question->call), BALM_JSON_SORTED),
                     BALM_OK);
    balm_list_push(&world->arena, world->calls,
                   balm_textf(&world->arena, "%s:%s %s", balm_call_service(question->call),
                              balm_call_operation_name(question->call), params.bytes));
    balm_buf_free(&params);
    if (question->needs_unknown) world->needed_unknown = true;
    if (reply->stops) balm_loop_stop(world->loop);
    if (reply->never || reply->stops) return;
    if (reply->later) {
        world->waiting = question;
        balm_task_add(world->loop, &world->answering, world_answers, world);
        return;
    }
    world_answer(question, reply);
}

static inline void world_dropped(struct balm_gate *gate, struct balm_question *question, bool sent)
{
    (void)question;
    assert_false(sent);
    ((struct world *)gate)->dropped++;
}

static inline bool world_may_sleep(struct balm_gate *gate, double seconds)
{
    (void)seconds;
    return !((struct world *)gate)->no_sleep;
}

static inline void must(enum balm_code code, const struct balm_err *err)
{
    if (code) fail_msg("%s", err->message);
}

static inline int world_set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    const struct balm_aws_options options = {.region = "eu-west-1"};
    const char *models = getenv("BALM_MODELS");
    struct balm_err err;

    *state = world;
    world->gate = (struct balm_gate){world_ask, NULL, world_dropped, world_may_sleep};
    world->limits = (struct balm_limits)BALM_LIMITS_DEFAULT;
    world->calls = balm_list(&world->arena);
    assert_true(scratch_folder(world->dir));
    (void)setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    must(balm_loop_new(&world->loop, &err), &err);
    must(balm_aws_config_load(&world->config, &options, &err), &err);
    const struct balm_aws_setup setup = {.loop = world->loop,
                                         .models_path = models ? models : "build/models.pack",
                                         .config = &world->config};
    must(balm_aws_new(&world->aws, &setup, &err), &err);
    const struct balm_session_options session = {.region = "eu-west-1", .account = "111122223333"};
    must(balm_session_open(&world->session, world->aws, &session, &err), &err);
    const struct balm_catalog_options catalog = {.lua_dir = "lua", .limits = BALM_LIMITS_DEFAULT};
    must(balm_catalog_new(&world->catalog, &catalog, &err), &err);
    return 0;
}

static inline void world_end_run(struct world *world)
{
    balm_instance_release(world->instance);
    balm_version_release(world->version);
    world->instance = NULL;
    world->version = NULL;
    world->outcome = NULL;
}

static inline int world_tear_down(void **state)
{
    struct world *world = *state;

    world_end_run(world);
    balm_catalog_release(world->catalog);
    balm_session_release(world->session);
    balm_aws_release(world->aws);
    balm_aws_config_free(&world->config);
    balm_loop_release(world->loop);
    balm_arena_free(&world->arena);
    (void)rmdir(world->dir);
    free(world);
    return 0;
}

/* A version of what text says. */
static inline struct balm_version *world_load(struct world *world, const char *text)
{
    struct balm_version *version = NULL;
    struct balm_value faults = balm_null();
    struct balm_err err;
    char path[SCRATCH_MAX + 32];

    (void)snprintf(path, sizeof path, "%s/spec_it.lua", world->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    must(balm_catalog_load_file(world->catalog, path, &version, &world->arena, &faults, &err),
         &err);
    assert_int_equal(unlink(path), 0);
    return version;
}

static inline struct balm_instance *world_instance(struct world *world,
                                                   struct balm_version *version)
{
    struct balm_instance *instance = NULL;
    struct balm_value resource = balm_map(&world->arena);
    struct balm_err err;

    balm_map_set(&world->arena, resource, "Name", balm_string("logs"));
    const struct balm_instance_options options = {
        .aws = world->aws,
        .version = version,
        .session = world->session,
        .gate = world->gate_instead ? world->gate_instead : &world->gate,
        .resource = resource,
        .parameters = balm_map(&world->arena),
        .limits = world->limits,
        .run = "run-1",
        .offline = world->offline,
        .in_order = world->in_order,
    };
    must(balm_instance_new(&instance, &options, &err), &err);
    return instance;
}

static inline void world_done(void *owner, const struct balm_outcome *outcome)
{
    struct world *world = owner;

    world->outcome = outcome;
    balm_loop_stop(world->loop);
}

/* Runs another phase of the run. */
static inline const struct balm_outcome *world_phase(struct world *world, enum balm_phase phase,
                                                     struct balm_value extra)
{
    world->outcome = NULL;
    balm_instance_run(world->instance, phase, extra, world_done, world);
    balm_loop_run(world->loop);
    return world->outcome;
}

/* Runs `fix` with a body; the replies were set before. */
static inline const struct balm_outcome *world_fix(struct world *world, const char *body)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    world_end_run(world);
    balm_buf_addf(&text,
                  "local aws = require \"aws\" %s\n"
                  "return { id = \"Spec.It\", parameters = {}, fix = function(session, resource)\n"
                  "local s3 = session:client(\"s3\")\n"
                  "%s\n"
                  "end }\n",
                  world->top ? world->top : "", body);
    world->version = world_load(world, text.bytes);
    balm_buf_free(&text);
    world->instance = world_instance(world, world->version);
    return world_phase(world, BALM_PHASE_FIX, balm_null());
}

static inline void world_replies(struct world *world, const struct reply *replies, size_t count)
{
    world->replies = replies;
    world->reply_count = count;
    world->asked = 0;
    world->calls = balm_list(&world->arena);
}

#define REPLIES(world, ...)                                                                        \
    world_replies((world), (const struct reply[]){__VA_ARGS__},                                    \
                  sizeof((const struct reply[]){__VA_ARGS__}) / sizeof(struct reply))

static inline const char *world_call(struct world *world, size_t i)
{
    struct balm_value *call = balm_list_at(world->calls, i);

    return call ? call->as.text : "";
}

/* Runs the body and holds that all its assertions are true. */
static inline void world_holds(struct world *world, const char *body)
{
    const struct balm_outcome *outcome = world_fix(world, body);

    assert_non_null(outcome);
    if (outcome->err.code) fail_msg("%s", outcome->err.message);
}

/* Runs the body and holds that it fails with that code. */
static inline const struct balm_outcome *world_fails(struct world *world, const char *body,
                                                     const char *code)
{
    const struct balm_outcome *outcome = world_fix(world, body);

    assert_non_null(outcome);
    assert_int_not_equal(outcome->err.code, BALM_OK);
    assert_string_equal(balm_get_string(outcome->detail, "code", ""), code);
    return outcome;
}

#endif
