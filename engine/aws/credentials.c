#include "aws/credentials.h"

#include "core/clock.h"
#include "core/text.h"
#include "core/time.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND      INT64_C(1000000)
#define EARLY_US    (900 * SECOND)
#define LATE_US     (600 * SECOND)
#define AGAIN_US    (60 * SECOND)
#define ACCOUNT_MAX 16

struct balm_provider {
    int references;
    struct balm_loop *loop;
    struct balm_fetcher fetcher; /* fetch NULL: what it holds is all there will ever be */
    bool fetching;
    char *secrets; /* the three texts in one block, so that they are wiped together; NULL: none */
    size_t secrets_len;
    struct balm_credentials credentials;
    char account[ACCOUNT_MAX];
    int64_t expires;
    int64_t early, late;         /* before expires: when to fetch beside, and when to wait for it */
    int64_t next_try;            /* not before, while those held still hold */
    struct balm_err failure;     /* of the last fetch, until those who waited were told */
    struct balm_wanted waiting;  /* a ring, this its knot */
    struct balm_task delivering; /* answers come from the loop, also where they are at hand */
};

/* ---- what a provider holds ---- */

static void drop(struct balm_provider *provider)
{
    if (!provider->secrets) return;
    balm_wipe(provider->secrets, provider->secrets_len);
    free(provider->secrets);
    provider->secrets = NULL;
    memset(&provider->credentials, 0, sizeof provider->credentials);
    provider->account[0] = '\0';
}

