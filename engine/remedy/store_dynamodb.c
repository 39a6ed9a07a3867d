/* store over DynamoDB: tasks, their order, and the calls that they make. */
#include "aws/retry.h"
#include "core/text.h"
#include "remedy/dynamodb.h"

#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 12

static const char *const operation_names[BALM_DDB_OPERATIONS] = {
    [BALM_DDB_GET] = "GetItem",
    [BALM_DDB_BATCH_GET] = "BatchGetItem",
    [BALM_DDB_QUERY] = "Query",
    [BALM_DDB_PUT] = "PutItem",
    [BALM_DDB_DELETE] = "DeleteItem",
    [BALM_DDB_TRANSACT] = "TransactWriteItems",
    [BALM_DDB_DESCRIBE_TABLE] = "DescribeTable",
    [BALM_DDB_CREATE_TABLE] = "CreateTable",
    [BALM_DDB_UPDATE_TTL] = "UpdateTimeToLive",
};

/* ---- order ---- */

static bool writes_into(const struct balm_store_op *commit, const struct balm_store_query *query)
{
    for (size_t i = 0; i < commit->write_count; i++) {
        const struct balm_store_write *write = &commit->writes[i];
        if (query->from && strcmp(write->sort, query->from) < 0) continue;
        if (query->to && strcmp(write->sort, query->to) > 0) continue;
        if (strcmp(write->partition, query->partition) == 0) return true;
    }
    return false;
}

