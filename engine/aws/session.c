/* client, the part about sessions: an identity in a region. */
#include "aws/client_internal.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum balm_code balm_session_make(struct balm_session **out, struct balm_aws *aws,
                                 struct balm_provider *provider, const char *region,
                                 struct balm_err *err)
{
    const struct balm_partitions *partitions;
    struct balm_session *session;
    enum balm_code code = balm_aws_partitions(aws, &partitions, err);
    if (code) return code;
    session = calloc(1, sizeof *session);
    if (!session) return balm_nomem(err);
    session->references = 1;
    session->aws = aws;
    session->account = "";
    if (provider) balm_provider_retain(provider);
    session->provider = provider;
    session->region = balm_arena_strdup(&session->arena, region);
    session->partition = balm_partition_of(partitions, region)->id;
    code = balm_arena_status(&session->arena, err);
    if (code) {
        balm_session_release(session);
    } else {
        *out = session;
    }
    return code;
}

/* "global" is the home of its partition. */
static enum balm_code real_region(struct balm_aws *aws, const struct balm_session_options *options,
                                  const char **region, struct balm_err *err)
{
    const struct balm_partitions *partitions;
    const struct balm_partition *partition;
    const char *configured = aws->config->region;
    enum balm_code code = balm_aws_partitions(aws, &partitions, err);
    if (code) return code;
    *region = options->region;
    if (!*region || !balm_text_is_host_label(*region, strlen(*region))) {
        return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not a region: it must be a host label",
                         *region ? *region : "");
    }
    if (strcmp(*region, "global") != 0) return BALM_OK;
    if (options->partition) {
        partition = balm_partition_by_id(partitions, options->partition);
    } else {
        partition = balm_partition_of(partitions, configured ? configured : "us-east-1");
    }
    if (!partition) {
        return balm_fail(err, BALM_E_ARG, "there is no partition \"%.40s\"", options->partition);
    }
    *region = partition->home_region;
    return BALM_OK;
}

enum balm_code balm_session_open(struct balm_session **out, struct balm_aws *aws,
                                 const struct balm_session_options *options, struct balm_err *err)
{
    struct balm_provider *provider = options->from ? options->from->provider : NULL;
    struct balm_role_options role = {.arn = options->role_arn,
                                     .external_id = options->external_id,
                                     .policy = options->session_policy,
                                     .name = options->session_name,
                                     .source = provider};
    struct balm_session *session;
    const char *region;
    enum balm_code code = real_region(aws, options, &region, err);
    if (!code && options->role_arn) {
        role.region = region;
        code = balm_role_provider(&provider, aws, &role, err);
    }
    if (!code) code = balm_session_make(&session, aws, provider, region, err);
    if (code) return code;
    if (options->account) session->account = balm_arena_strdup(&session->arena, options->account);
    if (options->agent) session->agent = balm_arena_strdup(&session->arena, options->agent);
    code = balm_arena_status(&session->arena, err);
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
