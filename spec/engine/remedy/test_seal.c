#include "remedy/seal.h"

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "remedy/document.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#define KEY_HEX    "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define KEY_BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
static struct balm_err err;
static char folder[SCRATCH_MAX];
static char key_path[SCRATCH_MAX + 32];
static char url[SCRATCH_MAX + 32];

static int set_up(void **state)
{
    (void)state;
    if (!scratch_folder(folder)) return -1;
    (void)snprintf(url, sizeof url, "sqlite:%s/balm.db", folder);
    (void)snprintf(key_path, sizeof key_path, "%s/balm.key", folder);
    unsetenv("BALM_STORE_KEY");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(key_path);
    rmdir(folder);
    balm_arena_free(&arena);
    balm_buf_free(&text);
    return 0;
}

static struct balm_seal *open_seal(const char *store_url)
{
    struct balm_seal *seal = NULL;
    assert_int_equal(balm_seal_new(&seal, store_url, &err), BALM_OK);
    return seal;
}

static struct balm_value sealed_by(struct balm_seal *seal, struct balm_value value)
{
    struct balm_value sealed = balm_null();
    if (balm_seal_value(seal, &arena, value, "run/1", &sealed, &err)) fail_msg("%s", err.message);
    return sealed;
}

static struct balm_value unsealed_by(struct balm_seal *seal, struct balm_value value)
{
    struct balm_value plain = balm_null();
    if (balm_unseal_value(seal, &arena, value, "run/1", &plain, &err)) {
        fail_msg("%s", err.message);
    }
    return plain;
}

static struct balm_value secret(struct balm_value value)
{
    value.secret = 1;
    return value;
}

static struct balm_value password(void)
{
    struct balm_value map = balm_map(&arena);
    struct balm_value list = balm_list(&arena);
    balm_list_push(&arena, list, balm_string("plain"));
    balm_list_push(&arena, list, secret(balm_string("hunter2hunter2")));
    balm_map_set(&arena, map, "Name", balm_string("db"));
    balm_map_set(&arena, map, "Passwords", list);
    balm_map_set(&arena, map, "Key", secret(balm_bytes("\0\1\2", 3)));
    return map;
}

static const char *json(struct balm_value value)
{
    balm_buf_clear(&text);
    assert_int_equal(balm_json_print(&text, value, BALM_JSON_SECRETS), BALM_OK);
    return text.bytes;
}

static void does_not_open(struct balm_seal *seal, struct balm_value sealed, const char *place)
{
    struct balm_value plain;
    assert_int_equal(balm_unseal_value(seal, &arena, sealed, place, &plain, &err), BALM_E_INPUT);
    assert_non_null(strstr(err.message, "does not open"));
}

static void gives_back_values_with_their_types_and_marks(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value value = password();
    struct balm_value back = unsealed_by(seal, sealed_by(seal, value));
    (void)state;
    assert_true(balm_equal(back, value));
    assert_int_equal(balm_get(back, "Key").type, BALM_BYTES);
    assert_true(balm_get(back, "Key").secret);
    assert_true(balm_path(back, "Passwords.1").secret);
    assert_false(balm_path(back, "Passwords.0").secret);
    assert_false(back.secret);
    balm_seal_release(seal);
}

static void seals_what_is_marked_and_nothing_else(void **state)
{
    struct balm_seal *seal = open_seal(url);
    const char *sealed = json(sealed_by(seal, password()));
    (void)state;
    assert_null(strstr(sealed, "hunter2"));
    assert_non_null(strstr(sealed, "{\"Name\":\"db\",\"Passwords\":[\"plain\",{\"$sealed\":\""));
    balm_seal_release(seal);
}

static void shares_what_holds_no_secret(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value map = balm_map(&arena);
    (void)state;
    balm_map_set(&arena, map, "a", balm_list(&arena));
    assert_ptr_equal(sealed_by(seal, map).as.map, map.as.map);
    assert_false(balm_file_exists(key_path)); /* nor was a key needed */
    balm_seal_release(seal);
}

static void marks_all_parts_of_a_marked_container(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value map = secret(balm_map(&arena));
    struct balm_value back;
    (void)state;
    balm_map_set(&arena, map, "pin", secret(balm_int(1234)));
    back = unsealed_by(seal, sealed_by(seal, map));
    assert_true(back.secret && balm_get(back, "pin").secret);
    assert_int_equal(balm_get_int(back, "pin", 0), 1234);
    balm_seal_release(seal);
}

static void gives_back_what_only_looked_sealed(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value map = balm_map(&arena);
    struct balm_value back;
    (void)state;
    balm_map_set(&arena, map, "$sealed", balm_string("of a script's own making"));
    back = unsealed_by(seal, sealed_by(seal, map));
    assert_true(balm_equal(back, map));
    assert_false(back.secret);
    balm_seal_release(seal);
}

static void seals_the_same_differently_each_time(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value value = secret(balm_string("hunter2hunter2"));
    (void)state;
    assert_false(balm_equal(sealed_by(seal, value), sealed_by(seal, value)));
    balm_seal_release(seal);
}

static void opens_nowhere_else(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value sealed = sealed_by(seal, secret(balm_string("hunter2hunter2")));
    struct balm_seal *foreign;
    (void)state;
    does_not_open(seal, sealed, "run/2");
    setenv("BALM_STORE_KEY", KEY_HEX, 1);
    foreign = open_seal(url);
    does_not_open(foreign, sealed, "run/1");
    balm_seal_release(foreign);
    balm_seal_release(seal);
}

