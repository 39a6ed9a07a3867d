/*
 * strand: one thread of Lua in an instance. A phase runs on the instance's own strand; each
 * function that `aws.parallel` is given runs on one of its own. Internal to script/.
 *
 * Only one strand runs at a time (instance->running), until it wants something and yields: a call,
 * a sleep, or, in aws.parallel, that its branches end. Whoever has what it wanted calls
 * balm_strand_ready(), and the strand is resumed from the loop, in the order of these
 * calls: so two runs that get their answers in one order do all in one order.
 *
 * The branches of one aws.parallel are begun in order, as many at a time as its window allows (one
 * by one in plans, applies and specs). Its caller waits until none is left:
 *
 *     a branch returns         its result waits on its thread; the next branch may begin
 *     a branch raises          its error waits on its thread; the parallel is stopped
 *     it calls retry_later     the same, and the caller does so in its turn
 *
 * A stopped parallel begins no branch and resumes none: who sleeps is woken to end, who waits for a
 * call ends when that has its outcome, and a call that its gate has not let through yet is not
 * sent. Then the caller raises the error that was first. A limit that is met in any branch ends the
 * run, as it does elsewhere.
 */
#ifndef BALM_SCRIPT_STRAND_H
#define BALM_SCRIPT_STRAND_H

#include "core/loop.h"

#include <lua.h>

struct balm_instance;

/* Why Lua yielded. */
enum balm_want {
    BALM_WANT_NOTHING,
    BALM_WANT_CALL,
    BALM_WANT_SLEEP,
    BALM_WANT_LATER,
    BALM_WANT_BRANCHES
};

enum balm_strand_state {
    BALM_STRAND_IDLE,     /* not begun, or ended */
    BALM_STRAND_STARTING, /* waits for its first turn */
    BALM_STRAND_RUNNING,
    BALM_STRAND_WAITING,
    BALM_STRAND_READY /* what it waited for is there */
};

struct balm_strand {
    struct balm_instance *instance;
    struct balm_parallel *of; /* whose branch it is; NULL: the phase's own */
    lua_State *thread;        /* kept by the registry, or by the stack of aws.parallel */
    enum balm_strand_state state;
    struct balm_task turn;
    struct balm_timer sleep;
    enum balm_want want;
    struct balm_asking *asking;     /* with BALM_WANT_CALL */
    struct balm_parallel *branches; /* with BALM_WANT_BRANCHES */
    double seconds;                 /* with BALM_WANT_SLEEP and _LATER */
    const char *why;                /* with BALM_WANT_LATER */
};

struct balm_parallel {
    struct balm_parallel *next, *prev; /* of the instance */
    struct balm_strand *caller;
    struct balm_strand *failed; /* the first that raised */
    struct balm_strand *later;  /* or that wants to come back later */
    bool stopped;
    size_t count, begun, under_way;
    struct balm_strand strands[];
};

/* The strand goes on soon, from the loop. */
void balm_strand_ready(struct balm_strand *strand);
/* Has a sibling, or one of an outer parallel, failed, so that it is never resumed? */
bool balm_strand_is_stopped(const struct balm_strand *strand);
/* Forgets what it waits for. */
void balm_strand_drop(struct balm_strand *strand);

/* A parallel of the instance, whose list it joins; NULL when memory ran out. */
struct balm_parallel *balm_parallel_new(struct balm_instance *instance, size_t count);
void balm_parallel_release(struct balm_parallel *parallel);
/* Begins what may begin; readies the caller where nothing is left. */
void balm_parallel_advance(struct balm_parallel *parallel);
void balm_parallel_stop(struct balm_parallel *parallel);
/* A branch is through: it returned, raised, or is stopped. */
void balm_strand_end(struct balm_strand *strand);

#endif
