#include "aws/config.h"

#include "core/file.h"
#include "core/text.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4 << 20)

/* An empty one is a shell's way to unset. */
const char *balm_aws_config_env(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] ? value : NULL;
}

/* ---- files ---- */

/* path with a leading ~ as the home; NULL when there is none to put there. */
static char *expand(struct balm_arena *arena, const char *path)
{
    const char *home = balm_aws_config_env("HOME");
    if (path[0] != '~' || path[1] != '/') return balm_arena_strdup(arena, path);
    return home ? balm_arena_printf(arena, "%s%s", home, path + 1) : NULL;
}

static enum balm_code read_file(struct balm_arena *arena, const char *path, struct balm_value *out,
                                struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(FILE_MAX);
    enum balm_code code;
    *out = balm_null();
    if (!path || (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))) {
        return balm_arena_status(arena, err);
    }
    code = balm_file_read(&text, path, err);
    if (!code) {
        code = balm_ini_parse(arena, text.bytes, text.len, out, err);
        if (code) balm_err_prefix(err, "%s", path);
    }
    balm_buf_wipe(&text);
    return code;
}

/* "profile x", "sso-session 'x y'": a kind and a name, quoted as for a shell. */
static bool split_name(struct balm_arena *arena, const char *section, const char **kind,
                       const char **name)
{
    size_t count;
    char **words = balm_text_words(arena, section, &count);
    if (!words || count != 2) return false;
    *kind = words[0];
    *name = words[1];
    return true;
}

/* In the config file a section without "profile" is a profile only if it is the default, and then
   only if none is called "profile default". */
static void sort_sections(struct balm_aws_config *config, struct balm_value all)
{
    struct balm_arena *arena = &config->arena;
    struct balm_value profiles = balm_map(arena);
    struct balm_value others = balm_map(arena);
    struct balm_value *plain = balm_map_get(all, "default");
    size_t i;
    for (i = 0; i < balm_map_len(all); i++) {
        const struct balm_entry *section = balm_map_at(all, i);
        const char *kind;
        const char *name;
        if (!split_name(arena, section->key, &kind, &name)) continue;
        if (strcmp(kind, "profile") == 0) {
            (void)balm_map_set(arena, profiles, name, section->value);
        } else {
            const char *key = balm_arena_printf(arena, "%s %s", kind, name);
            if (key) (void)balm_map_set(arena, others, key, section->value);
        }
    }
    if (plain && !balm_map_get(profiles, "default")) {
        (void)balm_map_set(arena, profiles, "default", *plain);
    }
    config->config_file = balm_is_null(all) ? all : profiles;
    config->sections = others;
}

static enum balm_code read_files(struct balm_aws_config *config, struct balm_err *err)
{
    struct balm_arena *arena = &config->arena;
    const char *credentials = balm_aws_config_env("AWS_SHARED_CREDENTIALS_FILE");
    const char *file = balm_aws_config_env("AWS_CONFIG_FILE");
    struct balm_value sections = balm_null();
    enum balm_code code;
    credentials = expand(arena, credentials ? credentials : "~/.aws/credentials");
    file = expand(arena, file ? file : "~/.aws/config");
    code = read_file(arena, credentials, &config->credentials_file, err);
    if (!code) code = read_file(arena, file, &sections, err);
    sort_sections(config, sections);
    return code ? code : balm_arena_status(arena, err);
}

/* ---- settings ---- */

bool balm_aws_config_has_profile(const struct balm_aws_config *config, const char *profile)
{
    return balm_map_get(config->credentials_file, profile) ||
           balm_map_get(config->config_file, profile);
}

const char *balm_aws_config_text(const struct balm_aws_config *config, const char *profile,
                                 const char *key)
{
    const char *value = balm_get_string(balm_get(config->credentials_file, profile), key, NULL);
    if (value && value[0]) return value;
    value = balm_get_string(balm_get(config->config_file, profile), key, NULL);
    return value && value[0] ? value : NULL;
}

