#include "core/text.h"

#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct balm_buf buf = BALM_BUF_INIT(BALM_BUF_MAX);

static int clean(void **state)
{
    (void)state;
    balm_buf_free(&buf);
    return 0;
}

static void percent(const char *text, const char *keep, const char *expected)
{
    balm_buf_clear(&buf);
    assert_int_equal(balm_text_percent(&buf, text, strlen(text), keep), BALM_OK);
    assert_string_equal(buf.bytes, expected);
}

static void percent_encodes_all_but_the_unreserved(void **state)
{
    (void)state;
    percent("AZaz09-_.~", NULL, "AZaz09-_.~");
    percent("a b+c/d=&%", NULL, "a%20b%2Bc%2Fd%3D%26%25");
    percent("/my folder/x", "/", "/my%20folder/x");
    percent("\xC3\xA9*'()!", "", "%C3%A9%2A%27%28%29%21");
    percent("", NULL, "");
    balm_buf_clear(&buf);
    balm_text_percent(&buf, "\0/", 2, "/");
    assert_string_equal(buf.bytes, "%00/");
}

/* Eight bytes are looked at together, so each is tried at each place. */
static void encodes_each_byte_wherever_it_stands(void **state)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-_.~";
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool plain = c && strchr(unreserved, c);
        for (int at = 0; at < 18; at++) {
            char text[] = "-ami.0123456789zZ9", expected[24];
            int rest = (int)sizeof text - 2 - at;
            text[at] = (char)c;
            (void)snprintf(expected, sizeof expected, plain ? "%.*s%c%.*s" : "%.*s%%%02X%.*s", at,
                           text, c, rest, text + at + 1);
            balm_buf_clear(&buf);
            balm_text_percent(&buf, text, sizeof text - 1, NULL);
            assert_string_equal(buf.bytes, expected);
        }
    }
}

static void a_space_in_a_form_is_a_plus(void **state)
{
    static const char text[] = " value 1+1 of the form ";
    (void)state;
    balm_buf_clear(&buf);
    balm_text_form(&buf, text, strlen(text));
    assert_string_equal(buf.bytes, "+value+1%2B1+of+the+form+");
}

static void undoes_percent_encoding(void **state)
{
    static const char text[] = "a%20b+c%2fd%zz%4";
    (void)state;
    balm_buf_clear(&buf);
    balm_text_unpercent(&buf, text, strlen(text), true);
    assert_string_equal(buf.bytes, "a b c/d%zz%4");
    balm_buf_clear(&buf);
    balm_text_unpercent(&buf, "a+b%", 4, false);
    assert_string_equal(buf.bytes, "a+b%");
}

static void writes_hex_and_base64(void **state)
{
    static const char *const steps[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    size_t i;
    (void)state;
    balm_buf_clear(&buf);
    balm_text_hex(&buf, "\x00\xff\x1a", 3);
    assert_string_equal(buf.bytes, "00ff1a");
    for (i = 0; i < 7; i++) { /* RFC 4648, section 10 */
        balm_buf_clear(&buf);
        balm_text_base64(&buf, "foobar", i);
        assert_string_equal(buf.bytes, steps[i]);
        balm_buf_clear(&buf);
        assert_int_equal(balm_text_unbase64(&buf, steps[i], strlen(steps[i])), BALM_OK);
        assert_int_equal(buf.len, i);
        assert_memory_equal(buf.bytes, "foobar", i);
    }
}

static void refuses_what_is_not_base64(void **state)
{
    static const char *const wrong[] = {"Z",    "Zg",       "Zg=",  "Zg===", "Zm9v=",
                                        "Z===", "====",     "Zh==", "Zm9=x", "Zm-v",
                                        "=",    "Zg==Zg==", "Zm9"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        balm_buf_clear(&buf);
        balm_buf_adds(&buf, "kept");
        assert_int_equal(balm_text_unbase64(&buf, wrong[i], strlen(wrong[i])), BALM_E_INPUT);
        assert_string_equal(buf.bytes, "kept");
    }
    balm_buf_clear(&buf);
    assert_int_equal(balm_text_unbase64(&buf, "Zm9v\r\n Zg = =", 13), BALM_OK);
    assert_string_equal(buf.bytes, "foof");
}

static void knows_valid_utf8(void **state)
{
    static const char *const valid[] = {"",
                                        "plain text longer than eight",
                                        "\xC3\xA9",
                                        "\xE2\x82\xAC",
                                        "\xF0\x9F\x98\x80",
                                        "\xF4\x8F\xBF\xBF",
                                        "\xED\x9F\xBF",
                                        "12345678\xC3\xA9"};
    static const char *const invalid[] = {
        "\x80",         "\xC3",        "\xC0\x80",         "\xC1\xBF",         "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xE2\x82",    "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFF",         "12345678\xC3"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof valid / sizeof *valid; i++) {
        assert_true(balm_text_is_utf8(valid[i], strlen(valid[i])));
    }
    for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        assert_false(balm_text_is_utf8(invalid[i], strlen(invalid[i])));
    }
}

