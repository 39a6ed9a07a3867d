/*
 * client, the part about identities that are asked for: roles that are assumed, and the account
 * of the own credentials.
 */
#include "aws/client_internal.h"

#include "core/text.h"
#include "core/time.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_NAME_MAX 64

struct balm_role {
    struct balm_role *next;
    struct balm_provider *provider; /* this role's; not counted: it frees the role */
    struct balm_provider *source;   /* told apart by it; NULL: the own */
    struct balm_session *session;   /* that asks: the source's identity, in the region */
    struct balm_call *call;
    struct balm_arena arena;
    const char *arn; /* NULL: GetCallerIdentity */
    const char *external_id;
    const char *policy;
    const char *name;
    const char *region;
};

static const char *same_or_empty(const char *text)
{
    return text ? text : "";
}

/* "arn:aws:sts::123456789012:assumed-role/x/y": between the fourth colon and the fifth. */
static const char *account_of(struct balm_arena *arena, const char *arn)
{
    int colons;
    for (colons = 0; colons < 4; colons++) {
        arn = strchr(arn, ':');
        if (!arn) return "";
        arn++;
    }
    return balm_arena_copy(arena, arn, strcspn(arn, ":"));
}

static void fail(struct balm_role *role, const struct balm_err *why)
{
    struct balm_err err = *why;
    if (role->arn) {
        (void)balm_err_prefix(&err, "cannot assume %.200s", role->arn);
    } else {
        (void)balm_err_prefix(&err, "cannot learn the account of the credentials");
    }
    balm_provider_supply(role->provider, NULL, NULL, 0, &err);
}

static void supply_role(struct balm_role *role, struct balm_value answer)
{
    struct balm_value given = balm_get(answer, "Credentials");
    struct balm_value expires = balm_get(given, "Expiration");
    const char *arn = balm_get_string(balm_get(answer, "AssumedRoleUser"), "Arn", "");
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_credentials credentials = {balm_get_string(given, "AccessKeyId", ""),
                                           balm_get_string(given, "SecretAccessKey", ""),
                                           balm_get_string(given, "SessionToken", "")};
    const char *account = account_of(&arena, arn);
    struct balm_err err;
    if (!credentials.access_key_id[0] || !credentials.secret_access_key[0] || !account ||
        !account[0]) {
        (void)balm_fail(&err, BALM_E_INPUT, "the answer lacks credentials or the role's ARN");
        fail(role, &err);
    } else {
        balm_provider_supply(role->provider, &credentials, account,
                             expires.type == BALM_TIME ? expires.as.integer : 0, NULL);
    }
    balm_value_wipe(given); /* the provider has copied them */
    balm_arena_free(&arena);
}

static void supply_own(struct balm_role *role, struct balm_value answer)
{
    const struct balm_credentials *own = balm_provider_peek(role->session->aws->own, NULL);
    const char *account = balm_get_string(answer, "Account", "");
    struct balm_err err;
    if (own && account[0]) {
        balm_provider_supply(role->provider, own, account, 0, NULL);
        return;
    }
    (void)balm_fail(&err, BALM_E_INPUT, "the answer names no account");
    fail(role, &err);
}

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct balm_role *role = owner;
    if (result->err.code) {
        fail(role, &result->err);
    } else if (role->arn) {
        supply_role(role, result->answer);
    } else {
        supply_own(role, result->answer);
    }
}

static struct balm_value params_of(struct balm_role *role, struct balm_arena *arena)
{
    struct balm_value params = balm_map(arena);
    if (!role->arn) return params;
    (void)balm_map_set(arena, params, "RoleArn", balm_string(role->arn));
    (void)balm_map_set(arena, params, "RoleSessionName", balm_string(role->name));
    if (role->external_id[0]) {
        (void)balm_map_set(arena, params, "ExternalId", balm_string(role->external_id));
    }
    if (role->policy[0]) {
        (void)balm_map_set(arena, params, "Policy", balm_string(role->policy));
    }
    return params;
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct balm_role *role = owner;
    struct balm_pack *pack = role->session->aws->pack;
    struct balm_arena arena = BALM_ARENA_INIT;
    const struct balm_service *sts;
    const struct balm_operation *operation;
    struct balm_value problems;
    struct balm_err err;
    const char *name = role->arn ? "AssumeRole" : "GetCallerIdentity";
    enum balm_code code = balm_pack_service(pack, "sts", &sts, &err);
    (void)provider;
    balm_call_release(role->call);
    role->call = NULL;
    if (!code) code = balm_service_operation(sts, name, &operation, &err);
    if (!code) {
        code = balm_call_new(&role->call, role->session, operation, params_of(role, &arena), NULL,
                             &arena, &problems, &err);
    }
    if (code) {
        fail(role, &err);
    } else {
        balm_call_send(role->call, on_answer, role);
    }
    balm_arena_free(&arena);
}

