#include "aws/message.h"

#include "core/text.h"

#include <string.h>

#define GROW_MIN     ((size_t)8)
#define COMPRESS_MIN ((size_t)10240)

/* The arrays keep no capacity: it is 8, then every power of two, so a full one shows by its
   length. */
static void *make_room(struct balm_arena *arena, void *items, size_t len, size_t item_size)
{
    size_t cap = len < GROW_MIN ? GROW_MIN : len * 2;
    bool is_full = len == 0 || (len >= GROW_MIN && (len & (len - 1)) == 0);
    if (!is_full) return items;
    if (len == 0) return balm_arena_alloc(arena, cap * item_size);
    return balm_arena_grow(arena, items, len * item_size, cap * item_size);
}

static bool is_token_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-') return true;
    return c && strchr("0123456789!#$%&'*+.^_`|~", c) != NULL;
}

/* A set of so many is slow to make for strspn(), and every header's name comes by here. */
bool balm_is_http_token(const char *text)
{
    const char *at = text;
    while (is_token_char(*at)) {
        at++;
    }
    return at > text && !*at;
}

void balm_request_init(struct balm_request *request, struct balm_arena *arena)
{
    memset(request, 0, sizeof *request);
    request->arena = arena;
    request->method = "GET";
    request->scheme = "https";
    request->host = "";
    request->base_path = "";
    request->path = "/";
    balm_buf_init(&request->body, BALM_BUF_MAX);
    request->compress_min = COMPRESS_MIN;
}

/* Every value was copied into the arena by us, so that it may be written to. */
static void wipe_value(const struct balm_header *header)
{
    balm_wipe((char *)(uintptr_t)header->value, strlen(header->value));
}

void balm_request_free(struct balm_request *request)
{
    size_t i;
    for (i = 0; i < request->header_len; i++) {
        wipe_value(&request->headers[i]);
    }
    request->header_len = 0;
    request->query_len = 0;
    balm_buf_wipe(&request->body);
}

void balm_request_add_header(struct balm_request *request, const char *name, const char *value)
{
    const char *own_name = balm_arena_strdup(request->arena, name);
    const char *own_value = balm_arena_strdup(request->arena, value);
    struct balm_header *headers;
    if (!own_name || !own_value) return;
    headers = make_room(request->arena, request->headers, request->header_len, sizeof *headers);
    if (!headers) return;
    headers[request->header_len++] = (struct balm_header){own_name, own_value};
    request->headers = headers;
}

void balm_request_set_header(struct balm_request *request, const char *name, const char *value)
{
    balm_request_remove_header(request, name);
    balm_request_add_header(request, name, value);
}

void balm_request_remove_header(struct balm_request *request, const char *name)
{
    size_t kept = 0;
    size_t i;
    for (i = 0; i < request->header_len; i++) {
        if (!balm_text_same_nocase(request->headers[i].name, name)) {
            request->headers[kept++] = request->headers[i];
        } else {
            wipe_value(&request->headers[i]);
        }
    }
    request->header_len = kept;
}

const char *balm_request_header(const struct balm_request *request, const char *name)
{
    size_t i;
    for (i = 0; i < request->header_len; i++) {
        if (balm_text_same_nocase(request->headers[i].name, name)) return request->headers[i].value;
    }
    return NULL;
}

static const char *encode(struct balm_arena *arena, const char *text)
{
    struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *encoded = NULL;
    if (balm_text_percent(&buf, text, strlen(text), NULL) == BALM_OK) {
        encoded = balm_arena_copy(arena, buf.bytes, buf.len);
    } else {
        arena->code = buf.code;
    }
    balm_buf_free(&buf);
    return encoded;
}

void balm_request_add_query(struct balm_request *request, const char *name, const char *value)
{
    const char *own_name = encode(request->arena, name);
    const char *own_value = value ? encode(request->arena, value) : NULL;
    struct balm_pair *query;
    if (!own_name || (value && !own_value)) return;
    query = make_room(request->arena, request->query, request->query_len, sizeof *query);
    if (!query) return;
    query[request->query_len++] = (struct balm_pair){own_name, own_value};
    request->query = query;
}

