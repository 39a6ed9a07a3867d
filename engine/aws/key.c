#include "aws/key.h"

#include "core/hash.h"

#include <string.h>

bool balm_key_add(struct balm_key *key, const void *bytes, size_t len)
{
    if (len > sizeof key->bytes - key->len) return false;
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
    return true;
}

bool balm_key_add_text(struct balm_key *key, const char *text)
{
    return balm_key_add(key, text, strlen(text) + 1);
}

bool balm_key_add_value(struct balm_key *key, struct balm_value value)
{
    if (!balm_key_add(key, &value.type, 1)) return false;
    switch (value.type) {
    case BALM_NULL:
        return true;
    case BALM_BOOL:
        return balm_key_add(key, value.as.boolean ? "t" : "f", 1);
    case BALM_STRING:
        return balm_key_add(key, &value.len, sizeof value.len) &&
               balm_key_add(key, value.as.text, value.len);
    default: /* a list may be long */
        return false;
    }
}

uint64_t balm_key_hash(const struct balm_key *key)
{
    return balm_hash(key->bytes, key->len);
}

bool balm_key_is(const struct balm_key *key, const char *bytes, size_t len)
{
    return key->len == len && memcmp(key->bytes, bytes, len) == 0;
}