const char *balm_aws_config_setting(const struct balm_aws_config *config, const char *variable,
                                    const char *key)
{
    const char *value = variable ? balm_aws_config_env(variable) : NULL;
    return value ? value : balm_aws_config_text(config, config->profile, key);
}

bool balm_aws_config_flag(const struct balm_aws_config *config, const char *variable,
                          const char *key)
{
    const char *text = balm_aws_config_setting(config, variable, key);
    return text && balm_text_same_nocase(text, "true");
}

struct balm_value balm_aws_config_section(const struct balm_aws_config *config, const char *kind,
                                          const char *name)
{
    size_t len = strlen(kind);
    size_t i;
    for (i = 0; i < balm_map_len(config->sections); i++) {
        const struct balm_entry *section = balm_map_at(config->sections, i);
        if (!balm_text_starts(section->key, kind) || section->key[len] != ' ') continue;
        if (strcmp(section->key + len + 1, name) == 0) return section->value;
    }
    return balm_null();
}

static enum balm_code choose_profile(struct balm_aws_config *config,
                                     const struct balm_aws_options *options, struct balm_err *err)
{
    const char *name = options->profile;
    config->profile_from_option = name != NULL;
    if (!name) name = balm_aws_config_env("AWS_DEFAULT_PROFILE");
    if (!name) name = balm_aws_config_env("AWS_PROFILE");
    config->profile_is_explicit = name != NULL;
    config->profile = balm_arena_strdup(&config->arena, name ? name : "default");
    if (!config->profile) return balm_arena_status(&config->arena, err);
    if (!name || balm_aws_config_has_profile(config, name)) return BALM_OK;
    return balm_fail(err, BALM_E_ARG,
                     "there is no profile \"%s\" in the AWS config and credentials files (~/.aws, "
                     "or where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE point)",
                     name);
}

static const struct number {
    const char *variable, *key;
    size_t at; /* an int of the configuration */
    int otherwise, most;
} numbers[] = {
    {"AWS_MAX_ATTEMPTS", "max_attempts", offsetof(struct balm_aws_config, max_attempts), 3, 1000},
    {"AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout",
     offsetof(struct balm_aws_config, metadata_timeout_s), 1, 60},
    {"AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts",
     offsetof(struct balm_aws_config, metadata_attempts), 1, 60},
};

static enum balm_code set_number(struct balm_aws_config *config, const struct number *number,
                                 struct balm_err *err)
{
    const char *text = balm_aws_config_setting(config, number->variable, number->key);
    int *out = (int *)(void *)((char *)config + number->at);
    char *end;
    long value;
    *out = number->otherwise;
    if (!text) return BALM_OK;
    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || *end || end == text || value < 1 || value > number->most) {
        return balm_fail(err, BALM_E_INPUT,
                         "%s (or the profile's %s) must be a whole number from 1 to %d",
                         number->variable, number->key, number->most);
    }
    *out = (int)value;
    return BALM_OK;
}

static enum balm_code set_numbers(struct balm_aws_config *config, struct balm_err *err)
{
    enum balm_code code = BALM_OK;
    size_t i;
    for (i = 0; !code && i < sizeof numbers / sizeof *numbers; i++) {
        code = set_number(config, &numbers[i], err);
    }
    return code;
}

