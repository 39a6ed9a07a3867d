/* credentials, the part about people who signed in (IAM Identity Center): their token lies in
   ~/.aws/sso/cache, where the AWS CLI put it. */
#include "aws/credentials_internal.h"

#include "core/clock.h"
#include "core/digest.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_MAX ((size_t)1 << 20)
#define EARLY_US  (INT64_C(900) * 1000000)

struct source {
    struct balm_aws *aws;
    struct balm_provider *provider; /* whose fetcher this is */
    struct balm_session *session;
    struct balm_arena arena;
    const char *profile;
    const char *start_url, *region, *account, *role;
    const char *session_name; /* NULL: a profile of the older kind, whose token is not renewed */
    const char *path;         /* of the cached token */
    struct balm_arena token_arena;
    struct balm_value token; /* the document in the cache */
    struct balm_call *call;
};

static void fail(struct source *source, const struct balm_err *why)
{
    struct balm_err err = *why;
    (void)balm_err_prefix(&err, "the sign-in of profile \"%.64s\"", source->profile);
    balm_provider_supply(source->provider, NULL, NULL, 0, &err);
}

static void fail_to_sign_in(struct source *source, const char *why)
{
    struct balm_err err;
    (void)balm_fail(&err, BALM_E_AUTH, "%s; log in again: aws sso login --profile %.64s", why,
                    source->profile);
    fail(source, &err);
}

static void call(struct source *source, const char *service, const char *operation,
                 struct balm_value params,
                 void (*done)(void *owner, const struct balm_call_result *result))
{
    struct balm_err err;
    balm_call_release(source->call);
    source->call = NULL;
    if (balm_call_secretly(&source->call, source->session, service, operation, params, &err)) {
        fail(source, &err);
    } else {
        balm_call_send(source->call, done, source);
    }
}

/* ---- the role's credentials ---- */

static void on_credentials(void *owner, const struct balm_call_result *result)
{
    struct source *source = owner;
    struct balm_value given = balm_get(result->answer, "roleCredentials");
    struct balm_credentials credentials = {balm_get_string(given, "accessKeyId", ""),
                                           balm_get_string(given, "secretAccessKey", ""),
                                           balm_get_string(given, "sessionToken", "")};
    struct balm_err err = result->err;
    if (err.code && strcmp(err.aws_code, "UnauthorizedException") == 0) {
        fail_to_sign_in(source, "its token is not accepted any more");
        return;
    }
    if (!err.code && (!credentials.access_key_id[0] || !credentials.secret_access_key[0])) {
        (void)balm_fail(&err, BALM_E_AUTH, "the answer lacks credentials");
    }
    if (err.code) {
        fail(source, &err);
    } else {
        balm_provider_supply(source->provider, &credentials, "",
                             balm_get_int(given, "expiration", 0) * 1000, NULL);
    }
}

static void ask_for_credentials(struct source *source)
{
    struct balm_arena *arena = &source->token_arena;
    struct balm_value params = balm_map(arena);
    (void)balm_map_set(arena, params, "roleName", balm_string(source->role));
    (void)balm_map_set(arena, params, "accountId", balm_string(source->account));
    (void)balm_map_set(arena, params, "accessToken", balm_get(source->token, "accessToken"));
    call(source, "sso", "GetRoleCredentials", params, on_credentials);
}

/* ---- the token ---- */

/* Older ones end in "UTC" instead of Z. False where there is none, or it is none. */
static bool time_in(struct balm_value document, const char *key, int64_t *out)
{
    const char *text = balm_get_string(document, key, "");
    size_t len = strlen(text);
    if (balm_text_ends(text, "UTC")) len -= 3;
    return len > 0 && balm_time_parse(text, len, out);
}

/* How long it still holds; below zero when it has ended. */
static int64_t time_left(const struct source *source)
{
    int64_t ends;
    return time_in(source->token, "expiresAt", &ends) ? ends - balm_clock_now() : -1;
}

