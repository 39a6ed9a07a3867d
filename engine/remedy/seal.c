#include "remedy/seal.h"

#include "core/text.h"
#include "remedy/document.h"
#include "remedy/seal_key.h"
#include "remedy/store.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define NONCE_LEN 12
#define TAG_LEN   16
/* In front of what is sealed: was it marked, or did it only look sealed? */
#define MARKED   's'
#define UNMARKED '-'

struct balm_seal {
    char *key_path; /* NULL: BALM_STORE_KEY alone */
    bool known;     /* the two keys below are there */
    unsigned char key[BALM_STORE_KEY_LEN];
    unsigned char mac_key[BALM_SHA256_LEN];
};

/* What one walk through a value needs. */
struct walk {
    struct balm_arena *arena;
    struct balm_err *err;
    EVP_CIPHER_CTX *cipher; /* made and keyed with the first part that needs it */
    struct balm_seal *seal;
    const char *place;
    bool sealing; /* else it opens what is sealed */
    enum balm_code code;
};

enum balm_code balm_seal_new(struct balm_seal **out, const char *store_url, struct balm_err *err)
{
    struct balm_seal *seal = calloc(1, sizeof *seal);
    const char *path;
    if (!seal) return balm_nomem(err);
    path = balm_store_sqlite_path(store_url);
    if (path) {
        const char *slash = strrchr(path, '/');
        size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
        seal->key_path = malloc(folder + sizeof "balm.key");
        if (!seal->key_path) {
            free(seal);
            return balm_nomem(err);
        }
        memcpy(seal->key_path, path, folder);
        memcpy(seal->key_path + folder, "balm.key", sizeof "balm.key");
    }
    *out = seal;
    return BALM_OK;
}

void balm_seal_release(struct balm_seal *seal)
{
    if (!seal) return;
    free(seal->key_path);
    balm_wipe(seal, sizeof *seal);
    free(seal);
}

static enum balm_code find_key(struct balm_seal *seal, struct balm_err *err)
{
    const char *given = getenv("BALM_STORE_KEY");
    static const char mac_label[] = "balm mac 1";
    enum balm_code code;
    if (seal->known) return BALM_OK;
    if (given && *given) {
        code = balm_seal_key_parse(seal->key, given, "BALM_STORE_KEY", err);
    } else if (seal->key_path) {
        code = balm_seal_key_file(seal->key, seal->key_path, err);
    } else {
        code = balm_fail(err, BALM_E_AUTH,
                         "a store that is shared needs its key in BALM_STORE_KEY: 32 bytes as "
                         "base64 or hex, the same wherever Balm runs");
    }
    if (code) return code;
    balm_hmac_sha256(seal->mac_key, seal->key, sizeof seal->key, mac_label, sizeof mac_label - 1);
    seal->known = true;
    return BALM_OK;
}

/* A key for one place: nonces need to differ there alone. */
static void derive(unsigned char key[BALM_SHA256_LEN], const struct walk *walk)
{
    static const char label[] = "balm seal 1 ";
    unsigned char of_place[BALM_SHA256_LEN];
    char text[sizeof label - 1 + BALM_SHA256_LEN];
    balm_sha256(of_place, walk->place, strlen(walk->place));
    memcpy(text, label, sizeof label - 1);
    memcpy(text + sizeof label - 1, of_place, sizeof of_place);
    balm_hmac_sha256(key, walk->seal->key, sizeof walk->seal->key, text, sizeof text);
}

static enum balm_code start_cipher(struct walk *walk)
{
    unsigned char key[BALM_SHA256_LEN];
    enum balm_code code = find_key(walk->seal, walk->err);
    int keyed;
    if (code || walk->cipher) return code;
    walk->cipher = EVP_CIPHER_CTX_new();
    if (!walk->cipher) return balm_nomem(walk->err);
    derive(key, walk);
    keyed = EVP_CipherInit_ex(walk->cipher, EVP_aes_256_gcm(), NULL, key, NULL, walk->sealing);
    balm_wipe(key, sizeof key);
    return keyed ? BALM_OK : balm_nomem(walk->err);
}

