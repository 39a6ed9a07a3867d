/* credentials, the part that asks an EC2 instance's metadata service: a token first, then the name
   of the role, then its credentials. */
#include "aws/credentials_internal.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <stdlib.h>
#include <string.h>

#define ROLES      "latest/meta-data/iam/security-credentials/"
#define SECOND_NS  INT64_C(1000000000)
#define SECOND_US  INT64_C(1000000)
#define SECRET_MAX ((size_t)4096)

struct source {
    struct balm_aws *aws;
    struct balm_provider *provider; /* whose fetcher this is */
    struct balm_arena arena;
    const char *base; /* ends in a slash */
    const char *tried;
    bool v1_disabled;
    bool worked; /* once: it is no guess any more */
    struct balm_buf url;
    struct balm_buf token;
    struct balm_metadata_question question;
    struct balm_metadata metadata;
};

static void fail(struct source *source, const struct balm_err *why)
{
    struct balm_err err = *why;
    bool is_guess = source->tried[0] && !source->worked;
    if (is_guess || err.code != BALM_E_NET) err.code = BALM_E_AUTH;
    if (is_guess) {
        err.retryable = false;
        (void)balm_err_prefix(&err, "no AWS credentials found: %s; no EC2 role", source->tried);
    } else {
        (void)balm_err_prefix(&err, "the EC2 role's credentials");
    }
    balm_provider_supply(source->provider, NULL, NULL, 0, &err);
}

static void fail_status(struct source *source, const char *asked)
{
    struct balm_err err;
    (void)balm_fail(&err, BALM_E_AUTH, "%s answered with status %d when asked for %s",
                    source->metadata.request.host, source->metadata.response.status, asked);
    fail(source, &err);
}

static void ask(struct source *source, const char *method, const char *path,
                struct balm_header header, void (*done)(void *owner, const struct balm_err *err))
{
    const struct balm_aws_config *config = source->aws->config;
    source->question = (struct balm_metadata_question){
        .method = method,
        .headers = {header, {NULL, NULL}},
        /* a little more than connecting may take, so that the two are told apart */
        .timeout_ns = config->metadata_timeout_s * SECOND_NS + SECOND_NS / 4,
        .attempts = config->metadata_attempts};
    balm_buf_clear(&source->url);
    (void)balm_buf_adds(&source->url, source->base);
    (void)balm_buf_adds(&source->url, path);
    source->question.url = source->url.bytes;
    balm_metadata_ask(&source->metadata, &source->question, done, source);
}

static void ask_with_token(struct source *source, const char *path,
                           void (*done)(void *owner, const struct balm_err *err))
{
    struct balm_header none = {NULL, NULL};
    struct balm_header header = {"x-aws-ec2-metadata-token", source->token.bytes};
    ask(source, "GET", path, source->token.len ? header : none, done);
}

/* ---- the credentials ---- */

/* When the service cannot renew them it gives what it has: that is used on for a while, as the SDKs
   do, and asked for again within minutes. */
static int64_t extend(const struct source *source, int64_t expires)
{
    unsigned char random;
    int64_t now = balm_clock_now();
    int64_t window;
    balm_random(&random, sizeof random);
    window = (900 + 120 + random * 480 / 255) * SECOND_US;
    if (!expires || now < expires - window) return expires;
    balm_log(source->aws->log, BALM_LOG_WARN,
             "the EC2 role's credentials end soon, or have ended, and the metadata service has no "
             "others yet; they are used on");
    return now + window;
}

static enum balm_code read_credentials(const struct source *source, struct balm_arena *arena,
                                       struct balm_credentials *out, int64_t *expires,
                                       struct balm_err *err)
{
    const struct balm_buf *body = &source->metadata.response.body;
    struct balm_value document;
    const char *code;
    if (balm_json_parse(arena, body->bytes, body->len, &document, NULL)) {
        return balm_fail(err, BALM_E_AUTH, "what %s answered is not JSON",
                         source->metadata.request.host);
    }
    code = balm_get_string(document, "Code", "Success");
    if (strcmp(code, "Success") != 0) {
        return balm_fail(err, BALM_E_AUTH, "%s says %.80s", source->metadata.request.host, code);
    }
    return balm_credentials_read(document, "Token", out, expires, err);
}

static void on_credentials(void *owner, const struct balm_err *failure)
{
    struct source *source = owner;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_credentials credentials;
    struct balm_err err;
    int64_t expires;
    balm_buf_wipe(&source->token);
    if (failure->code) {
        fail(source, failure);
    } else if (source->metadata.response.status != 200) {
        fail_status(source, "credentials");
    } else if (read_credentials(source, &arena, &credentials, &expires, &err)) {
        fail(source, &err);
    } else {
        source->worked = true;
        balm_provider_supply(source->provider, &credentials, "", extend(source, expires), NULL);
    }
    balm_arena_wipe(&arena);
}

