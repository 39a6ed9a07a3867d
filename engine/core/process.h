/*
 * process: another program, run without a shell, its standard output read.
 */
#ifndef BALM_CORE_PROCESS_H
#define BALM_CORE_PROCESS_H

#include "core/buf.h"
#include "core/loop.h"

struct balm_process;

struct balm_process_options {
    char *const *words; /* NULL behind the last; words[0] is looked for in PATH */
    size_t output_max;  /* bytes */
    int64_t timeout_ns;
};

/*
 * Starts it with no input and in a process group of its own; what it says on standard error is
 * dropped. done is called from the loop, exactly once, with what it wrote (borrowed until done
 * returns, then wiped): BALM_OK when it ended with status 0; BALM_E_IO when it ended otherwise;
 * BALM_E_LIMIT when it took too long or said too much, and was killed with all its group.
 */
enum balm_code balm_process_start(struct balm_process **out, struct balm_loop *loop,
                                  const struct balm_process_options *options,
                                  void (*done)(void *owner, const struct balm_buf *output,
                                               const struct balm_err *err),
                                  void *owner, struct balm_err *err);
/* Kills it; done will not be called. Only before done was; accepts NULL. */
void balm_process_cancel(struct balm_process *process);

#endif
