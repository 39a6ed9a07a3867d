/*
 * digest: hashes and HMAC over libcrypto. None of them allocates, and none can fail.
 */
#ifndef BALM_CORE_DIGEST_H
#define BALM_CORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define BALM_SHA256_LEN 32
#define BALM_SHA256_HEX 65 /* with the NUL */
#define BALM_MD5_LEN    16
#define BALM_SHA1_LEN   20
#define BALM_SHA512_LEN 64

void balm_sha256(unsigned char out[BALM_SHA256_LEN], const void *bytes, size_t len);
void balm_sha256_hex(char out[BALM_SHA256_HEX], const void *bytes, size_t len);
void balm_sha512(unsigned char out[BALM_SHA512_LEN], const void *bytes, size_t len);
void balm_sha1(unsigned char out[BALM_SHA1_LEN], const void *bytes, size_t len);
void balm_md5(unsigned char out[BALM_MD5_LEN], const void *bytes, size_t len);
/* HMAC-SHA256 (RFC 2104). out may alias key. */
void balm_hmac_sha256(unsigned char out[BALM_SHA256_LEN], const void *key, size_t key_len,
                      const void *bytes, size_t len);
uint32_t balm_crc32(const void *bytes, size_t len); /* IEEE 802.3, zlib's */

#endif
