/*
 * retry: whether and when a failed attempt is made again.
 *
 * Pure. Exponential back-off with full jitter, 50 ms doubled up to 20 s, for throttling, 5xx,
 * broken connections, and what the model calls retryable.
 */
#ifndef BALM_AWS_RETRY_H
#define BALM_AWS_RETRY_H

#include "core/err.h"

#include <stdint.h>

/* Is this a code that means "slow down" (Throttling, ThrottlingException, SlowDown,
   RequestLimitExceeded, ...)? */
bool balm_retry_is_throttling(const char *aws_code);
/* May the same request succeed later? Judges err's code, HTTP status and aws_code. */
bool balm_retry_is_retryable(const struct balm_err *err);
/* Is it about the rights of the caller (AccessDenied, UnauthorizedOperation, ...; 401, 403)? Exit
   code 3. */
bool balm_err_is_authorisation(const struct balm_err *err);
/* Nanoseconds to wait before attempt `attempt` (the second is 2). random is 0..1. throttled: the
   base is 1 s instead of 50 ms... */
int64_t balm_retry_delay(int attempt, bool throttled, double random);

#endif