static bool can_renew(const struct source *source)
{
    static const char *const needed[] = {"refreshToken", "clientId", "clientSecret"};
    int64_t ends;
    size_t i;
    if (!source->session_name) return false;
    for (i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!balm_get_string(source->token, needed[i], NULL)) return false;
    }
    return time_in(source->token, "registrationExpiresAt", &ends) && balm_clock_now() < ends;
}

static void use_token(struct source *source)
{
    if (time_left(source) > 0) {
        ask_for_credentials(source);
    } else {
        fail_to_sign_in(source, "its token has expired");
    }
}

/* For the next process, and for the AWS CLI: what cannot be written is only renewed again. */
static void keep_token(struct source *source)
{
    struct balm_buf text = BALM_BUF_INIT(CACHE_MAX);
    struct balm_err err;
    if (balm_json_print(&text, source->token, BALM_JSON_SECRETS) ||
        balm_file_write(source->path, text.bytes, text.len, 0600, &err)) {
        balm_log(source->aws->log, BALM_LOG_WARN, "the renewed token could not be kept in %s",
                 source->path);
    }
    balm_buf_wipe(&text);
}

static void take_token(struct source *source, struct balm_value answer)
{
    struct balm_arena *arena = &source->token_arena;
    int64_t ends = balm_clock_now() + balm_get_int(answer, "expiresIn", 0) * 1000000;
    const char *again = balm_get_string(answer, "refreshToken", NULL);
    char when[BALM_TIME_MAX];
    balm_time_iso8601(when, ends - ends % 1000000);
    (void)balm_map_set(arena, source->token, "accessToken",
                       balm_text(arena, balm_get_string(answer, "accessToken", "")));
    (void)balm_map_set(arena, source->token, "expiresAt", balm_text(arena, when));
    (void)balm_map_set(arena, source->token, "startUrl", balm_string(source->start_url));
    (void)balm_map_set(arena, source->token, "region", balm_string(source->region));
    (void)balm_map_remove(source->token, "refreshToken"); /* each serves once */
    if (again) {
        (void)balm_map_set(arena, source->token, "refreshToken", balm_text(arena, again));
    }
    keep_token(source);
}

/* Refused: a sign-in gives another. All else says nothing of the token, and signing in would not
   help. */
static bool is_refusal(const struct balm_err *err)
{
    return err->code == BALM_E_AWS && !err->retryable;
}

/* Where it cannot be renewed, it may still hold for a while. */
static void on_token(void *owner, const struct balm_call_result *result)
{
    struct source *source = owner;
    struct balm_err err = result->err;
    if (err.code && !is_refusal(&err) && time_left(source) <= 0) {
        (void)balm_err_prefix(&err, "its token has expired, and cannot be renewed");
        fail(source, &err);
        return;
    }
    if (!err.code && balm_get_string(result->answer, "accessToken", "")[0]) {
        take_token(source, result->answer);
    }
    use_token(source);
}

static void renew(struct source *source)
{
    static const char *const copied[] = {"clientId", "clientSecret", "refreshToken"};
    struct balm_arena *arena = &source->token_arena;
    struct balm_value params = balm_map(arena);
    size_t i;
    (void)balm_map_set(arena, params, "grantType", balm_string("refresh_token"));
    for (i = 0; i < sizeof copied / sizeof *copied; i++) {
        (void)balm_map_set(arena, params, copied[i], balm_get(source->token, copied[i]));
    }
    call(source, "sso-oidc", "CreateToken", params, on_token);
}

static bool read_token(struct source *source)
{
    struct balm_buf text = BALM_BUF_INIT(CACHE_MAX);
    bool good;
    balm_arena_wipe(&source->token_arena);
    source->token = balm_null();
    good = !balm_file_read(&text, source->path, NULL) &&
           !balm_json_parse(&source->token_arena, text.bytes, text.len, &source->token, NULL);
    balm_buf_wipe(&text);
    return good && balm_get_string(source->token, "accessToken", "")[0];
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct source *source = owner;
    (void)provider;
    if (!read_token(source)) {
        fail_to_sign_in(source, "there is no token of it");
    } else if (time_left(source) < EARLY_US && can_renew(source)) {
        renew(source);
    } else {
        use_token(source);
    }
}