static void release(void *owner)
{
    struct balm_role *role = owner;
    balm_call_release(role->call);
    balm_session_release(role->session);
    balm_arena_free(&role->arena);
    free(role);
}

/* What STS takes: letters, digits and a few marks, 2 to 64 of them. */
static const char *session_name(struct balm_arena *arena, const char *wanted)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_+=,.@-";
    const char *text = wanted && wanted[0] ? wanted : "balm";
    char *name = balm_arena_copy(arena, text, strnlen(text, SESSION_NAME_MAX));
    char *at;
    for (at = name; at && *at; at++) {
        if (!strchr(allowed, *at)) *at = '-';
    }
    return name;
}

static enum balm_code make(struct balm_role **out, struct balm_aws *aws, const char *region,
                           struct balm_provider *source, struct balm_err *err)
{
    struct balm_role *role = calloc(1, sizeof *role);
    struct balm_fetcher fetcher = {fetch, release, role};
    enum balm_code code;
    if (!role) return balm_nomem(err);
    role->source = source;
    code = balm_session_make(&role->session, aws, source, region, err);
    if (!code) code = balm_provider_fetching(&role->provider, aws->loop, &fetcher, err);
    if (code) {
        release(role);
        return code;
    }
    *out = role;
    return BALM_OK;
}

static bool is_same(const struct balm_role *role, const struct balm_session_options *options,
                    const char *region, const struct balm_provider *source)
{
    return role->source == source && strcmp(role->arn, options->role_arn) == 0 &&
           strcmp(role->region, region) == 0 &&
           strcmp(role->external_id, same_or_empty(options->external_id)) == 0 &&
           strcmp(role->policy, same_or_empty(options->session_policy)) == 0;
}

enum balm_code balm_role_provider(struct balm_provider **out, struct balm_aws *aws,
                                  const struct balm_session_options *options, const char *region,
                                  struct balm_provider *source, struct balm_err *err)
{
    struct balm_role *role;
    enum balm_code code;
    for (role = aws->roles; role; role = role->next) {
        if (!is_same(role, options, region, source)) continue;
        *out = role->provider;
        return BALM_OK;
    }
    code = make(&role, aws, region, source, err);
    if (code) return code;
    role->arn = balm_arena_strdup(&role->arena, options->role_arn);
    role->external_id = balm_arena_strdup(&role->arena, same_or_empty(options->external_id));
    role->policy = balm_arena_strdup(&role->arena, same_or_empty(options->session_policy));
    role->region = balm_arena_strdup(&role->arena, region);
    role->name = session_name(&role->arena, options->session_name);
    code = balm_arena_status(&role->arena, err);
    if (code) {
        balm_provider_release(role->provider);
        return code;
    }
    role->next = aws->roles;
    aws->roles = role;
    *out = role->provider;
    return BALM_OK;
}

void balm_roles_release(struct balm_aws *aws)
{
    while (aws->roles) {
        struct balm_role *role = aws->roles;
        aws->roles = role->next;
        balm_provider_release(role->provider);
    }
}

enum balm_code balm_verified_provider(struct balm_provider **out, struct balm_aws *aws,
                                      const char *region, struct balm_err *err)
{
    struct balm_provider *own;
    struct balm_role *role;
    enum balm_code code = balm_aws_own_provider(aws, &own, err);
    if (!code && !aws->verified) {
        code = make(&role, aws, region, NULL, err);
        if (!code) aws->verified = role->provider;
    }
    *out = aws->verified;
    return code;
}
