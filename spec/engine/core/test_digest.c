#include "core/digest.h"

#include "core/buf.h"
#include "core/hash.h"
#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void same_hex(const unsigned char *bytes, size_t len, const char *hex)
{
    struct balm_buf buf = BALM_BUF_INIT(256);
    balm_text_hex(&buf, bytes, len);
    assert_string_equal(buf.bytes, hex);
    balm_buf_free(&buf);
}

/* FIPS 180-4's examples, and the empty text that SigV4 hashes all day. */
static void hashes_the_published_texts(void **state)
{
    char hex[BALM_SHA256_HEX];
    unsigned char out[BALM_SHA256_LEN];
    unsigned char wide[BALM_SHA512_LEN];
    (void)state;
    balm_sha256_hex(hex, "", 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    balm_sha256_hex(hex, "abc", 3);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    balm_sha512(wide, "abc", 3);
    same_hex(wide, BALM_SHA512_LEN,
             "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    balm_sha1(out, "abc", 3);
    same_hex(out, BALM_SHA1_LEN, "a9993e364706816aba3e25717850c26c9cd0d89d");
    balm_md5(out, "abc", 3);
    same_hex(out, BALM_MD5_LEN, "900150983cd24fb0d6963f7d28e17f72");
    assert_int_equal(balm_crc32("123456789", 9), 0xCBF43926);
    assert_int_equal(balm_crc32(NULL, 0), 0);
}

/* RFC 4231, test cases 1, 2 and 6. */
static void keys_the_published_texts(void **state)
{
    unsigned char key[131];
    unsigned char out[BALM_SHA256_LEN];
    const char *text = "Test Using Larger Than Block-Size Key - Hash Key First";
    (void)state;
    memset(key, 0x0b, 20);
    balm_hmac_sha256(out, key, 20, "Hi There", 8);
    same_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    balm_hmac_sha256(out, "Jefe", 4, "what do ya want for nothing?", 28);
    same_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    balm_hmac_sha256(out, key, sizeof key, text, strlen(text));
    same_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void may_write_over_its_key(void **state)
{
    unsigned char key[BALM_SHA256_LEN] = {1, 2, 3};
    unsigned char out[BALM_SHA256_LEN];
    (void)state;
    balm_hmac_sha256(out, key, sizeof key, "20261123", 8);
    balm_hmac_sha256(key, key, sizeof key, "20261123", 8);
    assert_memory_equal(key, out, sizeof out);
}

static void hashes_keys_alike_wherever_they_lie(void **state)
{
    char text[40] = "0123456789abcdef0123456789abcdef";
    char moved[40];
    size_t len;
    (void)state;
    memcpy(moved + 1, text, 33);
    for (len = 0; len <= 32; len++) {
        assert_int_equal(balm_hash(text, len), balm_hash(moved + 1, len));
        assert_int_not_equal(balm_hash(text, len), balm_hash(text, len + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_the_published_texts),
        cmocka_unit_test(keys_the_published_texts),
        cmocka_unit_test(may_write_over_its_key),
        cmocka_unit_test(hashes_keys_alike_wherever_they_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
