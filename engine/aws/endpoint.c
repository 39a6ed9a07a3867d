/*
 * endpoint: asks the rules, chooses among the auth schemes that they offer, and fills in a request.
 */
#include "aws/codec_custom.h"
#include "aws/endpoint_internal.h"

#include "core/text.h"

#include <string.h>

/* ---- URLs ---- */

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* How much of text is a host: names, dots and dashes, or an IPv6 address in brackets. */
static size_t host_span(const char *text)
{
    size_t len = 0;

    if (text[0] == '[') {
        len = strspn(text + 1, "0123456789abcdefABCDEF:.") + 1;
        return text[len] == ']' && len > 1 ? len + 1 : 0;
    }
    while (is_host_char(text[len])) {
        len++;
    }
    return len <= 253 ? len : 0;
}

/* The length of ":port", 0 where there is none or it is not one. *own: it is what the scheme
   means. */
static size_t port_span(const char *text, bool https, bool *own)
{
    size_t digits = text[0] == ':' ? strspn(text + 1, "0123456789") : 0;
    long port = 0;

    if (!digits || digits > 5) return 0;
    for (size_t i = 1; i <= digits; i++) {
        port = port * 10 + (text[i] - '0');
    }
    *own = port == (https ? 443 : 80);
    return port <= 65535 ? digits + 1 : 0;
}

/* Nothing that ends a path, or that a URL would not hold as it is. */
static size_t path_span(const char *text)
{
    size_t len = 0;

    while ((unsigned char)text[len] > ' ' && !strchr("?#\\\x7f", text[len])) {
        len++;
    }
    return len;
}

bool balm_endpoint_split(const char *url, struct balm_url_parts *parts)
{
    bool https = strncmp(url, "https://", 8) == 0;
    bool own_port = false;
    size_t host, port;

    if (!https && strncmp(url, "http://", 7) != 0) return false;
    parts->scheme = https ? "https" : "http";
    parts->host = url + (https ? 8 : 7);
    host = host_span(parts->host);
    if (!host) return false;
    port = port_span(parts->host + host, https, &own_port);
    parts->path = parts->host + host + port;
    parts->path_len = path_span(parts->path);
    if (parts->path[parts->path_len] || (parts->path_len && parts->path[0] != '/')) return false;
    parts->host_len = host + (own_port ? 0 : port);
    return true;
}

enum balm_code balm_endpoint_refuse(const char *url, struct balm_err *err)
{
    const char *at = strrchr(url, '@');

    return balm_fail(
        err, BALM_E_ARG,
        "\"%.200s\" cannot be an endpoint: it must be http:// or https://, a host, and a "
        "path at most",
        at ? at : url); /* what stands before an @ may be a password */
}

/* ---- auth schemes ---- */

bool balm_operation_is_unsigned(const struct balm_operation *operation)
{
    const char *name = balm_operation_name(operation);

    if (strcmp(balm_operation_auth_type(operation), "none") == 0) return true;
    if (strcmp(balm_service_name(balm_operation_service(operation)), "sts") != 0) return false;
    return strcmp(name, "AssumeRoleWithSAML") == 0 ||
           strcmp(name, "AssumeRoleWithWebIdentity") == 0;
}

static bool is_ours(const char *name)
{
    static const char *const names[] = {"sigv4", "sigv4a", "sigv4-s3express", "none"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

/* The first that Balm can sign with; else the first. */
static struct balm_value choose(struct balm_value schemes)
{
    for (size_t i = 0; i < balm_list_len(schemes); i++) {
        struct balm_value scheme = *balm_list_at(schemes, i);
        if (is_ours(balm_get_string(scheme, "name", ""))) return scheme;
    }
    return balm_list_len(schemes) ? *balm_list_at(schemes, 0) : balm_null();
}

static const char *signing_region(struct balm_value scheme, const char *otherwise)
{
    struct balm_value set = balm_get(scheme, "signingRegionSet");

    if (balm_list_len(set) && balm_list_at(set, 0)->type == BALM_STRING) {
        otherwise = balm_list_at(set, 0)->as.text;
    }
    return balm_get_string(scheme, "signingRegion", otherwise);
}

/* The S3 family signs in a way of its own: by the name that the rules state, else by the service's
   signature. */
static bool is_s3_style(const struct balm_service *service, struct balm_value scheme)
{
    const char *signing_name = balm_get_string(scheme, "signingName", NULL);
    static const char *const names[] = {"s3", "s3-outposts", "s3-object-lambda", "s3express"};

    if (!signing_name) return balm_text_starts(balm_service_signature(service), "s3");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], signing_name) == 0) return true;
    }
    return false;
}

