#include "aws/http.h"

#include "core/clock.h"
#include "core/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/aws/local_server.h"

#include <signal.h>

static struct balm_loop *loop;
static struct balm_http *http;
static struct balm_arena arena = BALM_ARENA_INIT;
static struct server server;
static struct balm_err err;

/* One request and what became of it. */
struct exchange {
    struct balm_request request;
    struct balm_response response;
    struct balm_transfer *transfer;
    struct balm_err err;
    int answers;
    void (*then)(struct exchange *exchange);
};

static void open_http(struct balm_http_options options)
{
    options.user_agent = "balm/1.0";
    balm_http_release(http);
    assert_int_equal(balm_http_new(&http, loop, &options, &err), BALM_OK);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(balm_loop_new(&loop, &err), BALM_OK);
    open_http((struct balm_http_options){.response_max = 100000});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    balm_http_release(http);
    http = NULL;
    balm_loop_release(loop);
    server_stop(&server);
    balm_arena_free(&arena);
    return 0;
}

static void done(void *owner, const struct balm_err *outcome)
{
    struct exchange *exchange = owner;
    exchange->answers++;
    exchange->err = *outcome;
    if (exchange->then) exchange->then(exchange);
}

static void prepare(struct exchange *exchange, const char *path)
{
    memset(exchange, 0, sizeof *exchange);
    balm_request_init(&exchange->request, &arena);
    exchange->request.scheme = "http";
    exchange->request.host = server.host;
    exchange->request.path = path;
    balm_response_init(&exchange->response, BALM_BUF_MAX);
}

static void start(struct exchange *exchange)
{
    enum balm_code code = balm_http_send(http, &exchange->request, "run/7", &exchange->response,
                                         done, exchange, &exchange->transfer, &err);
    assert_int_equal(code, BALM_OK);
    assert_int_equal(exchange->answers, 0);
}

static void finish(struct exchange *exchange)
{
    balm_request_free(&exchange->request);
    balm_response_free(&exchange->response);
}

/* ---- servers ---- */

/* Sends back what it was asked. */
static bool echo(struct server *of, int fd, const char *request)
{
    (void)of;
    server_reply(fd, 200, "X-Kind:  echo \r\n", request);
    return true;
}

static bool say_nothing(struct server *of, int fd, const char *request)
{
    (void)of, (void)fd, (void)request;
    return true;
}

static bool hang_up(struct server *of, int fd, const char *request)
{
    (void)of, (void)fd, (void)request;
    return false;
}

static bool cut_short(struct server *of, int fd, const char *request)
{
    (void)of, (void)request;
    server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return false;
}

