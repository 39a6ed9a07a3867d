#include "remedy/store.h"

#include "core/text.h"
#include "remedy/document.h"
#include "remedy/store_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum balm_code balm_store_open(struct balm_store **out, const struct balm_store_setup *setup,
                               struct balm_err *err)
{
    const char *path = balm_store_sqlite_path(setup->url);
    const char *table = balm_store_dynamodb_table(setup->url);
    struct balm_store *store = NULL;
    char *url;
    enum balm_code code;
    if (!(path && *path) && !(table && *table)) {
        return balm_fail(err, BALM_E_ARG,
                         "\"%s\" is no store: sqlite:PATH and dynamodb:TABLE are known",
                         setup->url);
    }
    url = strdup(setup->url);
    if (!url) return balm_nomem(err);
    code = path ? balm_store_sqlite_new(&store, setup, err)
                : balm_store_dynamodb_new(&store, setup, err);
    if (code) {
        free(url);
        return code;
    }
    store->url = url;
    store->loop = setup->loop;
    store->log = setup->log;
    balm_buf_init(&store->text, BALM_STORE_COMMIT_MAX);
    *out = store;
    return BALM_OK;
}

void balm_store_release(struct balm_store *store)
{
    char *url;
    if (!store) return;
    url = store->url;
    balm_task_cancel(store->loop, &store->refuse);
    balm_buf_free(&store->text);
    store->backend->release(store);
    free(url);
}

const char *balm_store_url(const struct balm_store *store)
{
    return store->url;
}

/* ---- refusing ---- */

static void on_refuse(void *owner)
{
    struct balm_store *store = owner;
    struct balm_store_request *last = NULL;
    bool was_last = false;
    for (last = store->refused; last && last->next; last = last->next) {
    }
    while (store->refused && !was_last) { /* what is refused meanwhile waits for another turn */
        struct balm_store_request *request = store->refused;
        was_last = request == last;
        store->refused = request->next;
        request->next = NULL;
        request->done(request->owner, request);
    }
}

static void refuse(struct balm_store *store, struct balm_store_request *request)
{
    struct balm_store_request **end = &store->refused;
    while (*end) {
        end = &(*end)->next;
    }
    *end = request;
    balm_task_add(store->loop, &store->refuse, on_refuse, store);
}

/* ---- starting ---- */

static struct balm_store_op *new_op(struct balm_store *store, struct balm_store_request *request)
{
    struct balm_store_op *op = calloc(1, sizeof *op);
    assert(!request->op && "a request has one operation under way");
    request->err = (struct balm_err){.code = BALM_OK};
    request->items = NULL;
    request->count = 0;
    request->conflict = false;
    request->version = 0;
    request->next = NULL;
    if (!op) {
        balm_nomem(&request->err);
        return NULL;
    }
    op->store = store;
    return op;
}

static void start(struct balm_store *store, struct balm_store_request *request,
                  struct balm_store_op *op)
{
    if (!request->err.code) {
        op->request = request;
        request->op = op;
        if (store->backend->start(store, op, &request->err) == BALM_OK) return;
    }
    balm_store_op_free(op);
    refuse(store, request);
}

static bool is_key(const char *key, size_t most)
{
    size_t len = strlen(key);
    return len > 0 && len <= most && balm_text_is_utf8(key, len);
}

static enum balm_code check_partition(const char *key, struct balm_err *err)
{
    if (is_key(key, BALM_STORE_PARTITION_MAX) && !balm_text_ends(key, "#")) return BALM_OK;
    return balm_fail(err, BALM_E_ARG,
                     "\"%.60s\" is no partition of a store: that is 1 to %d bytes of UTF-8, and no "
                     "\"#\" at the end",
                     key, BALM_STORE_PARTITION_MAX);
}

static enum balm_code check_sort(const char *key, struct balm_err *err)
{
    if (is_key(key, BALM_STORE_SORT_MAX)) return BALM_OK;
    return balm_fail(err, BALM_E_ARG,
                     "\"%.60s\" is no sort key of a store: that is 1 to %d bytes of UTF-8", key,
                     BALM_STORE_SORT_MAX);
}

