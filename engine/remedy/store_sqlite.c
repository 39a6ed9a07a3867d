/* store over SQLite: a queue, a thread that works it off, and the way back to the loop. */
#include "core/clock.h"
#include "core/text.h"
#include "remedy/sqlite_work.h"
#include "remedy/store_internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MAX 1024 /* operations of one transaction, so that other processes get their turn */
#define GATHER_NS INT64_C(2000000) /* so long a loop that is always busy keeps them back */

struct queue {
    struct balm_store_op *first;
    struct balm_store_op *last;
};

struct sqlite_store {
    struct balm_store base;
    char *path;
    size_t under_way;
    struct balm_wake *wake;
    struct queue asked; /* since work was last handed over to the thread */
    int64_t asked_at;   /* the first of it; monotonic nanoseconds */
    struct balm_task handing_over;
    bool started;
    pthread_t thread;

    pthread_mutex_t mutex; /* of the three below */
    struct queue waiting;
    struct queue finished;
    bool stopping;
    pthread_cond_t changed; /* something waits, or it is stopping */

    struct balm_sqlite_work work; /* the thread's own */
};

static void append(struct queue *queue, struct queue more)
{
    if (!more.first) return;
    if (queue->last) {
        queue->last->next = more.first;
    } else {
        queue->first = more.first;
    }
    queue->last = more.last;
}

/* Cuts off the first few. */
static struct queue take(struct queue *queue, size_t most)
{
    struct queue taken = {queue->first, queue->first};
    size_t len = 1;
    if (!queue->first) return *queue;
    while (taken.last->next && len++ < most) {
        taken.last = taken.last->next;
    }
    queue->first = taken.last->next;
    if (!queue->first) queue->last = NULL;
    taken.last->next = NULL;
    return taken;
}

static void *work_off(void *owner)
{
    struct sqlite_store *store = owner;
    struct queue group;
    pthread_mutex_lock(&store->mutex);
    for (;;) {
        while (!store->waiting.first && !store->stopping) {
            pthread_cond_wait(&store->changed, &store->mutex);
        }
        if (!store->waiting.first) break;
        group = take(&store->waiting, GROUP_MAX);
        pthread_mutex_unlock(&store->mutex);
        balm_sqlite_work(&store->work, group.first);
        pthread_mutex_lock(&store->mutex);
        append(&store->finished, group);
        pthread_mutex_unlock(&store->mutex);
        balm_wake_send(store->wake); /* who is woken finds the mutex free */
        pthread_mutex_lock(&store->mutex);
    }
    pthread_mutex_unlock(&store->mutex);
    balm_sqlite_close(&store->work.file);
    return NULL;
}

/* Signals are the loop's. */
static enum balm_code start_thread(struct sqlite_store *store, struct balm_err *err)
{
    sigset_t all;
    sigset_t before;
    int status;
    if (store->started) return BALM_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&store->thread, NULL, work_off, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status == ENOMEM) return balm_nomem(err);
    if (status) {
        return balm_fail(err, BALM_E_IO, "the store %s: no thread can be started: %s",
                         store->base.url, strerror(status));
    }
    store->started = true;
    return BALM_OK;
}

static void on_wake(void *owner)
{
    struct sqlite_store *store = owner;
    struct queue finished;
    pthread_mutex_lock(&store->mutex);
    finished = store->finished;
    store->finished = (struct queue){NULL, NULL};
    pthread_mutex_unlock(&store->mutex);
    while (finished.first) {
        struct balm_store_op *op = finished.first;
        finished.first = op->next;
        if (--store->under_way == 0) balm_wake_hold(store->wake, false);
        balm_store_answer(op);
    }
}

static void hand_over(struct sqlite_store *store)
{
    pthread_mutex_lock(&store->mutex);
    append(&store->waiting, store->asked);
    store->asked = (struct queue){NULL, NULL};
    pthread_mutex_unlock(&store->mutex);
    pthread_cond_signal(&store->changed); /* who is woken finds the mutex free */
}

/* While the loop has answers to read more is asked for: it goes over together, the thread is woken
   once, and one sync serves all. Who is alone never waits. */
static void hand_over_when_idle(void *owner);

static void look_again(void *owner)
{
    struct sqlite_store *store = owner;
    balm_task_last(store->base.loop, &store->handing_over, hand_over_when_idle, store);
}

static void hand_over_when_idle(void *owner)
{
    struct sqlite_store *store = owner;
    if (balm_loop_is_busy(store->base.loop) && balm_clock_mono() < store->asked_at + GATHER_NS) {
        balm_task_add(store->base.loop, &store->handing_over, look_again, store);
    } else {
        hand_over(store);
    }
}

static enum balm_code start(struct balm_store *base, struct balm_store_op *op, struct balm_err *err)
{
    struct sqlite_store *store = (struct sqlite_store *)base;
    struct queue one = {op, op};
    enum balm_code code = start_thread(store, err);
    if (code) return code;
    if (store->under_way++ == 0) balm_wake_hold(store->wake, true);
    if (!store->asked.first) {
        store->asked_at = balm_clock_mono();
        balm_task_last(base->loop, &store->handing_over, hand_over_when_idle, store);
    }
    append(&store->asked, one);
    return BALM_OK;
}

static void release(struct balm_store *base)
{
    struct sqlite_store *store = (struct sqlite_store *)base;
    if (store->started) {
        balm_task_cancel(base->loop, &store->handing_over);
        hand_over(store);
        pthread_mutex_lock(&store->mutex);
        store->stopping = true;
        pthread_cond_signal(&store->changed);
        pthread_mutex_unlock(&store->mutex);
        pthread_join(store->thread, NULL);
    }
    while (store->finished.first) {
        struct balm_store_op *op = take(&store->finished, 1).first;
        balm_store_op_free(op);
    }
    balm_wake_release(store->wake);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store);
}

static const struct balm_store_backend backend = {start, NULL, release};

/* ":memory:" and the like are files here. */
static char *plain_path(const char *path)
{
    size_t len = strlen(path);
    char *plain = malloc(len + 3);
    size_t before = *path == '/' ? 0 : 2;
    if (!plain) return NULL;
    memcpy(plain, "./", before);
    memcpy(plain + before, path, len + 1);
    return plain;
}

enum balm_code balm_store_sqlite_new(struct balm_store **out, const struct balm_store_setup *setup,
                                     struct balm_err *err)
{
    struct sqlite_store *store = calloc(1, sizeof *store);
    enum balm_code code;
    if (!store) return balm_nomem(err);
    store->path = plain_path(balm_store_sqlite_path(setup->url));
    if (!store->path) {
        free(store);
        return balm_nomem(err);
    }
    code = balm_wake_new(&store->wake, setup->loop, on_wake, store, err);
    if (code) {
        free(store->path);
        free(store);
        return code;
    }
    pthread_mutex_init(&store->mutex, NULL);
    pthread_cond_init(&store->changed, NULL);
    store->work.file.path = store->path;
    store->base.backend = &backend;
    *out = &store->base;
    return BALM_OK;
}
