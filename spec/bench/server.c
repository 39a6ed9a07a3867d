/*
 * server: a fast stand-in for benchmarks. One thread, epoll, canned answers, latency on demand.
 *
 * Usage: server LATENCY_MS. Prints its port. POST is STS (AssumeRole, GetCallerIdentity), anything
 * else S3's bucket versioning: off until it is PUT, off again after the next AssumeRole. A request
 * without a Signature Version 4 is refused. Latency is the same for all, so that answers wait in
 * one queue.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 4096
#define REQUEST_MAX 16384
#define WAITING     8192
#define ANSWER_MAX  2048
#define BUCKETS     (1u << 20)

struct connection {
    char bytes[REQUEST_MAX + 1];
    size_t len;
    uint32_t life; /* an answer may come when its connection is gone and another has its number */
};

struct answer {
    int64_t due;
    int fd;
    uint32_t life;
    const char *text;
};

struct server {
    int epoll, timer, listener;
    int64_t latency;
    uint32_t roles; /* how often one was assumed */
    uint32_t enabled[BUCKETS];
    struct connection *connections[CONNECTIONS];
    struct answer waiting[WAITING];
    size_t first, count;
    char sts[ANSWER_MAX], on[ANSWER_MAX], off[ANSWER_MAX], put[ANSWER_MAX], refused[ANSWER_MAX];
};

static void answer_of(char *out, int status, const char *body)
{
    (void)snprintf(out, ANSWER_MAX,
                   "HTTP/1.1 %d X\r\nContent-Type: application/xml\r\nx-amz-request-id: R1\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   status, strlen(body), body);
}

static void make_answers(struct server *server)
{
#define S3 "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    answer_of(server->on, 200, S3 "<Status>Enabled</Status></VersioningConfiguration>");
    answer_of(server->off, 200, S3 "</VersioningConfiguration>");
    answer_of(server->put, 200, "");
    answer_of(server->refused, 403, "<Error><Code>SignatureDoesNotMatch</Code></Error>");
    answer_of(
        server->sts, 200,
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
        "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/BalmRemediationRole/b</Arn>"
        "<AssumedRoleId>AROAEXAMPLE:b</AssumedRoleId></AssumedRoleUser><Credentials>"
        "<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>c2VjcmV0</SecretAccessKey>"
        "<SessionToken>dG9rZW4=</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>"
        "</Credentials></AssumeRoleResult><ResponseMetadata><RequestId>R1</RequestId>"
        "</ResponseMetadata></AssumeRoleResponse>");
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void wake_at(struct server *server, int64_t due)
{
    struct itimerspec when = {{0, 0}, {due / 1000000000, due % 1000000000}};

    (void)timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void send_text(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) perror("send");
}

static void reply(struct server *server, int fd, const char *text)
{
    size_t last = (server->first + server->count) % WAITING;

    if (!server->latency || server->count == WAITING) {
        send_text(fd, text);
        return;
    }
    server->waiting[last] =
        (struct answer){now_ns() + server->latency, fd, server->connections[fd]->life, text};
    if (!server->count++) wake_at(server, server->waiting[last].due);
}

static void send_due(struct server *server)
{
    uint64_t times;
    int64_t now = now_ns();

    if (read(server->timer, &times, sizeof times) < 0) return;
    while (server->count && server->waiting[server->first].due <= now) {
        const struct answer *answer = &server->waiting[server->first];
        const struct connection *connection = server->connections[answer->fd];
        if (connection && connection->life == answer->life) send_text(answer->fd, answer->text);
        server->first = (server->first + 1) % WAITING;
        server->count--;
    }
    if (server->count) wake_at(server, server->waiting[server->first].due);
}

/* Buckets are told apart by the number at the end of their names. */
static uint32_t *bucket_of(struct server *server, const char *request)
{
    const char *end = strpbrk(strchr(request, ' ') + 1, "? ");
    while (isdigit((unsigned char)end[-1])) {
        end--;
    }
    return &server->enabled[strtoul(end, NULL, 10) % BUCKETS];
}

static const char *answer_to(struct server *server, const char *request)
{
    uint32_t *enabled = bucket_of(server, request);

    if (!strstr(request, "AWS4-HMAC-SHA256 Credential=")) return server->refused;
    if (strncmp(request, "POST ", 5) == 0) {
        server->roles++;
        return server->sts;
    }
    if (strncmp(request, "PUT ", 4) == 0) {
        *enabled = server->roles;
        return server->put;
    }
    return *enabled == server->roles ? server->on : server->off;
}

/* The length of the first request that is there as a whole; 0: not yet. */
static size_t whole(const struct connection *connection)
{
    const char *end = strstr(connection->bytes, "\r\n\r\n");
    const char *length = strcasestr(connection->bytes, "\r\ncontent-length:");
    size_t size;

    if (!end) return 0;
    size = (size_t)(end - connection->bytes) + 4;
    if (length && length < end) size += strtoul(length + 17, NULL, 10);
    return size <= connection->len ? size : 0;
}

static void drop(struct server *server, int fd)
{
    free(server->connections[fd]);
    server->connections[fd] = NULL;
    close(fd);
}

static void receive(struct server *server, int fd)
{
    struct connection *connection = server->connections[fd];
    ssize_t got = recv(fd, connection->bytes + connection->len, REQUEST_MAX - connection->len, 0);
    size_t size;

    if (got <= 0) {
        drop(server, fd);
        return;
    }
    connection->len += (size_t)got;
    connection->bytes[connection->len] = '\0';
    size = whole(connection);
    while (size) {
        reply(server, fd, answer_to(server, connection->bytes));
        connection->len -= size;
        memmove(connection->bytes, connection->bytes + size, connection->len + 1);
        size = connection->len ? whole(connection) : 0;
    }
}

static void watch(struct server *server, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    (void)epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void take_connection(struct server *server)
{
    static uint32_t lives;
    int fd = accept(server->listener, NULL, NULL);
    int one = 1;

    if (fd < 0) return;
    if (fd >= CONNECTIONS || !(server->connections[fd] = calloc(1, sizeof(struct connection)))) {
        close(fd);
        return;
    }
    server->connections[fd]->life = ++lives;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(server, fd);
}

static bool start(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    server->epoll = epoll_create1(0);
    if (bind(server->listener, (struct sockaddr *)&address, len) ||
        listen(server->listener, 1024) ||
        getsockname(server->listener, (struct sockaddr *)&address, &len)) {
        return false;
    }
    watch(server, server->listener);
    watch(server, server->timer);
    printf("%d\n", ntohs(address.sin_port));
    return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
    struct server *server = calloc(1, sizeof *server);
    struct epoll_event events[256];

    if (argc != 2 || !server) return 2;
    server->roles = 1;
    server->latency = strtol(argv[1], NULL, 10) * 1000000;
    make_answers(server);
    if (!start(server)) return 1;
    for (;;) {
        int count = epoll_wait(server->epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == server->listener) {
                take_connection(server);
            } else if (fd == server->timer) {
                send_due(server);
            } else if (server->connections[fd]) {
                receive(server, fd);
            }
        }
    }
}
