/*
 * rig: the engine that a command runs remediations with, opened from the command line and the
 * environment.
 */
#ifndef BALM_FRONT_RIG_H
#define BALM_FRONT_RIG_H

#include "front/archive.h"
#include "remedy/engine.h"
#include "remedy/guard_set.h"

struct balm_rig {
    struct balm_world world;
    struct balm_catalog *catalog;
    struct balm_policy_source *policies;
    struct balm_lua_host *host;
    struct balm_archive archive;
    struct balm_guard_set *guards;
    struct balm_engine engine;
};

struct balm_rig_options {
    bool records; /* runs are kept in the store */
    bool watches; /* changed scripts and a changed configuration are taken up while it runs */
    bool ignores_config; /* specs know none, and no guard but the built-in ones */
    int64_t fixed_now;   /* microseconds, or 0 for the clock */
};

/* Opens all of it; what fails is said, and the exit status returned: 0 when it is open. Empty
   again after a failure. */
int balm_rig_open(struct balm_rig *rig, struct balm_cli *cli,
                  const struct balm_rig_options *options);
/* All runs released before. Accepts one that is zeroed. */
void balm_rig_close(struct balm_rig *rig);

#endif
