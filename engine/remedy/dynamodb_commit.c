/* dynamodb, changing: one conditional write where one will do, else a transaction. It is put
   together from what is known of the places; where a condition fails, they are looked at, which
   shows a conflict, or what was not known: pieces of an earlier document, or another version. */
#include "core/clock.h"
#include "core/text.h"
#include "remedy/dynamodb.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS_MAX  8
#define ACTIONS_MAX 100 /* of one transaction */

/* The actions of a commit, collected. */
struct actions {
    struct balm_arena *arena;
    const struct balm_dynamodb_task *task;
    struct balm_value list;            /* of TransactItems */
    struct balm_value only;            /* the body of the last one */
    enum balm_dynamodb_operation kind; /* of the last one, were it alone */
};

static void send(struct balm_dynamodb_task *task);

/* ---- conditions ---- */

static const char *condition_of(const struct balm_store_write *write,
                                const struct balm_dynamodb_head *head)
{
    if (head->known) return head->version ? "v = :known" : "attribute_not_exists(v)";
    switch (write->condition) {
    case BALM_ALWAYS:
        if (!write->document) return "attribute_not_exists(n)";
        return "attribute_not_exists(v) OR (v < :new AND attribute_not_exists(n))";
    case BALM_ABSENT:
        if (write->only_checked) return "attribute_not_exists(v) OR e <= :now";
        return "attribute_not_exists(v) OR (e <= :now AND v < :new AND attribute_not_exists(n))";
    case BALM_PRESENT:
        if (write->only_checked)
            return "attribute_exists(v) AND (attribute_not_exists(e) OR e > :now)";
        return "attribute_exists(v) AND (attribute_not_exists(e) OR e > :now) AND "
               "attribute_not_exists(n)";
    case BALM_AS_READ:
        if (write->only_checked) return "v = :read AND (attribute_not_exists(e) OR e > :now)";
        return "v = :read AND (attribute_not_exists(e) OR e > :now) AND attribute_not_exists(n)";
    }
    return "";
}

/* The API refuses values that the expression does not name. */
static void set_condition(const struct actions *actions, struct balm_value body, size_t i)
{
    const struct balm_dynamodb_task *task = actions->task;
    const struct balm_store_write *write = &task->op->writes[i];
    const struct balm_dynamodb_head *head = &task->heads[i];
    const char *text = condition_of(write, head);
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {{":known", head->version},
                   {":new", task->version},
                   {":read", write->version},
                   {":now", balm_clock_now()}};
    struct balm_value values = balm_map(actions->arena);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        if (!strstr(text, numbers[k].name)) continue;
        balm_map_set(actions->arena, values, numbers[k].name,
                     balm_dynamodb_number(actions->arena, numbers[k].number));
    }
    balm_map_set(actions->arena, body, "ConditionExpression", balm_string(text));
    if (balm_map_len(values) == 0) return;
    balm_map_set(actions->arena, body, "ExpressionAttributeValues", values);
}

/* ---- actions ---- */

/* what: "Item" or "Key" */
static struct balm_value add_action(struct actions *actions, const char *kind, const char *what,
                                    struct balm_value item)
{
    struct balm_arena *arena = actions->arena;
    struct balm_value action = balm_map(arena);
    struct balm_value body = balm_map(arena);
    balm_map_set(arena, body, "TableName", balm_string(actions->task->store->table));
    balm_map_set(arena, body, what, item);
    balm_map_set(arena, action, kind, body);
    balm_list_push(arena, actions->list, action);
    actions->only = body;
    return body;
}

static void add_pieces(struct actions *actions, const struct balm_store_write *write)
{
    int count = balm_dynamodb_pieces_of(write);
    size_t at = 0;
    for (int place = 0; place < count; place++) {
        add_action(actions, "Put", "Item",
                   balm_dynamodb_piece(actions->arena, actions->task, write, place, &at));
    }
}

static void remove_pieces(struct actions *actions, size_t i)
{
    const struct balm_store_write *write = &actions->task->op->writes[i];
    const struct balm_dynamodb_head *head = &actions->task->heads[i];
    for (int place = 0; place < head->pieces; place++) {
        add_action(actions, "Delete", "Key",
                   balm_dynamodb_piece_key(actions->arena, write->partition, write->sort,
                                           head->version, place));
    }
}

