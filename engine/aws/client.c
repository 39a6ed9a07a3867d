#include "aws/client.h"

#include "aws/client_internal.h"
#include "core/version.h"

#include <stdlib.h>

#define USER_AGENT "balm/" BALM_VERSION

enum balm_code balm_aws_new(struct balm_aws **out, const struct balm_aws_setup *setup,
                            struct balm_err *err)
{
    struct balm_aws *aws = calloc(1, sizeof *aws);
    enum balm_code code;
    if (!aws) return balm_nomem(err);
    aws->loop = setup->loop;
    aws->config = setup->config;
    aws->fixed_now = setup->fixed_now;
    aws->bucket_regions = balm_null();
    aws->cells = balm_null();
    aws->log = setup->log;
    code = balm_pack_open(&aws->pack, setup->models_path, err);
    if (!code) code = balm_signing_keys_new(&aws->keys, err);
    if (!code) code = balm_endpoint_memo_new(&aws->endpoints, err);
    if (code) {
        balm_aws_release(aws);
        return code;
    }
    *out = aws;
    return BALM_OK;
}

void balm_aws_release(struct balm_aws *aws)
{
    if (!aws) return;
    balm_bucket_sessions_release(aws);
    balm_roles_release(aws);
    balm_provider_release(aws->verified);
    balm_provider_release(aws->own);
    balm_http_release(aws->metadata);
    balm_http_release(aws->http);
    if (aws->partitions) balm_partitions_release(aws->partitions);
    balm_endpoint_memo_release(aws->endpoints);
    balm_signing_keys_release(aws->keys);
    balm_arena_free(&aws->bucket_arena);
    balm_paces_release(aws->paces);
    balm_skews_release(aws->skews);
    balm_arena_free(&aws->cell_arena);
    balm_pack_release(aws->pack);
    free(aws);
}

struct balm_pack *balm_aws_pack(struct balm_aws *aws)
{
    return aws->pack;
}

struct balm_loop *balm_aws_loop(struct balm_aws *aws)
{
    return aws->loop;
}

const struct balm_aws_config *balm_aws_config_of(const struct balm_aws *aws)
{
    return aws->config;
}

enum balm_code balm_aws_partitions(struct balm_aws *aws, const struct balm_partitions **out,
                                   struct balm_err *err)
{
    enum balm_code code = BALM_OK;
    if (!aws->partitions) code = balm_partitions_new(&aws->partitions, aws->pack, err);
    *out = aws->partitions;
    return code;
}

enum balm_code balm_aws_own_provider(struct balm_aws *aws, struct balm_provider **out,
                                     struct balm_err *err)
{
    enum balm_code code = BALM_OK;
    if (!aws->own) code = balm_provider_chain(&aws->own, aws, err);
    *out = aws->own;
    return code;
}

enum balm_code balm_aws_http(struct balm_aws *aws, struct balm_http **out, struct balm_err *err)
{
    struct balm_http_options options = {.ca_bundle = aws->config->ca_bundle,
                                        .user_agent = USER_AGENT};
    enum balm_code code = BALM_OK;
    if (!aws->http) code = balm_http_new(&aws->http, aws->loop, &options, err);
    *out = aws->http;
    return code;
}

enum balm_code balm_aws_metadata_http(struct balm_aws *aws, struct balm_http **out,
                                      struct balm_err *err)
{
    struct balm_http_options options = {.ca_bundle = aws->config->ca_bundle,
                                        .connect_timeout_ms =
                                            aws->config->metadata_timeout_s * 1000,
                                        .no_proxy = true,
                                        .user_agent = USER_AGENT};
    enum balm_code code = BALM_OK;
    if (!aws->metadata) code = balm_http_new(&aws->metadata, aws->loop, &options, err);
    *out = aws->metadata;
    return code;
}
