/*
 * store_fixture: a store of a test's own, asked and answered in one line.
 *
 * SQLite's; with BALM_TEST_DYNAMODB set, a table of DynamoDB's, wherever the SDKs' variables lead.
 */
#ifndef SPEC_ENGINE_REMEDY_STORE_FIXTURE_H
#define SPEC_ENGINE_REMEDY_STORE_FIXTURE_H

#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "remedy/store.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#define SECOND INT64_C(1000000)

struct fixture {
    struct balm_loop *loop;
    struct balm_store *store;
    struct balm_arena arena;
    struct balm_aws_config config;
    struct balm_aws *aws; /* NULL: SQLite */
    char folder[SCRATCH_MAX];
    char path[SCRATCH_MAX + 16];
    char url[SCRATCH_MAX + 64];
};

static inline struct balm_store *open_store(struct fixture *fixture)
{
    struct balm_store_setup setup = {
        .url = fixture->url, .loop = fixture->loop, .aws = fixture->aws, .region = "eu-west-1"};
    struct balm_store *store = NULL;
    struct balm_err err;
    if (balm_store_open(&store, &setup, &err)) fail_msg("%s", err.message);
    return store;
}

static inline int fixture_use_dynamodb(struct fixture *fixture)
{
    struct balm_aws_options options = {.profile = NULL};
    struct balm_aws_setup setup = {.loop = fixture->loop, .config = &fixture->config};
    struct balm_err err;
    char unique[37];
    balm_text_uuid(unique);
    (void)snprintf(fixture->url, sizeof fixture->url, "dynamodb:balm-%s", unique);
    setup.models_path = balm_file_own(&fixture->arena, "models.pack");
    if (!setup.models_path || balm_aws_config_load(&fixture->config, &options, &err)) return -1;
    return balm_aws_new(&fixture->aws, &setup, &err) ? -1 : 0;
}

static inline int fixture_begin(struct fixture *fixture)
{
    struct balm_err err;
    *fixture = (struct fixture){.loop = NULL};
    if (!scratch_folder(fixture->folder)) return -1;
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/balm.db", fixture->folder);
    (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", fixture->path);
    if (balm_loop_new(&fixture->loop, &err)) return -1;
    if (getenv("BALM_TEST_DYNAMODB") && fixture_use_dynamodb(fixture)) return -1;
    fixture->store = open_store(fixture);
    return 0;
}

static inline void fixture_remove_files(const struct fixture *fixture)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char path[SCRATCH_MAX + 32];
        (void)snprintf(path, sizeof path, "%s%s", fixture->path, endings[i]);
        unlink(path);
    }
}

static inline void fixture_end(struct fixture *fixture)
{
    balm_store_release(fixture->store);
    balm_aws_release(fixture->aws);
    balm_aws_config_free(&fixture->config);
    balm_loop_release(fixture->loop);
    balm_arena_free(&fixture->arena);
    fixture_remove_files(fixture);
    rmdir(fixture->folder);
}

/* ---- asking ---- */

static inline void fixture_done(void *owner, struct balm_store_request *request)
{
    (void)request;
    *(bool *)owner = true;
}

struct outcome {
    struct balm_store_request request;
    bool done;
};

static inline struct outcome *new_outcome(struct fixture *fixture)
{
    struct outcome *outcome = balm_arena_zalloc(&fixture->arena, sizeof *outcome);
    outcome->request.arena = &fixture->arena;
    outcome->request.done = fixture_done;
    outcome->request.owner = &outcome->done;
    return outcome;
}

/* Runs the loop until nothing is under way. */
static inline void settle(struct fixture *fixture)
{
    balm_loop_run(fixture->loop);
}

static inline struct balm_store_request *commit(struct fixture *fixture,
                                                const struct balm_change *changes, size_t count)
{
    struct outcome *outcome = new_outcome(fixture);
    balm_store_commit(fixture->store, &outcome->request, changes, count);
    assert_false(outcome->done); /* never from within */
    settle(fixture);
    assert_true(outcome->done);
    return &outcome->request;
}

static inline struct balm_store_request *query(struct fixture *fixture,
                                               const struct balm_store_query *asked)
{
    struct outcome *outcome = new_outcome(fixture);
    balm_store_read(fixture->store, &outcome->request, asked);
    assert_false(outcome->done);
    settle(fixture);
    assert_true(outcome->done);
    return &outcome->request;
}

static inline struct balm_value value_of(struct fixture *fixture, const char *json)
{
    struct balm_value value = balm_null();
    struct balm_err err;
    if (balm_json_parse(&fixture->arena, json, strlen(json), &value, &err)) {
        fail_msg("%s", err.message);
    }
    return value;
}

/* json NULL: remove it. */
static inline struct balm_change change_of(struct fixture *fixture, const char *sort,
                                           const char *json)
{
    struct balm_change change = {.item = {.partition = "p", .sort = sort}};
    if (json) change.item.value = value_of(fixture, json);
    return change;
}

static inline int64_t succeeds(const struct balm_store_request *request)
{
    if (request->err.code) fail_msg("%s", request->err.message);
    assert_false(request->conflict);
    return request->version;
}

static inline void conflicts(const struct balm_store_request *request)
{
    if (request->err.code) fail_msg("%s", request->err.message);
    assert_true(request->conflict);
}

static inline void fails(const struct balm_store_request *request, enum balm_code code,
                         const char *expected)
{
    assert_int_equal(request->err.code, code);
    if (!strstr(request->err.message, expected)) fail_msg("%s", request->err.message);
    assert_false(request->conflict);
}

/* Writes one item of partition "p"; its version. */
static inline int64_t put(struct fixture *fixture, const char *sort, const char *json)
{
    struct balm_change change = change_of(fixture, sort, json);
    return succeeds(commit(fixture, &change, 1));
}

static inline struct balm_item get(struct fixture *fixture, const char *sort)
{
    struct balm_store_query one = {.partition = "p", .from = sort, .to = sort, .limit = 1};
    struct balm_store_request *request = query(fixture, &one);
    succeeds(request);
    assert_true(request->count <= 1);
    return request->count ? request->items[0] : (struct balm_item){.version = 0};
}

static inline const char *json_of(struct fixture *fixture, struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *copy;
    assert_int_equal(balm_json_print(&text, value, BALM_JSON_COMPACT), BALM_OK);
    copy = balm_arena_copy(&fixture->arena, text.bytes, text.len);
    balm_buf_free(&text);
    return copy;
}

/* The item is as json says; "null": there is none. */
static inline void holds(struct fixture *fixture, const char *sort, const char *json)
{
    assert_string_equal(json_of(fixture, get(fixture, sort).value), json);
}

#endif
