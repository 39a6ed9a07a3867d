#include "engine/remedy/values.h"
#include "remedy/plan_file.h"

#include <stdlib.h>

#define NOW    1795420800000000 /* 2026-11-23T08:00:00Z */
#define LATER  (NOW + 3600 * (int64_t)1000000)
#define SECRET "correct horse battery"

static struct balm_buf text = BALM_BUF_INIT(BALM_PLAN_FILE_MAX);

static struct balm_seal *seal_with(const char *key)
{
    struct balm_seal *seal;
    struct balm_err err;

    setenv("BALM_STORE_KEY", key, 1);
    assert_int_equal(balm_seal_new(&seal, "dynamodb:balm", &err), BALM_OK);
    return seal;
}

static int open_seal(void **state)
{
    *state = seal_with("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    return 0;
}

static int close_seal(void **state)
{
    balm_seal_release(*state);
    balm_buf_free(&text);
    return clean(state);
}

/* One event that sets a password, which is secret, to be made part of an unknown's name. */
static struct balm_value event(void)
{
    struct balm_value made =
        json("{\"run\":\"r-1\",\"finding\":{\"account\":\"123456789012\"},\"config\":{},"
             "\"parameters\":{\"$odd\":1.0},\"complete\":true}");
    struct balm_value params = balm_map(&arena), write = balm_map(&arena);
    struct balm_value password = balm_string(SECRET);

    password.secret = 1;
    balm_map_set(&arena, params, "Password", password);
    balm_map_set(&arena, params, "Name", balm_unknown("\"db-\" .. rds:CreateDBInstance.Id"));
    balm_map_set(&arena, params, "At", balm_time_value(NOW));
    balm_map_set(&arena, params, "Blob", balm_bytes("\x00\xFF", 2));
    balm_map_set(&arena, write, "params", params);
    balm_map_set(&arena, made, "writes", balm_list_of(&arena, &write, 1));
    return made;
}

static void write_plan(struct balm_seal *seal)
{
    struct balm_plan_file file = {NOW, LATER, json("{\"path\":\"balm.lua\",\"sha256\":\"ab\"}"),
                                  balm_list(&arena)};
    struct balm_err err;

    balm_list_push(&arena, file.events, event());
    if (balm_plan_file_write(&text, &file, seal, &err)) fail_msg("%s", err.message);
}

static void refused_with(struct balm_seal *seal, int64_t now, const char *why)
{
    struct balm_plan_file file;
    struct balm_err err;

    assert_int_equal(balm_plan_file_read(&file, text.bytes, text.len, seal, now, &arena, &err),
                     BALM_E_INPUT);
    expect_part(err.message, why);
}

static void replace(const char *old, const char *new)
{
    char *at = strstr(text.bytes, old);

    assert_non_null(at);
    assert_int_equal(strlen(old), strlen(new));
    memcpy(at, new, strlen(new));
}

/* ---- ---- */

static void what_was_written_reads_back(void **state)
{
    struct balm_plan_file file;
    struct balm_value params, password;
    struct balm_err err;

    write_plan(*state);
    if (balm_plan_file_read(&file, text.bytes, text.len, *state, NOW, &arena, &err)) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(file.made, NOW);
    assert_int_equal(file.expires, LATER);
    params = balm_path(*balm_list_at(file.events, 0), "writes.0.params");
    password = balm_get(params, "Password");
    assert_true(balm_is_text(password, SECRET));
    assert_true(password.secret);
    assert_int_equal(balm_get(params, "Name").type, BALM_UNKNOWN);
    assert_string_equal(balm_get(params, "Name").as.text, "\"db-\" .. rds:CreateDBInstance.Id");
    assert_int_equal(balm_get(params, "At").type, BALM_TIME);
    assert_int_equal(balm_get(params, "Blob").type, BALM_BYTES);
    assert_true(balm_equal(balm_path(*balm_list_at(file.events, 0), "parameters"),
                           balm_path(event(), "parameters")));
}

static void an_event_knows_the_configuration_and_when_it_expires(void **state)
{
    struct balm_plan_file file;
    struct balm_value read;
    struct balm_err err;

    write_plan(*state);
    assert_int_equal(balm_plan_file_read(&file, text.bytes, text.len, *state, NOW, &arena, &err),
                     BALM_OK);
    read = *balm_list_at(file.events, 0);
    assert_true(balm_is_text(balm_path(read, "config.sha256"), "ab"));
    assert_int_equal(balm_get(read, "expires").as.integer, LATER);
}

static void a_person_can_read_it_but_for_what_is_secret(void **state)
{
    write_plan(*state);
    expect_part(text.bytes, "\"made\": \"2026-11-23T08:00:00Z\"");
    expect_part(text.bytes, "\"expires\": \"2026-11-23T09:00:00Z\"");
    expect_part(text.bytes, "\"path\": \"balm.lua\"");
    expect_part(text.bytes, "rds:CreateDBInstance.Id");
    assert_null(strstr(text.bytes, SECRET));
    expect_part(text.bytes, "\"$sealed\"");
}

static void an_edited_byte_anywhere_is_refused(void **state)
{
    write_plan(*state);
    for (size_t i = 0; i < text.len; i++) {
        struct balm_plan_file file;
        struct balm_err err;
        for (unsigned bit = 1; bit < 256; bit <<= 3) {
            text.bytes[i] = (char)(text.bytes[i] ^ (int)bit);
            if (balm_plan_file_read(&file, text.bytes, text.len, *state, NOW, &arena, &err) !=
                BALM_E_INPUT) {
                fail_msg("byte %zu, bit %u was not missed", i, bit);
            }
            text.bytes[i] = (char)(text.bytes[i] ^ (int)bit);
        }
        balm_arena_reset(&arena);
    }
}

static void a_cut_or_longer_file_is_refused(void **state)
{
    size_t len;

    write_plan(*state);
    len = text.len;
    for (size_t i = 0; i < len; i++) {
        text.len = i;
        refused_with(*state, NOW, "damaged");
    }
    text.len = len;
    (void)balm_buf_addc(&text, '\n');
    refused_with(*state, NOW, "does not end as a plan does");
}

static void an_edited_plan_is_called_so(void **state)
{
    write_plan(*state);
    replace("123456789012", "210987654321");
    refused_with(*state, NOW, "it was edited");
}

static void an_edited_plan_with_a_new_hash_is_foreign(void **state)
{
    char hash[BALM_SHA256_HEX];
    size_t body;

    write_plan(*state);
    replace("123456789012", "210987654321");
    body = (size_t)(strstr(text.bytes, ",\n  \"sha256\"") - text.bytes);
    balm_sha256_hex(hash, text.bytes, body);
    memcpy(strstr(text.bytes + body, "sha256\": \"") + strlen("sha256\": \""), hash, 64);
    refused_with(*state, NOW, "it is foreign");
}

static void a_plan_of_another_store_is_foreign(void **state)
{
    struct balm_seal *other;

    write_plan(*state); /* a key is looked for when it is needed */
    other = seal_with("ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    refused_with(other, NOW, "it is foreign");
    balm_seal_release(other);
}

static void a_plan_that_has_expired_is_stale(void **state)
{
    write_plan(*state);
    refused_with(*state, LATER, "it is stale: it expired at 2026-11-23T09:00:00Z");
}

static void a_plan_of_a_newer_balm_is_called_so(void **state)
{
    write_plan(*state);
    replace("\"format\": 1", "\"format\": 9");
    refused_with(*state, NOW, "a newer Balm made it (format 9");
}

static void what_is_no_plan_is_called_so(void **state)
{
    static const char *const others[] = {"[]", "{}", "{\"format\":\"1\",\"events\":[]}",
                                         "{\"format\":1}", "{\"format\":0,\"events\":[]}"};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        balm_buf_clear(&text);
        (void)balm_buf_adds(&text, others[i]);
        refused_with(*state, NOW, "it is no plan");
    }
    balm_buf_clear(&text);
    (void)balm_buf_adds(&text, "{\"format\":1,\"events\":[]}");
    refused_with(*state, NOW, "does not end as a plan does");
    balm_buf_clear(&text);
    refused_with(*state, NOW, "it is damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(it) cmocka_unit_test_setup_teardown(it, open_seal, close_seal)
        TEST(what_was_written_reads_back),
        TEST(an_event_knows_the_configuration_and_when_it_expires),
        TEST(a_person_can_read_it_but_for_what_is_secret),
        TEST(an_edited_byte_anywhere_is_refused),
        TEST(a_cut_or_longer_file_is_refused),
        TEST(an_edited_plan_is_called_so),
        TEST(an_edited_plan_with_a_new_hash_is_foreign),
        TEST(a_plan_of_another_store_is_foreign),
        TEST(a_plan_that_has_expired_is_stale),
        TEST(a_plan_of_a_newer_balm_is_called_so),
        TEST(what_is_no_plan_is_called_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