/* The place is the associated data. */
static bool start_text(const struct walk *walk, const unsigned char nonce[NONCE_LEN])
{
    int took;
    return EVP_CipherInit_ex(walk->cipher, NULL, NULL, NULL, nonce, -1) &&
           EVP_CipherUpdate(walk->cipher, NULL, &took, (const unsigned char *)walk->place,
                            (int)strlen(walk->place));
}

/* Adds nonce, ciphertext and tag. */
static enum balm_code encrypt(const struct walk *walk, const struct balm_buf *plain,
                              struct balm_buf *sealed)
{
    unsigned char nonce[NONCE_LEN];
    unsigned char tag[TAG_LEN];
    unsigned char *to;
    int took = 0;
    balm_random(nonce, sizeof nonce);
    balm_buf_add(sealed, nonce, sizeof nonce);
    to = (unsigned char *)balm_buf_room(sealed, plain->len);
    if (!to) return balm_buf_status(sealed, "a sealed value", walk->err);
    if (!start_text(walk, nonce) ||
        !EVP_CipherUpdate(walk->cipher, to, &took, (const unsigned char *)plain->bytes,
                          (int)plain->len) ||
        !EVP_CipherFinal_ex(walk->cipher, to + took, &took) ||
        !EVP_CIPHER_CTX_ctrl(walk->cipher, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag)) {
        return balm_nomem(walk->err);
    }
    balm_buf_grew(sealed, plain->len);
    balm_buf_add(sealed, tag, sizeof tag);
    return balm_buf_status(sealed, "a sealed value", walk->err);
}

static bool decrypt(const struct walk *walk, const struct balm_buf *sealed, struct balm_buf *plain)
{
    unsigned char tag[TAG_LEN];
    size_t len = sealed->len - NONCE_LEN - TAG_LEN;
    const unsigned char *from = (const unsigned char *)sealed->bytes;
    unsigned char *to = (unsigned char *)balm_buf_room(plain, len);
    int took = 0;
    if (!to) return false;
    memcpy(tag, from + NONCE_LEN + len, sizeof tag);
    if (!start_text(walk, from) ||
        !EVP_CipherUpdate(walk->cipher, to, &took, from + NONCE_LEN, (int)len)) {
        return false;
    }
    balm_buf_grew(plain, len); /* so that it is wiped, whatever it is */
    return EVP_CIPHER_CTX_ctrl(walk->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) &&
           EVP_CipherFinal_ex(walk->cipher, to + took, &took);
}

static struct balm_value marked(struct balm_value value, uint8_t secret)
{
    value.secret = secret;
    for (size_t i = 0; i < balm_list_len(value); i++) {
        *balm_list_at(value, i) = marked(*balm_list_at(value, i), secret);
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        struct balm_entry *entry = balm_map_at(value, i);
        entry->value = marked(entry->value, secret);
    }
    return value;
}

static enum balm_code seal_part(struct walk *walk, struct balm_value value, struct balm_value *out)
{
    struct balm_buf plain = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf sealed = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value map;
    struct balm_value copy = balm_copy(walk->arena, value);
    bool secret = value.secret || balm_get(value, BALM_SEALED).secret;
    enum balm_code code = start_cipher(walk);
    if (code) goto out;
    balm_buf_addc(&plain, secret ? MARKED : UNMARKED);
    code = balm_document_write(&plain, marked(copy, 0), walk->err);
    if (!code) code = encrypt(walk, &plain, &sealed);
    if (code) goto out;
    balm_text_base64(&text, sealed.bytes, sealed.len);
    code = balm_buf_status(&text, "a sealed value", walk->err);
    if (code) goto out;
    map = balm_map(walk->arena);
    balm_map_set(walk->arena, map, BALM_SEALED, balm_text_n(walk->arena, text.bytes, text.len));
    *out = map;
out:
    balm_value_wipe(copy);
    balm_buf_wipe(&plain);
    balm_buf_free(&sealed);
    balm_buf_free(&text);
    return code;
}

