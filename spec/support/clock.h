/*
 * clock: the machine's, which a test sets ahead. It takes the place of core/clock in the program
 * that includes it, so that nobody has to wait for what hours do.
 */
#ifndef SPEC_SUPPORT_CLOCK_H
#define SPEC_SUPPORT_CLOCK_H

#include "core/clock.h"

#include <time.h>

static int64_t clock_ahead_s;

static inline int64_t clock_read(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t balm_clock_now(void)
{
    return clock_read(CLOCK_REALTIME) / 1000 + clock_ahead_s * 1000000;
}

int64_t balm_clock_mono(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t balm_clock_cpu(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
