/*
 * memory_store: a store in memory, in place of the real backends, for tests of what is kept.
 *
 * A test includes it in its one file; the linker then takes these functions instead. It answers
 * from the loop's next turn, can be told to fail, and counts what it was asked.
 */
#ifndef BALM_SPEC_MEMORY_STORE_H
#define BALM_SPEC_MEMORY_STORE_H

#include "remedy/document.h"
#include "remedy/store.h"

#include <stdlib.h>
#include <string.h>

struct kept_item {
    struct kept_item *next;
    char *partition, *sort, *text;
    int64_t version, expires;
};

struct balm_store_op {
    struct balm_task task;
    struct balm_store *store;
    struct balm_store_request *request;
};

struct balm_store {
    struct balm_loop *loop;
    struct kept_item *items; /* in order */
    int64_t version;
    size_t commits, reads;
    size_t fails_from; /* the number of the first commit that fails; 0: none does */
    enum balm_code fails_with;
    bool is_silent; /* nothing is answered */
};

static inline int compare_places(const struct kept_item *item, const char *partition,
                                 const char *sort)
{
    int order = strcmp(item->partition, partition);

    return order ? order : strcmp(item->sort, sort);
}

/* Where the item is, or would be. */
static inline struct kept_item **place_of(struct balm_store *store, const char *partition,
                                          const char *sort)
{
    struct kept_item **at = &store->items;

    while (*at && compare_places(*at, partition, sort) < 0) {
        at = &(*at)->next;
    }
    return at;
}

static inline struct kept_item *item_at(struct balm_store *store, const char *partition,
                                        const char *sort)
{
    struct kept_item *item = *place_of(store, partition, sort);

    return item && compare_places(item, partition, sort) == 0 ? item : NULL;
}

static inline void drop_item(struct kept_item **at)
{
    struct kept_item *item = *at;

    *at = item->next;
    free(item->partition);
    free(item->sort);
    free(item->text);
    free(item);
}

static inline void apply(struct balm_store *store, const struct balm_change *change)
{
    const struct balm_item *from = &change->item;
    struct kept_item **at = place_of(store, from->partition, from->sort);
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct kept_item *item;
    struct balm_err err;

    if (item_at(store, from->partition, from->sort)) drop_item(at);
    if (change->document) {
        (void)balm_buf_add(&text, change->document, change->document_len);
    } else if (balm_is_null(from->value)) {
        return;
    } else if (balm_document_write(&text, from->value, &err)) {
        abort();
    }
    item = calloc(1, sizeof *item);
    if (!item) abort();
    item->partition = strdup(from->partition);
    item->sort = strdup(from->sort);
    item->text = strdup(text.bytes);
    item->version = store->version;
    item->expires = from->expires;
    item->next = *at;
    *at = item;
    balm_buf_free(&text);
}

static inline bool holds(struct balm_store *store, const struct balm_change *change)
{
    struct kept_item *item = item_at(store, change->item.partition, change->item.sort);

    if (change->condition == BALM_ABSENT) return !item;
    if (change->condition == BALM_PRESENT) return item;
    if (change->condition == BALM_AS_READ) return item && item->version == change->item.version;
    return true;
}

static inline void answer_pending(void *owner)
{
    struct balm_store_op *pending = owner;
    struct balm_store_request *request = pending->request;

    free(pending);
    request->op = NULL;
    request->done(request->owner, request);
}

static inline void answer_later(struct balm_store *store, struct balm_store_request *request)
{
    struct balm_store_op *pending = calloc(1, sizeof *pending);

    if (!pending) abort();
    pending->store = store;
    pending->request = request;
    request->op = pending;
    if (store->is_silent) return;
    balm_task_add(store->loop, &pending->task, answer_pending, pending);
}

enum balm_code balm_store_open(struct balm_store **out, const struct balm_store_setup *setup,
                               struct balm_err *err)
{
    struct balm_store *store = calloc(1, sizeof *store);

    if (!store) return balm_nomem(err);
    store->loop = setup->loop;
    *out = store;
    return BALM_OK;
}

void balm_store_release(struct balm_store *store)
{
    if (!store) return;
    while (store->items) {
        drop_item(&store->items);
    }
    free(store);
}

void balm_store_read(struct balm_store *store, struct balm_store_request *request,
                     const struct balm_store_query *query)
{
    struct kept_item *found[1000];
    size_t count = 0;

    store->reads++;
    for (struct kept_item *item = store->items; item; item = item->next) {
        if (strcmp(item->partition, query->partition) != 0) continue;
        if (query->from && strcmp(item->sort, query->from) < 0) continue;
        if (query->to && strcmp(item->sort, query->to) > 0) continue;
        if (count < 1000) found[count++] = item;
    }
    request->err.code = BALM_OK;
    request->count = count < query->limit ? count : query->limit;
    request->items = balm_arena_zalloc(request->arena, (count + 1) * sizeof *request->items);
    for (size_t i = 0; i < request->count; i++) {
        struct kept_item *item = found[query->newest_first ? count - 1 - i : i];
        struct balm_item *out = &request->items[i];
        out->partition = balm_arena_strdup(request->arena, item->partition);
        out->sort = balm_arena_strdup(request->arena, item->sort);
        out->version = item->version;
        out->expires = item->expires;
        if (balm_document_read(request->arena, item->text, strlen(item->text), &out->value,
                               &request->err)) {
            abort();
        }
    }
    answer_later(store, request);
}

static inline void refuse_too_much(struct balm_store_request *request,
                                   const struct balm_change *changes, size_t count)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_STORE_COMMIT_MAX);

    for (size_t i = 0; i < count && !request->err.code; i++) {
        if (changes[i].document) {
            (void)balm_buf_add(&text, changes[i].document, changes[i].document_len);
        } else if (!balm_is_null(changes[i].item.value)) {
            (void)balm_document_write(&text, changes[i].item.value, &request->err);
        }
    }
    if (text.code && !request->err.code) balm_buf_status(&text, "a commit", &request->err);
    balm_buf_free(&text);
}

void balm_store_commit(struct balm_store *store, struct balm_store_request *request,
                       const struct balm_change *changes, size_t count)
{
    request->conflict = false;
    request->err.code = BALM_OK;
    store->commits++;
    store->version++;
    if (store->fails_from > 0 && store->commits >= store->fails_from) {
        balm_fail(&request->err, store->fails_with, "the store is full");
    } else {
        refuse_too_much(request, changes, count);
        for (size_t i = 0; i < count; i++) {
            request->conflict = request->conflict || !holds(store, &changes[i]);
        }
        for (size_t i = 0; !request->conflict && !request->err.code && i < count; i++) {
            if (!changes[i].only_checked) apply(store, &changes[i]);
        }
    }
    answer_later(store, request);
}

void balm_store_forget(struct balm_store *store, struct balm_store_request *request)
{
    struct balm_store_op *pending = request->op;

    if (!pending) return;
    balm_task_cancel(store->loop, &pending->task);
    free(pending);
    request->op = NULL;
}

#endif