static void on_role(void *owner, const struct balm_err *failure)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_+=,.@-";
    struct source *source = owner;
    const struct balm_buf *body = &source->metadata.response.body;
    struct balm_buf path = BALM_BUF_INIT(1024);
    size_t len = strspn(body->bytes, allowed);
    if (failure->code) {
        fail(source, failure);
    } else if (source->metadata.response.status != 200) {
        fail_status(source, "the role's name");
    } else if (len == 0 || strspn(body->bytes + len, "\r\n") != body->len - len ||
               balm_buf_addf(&path, ROLES "%.*s", (int)len, body->bytes)) {
        struct balm_err err;
        (void)balm_fail(&err, BALM_E_AUTH, "%s did not answer with the name of a role",
                        source->metadata.request.host);
        fail(source, &err);
    } else {
        ask_with_token(source, path.bytes, on_credentials);
    }
    balm_buf_free(&path);
}

/* Without a token it may be a service of the first version; or the token's way back is too long. */
static void on_token(void *owner, const struct balm_err *failure)
{
    struct source *source = owner;
    const struct balm_response *response = &source->metadata.response;
    int status = failure->code ? 0 : response->status;
    bool may_be_v1 =
        failure->code ? response->was_sent : status == 403 || status == 404 || status == 405;
    if (status == 200) {
        (void)balm_buf_add(&source->token, response->body.bytes, response->body.len);
    } else if (!may_be_v1 || source->v1_disabled) {
        if (status) fail_status(source, "a token");
        if (!status) fail(source, failure);
        return;
    }
    ask_with_token(source, ROLES, on_role);
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct source *source = owner;
    struct balm_header ttl = {"x-aws-ec2-metadata-token-ttl-seconds", "21600"};
    (void)provider;
    balm_buf_wipe(&source->token);
    ask(source, "PUT", "latest/api/token", ttl, on_token);
}

static void release(void *owner)
{
    struct source *source = owner;
    balm_metadata_free(&source->metadata);
    balm_buf_wipe(&source->token);
    balm_buf_free(&source->url);
    balm_arena_free(&source->arena);
    free(source);
}

/* ---- finding it ---- */

static enum balm_code choose_base(struct source *source, struct balm_err *err)
{
    const struct balm_aws_config *config = source->aws->config;
    const char *endpoint = balm_aws_config_setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                                   "ec2_metadata_service_endpoint");
    const char *mode = balm_aws_config_setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                               "ec2_metadata_service_endpoint_mode");
    bool v6 = balm_aws_config_flag(config, "AWS_IMDS_USE_IPV6", "imds_use_ipv6");
    struct balm_url_parts parts;
    if (mode) {
        v6 = balm_text_same_nocase(mode, "ipv6");
        if (!v6 && !balm_text_same_nocase(mode, "ipv4")) {
            return balm_fail(err, BALM_E_AUTH,
                             "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (or the profile's "
                             "ec2_metadata_service_endpoint_mode) must be ipv4 or ipv6");
        }
    }
    if (!endpoint) endpoint = v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    if (!balm_endpoint_split(endpoint, &parts)) return balm_endpoint_refuse(endpoint, err);
    source->base = balm_arena_printf(&source->arena, "%s%s", endpoint,
                                     balm_text_ends(endpoint, "/") ? "" : "/");
    return balm_arena_status(&source->arena, err);
}

static enum balm_code make(struct balm_aws *aws, const char *tried, struct balm_provider **out,
                           struct balm_err *err)
{
    struct source *source = calloc(1, sizeof *source);
    struct balm_fetcher fetcher = {
        .fetch = fetch, .release = release, .owner = source, .log = aws->log};
    if (!source) return balm_nomem(err);
    source->aws = aws;
    source->tried = balm_arena_strdup(&source->arena, tried);
    source->v1_disabled = balm_aws_config_flag(aws->config, "AWS_EC2_METADATA_V1_DISABLED",
                                               "ec2_metadata_v1_disabled");
    balm_buf_init(&source->url, SECRET_MAX);
    balm_buf_init(&source->token, SECRET_MAX);
    balm_metadata_init(&source->metadata, aws);
    return balm_source_finish(&fetcher, aws, choose_base(source, err), &source->provider, out, err);
}

enum balm_found balm_find_instance(struct balm_aws *aws, const char *tried,
                                   struct balm_provider **out, struct balm_err *err)
{
    const char *disabled = balm_aws_config_env("AWS_EC2_METADATA_DISABLED");
    if (!disabled || !balm_text_same_nocase(disabled, "true")) {
        return make(aws, tried, out, err) ? BALM_BROKEN : BALM_FOUND;
    }
    if (tried[0]) {
        (void)balm_fail(err, BALM_E_AUTH,
                        "no AWS credentials found: %s; AWS_EC2_METADATA_DISABLED is true", tried);
    } else {
        (void)balm_fail(err, BALM_E_AUTH,
                        "the EC2 role's credentials: AWS_EC2_METADATA_DISABLED is true");
    }
    return BALM_BROKEN;
}
