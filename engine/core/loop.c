#include "core/loop.h"

#include "core/clock.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define NEVER       INT64_MAX
#define CLOSE_TURNS 64
/* Before descriptors and timers are looked at again; none begins later than this. */
#define ROUNDS_MAX 16
#define ROUNDS_NS  INT64_C(50000000)

struct balm_loop {
    uv_loop_t uv;
    uv_timer_t alarm;         /* armed for the earliest timer, or earlier */
    uv_idle_t idle;           /* active while tasks wait, so that polling does not block */
    uv_prepare_t prepare;     /* before polling */
    struct balm_timer **heap; /* from place 1: heap[0] is not used */
    uint32_t timer_count;
    uint32_t timer_cap;
    int64_t armed_for;
    int64_t now;            /* of this turn; 0: not asked for yet */
    struct balm_task tasks; /* a ring, this its knot */
    struct balm_task last;  /* the same, of those that come when there is none of the others */
    bool running;
};

static void ring_init(struct balm_task *knot)
{
    knot->next = knot->prev = knot;
}

static void ring_cut(struct balm_task *task)
{
    task->prev->next = task->next;
    task->next->prev = task->prev;
    task->next = task->prev = NULL;
}

static void ring_add(struct balm_task *knot, struct balm_task *task)
{
    task->next = knot;
    task->prev = knot->prev;
    knot->prev->next = task;
    knot->prev = task;
}

static void run_tasks(struct balm_task *knot)
{
    struct balm_task batch = *knot;
    if (knot->next == knot) return;
    batch.next->prev = batch.prev->next = &batch;
    ring_init(knot);
    while (batch.next != &batch) {
        struct balm_task *task = batch.next;
        ring_cut(task);
        task->queued = false;
        task->run(task->owner);
    }
}

static void on_prepare(uv_prepare_t *handle)
{
    struct balm_loop *loop = handle->data;
    for (int i = 0; i < ROUNDS_MAX && loop->last.next != &loop->last; i++) {
        run_tasks(&loop->last);
    }
    uv_update_time(&loop->uv); /* else polling waits longer by what tasks took */
    loop->now = 0;
}

enum balm_code balm_loop_new(struct balm_loop **out, struct balm_err *err)
{
    struct balm_loop *loop = calloc(1, sizeof *loop);
    int status;
    if (!loop) return balm_nomem(err);
    status = uv_loop_init(&loop->uv);
    if (status) {
        free(loop);
        if (status == UV_ENOMEM) return balm_nomem(err);
        return balm_fail(err, BALM_E_IO, "cannot make an event loop: %s", uv_strerror(status));
    }
    /* None of these can fail. */
    uv_timer_init(&loop->uv, &loop->alarm);
    uv_idle_init(&loop->uv, &loop->idle);
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_unref((uv_handle_t *)&loop->prepare);
    loop->alarm.data = loop->idle.data = loop->prepare.data = loop;
    loop->armed_for = NEVER;
    ring_init(&loop->tasks);
    ring_init(&loop->last);
    *out = loop;
    return BALM_OK;
}

void balm_loop_release(struct balm_loop *loop)
{
    int turns;
    if (!loop) return;
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    for (turns = 0; turns < CLOSE_TURNS && uv_loop_close(&loop->uv) == UV_EBUSY; turns++) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
    assert(turns < CLOSE_TURNS && "a watch outlives its loop");
    if (turns == CLOSE_TURNS) return; /* leaking is better than freeing what still points here */
    free(loop->heap);
    free(loop);
}

struct uv_loop_s *balm_loop_uv(struct balm_loop *loop)
{
    return &loop->uv;
}

void balm_loop_run(struct balm_loop *loop)
{
    assert(!loop->running);
    loop->running = true;
    loop->now = 0;
    uv_update_time(&loop->uv);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop->running = false;
}

void balm_loop_stop(struct balm_loop *loop)
{
    uv_stop(&loop->uv);
}

bool balm_loop_is_busy(const struct balm_loop *loop)
{
    struct pollfd descriptors = {.fd = uv_backend_fd(&loop->uv), .events = POLLIN};
    return poll(&descriptors, 1, 0) > 0;
}

int64_t balm_loop_now(const struct balm_loop *loop)
{
    if (!loop->running) return balm_clock_mono();
    if (loop->now == 0) {
        /* A cache: no loop is ever defined const. */
        ((struct balm_loop *)(uintptr_t)loop)->now = balm_clock_mono();
    }
    return loop->now;
}

static void place(struct balm_loop *loop, struct balm_timer *timer, uint32_t at)
{
    loop->heap[at] = timer;
    timer->place = at;
}

static void sift_up(struct balm_loop *loop, struct balm_timer *timer)
{
    uint32_t at = timer->place;
    while (at > 1 && loop->heap[at / 2]->due > timer->due) {
        place(loop, loop->heap[at / 2], at);
        at /= 2;
    }
    place(loop, timer, at);
}

