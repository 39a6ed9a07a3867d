#include "aws/http.h"

#include "aws/http_internal.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 10000
#define TIMEOUT_MS         60000
#define RESPONSE_MAX       ((size_t)64 << 20)
#define CONNECTIONS_KEPT   1024L
#define MS                 INT64_C(1000000)

/* What is known of a descriptor. */
enum kind { FOREIGN, OPENED, CONNECTED };

/* ---- rings ---- */

static void ring_init(struct balm_transfer *knot)
{
    knot->next = knot->prev = knot;
}

static bool ring_is_empty(const struct balm_transfer *knot)
{
    return knot->next == knot;
}

static void ring_add(struct balm_transfer *knot, struct balm_transfer *transfer)
{
    transfer->next = knot;
    transfer->prev = knot->prev;
    knot->prev->next = transfer;
    knot->prev = transfer;
}

static void ring_cut(struct balm_transfer *transfer)
{
    transfer->prev->next = transfer->next;
    transfer->next->prev = transfer->prev;
    transfer->next = transfer->prev = NULL;
}

/* ---- transfers ---- */

static void free_transfer(struct balm_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    balm_buf_wipe(&transfer->text);
    free(transfer->headers);
    free(transfer);
}

static curl_socket_t on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address);
static int on_close(void *owner, curl_socket_t fd);

static bool set_up(struct balm_transfer *transfer)
{
    CURL *easy = curl_easy_init();
    transfer->easy = easy;
    if (!easy) return false;
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer->http);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->http);
    return balm_transfer_set_up(transfer);
}

static struct balm_transfer *take_transfer(struct balm_http *http)
{
    struct balm_transfer *transfer = http->idle;
    if (transfer) {
        http->idle = transfer->next;
        return transfer;
    }
    transfer = calloc(1, sizeof *transfer);
    if (!transfer) return NULL;
    transfer->http = http;
    balm_buf_init(&transfer->text, BALM_BUF_MAX);
    if (set_up(transfer)) return transfer;
    free_transfer(transfer);
    return NULL;
}

/* Back to the idle ones; in no ring any more. */
static void give_back(struct balm_transfer *transfer)
{
    struct balm_http *http = transfer->http;
    if (transfer->adopted) (void)curl_multi_remove_handle(http->multi, transfer->easy);
    transfer->adopted = false;
    balm_transfer_clear(transfer);
    transfer->prev = NULL;
    transfer->next = http->idle;
    http->idle = transfer;
}

void balm_transfer_cancel(struct balm_transfer *transfer)
{
    ring_cut(transfer);
    give_back(transfer);
}

/* ---- telling outcomes ---- */

static void collect(struct balm_http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct balm_transfer *transfer = NULL;
        CURLcode result = message->data.result;
        if (message->msg != CURLMSG_DONE) continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        balm_transfer_conclude(transfer, result);
        ring_cut(transfer);
        ring_add(&http->finished, transfer);
    }
}

/* libcurl goes on with none of them after a callback of ours failed: memory or descriptors ran
   out. */
static void abandon_all(struct balm_http *http)
{
    while (!ring_is_empty(&http->active)) {
        struct balm_transfer *transfer = http->active.next;
        balm_transfer_conclude(transfer, CURLE_OUT_OF_MEMORY);
        ring_cut(transfer);
        ring_add(&http->finished, transfer);
    }
}

static void free_http(struct balm_http *http);

/* Outside of any call into libcurl, since done may send, cancel or release. */
static void tell(void *owner)
{
    struct balm_http *http = owner;
    http->telling_now = true;
    while (!ring_is_empty(&http->finished)) {
        struct balm_transfer *transfer = http->finished.next;
        struct balm_err err = transfer->err;
        void (*done)(void *owner, const struct balm_err *err) = transfer->done;
        void *of_done = transfer->owner;
        ring_cut(transfer);
        give_back(transfer);
        done(of_done, &err);
    }
    http->telling_now = false;
    if (http->released) free_http(http);
}

/* ---- libcurl on the loop ---- */

