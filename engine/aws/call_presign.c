/*
 * client, the part about copies between regions: the service that takes the copy asks the one of
 * the other region with a URL that the caller signed.
 */
#include "aws/client_internal.h"

#include "aws/codec_custom.h"
#include "core/text.h"

#include <string.h>

#define EXPIRES_S 3600

/* name=value&name=value, as they stand in a body, become the query of url. */
static enum balm_code take_form(struct balm_request *url, const char *form, struct balm_err *err)
{
    struct balm_buf name = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf value = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code = BALM_OK;

    while (!code && *form) {
        size_t len = strcspn(form, "&");
        size_t middle = strcspn(form, "=&");
        size_t from = middle < len ? middle + 1 : len;
        balm_buf_clear(&name);
        balm_buf_clear(&value);
        code = balm_text_unpercent(&name, form, middle, true);
        if (!code) code = balm_text_unpercent(&value, form + from, len - from, true);
        if (!code) balm_request_add_query(url, name.bytes, value.bytes);
        form += len + (form[len] == '&');
    }
    if (code) (void)balm_nomem(err);
    balm_buf_free(&name);
    balm_buf_free(&value);
    return code;
}

/* Sets a pair, where it stands already, or adds it. */
static void set_pair(struct balm_request *url, const char *name, const char *value)
{
    for (size_t i = 0; i < url->query_len; i++) {
        if (strcmp(url->query[i].name, name) != 0) continue;
        url->query[i].value = value; /* a region: nothing to encode */
        return;
    }
    balm_request_add_query(url, name, value);
}

/* Where the call would go in the source's region. */
static enum balm_code find_source(struct balm_call *call, const char *region,
                                  struct balm_request *url, struct balm_endpoint *endpoint,
                                  struct balm_err *err)
{
    struct balm_aws *aws = call->session->aws;
    struct balm_endpoint_question question = {.service = call->service,
                                              .operation = call->operation,
                                              .params = call->params,
                                              .extra = balm_null(),
                                              .region = region};
    const struct balm_partitions *partitions;
    enum balm_code code = balm_aws_partitions(aws, &partitions, err);

    if (!code) {
        code =
            balm_endpoint_resolve(&question, aws->config, partitions, &call->arena, endpoint, err);
    }
    if (code) return balm_err_prefix(err, "SourceRegion");
    url->path = call->request.path;
    return balm_endpoint_apply(endpoint, call->operation, call->params, url, err);
}

/* The body anew: the form, with the URL in it. EC2 wants the region of the copy there as well:
   where it stands already, or last. */
static enum balm_code write_body(struct balm_call *call, const struct balm_request *url,
                                 const char *name, struct balm_err *err)
{
    static const char there[] = "&DestinationRegion=";
    bool is_ec2 = balm_custom_of(call->operation) & BALM_CUSTOM_COPY_SNAPSHOT;
    const char *form = call->plain_body;
    const char *stated = is_ec2 ? strstr(form, there) : NULL;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf *body = &call->request.body;
    enum balm_code code = balm_request_url(url, &text);

    balm_buf_clear(body);
    if (stated) {
        (void)balm_buf_add(body, form, (size_t)(stated - form));
        (void)balm_buf_addf(body, "%s%s", there, call->region);
        form = stated + sizeof there - 1;
        form += strcspn(form, "&");
    }
    (void)balm_buf_addf(body, "%s&%s=", form, name);
    (void)balm_text_percent(body, text.bytes, text.len, NULL);
    if (is_ec2 && !stated) (void)balm_buf_addf(body, "%s%s", there, call->region);
    if (!code) code = balm_buf_status(body, "the request", err);
    balm_buf_wipe(&text);
    return code;
}

static enum balm_code presign(struct balm_call *call, const char *region, const char *name,
                              const struct balm_credentials *credentials, int64_t now,
                              struct balm_err *err)
{
    struct balm_endpoint endpoint;
    struct balm_request url;
    enum balm_code code;

    balm_request_init(&url, &call->arena);
    code = find_source(call, region, &url, &endpoint, err);
    if (!code) code = take_form(&url, call->plain_body, err);
    if (!code) {
        struct balm_sigv4_options options = {.region = endpoint.signing_region,
                                             .service = endpoint.signing_name,
                                             .now = now,
                                             .keys = call->session->aws->keys};
        set_pair(&url, "DestinationRegion", call->region);
        code = balm_sigv4_presign(&url, credentials, &options, EXPIRES_S, err);
    }
    if (!code) code = write_body(call, &url, name, err);
    balm_request_free(&url);
    return code;
}

enum balm_code balm_call_presign(struct balm_call *call, const struct balm_credentials *credentials,
                                 int64_t now, struct balm_err *err)
{
    unsigned does = call->operation ? balm_custom_of(call->operation) : 0;
    const char *name = does & BALM_CUSTOM_COPY_SNAPSHOT ? "PresignedUrl" : "PreSignedUrl";
    const char *region = balm_get_string(call->params, "SourceRegion", NULL);

    if (!(does & (BALM_CUSTOM_COPY_SNAPSHOT | BALM_CUSTOM_OTHER_REGION))) return BALM_OK;
    if (!region || balm_map_get(call->params, name)) return BALM_OK;
    if (!call->plain_body) {
        call->plain_body = balm_arena_strdup(&call->arena, call->request.body.bytes);
        if (!call->plain_body) return balm_arena_status(&call->arena, err);
    }
    return presign(call, region, name, credentials, now, err);
}
