/*
 * retry: whether and when a failed attempt is made again.
 *
 * Pure. What the SDKs' "standard" mode takes for a failure that may pass: throttling, some 5xx,
 * broken connections, and what the model calls retryable. Exponential back-off with full jitter,
 * 50 ms doubled up to 20 s; for throttling the first is 1 s.
 */
#ifndef BALM_AWS_RETRY_H
#define BALM_AWS_RETRY_H

#include "aws/message.h"
#include "aws/model.h"
#include "core/err.h"

enum balm_retry {
    BALM_RETRY_NEVER,
    BALM_RETRY_TRANSIENT, /* the same again may succeed */
    BALM_RETRY_THROTTLED, /* it may, but later: "slow down" */
    BALM_RETRY_EXPIRED,   /* with fresh credentials it may */
    BALM_RETRY_SKEWED     /* with the right time it may; see balm_retry_skew() */
};

/* What err means for the same request. operation: whose model may say more; NULL: none. */
enum balm_retry balm_retry_of(const struct balm_err *err, const struct balm_operation *operation);
/* Is it one of those that the same request, sent again, may get over? */
bool balm_retry_is_retryable(const struct balm_err *err, const struct balm_operation *operation);
/* Is it about the rights of the caller (AccessDenied, UnauthorizedOperation, ...; 401, 403)? Exit
   code 3. */
bool balm_err_is_authorisation(const struct balm_err *err);

/* Nanoseconds to wait before attempt `attempt` (the second is 2). random is 0..1. */
int64_t balm_retry_delay(int attempt, bool throttled, double random);
/* What the answer asks for instead: x-amz-retry-after (milliseconds; at most 5 s more than delay),
   Retry-After (seconds or a date; at most 20 s). Never less than delay. now: microseconds since
   1970. */
int64_t balm_retry_hinted(int64_t delay, const struct balm_response *response, int64_t now);
/* How far the service's clock, as its answer's Date has it, is ahead of now; microseconds. False
   where there is no Date, it is off by more than a day, or by too little to explain err. */
bool balm_retry_skew(const struct balm_err *err, const struct balm_response *response, int64_t now,
                     int64_t *skew);

#endif
