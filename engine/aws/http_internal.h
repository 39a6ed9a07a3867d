/*
 * http_internal: what http's two files share; nobody else includes it.
 *
 * http.c puts libcurl on the loop and owns transfers; http_transfer.c turns a request into an easy
 * handle's options, and what libcurl hands back into a response.
 */
#ifndef BALM_AWS_HTTP_INTERNAL_H
#define BALM_AWS_HTTP_INTERNAL_H

#include "aws/http.h"

#include <curl/curl.h>

/* Where in an answer libcurl is: it gives status lines, headers and trailers alike. */
enum balm_head { BALM_HEAD_NONE, BALM_HEAD_OPEN, BALM_HEAD_READ };

/* Made once, used for one request after another. */
struct balm_transfer {
    struct balm_transfer *next; /* in one of the three rings below, or in the list of idle ones */
    struct balm_transfer *prev;
    struct balm_http *http;
    CURL *easy;
    bool adopted;               /* handed to the multi handle */
    struct curl_slist *headers; /* nodes that point into text; an array */
    size_t header_cap;
    struct balm_buf text; /* URL and header lines */
    const struct balm_request *request;
    struct balm_response *response;
    size_t header_bytes; /* of the response, so far */
    enum balm_head head;
    struct balm_err err; /* what a callback found wrong, then the outcome */
    void (*done)(void *owner, const struct balm_err *err);
    void *owner;
    char problem[CURL_ERROR_SIZE]; /* libcurl's words */
};

struct balm_http {
    struct balm_loop *loop;
    CURLM *multi;
    CURLSH *share; /* TLS sessions, so that a second connection resumes the first one's */
    struct balm_timer timer;
    struct balm_task starting;     /* transfers that were added */
    struct balm_task telling;      /* those that are finished */
    struct balm_transfer active;   /* rings: these are their knots */
    struct balm_transfer finished; /* done, but not told yet */
    struct balm_transfer *idle;    /* a list */
    struct balm_watch **watches;   /* by descriptor */
    unsigned char *kinds;          /* by descriptor */
    size_t watch_cap;
    const char *user_agent;
    const char *ca_bundle;
    long connect_timeout_ms;
    long timeout_ms;
    size_t response_max;
    bool no_proxy;
    struct balm_arena arena; /* the texts above */
    struct balm_http_stats stats;
    bool telling_now;
    bool released; /* while telling */
};

/* Options that are the same for all requests. Returns false when memory ran out. */
bool balm_transfer_set_up(struct balm_transfer *transfer);
/* Those of one request. BALM_E_ARG for what cannot stand in an HTTP request. */
enum balm_code balm_transfer_prepare(struct balm_transfer *transfer, const char *extra_agent,
                                     struct balm_err *err);
/* Reads the outcome: status and the like into the response, what went wrong into transfer->err. */
void balm_transfer_conclude(struct balm_transfer *transfer, CURLcode result);
/* Leaves nothing of the request behind. */
void balm_transfer_clear(struct balm_transfer *transfer);

#endif
