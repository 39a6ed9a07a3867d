#include "aws/config.h"

#include "core/file.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_err err;
static char home[SCRATCH_MAX];

static struct balm_value ini(const char *text)
{
    struct balm_value out;
    assert_int_equal(balm_ini_parse(&arena, text, strlen(text), &out, &err), BALM_OK);
    return out;
}

static void ini_fails(const char *text, const char *expected)
{
    struct balm_value out;
    assert_int_equal(balm_ini_parse(&arena, text, strlen(text), &out, &err), BALM_E_INPUT);
    assert_string_equal(err.message, expected);
}

static const char *setting(struct balm_value root, const char *path)
{
    struct balm_value value = balm_path(root, path);
    return value.type == BALM_STRING ? value.as.text : NULL;
}

static void comments_are_whole_lines_alone(void **state)
{
    struct balm_value root = ini("# one\n; two\n[a]\n  # three\nkey = v # not one\n");
    (void)state;
    assert_string_equal(setting(root, "a.key"), "v # not one");
}

static void lines_may_end_in_cr_and_names_are_lower_case(void **state)
{
    struct balm_value root = ini("\xEF\xBB\xBF[ a ]\r\nKey=1\r\nother : 2 \r\n\r\n[b]\r\nx==");
    (void)state;
    assert_string_equal(setting(root, "a.key"), "1");
    assert_string_equal(setting(root, "a.other"), "2");
    assert_string_equal(setting(root, "b.x"), "=");
}

static void of_duplicates_the_later_wins_and_sections_go_on(void **state)
{
    struct balm_value root = ini("[a]\nx=1\nx=2\n[b]\ny=1\n[a]\nz=3\n");
    (void)state;
    assert_string_equal(setting(root, "a.x"), "2");
    assert_string_equal(setting(root, "a.z"), "3");
    assert_int_equal(balm_map_len(root), 2);
}

static void indented_lines_continue_a_value(void **state)
{
    struct balm_value root = ini("[a]\n  x = 1\n  # no\n    more\n\n    # no\n    yet\n  y = 2\n");
    (void)state;
    assert_string_equal(setting(root, "a.x"), "1\nmore\n\nyet");
    assert_string_equal(setting(root, "a.y"), "2");
}

static void an_empty_value_with_indented_lines_is_a_section(void **state)
{
    struct balm_value root =
        ini("[a]\ns3 =\n  Addressing_Style = path\n  # no\n\n  max = 5\nregion = eu-west-1\n");
    (void)state;
    assert_string_equal(setting(root, "a.s3.addressing_style"), "path");
    assert_string_equal(setting(root, "a.s3.max"), "5");
    assert_string_equal(setting(root, "a.region"), "eu-west-1");
    root = ini("[a]\nx =\n\n[b]\ny = 1");
    assert_string_equal(setting(root, "a.x"), "");
}

static void what_cannot_be_read_is_told_by_line_and_never_shown(void **state)
{
    (void)state;
    ini_fails("[a]\nx=1\nSECRET\n", "line 3: neither [section] nor name = value");
    ini_fails("x=1\n", "line 1: a setting stands before the first [section]");
    ini_fails("\n[]\n", "line 2: a section must read [name]");
    ini_fails("[open\n", "line 1: a section must read [name]");
    ini_fails("[a]\n= 1\n", "line 2: neither [section] nor name = value");
    ini_fails("[a]\ns3 =\n  b = 1\n  SECRET\n",
              "line 4: inside a nested section a line must read name = value");
    ini_fails("[a]\nx=\xFF\n", "line 2: not UTF-8 text");
}

/* ---- files and environment ---- */

static const char *const variables[] = {"AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE",
                                        "AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_MAX_ATTEMPTS",
                                        "AWS_RETRY_MODE",
                                        "AWS_METADATA_SERVICE_TIMEOUT",
                                        "AWS_CA_BUNDLE",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_S3",
                                        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                                        "AWS_USE_FIPS_ENDPOINT",
                                        "AWS_USE_DUALSTACK_ENDPOINT",
                                        "AWS_STS_REGIONAL_ENDPOINTS",
                                        "AWS_CONFIG_FILE",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"};

static int set_up(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof variables / sizeof *variables; i++) {
        unsetenv(variables[i]);
    }
    assert_true(scratch_folder(home));
    setenv("HOME", home, 1);
    return 0;
}

