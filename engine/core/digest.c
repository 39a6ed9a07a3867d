#include "core/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <zlib.h>

#define HMAC_BLOCK 64

enum kind { SHA256, SHA512, SHA1, MD5, KINDS };

/* Looking an algorithm up costs more than hashing a short text, so each is fetched once, and each
   thread keeps a context of each kind. */
static EVP_MD *algorithms[KINDS];
static tss_t contexts_key;
static once_flag fetched = ONCE_FLAG_INIT;
static bool usable; /* set once, constant from then on */

struct contexts {
    EVP_MD_CTX *of[KINDS];
};

static void free_contexts(void *held)
{
    struct contexts *contexts = held;
    size_t i;
    if (!contexts) return;
    for (i = 0; i < KINDS; i++) {
        EVP_MD_CTX_free(contexts->of[i]);
    }
    free(contexts);
}

/* At exit, on the thread that exits: the others' went with them. */
static void free_all(void)
{
    size_t i;
    free_contexts(tss_get(contexts_key));
    tss_set(contexts_key, NULL);
    for (i = 0; i < KINDS; i++) {
        EVP_MD_free(algorithms[i]);
        algorithms[i] = NULL;
    }
}

static void fetch(void)
{
    static const char *const names[KINDS] = {"SHA2-256", "SHA2-512", "SHA1", "MD5"};
    size_t i;
    /* First, so that its own exit handler runs after ours. */
    if (!OPENSSL_init_crypto(0, NULL)) return;
    if (tss_create(&contexts_key, free_contexts) != thrd_success) return;
    for (i = 0; i < KINDS; i++) {
        algorithms[i] = EVP_MD_fetch(NULL, names[i], NULL);
    }
    atexit(free_all);
    usable = algorithms[SHA256] && algorithms[SHA512] && algorithms[SHA1];
}

static struct contexts *contexts_of_thread(void)
{
    struct contexts *contexts;
    size_t i;
    call_once(&fetched, fetch);
    if (!usable) return NULL;
    contexts = tss_get(contexts_key);
    if (contexts) return contexts;
    contexts = calloc(1, sizeof *contexts);
    if (!contexts) return NULL;
    for (i = 0; i < KINDS; i++) {
        contexts->of[i] = EVP_MD_CTX_new();
        if (!contexts->of[i]) goto fail;
        if (algorithms[i] && !EVP_DigestInit_ex2(contexts->of[i], algorithms[i], NULL)) goto fail;
    }
    if (tss_set(contexts_key, contexts) == thrd_success) return contexts;
fail:
    free_contexts(contexts);
    return NULL;
}

enum balm_code balm_digest_ready(struct balm_err *err)
{
    return contexts_of_thread() ? BALM_OK : balm_nomem(err);
}

/* A digest that is silently wrong would sign, or approve, the wrong thing. */
static EVP_MD_CTX *start(enum kind kind)
{
    struct contexts *contexts = contexts_of_thread();
    if (!contexts || !algorithms[kind]) abort();
    if (!EVP_DigestInit_ex2(contexts->of[kind], NULL, NULL)) abort();
    return contexts->of[kind];
}

static void add(EVP_MD_CTX *context, const void *bytes, size_t len)
{
    if (len && !EVP_DigestUpdate(context, bytes, len)) abort();
}

static void end(EVP_MD_CTX *context, unsigned char *out)
{
    if (!EVP_DigestFinal_ex(context, out, NULL)) abort();
}

static void digest(enum kind kind, unsigned char *out, const void *bytes, size_t len)
{
    EVP_MD_CTX *context = start(kind);
    add(context, bytes, len);
    end(context, out);
}

void balm_sha512(unsigned char out[BALM_SHA512_LEN], const void *bytes, size_t len)
{
    digest(SHA512, out, bytes, len);
}

void balm_sha256(unsigned char out[BALM_SHA256_LEN], const void *bytes, size_t len)
{
    digest(SHA256, out, bytes, len);
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
    digest(SHA1, out, bytes, len);
}

void balm_md5(unsigned char out[BALM_MD5_LEN], const void *bytes, size_t len)
{
    digest(MD5, out, bytes, len);
}

static void keyed(unsigned char out[BALM_SHA256_LEN], const unsigned char key[HMAC_BLOCK],
                  unsigned char mask, const void *bytes, size_t len)
{
    unsigned char pad[HMAC_BLOCK];
    EVP_MD_CTX *context = start(SHA256);
    size_t i;
    for (i = 0; i < sizeof pad; i++) {
        pad[i] = key[i] ^ mask;
    }
    add(context, pad, sizeof pad);
    add(context, bytes, len);
    end(context, out);
    OPENSSL_cleanse(pad, sizeof pad);
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
