/*
 * config: what the environment and the shared AWS files say (the SDKs' own names and meaning).
 *
 * Read once, when first needed. Files: AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) and
 * AWS_CONFIG_FILE
 * (~/.aws/config); profile: option, AWS_PROFILE, AWS_DEFAULT_PROFILE, "default".
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
    const char
        *region; /* --region, AWS_REGION, AWS_DEFAULT_REGION, the profile's; NULL when none */
    const char *ca_bundle; /* AWS_CA_BUNDLE, the profile's; NULL */
    bool use_fips, use_dualstack;
    int max_attempts;         /* AWS_MAX_ATTEMPTS, the profile's, 3; at least 1 */
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

/* --endpoint-url, AWS_ENDPOINT_URL_<SERVICE> (service id, spaces to _, upper case),
   AWS_ENDPOINT_URL; NULL when none (AWS_IGNORE_CONFIGURED_ENDPOINT_URLS heeded). */
const char *balm_aws_config_endpoint_url(const struct balm_aws_config *config,
                                         const char *service_id);

#endif