static char *path_of(const char *name)
{
    return balm_arena_printf(&arena, "%s/.aws%s%s", home, name ? "/" : "", name ? name : "");
}

static void write_file(const char *name, const char *text)
{
    mkdir(path_of(NULL), 0700);
    assert_int_equal(balm_file_write(path_of(name), text, strlen(text), 0600, &err), BALM_OK);
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path_of("config"));
    unlink(path_of("credentials"));
    rmdir(path_of(NULL));
    rmdir(home);
    balm_arena_free(&arena);
    return 0;
}

static struct balm_aws_config load(const struct balm_aws_options *options)
{
    static const struct balm_aws_options none;
    struct balm_aws_config config;
    enum balm_code code = balm_aws_config_load(&config, options ? options : &none, &err);
    assert_string_equal(code ? err.message : "", "");
    return config;
}

static void nothing_set_up_is_no_error(void **state)
{
    struct balm_aws_config config = load(NULL);
    (void)state;
    assert_string_equal(config.profile, "default");
    assert_null(config.region);
    assert_int_equal(config.max_attempts, 3);
    assert_string_equal(config.sts_regional, "regional");
    assert_null(balm_aws_config_endpoint_url(&config, "S3"));
    balm_aws_config_free(&config);
}

static void a_profile_is_found_by_its_bare_name(void **state)
{
    struct balm_aws_config config;
    struct balm_aws_options options = {.profile = "my prod"};
    (void)state;
    write_file("config", "[default]\nregion = us-east-1\n[profile dev]\nregion=eu-west-1\n"
                         "max_attempts = 7\n[profile \"my prod\"]\nregion = eu-west-3\n"
                         "[loose]\nregion = x\n");
    config = load(NULL);
    assert_string_equal(config.region, "us-east-1");
    assert_null(balm_map_get(config.config_file, "loose"));
    balm_aws_config_free(&config);
    setenv("AWS_PROFILE", "dev", 1);
    config = load(NULL);
    assert_string_equal(config.region, "eu-west-1");
    assert_int_equal(config.max_attempts, 7);
    assert_false(config.profile_from_option);
    balm_aws_config_free(&config);
    config = load(&options);
    assert_string_equal(config.region, "eu-west-3");
    assert_true(config.profile_from_option);
    balm_aws_config_free(&config);
}

static void the_environment_goes_before_the_files(void **state)
{
    struct balm_aws_config config;
    struct balm_aws_options options = {.region = "ap-south-1", .fips = true};
    (void)state;
    write_file("config", "[default]\nregion = us-east-1\nca_bundle = /file\n"
                         "use_dualstack_endpoint = TRUE\nsts_regional_endpoints = legacy\n");
    setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
    setenv("AWS_CA_BUNDLE", "/env", 1);
    config = load(NULL);
    assert_string_equal(config.region, "eu-west-1");
    assert_string_equal(config.ca_bundle, "/env");
    assert_true(config.use_dualstack);
    assert_false(config.use_fips);
    assert_string_equal(config.sts_regional, "legacy");
    balm_aws_config_free(&config);
    setenv("AWS_REGION", "eu-west-2", 1);
    config = load(NULL);
    assert_string_equal(config.region, "eu-west-2");
    balm_aws_config_free(&config);
    config = load(&options);
    assert_string_equal(config.region, "ap-south-1");
    assert_true(config.use_fips);
    balm_aws_config_free(&config);
}