static enum balm_code unseal_part(struct walk *walk, struct balm_value value,
                                  struct balm_value *out)
{
    struct balm_value text = balm_get(value, BALM_SEALED);
    struct balm_buf plain = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf sealed = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code = start_cipher(walk);
    if (code) goto out;
    if (balm_text_unbase64(&sealed, text.as.text, text.len) || sealed.len <= NONCE_LEN + TAG_LEN ||
        !decrypt(walk, &sealed, &plain)) {
        code =
            balm_fail(walk->err, BALM_E_INPUT,
                      "a sealed value of %s does not open: it was changed, belongs elsewhere, or "
                      "was sealed with another key than the store's of today",
                      walk->place);
        goto out;
    }
    code = balm_document_read(walk->arena, plain.bytes + 1, plain.len - 1, out, walk->err);
    if (!code && plain.bytes[0] == MARKED) *out = marked(*out, 1);
out:
    balm_buf_wipe(&plain);
    balm_buf_free(&sealed);
    return code;
}

static bool is_wanted(const struct walk *walk, struct balm_value value)
{
    return balm_document_is_sealed(value) || (walk->sealing && value.secret);
}

static struct balm_value walk_value(struct walk *walk, struct balm_value value, int depth);

static struct balm_value *place_of(struct balm_value container, size_t i)
{
    return container.type == BALM_LIST ? balm_list_at(container, i)
                                       : &balm_map_at(container, i)->value;
}

static struct balm_value walk_container(struct walk *walk, struct balm_value container, int depth)
{
    bool is_list = container.type == BALM_LIST;
    size_t count = is_list ? balm_list_len(container) : balm_map_len(container);
    struct balm_value made = container;
    for (size_t i = 0; i < count && !walk->code; i++) {
        struct balm_value part = *place_of(container, i);
        struct balm_value changed = walk_value(walk, part, depth + 1);
        if (made.as.list == container.as.list) {
            if (changed.type == part.type && changed.as.integer == part.as.integer) continue;
            made = is_list ? balm_list_of(walk->arena, balm_list_at(container, 0), count)
                           : balm_map_again(walk->arena, container);
            if (balm_is_null(made)) return made;
        }
        *place_of(made, i) = changed;
    }
    return made;
}

static struct balm_value walk_value(struct walk *walk, struct balm_value value, int depth)
{
    struct balm_value changed = balm_null();
    if (is_wanted(walk, value)) {
        walk->code =
            walk->sealing ? seal_part(walk, value, &changed) : unseal_part(walk, value, &changed);
        return changed;
    }
    if (value.type != BALM_LIST && value.type != BALM_MAP) return value;
    if (depth < BALM_DOCUMENT_DEPTH) return walk_container(walk, value, depth);
    walk->code = balm_fail(walk->err, BALM_E_LIMIT, "a value to be sealed is nested too deep");
    return changed;
}

static enum balm_code run(struct walk walk, struct balm_value value, struct balm_value *out)
{
    *out = walk_value(&walk, value, 0);
    EVP_CIPHER_CTX_free(walk.cipher);
    return walk.code ? walk.code : balm_arena_status(walk.arena, walk.err);
}

enum balm_code balm_seal_value(struct balm_seal *seal, struct balm_arena *arena,
                               struct balm_value value, const char *place, struct balm_value *out,
                               struct balm_err *err)
{
    return run((struct walk){arena, err, NULL, seal, place, true, BALM_OK}, value, out);
}

enum balm_code balm_unseal_value(struct balm_seal *seal, struct balm_arena *arena,
                                 struct balm_value value, const char *place, struct balm_value *out,
                                 struct balm_err *err)
{
    return run((struct walk){arena, err, NULL, seal, place, false, BALM_OK}, value, out);
}

enum balm_code balm_seal_mac(struct balm_seal *seal, unsigned char out[BALM_SHA256_LEN],
                             const void *bytes, size_t len, struct balm_err *err)
{
    enum balm_code code = find_key(seal, err);
    if (code) return code;
    balm_hmac_sha256(out, seal->mac_key, sizeof seal->mac_key, bytes, len);
    return BALM_OK;
}
