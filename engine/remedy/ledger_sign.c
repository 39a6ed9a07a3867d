/*
 * ledger_sign: what a run was to do (script, resource, parameters, role ...) is what undo will do.
 * So whoever may write to the store, but has not its key, must not be able to change that.
 */
#include "remedy/ledger_internal.h"

#include "core/digest.h"
#include "core/text.h"
#include "remedy/document.h"

#include <openssl/crypto.h>
#include <string.h>

#define MAC "mac"

/* Of the run's id and of began, as it lies in the store but for its own place. */
static enum balm_code mac_of(struct balm_ledger *ledger, const char *run, struct balm_value began,
                             struct balm_buf *hex, struct balm_err *err)
{
    unsigned char mac[BALM_SHA256_LEN];
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code;

    (void)balm_buf_addf(&text, "%s\n", run);
    code = balm_document_write(&text, began, err);
    if (!code) code = balm_seal_mac(ledger->seal, mac, text.bytes, text.len, err);
    if (!code) (void)balm_text_hex(hex, mac, sizeof mac);
    if (!code) code = balm_buf_status(hex, "a run", err);
    balm_buf_free(&text);
    return code;
}

enum balm_code balm_began_sign(struct balm_ledger *ledger, const char *run, struct balm_value began,
                               struct balm_arena *arena, struct balm_err *err)
{
    struct balm_buf hex = BALM_BUF_INIT(256);
    enum balm_code code = balm_arena_status(arena, err);

    if (!code) code = mac_of(ledger, run, began, &hex, err);
    if (!code) balm_map_set(arena, began, MAC, balm_text_n(arena, hex.bytes, hex.len));
    balm_buf_free(&hex);
    return code ? code : balm_arena_status(arena, err);
}

enum balm_code balm_ledger_trust(struct balm_ledger *ledger, const struct balm_kept *kept,
                                 struct balm_arena *arena, struct balm_err *err)
{
    struct balm_value began = balm_copy(arena, kept->signed_began);
    struct balm_value mac = balm_get(began, MAC);
    struct balm_buf hex = BALM_BUF_INIT(256);
    enum balm_code code;

    (void)balm_map_remove(began, MAC);
    code = balm_arena_status(arena, err);
    if (!code) code = mac_of(ledger, kept->run, began, &hex, err);
    if (!code && (mac.type != BALM_STRING || mac.len != hex.len ||
                  CRYPTO_memcmp(mac.as.text, hex.bytes, hex.len) != 0)) {
        code = balm_fail(err, BALM_E_INPUT,
                         "run %s: what is kept of it has been changed in the store, or was kept "
                         "under another key than the store's of today",
                         kept->run);
    }
    balm_buf_free(&hex);
    return code;
}
