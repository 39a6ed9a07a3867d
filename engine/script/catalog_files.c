#include "script/catalog_internal.h"

#include "core/clock.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Used files are looked at again for each use, but no more often than this: events come by
   thousands a
   second. A notice from the watch is heeded at once. */
#define FRESH_NS ((int64_t)1000000)

uint64_t balm_script_key(const char *name, size_t len)
{
    char folded[256];
    size_t count = 0;

    for (size_t i = 0; i < len && count < sizeof folded; i++) {
        if (name[i] == '.' || name[i] == '_') continue;
        folded[count++] = (char)tolower((unsigned char)name[i]);
    }
    return balm_hash(folded, count);
}

/* ---- one file ---- */

static struct balm_script_file *file_new(struct balm_folder *folder, const char *name)
{
    struct balm_script_file *file = calloc(1, sizeof *file);
    size_t room = strlen(folder->path) + strlen(name) + sizeof "/";

    if (!file) return NULL;
    file->path = malloc(room);
    if (!file->path) {
        free(file);
        return NULL;
    }
    snprintf(file->path, room, "%s/%s", folder->path, name);
    file->folder = folder;
    file->key = balm_script_key(name, strlen(name) - strlen(".lua"));
    return file;
}

void balm_script_file_free(struct balm_script_file *file)
{
    if (!file) return;
    balm_version_release(file->serving);
    balm_load_free(file->load);
    free(file->path);
    free(file);
}

static void tell(struct balm_catalog *catalog, struct balm_script_file *file)
{
    const char *after = file->serving ? " (the version before it goes on serving)" : "";

    for (size_t i = 0; i < balm_list_len(file->load->faults); i++) {
        struct balm_value fault = *balm_list_at(file->load->faults, i);
        balm_log(catalog->log, BALM_LOG_ERROR, "%s:%lld: %s%s", balm_get_string(fault, "file", ""),
                 (long long)balm_get_int(fault, "line", 1), balm_get_string(fault, "message", ""),
                 after);
    }
    file->untold = false;
}

bool balm_script_file_is_module(const struct balm_catalog *catalog,
                                const struct balm_script_file *file)
{
    if (file->serving) return false;
    for (size_t i = 0; i < catalog->file_count; i++) {
        const struct balm_load *load = catalog->files[i]->load;
        const struct balm_looked *looked = load ? load->looked : NULL;

        if (catalog->files[i] == file) continue;
        for (; looked; looked = looked->next) {
            if (looked->stamp.exists && strcmp(looked->path, file->path) == 0) return true;
        }
    }
    return false;
}

void balm_catalog_tell(struct balm_catalog *catalog)
{
    for (size_t i = 0; i < catalog->file_count; i++) {
        struct balm_script_file *file = catalog->files[i];

        if (file->untold && !balm_script_file_is_module(catalog, file)) tell(catalog, file);
        file->untold = false;
    }
}

static void stop_serving(struct balm_catalog *catalog, struct balm_script_file *file)
{
    if (!file->serving) return;
    balm_log(catalog->log, BALM_LOG_INFO, "%s is gone and serves no more", file->path);
    balm_version_release(file->serving);
    file->serving = NULL;
}

static void serve(struct balm_catalog *catalog, struct balm_script_file *file,
                  struct balm_version *version)
{
    struct balm_version *before = file->serving;

    if (before && strcmp(balm_version_hash(before), balm_version_hash(version)) == 0) return;
    if (before) {
        balm_log(catalog->log, BALM_LOG_INFO, "%s changed and is used from now on", file->path);
    }
    balm_version_retain(version);
    file->serving = version;
    balm_version_release(before);
}

/* Takes a new look for the file's newest. */
static void adopt(struct balm_catalog *catalog, struct balm_script_file *file,
                  struct balm_load *load)
{
    struct balm_load *before = file->load;

    file->load = load;
    file->appeared = false;
    if (load->version) {
        file->untold = false;
        serve(catalog, file, load->version);
    } else if (!balm_file_exists(file->path)) {
        stop_serving(catalog, file);
    } else if (!before || !balm_equal(before->faults, load->faults)) {
        file->untold = true;
        if (file->serving) tell(catalog, file);
    }
    balm_load_free(before);
}

