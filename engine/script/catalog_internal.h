/*
 * catalog_internal: the folders and files behind a catalogue. Internal to script/.
 */
#ifndef BALM_SCRIPT_CATALOG_INTERNAL_H
#define BALM_SCRIPT_CATALOG_INTERNAL_H

#include "script/catalog.h"
#include "script/loader.h"

struct balm_folder {
    char *path;
    struct balm_stamp stamp;
    struct balm_dirwatch *watch; /* NULL: not watched */
    bool listed;
    bool refused; /* said already that it cannot be listed */
};

struct balm_script_file {
    struct balm_folder *folder;
    char *path;                   /* folder/name */
    uint64_t key;                 /* of the name: see balm_script_key() */
    int64_t looked;               /* when it was last seen to be fresh: monotonic nanoseconds */
    bool present;                 /* while a folder is listed anew */
    bool appeared;                /* since its folder was listed first, and not loaded yet */
    bool untold;                  /* what is wrong with it was said to nobody yet */
    struct balm_version *serving; /* the newest valid version; NULL: none yet */
    struct balm_load *load;       /* the newest look; NULL: none yet */
};

struct balm_catalog {
    struct balm_loader loader;
    struct balm_loop *loop;
    const struct balm_log *log;
    char *lua_dir;
    struct balm_folder *folders;
    size_t folder_count;
    struct balm_dirwatch *lua_watch;
    struct balm_script_file **files; /* by folder, then by name */
    size_t file_count, file_cap;
    int64_t listed; /* when the folders were last seen to be fresh */
};

/* What makes names equal: case, dots and underscores do not count, nor does ".lua". */
uint64_t balm_script_key(const char *name, size_t len);

/* Lists the folders: the first time, and again where one changed. */
enum balm_code balm_catalog_list_files(struct balm_catalog *catalog, struct balm_err *err);
/* Loads a file that was not looked at or has changed. Faults are in file->load; a version that
   serves stays where the new one is not valid, and that is logged. Only want of memory fails. */
enum balm_code balm_script_file_refresh(struct balm_catalog *catalog, struct balm_script_file *file,
                                        struct balm_err *err);
/* Watches the folders; a change is loaded, and its faults are logged, at once. */
enum balm_code balm_catalog_watch(struct balm_catalog *catalog, struct balm_err *err);
/* Logs all faults that nobody was told of. */
void balm_catalog_tell(struct balm_catalog *catalog);
/* Is the file no remediation, but a module that one requires? */
bool balm_script_file_is_module(const struct balm_catalog *catalog,
                                const struct balm_script_file *file);
void balm_script_file_free(struct balm_script_file *file);

#endif