enum balm_code balm_request_url(const struct balm_request *request, struct balm_buf *buf)
{
    size_t i;
    (void)balm_buf_adds(buf, request->scheme);
    (void)balm_buf_adds(buf, "://");
    (void)balm_buf_adds(buf, request->host);
    (void)balm_buf_adds(buf, request->base_path);
    (void)balm_buf_adds(buf, request->path);
    for (i = 0; i < request->query_len; i++) {
        (void)balm_buf_addc(buf, i ? '&' : '?');
        (void)balm_buf_adds(buf, request->query[i].name);
        if (!request->query[i].value) continue;
        (void)balm_buf_addc(buf, '=');
        (void)balm_buf_adds(buf, request->query[i].value);
    }
    return buf->code;
}

static void show_header(struct balm_arena *arena, struct balm_value headers,
                        const struct balm_header *header)
{
    struct balm_value text = balm_string(header->value);
    struct balm_value *there = balm_map_get(headers, header->name);

    if (!there) {
        (void)balm_map_set(arena, headers, header->name, text);
    } else if (there->type == BALM_LIST) {
        (void)balm_list_push(arena, *there, text);
    } else {
        struct balm_value both[] = {*there, text};
        *there = balm_list_of(arena, both, 2);
    }
}

enum balm_code balm_request_value(const struct balm_request *request, struct balm_arena *arena,
                                  struct balm_value *out, struct balm_err *err)
{
    struct balm_buf url = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value headers = balm_map(arena);
    const struct balm_buf *body = &request->body;
    enum balm_code code = balm_request_url(request, &url);

    *out = balm_map(arena);
    (void)balm_map_set(arena, *out, "method", balm_string(request->method));
    (void)balm_map_set(arena, *out, "url", balm_text_n(arena, url.bytes, url.len));
    for (size_t i = 0; i < request->header_len; i++) {
        show_header(arena, headers, &request->headers[i]);
    }
    (void)balm_map_set(arena, *out, "headers", headers);
    if (balm_text_is_utf8(body->bytes, body->len)) {
        (void)balm_map_set(arena, *out, "body", balm_string_n(body->bytes, body->len));
    } else {
        (void)balm_map_set(arena, *out, "body_base64", balm_bytes(body->bytes, body->len));
    }
    if (code) code = balm_buf_status(&url, "the request's URL", err);
    balm_buf_free(&url);
    return code ? code : balm_arena_status(arena, err);
}

void balm_response_init(struct balm_response *response, size_t body_max)
{
    memset(response, 0, sizeof *response);
    balm_buf_init(&response->body, body_max);
    balm_arena_init(&response->arena, 0);
}

void balm_response_free(struct balm_response *response)
{
    balm_buf_wipe(&response->body);
    balm_arena_free(&response->arena);
    response->headers = NULL;
    response->header_len = 0;
    response->status = 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *balm_response_add_header(struct balm_response *response, const char *name,
                                     size_t name_len, const char *value, size_t value_len)
{
    struct balm_arena *arena = &response->arena;
    struct balm_header *headers;
    char *own_name = balm_arena_copy(arena, name, name_len);
    const char *own_value;
    size_t i;
    while (value_len && is_blank(value[0])) {
        value++;
        value_len--;
    }
    while (value_len && is_blank(value[value_len - 1])) {
        value_len--;
    }
    own_value = balm_arena_copy(arena, value, value_len);
    headers = make_room(arena, response->headers, response->header_len, sizeof *headers);
    if (!own_name || !own_value || !headers) return NULL;
    for (i = 0; i < name_len; i++) {
        own_name[i] = balm_text_lower(own_name[i]);
    }
    response->headers = headers;
    headers[response->header_len++] = (struct balm_header){own_name, own_value};
    return own_value;
}

const char *balm_response_header(const struct balm_response *response, const char *lower_name)
{
    size_t i;
    for (i = 0; i < response->header_len; i++) {
        if (strcmp(response->headers[i].name, lower_name) == 0) return response->headers[i].value;
    }
    return NULL;
}