static void take_scheme(struct balm_endpoint *out, const struct balm_endpoint_question *question,
                        struct balm_value scheme, const char *region)
{
    const char *model_scheme = balm_service_signature(question->service);

    if (strcmp(model_scheme, "v4a") == 0) {
        model_scheme = "sigv4a";
    } else if (strcmp(model_scheme, "bearer") != 0) {
        model_scheme = "sigv4";
    }
    out->auth_scheme = balm_get_string(scheme, "name", model_scheme);
    if (question->operation && balm_operation_is_unsigned(question->operation)) {
        out->auth_scheme = "none";
    }
    out->signing_region = signing_region(scheme, region);
    out->signing_name =
        balm_get_string(scheme, "signingName", balm_service_signing_name(question->service));
    out->payload_header = is_s3_style(question->service, scheme);
    out->raw_path = out->payload_header || balm_get_bool(scheme, "disableDoubleEncoding", false);
}

/* "aws-global" and its like are no regions to sign for: their partition's home is. */
static const char *real_region(const struct balm_partitions *partitions, const char *region)
{
    if (!balm_text_ends(region, "-global")) return region;
    return balm_partition_of(partitions, region)->home_region;
}

/* A service without a rule set: its host by the oldest custom. */
static enum balm_code by_custom(const struct balm_endpoint_question *question,
                                const struct balm_aws_config *config, const char *region,
                                const struct balm_partitions *partitions, struct balm_arena *arena,
                                struct balm_rules_result *out)
{
    const char *url = balm_aws_config_endpoint_url(config, balm_service_id(question->service));

    *out = (struct balm_rules_result){url, balm_null(), balm_null()};
    if (!url) {
        out->url = balm_arena_printf(arena, "https://%s.%s.%s",
                                     balm_service_endpoint_prefix(question->service), region,
                                     balm_partition_of(partitions, region)->dns_suffix);
    }
    return out->url ? BALM_OK : BALM_E_NOMEM;
}

enum balm_code balm_endpoint_resolve_by(struct balm_ways *ways,
                                        const struct balm_endpoint_question *question,
                                        const struct balm_aws_config *config,
                                        const struct balm_partitions *partitions,
                                        struct balm_arena *arena, struct balm_endpoint *out,
                                        struct balm_err *err)
{
    const struct balm_node *rules = balm_service_rules(question->service);
    struct balm_rules_result result;
    struct balm_url_parts parts;
    struct balm_value params;
    const char *region;
    enum balm_code code = balm_endpoint_params(question, config, arena, &params, &region, err);

    if (code) return code;
    if (rules) {
        code = balm_rules_evaluate(rules, partitions, ways, params, arena, &result, err);
    } else if (by_custom(question, config, region, partitions, arena, &result)) {
        code = balm_nomem(err);
    }
    if (code) return code;
    if (!balm_endpoint_split(result.url, &parts)) return balm_endpoint_refuse(result.url, err);
    out->url = result.url;
    out->headers = result.headers;
    take_scheme(out, question, choose(balm_get(result.properties, "authSchemes")),
                real_region(partitions, region));
    return BALM_OK;
}

enum balm_code balm_endpoint_resolve(const struct balm_endpoint_question *question,
                                     const struct balm_aws_config *config,
                                     const struct balm_partitions *partitions,
                                     struct balm_arena *arena, struct balm_endpoint *out,
                                     struct balm_err *err)
{
    return balm_endpoint_resolve_by(NULL, question, config, partitions, arena, out, err);
}

enum balm_code balm_endpoint_again_new(struct balm_rules_again **out, const struct balm_ways *ways,
                                       const struct balm_endpoint_question *question,
                                       const struct balm_aws_config *config,
                                       const struct balm_partitions *partitions,
                                       struct balm_err *err)
{
    const struct balm_node *rules = balm_service_rules(question->service);
    struct balm_arena scratch = BALM_ARENA_INIT;
    struct balm_value params;
    const char *region;
    enum balm_code code = BALM_OK;

    *out = NULL;
    if (rules) code = balm_endpoint_params(question, config, &scratch, &params, &region, err);
    if (rules && !code) code = balm_rules_again_new(out, rules, partitions, ways, params, err);
    balm_arena_free(&scratch);
    return code;
}

