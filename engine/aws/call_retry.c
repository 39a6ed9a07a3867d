/* client, the part that decides what becomes of an attempt that failed: again, when, with what. */
#include "aws/client_internal.h"

#include "aws/retry.h"
#include "core/clock.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- the services' clocks ---- */

/* What the clock behind a host is ahead of ours: only of those that said that ours is wrong. */
struct balm_skew {
    struct balm_skew *next;
    int64_t us;
    char host[];
};

static struct balm_skew *skew_of(const struct balm_call *call)
{
    struct balm_skew *skew = call->session->aws->skews;
    while (skew && strcmp(skew->host, call->request.host) != 0) {
        skew = skew->next;
    }
    return skew;
}

int64_t balm_call_now(struct balm_call *call)
{
    const struct balm_aws *aws = call->session->aws;
    const struct balm_skew *skew = aws->skews ? skew_of(call) : NULL;
    call->skew_us = skew ? skew->us : 0;
    return aws->fixed_now ? aws->fixed_now : balm_clock_now() + call->skew_us;
}

void balm_skews_release(struct balm_skew *skews)
{
    while (skews) {
        struct balm_skew *next = skews->next;
        free(skews);
        skews = next;
    }
}

static bool set_skew(struct balm_call *call, int64_t us)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_skew *skew = skew_of(call);
    size_t size = strlen(call->request.host) + 1;
    if (!skew) {
        skew = malloc(sizeof *skew + size);
        if (!skew) return false;
        memcpy(skew->host, call->request.host, size);
        skew->next = aws->skews;
        aws->skews = skew;
    }
    skew->us = us;
    return true;
}

/* Once a call. Measured from the time that the call was signed with: another call may have set the
   clock right since. */
static bool correct_clock(struct balm_call *call)
{
    int64_t more;
    if (call->corrected) return false;
    call->corrected = true;
    if (!balm_retry_skew(&call->result.err, &call->response, balm_clock_now() + call->skew_us,
                         &more)) {
        return false;
    }
    return set_skew(call, call->skew_us + more);
}

/* ---- fresh credentials ---- */

/* Once a call, unless another has fetched them meanwhile. */
static bool refresh(struct balm_call *call)
{
    const struct balm_credentials *held;
    if (call->refreshed || !call->provider) return false;
    call->refreshed = true;
    held = balm_provider_peek(call->provider, NULL);
    if (!held || strcmp(held->access_key_id, call->key_id) != 0) return true;
    balm_provider_expire(call->provider);
    /* Credentials that cannot be fetched anew stay what they are. */
    return !balm_provider_peek(call->provider, NULL);
}

/* ---- the pace of the client ---- */

static struct balm_pace *pace_of(struct balm_call *call, bool make)
{
    struct balm_pace_key key = {balm_service_name(call->service), call->region, call->account};
    if (!call->pace) {
        call->pace = balm_pace_of(&call->session->aws->paces, &key, balm_clock_mono(), make);
    }
    return call->pace;
}

int64_t balm_call_turn(struct balm_call *call)
{
    struct balm_pace *pace = call->session->aws->config->adaptive ? pace_of(call, true) : NULL;
    return pace ? balm_pace_take_turn(pace, balm_clock_mono()) : 0;
}

static void answered(struct balm_call *call, enum balm_retry retry)
{
    const struct balm_aws *aws = call->session->aws;
    if (aws->config->adaptive && pace_of(call, true)) {
        balm_pace_answered(call->pace, retry == BALM_RETRY_THROTTLED, balm_clock_mono());
    }
    if (!call->result.err.code && aws->paces && pace_of(call, false)) {
        balm_pace_give_back(call->pace, call->retry_cost);
    }
}

static bool take_retry(struct balm_call *call)
{
    struct balm_pace *pace = pace_of(call, true);
    call->retry_cost = pace ? balm_pace_take_retry(pace, call->response.timed_out) : 0;
    if (call->retry_cost) return true;
    balm_log(call->session->aws->log, BALM_LOG_DEBUG,
             "%s:%s is not tried again: too many retries of that service have failed",
             balm_call_service(call), balm_call_operation_name(call));
    return false;
}

/* ---- the decision ---- */

static int64_t delay_of(const struct balm_call *call, enum balm_retry retry)
{
    uint32_t bits;
    int64_t delay;
    balm_random(&bits, sizeof bits);
    delay = balm_retry_delay(call->attempts + 1, retry == BALM_RETRY_THROTTLED,
                             (double)bits / (double)UINT32_MAX);
    return balm_retry_hinted(delay, &call->response, balm_clock_now());
}

static bool may_help(struct balm_call *call, enum balm_retry retry)
{
    switch (retry) {
    case BALM_RETRY_TRANSIENT:
    case BALM_RETRY_THROTTLED:
        return take_retry(call);
    case BALM_RETRY_EXPIRED:
        return refresh(call);
    case BALM_RETRY_SKEWED:
        /* It may be the credentials whose time is over. */
        return correct_clock(call) ||
               (strcmp(call->result.err.aws_code, "RequestExpired") == 0 && refresh(call));
    case BALM_RETRY_NEVER:
        break;
    }
    return false;
}

bool balm_call_wants_retry(struct balm_call *call, int64_t *delay_ns)
{
    struct balm_err *err = &call->result.err;
    const struct balm_aws *aws = call->session->aws;
    enum balm_retry retry = err->code ? balm_retry_of(err, call->operation) : BALM_RETRY_NEVER;
    bool again = retry == BALM_RETRY_TRANSIENT || retry == BALM_RETRY_THROTTLED;
    answered(call, retry);
    if (!err->code) return false;
    if (err->code == BALM_E_AWS) err->retryable = again;
    if (call->attempts >= aws->config->max_attempts || !may_help(call, retry)) return false;
    *delay_ns = again ? delay_of(call, retry) : 0;
    balm_log(aws->log, BALM_LOG_DEBUG, "%s:%s is tried again in %lld ms, after %s",
             balm_call_service(call), balm_call_operation_name(call),
             (long long)(*delay_ns / 1000000),
             err->aws_code[0] ? err->aws_code : balm_code_name(err->code));
    return true;
}
