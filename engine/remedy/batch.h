/*
 * batch: events from files and standard input, as they come, or runs that are known already, so
 * many at a time in one thread.
 *
 * Each is answered as it ends; a bad one is told with its position and the rest go on. Nothing is
 * read ahead beyond what a feed needs, so memory does not grow with the number of events.
 */
#ifndef BALM_REMEDY_BATCH_H
#define BALM_REMEDY_BATCH_H

#include "remedy/run.h"

struct balm_batch;

struct balm_batch_options {
    const char *const *sources; /* paths; "-" is standard input; borrowed */
    size_t source_count;
    size_t concurrency; /* runs at a time, at least 1 */
    enum balm_action action;
    /* Instead of what the sources hold: runs to be made. The first source is where they are from.
       Borrowed. */
    const struct balm_order *orders;
    size_t order_count;

    /* The plan (plan.h) of a run that planned, before its answer; lives until the callback
       returns. NULL: nobody keeps it. */
    void (*planned)(void *owner, struct balm_value plan);
    /* All from the loop. value is the JSON object to print, json the same printed (null: it was
       not); they live until the callback returns. One without "run" tells of an event that is not
       valid, which was logged as well. */
    void (*answer)(void *owner, struct balm_value value, struct balm_value json);
    /* An event that asks for the list of remediations. */
    void (*list)(void *owner);
    /* All is read and answered (or stopped); exit is the join of all. */
    void (*done)(void *owner, int exit);
    void *owner;
};

enum balm_code balm_batch_new(struct balm_batch **out, const struct balm_engine *engine,
                              const struct balm_batch_options *options, struct balm_err *err);
void balm_batch_release(struct balm_batch *batch); /* accepts NULL; not from within answer */

/* Takes no more events; done comes when the runs in flight have ended. */
void balm_batch_stop(struct balm_batch *batch);
/* The same, and ends the runs in flight as failed: each is answered with the writes it made. */
void balm_batch_abort(struct balm_batch *batch, const char *why);
/* Whoever takes the answers cannot keep up: no new run begins until the pause is over. */
void balm_batch_pause(struct balm_batch *batch, bool paused);

#endif