static const char *put(char **to, const char *text)
{
    const char *at = *to;
    size_t size = strlen(text) + 1;
    memcpy(*to, text, size);
    *to += size;
    return at;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Short-lived ones would else be fetched anew for every request. */
static void set_windows(struct balm_provider *provider, int64_t expires)
{
    int64_t life = expires - balm_clock_now();
    provider->expires = expires;
    provider->early = smaller(EARLY_US, life / 4);
    provider->late = smaller(LATE_US, life / 6);
}

static enum balm_code hold(struct balm_provider *provider,
                           const struct balm_credentials *credentials, const char *account,
                           int64_t expires, struct balm_err *err)
{
    const char *token = credentials->session_token ? credentials->session_token : "";
    size_t len = strlen(credentials->access_key_id) + strlen(credentials->secret_access_key) +
                 strlen(token) + 3;
    char *secrets = malloc(len);
    char *to = secrets;
    if (!secrets) return balm_nomem(err);
    drop(provider);
    provider->secrets = secrets;
    provider->secrets_len = len;
    provider->credentials.access_key_id = put(&to, credentials->access_key_id);
    provider->credentials.secret_access_key = put(&to, credentials->secret_access_key);
    provider->credentials.session_token = put(&to, token);
    set_windows(provider, expires);
    snprintf(provider->account, sizeof provider->account, "%s", account ? account : "");
    return BALM_OK;
}

static bool holds_for(const struct balm_provider *provider, int64_t early)
{
    if (!provider->secrets) return false;
    return !provider->expires || balm_clock_now() < provider->expires - early;
}

/* After a try, what still holds is good for a while more. */
static bool is_good(const struct balm_provider *provider)
{
    if (holds_for(provider, provider->late)) return true;
    return holds_for(provider, 0) && balm_clock_now() < provider->next_try;
}

const struct balm_credentials *balm_provider_peek(struct balm_provider *provider,
                                                  const char **account)
{
    /* One that cannot fetch gives what it has: the service says whether it has expired. */
    if (provider->fetcher.fetch && !is_good(provider)) return NULL;
    if (!provider->secrets) return NULL;
    if (account) *account = provider->account;
    return &provider->credentials;
}

void balm_provider_expire(struct balm_provider *provider)
{
    if (!provider->fetcher.fetch) return;
    drop(provider);
    if (provider->fetcher.expire) provider->fetcher.expire(provider->fetcher.owner);
}

int64_t balm_provider_expires(const struct balm_provider *provider)
{
    return provider->secrets ? provider->expires : 0;
}

/* ---- who waits ---- */

static void ring_init(struct balm_wanted *knot)
{
    knot->next = knot->prev = knot;
}

static bool ring_is_empty(const struct balm_wanted *knot)
{
    return knot->next == knot;
}

static void ring_add(struct balm_wanted *knot, struct balm_wanted *wanted)
{
    wanted->next = knot;
    wanted->prev = knot->prev;
    knot->prev->next = wanted;
    knot->prev = wanted;
}

static void ring_cut(struct balm_wanted *wanted)
{
    wanted->prev->next = wanted->next;
    wanted->next->prev = wanted->prev;
    wanted->next = wanted->prev = NULL;
    wanted->provider = NULL;
}

static void fetch(struct balm_provider *provider)
{
    if (provider->fetching) return;
    provider->fetching = true;
    provider->fetcher.fetch(provider->fetcher.owner, provider);
}

/* Others soon will not hold: time to fetch, while those are still given. */
static bool is_due(const struct balm_provider *provider)
{
    if (!provider->fetcher.fetch || holds_for(provider, provider->early)) return false;
    return balm_clock_now() >= provider->next_try;
}

static void answer(struct balm_provider *provider, struct balm_wanted *wanted,
                   const struct balm_err *failure)
{
    balm_credentials_ready *ready = wanted->ready;
    void *owner = wanted->owner;
    ring_cut(wanted);
    if (provider->secrets) {
        ready(owner, &provider->credentials, provider->account, NULL);
    } else {
        ready(owner, NULL, "", failure);
    }
}

static size_t ring_len(const struct balm_wanted *knot)
{
    const struct balm_wanted *wanted;
    size_t len = 0;
    for (wanted = knot->next; wanted != knot; wanted = wanted->next) {
        len++;
    }
    return len;
}

/* A callback may drop what the provider holds, or ask again: then who is left waits for the next
   turn, or for what is fetched next. */
static void deliver(void *owner)
{
    struct balm_provider *provider = owner;
    struct balm_err failure = provider->failure;
    size_t left = ring_len(&provider->waiting);
    memset(&provider->failure, 0, sizeof provider->failure);
    balm_provider_retain(provider);
    while (left-- > 0 && !ring_is_empty(&provider->waiting)) {
        if (!provider->secrets && !failure.code) break;
        answer(provider, provider->waiting.next, &failure);
    }
    if (!ring_is_empty(&provider->waiting)) {
        if (balm_provider_peek(provider, NULL)) {
            balm_task_add(provider->loop, &provider->delivering, deliver, provider);
        } else {
            fetch(provider);
        }
    }
    balm_provider_release(provider);
}

void balm_provider_get(struct balm_provider *provider, struct balm_wanted *wanted,
                       balm_credentials_ready *ready, void *owner)
{
    assert(!wanted->provider);
    wanted->ready = ready;
    wanted->owner = owner;
    wanted->provider = provider;
    ring_add(&provider->waiting, wanted);
    if (balm_provider_peek(provider, NULL)) {
        balm_task_add(provider->loop, &provider->delivering, deliver, provider);
        if (is_due(provider)) fetch(provider);
    } else if (!provider->delivering.queued) {
        fetch(provider);
    }
}

void balm_provider_forget(struct balm_wanted *wanted)
{
    if (wanted->provider) ring_cut(wanted);
}

static void tell_log(const struct balm_provider *provider, const struct balm_err *failure)
{
    char until[BALM_TIME_MAX];
    balm_time_iso8601(until, provider->expires);
    balm_log(provider->fetcher.log, BALM_LOG_WARN,
             "the credentials could not be renewed; those at hand hold until %s: %s", until,
             failure->message);
}

void balm_provider_supply(struct balm_provider *provider,
                          const struct balm_credentials *credentials, const char *account,
                          int64_t expires, const struct balm_err *err)
{
    struct balm_err failure = {.code = BALM_OK};
    provider->fetching = false;
    provider->next_try = balm_clock_now() + AGAIN_US;
    if (credentials) {
        (void)hold(provider, credentials, account, expires, &failure);
    } else {
        failure = *err;
    }
    /* A refresh that fails early leaves what still holds. */
    if (failure.code && !holds_for(provider, 0)) drop(provider);
    if (failure.code && provider->secrets) tell_log(provider, &failure);
    provider->failure = failure;
    balm_task_add(provider->loop, &provider->delivering, deliver, provider);
}

/* ---- life ---- */

static enum balm_code make(struct balm_provider **out, struct balm_loop *loop, struct balm_err *err)
{
    struct balm_provider *provider = calloc(1, sizeof *provider);
    if (!provider) return balm_nomem(err);
    provider->references = 1;
    provider->loop = loop;
    ring_init(&provider->waiting);
    *out = provider;
    return BALM_OK;
}

bool balm_provider_is_idle(const struct balm_provider *provider)
{
    return provider->references == 1 && !provider->fetching && !holds_for(provider, 0) &&
           !provider->delivering.queued && ring_is_empty(&provider->waiting);
}

void balm_provider_retain(struct balm_provider *provider)
{
    provider->references++;
}

void balm_provider_release(struct balm_provider *provider)
{
    if (!provider || --provider->references > 0) return;
    assert(ring_is_empty(&provider->waiting));
    balm_task_cancel(provider->loop, &provider->delivering);
    if (provider->fetcher.release) provider->fetcher.release(provider->fetcher.owner);
    drop(provider);
    free(provider);
}

enum balm_code balm_provider_fixed(struct balm_provider **out, struct balm_loop *loop,
                                   const struct balm_credentials *credentials, const char *account,
                                   struct balm_err *err)
{
    struct balm_provider *provider = NULL;
    enum balm_code code = make(&provider, loop, err);
    if (!code) code = hold(provider, credentials, account, 0, err);
    if (code) {
        balm_provider_release(provider);
        return code;
    }
    *out = provider;
    return BALM_OK;
}

enum balm_code balm_provider_fetching(struct balm_provider **out, struct balm_loop *loop,
                                      const struct balm_fetcher *fetcher, struct balm_err *err)
{
    struct balm_provider *provider = NULL;
    enum balm_code code = make(&provider, loop, err);
    if (code) return code;
    provider->fetcher = *fetcher;
    *out = provider;
    return BALM_OK;
}
