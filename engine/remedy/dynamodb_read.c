/* dynamodb, reading: one item, or a range page by page; then the pieces of what is large. */
#include "core/clock.h"
#include "remedy/dynamodb.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 5
#define PAGE_MAX   1000
#define PIECES_MAX 100 /* that one answer may hold; more were never written */

static void read_pieces(struct balm_dynamodb_task *task);

static void out_of_memory(struct balm_dynamodb_task *task)
{
    struct balm_store_op *op = task->op;
    if (!op->err.code) balm_arena_status(&op->arena, &op->err);
    if (!op->err.code) balm_nomem(&op->err);
    balm_dynamodb_finish(task);
}

/* ---- rows ---- */

/* A row without a document has pieces, as many as its len says. */
static bool take_row(struct balm_store_op *op, struct balm_value item, int64_t now)
{
    struct balm_value text = balm_get(balm_get(item, "d"), "S"); /* null: len 0 */
    const char *sort = balm_dynamodb_get_text(item, "sk");
    int64_t expires = balm_dynamodb_get_number(item, "e");
    struct balm_store_row *row;
    if (!sort || (expires && expires <= now)) return true;
    row = balm_store_row_add(op);
    if (!row) return false;
    row->sort = balm_arena_strdup(&op->arena, sort);
    row->version = balm_dynamodb_get_number(item, "v");
    row->expires = expires;
    row->len = (size_t)balm_dynamodb_get_number(item, "n");
    if (text.type != BALM_STRING && row->len > 0 && row->len <= PIECES_MAX) {
        return row->sort != NULL;
    }
    row->len = text.len;
    row->document = balm_arena_copy(&op->arena, text.len ? text.as.text : "", text.len);
    return row->sort && row->document;
}

/* ---- pieces ---- */

static int place_of(struct balm_value item)
{
    const char *sort = balm_dynamodb_get_text(item, "sk");
    const char *mark = sort ? strrchr(sort, '#') : NULL;
    return mark ? (int)strtol(mark + 1, NULL, 10) : -1;
}

static bool take_pieces(struct balm_dynamodb_task *task, struct balm_value items)
{
    struct balm_store_op *op = task->op;
    for (size_t i = 0; i < balm_list_len(items); i++) {
        struct balm_value item = *balm_list_at(items, i);
        const char *text = balm_dynamodb_get_text(item, "d");
        int place = place_of(item);
        if (!text || place < 0 || (size_t)place >= op->rows[task->row].len) continue;
        task->pieces[place] = balm_arena_strdup(&op->arena, text);
        if (!task->pieces[place]) return false;
    }
    return true;
}

static size_t missing(const struct balm_dynamodb_task *task)
{
    size_t count = 0;
    for (size_t i = 0; i < task->op->rows[task->row].len; i++) {
        count += task->pieces[i] == NULL;
    }
    return count;
}

static bool join_pieces(struct balm_dynamodb_task *task)
{
    struct balm_store_row *row = &task->op->rows[task->row];
    size_t len = 0;
    char *document;
    char *to;
    for (size_t i = 0; i < row->len; i++) {
        len += strlen(task->pieces[i]);
    }
    document = to = balm_arena_alloc(&task->op->arena, len + 1);
    if (!document) return false;
    for (size_t i = 0; i < row->len; i++) {
        size_t piece = strlen(task->pieces[i]);
        memcpy(to, task->pieces[i], piece);
        to += piece;
    }
    *to = '\0';
    row->document = document;
    row->len = len;
    task->pieces = NULL;
    return true;
}

/* Another process has replaced the item since its row was read. */
static void begin_again(struct balm_dynamodb_task *task)
{
    struct balm_store_op *op = task->op;
    if (task->round < ROUNDS_MAX) {
        balm_dynamodb_later(task, balm_dynamodb_read);
        return;
    }
    balm_fail(&op->err, BALM_E_AWS, "the store %s: %s %s is replaced faster than it can be read",
              task->store->base.url, op->query.partition, op->rows[task->row].sort);
    op->err.retryable = true;
    balm_dynamodb_finish(task);
}

static void on_pieces(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    if (result->err.code) {
        balm_dynamodb_fail(task, &result->err);
    } else if (!take_pieces(task,
                            balm_get(balm_get(result->answer, "Responses"), task->store->table))) {
        out_of_memory(task);
    } else if (balm_map_len(balm_get(result->answer, "UnprocessedKeys")) > 0) {
        balm_dynamodb_later(task, read_pieces);
    } else if (missing(task)) {
        begin_again(task);
    } else if (join_pieces(task)) {
        read_pieces(task);
    } else {
        out_of_memory(task);
    }
}

static void ask_pieces(struct balm_dynamodb_task *task)
{
    const struct balm_store_row *row = &task->op->rows[task->row];
    struct balm_arena *arena = balm_dynamodb_begin(task);
    struct balm_value params = balm_map(arena);
    struct balm_value tables = balm_map(arena);
    struct balm_value wanted = balm_map(arena);
    struct balm_value keys = balm_list(arena);
    for (size_t i = 0; i < row->len; i++) {
        if (task->pieces[i]) continue;
        balm_list_push(arena, keys,
                       balm_dynamodb_piece_key(arena, task->op->query.partition, row->sort,
                                               row->version, (int)i));
    }
    balm_map_set(arena, wanted, "Keys", keys);
    balm_map_set(arena, wanted, "ConsistentRead", balm_bool(true));
    balm_map_set(arena, tables, task->store->table, wanted);
    balm_map_set(arena, params, "RequestItems", tables);
    balm_dynamodb_call(task, BALM_DDB_BATCH_GET, params, on_pieces);
}

