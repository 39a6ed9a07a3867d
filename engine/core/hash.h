/*
 * hash: keys of hash tables.
 *
 * SipHash-1-3 under a key that each process draws for itself, so that nobody outside can choose
 * keys that collide. Not stable between processes, not for signatures: see digest.
 */
#ifndef BALM_CORE_HASH_H
#define BALM_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t balm_hash(const void *bytes, size_t len);

#endif
