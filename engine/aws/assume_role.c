/*
 * client, the part about roles that are assumed: with other credentials, or with the token of a web
 * identity.
 */
#include "aws/client_internal.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/text.h"
#include "core/time.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_NAME_MAX 64
#define TOKEN_MAX        ((size_t)65536)

struct balm_role {
    struct balm_role *next;
    struct balm_provider *provider; /* this role's; not counted: it frees the role */
    struct balm_session *session;   /* that asks: the source's identity, in the region */
    struct balm_call *call;
    struct balm_arena arena;
    struct balm_role_options is; /* texts in arena, absent ones empty; source told apart by it */
};

static const char *same_or_empty(const char *text)
{
    return text ? text : "";
}

/* Between the fourth colon and the fifth. */
const char *balm_arn_account(struct balm_arena *arena, const char *arn)
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
    (void)balm_err_prefix(&err, "cannot assume %.200s", role->is.arn);
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
    const char *account = balm_arn_account(&arena, arn);
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

static void on_answer(void *owner, const struct balm_call_result *result)
{
    struct balm_role *role = owner;
    if (result->err.code) {
        fail(role, &result->err);
    } else {
        supply_role(role, result->answer);
    }
}

static void set(struct balm_arena *arena, struct balm_value params, const char *key,
                const char *text)
{
    if (text[0]) (void)balm_map_set(arena, params, key, balm_string(text));
}

static struct balm_value params_of(struct balm_role *role, const char *token,
                                   struct balm_arena *arena)
{
    struct balm_value params = balm_map(arena);
    set(arena, params, "RoleArn", role->is.arn);
    set(arena, params, "RoleSessionName", role->is.name);
    set(arena, params, "WebIdentityToken", token);
    set(arena, params, "ExternalId", role->is.external_id);
    set(arena, params, "Policy", role->is.policy);
    if (role->is.duration_s) {
        (void)balm_map_set(arena, params, "DurationSeconds", balm_int(role->is.duration_s));
    }
    return params;
}

/* Whoever wrote the file may have ended it with a line break. */
static enum balm_code read_token(const char *path, struct balm_buf *token, struct balm_err *err)
{
    if (!path[0]) return BALM_OK;
    if (balm_file_read(token, path, err)) return err->code = BALM_E_AUTH;
    while (token->len && strchr(" \t\r\n", token->bytes[token->len - 1])) {
        balm_buf_cut(token, 1);
    }
    if (token->len) return BALM_OK;
    return balm_fail(err, BALM_E_AUTH, "the web identity token in %.200s is empty", path);
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct balm_role *role = owner;
    bool by_token = role->is.token_file[0] != '\0';
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf token = BALM_BUF_INIT(TOKEN_MAX);
    struct balm_err err;
    enum balm_code code = read_token(role->is.token_file, &token, &err);
    (void)provider;
    balm_call_release(role->call);
    role->call = NULL;
    if (!code) {
        code = balm_call_secretly(&role->call, role->session, "sts",
                                  by_token ? "AssumeRoleWithWebIdentity" : "AssumeRole",
                                  params_of(role, token.bytes, &arena), &err);
    }
    if (code) {
        fail(role, &err);
    } else {
        balm_call_send(role->call, on_answer, role);
    }
    balm_buf_wipe(&token);
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

static const char *keep(struct balm_role *role, const char *text)
{
    return balm_arena_strdup(&role->arena, same_or_empty(text));
}

static enum balm_code make(struct balm_role **out, struct balm_aws *aws,
                           const struct balm_role_options *options, struct balm_err *err)
{
    struct balm_role *role = calloc(1, sizeof *role);
    struct balm_fetcher fetcher = {
        .fetch = fetch, .release = release, .owner = role, .log = aws->log};
    enum balm_code code;
    if (!role) return balm_nomem(err);
    role->is = *options;
    role->is.arn = keep(role, options->arn);
    role->is.region = keep(role, options->region);
    role->is.external_id = keep(role, options->external_id);
    role->is.policy = keep(role, options->policy);
    role->is.token_file = keep(role, options->token_file);
    role->is.name = session_name(&role->arena, options->name);
    code = balm_arena_status(&role->arena, err);
    if (!code) code = balm_session_make(&role->session, aws, options->source, options->region, err);
    if (!code) code = balm_provider_fetching(&role->provider, aws->loop, &fetcher, err);
    if (code) {
        release(role);
        return code;
    }
    *out = role;
    return BALM_OK;
}

/* The session's name is not asked for: DESIGN has one role's credentials serve all. */
static bool is_same(const struct balm_role_options *a, const struct balm_role_options *b)
{
    return a->source == b->source && a->duration_s == b->duration_s &&
           strcmp(a->arn, b->arn) == 0 && strcmp(a->region, b->region) == 0 &&
           strcmp(a->external_id, same_or_empty(b->external_id)) == 0 &&
           strcmp(a->policy, same_or_empty(b->policy)) == 0 &&
           strcmp(a->token_file, same_or_empty(b->token_file)) == 0;
}

/* The list that holds what options ask for, if anything does. */
static struct balm_role **list_of(struct balm_aws *aws, const struct balm_role_options *options)
{
    const char *const parts[] = {options->arn, options->region, options->policy};
    uint64_t hash = 0;
    size_t i;
    for (i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *part = same_or_empty(parts[i]);
        hash = hash * 31 + balm_hash(part, strlen(part));
    }
    return &aws->roles[hash % BALM_ROLE_BUCKETS];
}

/* Of many accounts and sessions most are done with; kept are the ones in use, and those whose
   credentials still serve. */
static void sweep(struct balm_aws *aws)
{
    size_t i;
    balm_bucket_sessions_sweep(aws);
    for (i = 0; i < BALM_ROLE_BUCKETS; i++) {
        struct balm_role **at = &aws->roles[i];
        while (*at) {
            struct balm_role *role = *at;
            if (balm_provider_is_idle(role->provider)) {
                *at = role->next;
                aws->role_count--;
                balm_provider_release(role->provider);
            } else {
                at = &role->next;
            }
        }
    }
    aws->role_sweep = aws->role_count * 2 + BALM_ROLE_BUCKETS;
}

enum balm_code balm_role_provider(struct balm_provider **out, struct balm_aws *aws,
                                  const struct balm_role_options *options, struct balm_err *err)
{
    struct balm_role **list = list_of(aws, options);
    struct balm_role *role = *list;
    while (role && !is_same(&role->is, options)) {
        role = role->next;
    }
    if (!role) {
        if (make(&role, aws, options, err)) return err->code;
        if (aws->role_count >= aws->role_sweep) sweep(aws);
        role->next = *list;
        *list = role;
        aws->role_count++;
    }
    *out = role->provider;
    return BALM_OK;
}

void balm_roles_release(struct balm_aws *aws)
{
    size_t i;
    for (i = 0; i < BALM_ROLE_BUCKETS; i++) {
        while (aws->roles[i]) {
            struct balm_role *role = aws->roles[i];
            aws->roles[i] = role->next;
            balm_provider_release(role->provider);
        }
    }
}