static bool share_an_item(const struct balm_store_op *a, const struct balm_store_op *b)
{
    for (size_t i = 0; i < a->write_count; i++) {
        for (size_t k = 0; k < b->write_count; k++) {
            if (strcmp(a->writes[i].sort, b->writes[k].sort) == 0 &&
                strcmp(a->writes[i].partition, b->writes[k].partition) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool touch(const struct balm_store_op *a, const struct balm_store_op *b)
{
    if (a->is_commit && b->is_commit) return share_an_item(a, b);
    if (a->is_commit) return writes_into(a, &b->query);
    return b->is_commit && writes_into(b, &a->query);
}

static void begin(struct balm_dynamodb_task *task)
{
    if (task->given_up) {
        balm_dynamodb_finish(task);
    } else if (task->op->is_commit) {
        balm_dynamodb_commit(task);
    } else {
        balm_dynamodb_read(task);
    }
}

static void append(struct balm_dynamodb *store, struct balm_dynamodb_task *task)
{
    const struct balm_dynamodb_task *earlier;
    for (earlier = store->first; earlier; earlier = earlier->next) {
        task->blockers += !earlier->given_up && touch(earlier->op, task->op);
    }
    task->previous = store->last;
    if (store->last) {
        store->last->next = task;
    } else {
        store->first = task;
    }
    store->last = task;
}

static void unlink_task(struct balm_dynamodb *store, struct balm_dynamodb_task *task)
{
    if (task->previous) {
        task->previous->next = task->next;
    } else {
        store->first = task->next;
    }
    if (task->next) {
        task->next->previous = task->previous;
    } else {
        store->last = task->previous;
    }
}

static void let_others_go(struct balm_dynamodb_task *task)
{
    struct balm_dynamodb_task *later;
    for (later = task->next; later; later = later->next) {
        if (touch(task->op, later->op) && --later->blockers == 0) begin(later);
    }
}

static void free_task(struct balm_dynamodb_task *task)
{
    balm_timer_stop(task->store->base.loop, &task->timer);
    balm_task_cancel(task->store->base.loop, &task->over);
    balm_call_release(task->call);
    balm_arena_free(&task->arena);
    free(task);
}

static void on_over(void *owner)
{
    struct balm_dynamodb_task *task = owner;
    struct balm_store_op *op = task->op;
    if (!task->given_up) let_others_go(task);
    unlink_task(task->store, task);
    free_task(task);
    balm_store_answer(op);
}

void balm_dynamodb_finish(struct balm_dynamodb_task *task)
{
    balm_task_add(task->store->base.loop, &task->over, on_over, task);
}

void balm_dynamodb_fail(struct balm_dynamodb_task *task, const struct balm_err *err)
{
    struct balm_err *own = &task->op->err;
    *own = *err;
    if (own->aws_code[0]) balm_err_prefix(own, "%s", own->aws_code);
    balm_err_prefix(own, "the store %s in %s", task->store->base.url, task->store->region);
    if (own->code == BALM_E_AWS && balm_err_is_authorisation(own)) {
        balm_err_prefix(own, "Balm's own credentials may not use it");
    }
    balm_dynamodb_finish(task);
}

/* ---- calls ---- */

struct balm_arena *balm_dynamodb_begin(struct balm_dynamodb_task *task)
{
    balm_arena_reset(&task->arena);
    return &task->arena;
}

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct balm_dynamodb_task *task = owner;
    task->answered(task, result);
}

static enum balm_code find_session(struct balm_dynamodb *store, struct balm_err *err)
{
    struct balm_session_options options = {.region = store->region};
    if (store->session) return BALM_OK;
    return balm_session_open(&store->session, store->aws, &options, err);
}

void balm_dynamodb_call(struct balm_dynamodb_task *task, enum balm_dynamodb_operation operation,
                        struct balm_value params,
                        void (*answered)(struct balm_dynamodb_task *task,
                                         const struct balm_call_result *result))
{
    struct balm_dynamodb *store = task->store;
    struct balm_call *call = NULL;
    struct balm_value problems = balm_null();
    struct balm_err err = {.code = BALM_OK};
    enum balm_code code = balm_arena_status(&task->arena, &err);
    if (!code) code = find_session(store, &err);
    if (!code) {
        code = balm_call_new(&call, store->session, store->operations[operation], params, NULL,
                             &task->arena, &problems, &err);
    }
    /* Only now: params and whoever calls may still use the last answer. */
    balm_call_release(task->call);
    task->call = call;
    task->answered = answered;
    if (code) {
        balm_dynamodb_fail(task, &err);
    } else {
        balm_call_send(call, on_answer, task);
    }
}

static void on_timer(void *owner)
{
    struct balm_dynamodb_task *task = owner;
    task->resume(task);
}

void balm_dynamodb_later(struct balm_dynamodb_task *task,
                         void (*resume)(struct balm_dynamodb_task *task))
{
    uint32_t bits;
    int64_t delay;
    balm_random(&bits, sizeof bits);
    task->tries++;
    if (!task->waits && task->tries > TRIES_MAX) {
        struct balm_err err;
        balm_fail(&err, BALM_E_AWS, "it is too busy: others use the same items all the time");
        err.retryable = true;
        balm_dynamodb_fail(task, &err);
        return;
    }
    delay = balm_retry_delay(task->tries < 6 ? task->tries + 1 : 6, false,
                             (double)bits / (double)UINT32_MAX);
    task->resume = resume;
    if (balm_timer_set(task->store->base.loop, &task->timer, delay, on_timer, task)) {
        balm_nomem(&task->op->err);
        balm_dynamodb_finish(task);
    }
}

/* ---- the backend ---- */

static enum balm_code start(struct balm_store *base, struct balm_store_op *op, struct balm_err *err)
{
    struct balm_dynamodb *store = (struct balm_dynamodb *)base;
    struct balm_dynamodb_task *task = calloc(1, sizeof *task);
    if (!task) return balm_nomem(err);
    task->store = store;
    task->op = op;
    append(store, task);
    if (task->blockers == 0) begin(task);
    return BALM_OK;
}

/* What is read for nobody holds back no write. It is read to its end: to break off a call costs its
   connection. */
static void forget(struct balm_store *base, struct balm_store_op *op)
{
    struct balm_dynamodb_task *task = ((struct balm_dynamodb *)base)->first;
    if (op->is_commit) return;
    while (task->op != op) {
        task = task->next;
    }
    let_others_go(task);
    task->given_up = true;
}

static void free_store(struct balm_dynamodb *store)
{
    balm_session_release(store->session);
    free(store->region);
    free(store->table);
    free(store);
}

static void release(struct balm_store *base)
{
    struct balm_dynamodb *store = (struct balm_dynamodb *)base;
    while (store->first) {
        struct balm_dynamodb_task *task = store->first;
        unlink_task(store, task);
        balm_store_op_free(task->op);
        free_task(task);
    }
    free_store(store);
}

static const struct balm_store_backend backend = {start, forget, release};

static enum balm_code find_operations(struct balm_dynamodb *store, struct balm_err *err)
{
    const struct balm_service *service = NULL;
    enum balm_code code = balm_pack_service(balm_aws_pack(store->aws), "dynamodb", &service, err);
    for (size_t i = 0; i < BALM_DDB_OPERATIONS && !code; i++) {
        code = balm_service_operation(service, operation_names[i], &store->operations[i], err);
    }
    return code;
}

enum balm_code balm_store_dynamodb_new(struct balm_store **out,
                                       const struct balm_store_setup *setup, struct balm_err *err)
{
    struct balm_dynamodb *store;
    enum balm_code code;
    if (!setup->region || !*setup->region) {
        return balm_fail(err, BALM_E_ARG, "the store %s needs a region: use --region or AWS_REGION",
                         setup->url);
    }
    store = calloc(1, sizeof *store);
    if (!store) return balm_nomem(err);
    store->aws = setup->aws;
    store->region = strdup(setup->region);
    store->table = strdup(balm_store_dynamodb_table(setup->url));
    code = store->region && store->table ? find_operations(store, err) : balm_nomem(err);
    if (code) {
        free_store(store);
        return code;
    }
    store->base.backend = &backend;
    *out = &store->base;
    return BALM_OK;
}