static void does_not_open_when_one_character_was_changed(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value sealed = sealed_by(seal, secret(balm_string("hunter2hunter2")));
    struct balm_value inner = balm_get(sealed, "$sealed");
    (void)state;
    for (uint32_t i = 0; i < inner.len; i++) {
        struct balm_value changed = balm_map(&arena);
        char *copy = balm_arena_copy(&arena, inner.as.text, inner.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        balm_map_set(&arena, changed, "$sealed", balm_string(copy));
        does_not_open(seal, changed, "run/1");
    }
    balm_map_set(&arena, sealed, "$sealed", balm_string("AAAA"));
    does_not_open(seal, sealed, "run/1");
    balm_map_set(&arena, sealed, "$sealed", balm_string(""));
    does_not_open(seal, sealed, "run/1");
    balm_seal_release(seal);
}

static void makes_its_key_once_and_for_its_owner_alone(void **state)
{
    struct balm_seal *first = open_seal(url);
    struct balm_value sealed = sealed_by(first, secret(balm_string("hunter2hunter2")));
    struct balm_seal *second = open_seal(url);
    struct stat status;
    (void)state;
    assert_int_equal(stat(key_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_true(balm_is_text(unsealed_by(second, sealed), "hunter2hunter2"));
    balm_seal_release(first);
    balm_seal_release(second);
}

static void refuses_a_key_that_others_can_read(void **state)
{
    struct balm_seal *seal = open_seal(url);
    struct balm_value out;
    (void)state;
    assert_int_equal(balm_file_write(key_path, KEY_BASE64, strlen(KEY_BASE64), 0640, &err),
                     BALM_OK);
    assert_int_equal(balm_seal_value(seal, &arena, password(), "run/1", &out, &err), BALM_E_AUTH);
    assert_non_null(strstr(err.message, key_path));
    assert_non_null(strstr(err.message, "chmod 600"));
    balm_seal_release(seal);
}

static void refuses_keys_that_are_none(void **state)
{
    static const char *const wrong[] = {"secret", KEY_HEX "0", "AAEC", KEY_BASE64 "AAAA"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct balm_seal *seal = open_seal(url);
        struct balm_value out;
        setenv("BALM_STORE_KEY", wrong[i], 1);
        assert_int_equal(balm_seal_value(seal, &arena, password(), "run/1", &out, &err),
                         BALM_E_ARG);
        assert_non_null(strstr(err.message, "BALM_STORE_KEY"));
        assert_null(strstr(err.message, wrong[i]));
        balm_seal_release(seal);
    }
}

static void takes_a_key_as_base64_and_as_hex(void **state)
{
    struct balm_seal *hex;
    struct balm_seal *base64;
    struct balm_value sealed;
    (void)state;
    setenv("BALM_STORE_KEY", KEY_HEX, 1);
    hex = open_seal("dynamodb:balm");
    sealed = sealed_by(hex, secret(balm_string("hunter2hunter2")));
    setenv("BALM_STORE_KEY", KEY_BASE64 "\n", 1);
    base64 = open_seal("dynamodb:balm");
    assert_true(balm_is_text(unsealed_by(base64, sealed), "hunter2hunter2"));
    balm_seal_release(hex);
    balm_seal_release(base64);
}

static void needs_a_given_key_where_the_store_is_shared(void **state)
{
    struct balm_seal *seal = open_seal("dynamodb:balm");
    unsigned char mac[BALM_SHA256_LEN];
    (void)state;
    assert_int_equal(balm_seal_mac(seal, mac, "plan", 4, &err), BALM_E_AUTH);
    assert_non_null(strstr(err.message, "BALM_STORE_KEY"));
    balm_seal_release(seal);
}

static void signs_with_a_key_of_its_own(void **state)
{
    /* HMAC-SHA256(HMAC-SHA256(key, "balm mac 1"), "plan"), by another implementation. */
    static const char expected[] =
        "6a8a88bfbd23f76b7cac879730bb51bc8c67245c2c5895319dbc83f9c47e93d0";
    unsigned char mac[BALM_SHA256_LEN];
    struct balm_seal *seal;
    struct balm_buf hex = BALM_BUF_INIT(128);
    (void)state;
    setenv("BALM_STORE_KEY", KEY_HEX, 1);
    seal = open_seal("dynamodb:balm");
    assert_int_equal(balm_seal_mac(seal, mac, "plan", 4, &err), BALM_OK);
    balm_text_hex(&hex, mac, sizeof mac);
    assert_string_equal(hex.bytes, expected);
    balm_buf_free(&hex);
    balm_seal_release(seal);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(gives_back_values_with_their_types_and_marks),
        TEST(seals_what_is_marked_and_nothing_else),
        TEST(shares_what_holds_no_secret),
        TEST(marks_all_parts_of_a_marked_container),
        TEST(gives_back_what_only_looked_sealed),
        TEST(seals_the_same_differently_each_time),
        TEST(opens_nowhere_else),
        TEST(does_not_open_when_one_character_was_changed),
        TEST(makes_its_key_once_and_for_its_owner_alone),
        TEST(refuses_a_key_that_others_can_read),
        TEST(refuses_keys_that_are_none),
        TEST(takes_a_key_as_base64_and_as_hex),
        TEST(needs_a_given_key_where_the_store_is_shared),
        TEST(signs_with_a_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
