/*
 * source: the bytes of one file, or of standard input, as they come.
 *
 * A regular file is always ready; a named pipe is empty until its first writer has come and gone;
 * what can be polled is waited for on the loop, through an open
 * file description of Balm's own where the system gives one: making the shared one non-blocking
 * would change it for others.
 */
#ifndef BALM_REMEDY_SOURCE_H
#define BALM_REMEDY_SOURCE_H

#include "core/loop.h"

#include <stddef.h>

struct balm_source {
    struct balm_loop *loop;
    int fd;         /* -1: closed */
    int own_fd;     /* to be closed; -1: none */
    int flags;      /* of a shared descriptor, to be restored; -1: untouched */
    bool regular;   /* never waits */
    bool unwritten; /* a named pipe that no writer has opened yet, as far as is known */
    struct balm_watch *watch;
    void (*ready)(void *owner);
    void *owner;
};

enum balm_source_got { BALM_SOURCE_BYTES, BALM_SOURCE_WAIT, BALM_SOURCE_END, BALM_SOURCE_FAILED };

/* Opens path ("-" is standard input); an error names it. */
enum balm_code balm_source_open(struct balm_source *source, struct balm_loop *loop,
                                const char *path, struct balm_err *err);
void balm_source_close(struct balm_source *source); /* any number of times */
/* BYTES: *got of them are in bytes. WAIT: ready will be called once, from the loop. FAILED: err
   says why. */
enum balm_source_got balm_source_read(struct balm_source *source, char *bytes, size_t size,
                                      size_t *got, void (*ready)(void *owner), void *owner,
                                      struct balm_err *err);

#endif
