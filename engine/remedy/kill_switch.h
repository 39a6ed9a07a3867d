/*
 * kill_switch: stops every fix, before it begins and before each of its writes.
 *
 * It is thrown by a file (`balm stop` makes it, `balm start` removes it), by BALM_STOP in the
 * environment, or by a parameter of SSM that the configuration names, for a fleet. A file or a
 * parameter that cannot be read counts as thrown. Balm's own file is looked for once a turn of the
 * loop, the parameter once in five seconds.
 */
#ifndef BALM_REMEDY_KILL_SWITCH_H
#define BALM_REMEDY_KILL_SWITCH_H

#include "remedy/guard.h"

struct balm_kill_switch;

/* Own credentials read the parameter. */
enum balm_code balm_kill_switch_new(struct balm_kill_switch **out, struct balm_loop *loop,
                                    struct balm_aws *aws, struct balm_err *err);
void balm_kill_switch_release(struct balm_kill_switch *kill); /* accepts NULL */
const struct balm_guard *balm_kill_switch_guard(const struct balm_kill_switch *kill);

/* Balm's own file, below the user's state; NULL where there is none. The configuration may name
   another one: both are looked for. */
const char *balm_stop_path(struct balm_arena *arena);
/* Makes the file, with the reason in it; one that is there stays, with its own reason, and
   *was_thrown is set. */
enum balm_code balm_stop_throw(const char *path, const char *reason, bool *was_thrown,
                               struct balm_err *err);
enum balm_code balm_stop_lift(const char *path, bool *was_thrown, struct balm_err *err);
/* Does a parameter with this value leave the switch as if it were not there? */
bool balm_stop_says_go(const char *value);

#endif
