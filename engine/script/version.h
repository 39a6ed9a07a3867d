/*
 * version: what an instance needs of a version. Internal to script/.
 *
 * A version's parts are its script and every module that `require` read from a file, directly or
 * through others. Modules that C provides ("aws", "json", "log") are none: each state has its own.
 */
#ifndef BALM_SCRIPT_VERSION_H
#define BALM_SCRIPT_VERSION_H

#include "script/catalog.h"
#include "script/sandbox.h"

struct balm_part {
    const char *module;         /* what require was given ("tags"); NULL for the script itself */
    struct balm_lua_chunk code; /* binary, named after its file */
    const char *source;
    size_t source_len;
};

/* Parts live as long as the version. */
const struct balm_part *balm_version_script(const struct balm_version *version);
/* NULL where the script's closure has no such module. */
const struct balm_part *balm_version_module(const struct balm_version *version, const char *module);

/*
 * Bytecode of one of the engine's own modules ("aws.pages" is lua/aws/pages.lua) that the modules
 * of C need but no script requires. They are part of every version. Compiled once, when first asked
 * for; lives as long as the version.
 */
enum balm_code balm_version_engine_module(const struct balm_version *version, const char *name,
                                          const char **bytecode, size_t *len, struct balm_err *err);

/* ---- for the catalogue alone ---- */

struct balm_engine_modules; /* shared by all versions of a catalogue; counted */

struct balm_version {
    size_t references;
    struct balm_arena arena;            /* holds all that follows */
    struct balm_engine_modules *engine; /* retained */
    const char *path;
    char *hash;
    const char *session_policy; /* NULL: no permissions are declared */
    int64_t id_line;            /* where the id is set, for faults */
    struct balm_value declaration;
    struct balm_value sources;
    struct balm_part *parts; /* the script, then the modules, sorted by name */
    size_t part_count;
};

/* Returns a new version with one reference and nothing in it, or NULL. */
struct balm_version *balm_version_new(void);
/* Sorts the modules by name, computes hash and sources from the parts and the engine's modules. */
enum balm_code balm_version_seal(struct balm_version *version, struct balm_err *err);

/* The ones of this build. */
enum balm_code balm_engine_modules_new(struct balm_engine_modules **out, struct balm_err *err);
/* The ones of another build, from sources (as of balm_version_sources()), whose texts they
   borrow. */
enum balm_code balm_engine_modules_kept(struct balm_engine_modules **out, struct balm_value sources,
                                        struct balm_err *err);
void balm_engine_modules_retain(struct balm_engine_modules *engine);
void balm_engine_modules_release(struct balm_engine_modules *engine); /* accepts NULL */
/* SHA-256 of all of them, hex. */
const char *balm_engine_modules_hash(const struct balm_engine_modules *engine);
/* Adds {"path", "module", "source", "engine": true} of each to list. The texts live as long as
   engine. */
void balm_engine_modules_sources(const struct balm_engine_modules *engine, struct balm_arena *arena,
                                 struct balm_value list);
/* As balm_version_engine_module(). */
enum balm_code balm_engine_module(struct balm_engine_modules *engine, const char *name,
                                  const char **bytecode, size_t *len, struct balm_err *err);
/* "aws.pages" is a module's name: letters, digits and underscores, dots between. */
bool balm_module_is_name(const char *name);
/* The file of a module below dir: "lua/aws/pages.lua". NULL when memory ran out. */
char *balm_module_path(struct balm_arena *arena, const char *dir, const char *name);

#endif