static void sift_down(struct balm_loop *loop, struct balm_timer *timer)
{
    uint32_t at = timer->place;
    for (;;) {
        uint32_t child = at * 2;
        if (child > loop->timer_count) break;
        if (child < loop->timer_count && loop->heap[child + 1]->due < loop->heap[child]->due) {
            child++;
        }
        if (loop->heap[child]->due >= timer->due) break;
        place(loop, loop->heap[child], at);
        at = child;
    }
    place(loop, timer, at);
}

static void remove_timer(struct balm_loop *loop, struct balm_timer *timer)
{
    struct balm_timer *last = loop->heap[loop->timer_count--];
    if (last != timer) {
        last->place = timer->place;
        sift_up(loop, last);
        sift_down(loop, last);
    }
    timer->place = 0;
}

static void on_alarm(uv_timer_t *handle);

/* libuv counts milliseconds of the same clock, so it is asked for the first one not before due. */
static void arm(struct balm_loop *loop)
{
    uint64_t due_ms;
    uint64_t now_ms;
    int64_t due;
    if (loop->timer_count == 0) {
        if (loop->armed_for != NEVER) uv_timer_stop(&loop->alarm);
        loop->armed_for = NEVER;
        return;
    }
    due = loop->heap[1]->due;
    if (due >= loop->armed_for) return;
    loop->armed_for = due;
    due_ms = due <= 0 ? 0 : ((uint64_t)due + 999999) / 1000000;
    now_ms = uv_now(&loop->uv);
    uv_timer_start(&loop->alarm, on_alarm, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void on_alarm(uv_timer_t *handle)
{
    struct balm_loop *loop = handle->data;
    int64_t now = balm_clock_mono();
    loop->now = now;
    loop->armed_for = INT64_MIN; /* nobody arms it while it rings */
    while (loop->timer_count > 0 && loop->heap[1]->due <= now) {
        struct balm_timer *timer = loop->heap[1];
        remove_timer(loop, timer);
        timer->fire(timer->owner);
    }
    loop->armed_for = NEVER;
    arm(loop);
}

static bool reserve_timer(struct balm_loop *loop)
{
    uint32_t cap = loop->timer_cap ? loop->timer_cap * 2 : 64;
    struct balm_timer **heap;
    if (loop->timer_count + 1 < loop->timer_cap) return true;
    if (cap > UINT32_MAX / 4) return false;
    heap = realloc(loop->heap, cap * sizeof *heap);
    if (!heap) return false;
    loop->heap = heap;
    loop->timer_cap = cap;
    return true;
}

enum balm_code balm_timer_set(struct balm_loop *loop, struct balm_timer *timer, int64_t after_ns,
                              void (*fire)(void *owner), void *owner)
{
    /* Not the turn's time: a callback that computed for long would get its timers early. */
    int64_t now = balm_clock_mono();
    if (!timer->place && !reserve_timer(loop)) return BALM_E_NOMEM;
    timer->due = after_ns <= 0 ? now : after_ns < NEVER - now ? now + after_ns : NEVER - 1;
    timer->fire = fire;
    timer->owner = owner;
    if (!timer->place) {
        timer->place = ++loop->timer_count;
        loop->heap[timer->place] = timer;
    }
    sift_up(loop, timer);
    sift_down(loop, timer);
    arm(loop);
    return BALM_OK;
}

void balm_timer_stop(struct balm_loop *loop, struct balm_timer *timer)
{
    if (!timer->place) return;
    remove_timer(loop, timer);
    if (loop->timer_count == 0 && loop->armed_for != INT64_MIN) arm(loop);
}

/* Round after round: what became ready together goes on together, each step for all before the
   next, until all of it waits again. Only then others may join, so a step's code is in the
   processor's cache for many. */
static void on_idle(uv_idle_t *handle)
{
    struct balm_loop *loop = handle->data;
    int64_t until = balm_clock_mono() + ROUNDS_NS;
    for (int i = 0; i < ROUNDS_MAX && loop->tasks.next != &loop->tasks; i++) {
        if (i > 0 && balm_clock_mono() >= until) break;
        run_tasks(&loop->tasks);
    }
    if (loop->tasks.next == &loop->tasks) uv_idle_stop(&loop->idle);
}

/* The idle handle keeps the loop from waiting before it was run. */
static void queue(struct balm_loop *loop, struct balm_task *knot, struct balm_task *task)
{
    if (task->queued) return;
    task->queued = true;
    ring_add(knot, task);
    uv_idle_start(&loop->idle, on_idle); /* does nothing where it is started */
}

void balm_task_add(struct balm_loop *loop, struct balm_task *task, void (*run)(void *owner),
                   void *owner)
{
    task->run = run;
    task->owner = owner;
    queue(loop, &loop->tasks, task);
}

void balm_task_last(struct balm_loop *loop, struct balm_task *task, void (*run)(void *owner),
                    void *owner)
{
    task->run = run;
    task->owner = owner;
    queue(loop, &loop->last, task);
}

void balm_task_cancel(struct balm_loop *loop, struct balm_task *task)
{
    if (!task->queued) return;
    task->queued = false;
    ring_cut(task);
    if (loop->tasks.next == &loop->tasks && loop->last.next == &loop->last) {
        uv_idle_stop(&loop->idle);
    }
}
