/* credentials, the part that reads a profile: the role that it assumes, and with whose credentials;
   its web identity, its sign-in, its keys, its process. */
#include "aws/credentials_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 16 /* profiles that lead to one another */

/* The profiles on the way, the first the one that was asked for. */
struct path {
    struct balm_aws *aws;
    const char *names[CHAIN_MAX];
    size_t len;
    struct balm_err *err;
};

static const char *of(struct balm_aws *aws, const char *profile, const char *key)
{
    return balm_aws_config_text(aws->config, profile, key);
}

static enum balm_found broken(struct balm_err *err, const char *profile, const char *why)
{
    (void)balm_fail(err, BALM_E_AUTH, "profile \"%.64s\" %s", profile, why);
    return BALM_BROKEN;
}

static const char *region_of(const struct balm_aws *aws)
{
    return aws->config->region ? aws->config->region : "us-east-1";
}

/* ---- what stands in a profile itself ---- */

static enum balm_found with_web_identity(struct balm_aws *aws, const char *profile,
                                         bool with_environment, struct balm_provider **out,
                                         struct balm_err *err)
{
    struct balm_role_options role = {.region = region_of(aws)};
    if (with_environment) {
        role.token_file = balm_aws_config_env("AWS_WEB_IDENTITY_TOKEN_FILE");
        role.arn = balm_aws_config_env("AWS_ROLE_ARN");
        role.name = balm_aws_config_env("AWS_ROLE_SESSION_NAME");
    }
    if (!role.token_file) role.token_file = of(aws, profile, "web_identity_token_file");
    if (!role.token_file) return BALM_NOT_MEANT;
    if (!role.arn) role.arn = of(aws, profile, "role_arn");
    if (!role.name) role.name = of(aws, profile, "role_session_name");
    if (!role.arn) {
        (void)balm_fail(err, BALM_E_AUTH,
                        "there is a web identity token (%.200s) but no role: set AWS_ROLE_ARN, or "
                        "role_arn in profile \"%.64s\"",
                        role.token_file, profile);
        return BALM_BROKEN;
    }
    if (balm_role_provider(out, aws, &role, err)) return BALM_BROKEN;
    balm_provider_retain(*out);
    return BALM_FOUND;
}

static const char *text_of(struct balm_value section, const char *key)
{
    const char *text = balm_get_string(section, key, "");
    return text[0] ? text : NULL;
}

static enum balm_found with_keys(struct balm_aws *aws, struct balm_value file, const char *profile,
                                 struct balm_provider **out, struct balm_err *err)
{
    struct balm_value section = balm_get(file, profile);
    struct balm_credentials pair = {text_of(section, "aws_access_key_id"),
                                    text_of(section, "aws_secret_access_key"),
                                    text_of(section, "aws_security_token")};
    struct balm_buf where = BALM_BUF_INIT(128);
    struct balm_pair_names names = {NULL, "aws_access_key_id", "aws_secret_access_key"};
    enum balm_found found;
    if (!pair.session_token) pair.session_token = text_of(section, "aws_session_token");
    (void)balm_buf_addf(&where, "profile \"%.64s\"", profile);
    names.where = where.bytes;
    found = balm_find_pair(aws, &pair, &names, out, err);
    balm_buf_free(&where);
    return found;
}

static enum balm_found with_process(struct balm_aws *aws, const char *profile,
                                    struct balm_provider **out, struct balm_err *err)
{
    const char *command = of(aws, profile, "credential_process");
    if (!command) return BALM_NOT_MEANT;
    return balm_provider_process(out, aws, profile, command, err) ? BALM_BROKEN : BALM_FOUND;
}

/* botocore's order. */
static enum balm_found without_role(struct balm_aws *aws, const char *profile,
                                    bool with_environment, struct balm_provider **out,
                                    struct balm_err *err)
{
    const struct balm_aws_config *config = aws->config;
    enum balm_found found = with_web_identity(aws, profile, with_environment, out, err);
    if (found == BALM_NOT_MEANT) found = balm_find_sso(aws, profile, out, err);
    if (found == BALM_NOT_MEANT) {
        found = with_keys(aws, config->credentials_file, profile, out, err);
    }
    if (found == BALM_NOT_MEANT) found = with_process(aws, profile, out, err);
    if (found == BALM_NOT_MEANT) found = with_keys(aws, config->config_file, profile, out, err);
    return found;
}

/* ---- roles ---- */

static bool has_role(struct balm_aws *aws, const char *profile)
{
    return of(aws, profile, "role_arn") && !of(aws, profile, "web_identity_token_file");
}

static bool has_keys(struct balm_aws *aws, const char *profile)
{
    return of(aws, profile, "aws_access_key_id") || of(aws, profile, "aws_secret_access_key");
}

static enum balm_found through_role(struct path *path, const char *profile,
                                    struct balm_provider **out);

