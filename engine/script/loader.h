/*
 * loader: one script's file becomes a version, or a list of what is wrong with it. Internal to
 * script/.
 */
#ifndef BALM_SCRIPT_LOADER_H
#define BALM_SCRIPT_LOADER_H

#include "core/stamp.h"
#include "script/version.h"

struct balm_loader {
    const char *lua_dir;                /* the engine's own modules */
    struct balm_engine_modules *engine; /* what a version retains */
    struct balm_limits limits;
};

/* A file that a load read, or looked for in vain. */
struct balm_looked {
    struct balm_looked *next;
    const char *path;
    struct balm_stamp stamp;
};

/* What one look at a script gave. */
struct balm_load {
    struct balm_arena arena;      /* holds all but the version */
    struct balm_version *version; /* NULL: not valid; else with one reference */
    struct balm_value faults;     /* list of {"file","line","field","message"} */
    struct balm_looked *looked;   /* the script and all modules */
};

/* Returns a new load; its faults tell of whatever is wrong with the file, also that it cannot be
   read. Modules are looked for in dir, then in the engine's folder. */
enum balm_code balm_load_new(struct balm_load **out, const struct balm_loader *loader,
                             const char *dir, const char *path, struct balm_err *err);
/* The same from a closure that was kept, as of balm_version_sources(); no file is looked at. */
enum balm_code balm_load_kept(struct balm_load **out, const struct balm_loader *loader,
                              struct balm_value sources, struct balm_err *err);
void balm_load_free(struct balm_load *load); /* accepts NULL */
/* Would loading again give the same? */
bool balm_load_holds(const struct balm_load *load);

#endif
