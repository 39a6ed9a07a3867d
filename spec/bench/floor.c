/*
 * floor: the same signed requests as a remediation makes, by a bare C program over the same
 * libraries.
 *
 * Usage: floor cold URL          AssumeRole, GET, PUT, GET, one after the other
 *        floor warm URL N C      AssumeRole, then N PUTs, C in flight
 *        floor sign N            N signatures; prints nanoseconds each
 *        floor load 0            loads and initialises the libraries, and ends
 */
#include "aws/sigv4.h"
#include "core/clock.h"

#include <curl/curl.h>
#include <expat.h>
#include <lauxlib.h>
#include <lualib.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <uv.h>
#include <zlib.h>

#define IN_FLIGHT_MAX 1024

static const struct balm_credentials own = {"AKIDEXAMPLE", "c2VjcmV0", NULL};
static const struct balm_credentials role = {"ASIAEXAMPLE", "c2VjcmV0", "dG9rZW4="};

struct floor {
    const char *url;
    CURLM *multi;
    CURL *handles[IN_FLIGHT_MAX];
    struct curl_slist *headers[IN_FLIGHT_MAX];
    struct balm_signing_keys *keys;
    int epoll;
    int64_t timeout_at; /* nanoseconds; -1: none */
    long started, done, wanted, bad;
};

/* ---- requests ---- */

static const char body_on[] =
    "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<Status>Enabled</Status></VersioningConfiguration>";
static const char body_role[] =
    "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F"
    "BalmRemediationRole&RoleSessionName=balm-bench";

enum kind { ASSUME, GET, PUT };

static enum balm_code sign(struct floor *floor, struct balm_request *request, enum kind kind)
{
    struct balm_sigv4_options options = {.region = "eu-west-1",
                                         .service = kind == ASSUME ? "sts" : "s3",
                                         .now = balm_clock_now(),
                                         .raw_path = kind != ASSUME,
                                         .payload_header = kind != ASSUME,
                                         .keys = floor->keys};
    struct balm_err err;

    return balm_sigv4_sign(request, kind == ASSUME ? &own : &role, &options, &err);
}

static void fill(struct balm_request *request, struct balm_arena *arena, const char *url,
                 enum kind kind)
{
    balm_request_init(request, arena);
    request->method = kind == ASSUME ? "POST" : kind == GET ? "GET" : "PUT";
    request->scheme = "http";
    request->host = strstr(url, "//") + 2;
    request->path = kind == ASSUME ? "/" : "/bench-bucket";
    if (kind != ASSUME) balm_request_add_query(request, "versioning", NULL);
    if (kind == ASSUME) (void)balm_buf_adds(&request->body, body_role);
    if (kind == PUT) (void)balm_buf_adds(&request->body, body_on);
}

static size_t ignore(char *bytes, size_t size, size_t count, void *unused)
{
    (void)bytes, (void)unused;
    return size * count;
}

static void prepare(struct floor *floor, size_t slot, enum kind kind)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf url = BALM_BUF_INIT(4096);
    struct balm_request request;
    CURL *curl = floor->handles[slot];

    fill(&request, &arena, floor->url, kind);
    (void)sign(floor, &request, kind);
    (void)balm_request_url(&request, &url);
    curl_easy_reset(curl);
    curl_slist_free_all(floor->headers[slot]);
    floor->headers[slot] = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < request.header_len; i++) {
        char line[1024];
        (void)snprintf(line, sizeof line, "%s: %s", request.headers[i].name,
                       request.headers[i].value);
        floor->headers[slot] = curl_slist_append(floor->headers[slot], line);
    }
    curl_easy_setopt(curl, CURLOPT_URL, url.bytes);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, floor->headers[slot]);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, (char *)(uintptr_t)slot);
    if (kind != GET) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request.body.len);
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request.body.bytes);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method);
    }
    balm_request_free(&request);
    balm_buf_free(&url);
    balm_arena_free(&arena);
}

/* ---- the loop ---- */

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *owner, void *known)
{
    struct floor *floor = owner;
    struct epoll_event event = {.data.fd = fd};

    (void)curl;
    if (what == CURL_POLL_REMOVE) return epoll_ctl(floor->epoll, EPOLL_CTL_DEL, fd, NULL), 0;
    event.events =
        ((what & CURL_POLL_IN) ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0u);
    (void)epoll_ctl(floor->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    (void)curl_multi_assign(floor->multi, fd, floor);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *owner)
{
    struct floor *floor = owner;

    (void)multi;
    floor->timeout_at = timeout_ms < 0 ? -1 : balm_clock_mono() + timeout_ms * 1000000;
    return 0;
}

static void start_one(struct floor *floor, size_t slot, enum kind kind)
{
    prepare(floor, slot, kind);
    (void)curl_multi_add_handle(floor->multi, floor->handles[slot]);
    floor->started++;
}

static void finish(struct floor *floor, enum kind kind)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(floor->multi, &left))) {
        CURL *curl = message->easy_handle;
        char *slot = NULL;
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(curl, CURLINFO_PRIVATE, &slot);
        (void)curl_multi_remove_handle(floor->multi, curl);
        floor->done++;
        if (status != 200) floor->bad++;
        if (floor->started < floor->wanted) start_one(floor, (size_t)(uintptr_t)slot, kind);
    }
}