static enum balm_code copy_query(struct balm_store_op *op, const struct balm_store_query *query,
                                 struct balm_err *err)
{
    enum balm_code code = check_partition(query->partition, err);
    if (!code && query->from) code = check_sort(query->from, err);
    if (!code && query->to) code = check_sort(query->to, err);
    if (code) return code;
    if (query->limit == 0) return balm_fail(err, BALM_E_ARG, "a read of no items");
    op->query = *query;
    op->query.partition = balm_arena_strdup(&op->arena, query->partition);
    if (query->from) op->query.from = balm_arena_strdup(&op->arena, query->from);
    if (query->to) op->query.to = balm_arena_strdup(&op->arena, query->to);
    return balm_arena_status(&op->arena, err);
}

void balm_store_read(struct balm_store *store, struct balm_store_request *request,
                     const struct balm_store_query *query)
{
    struct balm_store_op *op = new_op(store, request);
    if (op) copy_query(op, query, &request->err);
    start(store, request, op);
}

static bool is_same_place(const struct balm_store_write *a, const struct balm_store_write *b)
{
    return strcmp(a->sort, b->sort) == 0 && strcmp(a->partition, b->partition) == 0;
}

static enum balm_code copy_document(struct balm_store_op *op, struct balm_store_write *write,
                                    const char *document, size_t len, struct balm_err *err)
{
    write->len = len;
    write->document = balm_arena_copy(&op->arena, document, len);
    return balm_arena_status(&op->arena, err);
}

static enum balm_code write_document(struct balm_store_op *op, struct balm_store_write *write,
                                     struct balm_value value, struct balm_err *err)
{
    struct balm_buf *text = &op->store->text;
    enum balm_code code = BALM_E_ARG;
    balm_buf_clear(text);
    if (value.type == BALM_MAP) {
        code = balm_document_write(text, value, err);
    } else {
        balm_fail(err, code, "a %s cannot be kept: an item's value is a map",
                  balm_type_name(value.type));
    }
    if (code) return balm_err_prefix(err, "%s %s", write->partition, write->sort);
    return copy_document(op, write, text->bytes, text->len, err);
}

static enum balm_code copy_change(struct balm_store_op *op, const struct balm_change *change,
                                  struct balm_err *err)
{
    struct balm_store_write *write = &op->writes[op->write_count];
    const struct balm_item *item = &change->item;
    enum balm_code code = check_partition(item->partition, err);
    if (!code) code = check_sort(item->sort, err);
    if (code) return code;
    *write = (struct balm_store_write){
        .partition = balm_arena_strdup(&op->arena, item->partition),
        .sort = balm_arena_strdup(&op->arena, item->sort),
        .condition = change->condition,
        .only_checked = change->only_checked,
        .version = item->version,
        .expires = item->expires,
    };
    code = balm_arena_status(&op->arena, err);
    if (code) return code;
    /* No version is the version of nothing. */
    if (write->condition == BALM_AS_READ && write->version == 0) write->condition = BALM_ABSENT;
    for (size_t i = 0; i < op->write_count; i++) {
        if (!is_same_place(&op->writes[i], write)) continue;
        return balm_fail(err, BALM_E_ARG, "%s %s: changed twice in one commit", item->partition,
                         item->sort);
    }
    op->write_count++;
    if (change->only_checked) return BALM_OK;
    if (change->document) {
        return copy_document(op, write, change->document, change->document_len, err);
    }
    if (balm_is_null(item->value)) return BALM_OK;
    return write_document(op, write, item->value, err);
}

static enum balm_code copy_changes(struct balm_store_op *op, const struct balm_change *changes,
                                   size_t count, struct balm_err *err)
{
    size_t size = 0;
    enum balm_code code = BALM_OK;
    if (count == 0) return balm_fail(err, BALM_E_ARG, "a commit of no changes");
    if (count > BALM_STORE_CHANGES_MAX) {
        return balm_fail(err, BALM_E_LIMIT, "%zu changes in one commit; at most %d", count,
                         BALM_STORE_CHANGES_MAX);
    }
    op->is_commit = true;
    op->writes = balm_arena_alloc(&op->arena, count * sizeof *op->writes);
    if (!op->writes) return balm_arena_status(&op->arena, err);
    for (size_t i = 0; i < count && !code; i++) {
        code = copy_change(op, &changes[i], err);
        if (code) break;
        size += op->writes[i].len + strlen(op->writes[i].partition) + strlen(op->writes[i].sort);
        if (size <= BALM_STORE_COMMIT_MAX) continue;
        code = balm_fail(err, BALM_E_LIMIT, "%s %s: a commit of more than %zu bytes",
                         op->writes[i].partition, op->writes[i].sort, BALM_STORE_COMMIT_MAX);
    }
    return code;
}