static void writes_every_code_point_as_it_reads_it(void **state)
{
    uint32_t code_point;
    (void)state;
    for (code_point = 0; code_point <= 0x10FFFF; code_point++) {
        char bytes[4];
        uint32_t back = 0;
        size_t len;
        if (code_point == 0xD800) code_point = 0xE000;
        len = balm_text_utf8_put(bytes, code_point);
        assert_int_equal(balm_text_utf8_next(bytes, len, &back), len);
        assert_int_equal(back, code_point);
    }
}

static void writes_what_is_no_code_point_as_the_replacement(void **state)
{
    char bytes[4];
    (void)state;
    assert_int_equal(balm_text_utf8_put(bytes, 0xD800), 3);
    assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
    assert_int_equal(balm_text_utf8_put(bytes, 0x110000), 3);
    assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
}

static void shows_nothing_that_drives_a_terminal(void **state)
{
    static const char text[] = "a\tb\x1B[31mc\r\n\xC2\x9B"
                               "2J\x7F\xC3\xA9\xC2\xA0.";
    (void)state;
    balm_buf_clear(&buf);
    balm_text_visible(&buf, text, sizeof text - 1, '?');
    assert_string_equal(buf.bytes, "a b?[31mc???2J?\xC3\xA9\xC2\xA0.");
}

static void compares_ends_and_case(void **state)
{
    (void)state;
    assert_true(balm_text_starts("cn-north-1", "cn-"));
    assert_false(balm_text_starts("cn", "cn-"));
    assert_true(balm_text_ends("a.lua", ".lua"));
    assert_false(balm_text_ends("lua", ".lua"));
    assert_true(balm_text_same_nocase("Content-Type", "content-type"));
    assert_false(balm_text_same_nocase("Content-Type", "content-typ"));
    assert_false(balm_text_same_nocase("@", "\x60"));
}

static void matches_globs(void **state)
{
    (void)state;
    assert_true(balm_text_glob("*", ""));
    assert_true(balm_text_glob("prod-*", "prod-logs"));
    assert_false(balm_text_glob("prod-*", "my-prod-logs"));
    assert_true(balm_text_glob("*-logs-?", "prod-logs-1"));
    assert_false(balm_text_glob("*-logs-?", "prod-logs-12"));
    assert_true(balm_text_glob("a*b*c", "aXXbYYbZZc"));
    assert_false(balm_text_glob("a*b*c", "aXXbYYbZZ"));
    assert_true(balm_text_glob("**", "x"));
    assert_true(balm_text_glob("?", "\xC3\xA9"));
    assert_false(balm_text_glob("", "x"));
    assert_true(balm_text_glob("[a]", "[a]"));
}

