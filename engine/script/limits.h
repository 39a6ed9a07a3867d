/*
 * limits: what one run of a script may use.
 */
#ifndef BALM_SCRIPT_LIMITS_H
#define BALM_SCRIPT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct balm_limits {
    size_t memory;   /* bytes of Lua heap; default 64 MiB */
    uint64_t steps;  /* Lua instructions, and what the C loops charge; default 200 million */
    int64_t cpu_ns;  /* of one uninterrupted stretch of Lua; default 2 s */
    int64_t wall_ns; /* of the run, waiting included; default 15 min */
};

#define BALM_LIMITS_DEFAULT                                                                        \
    {                                                                                              \
        (size_t)64 << 20, 200000000u, 2000000000, 900000000000                                     \
    }

#endif
