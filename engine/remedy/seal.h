/*
 * seal: what is secret, or must not be changed by others, outside of the process.
 *
 * A sealed value is {"$sealed": base64 of nonce, ciphertext, tag}: AES-256-GCM under a key that is
 * derived from the store's key and from the place that the value belongs to (a run's id, a plan's
 * hash), so that it opens nowhere else.
 *
 * The store's key is 32 bytes: BALM_STORE_KEY (base64 or hex), else the file balm.key beside the
 * SQLite file, made with the first thing sealed or signed and refused when others can read it. A
 * DynamoDB store is shared, so there BALM_STORE_KEY must be given. The key is looked for when it is
 * first needed; a small file is read then, and once in the life of a store written.
 */
#ifndef BALM_REMEDY_SEAL_H
#define BALM_REMEDY_SEAL_H

#include "core/digest.h"
#include "core/value.h"

struct balm_seal;

/* store_url as for balm_store_open(); copied. */
enum balm_code balm_seal_new(struct balm_seal **out, const char *store_url, struct balm_err *err);
void balm_seal_release(struct balm_seal *seal); /* the key is wiped; accepts NULL */

/* Fills out with value, each part of it that is marked secret in its sealed form; what needs no
   change is shared. A part that only looks sealed is sealed as well, so that it comes back. */
enum balm_code balm_seal_value(struct balm_seal *seal, struct balm_arena *arena,
                               struct balm_value value, const char *place, struct balm_value *out,
                               struct balm_err *err);
/* The way back: types and marks are as they were, a marked container's parts are all marked. Fails
   with BALM_E_INPUT where something was sealed with another key, for another place, or changed. */
enum balm_code balm_unseal_value(struct balm_seal *seal, struct balm_arena *arena,
                                 struct balm_value value, const char *place, struct balm_value *out,
                                 struct balm_err *err);

/* HMAC-SHA256 under a key derived for this alone. */
enum balm_code balm_seal_mac(struct balm_seal *seal, unsigned char out[BALM_SHA256_LEN],
                             const void *bytes, size_t len, struct balm_err *err);

#endif