/* Whoever waits is told later, when libcurl has gone through all that became ready with this. */
static void act(struct balm_http *http, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code = curl_multi_socket_action(http->multi, fd, events, &running);
    /* Always, also after a time-out: what is done must not wait for the next event. */
    collect(http);
    if (code == CURLM_ABORTED_BY_CALLBACK || code == CURLM_OUT_OF_MEMORY) abandon_all(http);
    if (!ring_is_empty(&http->finished)) {
        balm_task_add(http->loop, &http->telling, tell, http);
    }
}

static void on_ready(void *owner, int fd, int events)
{
    struct balm_http *http = owner;
    int flags =
        (events & BALM_READ ? CURL_CSELECT_IN : 0) | (events & BALM_WRITE ? CURL_CSELECT_OUT : 0);
    act(http, fd, flags);
}

/* A connection at rest has something to read: its end. libcurl looks before it uses it again. */
static void on_ready_at_rest(void *owner, int fd, int events)
{
    struct balm_http *http = owner;
    (void)events;
    (void)balm_watch_set(http->watches[fd], 0, on_ready_at_rest, http, NULL);
}

static void on_time(void *owner)
{
    struct balm_http *http = owner;
    act(http, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *owner)
{
    struct balm_http *http = owner;
    (void)multi;
    if (timeout_ms < 0) {
        balm_timer_stop(http->loop, &http->timer);
        return 0;
    }
    return balm_timer_set(http->loop, &http->timer, timeout_ms * MS, on_time, http) ? -1 : 0;
}

static bool reserve_watch(struct balm_http *http, curl_socket_t fd)
{
    size_t cap = http->watch_cap ? http->watch_cap : 64;
    struct balm_watch **watches;
    unsigned char *kinds;
    if (fd < 0) return false;
    if ((size_t)fd < http->watch_cap) return true;
    while (cap <= (size_t)fd) {
        cap *= 2;
    }
    watches = realloc(http->watches, cap * sizeof *watches);
    if (!watches) return false;
    http->watches = watches;
    kinds = realloc(http->kinds, cap);
    if (!kinds) return false;
    http->kinds = kinds;
    memset(watches + http->watch_cap, 0, (cap - http->watch_cap) * sizeof *watches);
    memset(kinds + http->watch_cap, 0, cap - http->watch_cap);
    http->watch_cap = cap;
    return true;
}

static void forget_watch(struct balm_http *http, curl_socket_t fd)
{
    if (fd < 0 || (size_t)fd >= http->watch_cap) return;
    balm_watch_release(http->watches[fd]);
    http->watches[fd] = NULL;
    http->kinds[fd] = FOREIGN;
}

/* Only a connected socket is sure to be closed through on_close(); libcurl closes one that did not
   get so far, and its resolver's pair, without a word. */
static void note_connection(struct balm_http *http, curl_socket_t fd)
{
    int domain = AF_UNSPEC;
    socklen_t len = sizeof domain;
    if (http->kinds[fd] != OPENED) return;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0) return;
    if (domain == AF_INET || domain == AF_INET6) http->kinds[fd] = CONNECTED;
}

/* Each request ends in "remove", each next one on that connection begins with "in". A watch that
   stays as it is between them costs no system call; it goes when the descriptor is closed. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *unused)
{
    struct balm_http *http = owner;
    int events = (what & CURL_POLL_IN ? BALM_READ : 0) | (what & CURL_POLL_OUT ? BALM_WRITE : 0);
    struct balm_watch *watch;
    (void)easy, (void)unused;
    if (!reserve_watch(http, fd)) return -1;
    watch = http->watches[fd];
    if (what == CURL_POLL_REMOVE) {
        if (watch && http->kinds[fd] == CONNECTED) {
            return balm_watch_set(watch, BALM_READ | BALM_AT_REST, on_ready_at_rest, http, NULL)
                       ? -1
                       : 0;
        }
        forget_watch(http, fd);
        return 0;
    }
    /* While it connects only writing is waited for. */
    if (events & BALM_READ) note_connection(http, fd);
    if (!watch && balm_watch_new(&http->watches[fd], http->loop, fd, NULL)) return -1;
    return balm_watch_set(http->watches[fd], events, on_ready, http, NULL) ? -1 : 0;
}

