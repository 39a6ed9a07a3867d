#include "aws/retry.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define BASE_NS          INT64_C(50000000)
#define THROTTLE_BASE_NS INT64_C(1000000000)
#define MOST_NS          INT64_C(20000000000)

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
    "IDPCommunicationError",
    "InternalError",
    "InternalFailure",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
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

bool balm_retry_is_throttling(const char *aws_code)
{
    return is_among(throttling, COUNT(throttling), aws_code);
}

bool balm_retry_is_retryable(const struct balm_err *err)
{
    if (err->code != BALM_E_NET && err->code != BALM_E_AWS) return false;
    if (err->retryable) return true;
    if (err->code == BALM_E_NET) return false;
    if (err->http_status == 429 || balm_retry_is_throttling(err->aws_code)) return true;
    if (is_among(transient, COUNT(transient), err->aws_code)) return true;
    /* 501 and 505 say that it will never work. */
    return err->http_status >= 500 && err->http_status != 501 && err->http_status != 505;
}

bool balm_err_is_authorisation(const struct balm_err *err)
{
    if (err->code == BALM_E_AUTH) return true;
    if (err->code != BALM_E_AWS) return false;
    if (is_among(authorisation, COUNT(authorisation), err->aws_code)) return true;
    /* Some services name a rate or a clock with a 403. */
    if (balm_retry_is_throttling(err->aws_code)) return false;
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