static void add_write(struct actions *actions, size_t i)
{
    const struct balm_store_write *write = &actions->task->op->writes[i];
    struct balm_arena *arena = actions->arena;
    struct balm_value body;
    if (write->only_checked && write->condition == BALM_ALWAYS) return;
    if (!write->only_checked) {
        add_pieces(actions, write);
        remove_pieces(actions, i);
    }
    if (write->document) {
        body = add_action(actions, "Put", "Item", balm_dynamodb_item(arena, actions->task, write));
        actions->kind = BALM_DDB_PUT;
    } else {
        body = add_action(actions, write->only_checked ? "ConditionCheck" : "Delete", "Key",
                          balm_dynamodb_key(arena, write->partition, write->sort));
        /* A lost answer to a conditional delete could not be told from a conflict: a transaction
           has a token for that. */
        actions->kind = write->condition == BALM_ALWAYS ? BALM_DDB_DELETE : BALM_DDB_TRANSACT;
    }
    set_condition(actions, body, i);
}

/* ---- looking ---- */

static int find_write(const struct balm_store_op *op, struct balm_value item)
{
    const char *partition = balm_dynamodb_get_text(item, "pk");
    const char *sort = balm_dynamodb_get_text(item, "sk");
    for (size_t i = 0; partition && sort && i < op->write_count; i++) {
        if (strcmp(op->writes[i].sort, sort) == 0 &&
            strcmp(op->writes[i].partition, partition) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void take_heads(struct balm_dynamodb_task *task, struct balm_value items)
{
    for (size_t i = 0; i < task->op->write_count; i++) {
        task->heads[i] = (struct balm_dynamodb_head){.known = true};
    }
    for (size_t i = 0; i < balm_list_len(items); i++) {
        struct balm_value item = *balm_list_at(items, i);
        const char *token = balm_dynamodb_get_text(item, "t");
        int place = find_write(task->op, item);
        if (place < 0) continue;
        task->heads[place] =
            (struct balm_dynamodb_head){.known = true,
                                        .version = balm_dynamodb_get_number(item, "v"),
                                        .expires = balm_dynamodb_get_number(item, "e"),
                                        .pieces = (int)balm_dynamodb_get_number(item, "n"),
                                        .own = token && strcmp(token, task->token) == 0};
    }
}

/* What is there decides: our own work, of which we had no answer; a conflict; or another round. */
static void decide(struct balm_dynamodb_task *task)
{
    struct balm_store_op *op = task->op;
    bool conflict = false;
    int64_t now = balm_clock_now();
    for (size_t i = 0; i < op->write_count; i++) {
        const struct balm_dynamodb_head *head = &task->heads[i];
        if (head->own) op->version = head->version;
        if (!balm_store_holds(&op->writes[i], head->version, head->expires, now)) conflict = true;
    }
    if (op->version) {
        balm_dynamodb_finish(task);
    } else if (conflict) {
        op->conflict = true;
        balm_dynamodb_finish(task);
    } else if (task->round < ROUNDS_MAX) {
        balm_dynamodb_commit(task);
    } else {
        balm_fail(&op->err, BALM_E_AWS, "the store %s: others change the same items all the time",
                  task->store->base.url);
        op->err.retryable = true;
        balm_dynamodb_finish(task);
    }
}

static void look(struct balm_dynamodb_task *task);

static void on_looked(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    if (result->err.code) {
        balm_dynamodb_fail(task, &result->err);
    } else if (balm_map_len(balm_get(result->answer, "UnprocessedKeys")) > 0) {
        balm_dynamodb_later(task, look);
    } else {
        take_heads(task, balm_get(balm_get(result->answer, "Responses"), task->store->table));
        decide(task);
    }
}

static void look(struct balm_dynamodb_task *task)
{
    struct balm_arena *arena = balm_dynamodb_begin(task);
    struct balm_value params = balm_map(arena);
    struct balm_value tables = balm_map(arena);
    struct balm_value wanted = balm_map(arena);
    struct balm_value keys = balm_list(arena);
    for (size_t i = 0; i < task->op->write_count; i++) {
        const struct balm_store_write *write = &task->op->writes[i];
        balm_list_push(arena, keys, balm_dynamodb_key(arena, write->partition, write->sort));
    }
    balm_map_set(arena, wanted, "Keys", keys);
    balm_map_set(arena, wanted, "ConsistentRead", balm_bool(true));
    balm_map_set(arena, wanted, "ProjectionExpression", balm_string("pk, sk, v, e, n, t"));
    balm_map_set(arena, tables, task->store->table, wanted);
    balm_map_set(arena, params, "RequestItems", tables);
    balm_dynamodb_call(task, BALM_DDB_BATCH_GET, params, on_looked);
}

/* ---- sending ---- */

static bool has_reason(struct balm_value reasons, const char *code)
{
    for (size_t i = 0; i < balm_list_len(reasons); i++) {
        if (balm_is_text(balm_get(*balm_list_at(reasons, i), "Code"), code)) return true;
    }
    return false;
}

/* Of a transaction that was called off: will the same have a better chance soon? */
static bool is_passing(struct balm_value reasons)
{
    return has_reason(reasons, "TransactionConflict") || has_reason(reasons, "ThrottlingError") ||
           has_reason(reasons, "ProvisionedThroughputExceeded");
}

static void on_sent(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    const char *code = result->err.aws_code;
    struct balm_value reasons = balm_get(result->detail, "CancellationReasons");
    if (!result->err.code) {
        task->op->version = task->version;
        balm_dynamodb_finish(task);
    } else if (balm_dynamodb_has_no_table(&result->err)) {
        balm_dynamodb_make_table(task);
    } else if (strcmp(code, "ConditionalCheckFailedException") == 0 ||
               has_reason(reasons, "ConditionalCheckFailed")) {
        look(task);
    } else if (strcmp(code, "TransactionConflictException") == 0 ||
               strcmp(code, "TransactionInProgressException") == 0 || is_passing(reasons)) {
        balm_dynamodb_later(task, send);
    } else {
        balm_dynamodb_fail(task, &result->err);
    }
}

static struct balm_value transaction(const struct actions *actions)
{
    struct balm_arena *arena = actions->arena;
    struct balm_value params = balm_map(arena);
    balm_map_set(arena, params, "TransactItems", actions->list);
    /* The same for the same params alone. */
    balm_map_set(arena, params, "ClientRequestToken",
                 balm_textf(arena, "%s-%d", actions->task->token, actions->task->round));
    return params;
}

static void send(struct balm_dynamodb_task *task)
{
    struct balm_arena *arena = balm_dynamodb_begin(task);
    struct actions actions = {.arena = arena, .task = task, .list = balm_list(arena)};
    size_t count;
    for (size_t i = 0; i < task->op->write_count; i++) {
        add_write(&actions, i);
    }
    count = balm_list_len(actions.list);
    if (count == 0) {
        balm_dynamodb_finish(task);
    } else if (count > ACTIONS_MAX) {
        balm_fail(&task->op->err, BALM_E_LIMIT,
                  "the store %s: a commit of %zu items, pieces of large documents included; at "
                  "most %d",
                  task->store->base.url, count, ACTIONS_MAX);
        balm_dynamodb_finish(task);
    } else if (count == 1 && actions.kind != BALM_DDB_TRANSACT) {
        balm_dynamodb_call(task, actions.kind, actions.only, on_sent);
    } else {
        balm_dynamodb_call(task, BALM_DDB_TRANSACT, transaction(&actions), on_sent);
    }
}

static void draw_token(struct balm_dynamodb_task *task)
{
    unsigned char bytes[BALM_DDB_TOKEN_LEN / 2];
    balm_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(task->token + 2 * i, 3, "%02x", bytes[i]);
    }
}

void balm_dynamodb_commit(struct balm_dynamodb_task *task)
{
    struct balm_store_op *op = task->op;
    if (!task->heads) {
        draw_token(task);
        task->heads = balm_arena_zalloc(&op->arena, op->write_count * sizeof *task->heads);
    }
    if (!task->heads) {
        balm_arena_status(&op->arena, &op->err);
        balm_dynamodb_finish(task);
        return;
    }
    task->round++;
    task->version = balm_clock_now();
    for (size_t i = 0; i < op->write_count; i++) {
        int64_t known = task->heads[i].version;
        if (op->writes[i].version > known) known = op->writes[i].version;
        if (known >= task->version) task->version = known + 1;
    }
    send(task);
}
