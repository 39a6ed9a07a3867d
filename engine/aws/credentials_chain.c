/* credentials, the part that looks for the process's own, in the SDKs' order: the environment, the
   profile, the container, the instance. Only the last is a guess; what is configured and does not
   work is an error, since other credentials would be another identity. */
#include "aws/credentials_internal.h"

#include "core/clock.h"
#include "core/time.h"

#include <stdlib.h>
#include <string.h>

#define TRIED_MAX ((size_t)300) /* what fits into an error's message beside the last one's words */

static bool is_printable(const char *text)
{
    for (; text && *text; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text == 0x7F) return false;
    }
    return true;
}

static enum balm_code check_texts(const struct balm_credentials *credentials, struct balm_err *err)
{
    if (is_printable(credentials->access_key_id) && is_printable(credentials->secret_access_key) &&
        is_printable(credentials->session_token)) {
        return BALM_OK;
    }
    return balm_fail(err, BALM_E_AUTH,
                     "the access key id, its secret or the session token holds white space or a "
                     "control character");
}

/* Of a pair half is a mistake that would otherwise end in the use of other credentials. */
enum balm_found balm_find_pair(struct balm_aws *aws, const struct balm_credentials *pair,
                               const struct balm_pair_names *names, struct balm_provider **out,
                               struct balm_err *err)
{
    const char *id = pair->access_key_id;
    const char *secret = pair->secret_access_key;
    enum balm_code code = BALM_OK;
    if (!id && !secret) return BALM_NOT_MEANT;
    if (!id || !secret) {
        code = balm_fail(err, BALM_E_AUTH, "%s is set but %s is not; set both or neither",
                         id ? names->id : names->secret, id ? names->secret : names->id);
    }
    if (!code) code = check_texts(pair, err);
    if (!code) code = balm_provider_fixed(out, aws->loop, pair, "", err);
    if (!code) return BALM_FOUND;
    (void)balm_err_prefix(err, "%s", names->where);
    return BALM_BROKEN;
}

/* AWS_CREDENTIAL_EXPIRATION: whoever exported the keys may know when they end. */
static enum balm_code check_expiration(struct balm_err *err)
{
    const char *text = balm_aws_config_env("AWS_CREDENTIAL_EXPIRATION");
    int64_t expires;
    if (!text) return BALM_OK;
    if (!balm_time_parse(text, strlen(text), &expires)) {
        return balm_fail(err, BALM_E_AUTH,
                         "the environment: AWS_CREDENTIAL_EXPIRATION is not a time; unset it, or "
                         "write it as 2026-11-23T08:00:00Z");
    }
    if (balm_clock_now() < expires) return BALM_OK;
    return balm_fail(err, BALM_E_AUTH,
                     "the environment's credentials expired at %.40s (AWS_CREDENTIAL_EXPIRATION); "
                     "export fresh ones",
                     text);
}

enum balm_found balm_find_in_environment(struct balm_aws *aws, struct balm_provider **out,
                                         struct balm_err *err)
{
    struct balm_credentials pair = {balm_aws_config_env("AWS_ACCESS_KEY_ID"),
                                    balm_aws_config_env("AWS_SECRET_ACCESS_KEY"),
                                    balm_aws_config_env("AWS_SECURITY_TOKEN")};
    static const struct balm_pair_names names = {"the environment", "AWS_ACCESS_KEY_ID",
                                                 "AWS_SECRET_ACCESS_KEY"};
    enum balm_found found;
    if (!pair.session_token) pair.session_token = balm_aws_config_env("AWS_SESSION_TOKEN");
    found = balm_find_pair(aws, &pair, &names, out, err);
    if (found != BALM_FOUND || !check_expiration(err)) return found;
    balm_provider_release(*out);
    *out = NULL;
    return BALM_BROKEN;
}

/* 0 where none is stated: those hold for ever. So what is misread must not end as 0, and the end at
   0 is told as the moment after. */
