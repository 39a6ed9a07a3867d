/*
 * json_internal: what json's two halves share; nobody else includes it.
 */
#ifndef BALM_CORE_JSON_INTERNAL_H
#define BALM_CORE_JSON_INTERNAL_H

#include "core/json.h"

/* How many bytes from the start stand in a JSON string as they are: ASCII without quotes,
   backslashes and control characters. */
size_t balm_json_plain(const char *text, size_t len);

#endif
