#include "core/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t which)
{
    struct timespec now = {0, 0};
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t balm_clock_now(void)
{
    return read_clock(CLOCK_REALTIME) / 1000;
}

int64_t balm_clock_mono(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t balm_clock_cpu(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
