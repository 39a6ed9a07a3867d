/*
 * config: what the environment and the shared AWS files say (the SDKs' own names and meaning).
 *
 * Read once, when first needed. Files: AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) and
 * AWS_CONFIG_FILE
 * (~/.aws/config); profile: option, AWS_DEFAULT_PROFILE, AWS_PROFILE (in botocore's order),
 * "default".
 */
#ifndef BALM_AWS_CONFIG_H
#define BALM_AWS_CONFIG_H

#include "core/value.h"

/* Reads an INI text as the SDKs do: comments, continuation lines, nested sections, CRLF, later
   duplicates win.
   {"section name": {"key": "value" or {"nested": "value"}}}; a line that cannot be understood is
   BALM_E_INPUT with its number. */
enum balm_code balm_ini_parse(struct balm_arena *arena, const char *text, size_t len,
                              struct balm_value *out, struct balm_err *err);

struct balm_aws_config {
    struct balm_arena arena;
    const char *profile;                /* the chosen profile's name */
    bool profile_is_explicit;           /* by option or environment: then it must exist */
    bool profile_from_option;           /* then the environment's keys do not count */
    struct balm_value credentials_file; /* sections, or null */
    struct balm_value config_file; /* profiles by bare name ("profile x" becomes "x"), or null */
    struct balm_value sections;    /* its others: "sso-session x", "services x" */
    const char
        *region; /* --region, AWS_REGION, AWS_DEFAULT_REGION, the profile's; NULL when none */
    const char *ca_bundle; /* AWS_CA_BUNDLE, the profile's; NULL */
    bool use_fips, use_dualstack;
    int max_attempts; /* AWS_MAX_ATTEMPTS, the profile's, 3; at least 1 */
    bool adaptive;    /* AWS_RETRY_MODE, the profile's retry_mode; "legacy" is "standard" */
    /* Of the instance's metadata service: AWS_METADATA_SERVICE_TIMEOUT, _NUM_ATTEMPTS; 1 */
    int metadata_timeout_s, metadata_attempts;
    const char *endpoint_url; /* --endpoint-url, or NULL: see balm_config_endpoint_url() */
    const char *sts_regional; /* AWS_STS_REGIONAL_ENDPOINTS: "regional" (default) or "legacy" */
};

struct balm_aws_options { /* from the command line; NULL or false where not given */
    const char *profile, *region, *endpoint_url;
    bool fips, dualstack;
};

/* Fills config; a file that is not there is no error, one that cannot be read or understood is. */
enum balm_code balm_aws_config_load(struct balm_aws_config *config,
                                    const struct balm_aws_options *options, struct balm_err *err);
void balm_aws_config_free(struct balm_aws_config *config);

bool balm_aws_config_has_profile(const struct balm_aws_config *config, const char *profile);
/* A setting of a profile; the credentials file's comes before the config file's. NULL when neither
   has it, or it is empty. */
const char *balm_aws_config_text(const struct balm_aws_config *config, const char *profile,
                                 const char *key);
/* The environment's variable (may be NULL) if it is set and not empty, else the chosen profile's
   key; NULL when neither. */
const char *balm_aws_config_setting(const struct balm_aws_config *config, const char *variable,
                                    const char *key);
/* The same as a yes or no: "true" in any case is yes. */
bool balm_aws_config_flag(const struct balm_aws_config *config, const char *variable,
                          const char *key);
/* A section of the config file that is no profile: kind "sso-session", name "x". Null when there is
   none. */
struct balm_value balm_aws_config_section(const struct balm_aws_config *config, const char *kind,
                                          const char *name);
/* The value of an environment variable; NULL where it is not set or empty. */
const char *balm_aws_config_env(const char *variable);

/* --endpoint-url, AWS_ENDPOINT_URL_<SERVICE> (service id, spaces to _, upper case),
   AWS_ENDPOINT_URL; NULL when none (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS heeded). */
const char *balm_aws_config_endpoint_url(const struct balm_aws_config *config,
                                         const char *service_id);

#endif