void balm_store_commit(struct balm_store *store, struct balm_store_request *request,
                       const struct balm_change *changes, size_t count)
{
    struct balm_store_op *op = new_op(store, request);
    if (op) copy_changes(op, changes, count, &request->err);
    start(store, request, op);
}

void balm_store_forget(struct balm_store *store, struct balm_store_request *request)
{
    struct balm_store_op *op = request->op;
    struct balm_store_request **at = &store->refused;
    while (*at && *at != request) {
        at = &(*at)->next;
    }
    if (*at) *at = request->next;
    request->next = NULL;
    if (!op) return;
    request->op = NULL;
    op->request = NULL;
    if (store->backend->forget) store->backend->forget(store, op);
}

bool balm_store_holds(const struct balm_store_write *write, int64_t version, int64_t expires,
                      int64_t now)
{
    bool there = version && (expires == 0 || expires > now);
    switch (write->condition) {
    case BALM_ALWAYS:
        return true;
    case BALM_ABSENT:
        return !there;
    case BALM_PRESENT:
        return there;
    case BALM_AS_READ:
        return there && version == write->version;
    }
    return false;
}

/* ---- answering ---- */

struct balm_store_row *balm_store_row_add(struct balm_store_op *op)
{
    size_t size = op->row_count * sizeof *op->rows;
    struct balm_store_row *row;
    /* A power of two is full. */
    if ((op->row_count & (op->row_count - 1)) == 0) {
        size_t more = op->row_count ? size : sizeof *op->rows;
        struct balm_store_row *rows = balm_arena_grow(&op->arena, op->rows, size, size + more);
        if (!rows) {
            balm_arena_status(&op->arena, &op->err);
            return NULL;
        }
        op->rows = rows;
    }
    row = &op->rows[op->row_count++];
    *row = (struct balm_store_row){.version = 0};
    return row;
}

static enum balm_code read_item(const struct balm_store_op *op, const struct balm_store_row *row,
                                const char *partition, struct balm_item *item)
{
    struct balm_store_request *request = op->request;
    enum balm_code code;
    *item = (struct balm_item){.partition = partition,
                               .sort = balm_arena_strdup(request->arena, row->sort),
                               .version = row->version,
                               .expires = row->expires};
    code = balm_document_read(request->arena, row->document, row->len, &item->value, &request->err);
    if (!code) return balm_arena_status(request->arena, &request->err);
    balm_err_prefix(&request->err, "store %s: %s %s", op->store->url, partition, row->sort);
    return code;
}

static void read_items(const struct balm_store_op *op)
{
    struct balm_store_request *request = op->request;
    const char *partition = balm_arena_strdup(request->arena, op->query.partition);
    request->items = balm_arena_alloc(request->arena, op->row_count * sizeof *request->items);
    if (balm_arena_status(request->arena, &request->err)) return;
    for (size_t i = 0; i < op->row_count; i++) {
        if (read_item(op, &op->rows[i], partition, &request->items[i])) return;
        request->count++;
    }
}

void balm_store_answer(struct balm_store_op *op)
{
    struct balm_store_request *request = op->request;
    if (request) {
        request->op = NULL;
        request->err = op->err;
        request->conflict = op->conflict;
        request->version = op->version;
        if (!op->is_commit && !op->err.code) read_items(op);
        if (request->err.code) request->count = 0;
    }
    balm_store_op_free(op);
    if (request) request->done(request->owner, request);
}

void balm_store_op_free(struct balm_store_op *op)
{
    if (!op) return;
    if (op->request) op->request->op = NULL;
    balm_arena_free(&op->arena);
    free(op);
}