static bool is_fresh(const struct balm_catalog *catalog, const struct balm_script_file *file,
                     int64_t now)
{
    if (!file->load) return false;
    if (!catalog->loop) return true;
    return now - file->looked < FRESH_NS || balm_load_holds(file->load);
}

enum balm_code balm_script_file_refresh(struct balm_catalog *catalog, struct balm_script_file *file,
                                        struct balm_err *err)
{
    int64_t now = catalog->loop ? balm_clock_mono() : 0;
    struct balm_load *load;
    enum balm_code code;

    if (is_fresh(catalog, file, now)) {
        if (now - file->looked >= FRESH_NS) file->looked = now;
        return BALM_OK;
    }
    code = balm_load_new(&load, &catalog->loader, file->folder->path, file->path, err);
    if (code) return code;
    adopt(catalog, file, load);
    file->looked = now;
    return BALM_OK;
}

/* ---- folders ---- */

static void on_change(void *owner, const char *name);

static enum balm_code watch(struct balm_catalog *catalog, struct balm_dirwatch **out,
                            const char *path, struct balm_err *err)
{
    return balm_dirwatch_new(out, catalog->loop, path, on_change, catalog, err);
}

static enum balm_code add_file(struct balm_catalog *catalog, struct balm_folder *folder,
                               const char *name, struct balm_err *err)
{
    struct balm_script_file *file;

    if (catalog->file_count == catalog->file_cap) {
        size_t cap = catalog->file_cap ? 2 * catalog->file_cap : 64;
        struct balm_script_file **files = realloc(catalog->files, cap * sizeof *files);
        if (!files) return balm_nomem(err);
        catalog->files = files;
        catalog->file_cap = cap;
    }
    file = file_new(folder, name);
    if (!file) return balm_nomem(err);
    file->present = true;
    file->appeared = folder->listed;
    catalog->files[catalog->file_count++] = file;
    return BALM_OK;
}

static struct balm_script_file *find_file(const struct balm_catalog *catalog,
                                          const struct balm_folder *folder, const char *name)
{
    uint64_t key = balm_script_key(name, strlen(name) - strlen(".lua"));
    size_t skip = strlen(folder->path) + 1;

    for (size_t i = 0; i < catalog->file_count; i++) {
        struct balm_script_file *file = catalog->files[i];
        if (file->key == key && file->folder == folder && strcmp(file->path + skip, name) == 0)
            return file;
    }
    return NULL;
}

static void mark(struct balm_catalog *catalog, const struct balm_folder *folder, bool present)
{
    for (size_t i = 0; i < catalog->file_count; i++) {
        if (catalog->files[i]->folder == folder) catalog->files[i]->present = present;
    }
}

static void sweep(struct balm_catalog *catalog)
{
    size_t kept = 0;

    for (size_t i = 0; i < catalog->file_count; i++) {
        struct balm_script_file *file = catalog->files[i];

        if (file->present) {
            catalog->files[kept++] = file;
            continue;
        }
        stop_serving(catalog, file);
        balm_script_file_free(file);
    }
    catalog->file_count = kept;
}

static int by_path(const void *a, const void *b)
{
    const struct balm_script_file *one = *(struct balm_script_file *const *)a;
    const struct balm_script_file *other = *(struct balm_script_file *const *)b;

    if (one->folder != other->folder) return one->folder < other->folder ? -1 : 1;
    return strcmp(one->path, other->path);
}

static enum balm_code take_names(struct balm_catalog *catalog, struct balm_folder *folder,
                                 const char *const *names, size_t count, struct balm_err *err)
{
    bool first = !folder->listed;

    mark(catalog, folder, false);
    for (size_t i = 0; i < count; i++) {
        struct balm_script_file *known;
        enum balm_code code;

        if (names[i][0] == '.') continue; /* what editors leave */
        known = first ? NULL : find_file(catalog, folder, names[i]);
        if (known) {
            known->present = true;
            continue;
        }
        code = add_file(catalog, folder, names[i], err);
        if (code) {
            mark(catalog, folder, true);
            return code;
        }
    }
    sweep(catalog);
    if (!first) qsort(catalog->files, catalog->file_count, sizeof *catalog->files, by_path);
    folder->listed = true;
    return BALM_OK;
}