/* ---- requests ---- */

/* The rules put the account before the host where they require it; the model's prefix would be a
   second one. */
static bool rules_make_prefix(const struct balm_operation *operation, const char *prefix)
{
    const struct balm_node *fixed = balm_operation_static_context(operation);
    const struct balm_node *account = fixed ? balm_node_get(fixed, "RequiresAccountId") : NULL;

    return account && strcmp(prefix, "{AccountId}.") == 0;
}

static enum balm_code add_label(struct balm_buf *host, const char *name, size_t len,
                                struct balm_value params, struct balm_err *err)
{
    const struct balm_value *value = balm_map_get_n(params, name, len);

    if (!value || value->type != BALM_STRING ||
        !balm_text_is_host_label(value->as.text, value->len)) {
        return balm_fail(err, BALM_E_ARG,
                         "%.*s stands in the host name: it must be 1 to 63 letters, digits and "
                         "dashes",
                         (int)len, name);
    }
    return balm_buf_add(host, value->as.text, value->len);
}

static enum balm_code add_prefix(struct balm_buf *host, const char *prefix,
                                 struct balm_value params, struct balm_err *err)
{
    while (*prefix) {
        size_t plain = strcspn(prefix, "{");
        size_t label;
        enum balm_code code;
        (void)balm_buf_add(host, prefix, plain);
        prefix += plain;
        if (!*prefix) break;
        label = strcspn(prefix, "}");
        code = add_label(host, prefix + 1, label - 1, params, err);
        if (code) return code;
        prefix += label + (prefix[label] ? 1 : 0);
    }
    return BALM_OK;
}

/* A model of Machine Learning answers at a host of its own, which whoever asks has been told. */
static enum balm_code take_own_host(struct balm_url_parts *parts,
                                    const struct balm_operation *operation,
                                    struct balm_value params, struct balm_err *err)
{
    struct balm_url_parts own;

    if (!operation || !(balm_custom_of(operation) & BALM_CUSTOM_HOST)) return BALM_OK;
    const char *url = balm_get_string(params, "PredictEndpoint", "");
    if (!balm_endpoint_split(url, &own)) return balm_endpoint_refuse(url, err);
    parts->host = own.host;
    parts->host_len = own.host_len;
    return BALM_OK;
}

static void add_headers(struct balm_request *request, struct balm_value headers)
{
    for (size_t i = 0; i < balm_map_len(headers); i++) {
        const struct balm_entry *header = balm_map_at(headers, i);
        for (size_t j = 0; j < balm_list_len(header->value); j++) {
            struct balm_value value = *balm_list_at(header->value, j);
            if (value.type != BALM_STRING) continue;
            if (j) balm_request_add_header(request, header->key, value.as.text);
            if (!j) balm_request_set_header(request, header->key, value.as.text);
        }
    }
}

enum balm_code balm_endpoint_apply(const struct balm_endpoint *endpoint,
                                   const struct balm_operation *operation, struct balm_value params,
                                   struct balm_request *request, struct balm_err *err)
{
    const char *prefix = operation ? balm_operation_host_prefix(operation) : "";
    struct balm_buf host = BALM_BUF_INIT(1024);
    struct balm_url_parts parts;
    enum balm_code code = BALM_OK;

    if (!balm_endpoint_split(endpoint->url, &parts))
        return balm_endpoint_refuse(endpoint->url, err);
    code = take_own_host(&parts, operation, params, err);
    if (code) goto out;
    if (prefix[0] && !rules_make_prefix(operation, prefix)) {
        code = add_prefix(&host, prefix, params, err);
        if (code) goto out;
    }
    (void)balm_buf_add(&host, parts.host, parts.host_len);
    code = balm_buf_status(&host, "the host name", err);
    if (code) goto out;

    if (strcmp(request->path, "/") == 0 && parts.path_len) request->path = "";
    if (request->path[0] && parts.path_len && parts.path[parts.path_len - 1] == '/') {
        parts.path_len--;
    }
    request->scheme = parts.scheme;
    request->host = balm_arena_copy(request->arena, host.bytes, host.len);
    request->base_path = balm_arena_copy(request->arena, parts.path, parts.path_len);
    add_headers(request, endpoint->headers);
    code = balm_arena_status(request->arena, err);
out:
    balm_buf_free(&host);
    return code;
}
