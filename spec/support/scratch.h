/*
 * scratch: a folder of a test's own, below the system's temporary one.
 */
#ifndef SPEC_SUPPORT_SCRATCH_H
#define SPEC_SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_MAX 256

/* Makes it and fills path; false when it cannot be made. */
static inline bool scratch_folder(char path[SCRATCH_MAX])
{
    const char *parent = getenv("TMPDIR");
    size_t unique = 6; /* what mkdtemp(3) fills in */
    int len = snprintf(path, SCRATCH_MAX, "%s/balm-spec-", parent && *parent ? parent : P_tmpdir);

    if (len < 0 || (size_t)len + unique >= SCRATCH_MAX) return false;
    memset(path + len, 'X', unique);
    path[(size_t)len + unique] = '\0';
    return mkdtemp(path) != NULL;
}

#endif
