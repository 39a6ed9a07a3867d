/*
 * clock: what time it is.
 *
 * balm_clock_now() is the time of day (what goes into signatures); balm_clock_mono() only ever
 * grows (what timeouts use).
 */
#ifndef BALM_CORE_CLOCK_H
#define BALM_CORE_CLOCK_H

#include <stdint.h>

int64_t balm_clock_now(void);  /* microseconds since 1970, UTC */
int64_t balm_clock_mono(void); /* nanoseconds since some point */
int64_t balm_clock_cpu(void);  /* nanoseconds of CPU that this process has used */
#endif
