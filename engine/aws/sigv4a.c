/*
 * sigv4a: asymmetric signatures, which hold in a set of regions.
 *
 * The key pair is made of the secret, so that AWS, which knows it, can tell the public half.
 */
#include "aws/sigv4.h"

#include "aws/sigv4_internal.h"
#include "core/text.h"
#include "core/time.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>

#define KEY_LEN       BALM_SIGV4A_KEY_LEN
#define POINT_LEN     65
#define SIGNATURE_MAX 80

static const char algorithm[] = "AWS4-ECDSA-P256-SHA256";
static const char terminator[] = "aws4_request";

/* The curve's order, less two: what a private key may be, before one is added. */
static const unsigned char most[KEY_LEN] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f};

/* ---- the key ---- */

/* The HMAC's input (NIST SP 800-108, in counter mode, one block of 256 bits). */
static void fixed_input(struct balm_buf *buf, const char *access_key_id, unsigned char counter)
{
    balm_buf_clear(buf);
    (void)balm_buf_add(buf, "\0\0\0\1", 4);
    (void)balm_buf_add(buf, algorithm, sizeof algorithm); /* with its NUL */
    (void)balm_buf_adds(buf, access_key_id);
    (void)balm_buf_addc(buf, (char)counter);
    (void)balm_buf_add(buf, "\0\0\1\0", 4);
}

static void add_one(unsigned char number[KEY_LEN])
{
    for (size_t i = KEY_LEN; i-- > 0;) {
        if (++number[i]) return;
    }
}

enum balm_code balm_sigv4a_key(unsigned char out[BALM_SIGV4A_KEY_LEN],
                               const struct balm_credentials *credentials, struct balm_err *err)
{
    struct balm_buf secret = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf input = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code = BALM_OK;
    unsigned char counter = 0;
    bool found = false;

    (void)balm_buf_addf(&secret, "AWS4A%s", credentials->secret_access_key);
    while (!found && !code && ++counter < UINT8_MAX) {
        fixed_input(&input, credentials->access_key_id, counter);
        code = secret.code ? secret.code : input.code;
        if (code) break;
        balm_hmac_sha256(out, secret.bytes, secret.len, input.bytes, input.len);
        found = memcmp(out, most, KEY_LEN) <= 0;
    }
    add_one(out);
    balm_buf_wipe(&secret);
    balm_buf_wipe(&input);
    if (code) return balm_nomem(err);
    return found ? BALM_OK : balm_fail(err, BALM_E_AUTH, "no key can be made of these credentials");
}

static bool public_half(unsigned char point[POINT_LEN], const BIGNUM *key)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *made = group ? EC_POINT_new(group) : NULL;
    bool good = made && EC_POINT_mul(group, made, key, NULL, NULL, NULL) &&
                EC_POINT_point2oct(group, made, POINT_CONVERSION_UNCOMPRESSED, point, POINT_LEN,
                                   NULL) == POINT_LEN;

    EC_POINT_free(made);
    EC_GROUP_free(group);
    return good;
}

static EVP_PKEY *from_parts(const BIGNUM *key, const unsigned char point[POINT_LEN])
{
    OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM *list = NULL;
    EVP_PKEY *made = NULL;

    if (parts && context &&
        OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_PRIV_KEY, key) &&
        OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_LEN)) {
        list = OSSL_PARAM_BLD_to_param(parts);
    }
    if (!list || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEYPAIR, list) != 1) {
        made = NULL;
    }
    OSSL_PARAM_free(list);
    OSSL_PARAM_BLD_free(parts);
    EVP_PKEY_CTX_free(context);
    return made;
}

/* A new key pair, or NULL when memory ran out. */
static EVP_PKEY *key_pair(const unsigned char key[KEY_LEN])
{
    BIGNUM *number = BN_secure_new();
    unsigned char point[POINT_LEN];
    EVP_PKEY *made = NULL;

    if (number && BN_bin2bn(key, KEY_LEN, number) && public_half(point, number)) {
        made = from_parts(number, point);
    }
    BN_clear_free(number);
    return made;
}

