/* credentials, the part that asks the agent of a container (ECS, EKS). Its token must not go to
   whoever an environment variable names: only to TLS, this host, and the agents' own addresses. */
#include "aws/credentials_internal.h"

#include "core/file.h"
#include "core/json.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_MAX  ((size_t)65536)
#define TIMEOUT_NS INT64_C(2000000000)
#define PAUSE_NS   INT64_C(1000000000)
#define ATTEMPTS   3

struct source {
    struct balm_aws *aws;
    struct balm_provider *provider; /* whose fetcher this is */
    struct balm_arena arena;
    const char *url;
    struct balm_buf token;
    struct balm_metadata_question question;
    struct balm_metadata metadata;
};

/* ---- where it may go ---- */

static bool is_agent_v4(const char *host)
{
    struct in_addr address;
    uint32_t number;
    if (inet_pton(AF_INET, host, &address) != 1) return false;
    number = ntohl(address.s_addr);
    return number >> 24 == 127 || number == 0xA9FEAA02 /* 169.254.170.2 */ ||
           number == 0xA9FEAA17 /* 169.254.170.23 */;
}

static bool is_agent_v6(const char *host)
{
    static const struct in6_addr eks = {
        {{0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23}}};
    struct in6_addr address;
    if (inet_pton(AF_INET6, host, &address) != 1) return false;
    return IN6_IS_ADDR_LOOPBACK(&address) || memcmp(&address, &eks, sizeof eks) == 0;
}

static bool may_go_to(const struct balm_url_parts *parts)
{
    bool is_v6 = parts->host[0] == '[';
    size_t len = is_v6 ? strcspn(parts->host, "]") - 1 : strcspn(parts->host, ":/");
    char host[64];
    if (strcmp(parts->scheme, "https") == 0) return true;
    if (len >= sizeof host) return false;
    memcpy(host, parts->host + is_v6, len);
    host[len] = '\0';
    return is_v6 ? is_agent_v6(host) : is_agent_v4(host) || strcmp(host, "localhost") == 0;
}

static enum balm_code check_url(struct source *source, struct balm_err *err)
{
    char *bare = balm_arena_strdup(&source->arena, source->url);
    struct balm_url_parts parts;
    if (!bare) return balm_arena_status(&source->arena, err);
    bare[strcspn(bare, "?")] = '\0';
    if (!balm_endpoint_split(bare, &parts)) return balm_endpoint_refuse(bare, err);
    if (may_go_to(&parts)) return BALM_OK;
    return balm_fail(err, BALM_E_AUTH,
                     "%.*s may not be asked: it must be https, this host, 169.254.170.2, "
                     "169.254.170.23 or [fd00:ec2::23]",
                     (int)parts.host_len, parts.host);
}

/* ---- asking ---- */

static void fail(struct source *source, const struct balm_err *why)
{
    struct balm_err err = *why;
    if (err.code != BALM_E_NET) err.code = BALM_E_AUTH;
    (void)balm_err_prefix(&err, "the container's credentials");
    balm_provider_supply(source->provider, NULL, NULL, 0, &err);
}

static void on_answer(void *owner, const struct balm_err *failure)
{
    struct source *source = owner;
    const struct balm_response *response = &source->metadata.response;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_credentials credentials;
    struct balm_value document;
    struct balm_err err = *failure;
    int64_t expires = 0;
    if (!err.code && response->status != 200) {
        (void)balm_fail(&err, BALM_E_AUTH, "%s answered with status %d",
                        source->metadata.request.host, response->status);
    } else if (!err.code &&
               balm_json_parse(&arena, response->body.bytes, response->body.len, &document, NULL)) {
        (void)balm_fail(&err, BALM_E_AUTH, "what %s answered is not JSON",
                        source->metadata.request.host);
    } else if (!err.code) {
        (void)balm_credentials_read(document, "Token", &credentials, &expires, &err);
    }
    if (!err.code) (void)balm_credentials_check_time(expires, &err);
    if (err.code) {
        fail(source, &err);
    } else {
        balm_provider_supply(source->provider, &credentials, "", expires, NULL);
    }
    balm_arena_wipe(&arena);
}

/* The file is written anew as its token ages, so it is read each time. */
static enum balm_code read_token(struct source *source, struct balm_err *err)
{
    const char *path = balm_aws_config_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *token = balm_aws_config_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    balm_buf_wipe(&source->token);
    if (path) {
        if (balm_file_read(&source->token, path, err)) return err->code;
        while (source->token.len && strchr("\r\n", source->token.bytes[source->token.len - 1])) {
            balm_buf_cut(&source->token, 1);
        }
    } else if (token) {
        (void)balm_buf_adds(&source->token, token);
    }
    if (balm_buf_status(&source->token, "the authorization token", err)) return err->code;
    if (strcspn(source->token.bytes, "\r\n") == source->token.len) return BALM_OK;
    return balm_fail(err, BALM_E_AUTH, "the authorization token holds a line break or a NUL");
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct source *source = owner;
    struct balm_err err;
    (void)provider;
    if (read_token(source, &err)) {
        fail(source, &err);
        return;
    }
    source->question =
        (struct balm_metadata_question){.method = "GET",
                                        .url = source->url,
                                        .headers = {{"Accept", "application/json"}, {NULL, NULL}},
                                        .timeout_ns = TIMEOUT_NS,
                                        .attempts = ATTEMPTS,
                                        .pause_ns = PAUSE_NS};
    if (source->token.len) {
        source->question.headers[1] = (struct balm_header){"Authorization", source->token.bytes};
    }
    balm_metadata_ask(&source->metadata, &source->question, on_answer, source);
}

static void release(void *owner)
{
    struct source *source = owner;
    balm_metadata_free(&source->metadata);
    balm_buf_wipe(&source->token);
    balm_arena_free(&source->arena);
    free(source);
}

/* ---- finding it ---- */

static enum balm_code find_url(struct source *source, const char *relative, const char *full,
                               struct balm_err *err)
{
    if (relative && relative[0] != '/') {
        return balm_fail(err, BALM_E_AUTH,
                         "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with a slash");
    }
    source->url = relative ? balm_arena_printf(&source->arena, "http://169.254.170.2%s", relative)
                           : balm_arena_strdup(&source->arena, full);
    if (!source->url) return balm_arena_status(&source->arena, err);
    return check_url(source, err);
}

static enum balm_code make(struct balm_aws *aws, const char *relative, const char *full,
                           struct balm_provider **out, struct balm_err *err)
{
    struct source *source = calloc(1, sizeof *source);
    struct balm_fetcher fetcher = {
        .fetch = fetch, .release = release, .owner = source, .log = aws->log};
    if (!source) return balm_nomem(err);
    source->aws = aws;
    balm_buf_init(&source->token, TOKEN_MAX);
    balm_metadata_init(&source->metadata, aws);
    return balm_source_finish(&fetcher, aws, find_url(source, relative, full, err),
                              &source->provider, out, err);
}

enum balm_found balm_find_container(struct balm_aws *aws, struct balm_provider **out,
                                    struct balm_err *err)
{
    const char *relative = balm_aws_config_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = balm_aws_config_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!relative && !full) return BALM_NOT_MEANT;
    if (!make(aws, relative, full, out, err)) return BALM_FOUND;
    (void)balm_err_prefix(err, "the container's credentials");
    err->code = BALM_E_AUTH;
    return BALM_BROKEN;
}