static void turn(struct floor *floor, enum kind kind)
{
    struct epoll_event events[256];
    int64_t left = floor->timeout_at < 0 ? 1000000000 : floor->timeout_at - balm_clock_mono();
    int wait = left <= 0 ? 0 : (int)(left / 1000000 + 1), running;
    int count = epoll_wait(floor->epoll, events, 256, wait);

    for (int i = 0; i < count; i++) {
        int what = ((events[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
                   ((events[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0);
        (void)curl_multi_socket_action(floor->multi, events[i].data.fd, what, &running);
    }
    if (floor->timeout_at >= 0 && balm_clock_mono() >= floor->timeout_at) {
        floor->timeout_at = -1;
        (void)curl_multi_socket_action(floor->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    finish(floor, kind);
}

static void run(struct floor *floor, enum kind kind, long count, long in_flight)
{
    floor->started = floor->done = 0;
    floor->wanted = count;
    for (long i = 0; i < in_flight && i < count; i++) {
        start_one(floor, (size_t)i, kind);
    }
    while (floor->done < count) {
        turn(floor, kind);
    }
}

/* What Balm's libraries take, without Balm. */
static void load_libraries(void)
{
    lua_State *L = luaL_newstate();

    luaL_openlibs(L);
    lua_close(L);
    if (!uv_version() || !XML_ExpatVersion() || !zlibVersion() || !sqlite3_libversion()) abort();
}

static int sign_many(struct floor *floor, long count)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    int64_t start = balm_clock_mono();

    for (long i = 0; i < count; i++) {
        struct balm_request request;
        fill(&request, &arena, "http://s3.eu-west-1.amazonaws.com", PUT);
        if (sign(floor, &request, PUT)) return 1;
        balm_request_free(&request);
        balm_arena_reset(&arena);
    }
    printf("%lld\n", (long long)((balm_clock_mono() - start) / count));
    balm_arena_free(&arena);
    return 0;
}

static int talk(struct floor *floor, int argc, char **argv)
{
    long in_flight = argc > 4 ? strtol(argv[4], NULL, 10) : 1;

    floor->url = argv[2];
    floor->epoll = epoll_create1(0);
    floor->timeout_at = -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) return 1;
    floor->multi = curl_multi_init();
    curl_multi_setopt(floor->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(floor->multi, CURLMOPT_SOCKETDATA, floor);
    curl_multi_setopt(floor->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(floor->multi, CURLMOPT_TIMERDATA, floor);
    curl_multi_setopt(floor->multi, CURLMOPT_MAXCONNECTS, (long)IN_FLIGHT_MAX);
    in_flight = in_flight > IN_FLIGHT_MAX ? IN_FLIGHT_MAX : in_flight;
    for (long i = 0; i < in_flight; i++) {
        floor->handles[i] = curl_easy_init();
    }
    run(floor, ASSUME, 1, 1);
    if (argc == 3) run(floor, GET, 1, 1);
    run(floor, PUT, argc > 3 ? strtol(argv[3], NULL, 10) : 1, in_flight);
    if (argc == 3) run(floor, GET, 1, 1);
    for (long i = 0; i < in_flight; i++) {
        curl_easy_cleanup(floor->handles[i]);
        curl_slist_free_all(floor->headers[i]);
    }
    curl_multi_cleanup(floor->multi);
    curl_global_cleanup();
    return floor->bad ? 1 : 0;
}

int main(int argc, char **argv)
{
    static struct floor floor;
    struct balm_err err;
    int status = 2;

    if (argc < 3) return status;
    load_libraries();
    if (balm_signing_keys_new(&floor.keys, &err)) return 1;
    if (strcmp(argv[1], "sign") == 0) {
        status = sign_many(&floor, strtol(argv[2], NULL, 10));
    } else if (strcmp(argv[1], "load") == 0) {
        status = curl_global_init(CURL_GLOBAL_DEFAULT) ? 1 : 0;
    } else {
        status = talk(&floor, argc, argv);
    }
    balm_signing_keys_release(floor.keys);
    return status;
}
