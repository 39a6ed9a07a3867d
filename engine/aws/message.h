/*
 * message: one HTTP request and one HTTP response, as data.
 *
 * A request is made by a codec, given its host by the endpoint, signed by sigv4 and sent by http.
 * All its texts
 * live in its own arena, but for the body, which is a buffer.
 */
#ifndef BALM_AWS_MESSAGE_H
#define BALM_AWS_MESSAGE_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/value.h"

struct balm_header {
    const char *name; /* case as sent */
    const char *value;
};

struct balm_pair {
    const char *name;  /* percent-encoded already */
    const char *value; /* percent-encoded already; NULL: the name stands alone ("?versioning") */
};

struct balm_request {
    struct balm_arena *arena; /* borrowed: what the texts live in */
    const char *method;
    const char *scheme; /* "https"; set with the endpoint */
    const char *host;   /* "s3.eu-west-1.amazonaws.com", or with ":port"; set with the endpoint */
    const char *base_path; /* the endpoint's own path ("" or "/x") */
    const char *path;      /* percent-encoded, begins with "/" */
    struct balm_pair *query;
    size_t query_len;
    struct balm_header *headers;
    size_t header_len;
    struct balm_buf body;
    size_t compress_min; /* of a body that a codec may compress; SIZE_MAX: it may not */
    bool checksummed;    /* a codec added a checksum of the body, which nobody gave */
};

struct balm_response {
    int status;
    bool was_sent;  /* the request went out, at least in part: it may have had its effect */
    bool timed_out; /* no whole answer came in time */
    struct balm_header *headers; /* names in lower case */
    size_t header_len;
    struct balm_buf body;
    struct balm_arena arena; /* owns header texts */
};

/* Letters, digits and the marks that RFC 9110 lets stand in a method's or a header's name. */
bool balm_is_http_token(const char *text);

void balm_request_init(struct balm_request *request, struct balm_arena *arena);
/* Releases the body; the texts go with the arena. Headers may be secret: their values are wiped. */
void balm_request_free(struct balm_request *request);

/* Texts are copied into the arena. Errors stick to the arena. */
void balm_request_add_header(struct balm_request *request, const char *name, const char *value);
void balm_request_set_header(struct balm_request *request, const char *name,
                             const char *value); /* replaces, any case */
void balm_request_remove_header(struct balm_request *request, const char *name);
const char *balm_request_header(const struct balm_request *request,
                                const char *name); /* NULL when absent; any case */
/* name and value unencoded; value NULL stands alone */
void balm_request_add_query(struct balm_request *request, const char *name, const char *value);
/* scheme://host[base_path]path[?query], into buf */
enum balm_code balm_request_url(const struct balm_request *request, struct balm_buf *buf);
/* {"method","url","headers":{},"body"}, or "body_base64" where the body is not UTF-8; a header that
   occurs several times is a list. Borrows request's texts. */
enum balm_code balm_request_value(const struct balm_request *request, struct balm_arena *arena,
                                  struct balm_value *out, struct balm_err *err);

void balm_response_init(struct balm_response *response, size_t body_max);
void balm_response_free(struct balm_response *response);
/* Copies, the name in lower case, the value without white space around; returns that value, or NULL
   when memory ran out. */
const char *balm_response_add_header(struct balm_response *response, const char *name,
                                     size_t name_len, const char *value, size_t value_len);
const char *balm_response_header(const struct balm_response *response, const char *lower_name);

#endif