static bool talk_garbage(struct server *of, int fd, const char *request)
{
    (void)of, (void)request;
    server_send(fd, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
    return false;
}

static bool redirect(struct server *of, int fd, const char *request)
{
    (void)of, (void)request;
    server_reply(fd, 307, "Location: http://127.0.0.1:1/elsewhere\r\n", "moved");
    return true;
}

static bool interim_first(struct server *of, int fd, const char *request)
{
    (void)of, (void)request;
    server_send(fd, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n");
    server_reply(fd, 200, "X-Late: 1\r\n", "ok");
    return true;
}

/* Neither is a status line: one stands within the head, the other behind the body. */
static bool name_headers_oddly(struct server *of, int fd, const char *request)
{
    (void)of, (void)request;
    server_send(fd, "HTTP/1.1 200 OK\r\nX-First: 1\r\nHTTP/Odd: 1\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n"
                    "4\r\nbody\r\n0\r\nHTTP/Trailer: 1\r\n\r\n");
    return true;
}

static bool send_much(struct server *of, int fd, const char *request)
{
    static char block[65536];
    int i;
    (void)of, (void)request;
    memset(block, 'x', sizeof block);
    server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 655360\r\n\r\n");
    for (i = 0; i < 10; i++) {
        if (send(fd, block, sizeof block, MSG_NOSIGNAL) < 0) return false;
    }
    return true;
}

static bool send_headers_forever(struct server *of, int fd, const char *request)
{
    char line[1100];
    int i;
    (void)of, (void)request;
    memset(line, 'x', sizeof line);
    memcpy(line, "X-H: ", 5);
    memcpy(line + 1090, "\r\n", 3);
    server_send(fd, "HTTP/1.1 200 OK\r\n");
    for (i = 0; i < 1000; i++) {
        server_send(fd, line);
    }
    return false;
}

/* Closes the connection after each answer without saying so. */
static bool answer_and_leave(struct server *of, int fd, const char *request)
{
    (void)of, (void)request;
    server_reply(fd, 200, "", "ok");
    return false;
}

/* ---- requests ---- */

static void run_one(struct exchange *exchange,
                    bool (*answer)(struct server *server, int fd, const char *request))
{
    server_start(&server, answer);
    prepare(exchange, "/");
    start(exchange);
    balm_loop_run(loop);
    assert_int_equal(exchange->answers, 1);
}

static void a_request_goes_out_as_it_was_given(void **state)
{
    struct exchange exchange;
    char expected[512];
    (void)state;
    server_start(&server, echo);
    prepare(&exchange, "/a/../b//c%20d");
    exchange.request.method = "PUT";
    balm_request_add_query(&exchange.request, "versioning", NULL);
    balm_request_add_header(&exchange.request, "X-Empty", "");
    balm_request_add_header(&exchange.request, "X-Twice", "1");
    balm_request_add_header(&exchange.request, "X-Twice", "2");
    balm_buf_add(&exchange.request.body, "a\0b", 3);
    balm_buf_cut(&exchange.request.body, 2);
    start(&exchange);
    balm_loop_run(loop);
    snprintf(expected, sizeof expected,
             "PUT /a/../b//c%%20d?versioning HTTP/1.1\r\nHost: %s\r\nX-Empty:\r\nX-Twice: "
             "1\r\nX-Twice: 2\r\nUser-Agent: balm/1.0 run/7\r\nContent-Length: 1\r\n\r\na",
             server.host);
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_int_equal(exchange.response.status, 200);
    assert_string_equal(exchange.response.body.bytes, expected);
    assert_string_equal(balm_response_header(&exchange.response, "x-kind"), "echo");
    finish(&exchange);
}

static void each_method_leaves_nothing_to_the_next(void **state)
{
    static const char *const methods[] = {"GET", "POST", "HEAD", "DELETE", "PUT", "GET", "OPTIONS"};
    struct exchange exchange;
    size_t i;
    (void)state;
    server_start(&server, echo);
    for (i = 0; i < sizeof methods / sizeof *methods; i++) {
        prepare(&exchange, "/");
        exchange.request.method = methods[i];
        if (i == 1) balm_buf_adds(&exchange.request.body, "text");
        start(&exchange);
        balm_loop_run(loop);
        assert_int_equal(exchange.err.code, BALM_OK);
        if (strcmp(methods[i], "HEAD") == 0) {
            assert_int_equal(exchange.response.body.len, 0);
        } else {
            assert_memory_equal(exchange.response.body.bytes, methods[i], strlen(methods[i]));
            assert_ptr_equal(strstr(exchange.response.body.bytes, "text") != NULL, i == 1);
        }
        finish(&exchange);
    }
    assert_int_equal(server.connections, 1);
    assert_int_equal(balm_http_stats(http).connections, 1);
    assert_int_equal(balm_http_stats(http).requests, 7);
}

static void connections_are_used_again(void **state)
{
    struct exchange exchanges[32];
    int round;
    int i;
    (void)state;
    server_start(&server, echo);
    for (round = 0; round < 20; round++) {
        for (i = 0; i < 32; i++) {
            prepare(&exchanges[i], "/");
            start(&exchanges[i]);
        }
        balm_loop_run(loop);
        for (i = 0; i < 32; i++) {
            assert_int_equal(exchanges[i].response.status, 200);
            finish(&exchanges[i]);
        }
    }
    assert_true(server.connections <= 32);
    assert_int_equal(server.requests, 640);
}

static void a_connection_that_was_closed_at_rest_is_replaced(void **state)
{
    struct exchange exchange;
    int i;
    (void)state;
    server_start(&server, answer_and_leave);
    for (i = 0; i < 5; i++) {
        prepare(&exchange, "/");
        start(&exchange);
        balm_loop_run(loop);
        assert_int_equal(exchange.err.code, BALM_OK);
        assert_string_equal(exchange.response.body.bytes, "ok");
        finish(&exchange);
    }
}

/* ---- what goes wrong ---- */

static void is_network_error(struct exchange *exchange, bool again)
{
    assert_int_equal(exchange->err.code, BALM_E_NET);
    assert_int_equal(exchange->err.retryable, again);
    assert_non_null(strstr(exchange->err.message, server.host));
    finish(exchange);
}

static void silence_ends_in_a_time_out(void **state)
{
    struct exchange exchange;
    int64_t begun = balm_clock_mono();
    (void)state;
    open_http((struct balm_http_options){.timeout_ms = 150});
    run_one(&exchange, say_nothing);
    assert_true(exchange.response.was_sent);
    assert_in_range(balm_clock_mono() - begun, 140000000, 3000000000);
    is_network_error(&exchange, true);
}

static void a_connection_that_breaks_may_work_again(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, hang_up);
    assert_true(exchange.response.was_sent);
    is_network_error(&exchange, true);
}

static void a_body_cut_short_is_no_answer(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, cut_short);
    is_network_error(&exchange, true);
}

