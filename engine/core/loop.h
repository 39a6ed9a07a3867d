/*
 * loop: one event loop on one thread, over libuv.
 *
 * Everything that waits hangs from it. Callbacks run from the loop, never from inside the call that
 * asked for them. Timers are kept in user space (a heap, one uv_timer), so that setting one costs
 * no system call.
 */
#ifndef BALM_CORE_LOOP_H
#define BALM_CORE_LOOP_H

#include "core/err.h"

#include <stdint.h>

struct balm_loop;
struct uv_loop_s;

enum balm_code balm_loop_new(struct balm_loop **out, struct balm_err *err);
/* All watches must have been released, and other libuv handles closed; accepts NULL. What timers
   and tasks still wait is forgotten. */
void balm_loop_release(struct balm_loop *loop);
/* For what wraps another libuv handle. */
struct uv_loop_s *balm_loop_uv(struct balm_loop *loop);

/* Runs until balm_loop_stop(), or until no timer, task or descriptor is left that could call back:
   signals and folders alone do not keep it running. */
void balm_loop_run(struct balm_loop *loop);
void balm_loop_stop(struct balm_loop *loop);
/* Is a descriptor ready by now that was watched before this turn, so that the loop would not wait?
   A system call. */
bool balm_loop_is_busy(const struct balm_loop *loop);
/* Monotonic nanoseconds, cached for this turn. */
int64_t balm_loop_now(const struct balm_loop *loop);

/* A timer is embedded in its owner; zero it before first use. */
struct balm_timer {
    int64_t due; /* monotonic nanoseconds */
    void (*fire)(void *owner);
    void *owner;
    uint32_t place; /* in the heap, from 1; 0: not set */
};
/* Counts from now, not from the turn's time. Sets again where it is set; BALM_E_NOMEM leaves it as
   it was. */
enum balm_code balm_timer_set(struct balm_loop *loop, struct balm_timer *timer, int64_t after_ns,
                              void (*fire)(void *owner), void *owner);
void balm_timer_stop(struct balm_loop *loop, struct balm_timer *timer);

/* Work for the loop, soon, in order of asking; what is asked for meanwhile comes after all that
   waits now. Embedded in its owner like a timer; asking twice is asking once. */
struct balm_task {
    struct balm_task *next;
    struct balm_task *prev;
    void (*run)(void *owner);
    void *owner;
    bool queued;
};
void balm_task_add(struct balm_loop *loop, struct balm_task *task, void (*run)(void *owner),
                   void *owner);
/* The same, but only when no other work is left and the loop is about to wait: for what costs less
   when it is done for many at once. */
void balm_task_last(struct balm_loop *loop, struct balm_task *task, void (*run)(void *owner),
                    void *owner);
void balm_task_cancel(struct balm_loop *loop, struct balm_task *task);

/* Calls back soon after another thread has asked for it; asking twice before that is asking once.
   Keeps the loop running only while it is held. */
struct balm_wake;
enum balm_code balm_wake_new(struct balm_wake **out, struct balm_loop *loop,
                             void (*woken)(void *owner), void *owner, struct balm_err *err);
void balm_wake_send(struct balm_wake *wake); /* from any thread */
void balm_wake_hold(struct balm_wake *wake, bool held);
void balm_wake_release(struct balm_wake *wake); /* accepts NULL; nobody sends any more */

/* Watches a descriptor; events is a set of BALM_READ and BALM_WRITE, 0 to pause; with BALM_AT_REST
   the watch goes on, but does not keep the loop running (a connection nobody uses now). A
   descriptor in error is reported once with both. One watch for a descriptor at a time; it must be
   released before the descriptor is closed. */
#define BALM_READ    1
#define BALM_WRITE   2
#define BALM_AT_REST 4
struct balm_watch;
enum balm_code balm_watch_new(struct balm_watch **out, struct balm_loop *loop, int fd,
                              struct balm_err *err);
enum balm_code balm_watch_set(struct balm_watch *watch, int events,
                              void (*ready)(void *owner, int fd, int events), void *owner,
                              struct balm_err *err);
void balm_watch_release(struct balm_watch *watch); /* accepts NULL; no callback afterwards */

/* Calls back when sig arrives. */
struct balm_signal;
enum balm_code balm_signal_new(struct balm_signal **out, struct balm_loop *loop, int sig,
                               void (*caught)(void *owner, int sig), void *owner,
                               struct balm_err *err);
void balm_signal_release(struct balm_signal *signal);

/* Calls back, at most once a turn, when anything in a folder changes: a name added, changed,
   renamed or removed. name is NULL when several did, or none is known. */
struct balm_dirwatch;
enum balm_code balm_dirwatch_new(struct balm_dirwatch **out, struct balm_loop *loop,
                                 const char *dir, void (*changed)(void *owner, const char *name),
                                 void *owner, struct balm_err *err);
void balm_dirwatch_release(struct balm_dirwatch *watch);

#endif