/* A folder that was replaced by another of its name is to be watched anew. */
static void watch_again(struct balm_catalog *catalog, struct balm_folder *folder,
                        const struct balm_stamp *stamp)
{
    struct balm_err err;

    if (!folder->watch || !stamp->exists || stamp->inode == folder->stamp.inode) return;
    balm_dirwatch_release(folder->watch);
    folder->watch = NULL;
    if (watch(catalog, &folder->watch, folder->path, &err)) {
        balm_log(catalog->log, BALM_LOG_WARN, "%s", err.message);
    }
}

/* A folder that cannot be listed is an error at first; later what it held goes on serving, unless
   it is gone for good. */
static enum balm_code list_folder(struct balm_catalog *catalog, struct balm_folder *folder,
                                  struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    const char **names = NULL;
    size_t count = 0;
    struct balm_stamp stamp;
    struct balm_err refusal;
    enum balm_code code;

    balm_stamp_take(&stamp, folder->path);
    code = balm_dir_list(&arena, folder->path, ".lua", &names, &count, &refusal);
    if (!code || (folder->listed && !stamp.exists)) {
        code = take_names(catalog, folder, names, count, err);
        watch_again(catalog, folder, &stamp);
        if (!code) folder->stamp = stamp;
        folder->refused = false;
    } else if (folder->listed && code != BALM_E_NOMEM) {
        if (!folder->refused) balm_log(catalog->log, BALM_LOG_ERROR, "%s", refusal.message);
        folder->refused = true;
        code = BALM_OK;
    } else {
        *err = refusal;
    }
    balm_arena_free(&arena);
    return code;
}

enum balm_code balm_catalog_list_files(struct balm_catalog *catalog, struct balm_err *err)
{
    int64_t now = catalog->loop ? balm_clock_mono() : 0;
    bool recent = catalog->listed && now - catalog->listed < FRESH_NS;

    for (size_t i = 0; i < catalog->folder_count; i++) {
        struct balm_folder *folder = &catalog->folders[i];
        enum balm_code code;

        if (folder->listed &&
            (!catalog->loop || recent || balm_stamp_holds(&folder->stamp, folder->path))) {
            continue;
        }
        code = list_folder(catalog, folder, err);
        if (code) return code;
    }
    if (!recent) catalog->listed = now;
    return BALM_OK;
}

/* ---- watching ---- */

/* What is used is held against its files, and what is new is loaded, so that a fault is told when
   a file is saved and not when it is needed. */
static enum balm_code look_at_changes(struct balm_catalog *catalog, struct balm_err *err)
{
    enum balm_code code;

    catalog->listed = 0;
    code = balm_catalog_list_files(catalog, err);
    for (size_t i = 0; !code && i < catalog->file_count; i++) {
        struct balm_script_file *file = catalog->files[i];

        file->looked = 0;
        if (file->load || file->appeared) code = balm_script_file_refresh(catalog, file, err);
    }
    balm_catalog_tell(catalog);
    return code;
}

static void on_change(void *owner, const char *name)
{
    struct balm_catalog *catalog = owner;
    struct balm_err err;

    (void)name; /* a module may be used by any script */
    if (look_at_changes(catalog, &err)) {
        balm_log(catalog->log, BALM_LOG_ERROR, "%s", err.message);
    }
}

enum balm_code balm_catalog_watch(struct balm_catalog *catalog, struct balm_err *err)
{
    enum balm_code code = BALM_OK;

    for (size_t i = 0; !code && i < catalog->folder_count; i++) {
        struct balm_folder *folder = &catalog->folders[i];
        balm_stamp_take(&folder->stamp, folder->path); /* of the folder that is watched */
        code = watch(catalog, &folder->watch, folder->path, err);
    }
    if (!code && catalog->lua_dir)
        code = watch(catalog, &catalog->lua_watch, catalog->lua_dir, err);
    return code;
}
