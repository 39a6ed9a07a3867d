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

/* Of the run's id and of began, as it lies in the store but for its own place: text is both, a line
   feed between. hex is in quotes. */
static enum balm_code mac_of(struct balm_ledger *ledger, const char *run, struct balm_value began,
                             struct balm_buf *text, struct balm_buf *hex, struct balm_err *err)
{
    unsigned char mac[BALM_SHA256_LEN];
    enum balm_code code;

    (void)balm_buf_adds(text, run);
    (void)balm_buf_addc(text, '\n');
    code = balm_document_write(text, began, err);
    if (!code) code = balm_seal_mac(ledger->seal, mac, text->bytes, text->len, err);
    if (code) return code;
    (void)balm_buf_addc(hex, '"');
    (void)balm_text_hex(hex, mac, sizeof mac);
    (void)balm_buf_addc(hex, '"');
    return balm_buf_status(hex, "a run", err);
}

enum balm_code balm_began_sign(struct balm_ledger *ledger, const char *run, struct balm_value began,
                               struct balm_buf *document, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf hex = BALM_BUF_INIT(256);
    enum balm_code code = mac_of(ledger, run, began, &text, &hex, err);

    if (!code) {
        size_t before = strlen(run) + 1;
        (void)balm_buf_room(document, text.len + hex.len); /* all at once */
        (void)balm_buf_add(document, text.bytes + before, text.len - before);
        balm_document_join(document, MAC, hex.bytes, hex.len);
        code = balm_buf_status(document, "a run", err);
    }
    balm_buf_free(&text);
    balm_buf_free(&hex);
    return code;
}

enum balm_code balm_ledger_trust(struct balm_ledger *ledger, const struct balm_kept *kept,
                                 struct balm_arena *arena, struct balm_err *err)
{
    struct balm_value began = balm_copy(arena, kept->signed_began);
    struct balm_value mac = balm_get(began, MAC);
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf hex = BALM_BUF_INIT(256);
    enum balm_code code;

    (void)balm_map_remove(began, MAC);
    code = balm_arena_status(arena, err);
    if (!code) code = mac_of(ledger, kept->run, began, &text, &hex, err);
    if (!code && (mac.type != BALM_STRING || mac.len + 2 != hex.len ||
                  CRYPTO_memcmp(mac.as.text, hex.bytes + 1, mac.len) != 0)) {
        code = balm_fail(err, BALM_E_INPUT,
                         "run %s: what is kept of it has been changed in the store, or was kept "
                         "under another key than the store's of today",
                         kept->run);
    }
    balm_buf_free(&text);
    balm_buf_free(&hex);
    return code;
}
