#include "aws/http_internal.h"

#include "core/file.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADERS_MAX  ((size_t)256 << 10) /* of a response */
#define OWN_HEADERS  4                   /* User-Agent, and three that libcurl must not add */
#define KEEPALIVE_S  60L
#define BODY_RESERVE ((size_t)1 << 20)

/* ---- what comes back ---- */

static size_t refuse(struct balm_transfer *transfer, enum balm_code code, const char *what)
{
    (void)balm_fail(&transfer->err, code, "%s answered with %s", transfer->request->host, what);
    return 0;
}

/* A new status line, after an interim answer too. */
static void start_answer(struct balm_transfer *transfer)
{
    transfer->head = BALM_HEAD_OPEN;
    transfer->response->header_len = 0;
    balm_buf_clear(&transfer->response->body);
}

/* So that a body of known length is not copied as it grows; no more at once than a server has to
   send for it. */
static void reserve_body(struct balm_transfer *transfer, const char *value)
{
    unsigned long long len = strtoull(value, NULL, 10);
    if (len > BODY_RESERVE) len = BODY_RESERVE;
    if (len && len <= transfer->response->body.max) {
        (void)balm_buf_room(&transfer->response->body, (size_t)len);
    }
}

/* The empty line: behind the head of an interim answer another one comes. */
static void end_head(struct balm_transfer *transfer)
{
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->head = status < 200 ? BALM_HEAD_NONE : BALM_HEAD_READ;
}

static size_t on_header(char *line, size_t size, size_t count, void *owner)
{
    struct balm_transfer *transfer = owner;
    size_t len = size * count;
    const char *colon = memchr(line, ':', len);
    transfer->header_bytes += len;
    if (transfer->header_bytes > HEADERS_MAX) {
        return refuse(transfer, BALM_E_LIMIT, "too many headers");
    }
    if (transfer->head == BALM_HEAD_NONE) {
        start_answer(transfer);
    } else if (line[0] == '\r' || line[0] == '\n') {
        end_head(transfer);
    } else if (colon) {
        size_t name_len = (size_t)(colon - line);
        const char *value = balm_response_add_header(transfer->response, line, name_len, colon + 1,
                                                     len - name_len - 1);
        if (!value) return refuse(transfer, BALM_E_NOMEM, "more than memory holds");
        if (name_len == 14 && strncasecmp(line, "content-length", 14) == 0) {
            reserve_body(transfer, value);
        }
    }
    return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct balm_transfer *transfer = owner;
    struct balm_buf *body = &transfer->response->body;
    size_t len = size * count;
    size_t max = transfer->http->response_max;
    if (body->len > max || len > max - body->len || balm_buf_add(body, bytes, len)) {
        if (body->code == BALM_E_NOMEM) {
            return refuse(transfer, BALM_E_NOMEM, "more than memory holds");
        }
        (void)balm_fail(&transfer->err, BALM_E_LIMIT,
                        "%s answered with more than the %zu bytes allowed", transfer->request->host,
                        max < body->max ? max : body->max);
        return 0;
    }
    return len;
}

/* libcurl quotes the URL of a proxy that it cannot use, and a password may stand in it. */
static bool is_about_proxy_url(const struct balm_transfer *transfer)
{
    return balm_text_starts(transfer->problem, "Unsupported proxy");
}

static const char *reason(const struct balm_transfer *transfer, CURLcode result)
{
    if (is_about_proxy_url(transfer)) {
        return "the proxy cannot be used; HTTPS_PROXY, http_proxy or ALL_PROXY must be "
               "http://HOST:PORT, or another kind that libcurl knows";
    }
    return transfer->problem[0] ? transfer->problem : curl_easy_strerror(result);
}

