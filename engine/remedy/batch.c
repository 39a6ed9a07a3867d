#include "remedy/batch.h"

#include "remedy/feed.h"
#include "remedy/source.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK      ((size_t)64 << 10)
#define AT_ONCE    256                 /* events looked at before the loop gets its turn */
#define ARENA_KEPT ((size_t)256 << 10) /* an event's arena that grew larger is not kept */

/* One event, shared by the runs of its findings. */
struct event {
    struct event *next_free;
    struct balm_arena arena;
    struct balm_origin origin;
    struct balm_finding *findings;
    size_t count;
    size_t next; /* the finding to run next */
    size_t references;
};

struct job {
    struct job *next_free;
    struct balm_batch *batch;
    struct event *event;
    struct balm_origin origin;
    struct balm_run *run; /* NULL: the job is free */
};

struct balm_batch {
    const struct balm_engine *engine;
    struct balm_batch_options options;
    size_t source_next;
    struct balm_source source;
    bool source_open;
    struct balm_feed feed;
    char *chunk;
    struct event *current; /* with findings that wait for their turn; or NULL */
    struct event *free_events;
    struct job *jobs;
    struct job *free_jobs;
    size_t in_flight;
    struct balm_task task;
    bool paused, stopped, waiting, ended, told;
    int exit;
};

static void pump(void *owner);

static void pump_soon(struct balm_batch *batch)
{
    if (!batch->told) balm_task_add(batch->engine->loop, &batch->task, pump, batch);
}

/* ---- events ---- */

static struct event *event_new(struct balm_batch *batch)
{
    struct event *event = batch->free_events;

    if (event) {
        batch->free_events = event->next_free;
    } else {
        event = calloc(1, sizeof *event);
        if (event) balm_arena_init(&event->arena, 0);
    }
    if (event) event->references = 1;
    return event;
}

static void event_release(struct balm_batch *batch, struct event *event)
{
    if (!event || --event->references > 0) return;
    if (event->arena.used > ARENA_KEPT) {
        balm_arena_free(&event->arena);
    } else {
        balm_arena_reset(&event->arena);
    }
    event->findings = NULL;
    event->count = event->next = 0;
    event->next_free = batch->free_events;
    batch->free_events = event;
}

/* On the log for whoever watches, and as an answer for whoever reads the answers. */
static void say_fault(struct balm_batch *batch, struct event *event, const struct balm_err *err)
{
    balm_log(batch->engine->log, BALM_LOG_ERROR, "%s", err->message);
    batch->exit = balm_exit_join(batch->exit, 2);
    batch->options.answer(batch->options.owner,
                          balm_fault_value(err, &event->origin, &event->arena), balm_null());
}

static void tell_fault(struct balm_batch *batch, struct event *event, struct balm_err *err)
{
    const struct balm_origin *origin = &event->origin;

    balm_err_prefix(err, "event %zu (%s, line %zu)", origin->number,
                    strcmp(origin->source, "-") == 0 ? "standard input" : origin->source,
                    origin->line);
    say_fault(batch, event, err);
}

static void take_findings(struct balm_batch *batch, struct event *event, struct balm_value value)
{
    struct balm_err err;

    if (balm_findings_decode(batch->engine->host, value, &event->arena, &event->findings,
                             &event->count, &err)) {
        event->count = 0;
        tell_fault(batch, event, &err);
    }
}

/* ---- runs ---- */

static void on_result(void *owner, struct balm_run *run, const struct balm_result *result)
{
    struct job *job = owner;
    struct balm_batch *batch = job->batch;

    batch->exit = balm_exit_join(batch->exit, balm_result_exit(result));
    if (batch->options.planned && !balm_is_null(result->plan)) {
        batch->options.planned(batch->options.owner, result->plan);
    }
    batch->options.answer(batch->options.owner, result->value, result->json);
    balm_run_release(run);
    job->run = NULL;
    event_release(batch, job->event);
    job->next_free = batch->free_jobs;
    batch->free_jobs = job;
    batch->in_flight--;
    pump_soon(batch);
}