static void what_is_not_http_is_said(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, talk_garbage);
    is_network_error(&exchange, false);
}

static void nobody_there_is_said_and_nothing_was_sent(void **state)
{
    struct exchange exchange;
    (void)state;
    server_start(&server, echo);
    prepare(&exchange, "/");
    server_stop(&server);
    start(&exchange);
    balm_loop_run(loop);
    assert_false(exchange.response.was_sent);
    is_network_error(&exchange, true);
    server_start(&server, echo);
}

static void a_name_that_does_not_resolve_is_said(void **state)
{
    struct exchange exchange;
    (void)state;
    server_start(&server, echo);
    prepare(&exchange, "/");
    exchange.request.host = "nowhere.invalid";
    start(&exchange);
    balm_loop_run(loop);
    assert_int_equal(exchange.err.code, BALM_E_NET);
    assert_non_null(strstr(exchange.err.message, "nowhere.invalid"));
    finish(&exchange);
}

static void an_answer_may_not_be_too_large(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, send_much);
    assert_int_equal(exchange.err.code, BALM_E_LIMIT);
    assert_non_null(strstr(exchange.err.message, "more than the 100000 bytes allowed"));
    finish(&exchange);
}

static void headers_may_not_go_on_for_ever(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, send_headers_forever);
    assert_int_equal(exchange.err.code, BALM_E_LIMIT);
    finish(&exchange);
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, redirect);
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_int_equal(exchange.response.status, 307);
    assert_string_equal(exchange.response.body.bytes, "moved");
    finish(&exchange);
}

static void an_interim_answer_leaves_nothing(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, interim_first);
    assert_int_equal(exchange.response.status, 200);
    assert_null(balm_response_header(&exchange.response, "x-early"));
    assert_non_null(balm_response_header(&exchange.response, "x-late"));
    finish(&exchange);
}

static void only_a_status_line_begins_an_answer_anew(void **state)
{
    struct exchange exchange;
    (void)state;
    run_one(&exchange, name_headers_oddly);
    assert_int_equal(exchange.response.status, 200);
    assert_non_null(balm_response_header(&exchange.response, "x-first"));
    assert_string_equal(exchange.response.body.bytes, "body");
    finish(&exchange);
}

static void refused(struct exchange *exchange)
{
    enum balm_code code = balm_http_send(http, &exchange->request, NULL, &exchange->response, done,
                                         exchange, &exchange->transfer, &err);
    assert_int_equal(code, BALM_E_ARG);
    assert_null(strstr(err.message, "Evil"));
    finish(exchange);
}

static void nothing_becomes_another_header_or_host(void **state)
{
    struct exchange exchange;
    (void)state;
    server_start(&server, echo);
    prepare(&exchange, "/");
    balm_request_add_header(&exchange.request, "X-A", "1\r\nEvil: 1");
    refused(&exchange);
    prepare(&exchange, "/");
    balm_request_add_header(&exchange.request, "X-A: 1\r\nX-B", "1");
    refused(&exchange);
    prepare(&exchange, "/");
    exchange.request.host = "a.com/@b.com";
    refused(&exchange);
    prepare(&exchange, "/");
    exchange.request.method = "GET / HTTP/1.1\r\n";
    refused(&exchange);
    assert_int_equal(server.requests, 0);
}

/* Else what is left of the body would be the next request on that connection, and its answer
   another run's. */
