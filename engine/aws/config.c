#include "aws/config.h"

#include "core/file.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX     ((size_t)4 << 20)
#define MAX_ATTEMPTS 3

/* NULL where it is not set, and where it is empty: a shell's way to unset. */
static const char *env(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* ---- files ---- */

/* path with a leading ~ as the home; NULL when there is none to put there. */
static char *expand(struct balm_arena *arena, const char *path)
{
    const char *home = env("HOME");
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

static void skip_blanks(const char **text)
{
    while (**text == ' ' || **text == '\t') {
        (*text)++;
    }
}

/* Of "profile x", "profile 'x y'" and so on the bare name; others as they are. */
static struct balm_value bare_name(struct balm_arena *arena, const struct balm_entry *section)
{
    static const char word[] = "profile";
    const char *text = section->key;
    size_t len;
    if (!balm_text_starts(text, word)) return balm_string(section->key);
    text += sizeof word - 1;
    if (*text != ' ' && *text != '\t') return balm_string(section->key);
    skip_blanks(&text);
    len = strlen(text);
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
        text++;
        len -= 2;
    }
    return balm_text_n(arena, text, len);
}

/* In the config file a section without "profile" is a profile only if it is the default; those of
   another kind, such as
   "services x", keep their whole name. */
static struct balm_value profiles_of(struct balm_arena *arena, struct balm_value sections)
{
    struct balm_value out = balm_map(arena);
    bool has_default = balm_map_get(sections, "profile default") != NULL;
    size_t i;
    if (balm_is_null(sections)) return sections;
    for (i = 0; i < balm_map_len(sections); i++) {
        const struct balm_entry *section = balm_map_at(sections, i);
        struct balm_value name = bare_name(arena, section);
        bool is_profile = name.type == BALM_STRING && name.as.text != section->key;
        bool is_default = strcmp(section->key, "default") == 0;
        if (name.type != BALM_STRING || (is_default && has_default)) continue;
        if (!is_profile && !is_default && !strpbrk(section->key, " \t")) continue;
        (void)balm_map_put(arena, out, name.as.text, name.len, section->value);
    }
    return out;
}

static enum balm_code read_files(struct balm_aws_config *config, struct balm_err *err)
{
    struct balm_arena *arena = &config->arena;
    const char *credentials = env("AWS_SHARED_CREDENTIALS_FILE");
    const char *file = env("AWS_CONFIG_FILE");
    struct balm_value sections = balm_null();
    enum balm_code code;
    credentials = expand(arena, credentials ? credentials : "~/.aws/credentials");
    file = expand(arena, file ? file : "~/.aws/config");
    code = read_file(arena, credentials, &config->credentials_file, err);
    if (!code) code = read_file(arena, file, &sections, err);
    config->config_file = profiles_of(arena, sections);
    return code ? code : balm_arena_status(arena, err);
}

/* ---- settings ---- */

/* A text of the chosen profile; the credentials file comes first, as in the SDKs. */
static const char *of_profile(const struct balm_aws_config *config, const char *key)
{
    struct balm_value section = balm_get(config->credentials_file, config->profile);
    const char *value = balm_get_string(section, key, NULL);
    if (value && value[0]) return value;
    value = balm_get_string(balm_get(config->config_file, config->profile), key, NULL);
    return value && value[0] ? value : NULL;
}

static const char *setting(const struct balm_aws_config *config, const char *variable,
                           const char *key)
{
    const char *value = env(variable);
    return value ? value : of_profile(config, key);
}

static bool is_true(const char *text)
{
    return text && balm_text_same_nocase(text, "true");
}

static enum balm_code choose_profile(struct balm_aws_config *config,
                                     const struct balm_aws_options *options, struct balm_err *err)
{
    const char *name = options->profile;
    config->profile_from_option = name != NULL;
    if (!name) name = env("AWS_PROFILE");
    if (!name) name = env("AWS_DEFAULT_PROFILE");
    config->profile_is_explicit = name != NULL;
    config->profile = balm_arena_strdup(&config->arena, name ? name : "default");
    if (!config->profile) return balm_arena_status(&config->arena, err);
    if (!name || balm_map_get(config->credentials_file, name) ||
        balm_map_get(config->config_file, name)) {
        return BALM_OK;
    }
    return balm_fail(err, BALM_E_ARG,
                     "there is no profile \"%s\" in the AWS config and credentials files (~/.aws, "
                     "or where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE point)",
                     name);
}

static enum balm_code set_attempts(struct balm_aws_config *config, struct balm_err *err)
{
    const char *text = setting(config, "AWS_MAX_ATTEMPTS", "max_attempts");
    char *end;
    long count;
    config->max_attempts = MAX_ATTEMPTS;
    if (!text) return BALM_OK;
    errno = 0;
    count = strtol(text, &end, 10);
    if (errno || *end || end == text || count < 1 || count > 1000) {
        return balm_fail(err, BALM_E_INPUT,
                         "AWS_MAX_ATTEMPTS (or the profile's max_attempts) must be a whole number "
                         "from 1 to 1000");
    }
    config->max_attempts = (int)count;
    return BALM_OK;
}

static enum balm_code set_sts(struct balm_aws_config *config, struct balm_err *err)
{
    const char *text = setting(config, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints");
    if (!text) text = "regional";
    if (!balm_text_same_nocase(text, "regional") && !balm_text_same_nocase(text, "legacy")) {
        return balm_fail(err, BALM_E_INPUT,
                         "AWS_STS_REGIONAL_ENDPOINTS (or the profile's sts_regional_endpoints) "
                         "must be \"regional\" or \"legacy\"");
    }
    config->sts_regional = balm_text_same_nocase(text, "legacy") ? "legacy" : "regional";
    return BALM_OK;
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
    if (!region) region = env("AWS_REGION");
    if (!region) region = setting(config, "AWS_DEFAULT_REGION", "region");
    config->region = keep(config, region);
    config->ca_bundle = keep(config, setting(config, "AWS_CA_BUNDLE", "ca_bundle"));
    config->endpoint_url = keep(config, options->endpoint_url);
    config->use_fips =
        options->fips || is_true(setting(config, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
    config->use_dualstack =
        options->dualstack ||
        is_true(setting(config, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
    code = set_attempts(config, err);
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
    const char *services = of_profile(config, "services");
    struct balm_buf name = BALM_BUF_INIT(512);
    const char *url = NULL;
    if (!services) return NULL;
    if (balm_buf_addf(&name, "services %s", services) == BALM_OK) {
        struct balm_value section = balm_get(config->config_file, name.bytes);
        balm_buf_clear(&name);
        if (name_of(&name, "", service_id, false) == BALM_OK) {
            url = balm_get_string(balm_get(section, name.bytes), "endpoint_url", NULL);
        }
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
    if (is_true(setting(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                        "ignore_configured_endpoint_urls"))) {
        return NULL;
    }
    if (name_of(&name, "AWS_ENDPOINT_URL_", service_id, true) == BALM_OK) url = env(name.bytes);
    balm_buf_free(&name);
    if (!url) url = env("AWS_ENDPOINT_URL");
    if (!url) url = of_services_section(config, service_id);
    return url ? url : of_profile(config, "endpoint_url");
}
