/*
 * writer: lines for standard output that a slow reader does not hold the loop up with.
 *
 * What is added is written at the end of the loop's turn. A pipe that is full is waited for on the
 * loop, through an open file description of Balm's own; the owner is told to slow down meanwhile.
 * Nothing is lost: what is left in the end is written then.
 */
#ifndef BALM_FRONT_WRITER_H
#define BALM_FRONT_WRITER_H

#include "core/loop.h"
#include "front/cli.h"

struct balm_writer;

struct balm_writer_options {
    struct balm_cli *cli;
    struct balm_loop *loop;
    void (*pressure)(void *owner, bool high); /* much is waiting to be written, or no longer */
    void (*broken)(void *owner);              /* nobody reads any more; it was said */
    void *owner;
};

enum balm_code balm_writer_new(struct balm_writer **out, const struct balm_writer_options *options,
                               struct balm_err *err);
void balm_writer_add(struct balm_writer *writer, const char *bytes, size_t len);
/* Writes what is left, waiting for the reader; false when not all that was added could be
   written. */
bool balm_writer_finish(struct balm_writer *writer);
void balm_writer_release(struct balm_writer *writer); /* accepts NULL */

#endif
