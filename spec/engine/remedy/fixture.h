/*
 * fixture: an engine over scripts and a configuration that a test writes, with a fake in AWS's
 * place.
 *
 * The fake answers by the test's list, in order, each answer on a later turn of the loop.
 */
#ifndef BALM_SPEC_REMEDY_FIXTURE_H
#define BALM_SPEC_REMEDY_FIXTURE_H

#include "core/file.h"
#include "core/json.h"
#include "remedy/run.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct answer {
    const char *call;  /* "s3:GetBucketVersioning" */
    const char *gives; /* JSON; NULL: raises */
    const char *code;  /* of the error */
    int status;
};

struct fake {
    struct balm_gate_link link;
    const struct answer *answers;
    size_t count, asked;
    struct balm_loop *loop;
    struct balm_task task;
    struct balm_question *question;
    bool never_answers;
};

struct fixture {
    char dir[SCRATCH_MAX + 16];
    struct balm_arena arena;
    struct balm_aws_config config;
    struct balm_engine engine;
    struct fake fake;
    struct balm_value result; /* of the last run, in arena */
    struct balm_value plan;   /* of the last one that planned */
    int exit;
    size_t answered;
    struct balm_run *run;
};

static inline void fake_answer(void *owner)
{
    struct fake *fake = owner;
    struct balm_question *question = fake->question;
    const struct answer *answer = &fake->answers[fake->asked++];
    struct balm_call_result result = {.http_status = 200, .request_id = "r-1"};

    fake->question = NULL;
    if (answer->gives) {
        assert_int_equal(balm_json_parse(question->arena, answer->gives, strlen(answer->gives),
                                         &result.answer, &result.err),
                         BALM_OK);
        result.answer = balm_normalise_output(balm_call_operation(question->call), result.answer,
                                              question->arena);
        balm_gates_settled(fake->link.chain, question, &result);
        balm_question_answer(question, result.answer);
        return;
    }
    balm_fail(&result.err, BALM_E_AWS, "as the test wants it");
    snprintf(result.err.aws_code, sizeof result.err.aws_code, "%s", answer->code);
    result.http_status = result.err.http_status = answer->status;
    balm_gates_settled(fake->link.chain, question, &result);
    balm_question_refuse(question, &result.err, balm_null());
}

static inline void fake_ask(struct balm_gate *gate, struct balm_question *question)
{
    struct fake *fake = (struct fake *)gate;
    char name[200];

    snprintf(name, sizeof name, "%s:%s", balm_call_service(question->call),
             balm_call_operation_name(question->call));
    if (fake->never_answers) return;
    if (fake->asked == fake->count) fail_msg("%s was not expected", name);
    assert_string_equal(name, fake->answers[fake->asked].call);
    fake->question = question;
    balm_task_add(fake->loop, &fake->task, fake_answer, fake);
}

static inline void write_file(struct fixture *fixture, const char *name, const char *text)
{
    char path[SCRATCH_MAX + 256];
    struct balm_err err;

    snprintf(path, sizeof path, "%s/%s", fixture->dir, name);
    assert_int_equal(balm_file_write(path, text, strlen(text), 0600, &err), BALM_OK);
}

