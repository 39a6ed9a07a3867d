/*
 * key: what an answer depends on, as bytes, so that it can be kept and found again.
 */
#ifndef BALM_AWS_KEY_H
#define BALM_AWS_KEY_H

#include "core/value.h"

#define BALM_KEY_MAX 1024

/* Starts with .len 0; nothing needs to be freed. */
struct balm_key {
    size_t len;
    char bytes[BALM_KEY_MAX];
};

/* False: it does not fit any more, or is no value that a key can hold. What is added ends where it
   ends, whatever comes behind it. */
bool balm_key_add(struct balm_key *key, const void *bytes, size_t len); /* of a length that stays */
bool balm_key_add_text(struct balm_key *key, const char *text);
bool balm_key_add_value(struct balm_key *key,
                        struct balm_value value); /* a text, a boolean, null */

/* Keys as they were kept. */
uint64_t balm_key_hash(const struct balm_key *key);
bool balm_key_is(const struct balm_key *key, const char *bytes, size_t len);

#endif
