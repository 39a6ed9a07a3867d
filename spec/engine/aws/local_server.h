/*
 * local_server: a server on 127.0.0.1 for one test, a thread for each connection.
 *
 * The test gives a function that is handed each whole request and writes what it likes to the
 * descriptor; it returns whether the connection stays open.
 */
#ifndef SPEC_ENGINE_AWS_LOCAL_SERVER_H
#define SPEC_ENGINE_AWS_LOCAL_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_CONNECTIONS 1024
#define SERVER_REQUEST_MAX 65536

struct server {
    bool (*answer)(struct server *server, int fd, const char *request);
    int listener;
    char host[32]; /* "127.0.0.1:34567" */
    atomic_int requests;
    atomic_int connections;
    pthread_t acceptor;
    pthread_t threads[SERVER_CONNECTIONS];
    atomic_int fds[SERVER_CONNECTIONS];
};

struct server_connection {
    struct server *server;
    int index;
};

static inline size_t server_body_len(const char *head)
{
    const char *line = strcasestr(head, "\r\ncontent-length:");
    return line ? strtoul(line + 17, NULL, 10) : 0;
}

/* One request, NUL behind it; false when the connection has ended. */
static inline bool server_read(int fd, char *request)
{
    size_t len = 0;
    for (;;) {
        char *end;
        ssize_t got = recv(fd, request + len, SERVER_REQUEST_MAX - 1 - len, 0);
        if (got <= 0) return false;
        len += (size_t)got;
        request[len] = '\0';
        end = strstr(request, "\r\n\r\n");
        if (end && len >= (size_t)(end + 4 - request) + server_body_len(request)) return true;
    }
}

static inline void *server_serve(void *owner)
{
    struct server_connection *connection = owner;
    struct server *server = connection->server;
    int fd = server->fds[connection->index];
    char *request = malloc(SERVER_REQUEST_MAX);
    while (request && server_read(fd, request)) {
        server->requests++;
        if (!server->answer(server, fd, request)) break;
    }
    shutdown(fd, SHUT_RDWR);
    free(request);
    free(connection);
    return NULL;
}

static inline void *server_accept(void *owner)
{
    struct server *server = owner;
    for (;;) {
        struct server_connection *connection;
        int yes = 1;
        int fd = accept(server->listener, NULL, NULL);
        if (fd < 0 || server->connections >= SERVER_CONNECTIONS) return NULL;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        connection = malloc(sizeof *connection);
        if (!connection) return NULL;
        *connection = (struct server_connection){server, server->connections};
        server->fds[server->connections] = fd;
        pthread_create(&server->threads[server->connections], NULL, server_serve, connection);
        server->connections++;
    }
}

static inline void server_start(struct server *server,
                                bool (*answer)(struct server *server, int fd, const char *request))
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    memset(server, 0, sizeof *server);
    server->answer = answer;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(server->listener, (struct sockaddr *)&address, len) != 0) abort();
    if (listen(server->listener, 512) != 0) abort();
    getsockname(server->listener, (struct sockaddr *)&address, &len);
    snprintf(server->host, sizeof server->host, "127.0.0.1:%d", ntohs(address.sin_port));
    pthread_create(&server->acceptor, NULL, server_accept, server);
}

static inline void server_stop(struct server *server)
{
    int i;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    close(server->listener);
    for (i = 0; i < server->connections; i++) {
        shutdown(server->fds[i], SHUT_RDWR);
        pthread_join(server->threads[i], NULL);
        close(server->fds[i]);
    }
}

static inline void server_send(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* A whole answer with a length. */
static inline void server_reply(int fd, int status, const char *headers, const char *body)
{
    char text[8192];
    snprintf(text, sizeof text, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s", status,
             strlen(body), headers, body);
    server_send(fd, text);
}

#endif
