#include "script/strand.h"

#include "script/instance_internal.h"

#include <stdlib.h>

/* Of one aws.parallel at a time: enough to hide what waiting costs, and no flood. */
#define WINDOW 64

static void on_turn(void *owner)
{
    struct balm_strand *strand = owner;

    if (balm_strand_is_stopped(strand)) {
        balm_strand_end(strand);
    } else {
        balm_instance_turn(strand);
    }
}

void balm_strand_ready(struct balm_strand *strand)
{
    if (strand->state != BALM_STRAND_STARTING) strand->state = BALM_STRAND_READY;
    balm_task_add(strand->instance->loop, &strand->turn, on_turn, strand);
}

bool balm_strand_is_stopped(const struct balm_strand *strand)
{
    return strand->of && strand->of->stopped;
}

void balm_strand_drop(struct balm_strand *strand)
{
    struct balm_loop *loop = strand->instance->loop;

    balm_task_cancel(loop, &strand->turn);
    balm_timer_stop(loop, &strand->sleep);
    strand->state = BALM_STRAND_IDLE;
}

struct balm_parallel *balm_parallel_new(struct balm_instance *instance, size_t count)
{
    struct balm_parallel *parallel =
        calloc(1, sizeof *parallel + count * sizeof parallel->strands[0]);

    if (!parallel) return NULL;
    parallel->count = count;
    parallel->caller = instance->running;
    for (size_t i = 0; i < count; i++) {
        parallel->strands[i].instance = instance;
        parallel->strands[i].of = parallel;
    }
    parallel->next = instance->parallels;
    if (parallel->next) parallel->next->prev = parallel;
    instance->parallels = parallel;
    return parallel;
}

void balm_parallel_release(struct balm_parallel *parallel)
{
    struct balm_instance *instance = parallel->caller->instance;

    for (size_t i = 0; i < parallel->count; i++) {
        balm_strand_drop(&parallel->strands[i]);
    }
    if (parallel->next) parallel->next->prev = parallel->prev;
    *(parallel->prev ? &parallel->prev->next : &instance->parallels) = parallel->next;
    free(parallel);
}

void balm_parallel_advance(struct balm_parallel *parallel)
{
    size_t window = parallel->caller->instance->in_order ? 1 : WINDOW;

    while (!parallel->stopped && parallel->begun < parallel->count &&
           parallel->under_way < window) {
        struct balm_strand *strand = &parallel->strands[parallel->begun++];
        parallel->under_way++;
        strand->state = BALM_STRAND_STARTING;
        balm_strand_ready(strand);
    }
    if (parallel->under_way == 0) balm_strand_ready(parallel->caller);
}

/* A strand that waits for what may be long in coming, or never comes, need not. */
static void hurry(struct balm_strand *strand)
{
    if (strand->state != BALM_STRAND_WAITING) return;
    if (strand->want == BALM_WANT_SLEEP) {
        balm_timer_stop(strand->instance->loop, &strand->sleep);
        balm_strand_ready(strand);
    } else if (strand->want == BALM_WANT_BRANCHES) {
        balm_parallel_stop(strand->branches);
    }
}

void balm_parallel_stop(struct balm_parallel *parallel)
{
    if (parallel->stopped) return;
    parallel->stopped = true;
    for (size_t i = 0; i < parallel->begun; i++) {
        hurry(&parallel->strands[i]);
    }
}

void balm_strand_end(struct balm_strand *strand)
{
    struct balm_parallel *parallel = strand->of;

    strand->state = BALM_STRAND_IDLE;
    if (strand->asking) balm_asking_release(strand->asking);
    if (strand->branches) balm_parallel_release(strand->branches);
    strand->asking = NULL;
    strand->branches = NULL;
    parallel->under_way--;
    balm_parallel_advance(parallel);
}