static void release(void *owner)
{
    struct source *source = owner;
    balm_call_release(source->call);
    balm_session_release(source->session);
    balm_arena_wipe(&source->token_arena);
    balm_arena_free(&source->arena);
    free(source);
}

/* ---- what the profile says ---- */

/* Of the profile, or of its sso-session; where both say it they must agree. */
static enum balm_code setting(struct source *source, struct balm_value section, const char *key,
                              const char **out, struct balm_err *err)
{
    const char *there = balm_get_string(section, key, NULL);
    const char *here = balm_aws_config_text(source->aws->config, source->profile, key);
    *out = here ? here : there;
    if (here && there && strcmp(here, there) != 0) {
        return balm_fail(err, BALM_E_AUTH,
                         "profile \"%.64s\" and its sso-session \"%.64s\" differ in %s",
                         source->profile, source->session_name, key);
    }
    if (*out) return BALM_OK;
    return balm_fail(err, BALM_E_AUTH, "profile \"%.64s\" signs in, but has no %s", source->profile,
                     key);
}

/* The name of the cached token is the SHA-1 of what it is the token of. */
static const char *path_of(struct source *source)
{
    const char *home = balm_aws_config_env("HOME");
    const char *name = source->session_name ? source->session_name : source->start_url;
    unsigned char digest[BALM_SHA1_LEN];
    struct balm_buf hex = BALM_BUF_INIT(64);
    const char *path;
    balm_sha1(digest, name, strlen(name));
    (void)balm_text_hex(&hex, digest, sizeof digest);
    path =
        balm_arena_printf(&source->arena, "%s/.aws/sso/cache/%s.json", home ? home : "", hex.bytes);
    balm_buf_free(&hex);
    return path;
}

static enum balm_code configure(struct source *source, struct balm_err *err)
{
    const struct balm_aws_config *config = source->aws->config;
    struct balm_value section = balm_null();
    enum balm_code code;
    source->session_name = balm_aws_config_text(config, source->profile, "sso_session");
    if (source->session_name) {
        section = balm_aws_config_section(config, "sso-session", source->session_name);
        if (balm_is_null(section)) {
            return balm_fail(err, BALM_E_AUTH,
                             "profile \"%.64s\" names the sso-session \"%.64s\", which the config "
                             "file does not have",
                             source->profile, source->session_name);
        }
    }
    code = setting(source, section, "sso_start_url", &source->start_url, err);
    if (!code) code = setting(source, section, "sso_region", &source->region, err);
    if (!code) code = setting(source, section, "sso_role_name", &source->role, err);
    if (!code) code = setting(source, section, "sso_account_id", &source->account, err);
    if (code) return code;
    source->path = path_of(source);
    return balm_arena_status(&source->arena, err);
}

static enum balm_code make(struct balm_aws *aws, const char *profile, struct balm_provider **out,
                           struct balm_err *err)
{
    struct source *source = calloc(1, sizeof *source);
    struct balm_fetcher fetcher = {
        .fetch = fetch, .release = release, .owner = source, .log = aws->log};
    enum balm_code code;
    if (!source) return balm_nomem(err);
    source->aws = aws;
    source->profile = balm_arena_strdup(&source->arena, profile);
    code = configure(source, err);
    if (!code) code = balm_session_make(&source->session, aws, NULL, source->region, err);
    return balm_source_finish(&fetcher, aws, code, &source->provider, out, err);
}

enum balm_found balm_find_sso(struct balm_aws *aws, const char *profile, struct balm_provider **out,
                              struct balm_err *err)
{
    if (!balm_aws_config_text(aws->config, profile, "sso_account_id") &&
        !balm_aws_config_text(aws->config, profile, "sso_role_name")) {
        return BALM_NOT_MEANT;
    }
    return make(aws, profile, out, err) ? BALM_BROKEN : BALM_FOUND;
}