static struct balm_order next_order(const struct balm_batch *batch, struct event *event)
{
    size_t i = event->next++;

    if (batch->options.orders) return batch->options.orders[i];
    return (struct balm_order){.finding = &event->findings[i], .action = batch->options.action};
}

static void start(struct balm_batch *batch, struct event *event)
{
    struct balm_order order = next_order(batch, event);
    struct job *job = batch->free_jobs;
    struct balm_err err;

    if (strcmp(order.finding->kind, "list") == 0) {
        batch->options.list(batch->options.owner);
        return;
    }
    job->event = event;
    job->origin = event->origin;
    if (batch->options.orders) job->origin.number = event->next;
    order.origin = &job->origin;
    if (balm_run_start(&job->run, batch->engine, &order, on_result, job, &err)) {
        tell_fault(batch, event, &err);
        return;
    }
    batch->free_jobs = job->next_free;
    event->references++;
    batch->in_flight++;
}

/* ---- what comes in ---- */

static void on_readable(void *owner)
{
    struct balm_batch *batch = owner;

    batch->waiting = false;
    pump_soon(batch);
}

/* A source that cannot be read is one fault; the others go on. */
static void source_failed(struct balm_batch *batch, struct event *event, struct balm_err *err)
{
    event->origin.line = batch->feed.line;
    event->origin.number = batch->feed.count + 1;
    tell_fault(batch, event, err);
    balm_feed_finish(&batch->feed);
}

static void read_more(struct balm_batch *batch, struct event *event)
{
    struct balm_err err;
    size_t got = 0;

    switch (balm_source_read(&batch->source, batch->chunk, CHUNK, &got, on_readable, batch, &err)) {
    case BALM_SOURCE_BYTES:
        if (balm_feed_add(&batch->feed, batch->chunk, got, &err)) {
            source_failed(batch, event, &err);
        }
        return;
    case BALM_SOURCE_WAIT:
        batch->waiting = true;
        return;
    case BALM_SOURCE_END:
        balm_feed_finish(&batch->feed);
        return;
    case BALM_SOURCE_FAILED:
        source_failed(batch, event, &err);
        return;
    }
}

static void close_source(struct balm_batch *batch)
{
    if (!batch->source_open) return;
    balm_source_close(&batch->source);
    balm_feed_free(&batch->feed);
    batch->source_open = false;
}

static void open_next(struct balm_batch *batch, struct event *event)
{
    struct balm_err err;

    if (batch->source_next == batch->options.source_count) {
        batch->ended = true;
        return;
    }
    event->origin = (struct balm_origin){batch->options.sources[batch->source_next++], 1, 1};
    if (balm_source_open(&batch->source, batch->engine->loop, event->origin.source, &err)) {
        say_fault(batch, event, &err);
        return;
    }
    batch->source_open = true;
    balm_feed_init(&batch->feed);
}

/* All of them at once, as if they were the findings of one event. */
static void take_orders(struct balm_batch *batch, struct event *event)
{
    if (batch->source_next > 0) {
        batch->ended = true;
        return;
    }
    event->origin = (struct balm_origin){batch->options.sources[batch->source_next++], 1, 0};
    event->count = batch->options.order_count;
}

/* One step towards the next event. */
static void step(struct balm_batch *batch)
{
    struct event *event = event_new(batch);
    struct balm_value value;
    struct balm_err err;

    if (!event) {
        balm_log(batch->engine->log, BALM_LOG_ERROR, "out of memory: no more events are taken");
        batch->exit = balm_exit_join(batch->exit, 1);
        batch->ended = true;
        return;
    }
    if (batch->options.orders) {
        take_orders(batch, event);
    } else if (!batch->source_open) {
        open_next(batch, event);
    } else {
        event->origin.source = batch->options.sources[batch->source_next - 1];
        switch (balm_feed_take(&batch->feed, &event->arena, &value, &event->origin.line, &err)) {
        case BALM_FEED_EVENT:
            event->origin.number = batch->feed.count;
            take_findings(batch, event, value);
            break;
        case BALM_FEED_BAD:
            event->origin.number = batch->feed.count;
            tell_fault(batch, event, &err);
            break;
        case BALM_FEED_MORE:
            read_more(batch, event);
            break;
        case BALM_FEED_END:
            close_source(batch);
            break;
        }
    }
    if (event->count > 0) {
        batch->current = event;
    } else {
        event_release(batch, event);
    }
}