/* A profile may name itself, to use its own keys. */
static bool is_circle(const struct path *path, const char *source)
{
    size_t i;
    for (i = 0; i < path->len; i++) {
        if (strcmp(path->names[i], source) != 0) continue;
        return i + 1 < path->len || !has_keys(path->aws, source);
    }
    return false;
}

static enum balm_found from_source(struct path *path, const char *source,
                                   struct balm_provider **out)
{
    struct balm_aws *aws = path->aws;
    const char *profile = path->names[path->len - 1];
    enum balm_found found;
    if (!balm_aws_config_has_profile(aws->config, source)) {
        (void)balm_fail(
            path->err, BALM_E_AUTH,
            "profile \"%.64s\" names the source_profile \"%.64s\", which does not exist", profile,
            source);
        return BALM_BROKEN;
    }
    if (is_circle(path, source)) {
        return broken(path->err, profile,
                      "leads in a circle of source_profiles; one of them must "
                      "hold credentials of its own");
    }
    if (has_keys(aws, source) || !has_role(aws, source)) { /* keys end a chain */
        found = without_role(aws, source, false, out, path->err);
        if (found != BALM_NOT_MEANT) return found;
        return broken(path->err, source, "is a source_profile but names no credentials");
    }
    if (path->len == CHAIN_MAX) {
        return broken(
            path->err, profile,
            "is the 16th of a chain of source_profiles that assume roles, and no more are "
            "followed; name one that is nearer to the credentials");
    }
    return through_role(path, source, out);
}

static enum balm_found from_credential_source(struct path *path, const char *source,
                                              struct balm_provider **out)
{
    const char *profile = path->names[path->len - 1];
    enum balm_found found;
    if (strcmp(source, "Environment") == 0) {
        found = balm_find_in_environment(path->aws, out, path->err);
    } else if (strcmp(source, "EcsContainer") == 0) {
        found = balm_find_container(path->aws, out, path->err);
    } else if (strcmp(source, "Ec2InstanceMetadata") == 0) {
        found = balm_find_instance(path->aws, "", out, path->err);
    } else {
        return broken(path->err, profile,
                      "has a credential_source that is none of Environment, EcsContainer and "
                      "Ec2InstanceMetadata");
    }
    if (found == BALM_NOT_MEANT) {
        (void)balm_fail(path->err, BALM_E_AUTH,
                        "profile \"%.64s\" takes its credentials from %s, which has none", profile,
                        source);
        found = BALM_BROKEN;
    }
    return found;
}

static enum balm_found source_of(struct path *path, struct balm_provider **out)
{
    const char *profile = path->names[path->len - 1];
    const char *source = of(path->aws, profile, "source_profile");
    const char *kind = of(path->aws, profile, "credential_source");
    if (source && kind) {
        return broken(path->err, profile,
                      "has both source_profile and credential_source; it can have one");
    }
    if (source) return from_source(path, source, out);
    if (kind) return from_credential_source(path, kind, out);
    return broken(path->err, profile,
                  "has a role_arn, but neither source_profile nor credential_source says with "
                  "whose credentials to assume it");
}

static bool read_duration(const char *text, int *out)
{
    char *end;
    long seconds;
    if (!text) return true;
    errno = 0;
    seconds = strtol(text, &end, 10);
    if (errno || end == text || *end || seconds < 900 || seconds > 43200) return false;
    *out = (int)seconds;
    return true;
}

static enum balm_found through_role(struct path *path, const char *profile,
                                    struct balm_provider **out)
{
    struct balm_aws *aws = path->aws;
    struct balm_role_options role = {.arn = of(aws, profile, "role_arn"),
                                     .external_id = of(aws, profile, "external_id"),
                                     .name = of(aws, profile, "role_session_name"),
                                     .region = region_of(aws)};
    enum balm_found found;
    if (of(aws, profile, "mfa_serial")) {
        return broken(path->err, profile,
                      "wants a code of an MFA device (mfa_serial), and Balm asks nobody; use a "
                      "role that needs none, or export the credentials of a session");
    }
    if (!read_duration(of(aws, profile, "duration_seconds"), &role.duration_s)) {
        return broken(path->err, profile,
                      "has a duration_seconds that is not a whole number from 900 to 43200");
    }
    path->names[path->len++] = profile;
    found = source_of(path, &role.source);
    if (found != BALM_FOUND) return found;
    found = balm_role_provider(out, aws, &role, path->err) ? BALM_BROKEN : BALM_FOUND;
    if (found == BALM_FOUND) balm_provider_retain(*out);
    balm_provider_release(role.source); /* the role keeps it */
    return found;
}

enum balm_found balm_find_in_profile(struct balm_aws *aws, const char *profile,
                                     bool with_environment, struct balm_provider **out,
                                     struct balm_err *err)
{
    struct path path = {.aws = aws, .err = err};
    if (has_role(aws, profile)) return through_role(&path, profile, out);
    return without_role(aws, profile, with_environment, out, err);
}