static void matches_hostile_globs_in_time(void **state)
{
    char text[4001];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_false(balm_text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void snake(const char *name, const char *expected)
{
    balm_buf_clear(&buf);
    assert_int_equal(balm_text_snake(&buf, name), BALM_OK);
    assert_string_equal(buf.bytes, expected);
}

static void turns_api_names_into_snake_case(void **state)
{
    (void)state;
    snake("PutBucketVersioning", "put_bucket_versioning");
    snake("DescribeDBInstances", "describe_db_instances");
    snake("ListObjectsV2", "list_objects_v2");
    snake("CreateSAMLProvider", "create_saml_provider");
    snake("ListWebACLs", "list_web_acls");
    snake("GetGatewayARNs", "get_gateway_arns");
    snake("DescribeVpcs", "describe_vpcs");
    snake("UpdateAccountPasswordPolicy", "update_account_password_policy");
    snake("GetS3Object2Go", "get_s3_object2_go");
    snake("AssumeRoleWithSAML", "assume_role_with_saml");
    snake("CreateHITWithHITType", "create_hit_with_hit_type");
    snake("ARNs", "_arns");
    snake("A", "a");
    snake("", "");
    snake("already_snake_CASE", "already_snake_CASE");
}

static void keeps_words_with_capitals_of_their_own(void **state)
{
    (void)state;
    snake("CreateCachediSCSIVolume", "create_cached_iscsi_volume");
    snake("DescribeCachediSCSIVolumes", "describe_cached_iscsi_volumes");
    snake("DescribeStorediSCSIVolumes", "describe_stored_iscsi_volumes");
    snake("ListHITsForQualificationType", "list_hits_for_qualification_type");
    snake("ListHITs", "list_hits");
    snake("ExecutePartiQLStatement", "execute_partiql_statement");
    snake("SendWhatsAppMessage", "send_whatsapp_message");
    snake("StartOTelEnrichment", "start_otel_enrichment");
}

static void counts_how_far_names_are_apart(void **state)
{
    (void)state;
    assert_int_equal(balm_text_distance("bucket", "bucket", 3), 0);
    assert_int_equal(balm_text_distance("Bucket", "bucket", 3), 1);
    assert_int_equal(balm_text_distance("buckte", "bucket", 3), 1);
    assert_int_equal(balm_text_distance("kitten", "sitting", 5), 3);
    assert_int_equal(balm_text_distance("kitten", "sitting", 2), 3);
    assert_int_equal(balm_text_distance("kitten", "sitting", 1), 2);
    assert_int_equal(balm_text_distance("", "abc", 5), 3);
    assert_int_equal(balm_text_distance("ca", "abc", 5), 3); /* no edit within a swapped pair */
    assert_int_equal(balm_text_distance("abcdef", "badcfe", 9), 3);
}

static void finds_the_name_that_was_meant(void **state)
{
    static const char *const names[] = {"Bucket", "BucketKeyEnabled", "VersioningConfiguration",
                                        "SSEAlgorithm"};
    (void)state;
    assert_string_equal(balm_text_nearest("Bukcet", names, 4), "Bucket");
    assert_string_equal(balm_text_nearest("versioning_configuration", names, 4),
                        "VersioningConfiguration");
    assert_string_equal(balm_text_nearest("SseAlgorythm", names, 4), "SSEAlgorithm");
    assert_null(balm_text_nearest("Key", names, 4));
    assert_null(balm_text_nearest("", names, 4));
    assert_null(balm_text_nearest("Bucket", names, 0));
}

static void segments(const char *path, const char *expected)
{
    balm_buf_clear(&buf);
    balm_text_add_segments(&buf, path);
    assert_string_equal(buf.bytes, expected);
}

static void takes_dots_out_of_paths(void **state)
{
    (void)state;
    segments("/a/./b//c/", "/a/b/c");
    segments("/a/../b/..", "");
    segments("/../../a", "/a");
    segments("/...//.a", "/.../.a");
    segments("/", "");
}

static void knows_host_labels(void **state)
{
    char long_label[64];
    (void)state;
    memset(long_label, 'a', sizeof long_label);
    assert_true(balm_text_is_host_label("eu-west-1", 9));
    assert_true(balm_text_is_host_label("1", 1));
    assert_true(balm_text_is_host_label(long_label, 63));
    assert_false(balm_text_is_host_label(long_label, 64));
    assert_false(balm_text_is_host_label("", 0));
    assert_false(balm_text_is_host_label("-a", 2));
    assert_false(balm_text_is_host_label("a-", 2));
    assert_false(balm_text_is_host_label("evil.example/", 13));
    assert_true(balm_text_is_host_label("EU", 2));
    assert_false(balm_text_is_host_label("a\0b", 3));
}

/* More than are drawn at once. */
static void makes_different_uuids(void **state)
{
    char made[40][37];
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        balm_text_uuid(made[i]);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(made[i], made[k]);
        }
        assert_int_equal(strlen(made[i]), 36);
        assert_true(made[i][8] == '-' && made[i][13] == '-' && made[i][18] == '-' &&
                    made[i][23] == '-');
        assert_int_equal(made[i][14], '4');
        assert_non_null(strchr("89ab", made[i][19]));
        assert_int_equal(strspn(made[i], "0123456789abcdef-"), 36);
    }
}