static void tell_done(struct balm_batch *batch)
{
    batch->told = true;
    close_source(batch);
    batch->options.done(batch->options.owner, batch->exit);
}

static void pump(void *owner)
{
    struct balm_batch *batch = owner;
    size_t steps = 0;

    while (!batch->stopped && !batch->ended && !batch->paused && batch->free_jobs) {
        struct event *event = batch->current;
        if (!event && batch->waiting) break;
        if (steps++ == AT_ONCE) {
            pump_soon(batch);
            return;
        }
        if (!event) {
            step(batch);
            continue;
        }
        start(batch, event);
        if (event->next == event->count) {
            batch->current = NULL;
            event_release(batch, event);
        }
    }
    if ((batch->stopped || batch->ended) && batch->in_flight == 0) tell_done(batch);
}

/* ---- the batch ---- */

enum balm_code balm_batch_new(struct balm_batch **out, const struct balm_engine *engine,
                              const struct balm_batch_options *options, struct balm_err *err)
{
    struct balm_batch *batch = calloc(1, sizeof *batch);

    if (!batch) return balm_nomem(err);
    batch->engine = engine;
    batch->options = *options;
    batch->chunk = malloc(CHUNK);
    batch->jobs = calloc(options->concurrency, sizeof *batch->jobs);
    if (!batch->chunk || !batch->jobs) {
        balm_batch_release(batch);
        return balm_nomem(err);
    }
    for (size_t i = options->concurrency; i-- > 0;) {
        batch->jobs[i].batch = batch;
        batch->jobs[i].next_free = batch->free_jobs;
        batch->free_jobs = &batch->jobs[i];
    }
    pump_soon(batch);
    *out = batch;
    return BALM_OK;
}

void balm_batch_release(struct balm_batch *batch)
{
    if (!batch) return;
    balm_task_cancel(batch->engine->loop, &batch->task);
    for (size_t i = 0; batch->jobs && i < batch->options.concurrency; i++) {
        if (!batch->jobs[i].run) continue;
        balm_run_release(batch->jobs[i].run);
        event_release(batch, batch->jobs[i].event);
    }
    event_release(batch, batch->current);
    while (batch->free_events) {
        struct event *event = batch->free_events;
        batch->free_events = event->next_free;
        balm_arena_free(&event->arena);
        free(event);
    }
    close_source(batch);
    free(batch->chunk);
    free(batch->jobs);
    free(batch);
}

/* Is anything known to be there that was not begun? */
static bool leaves_something(const struct balm_batch *batch)
{
    const struct balm_feed *feed = &batch->feed;

    if (batch->current || batch->source_next < batch->options.source_count) return true;
    if (!batch->source_open) return false;
    return (batch->source.regular && !feed->ended) || feed->text.len > feed->taken;
}

void balm_batch_stop(struct balm_batch *batch)
{
    if (batch->stopped || batch->ended) return;
    batch->stopped = true;
    if (leaves_something(batch)) batch->exit = balm_exit_join(batch->exit, 4);
    event_release(batch, batch->current);
    batch->current = NULL;
    close_source(batch);
    pump_soon(batch);
}

void balm_batch_abort(struct balm_batch *batch, const char *why)
{
    struct balm_err err;

    balm_batch_stop(batch);
    balm_fail(&err, BALM_E_CANCELLED, "%s", why);
    for (size_t i = 0; i < batch->options.concurrency; i++) {
        if (batch->jobs[i].run) balm_run_abort(batch->jobs[i].run, &err);
    }
}

void balm_batch_pause(struct balm_batch *batch, bool paused)
{
    batch->paused = paused;
    if (!paused) pump_soon(batch);
}