/* May the same again work? Not where a setting, a certificate or the address is wrong. */
static bool may_work_again(CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

/* What a person may do about it; "" where libcurl's words are enough. */
static const char *advice(CURLcode result)
{
    if (result == CURLE_PEER_FAILED_VERIFICATION) {
        return "; AWS_CA_BUNDLE names the certificates to trust instead of the system's";
    }
    if (result == CURLE_SSL_CACERT_BADFILE) {
        return "; AWS_CA_BUNDLE must name a file, or a folder, of certificates in PEM form";
    }
    return "";
}

void balm_transfer_conclude(struct balm_transfer *transfer, CURLcode result)
{
    long connects = 0;
    long sent = 0;
    long status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->http->stats.connections += (uint64_t)(connects > 0 ? connects : 0);
    transfer->response->status = (int)status;
    transfer->response->was_sent = sent > 0;
    transfer->response->timed_out = result == CURLE_OPERATION_TIMEDOUT;
    if (result == CURLE_OK || transfer->err.code) return;
    if (result == CURLE_OUT_OF_MEMORY) {
        (void)balm_nomem(&transfer->err);
        return;
    }
    (void)balm_fail(&transfer->err, BALM_E_NET, "no answer from %s: %s%s", transfer->request->host,
                    reason(transfer, result), advice(result));
    transfer->err.retryable = may_work_again(result) && !is_about_proxy_url(transfer);
}

void balm_transfer_clear(struct balm_transfer *transfer)
{
    /* The lines hold a session token. Short ones are wiped, long ones freed as well. */
    if (transfer->text.len) balm_wipe(transfer->text.bytes, transfer->text.len);
    balm_buf_clear(&transfer->text);
    memset(&transfer->err, 0, sizeof transfer->err);
    transfer->problem[0] = '\0';
    transfer->header_bytes = 0;
    transfer->head = BALM_HEAD_NONE;
    transfer->request = NULL;
    transfer->response = NULL;
    transfer->done = NULL;
    transfer->owner = NULL;
}

/* ---- what goes out ---- */

static void set_trust(struct balm_transfer *transfer)
{
    const char *bundle = transfer->http->ca_bundle;
    bool is_dir = bundle && balm_file_is_dir(bundle);
    /* A folder of certificates is read anew for each connection; a file once, and then its store
       is kept. */
    curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, is_dir ? bundle : NULL);
    if (is_dir) {
        curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, NULL);
    } else if (bundle) {
        curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, bundle);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(transfer->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

bool balm_transfer_set_up(struct balm_transfer *transfer)
{
    CURL *easy = transfer->easy;
    struct balm_http *http = transfer->http;
    set_trust(transfer);
    curl_easy_setopt(easy, CURLOPT_SHARE, http->share);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->problem);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, http->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, http->timeout_ms);
    if (http->no_proxy) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    return curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK;
}

static bool has_break(const char *text)
{
    return text[strcspn(text, "\r\n")] != '\0';
}

/* Would the body end elsewhere than it does? What is left of it would be the next request on the
   connection. */
static bool misframes(const struct balm_request *request, const struct balm_header *header)
{
    char length[24];
    if (balm_text_same_nocase(header->name, "Transfer-Encoding")) return true;
    if (!balm_text_same_nocase(header->name, "Content-Length")) return false;
    (void)snprintf(length, sizeof length, "%zu", request->body.len);
    return strcmp(header->value, length) != 0;
}

/* A name or value from outside must not become another header, or another request. */
static enum balm_code check(const struct balm_request *request, struct balm_err *err)
{
    size_t i;
    if (!balm_is_http_token(request->method)) {
        return balm_fail(err, BALM_E_ARG, "\"%.40s\" is not an HTTP method", request->method);
    }
    if (!request->host[0] || request->host[strcspn(request->host, "/?#@\\ \t\r\n")]) {
        return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not a host", request->host);
    }
    for (i = 0; i < request->header_len; i++) {
        const struct balm_header *header = &request->headers[i];
        if (!balm_is_http_token(header->name)) {
            return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not a header's name", header->name);
        }
        if (has_break(header->value)) {
            return balm_fail(err, BALM_E_ARG, "the header %.80s holds a line break", header->name);
        }
        if (misframes(request, header)) {
            return balm_fail(err, BALM_E_ARG, "the header %.80s does not fit the body of %zu bytes",
                             header->name, request->body.len);
        }
    }
    return BALM_OK;
}

static bool reserve_headers(struct balm_transfer *transfer, size_t wanted)
{
    size_t cap = transfer->header_cap ? transfer->header_cap : 16;
    struct curl_slist *headers;
    while (cap < wanted) {
        cap *= 2;
    }
    if (cap == transfer->header_cap) return true;
    headers = realloc(transfer->headers, cap * sizeof *headers);
    if (!headers) return false;
    transfer->headers = headers;
    transfer->header_cap = cap;
    return true;
}