static enum balm_code set_sts(struct balm_aws_config *config, struct balm_err *err)
{
    const char *text =
        balm_aws_config_setting(config, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints");
    if (!text) text = "regional";
    if (!balm_text_same_nocase(text, "regional") && !balm_text_same_nocase(text, "legacy")) {
        return balm_fail(err, BALM_E_INPUT,
                         "AWS_STS_REGIONAL_ENDPOINTS (or the profile's sts_regional_endpoints) "
                         "must be \"regional\" or \"legacy\"");
    }
    config->sts_regional = balm_text_same_nocase(text, "legacy") ? "legacy" : "regional";
    return BALM_OK;
}

static enum balm_code set_mode(struct balm_aws_config *config, struct balm_err *err)
{
    const char *text = balm_aws_config_setting(config, "AWS_RETRY_MODE", "retry_mode");
    if (!text) return BALM_OK;
    config->adaptive = balm_text_same_nocase(text, "adaptive");
    if (config->adaptive || balm_text_same_nocase(text, "standard") ||
        balm_text_same_nocase(text, "legacy")) {
        return BALM_OK;
    }
    return balm_fail(err, BALM_E_INPUT,
                     "AWS_RETRY_MODE (or the profile's retry_mode) must be \"standard\", "
                     "\"adaptive\" or \"legacy\"");
}

static const char *keep(struct balm_aws_config *config, const char *text)
{
    return text ? balm_arena_strdup(&config->arena, text) : NULL;
}

static enum balm_code choose_settings(struct balm_aws_config *config,
                                      const struct balm_aws_options *options, struct balm_err *err)
{
    const char *region = options->region;
    enum balm_code code;
    if (!region) region = balm_aws_config_env("AWS_REGION");
    if (!region) region = balm_aws_config_setting(config, "AWS_DEFAULT_REGION", "region");
    config->region = keep(config, region);
    config->ca_bundle = keep(config, balm_aws_config_setting(config, "AWS_CA_BUNDLE", "ca_bundle"));
    config->endpoint_url = keep(config, options->endpoint_url);
    config->use_fips =
        options->fips || balm_aws_config_flag(config, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    config->use_dualstack =
        options->dualstack ||
        balm_aws_config_flag(config, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    code = set_numbers(config, err);
    if (!code) code = set_mode(config, err);
    if (!code) code = set_sts(config, err);
    return code ? code : balm_arena_status(&config->arena, err);
}

enum balm_code balm_aws_config_load(struct balm_aws_config *config,
                                    const struct balm_aws_options *options, struct balm_err *err)
{
    enum balm_code code;
    memset(config, 0, sizeof *config);
    balm_arena_init(&config->arena, 0);
    code = read_files(config, err);
    if (!code) code = choose_profile(config, options, err);
    if (!code) code = choose_settings(config, options, err);
    if (code) balm_aws_config_free(config);
    return code;
}

void balm_aws_config_free(struct balm_aws_config *config)
{
    balm_value_wipe(config->credentials_file);
    balm_value_wipe(config->config_file);
    balm_arena_free(&config->arena);
    memset(config, 0, sizeof *config);
}

/* ---- endpoints ---- */

/* "Elastic Load Balancing v2" to "ELASTIC_LOAD_BALANCING_V2", behind prefix. */
static enum balm_code name_of(struct balm_buf *buf, const char *prefix, const char *service_id,
                              bool upper)
{
    (void)balm_buf_adds(buf, prefix);
    for (; *service_id; service_id++) {
        char c = *service_id;
        if (c == ' ' || c == '-') c = '_';
        if (upper && c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if (!upper && c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        (void)balm_buf_addc(buf, c);
    }
    return buf->code;
}

static const char *of_services_section(const struct balm_aws_config *config, const char *service_id)
{
    const char *services = balm_aws_config_text(config, config->profile, "services");
    struct balm_buf name = BALM_BUF_INIT(512);
    const char *url = NULL;
    if (!services) return NULL;
    if (name_of(&name, "", service_id, false) == BALM_OK) {
        struct balm_value section = balm_aws_config_section(config, "services", services);
        url = balm_get_string(balm_get(section, name.bytes), "endpoint_url", NULL);
    }
    balm_buf_free(&name);
    return url;
}

const char *balm_aws_config_endpoint_url(const struct balm_aws_config *config,
                                         const char *service_id)
{
    struct balm_buf name = BALM_BUF_INIT(512);
    const char *url = config->endpoint_url;
    if (url) return url;
    if (balm_aws_config_flag(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                             "ignore_configured_endpoint_urls")) {
        return NULL;
    }
    if (name_of(&name, "AWS_ENDPOINT_URL_", service_id, true) == BALM_OK)
        url = balm_aws_config_env(name.bytes);
    balm_buf_free(&name);
    if (!url) url = balm_aws_config_env("AWS_ENDPOINT_URL");
    if (!url) url = of_services_section(config, service_id);
    return url ? url : balm_aws_config_text(config, config->profile, "endpoint_url");
}