static bool read_expiration(struct balm_value stated, int64_t *out)
{
    *out = 0;
    if (balm_is_null(stated) || (stated.type == BALM_STRING && !stated.len)) return true;
    if (stated.type == BALM_TIME) {
        *out = stated.as.integer;
    } else if (stated.type != BALM_STRING || !balm_time_parse(stated.as.text, stated.len, out)) {
        return false;
    }
    if (*out == 0) *out = 1;
    return true;
}

enum balm_code balm_credentials_read(struct balm_value document, const char *token_key,
                                     struct balm_credentials *out, int64_t *expires,
                                     struct balm_err *err)
{
    out->access_key_id = balm_get_string(document, "AccessKeyId", "");
    out->secret_access_key = balm_get_string(document, "SecretAccessKey", "");
    out->session_token = balm_get_string(document, token_key, "");
    if (!out->access_key_id[0] || !out->secret_access_key[0]) {
        return balm_fail(err, BALM_E_AUTH, "the answer lacks AccessKeyId or SecretAccessKey");
    }
    if (!read_expiration(balm_get(document, "Expiration"), expires)) {
        return balm_fail(err, BALM_E_AUTH, "the answer's Expiration is not a time");
    }
    return check_texts(out, err);
}

enum balm_code balm_credentials_check_time(int64_t expires, struct balm_err *err)
{
    char when[BALM_TIME_MAX];
    if (!expires || balm_clock_now() < expires) return BALM_OK;
    balm_time_iso8601(when, expires);
    return balm_fail(err, BALM_E_AUTH,
                     "it gave credentials that expired at %s; is this machine's clock right?",
                     when);
}

enum balm_code balm_source_finish(const struct balm_fetcher *fetcher, struct balm_aws *aws,
                                  enum balm_code code, struct balm_provider **kept,
                                  struct balm_provider **out, struct balm_err *err)
{
    if (!code) code = balm_provider_fetching(kept, aws->loop, fetcher, err);
    if (code) {
        fetcher->release(fetcher->owner);
    } else {
        *out = *kept;
    }
    return code;
}

/* ---- the search ---- */

static void tell_profile(const struct balm_aws_config *config, struct balm_buf *tried)
{
    bool there = balm_aws_config_has_profile(config, config->profile);
    (void)balm_buf_addf(tried, "; the profile \"%.64s\" %s", config->profile,
                        there ? "names none" : "does not exist");
}

/* Adds to tried why each of them was not meant. */
static enum balm_found search(struct balm_aws *aws, struct balm_provider **out,
                              struct balm_buf *tried, struct balm_err *err)
{
    const struct balm_aws_config *config = aws->config;
    enum balm_found found = BALM_NOT_MEANT;
    /* As in the SDKs: a profile named on the command line is meant. */
    if (config->profile_from_option) {
        (void)balm_buf_adds(tried, "the environment was passed over for --profile");
    } else {
        (void)balm_buf_adds(tried, "the environment has no AWS_ACCESS_KEY_ID and no "
                                   "AWS_WEB_IDENTITY_TOKEN_FILE");
        found = balm_find_in_environment(aws, out, err);
    }
    if (found == BALM_NOT_MEANT) {
        tell_profile(config, tried);
        found = balm_find_in_profile(aws, config->profile, !config->profile_from_option, out, err);
    }
    if (found == BALM_NOT_MEANT) {
        (void)balm_buf_adds(tried, "; no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI");
        found = balm_find_container(aws, out, err);
    }
    return found;
}

enum balm_code balm_provider_chain(struct balm_provider **out, struct balm_aws *aws,
                                   struct balm_err *err)
{
    struct balm_buf tried = BALM_BUF_INIT(TRIED_MAX);
    enum balm_found found = search(aws, out, &tried, err);
    if (found == BALM_NOT_MEANT) found = balm_find_instance(aws, tried.bytes, out, err);
    balm_buf_free(&tried);
    return found == BALM_FOUND ? BALM_OK : err->code;
}
