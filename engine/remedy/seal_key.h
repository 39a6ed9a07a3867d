/*
 * seal_key: where the store's key comes from.
 */
#ifndef BALM_REMEDY_SEAL_KEY_H
#define BALM_REMEDY_SEAL_KEY_H

#include "core/err.h"

#define BALM_STORE_KEY_LEN 32

/* Base64 or hex of 32 bytes; BALM_E_ARG for anything else. where names it in the error. */
enum balm_code balm_seal_key_parse(unsigned char key[BALM_STORE_KEY_LEN], const char *text,
                                   const char *where, struct balm_err *err);
/* Reads the key that the file at path holds; makes file and folder where there is none. */
enum balm_code balm_seal_key_file(unsigned char key[BALM_STORE_KEY_LEN], const char *path,
                                  struct balm_err *err);

#endif