static void a_body_is_as_long_as_its_header_says(void **state)
{
    struct exchange exchange;
    (void)state;
    server_start(&server, echo);
    prepare(&exchange, "/");
    balm_buf_adds(&exchange.request.body, "GET /Evil HTTP/1.1\r\n\r\n");
    balm_request_add_header(&exchange.request, "Content-Length", "0");
    refused(&exchange);
    prepare(&exchange, "/");
    balm_request_add_header(&exchange.request, "content-length", "10");
    refused(&exchange);
    prepare(&exchange, "/");
    balm_buf_adds(&exchange.request.body, "0\r\n\r\nGET /Evil HTTP/1.1\r\n\r\n");
    balm_request_add_header(&exchange.request, "Transfer-Encoding", "chunked");
    refused(&exchange);
    assert_int_equal(server.requests, 0);
    prepare(&exchange, "/");
    exchange.request.method = "PUT";
    balm_buf_adds(&exchange.request.body, "abc");
    balm_request_add_header(&exchange.request, "Content-Length", "3");
    start(&exchange);
    balm_loop_run(loop);
    assert_int_equal(exchange.err.code, BALM_OK);
    assert_non_null(strstr(exchange.response.body.bytes, "Content-Length: 3\r\n"));
    finish(&exchange);
}

/* ---- cancelling ---- */

static void what_is_cancelled_is_not_answered(void **state)
{
    struct exchange exchanges[3];
    int i;
    (void)state;
    server_start(&server, echo);
    for (i = 0; i < 3; i++) {
        prepare(&exchanges[i], "/");
        start(&exchanges[i]);
    }
    balm_transfer_cancel(exchanges[1].transfer);
    balm_loop_run(loop);
    for (i = 0; i < 3; i++) {
        assert_int_equal(exchanges[i].answers, i == 1 ? 0 : 1);
        finish(&exchanges[i]);
    }
}

static struct exchange *victim;

static void cancel_victim(struct exchange *exchange)
{
    (void)exchange;
    balm_transfer_cancel(victim->transfer);
}

static void one_may_cancel_another_from_its_answer(void **state)
{
    struct exchange one;
    struct exchange two;
    (void)state;
    server_start(&server, say_nothing);
    open_http((struct balm_http_options){.timeout_ms = 100});
    prepare(&one, "/");
    prepare(&two, "/");
    one.then = cancel_victim;
    victim = &two;
    start(&one);
    start(&two); /* both end in the same turn */
    balm_loop_run(loop);
    assert_int_equal(one.answers, 1);
    assert_int_equal(two.answers, 0);
    finish(&one);
    finish(&two);
}

static void release_all(struct exchange *exchange)
{
    (void)exchange;
    balm_http_release(http);
    http = NULL;
}

static void all_may_be_released_from_an_answer(void **state)
{
    struct exchange one;
    struct exchange two;
    (void)state;
    server_start(&server, echo);
    prepare(&one, "/");
    prepare(&two, "/");
    one.then = two.then = release_all;
    start(&one);
    start(&two);
    balm_loop_run(loop);
    assert_int_equal(one.answers + two.answers, 1);
    finish(&one);
    finish(&two);
}

static void send_next(struct exchange *exchange)
{
    static int left = 50;
    balm_response_free(&exchange->response);
    balm_response_init(&exchange->response, BALM_BUF_MAX);
    exchange->answers = 0;
    if (left-- > 0) start(exchange);
}

static void an_answer_may_send_the_next_request(void **state)
{
    struct exchange exchange;
    (void)state;
    server_start(&server, echo);
    prepare(&exchange, "/");
    exchange.then = send_next;
    start(&exchange);
    balm_loop_run(loop);
    assert_int_equal(server.requests, 51);
    assert_int_equal(server.connections, 1);
    finish(&exchange);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_goes_out_as_it_was_given),
        TEST(each_method_leaves_nothing_to_the_next),
        TEST(connections_are_used_again),
        TEST(a_connection_that_was_closed_at_rest_is_replaced),
        TEST(silence_ends_in_a_time_out),
        TEST(a_connection_that_breaks_may_work_again),
        TEST(a_body_cut_short_is_no_answer),
        TEST(what_is_not_http_is_said),
        TEST(nobody_there_is_said_and_nothing_was_sent),
        TEST(a_name_that_does_not_resolve_is_said),
        TEST(an_answer_may_not_be_too_large),
        TEST(headers_may_not_go_on_for_ever),
        TEST(a_redirect_is_an_answer_and_not_followed),
        TEST(an_interim_answer_leaves_nothing),
        TEST(only_a_status_line_begins_an_answer_anew),
        TEST(nothing_becomes_another_header_or_host),
        TEST(a_body_is_as_long_as_its_header_says),
        TEST(what_is_cancelled_is_not_answered),
        TEST(one_may_cancel_another_from_its_answer),
        TEST(all_may_be_released_from_an_answer),
        TEST(an_answer_may_send_the_next_request),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