static enum balm_code add_signature(struct balm_buf *out, EVP_PKEY *key,
                                    const struct balm_buf *string_to_sign)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[SIGNATURE_MAX];
    size_t len = sizeof signature;
    enum balm_code code = BALM_E_NOMEM;

    if (context && key && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(context, signature, &len, (const unsigned char *)string_to_sign->bytes,
                       string_to_sign->len) == 1) {
        code = balm_text_hex(out, signature, len);
    }
    EVP_MD_CTX_free(context);
    return code;
}

bool balm_sigv4a_verify(const unsigned char key[BALM_SIGV4A_KEY_LEN],
                        const struct balm_buf *string_to_sign, const void *signature, size_t len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *pair = key_pair(key);
    bool good =
        context && pair && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pair) == 1 &&
        EVP_DigestVerify(context, signature, len, (const unsigned char *)string_to_sign->bytes,
                         string_to_sign->len) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pair);
    return good;
}

/* ---- the signature ---- */

/* Without a region: "20150830/s3/aws4_request". */
static void add_scope(struct balm_buf *buf, const char *time,
                      const struct balm_sigv4_options *options)
{
    (void)balm_buf_add(buf, time, BALM_SIGV4_DATE_LEN);
    (void)balm_buf_addf(buf, "/%s/%s", options->service, terminator);
}

enum balm_code balm_sigv4a_string_to_sign(const struct balm_sigv4_options *options,
                                          const struct balm_buf *canonical_request,
                                          struct balm_buf *string_to_sign)
{
    char time[BALM_TIME_MAX];
    char hex[BALM_SHA256_HEX];

    balm_time_basic(time, options->now);
    balm_sha256_hex(hex, canonical_request->bytes, canonical_request->len);
    (void)balm_buf_addf(string_to_sign, "%s\n%s\n", algorithm, time);
    add_scope(string_to_sign, time, options);
    return balm_buf_addf(string_to_sign, "\n%s", hex);
}

static enum balm_code authorise(struct balm_request *request,
                                const struct balm_credentials *credentials,
                                const struct balm_sigv4_options *options, const char *time,
                                struct balm_err *err)
{
    struct balm_buf canonical = BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX);
    struct balm_buf names = BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX);
    struct balm_buf to_sign = BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX);
    struct balm_buf value = BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX);
    unsigned char key[KEY_LEN];
    EVP_PKEY *pair = NULL;
    enum balm_code code = balm_sigv4a_key(key, credentials, err);

    if (code) goto out;
    pair = key_pair(key);
    (void)balm_sigv4_canonical_request(request, options, &canonical, &names);
    (void)balm_sigv4a_string_to_sign(options, &canonical, &to_sign);
    (void)balm_buf_addf(&value, "%s Credential=%s/", algorithm, credentials->access_key_id);
    add_scope(&value, time, options);
    (void)balm_buf_addf(&value, ", SignedHeaders=%s, Signature=", names.bytes);
    code = canonical.code ? canonical.code : to_sign.code;
    if (!code) code = add_signature(&value, pair, &to_sign);
    if (!code) code = value.code;
    if (code) (void)balm_fail(err, code, "the request cannot be signed: it is too large");
    if (!code) balm_request_add_header(request, "Authorization", value.bytes);
out:
    balm_wipe(key, sizeof key);
    EVP_PKEY_free(pair);
    balm_buf_wipe(&canonical);
    balm_buf_wipe(&names);
    balm_buf_wipe(&to_sign);
    balm_buf_wipe(&value);
    return code;
}

enum balm_code balm_sigv4a_sign(struct balm_request *request,
                                const struct balm_credentials *credentials,
                                const struct balm_sigv4_options *options, struct balm_err *err)
{
    struct balm_buf hash = BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX);
    char time[BALM_TIME_MAX];
    enum balm_code code = balm_sigv4_check(credentials, options, err);

    if (code) return code;
    balm_time_basic(time, options->now);
    balm_sigv4_set_headers(request, credentials, options, time, &hash);
    balm_buf_free(&hash);
    balm_request_add_header(request, "X-Amz-Region-Set", options->region);
    code = authorise(request, credentials, options, time, err);
    return code ? code : balm_arena_status(request->arena, err);
}
