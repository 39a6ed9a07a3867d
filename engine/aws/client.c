/*
 * client: what a process shares, and sessions.
 */
#include "aws/client.h"

#include "aws/client_internal.h"
#include "core/clock.h"
#include "core/text.h"
#include "core/version.h"

#include <stdlib.h>
#include <string.h>

enum balm_code balm_aws_new(struct balm_aws **out, const struct balm_aws_setup *setup,
                            struct balm_err *err)
{
    struct balm_aws *aws = calloc(1, sizeof *aws);
    enum balm_code code;

    if (!aws) return balm_nomem(err);
    aws->setup = *setup;
    code = balm_pack_open(&aws->pack, setup->models_path, err);
    if (!code) code = balm_signing_keys_new(&aws->keys, err);
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
    balm_roles_release(aws->roles);
    balm_provider_release(aws->own);
    balm_http_release(aws->http);
    balm_signing_keys_release(aws->keys);
    balm_partitions_release(aws->partitions);
    balm_pack_release(aws->pack);
    free(aws);
}

struct balm_pack *balm_aws_pack(struct balm_aws *aws)
{
    return aws->pack;
}

struct balm_loop *balm_aws_loop(struct balm_aws *aws)
{
    return aws->setup.loop;
}

const struct balm_aws_config *balm_aws_config_of(const struct balm_aws *aws)
{
    return aws->setup.config;
}

int64_t balm_aws_now(const struct balm_aws *aws)
{
    return aws->setup.fixed_now ? aws->setup.fixed_now : balm_clock_now();
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

    if (!aws->own) {
        code = balm_provider_chain(&aws->own, aws->setup.loop, aws->setup.config, err);
    }
    *out = aws->own;
    return code;
}

/* ---- sessions ---- */

static enum balm_code set_region(struct balm_session *session,
                                 const struct balm_session_options *options, struct balm_err *err)
{
    const char *configured = session->aws->setup.config->region;
    const struct balm_partitions *partitions;
    const struct balm_partition *partition = NULL;
    enum balm_code code;

    if (!options->region || !balm_text_is_host_label(options->region, strlen(options->region))) {
        return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not a region",
                         options->region ? options->region : "");
    }
    code = balm_aws_partitions(session->aws, &partitions, err);
    if (code) return code;
    if (strcmp(options->region, "global") != 0) {
        partition = balm_partition_of(partitions, options->region);
        session->region = balm_arena_strdup(&session->arena, options->region);
    } else {
        if (options->partition && options->partition[0]) {
            partition = balm_partition_by_id(partitions, options->partition);
        }
        if (!partition) {
            partition = balm_partition_of(partitions, configured ? configured : "us-east-1");
        }
        session->region = partition->home_region;
    }
    session->partition = partition->id;
    return BALM_OK;
}

static enum balm_code set_provider(struct balm_session *session,
                                   const struct balm_session_options *options, struct balm_err *err)
{
    if (options->role_arn) {
        return balm_role_provider(session->aws, options, session->region, &session->provider, err);
    }
    if (options->from && options->from->provider) {
        session->provider = options->from->provider;
        balm_provider_retain(session->provider);
    }
    return BALM_OK;
}

enum balm_code balm_session_open(struct balm_session **out, struct balm_aws *aws,
                                 const struct balm_session_options *options, struct balm_err *err)
{
    struct balm_session *session = calloc(1, sizeof *session);
    enum balm_code code;

    if (!session) return balm_nomem(err);
    session->references = 1;
    session->aws = aws;
    balm_arena_init(&session->arena, 0);
    session->account = options->account ? balm_arena_strdup(&session->arena, options->account) : "";
    session->agent = options->agent ? balm_arena_strdup(&session->arena, options->agent) : NULL;
    code = set_region(session, options, err);
    if (!code) code = set_provider(session, options, err);
    if (!code) code = balm_arena_status(&session->arena, err);
    if (code) {
        balm_session_release(session);
        return code;
    }
    *out = session;
    return BALM_OK;
}

void balm_session_retain(struct balm_session *session)
{
    session->references++;
}

void balm_session_release(struct balm_session *session)
{
    if (!session || --session->references > 0) return;
    balm_provider_release(session->provider);
    balm_arena_free(&session->arena);
    free(session);
}

const char *balm_session_region(const struct balm_session *session)
{
    return session->region;
}

const char *balm_session_partition(const struct balm_session *session)
{
    return session->partition;
}

const char *balm_session_account(const struct balm_session *session)
{
    return session->account;
}

struct balm_aws *balm_session_aws(struct balm_session *session)
{
    return session->aws;
}
