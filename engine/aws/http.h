/*
 * http: requests over libcurl's multi interface on the loop.
 *
 * One pool a process: connections are kept and reused, HTTP/2 where offered, TLS always verified,
 * redirects
 * never followed. Nothing here knows AWS.
 */
#ifndef BALM_AWS_HTTP_H
#define BALM_AWS_HTTP_H

#include "aws/message.h"
#include "core/loop.h"

struct balm_http;
struct balm_transfer;

/* Connections to a host are not limited: how much is under way is the caller's affair. So no
   request waits for a free connection, and the time limits count from when it goes out. */
struct balm_http_options {
    const char *ca_bundle;  /* NULL: the system's; AWS_CA_BUNDLE */
    int connect_timeout_ms; /* 0: 10,000 */
    int timeout_ms;         /* for the whole answer; 0: 60,000 */
    size_t response_max;    /* bytes of body; 0: 64 MiB */
    const char *user_agent; /* product tokens; required */
    bool no_proxy;          /* whatever the environment says */
};
/* HTTPS_PROXY, http_proxy (lower case alone: see front/main.c) and NO_PROXY are libcurl's own. */

enum balm_code balm_http_new(struct balm_http **out, struct balm_loop *loop,
                             const struct balm_http_options *options, struct balm_err *err);
void balm_http_release(struct balm_http *http); /* cancels what is under way; accepts NULL */

/*
 * Sends soon. request and response are borrowed until done is called or the transfer is
 * cancelled; response is filled (status, headers, body).
 * done is called from the loop, exactly once, with BALM_OK (any HTTP status) or BALM_E_NET /
 * BALM_E_LIMIT in err;
 * err->retryable says whether the same again may work. extra_agent (the run's id; may be NULL) is
 * added to the User-Agent.
 */
enum balm_code balm_http_send(struct balm_http *http, const struct balm_request *request,
                              const char *extra_agent, struct balm_response *response,
                              void (*done)(void *owner, const struct balm_err *err), void *owner,
                              struct balm_transfer **out, struct balm_err *err);
/* done will not be called. */
void balm_transfer_cancel(struct balm_transfer *transfer);

struct balm_http_stats {
    uint64_t requests, connections;
};
struct balm_http_stats balm_http_stats(const struct balm_http *http);

#endif
