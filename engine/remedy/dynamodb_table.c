/* dynamodb, the table: made by the first commit that finds none. */
#include "remedy/dynamodb.h"

#include <stdio.h>
#include <string.h>

#define WAITS_MAX 60 /* looks at a table that is being made */

bool balm_dynamodb_has_no_table(const struct balm_err *err)
{
    return err->code == BALM_E_AWS && strcmp(err->aws_code, "ResourceNotFoundException") == 0;
}

static bool is_error(const struct balm_call_result *result, const char *code)
{
    return result->err.code == BALM_E_AWS && strcmp(result->err.aws_code, code) == 0;
}

static struct balm_value named(struct balm_dynamodb_task *task, struct balm_arena *arena)
{
    struct balm_value params = balm_map(arena);
    balm_map_set(arena, params, "TableName", balm_string(task->store->table));
    return params;
}

/* All who wait for the table, maker included, go on, or end with err. */
static void end_making(struct balm_dynamodb *store, const struct balm_err *err)
{
    struct balm_dynamodb_task *task;
    store->maker = NULL;
    for (task = store->first; task; task = task->next) {
        if (!task->waits) continue;
        task->waits = false;
        task->tries = 0;
        if (err) {
            task->op->err = *err;
            balm_dynamodb_finish(task);
        } else {
            balm_dynamodb_commit(task);
        }
    }
}

static void give_up(struct balm_dynamodb *store, const struct balm_err *why)
{
    struct balm_err err = *why;
    (void)snprintf(
        err.message, sizeof err.message,
        "the store %s: there is no such table in %s, and it could not be made (%s: %.200s); "
        "make it with the string keys pk (HASH) and sk (RANGE), billed by request, and "
        "with x as its TTL attribute",
        store->base.url, store->region,
        why->aws_code[0] ? why->aws_code : balm_code_name(why->code), why->message);
    end_making(store, &err);
}

static void on_ttl(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    struct balm_dynamodb *store = task->store;
    /* Without TTL all is well, only fuller by the day. */
    if (result->err.code && !is_error(result, "ValidationException")) {
        balm_log(store->base.log, BALM_LOG_WARN,
                 "the store %s: expired items will stay, since the table's TTL could not be turned "
                 "on for x: %s",
                 store->base.url, result->err.message);
    }
    end_making(store, NULL);
}

static void turn_ttl_on(struct balm_dynamodb_task *task)
{
    struct balm_arena *arena = balm_dynamodb_begin(task);
    struct balm_value params = named(task, arena);
    struct balm_value ttl = balm_map(arena);
    balm_map_set(arena, ttl, "Enabled", balm_bool(true));
    balm_map_set(arena, ttl, "AttributeName", balm_string("x"));
    balm_map_set(arena, params, "TimeToLiveSpecification", ttl);
    balm_dynamodb_call(task, BALM_DDB_UPDATE_TTL, params, on_ttl);
}

static void look_at_table(struct balm_dynamodb_task *task);

static void on_described(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    struct balm_value table = balm_get(result->answer, "Table");
    /* A table just made is not seen everywhere at once. */
    if (result->err.code && !balm_dynamodb_has_no_table(&result->err)) {
        give_up(task->store, &result->err);
    } else if (balm_is_text(balm_get(table, "TableStatus"), "ACTIVE")) {
        turn_ttl_on(task);
    } else if (task->tries < WAITS_MAX) {
        balm_dynamodb_later(task, look_at_table);
    } else {
        struct balm_err err;
        balm_fail(&err, BALM_E_AWS, "it is still being made");
        err.retryable = true;
        give_up(task->store, &err);
    }
}

static void look_at_table(struct balm_dynamodb_task *task)
{
    struct balm_arena *arena = balm_dynamodb_begin(task);
    balm_dynamodb_call(task, BALM_DDB_DESCRIBE_TABLE, named(task, arena), on_described);
}

static void on_created(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    task->tries = 0;
    if (result->err.code && !is_error(result, "ResourceInUseException")) {
        give_up(task->store, &result->err);
    } else {
        look_at_table(task);
    }
}

static void add_key(struct balm_arena *arena, struct balm_value params, const char *name,
                    const char *kind)
{
    struct balm_value key = balm_map(arena);
    struct balm_value definition = balm_map(arena);
    balm_map_set(arena, key, "AttributeName", balm_string(name));
    balm_map_set(arena, key, "KeyType", balm_string(kind));
    balm_map_set(arena, definition, "AttributeName", balm_string(name));
    balm_map_set(arena, definition, "AttributeType", balm_string("S"));
    balm_list_push(arena, balm_get(params, "KeySchema"), key);
    balm_list_push(arena, balm_get(params, "AttributeDefinitions"), definition);
}

void balm_dynamodb_make_table(struct balm_dynamodb_task *task)
{
    struct balm_arena *arena;
    struct balm_value params;
    task->waits = true;
    if (task->store->maker) return;
    task->store->maker = task;
    arena = balm_dynamodb_begin(task);
    params = named(task, arena);
    balm_map_set(arena, params, "KeySchema", balm_list(arena));
    balm_map_set(arena, params, "AttributeDefinitions", balm_list(arena));
    add_key(arena, params, "pk", "HASH");
    add_key(arena, params, "sk", "RANGE");
    balm_map_set(arena, params, "BillingMode", balm_string("PAY_PER_REQUEST"));
    balm_dynamodb_call(task, BALM_DDB_CREATE_TABLE, params, on_created);
}
