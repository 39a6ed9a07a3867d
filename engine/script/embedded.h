/*
 * embedded: the engine's own modules that C calls (lua/aws/), within the program. Internal to
 * script/.
 *
 * A version counts them as its own, so they must not change under it, and reading them must cost
 * nothing. The build makes the table (scripts/embed-lua).
 */
#ifndef BALM_SCRIPT_EMBEDDED_H
#define BALM_SCRIPT_EMBEDDED_H

#include <stddef.h>

struct balm_embedded {
    const char *name; /* "aws.pages"; NULL: no more follow */
    const char *text; /* not NUL-terminated */
    size_t len;
};

extern const struct balm_embedded balm_embedded[];
/* What balm_engine_modules_hash() gives for them, so that no process has to hash them all. */
extern const char balm_embedded_hash[];

#endif