static curl_socket_t on_open(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct balm_http *http = owner;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    (void)purpose;
    if (fd >= 0 && reserve_watch(http, fd)) {
        forget_watch(http, fd);
        http->kinds[fd] = OPENED;
        return fd;
    }
    if (fd >= 0) (void)close(fd);
    return CURL_SOCKET_BAD;
}

static int on_close(void *owner, curl_socket_t fd)
{
    forget_watch(owner, fd);
    return close(fd);
}

/* ---- the pool ---- */

static enum balm_code set_options(struct balm_http *http, const struct balm_http_options *options,
                                  struct balm_err *err)
{
    http->connect_timeout_ms =
        options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    http->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
    http->no_proxy = options->no_proxy;
    http->response_max = options->response_max ? options->response_max : RESPONSE_MAX;
    http->user_agent = balm_arena_strdup(&http->arena, options->user_agent);
    http->ca_bundle =
        options->ca_bundle ? balm_arena_strdup(&http->arena, options->ca_bundle) : NULL;
    return balm_arena_status(&http->arena, err);
}

static bool set_up_multi(struct balm_http *http)
{
    CURLM *multi = curl_multi_init();
    http->multi = multi;
    http->share = curl_share_init();
    if (!multi || !http->share) return false;
    (void)curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    return true;
}

enum balm_code balm_http_new(struct balm_http **out, struct balm_loop *loop,
                             const struct balm_http_options *options, struct balm_err *err)
{
    struct balm_http *http;
    enum balm_code code;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return balm_fail(err, BALM_E_NET, "the HTTP library cannot start");
    }
    http = calloc(1, sizeof *http);
    if (!http) {
        curl_global_cleanup();
        return balm_nomem(err);
    }
    http->loop = loop;
    ring_init(&http->active);
    ring_init(&http->finished);
    code = set_options(http, options, err);
    if (!code && !set_up_multi(http)) code = balm_nomem(err);
    if (code) {
        free_http(http);
        return code;
    }
    *out = http;
    return BALM_OK;
}

static void cancel_all(struct balm_transfer *knot)
{
    while (!ring_is_empty(knot)) {
        balm_transfer_cancel(knot->next);
    }
}

static void free_http(struct balm_http *http)
{
    while (http->idle) {
        struct balm_transfer *transfer = http->idle;
        http->idle = transfer->next;
        free_transfer(transfer);
    }
    /* Closes the connections, whose callbacks still come here. */
    if (http->multi) (void)curl_multi_cleanup(http->multi);
    if (http->share) (void)curl_share_cleanup(http->share);
    balm_timer_stop(http->loop, &http->timer);
    balm_task_cancel(http->loop, &http->telling);
    balm_task_cancel(http->loop, &http->starting);
    for (size_t fd = 0; fd < http->watch_cap; fd++) {
        balm_watch_release(http->watches[fd]);
    }
    free(http->watches);
    free(http->kinds);
    balm_arena_free(&http->arena);
    free(http);
    curl_global_cleanup();
}

void balm_http_release(struct balm_http *http)
{
    if (!http) return;
    cancel_all(&http->active);
    cancel_all(&http->finished);
    http->released = true;
    if (!http->telling_now) free_http(http);
}

enum balm_code balm_http_send(struct balm_http *http, const struct balm_request *request,
                              const char *extra_agent, struct balm_response *response,
                              void (*done)(void *owner, const struct balm_err *err), void *owner,
                              struct balm_transfer **out, struct balm_err *err)
{
    struct balm_transfer *transfer = take_transfer(http);
    enum balm_code code;
    if (!transfer) return balm_nomem(err);
    transfer->request = request;
    transfer->response = response;
    transfer->done = done;
    transfer->owner = owner;
    code = balm_transfer_prepare(transfer, extra_agent, err);
    if (!code && curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
        code = balm_nomem(err);
    }
    if (code) {
        give_back(transfer);
        return code;
    }
    transfer->adopted = true;
    ring_add(&http->active, transfer);
    http->stats.requests++;
    *out = transfer;
    /* Sooner than by the timer that libcurl has just set, and all that are added until then. */
    balm_task_add(http->loop, &http->starting, on_time, http);
    return BALM_OK;
}

struct balm_http_stats balm_http_stats(const struct balm_http *http)
{
    return http->stats;
}
