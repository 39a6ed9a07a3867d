/* libcrypto's newer interface allocates for each digest, and so do its one-step functions: they
   could fail where nobody can do without. These cannot. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/digest.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <string.h>
#include <zlib.h>

#define HMAC_BLOCK 64

void balm_sha512(unsigned char out[BALM_SHA512_LEN], const void *bytes, size_t len)
{
    SHA512_CTX context;
    SHA512_Init(&context);
    SHA512_Update(&context, bytes, len);
    SHA512_Final(out, &context);
}

void balm_sha256(unsigned char out[BALM_SHA256_LEN], const void *bytes, size_t len)
{
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, bytes, len);
    SHA256_Final(out, &context);
}

void balm_sha256_hex(char out[BALM_SHA256_HEX], const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[BALM_SHA256_LEN];
    size_t i;
    balm_sha256(hash, bytes, len);
    for (i = 0; i < sizeof hash; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * sizeof hash] = '\0';
}

void balm_sha1(unsigned char out[BALM_SHA1_LEN], const void *bytes, size_t len)
{
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, bytes, len);
    SHA1_Final(out, &context);
}

void balm_md5(unsigned char out[BALM_MD5_LEN], const void *bytes, size_t len)
{
    MD5_CTX context;
    MD5_Init(&context);
    MD5_Update(&context, bytes, len);
    MD5_Final(out, &context);
}

static void keyed(unsigned char out[BALM_SHA256_LEN], const unsigned char key[HMAC_BLOCK],
                  unsigned char mask, const void *bytes, size_t len)
{
    unsigned char pad[HMAC_BLOCK];
    SHA256_CTX context;
    size_t i;
    SHA256_Init(&context);
    for (i = 0; i < sizeof pad; i++) {
        pad[i] = key[i] ^ mask;
    }
    SHA256_Update(&context, pad, sizeof pad);
    SHA256_Update(&context, bytes, len);
    SHA256_Final(out, &context);
    OPENSSL_cleanse(pad, sizeof pad);
    OPENSSL_cleanse(&context, sizeof context);
}

void balm_hmac_sha256(unsigned char out[BALM_SHA256_LEN], const void *key, size_t key_len,
                      const void *bytes, size_t len)
{
    unsigned char block[HMAC_BLOCK] = {0};
    unsigned char inner[BALM_SHA256_LEN];
    if (key_len > sizeof block) {
        balm_sha256(block, key, key_len);
    } else if (key_len) {
        memcpy(block, key, key_len);
    }
    keyed(inner, block, 0x36, bytes, len);
    keyed(out, block, 0x5c, inner, sizeof inner);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(block, sizeof block);
}

uint32_t balm_crc32(const void *bytes, size_t len)
{
    return len ? (uint32_t)crc32_z(0, bytes, len) : 0;
}
