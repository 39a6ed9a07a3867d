/*
 * codec_custom_request: what some services want of a request that is written already.
 */
#include "aws/codec_custom.h"
#include "aws/codec_internal.h"
#include "core/digest.h"
#include "core/text.h"

#include <string.h>

#define TREE_CHUNK ((size_t)1 << 20)

/* Glacier's hash: of each megabyte, then of each pair of hashes, up to one. */
static enum balm_code tree_hash(char out[BALM_SHA256_HEX], const struct balm_buf *body,
                                struct balm_arena *arena, struct balm_err *err)
{
    size_t count = body->len ? (body->len + TREE_CHUNK - 1) / TREE_CHUNK : 1;
    unsigned char *hashes = balm_arena_alloc(arena, count * BALM_SHA256_LEN);
    struct balm_buf text = BALM_BUF_INIT(BALM_SHA256_HEX);

    if (!hashes) return balm_arena_status(arena, err);
    for (size_t i = 0; i < count; i++) {
        size_t left = body->len - i * TREE_CHUNK;
        balm_sha256(hashes + i * BALM_SHA256_LEN, body->bytes + i * TREE_CHUNK,
                    left < TREE_CHUNK ? left : TREE_CHUNK);
    }
    for (; count > 1; count = (count + 1) / 2) {
        for (size_t i = 0; i < count; i += 2) {
            unsigned char *pair = hashes + i * BALM_SHA256_LEN;
            unsigned char *to = hashes + i / 2 * BALM_SHA256_LEN;
            if (i + 1 < count) {
                balm_sha256(to, pair, (size_t)2 * BALM_SHA256_LEN);
            } else {
                memmove(to, pair, BALM_SHA256_LEN);
            }
        }
    }
    enum balm_code code = balm_text_hex(&text, hashes, BALM_SHA256_LEN);
    if (!code) memcpy(out, text.bytes, BALM_SHA256_HEX);
    if (code) code = balm_buf_status(&text, "a checksum", err);
    balm_buf_free(&text);
    return code;
}

static void header_unless_given(struct balm_request *request, const char *name, const char *value)
{
    if (!balm_request_header(request, name)) balm_request_add_header(request, name, value);
}

static enum balm_code add_tree_hash(struct balm_request *request, struct balm_err *err)
{
    char text[BALM_SHA256_HEX];

    balm_sha256_hex(text, request->body.bytes, request->body.len);
    header_unless_given(request, "x-amz-content-sha256", text);
    enum balm_code code = tree_hash(text, &request->body, request->arena, err);
    if (!code) header_unless_given(request, "x-amz-sha256-tree-hash", text);
    return code;
}

/* A reader of XML would turn line ends into others; entities survive. */
static enum balm_code escape_lines(struct balm_request *request, struct balm_err *err)
{
    struct balm_buf *body = &request->body;
    struct balm_buf escaped = BALM_BUF_INIT(body->max);

    if (!memchr(body->bytes, '\r', body->len) && !memchr(body->bytes, '\n', body->len)) {
        return BALM_OK;
    }
    for (size_t i = 0; i < body->len; i++) {
        if (body->bytes[i] == '\r') {
            (void)balm_buf_adds(&escaped, "&#xD;");
        } else if (body->bytes[i] == '\n') {
            (void)balm_buf_adds(&escaped, "&#xA;");
        } else {
            (void)balm_buf_addc(&escaped, body->bytes[i]);
        }
    }
    balm_buf_free(body);
    *body = escaped;
    return balm_buf_status(body, "the request", err);
}

/* A search may be longer than a URL can be. */
static enum balm_code query_to_form(struct balm_request *request, struct balm_err *err)
{
    if (!request->query_len || strcmp(request->method, "GET") != 0) return BALM_OK;
    balm_buf_clear(&request->body);
    for (size_t i = 0; i < request->query_len; i++) {
        const struct balm_pair *pair = &request->query[i];
        (void)balm_buf_addf(&request->body, "%s%s", i ? "&" : "", pair->name);
        if (pair->value) (void)balm_buf_addf(&request->body, "=%s", pair->value);
    }
    request->query_len = 0;
    request->method = "POST";
    balm_request_set_header(request, "Content-Type", "application/x-www-form-urlencoded");
    return balm_buf_status(&request->body, "the request", err);
}

enum balm_code balm_custom_request(const struct balm_operation *operation,
                                   struct balm_request *request, struct balm_err *err)
{
    const char *version = balm_service_api_version(balm_operation_service(operation));
    unsigned does = balm_custom_of(operation);
    enum balm_code code = BALM_OK;

    if (does & BALM_CUSTOM_VERSION) header_unless_given(request, "x-amz-glacier-version", version);
    if (does & BALM_CUSTOM_API_VERSION) header_unless_given(request, "x-amz-api-version", version);
    if (does & BALM_CUSTOM_ACCEPT) header_unless_given(request, "Accept", "application/json");
    if (balm_operation_checksum_response(operation)) {
        header_unless_given(request, "x-amz-checksum-mode", "ENABLED");
    }
    if (does & BALM_CUSTOM_TREE_HASH) code = add_tree_hash(request, err);
    if (!code && does & BALM_CUSTOM_LINES) code = escape_lines(request, err);
    if (!code && does & BALM_CUSTOM_POST) code = query_to_form(request, err);
    return code;
}
