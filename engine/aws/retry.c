#include "aws/retry.h"

#include "core/text.h"
#include "core/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BASE_NS          INT64_C(50000000)
#define THROTTLE_BASE_NS INT64_C(1000000000)
#define MOST_NS          INT64_C(20000000000)
#define HINT_MORE_NS     INT64_C(5000000000)
#define SECOND           INT64_C(1000000000)
#define MS               INT64_C(1000000)
#define US               INT64_C(1000)
#define SKEW_LEAST_US    (INT64_C(60) * 1000000)
#define SKEW_LIKELY_US   (INT64_C(240) * 1000000) /* a signature serves five minutes */
#define SKEW_MOST_US     (INT64_C(86400) * 1000000)

/* Sorted for the search, as all tables here; a test checks it by looking each of them up. */
static const char *const throttling[] = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
};

static const char *const transient[] = {
    "RequestTimeout",
    "RequestTimeoutException",
};

static const char *const expired[] = {
    "ExpiredToken",
    "ExpiredTokenException",
};

/* Those that speak of time, and those that a wrong time may be behind. */
static const char *const skewed[] = {
    "AuthFailure",        "InvalidSignatureException", "RequestExpired",
    "RequestInTheFuture", "RequestTimeTooSkewed",      "SignatureDoesNotMatch",
};

static const char *const authorisation[] = {
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AuthFailure",
    "AuthorizationError",
    "ExpiredToken",
    "ExpiredTokenException",
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "NotAuthorizedException",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnauthorizedAccess",
    "UnauthorizedException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
    "WrongAccount",
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static int compare(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_among(const char *const *table, size_t count, const char *code)
{
    return bsearch(code, table, count, sizeof *table, compare) != NULL;
}

static enum balm_retry of_model(const struct balm_err *err, const struct balm_operation *operation)
{
    size_t count = operation ? balm_operation_error_count(operation) : 0;
    size_t i;
    for (i = 0; i < count; i++) {
        const struct balm_shape *shape = balm_operation_error_at(operation, i);
        enum balm_retryable retryable = balm_shape_retryable(shape);
        if (retryable == BALM_NOT_RETRYABLE) continue;
        if (strcmp(balm_shape_error_code(shape), err->aws_code) != 0) continue;
        return retryable == BALM_RETRYABLE_THROTTLING ? BALM_RETRY_THROTTLED : BALM_RETRY_TRANSIENT;
    }
    return BALM_RETRY_NEVER;
}

/* STS cannot reach who vouches for a web identity. */
static bool is_of_identity_provider(const struct balm_err *err,
                                    const struct balm_operation *operation)
{
    return operation && strcmp(err->aws_code, "IDPCommunicationError") == 0 &&
           strcmp(balm_service_name(balm_operation_service(operation)), "sts") == 0;
}

static bool is_transient_status(int status)
{
    return status == 500 || status == 502 || status == 503 || status == 504;
}

enum balm_retry balm_retry_of(const struct balm_err *err, const struct balm_operation *operation)
{
    if (err->code == BALM_E_NET) return err->retryable ? BALM_RETRY_TRANSIENT : BALM_RETRY_NEVER;
    if (err->code != BALM_E_AWS) return BALM_RETRY_NEVER;
    if (err->http_status == 429 || is_among(throttling, COUNT(throttling), err->aws_code)) {
        return BALM_RETRY_THROTTLED;
    }
    if (is_among(transient, COUNT(transient), err->aws_code) ||
        is_transient_status(err->http_status) || is_of_identity_provider(err, operation)) {
        return BALM_RETRY_TRANSIENT;
    }
    if (is_among(expired, COUNT(expired), err->aws_code)) return BALM_RETRY_EXPIRED;
    if (is_among(skewed, COUNT(skewed), err->aws_code)) return BALM_RETRY_SKEWED;
    return of_model(err, operation);
}

bool balm_retry_is_retryable(const struct balm_err *err, const struct balm_operation *operation)
{
    enum balm_retry retry = balm_retry_of(err, operation);
    return retry == BALM_RETRY_TRANSIENT || retry == BALM_RETRY_THROTTLED;
}

bool balm_err_is_authorisation(const struct balm_err *err)
{
    if (err->code == BALM_E_AUTH) return true;
    if (err->code != BALM_E_AWS) return false;
    if (is_among(authorisation, COUNT(authorisation), err->aws_code)) return true;
    /* Some services name a rate or a clock with a 403. */
    if (is_among(throttling, COUNT(throttling), err->aws_code)) return false;
    if (balm_text_starts(err->aws_code, "RequestTimeTooSkewed")) return false;
    return err->http_status == 401 || err->http_status == 403;
}

int64_t balm_retry_delay(int attempt, bool throttled, double random)
{
    int64_t most = throttled ? THROTTLE_BASE_NS : BASE_NS;
    int i;
    for (i = 2; i < attempt && most < MOST_NS; i++) {
        most *= 2;
    }
    if (most > MOST_NS) most = MOST_NS;
    return (int64_t)((double)most * random);
}

/* Of a header's text the whole number; false where it is none. */
static bool number_of(const char *text, int64_t *out)
{
    char *end;
    if (!text || text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return !errno && !*end;
}

int64_t balm_retry_hinted(int64_t delay, const struct balm_response *response, int64_t now)
{
    const char *text = balm_response_header(response, "retry-after");
    int64_t hint;
    if (number_of(balm_response_header(response, "x-amz-retry-after"), &hint)) {
        hint = hint < MOST_NS / MS ? hint * MS : MOST_NS;
        if (hint > delay + HINT_MORE_NS) hint = delay + HINT_MORE_NS;
    } else if (number_of(text, &hint)) {
        hint = hint < MOST_NS / SECOND ? hint * SECOND : MOST_NS;
    } else if (text && balm_time_parse(text, strlen(text), &hint)) {
        hint = hint > now ? hint - now : 0; /* nanoseconds do not reach back to every date */
        hint = hint < MOST_NS / US ? hint * US : MOST_NS;
    } else {
        return delay;
    }
    return hint > delay ? hint : delay;
}

bool balm_retry_skew(const struct balm_err *err, const struct balm_response *response, int64_t now,
                     int64_t *skew)
{
    const char *date = balm_response_header(response, "date");
    bool speaks_of_time = balm_text_starts(err->aws_code, "Request");
    int64_t least = speaks_of_time ? SKEW_LEAST_US : SKEW_LIKELY_US;
    int64_t there;
    if (!date || !balm_time_parse(date, strlen(date), &there)) return false;
    *skew = there - now;
    if (*skew > SKEW_MOST_US || *skew < -SKEW_MOST_US) return false;
    return *skew >= least || *skew <= -least;
}