/* One line with its NUL. An empty value needs libcurl's own spelling: "Name:" would take the
   header away. */
static void add_line(struct balm_buf *text, const struct balm_header *header)
{
    (void)balm_buf_adds(text, header->name);
    if (header->value[0]) {
        (void)balm_buf_adds(text, ": ");
        (void)balm_buf_adds(text, header->value);
    } else {
        (void)balm_buf_addc(text, ';');
    }
    (void)balm_buf_addc(text, '\0');
}

/* libcurl would add these by itself: "Name:" says that it must not. */
static void add_absences(struct balm_transfer *transfer)
{
    static const char *const names[] = {"Accept", "Content-Type", "Expect"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (i < 2 && balm_request_header(transfer->request, names[i])) continue;
        (void)balm_buf_adds(&transfer->text, names[i]);
        (void)balm_buf_add(&transfer->text, ":", 2);
    }
}

static void add_lines(struct balm_transfer *transfer, const char *extra_agent)
{
    const struct balm_request *request = transfer->request;
    struct balm_buf *text = &transfer->text;
    size_t i;
    for (i = 0; i < request->header_len; i++) {
        if (!balm_text_same_nocase(request->headers[i].name, "Expect")) {
            add_line(text, &request->headers[i]);
        }
    }
    if (!balm_request_header(request, "User-Agent")) {
        (void)balm_buf_adds(text, "User-Agent: ");
        (void)balm_buf_adds(text, transfer->http->user_agent);
        if (extra_agent && extra_agent[0]) (void)balm_buf_addc(text, ' ');
        if (extra_agent && extra_agent[0]) (void)balm_buf_adds(text, extra_agent);
        (void)balm_buf_addc(text, '\0');
    }
    add_absences(transfer);
}

/* URL and lines as texts with NULs, then libcurl's list over them: not one allocation a header. */
static enum balm_code set_texts(struct balm_transfer *transfer, const char *extra_agent,
                                struct balm_err *err)
{
    struct balm_buf *text = &transfer->text;
    size_t count = 0;
    char *at;
    balm_request_url(transfer->request, text);
    (void)balm_buf_addc(text, '\0');
    add_lines(transfer, extra_agent);
    if (balm_buf_status(text, "the request's header", err)) return err->code;
    if (!reserve_headers(transfer, transfer->request->header_len + OWN_HEADERS)) {
        return balm_nomem(err);
    }
    for (at = text->bytes + strlen(text->bytes) + 1; at < text->bytes + text->len;
         at += strlen(at) + 1) {
        transfer->headers[count].data = at;
        transfer->headers[count].next = &transfer->headers[count + 1];
        count++;
    }
    transfer->headers[count - 1].next = NULL;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (curl_easy_setopt(transfer->easy, CURLOPT_URL, text->bytes) != CURLE_OK) {
        return balm_nomem(err);
    }
    return BALM_OK;
}

/* Each way sets all that the others set: handles are used again. */
static void set_method(struct balm_transfer *transfer)
{
    CURL *easy = transfer->easy;
    const struct balm_request *request = transfer->request;
    const char *method = request->method;
    bool has_body = request->body.len > 0 || strcmp(method, "POST") == 0 ||
                    strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
    bool is_head = strcmp(method, "HEAD") == 0;
    const char *usual = has_body ? "POST" : "GET";
    curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
    if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.bytes);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    if (is_head) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                     is_head || strcmp(method, usual) == 0 ? NULL : method);
}

enum balm_code balm_transfer_prepare(struct balm_transfer *transfer, const char *extra_agent,
                                     struct balm_err *err)
{
    enum balm_code code = check(transfer->request, err);
    bool is_tls = strcmp(transfer->request->scheme, "https") == 0;
    if (!code && extra_agent && has_break(extra_agent)) {
        code = balm_fail(err, BALM_E_ARG, "the user agent holds a line break");
    }
    if (!code) code = set_texts(transfer, extra_agent, err);
    if (code) return code;
    set_method(transfer);
    /* Where several requests may share one connection, wait to see whether they can. */
    curl_easy_setopt(transfer->easy, CURLOPT_PIPEWAIT, is_tls ? 1L : 0L);
    return BALM_OK;
}