static void a_uuid_or_its_beginning_tells_its_time(void **state)
{
    int64_t from = 0, to = 0;
    char uuid[37];
    (void)state;
    balm_text_uuid_at(uuid, 1795420800123456);
    assert_true(balm_text_uuid_span(uuid, &from, &to));
    assert_true(from == 1795420800123000 && to == 1795420800123999);
    assert_true(balm_text_uuid_span("01a2076b", &from, &to));
    assert_true(from <= 1795420800123456 && to >= 1795420800123456 && to - from > 60000000);
    assert_false(balm_text_uuid_span("01a2076b4", &from, &to));
    assert_false(balm_text_uuid_span("01A2076B", &from, &to));
    assert_false(balm_text_uuid_span("01a2076b-447b-7000-8000-0000000000000", &from, &to));
}

static void uuids_of_a_time_sort_as_their_times_do(void **state)
{
    char earlier[37];
    char later[37];
    (void)state;
    balm_text_uuid_at(earlier, 1795420800123456);
    balm_text_uuid_at(later, 1795420800123457);
    assert_true(strcmp(earlier, later) < 0);
    assert_memory_equal(earlier, "01a2076b-447b-7", 15);
    assert_non_null(strchr("89ab", earlier[19]));
    balm_text_uuid_at(later, 1795420800123456);
    assert_memory_equal(earlier, later, 18);
    assert_string_not_equal(earlier, later);
}

static void wipes(void **state)
{
    char secret[8] = "secret";
    static const char zeros[8];
    (void)state;
    balm_wipe(secret, sizeof secret);
    assert_memory_equal(secret, zeros, sizeof secret);
}

static void splits(const char *text, size_t expected, const char *const *words)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    size_t count;
    char **found = balm_text_words(&arena, text, &count);
    size_t i;
    assert_non_null(found);
    assert_int_equal(count, expected);
    for (i = 0; i < count; i++) {
        assert_string_equal(found[i], words[i]);
    }
    assert_null(found[count]);
    balm_arena_free(&arena);
}

/* What Python's shlex makes of the same. */
static void splits_words_as_a_shell_does(void **state)
{
    static const char *const plain[] = {"a", "b", "c"};
    static const char *const quoted[] = {"a b", "c\"d\\e", "\\f", ""};
    static const char *const joined[] = {"ab c", "d e", "'"};
    (void)state;
    splits(" a\tb\r\nc ", 3, plain);
    splits("'a b' \"c\\\"d\\\\e\" \"\\f\" ''", 4, quoted);
    splits("a'b c' d\\ e \\'", 3, joined);
    splits("", 0, NULL);
}

static void words_with_open_quotes_are_none(void **state)
{
    static const char *const bad[] = {"'", "a \"b", "a\\", "'a' '"};
    struct balm_arena arena = BALM_ARENA_INIT;
    size_t count;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_null(balm_text_words(&arena, bad[i], &count));
    }
    balm_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_encodes_all_but_the_unreserved),
        cmocka_unit_test(encodes_each_byte_wherever_it_stands),
        cmocka_unit_test(a_space_in_a_form_is_a_plus),
        cmocka_unit_test(undoes_percent_encoding),
        cmocka_unit_test(writes_hex_and_base64),
        cmocka_unit_test(refuses_what_is_not_base64),
        cmocka_unit_test(knows_valid_utf8),
        cmocka_unit_test(writes_every_code_point_as_it_reads_it),
        cmocka_unit_test(writes_what_is_no_code_point_as_the_replacement),
        cmocka_unit_test(shows_nothing_that_drives_a_terminal),
        cmocka_unit_test(compares_ends_and_case),
        cmocka_unit_test(matches_globs),
        cmocka_unit_test(matches_hostile_globs_in_time),
        cmocka_unit_test(turns_api_names_into_snake_case),
        cmocka_unit_test(keeps_words_with_capitals_of_their_own),
        cmocka_unit_test(counts_how_far_names_are_apart),
        cmocka_unit_test(finds_the_name_that_was_meant),
        cmocka_unit_test(takes_dots_out_of_paths),
        cmocka_unit_test(knows_host_labels),
        cmocka_unit_test(makes_different_uuids),
        cmocka_unit_test(uuids_of_a_time_sort_as_their_times_do),
        cmocka_unit_test(a_uuid_or_its_beginning_tells_its_time),
        cmocka_unit_test(wipes),
        cmocka_unit_test(splits_words_as_a_shell_does),
        cmocka_unit_test(words_with_open_quotes_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