/* Of the next row that has some; the read ends where none is left. */
static void read_pieces(struct balm_dynamodb_task *task)
{
    struct balm_store_op *op = task->op;
    while (task->row < op->row_count && op->rows[task->row].document) {
        task->row++;
    }
    if (task->row == op->row_count) {
        balm_dynamodb_finish(task);
        return;
    }
    if (!task->pieces) {
        task->pieces =
            balm_arena_zalloc(&op->arena, op->rows[task->row].len * sizeof *task->pieces);
    }
    if (task->pieces) {
        ask_pieces(task);
    } else {
        out_of_memory(task);
    }
}

/* ---- items ---- */

static void on_item(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    struct balm_value item = balm_get(result->answer, "Item");
    if (balm_dynamodb_has_no_table(&result->err)) {
        balm_dynamodb_finish(task); /* nothing was ever written */
    } else if (result->err.code) {
        balm_dynamodb_fail(task, &result->err);
    } else if (!balm_is_null(item) && !take_row(task->op, item, balm_clock_now())) {
        out_of_memory(task);
    } else {
        read_pieces(task);
    }
}

static void ask_item(struct balm_dynamodb_task *task)
{
    const struct balm_store_query *query = &task->op->query;
    struct balm_arena *arena = balm_dynamodb_begin(task);
    struct balm_value params = balm_map(arena);
    balm_map_set(arena, params, "TableName", balm_string(task->store->table));
    balm_map_set(arena, params, "Key", balm_dynamodb_key(arena, query->partition, query->from));
    balm_map_set(arena, params, "ConsistentRead", balm_bool(true));
    balm_dynamodb_call(task, BALM_DDB_GET, params, on_item);
}

static void ask_page(struct balm_dynamodb_task *task);

static void on_page(struct balm_dynamodb_task *task, const struct balm_call_result *result)
{
    struct balm_store_op *op = task->op;
    struct balm_value items = balm_get(result->answer, "Items");
    int64_t now = balm_clock_now();
    if (balm_dynamodb_has_no_table(&result->err)) {
        balm_dynamodb_finish(task);
        return;
    }
    if (result->err.code) {
        balm_dynamodb_fail(task, &result->err);
        return;
    }
    for (size_t i = 0; i < balm_list_len(items) && op->row_count < op->query.limit; i++) {
        if (!take_row(op, *balm_list_at(items, i), now)) {
            out_of_memory(task);
            return;
        }
    }
    task->behind = balm_copy(&op->arena, balm_get(result->answer, "LastEvaluatedKey"));
    if (op->row_count < op->query.limit && balm_map_len(task->behind) > 0) {
        ask_page(task);
    } else {
        read_pieces(task);
    }
}

static const char *range_of(const struct balm_store_query *query)
{
    if (query->from && query->to) return "pk = :pk AND sk BETWEEN :from AND :to";
    if (query->from) return "pk = :pk AND sk >= :from";
    return query->to ? "pk = :pk AND sk <= :to" : "pk = :pk";
}

static void ask_page(struct balm_dynamodb_task *task)
{
    const struct balm_store_query *query = &task->op->query;
    struct balm_arena *arena = balm_dynamodb_begin(task);
    struct balm_value params = balm_map(arena);
    struct balm_value values = balm_map(arena);
    size_t left = query->limit - task->op->row_count;
    balm_map_set(arena, values, ":pk", balm_dynamodb_text(arena, query->partition));
    if (query->from) {
        balm_map_set(arena, values, ":from", balm_dynamodb_text(arena, query->from));
    }
    if (query->to) balm_map_set(arena, values, ":to", balm_dynamodb_text(arena, query->to));
    balm_map_set(arena, params, "TableName", balm_string(task->store->table));
    balm_map_set(arena, params, "KeyConditionExpression", balm_string(range_of(query)));
    balm_map_set(arena, params, "ExpressionAttributeValues", values);
    balm_map_set(arena, params, "ProjectionExpression", balm_string("sk, v, d, e, n"));
    balm_map_set(arena, params, "ConsistentRead", balm_bool(true));
    balm_map_set(arena, params, "ScanIndexForward", balm_bool(!query->newest_first));
    balm_map_set(arena, params, "Limit", balm_int(left < PAGE_MAX ? (int64_t)left : PAGE_MAX));
    if (balm_map_len(task->behind) > 0) {
        balm_map_set(arena, params, "ExclusiveStartKey", task->behind);
    }
    balm_dynamodb_call(task, BALM_DDB_QUERY, params, on_page);
}

void balm_dynamodb_read(struct balm_dynamodb_task *task)
{
    struct balm_store_op *op = task->op;
    const struct balm_store_query *query = &op->query;
    int order = query->from && query->to ? strcmp(query->from, query->to) : -1;
    op->rows = NULL;
    op->row_count = 0;
    task->row = 0;
    task->pieces = NULL;
    task->behind = balm_null();
    task->round++;
    if (order == 0) {
        ask_item(task);
    } else if (order < 0) {
        ask_page(task);
    } else {
        balm_dynamodb_finish(task); /* the API has an error for a range the wrong way round */
    }
}
