/*
 * assume_role: credentials of a role, by sts:AssumeRole, one request for all who want the same.
 */
#include "aws/client_internal.h"
#include "core/text.h"
#include "core/time.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_NAME_MAX 64

struct balm_role {
    struct balm_role *next;
    struct balm_arena arena;
    const char *key; /* what makes one role differ from another */
    struct balm_aws *aws;
    struct balm_session *source; /* who assumes it, and where */
    struct balm_value params;
    struct balm_call *call; /* a fetch under way */
    struct balm_provider *provider;
};

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct balm_role *role = owner;
    struct balm_value keys = balm_get(result->answer, "Credentials");
    const char *arn = balm_path(result->answer, "AssumedRoleUser.Arn").type == BALM_STRING
                          ? balm_path(result->answer, "AssumedRoleUser.Arn").as.text
                          : "";
    struct balm_credentials credentials = {balm_get_string(keys, "AccessKeyId", NULL),
                                           balm_get_string(keys, "SecretAccessKey", NULL),
                                           balm_get_string(keys, "SessionToken", NULL)};
    struct balm_value expires = balm_get(keys, "Expiration");
    struct balm_call *call = role->call;
    struct balm_err err = result->err;
    char account[13] = "";

    for (int colons = 0; *arn && colons < 4; arn++)
        colons += *arn == ':';
    if (strspn(arn, "0123456789") == 12) memcpy(account, arn, 12);
    role->call = NULL;
    if (!err.code && (!credentials.access_key_id || !credentials.secret_access_key ||
                      !credentials.session_token || !account[0])) {
        (void)balm_fail(&err, BALM_E_INPUT, "the answer to sts:AssumeRole holds no credentials");
    }
    if (err.code) {
        (void)balm_err_prefix(&err, "sts:AssumeRole %s",
                              balm_get_string(role->params, "RoleArn", ""));
        balm_provider_supply(role->provider, NULL, "", 0, &err);
    } else {
        balm_provider_supply(role->provider, &credentials, account,
                             expires.type == BALM_TIME ? expires.as.integer : 0, NULL);
    }
    balm_call_release(call);
}

static enum balm_code start(struct balm_role *role, struct balm_err *err)
{
    static const struct balm_call_options plain = {NULL, false};
    const struct balm_service *service;
    const struct balm_operation *operation;
    struct balm_value problems;
    enum balm_code code = balm_pack_service(role->aws->pack, "sts", &service, err);

    if (!code) code = balm_service_operation(service, "AssumeRole", &operation, err);
    if (!code) {
        code = balm_call_new(&role->call, role->source, operation, role->params, &plain,
                             &role->arena, &problems, err);
    }
    if (!code) balm_call_send(role->call, on_answer, role);
    return code;
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct balm_role *role = owner;
    struct balm_err err;

    if (start(role, &err)) balm_provider_supply(provider, NULL, "", 0, &err);
}

static void release(void *owner)
{
    struct balm_role *role = owner;

    balm_call_release(role->call);
    balm_session_release(role->source);
    balm_arena_free(&role->arena);
    free(role);
}

void balm_roles_release(struct balm_role *roles)
{
    while (roles) {
        struct balm_role *next = roles->next;
        balm_provider_release(roles->provider); /* frees the role with its last session */
        roles = next;
    }
}

/* "balm-AWS.S3.EnableBucketVersioning": 64 characters that STS takes. */
static struct balm_value session_name(struct balm_arena *arena, const char *name)
{
    char *text = balm_arena_strdup(arena, name && name[0] ? name : "balm");

    if (!text) return balm_null();
    if (strlen(text) > SESSION_NAME_MAX) text[SESSION_NAME_MAX] = '\0';
    for (char *c = text; *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("_+=,.@-", *c)) *c = '-';
    }
    return balm_string(text);
}

static void fill_params(struct balm_role *role, const struct balm_session_options *options)
{
    struct balm_arena *arena = &role->arena;

    role->params = balm_map(arena);
    balm_map_set(arena, role->params, "RoleArn", balm_text(arena, options->role_arn));
    balm_map_set(arena, role->params, "RoleSessionName",
                 session_name(arena, options->session_name));
    if (options->external_id && options->external_id[0]) {
        balm_map_set(arena, role->params, "ExternalId", balm_text(arena, options->external_id));
    }
    if (options->session_policy) {
        balm_map_set(arena, role->params, "Policy", balm_text(arena, options->session_policy));
    }
}

static enum balm_code make(struct balm_role *role, const struct balm_session_options *options,
                           const char *region, struct balm_err *err)
{
    struct balm_session_options source = {.from = options->from, .region = region};
    struct balm_fetcher fetcher = {fetch, release, role};
    enum balm_code code;

    fill_params(role, options);
    code = balm_arena_status(&role->arena, err);
    if (!code) code = balm_session_open(&role->source, role->aws, &source, err);
    if (!code) {
        code = balm_provider_fetching(&role->provider, role->aws->setup.loop, &fetcher, err);
    }
    return code;
}

enum balm_code balm_role_provider(struct balm_aws *aws, const struct balm_session_options *options,
                                  const char *region, struct balm_provider **out,
                                  struct balm_err *err)
{
    struct balm_role *role = calloc(1, sizeof *role);
    enum balm_code code;

    if (!role) return balm_nomem(err);
    balm_arena_init(&role->arena, 0);
    role->aws = aws;
    role->key =
        balm_arena_printf(&role->arena, "%p\n%s\n%s\n%s\n%s\n%s",
                          options->from ? (void *)options->from->provider : NULL, options->role_arn,
                          options->external_id ? options->external_id : "", region,
                          options->session_name ? options->session_name : "",
                          options->session_policy ? options->session_policy : "");
    code = balm_arena_status(&role->arena, err);
    for (struct balm_role *known = aws->roles; !code && known; known = known->next) {
        if (strcmp(known->key, role->key) != 0) continue;
        release(role);
        balm_provider_retain(known->provider);
        *out = known->provider;
        return BALM_OK;
    }
    if (!code) code = make(role, options, region, err);
    if (code) {
        release(role);
        return code;
    }
    role->next = aws->roles;
    aws->roles = role;
    balm_provider_retain(role->provider);
    *out = role->provider;
    return BALM_OK;
}
