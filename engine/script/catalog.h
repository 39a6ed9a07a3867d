/*
 * catalog: the remediations that are loaded, found, checked, and reloaded while Balm runs.
 *
 * A version is one valid state of a script with all the modules that it requires, and those that
 * the module `aws` is made of: immutable, counted, kept by the runs that began
 * with it. A file that changed is loaded anew before it is used; one that is not valid leaves the
 * old version serving.
 */
#ifndef BALM_SCRIPT_CATALOG_H
#define BALM_SCRIPT_CATALOG_H

#include "core/log.h"
#include "core/loop.h"
#include "core/value.h"
#include "script/limits.h"

struct balm_catalog;
struct balm_version;

struct balm_catalog_options {
    const char *const
        *dirs; /* where remediations are, in order; not watched unless `loop` is given */
    size_t dir_count;
    const char *lua_dir;        /* the engine's own modules, for `require` */
    struct balm_loop *loop;     /* watch for changes (hot reload); NULL: look once */
    const struct balm_log *log; /* what is wrong with a file that others do not ask for */
    struct balm_limits limits;  /* of loading */
};

enum balm_code balm_catalog_new(struct balm_catalog **out,
                                const struct balm_catalog_options *options, struct balm_err *err);
void balm_catalog_release(struct balm_catalog *catalog); /* accepts NULL */

/*
 * Finds the newest valid version of a remediation; *out is retained for the caller. Opens one file
 * where its name is the id's
 * (case, dots and underscores do not count) and one run names one id; else loads all. Unknown:
 * BALM_E_ARG with the nearest id. Invalid, never yet
 * valid: BALM_E_SCRIPT with every fault (detail: list of {"file","line","message"}). Two files
 * with one id: BALM_E_SCRIPT that names both.
 */
enum balm_code balm_catalog_find(struct balm_catalog *catalog, const char *id,
                                 struct balm_version **out, struct balm_arena *arena,
                                 struct balm_value *faults, struct balm_err *err);
/* Loads all. versions: retained, sorted by id, in arena; faults: list of
   {"file","line","message"}. Fails only for want of memory or of a folder. */
enum balm_code balm_catalog_all(struct balm_catalog *catalog, struct balm_arena *arena,
                                struct balm_version ***versions, size_t *count,
                                struct balm_value *faults, struct balm_err *err);
/* Is there a file for this id? By its name alone where one fits, so that a configuration that
   names many remediations costs no
   loading; else by loading all. */
bool balm_catalog_has(struct balm_catalog *catalog, const char *id);
/* Are these one id where files are concerned: case, dots and underscores do not count? */
bool balm_catalog_same_id(const char *one, const char *other);
/* Loads one file by its path, wherever it is (balm check FILE). */
enum balm_code balm_catalog_load_file(struct balm_catalog *catalog, const char *path,
                                      struct balm_version **out, struct balm_arena *arena,
                                      struct balm_value *faults, struct balm_err *err);

/* A version as it was, from its sources (as of balm_version_sources()), wherever its files are by
   now. BALM_E_INPUT where they are not what hash says. The engine's half of `aws` runs as this
   build has it. */
enum balm_code balm_catalog_restore(struct balm_catalog *catalog, struct balm_value sources,
                                    const char *hash, struct balm_version **out,
                                    struct balm_err *err);

void balm_version_retain(struct balm_version *version);
void balm_version_release(struct balm_version *version);
const char *balm_version_id(const struct balm_version *version);
const char *balm_version_path(const struct balm_version *version);
const char *balm_version_hash(const struct balm_version *version); /* SHA-256 of the closure, hex */
/* The session policy that `permissions` make, as JSON; NULL where they are not declared. */
const char *balm_version_session_policy(const struct balm_version *version);
/* The declaration as data: id, description, resource, parameters (each in its table form {type,
   default, required, enum, ...}), permissions (absent when
   undeclared), controls, destructive, verify_seconds, and has_check, has_undo. */
struct balm_value balm_version_declaration(const struct balm_version *version);
/* [{"path": file, "module": its name, "source": text}], the script (no module) first, last the
   engine's own that C calls ("engine": true) */
struct balm_value balm_version_sources(const struct balm_version *version);

#endif
