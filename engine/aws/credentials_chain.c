/* credentials, the part that looks for the process's own: the environment, then the shared files'
   profile. */
#include "aws/credentials.h"

#include "core/buf.h"

#include <stdlib.h>
#include <string.h>

#define TRIED_MAX ((size_t)400) /* what fits into an error's message */

struct search {
    const struct balm_aws_config *config;
    struct balm_err *err;
    struct balm_credentials found;
    struct balm_buf tried; /* where it looked, and why there was nothing */
};

/* What a provider of credentials says: there they are, there are none, or what is wrong with them.
   */
enum found { FOUND, NONE, BROKEN };

static const char *env(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static bool is_printable(const char *text)
{
    for (; text && *text; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text == 0x7F) return false;
    }
    return true;
}

/* Of a pair half is a mistake that would otherwise end in the use of other credentials. */
static enum found check(struct search *search, const char *where, const char *id_name,
                        const char *secret_name)
{
    const char *id = search->found.access_key_id;
    const char *secret = search->found.secret_access_key;
    if (!id && !secret) {
        (void)balm_buf_addf(&search->tried, "%s: no %s; ", where, id_name);
        return NONE;
    }
    if (!id || !secret) {
        (void)balm_fail(search->err, BALM_E_AUTH,
                        "%s: %s is set but %s is not; set both or neither", where,
                        id ? id_name : secret_name, id ? secret_name : id_name);
        return BROKEN;
    }
    if (!is_printable(id) || !is_printable(secret) || !is_printable(search->found.session_token)) {
        (void)balm_fail(search->err, BALM_E_AUTH,
                        "%s: the access key id, its secret or the session token holds white space "
                        "or a control character",
                        where);
        return BROKEN;
    }
    return FOUND;
}

static enum found from_environment(struct search *search)
{
    /* As in the SDKs: a profile named on the command line is meant. */
    if (search->config->profile_from_option) {
        (void)balm_buf_adds(&search->tried, "the environment: passed over, since a profile was "
                                            "asked for; ");
        return NONE;
    }
    search->found.access_key_id = env("AWS_ACCESS_KEY_ID");
    search->found.secret_access_key = env("AWS_SECRET_ACCESS_KEY");
    search->found.session_token = env("AWS_SESSION_TOKEN");
    if (!search->found.session_token) search->found.session_token = env("AWS_SECURITY_TOKEN");
    return check(search, "the environment", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
}

static const char *text_of(struct balm_value section, const char *key)
{
    const char *text = balm_get_string(section, key, NULL);
    return text && text[0] ? text : NULL;
}

static enum found from_file(struct search *search, struct balm_value file, const char *what)
{
    const char *profile = search->config->profile;
    struct balm_value section = balm_get(file, profile);
    struct balm_buf where = BALM_BUF_INIT(TRIED_MAX);
    enum found found;
    (void)balm_buf_addf(&where, "profile \"%.64s\" of the %s file", profile, what);
    if (balm_is_null(section)) {
        (void)balm_buf_addf(&search->tried, "%s: %s; ", where.bytes,
                            balm_is_null(file) ? "no such file" : "no such profile");
        found = NONE;
    } else {
        search->found.access_key_id = text_of(section, "aws_access_key_id");
        search->found.secret_access_key = text_of(section, "aws_secret_access_key");
        search->found.session_token = text_of(section, "aws_session_token");
        found = check(search, where.bytes, "aws_access_key_id", "aws_secret_access_key");
    }
    balm_buf_free(&where);
    return found;
}

/* Ways of a profile that name other credentials than its own keys. Passing over them could end in
   the wrong identity. */
static enum found from_elsewhere(struct search *search)
{
    static const char *const ways[] = {"role_arn", "credential_process", "sso_session",
                                       "sso_start_url", "web_identity_token_file"};
    struct balm_value files[] = {search->config->credentials_file, search->config->config_file};
    size_t i;
    for (i = 0; i < sizeof ways / sizeof *ways * 2; i++) {
        const char *way = ways[i / 2];
        if (!text_of(balm_get(files[i % 2], search->config->profile), way)) continue;
        (void)balm_fail(search->err, BALM_E_AUTH,
                        "profile \"%.64s\" says %s, which Balm does not follow; export the "
                        "credentials, or name a profile with keys and the role with --role-arn",
                        search->config->profile, way);
        return BROKEN;
    }
    return NONE;
}

enum balm_code balm_provider_chain(struct balm_provider **out, struct balm_loop *loop,
                                   const struct balm_aws_config *config, struct balm_err *err)
{
    struct search search = {.config = config, .err = err, .tried = BALM_BUF_INIT(TRIED_MAX)};
    enum found found = from_environment(&search);
    enum balm_code code;
    if (found == NONE) found = from_elsewhere(&search);
    if (found == NONE) found = from_file(&search, config->credentials_file, "credentials");
    if (found == NONE) found = from_file(&search, config->config_file, "config");
    if (found == FOUND) {
        code = balm_provider_fixed(out, loop, &search.found, "", err);
    } else if (found == BROKEN) {
        code = BALM_E_AUTH;
    } else {
        balm_buf_cut(&search.tried, 2); /* the last separator */
        code = balm_fail(err, BALM_E_AUTH, "no AWS credentials found (%s)", search.tried.bytes);
    }
    balm_buf_free(&search.tried);
    return code;
}