static void fails(const char *expected)
{
    static const struct balm_aws_options none;
    struct balm_aws_config config;
    assert_int_not_equal(balm_aws_config_load(&config, &none, &err), BALM_OK);
    assert_non_null(strstr(err.message, expected));
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    setenv("AWS_PROFILE", "missing", 1);
    fails("no profile \"missing\"");
    unsetenv("AWS_PROFILE");
    setenv("AWS_MAX_ATTEMPTS", "0", 1);
    fails("AWS_MAX_ATTEMPTS");
    setenv("AWS_MAX_ATTEMPTS", "3x", 1);
    fails("AWS_MAX_ATTEMPTS");
    unsetenv("AWS_MAX_ATTEMPTS");
    setenv("AWS_RETRY_MODE", "eager", 1);
    fails("AWS_RETRY_MODE");
    unsetenv("AWS_RETRY_MODE");
    setenv("AWS_METADATA_SERVICE_TIMEOUT", "never", 1);
    fails("AWS_METADATA_SERVICE_TIMEOUT");
    unsetenv("AWS_METADATA_SERVICE_TIMEOUT");
    setenv("AWS_STS_REGIONAL_ENDPOINTS", "moon", 1);
    fails("AWS_STS_REGIONAL_ENDPOINTS");
    unsetenv("AWS_STS_REGIONAL_ENDPOINTS");
    write_file("credentials", "[default]\naws_secret_access_key\n");
    fails(".aws/credentials: line 2: ");
}

static void endpoints_come_from_the_nearest_place(void **state)
{
    struct balm_aws_config config;
    struct balm_aws_options options = {.endpoint_url = "http://option"};
    (void)state;
    write_file("config", "[default]\nservices = local\nendpoint_url = http://profile\n"
                         "[services local]\ns3 =\n  endpoint_url = http://services\n");
    config = load(NULL);
    assert_string_equal(balm_aws_config_endpoint_url(&config, "S3"), "http://services");
    assert_string_equal(balm_aws_config_endpoint_url(&config, "IAM"), "http://profile");
    setenv("AWS_ENDPOINT_URL", "http://all", 1);
    setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://secrets", 1);
    assert_string_equal(balm_aws_config_endpoint_url(&config, "S3"), "http://all");
    assert_string_equal(balm_aws_config_endpoint_url(&config, "Secrets Manager"), "http://secrets");
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    assert_null(balm_aws_config_endpoint_url(&config, "S3"));
    balm_aws_config_free(&config);
    config = load(&options);
    assert_string_equal(balm_aws_config_endpoint_url(&config, "S3"), "http://option");
    balm_aws_config_free(&config);
}

static void other_sections_are_found_by_kind_and_name(void **state)
{
    struct balm_aws_config config;
    (void)state;
    write_file("config", "[sso-session 'my own']\nsso_region = a\n[services my]\nx = b\n"
                         "[sso-session a b]\nx = 1\n[profile sso-session]\nx = c\n");
    config = load(NULL);
    assert_string_equal(
        setting(balm_aws_config_section(&config, "sso-session", "my own"), "sso_region"), "a");
    assert_string_equal(setting(balm_aws_config_section(&config, "services", "my"), "x"), "b");
    assert_true(balm_is_null(balm_aws_config_section(&config, "sso-session", "a b")));
    assert_true(balm_is_null(balm_aws_config_section(&config, "services", "my own")));
    assert_string_equal(balm_aws_config_text(&config, "sso-session", "x"), "c");
    balm_aws_config_free(&config);
}

static void the_retry_mode_is_standard_unless_it_is_adaptive(void **state)
{
    struct balm_aws_config config = load(NULL);
    (void)state;
    assert_false(config.adaptive);
    balm_aws_config_free(&config);
    setenv("AWS_RETRY_MODE", "legacy", 1);
    config = load(NULL);
    assert_false(config.adaptive);
    balm_aws_config_free(&config);
    setenv("AWS_RETRY_MODE", "Adaptive", 1);
    config = load(NULL);
    assert_true(config.adaptive);
    balm_aws_config_free(&config);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comments_are_whole_lines_alone),
        TEST(lines_may_end_in_cr_and_names_are_lower_case),
        TEST(of_duplicates_the_later_wins_and_sections_go_on),
        TEST(indented_lines_continue_a_value),
        TEST(an_empty_value_with_indented_lines_is_a_section),
        TEST(what_cannot_be_read_is_told_by_line_and_never_shown),
        TEST(nothing_set_up_is_no_error),
        TEST(a_profile_is_found_by_its_bare_name),
        TEST(the_environment_goes_before_the_files),
        TEST(what_is_wrong_is_named),
        TEST(endpoints_come_from_the_nearest_place),
        TEST(other_sections_are_found_by_kind_and_name),
        TEST(the_retry_mode_is_standard_unless_it_is_adaptive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