#define OK(call)                                                                                   \
    do {                                                                                           \
        if (call) fail_msg("%s: %s", #call, err.message);                                          \
    } while (0)

/* config: the text of balm.lua, or NULL for none. Scripts are written before. */
static inline void open_engine(struct fixture *fixture, const char *config)
{
    struct balm_engine *engine = &fixture->engine;
    struct balm_aws_options options = {.region = "eu-west-1"};
    struct balm_aws_setup setup = {.models_path = "build/models.pack", .config = &fixture->config};
    const char *dirs[] = {fixture->dir};
    struct balm_catalog_options scripts = {
        .dirs = dirs, .dir_count = 1, .lua_dir = "lua", .limits = BALM_LIMITS_DEFAULT};
    struct balm_policy_source_options policies = {.path = NULL};
    struct balm_value faults;
    struct balm_err err;

    *engine = (struct balm_engine){.limits = BALM_LIMITS_DEFAULT};
    OK(balm_aws_config_load(&fixture->config, &options, &err));
    OK(balm_loop_new(&engine->loop, &err));
    setup.loop = engine->loop;
    OK(balm_aws_new(&engine->aws, &setup, &err));
    OK(balm_catalog_new(&engine->catalog, &scripts, &err));
    OK(balm_lua_host_new(&engine->host, "lua", &err));
    if (config) {
        write_file(fixture, "../balm.lua", config);
        policies.path = balm_arena_printf(&fixture->arena, "%s/../balm.lua", fixture->dir);
    }
    policies.catalog = engine->catalog;
    OK(balm_policy_source_new(&engine->policies, &policies, &fixture->arena, &faults, &err));
    fixture->fake.loop = engine->loop;
    fixture->fake.link.gate.ask = fake_ask;
}

static inline void close_engine(struct fixture *fixture)
{
    balm_policy_source_release(fixture->engine.policies);
    balm_lua_host_release(fixture->engine.host);
    balm_catalog_release(fixture->engine.catalog);
    balm_aws_release(fixture->engine.aws);
    balm_loop_release(fixture->engine.loop);
    balm_aws_config_free(&fixture->config);
    memset(&fixture->engine, 0, sizeof fixture->engine);
}

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char parent[SCRATCH_MAX];

    assert_non_null(fixture);
    assert_true(scratch_folder(parent));
    snprintf(fixture->dir, sizeof fixture->dir, "%s/scripts", parent);
    assert_int_equal(mkdir(fixture->dir, 0700), 0);
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    unsetenv("AWS_PROFILE");
    *state = fixture;
    return 0;
}

static inline void remove_files(struct fixture *fixture)
{
    const char **names;
    size_t count = 0;
    char path[SCRATCH_MAX + 256];
    struct balm_err err;

    (void)balm_dir_list(&fixture->arena, fixture->dir, "", &names, &count, &err);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", fixture->dir, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/../balm.lua", fixture->dir);
    unlink(path);
    rmdir(fixture->dir);
    *strrchr(fixture->dir, '/') = '\0';
    rmdir(fixture->dir);
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;

    close_engine(fixture);
    remove_files(fixture);
    balm_arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

static inline void keep_result(void *owner, struct balm_run *run, const struct balm_result *result)
{
    struct fixture *fixture = owner;

    (void)run;
    fixture->result = balm_copy(&fixture->arena, result->value);
    if (!balm_is_null(result->plan)) fixture->plan = balm_copy(&fixture->arena, result->plan);
    fixture->exit = balm_result_exit(result);
    fixture->answered++;
    balm_loop_stop(fixture->engine.loop);
}

static inline void expect_calls(struct fixture *fixture, const struct answer *answers, size_t count)
{
    fixture->fake.answers = answers;
    fixture->fake.count = count;
    fixture->fake.asked = 0;
}

static inline void run_order(struct fixture *fixture, struct balm_order *order)
{
    struct balm_err err;

    order->instead_of_aws = &fixture->fake.link;
    OK(balm_run_start(&fixture->run, &fixture->engine, order, keep_result, fixture, &err));
    balm_loop_run(fixture->engine.loop);
    assert_int_equal(fixture->answered, 1);
    balm_run_release(fixture->run);
    fixture->run = NULL;
    fixture->answered = 0;
    assert_int_equal(fixture->fake.asked, fixture->fake.count);
}

/* A finding about the bucket "logs" that names the remediation. */
static inline struct balm_finding finding_for(struct fixture *fixture, const char *remediation)
{
    static const char resource[] =
        "{\"Name\":\"logs\",\"AccountId\":\"123456789012\",\"Region\":\"eu-west-1\"}";
    struct balm_finding finding;
    struct balm_value value;
    struct balm_err err;

    OK(balm_json_parse(&fixture->arena, resource, sizeof resource - 1, &value, &err));
    OK(balm_finding_manual(&finding, remediation, value, balm_map(&fixture->arena), NULL,
                           &fixture->arena, &err));
    return finding;
}

static inline const char *text_at(struct fixture *fixture, const char *path)
{
    struct balm_value value = balm_path(fixture->result, path);

    return value.type == BALM_STRING ? value.as.text : "";
}

static inline void expect_json(struct fixture *fixture, const char *path, const char *expected)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)balm_json_print(&text, balm_path(fixture->result, path), BALM_JSON_COMPACT);
    assert_string_equal(text.bytes, expected);
    balm_buf_free(&text);
}

#endif
