/*
 * version: what an instance needs of a version. Internal to script/.
 *
 * A version's chunks are its script and every module that `require` read from a file, directly or
 * through others. Modules that C provides ("aws", "json", "log") are none: each state has its own.
 */
#ifndef BALM_SCRIPT_VERSION_H
#define BALM_SCRIPT_VERSION_H

#include "script/catalog.h"

struct balm_chunk {
    const char *module;   /* what require was given ("aws.policy"); NULL for the script itself */
    const char *path;     /* the file; also the chunk's name, as errors show it */
    const char *bytecode; /* of lua_dump, not stripped: for lua_load with mode "b" */
    size_t bytecode_len;
    const char *source;
    size_t source_len;
};

/* Chunks live as long as the version. */
const struct balm_chunk *balm_version_script(const struct balm_version *version);
/* NULL where the script's closure has no such module. */
const struct balm_chunk *balm_version_module(const struct balm_version *version,
                                             const char *module);

/* ---- for the catalogue alone ---- */

struct balm_version {
    size_t references;
    struct balm_arena arena; /* holds all that follows */
    const char *path;
    char *hash;
    struct balm_value declaration;
    struct balm_value sources;
    struct balm_chunk *chunks; /* the script, then the modules, sorted by name */
    size_t chunk_count;
};

/* Returns a new version with one reference and nothing in it, or NULL. */
struct balm_version *balm_version_new(void);
/* Sorts the modules, computes hash and sources from the chunks. */
enum balm_code balm_version_seal(struct balm_version *version, struct balm_err *err);

#endif
