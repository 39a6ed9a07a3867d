/*
 * chain_internal: how a line of a chain ends, for who writes it and who verifies it.
 */
#ifndef BALM_REMEDY_CHAIN_INTERNAL_H
#define BALM_REMEDY_CHAIN_INTERNAL_H

#include "remedy/chain.h"

#include <stddef.h>

#define BALM_CHAIN_HASH     ",\"hash\":\""
#define BALM_CHAIN_PREV     ",\"prev\":\""
#define BALM_CHAIN_HASH_LEN (BALM_SHA256_HEX - 1)
/* of the hash's member with the closing brace, and without the newline */
#define BALM_CHAIN_TAIL_LEN (sizeof BALM_CHAIN_HASH - 1 + BALM_CHAIN_HASH_LEN + sizeof "\"}" - 1)

/* What the first line follows. */
extern const char balm_chain_first[BALM_SHA256_HEX];
/* The hash that a line ends with; false where it ends in none. len without the newline. */
bool balm_chain_hash_of(const char *line, size_t len, char hash[BALM_SHA256_HEX]);

#endif
