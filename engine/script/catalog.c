#include "script/catalog.h"

#include "core/file.h"
#include "core/text.h"
#include "script/catalog_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

static enum balm_code set_up(struct balm_catalog *catalog,
                             const struct balm_catalog_options *options, struct balm_err *err)
{
    enum balm_code code;

    catalog->loop = options->loop;
    catalog->log = options->log;
    catalog->loader.limits = options->limits;
    catalog->lua_dir = strdup(options->lua_dir);
    catalog->folders =
        calloc(options->dir_count ? options->dir_count : 1, sizeof *catalog->folders);
    if (!catalog->lua_dir || !catalog->folders) return balm_nomem(err);
    for (size_t i = 0; i < options->dir_count; i++) {
        catalog->folders[i].path = strdup(options->dirs[i]);
        if (!catalog->folders[i].path) return balm_nomem(err);
        catalog->folder_count++;
    }
    catalog->loader.lua_dir = catalog->lua_dir;
    code = balm_engine_modules_new(&catalog->loader.engine, err);
    if (!code && catalog->loop) code = balm_catalog_watch(catalog, err);
    return code;
}

enum balm_code balm_catalog_new(struct balm_catalog **out,
                                const struct balm_catalog_options *options, struct balm_err *err)
{
    struct balm_catalog *catalog = calloc(1, sizeof *catalog);
    enum balm_code code = catalog ? set_up(catalog, options, err) : balm_nomem(err);

    if (code) {
        balm_catalog_release(catalog);
        return code;
    }
    *out = catalog;
    return BALM_OK;
}

void balm_catalog_release(struct balm_catalog *catalog)
{
    if (!catalog) return;
    for (size_t i = 0; i < catalog->file_count; i++)
        balm_script_file_free(catalog->files[i]);
    for (size_t i = 0; i < catalog->folder_count; i++) {
        balm_dirwatch_release(catalog->folders[i].watch);
        free(catalog->folders[i].path);
    }
    balm_dirwatch_release(catalog->lua_watch);
    balm_engine_modules_release(catalog->loader.engine);
    free(catalog->files);
    free(catalog->folders);
    free(catalog->lua_dir);
    free(catalog);
}

/* ---- finding ---- */

struct search {
    struct balm_catalog *catalog;
    const char *id;
    uint64_t key;
    const struct balm_script_file *found;  /* serves the id */
    const struct balm_script_file *second; /* serves it too */
    struct balm_script_file *broken;       /* is named after the id, and never was valid */
};

static bool serves(const struct balm_script_file *file, const char *id)
{
    return file->serving && strcmp(balm_version_id(file->serving), id) == 0;
}

static void weigh(struct search *search, struct balm_script_file *file)
{
    if (serves(file, search->id)) {
        if (search->found) {
            search->second = file;
        } else {
            search->found = file;
        }
    } else if (!file->serving && file->key == search->key) {
        search->broken = file;
    }
}

/* The files that are named after the id, and those that are known to hold it. */
static enum balm_code search_by_name(struct search *search, struct balm_err *err)
{
    struct balm_catalog *catalog = search->catalog;

    for (size_t i = 0; i < catalog->file_count; i++) {
        struct balm_script_file *file = catalog->files[i];
        enum balm_code code;

        if (file->key != search->key && !serves(file, search->id)) continue;
        code = balm_script_file_refresh(catalog, file, err);
        if (code) return code;
        weigh(search, file);
    }
    return BALM_OK;
}

static enum balm_code load_all(struct balm_catalog *catalog, struct balm_err *err)
{
    for (size_t i = 0; i < catalog->file_count; i++) {
        enum balm_code code = balm_script_file_refresh(catalog, catalog->files[i], err);
        if (code) return code;
    }
    return BALM_OK;
}

static enum balm_code search_all(struct search *search, struct balm_err *err)
{
    struct balm_catalog *catalog = search->catalog;
    enum balm_code code = load_all(catalog, err);

    if (code) return code;
    for (size_t i = 0; i < catalog->file_count; i++)
        weigh(search, catalog->files[i]);
    balm_catalog_tell(catalog);
    return BALM_OK;
}

static void add_faults(struct balm_arena *arena, struct balm_value to, const struct balm_load *load)
{
    for (size_t i = 0; i < balm_list_len(load->faults); i++)
        balm_list_push(arena, to, balm_copy(arena, *balm_list_at(load->faults, i)));
}

/* "file:line: message", of the first fault, and how many more there are. */
static enum balm_code say_faults(const char *what, struct balm_value faults, struct balm_err *err)
{
    struct balm_value first = balm_list_len(faults) ? *balm_list_at(faults, 0) : balm_null();
    size_t more = balm_list_len(faults) > 1 ? balm_list_len(faults) - 1 : 0;

    balm_fail(err, BALM_E_SCRIPT, "%s is not valid: %s:%lld: %s", what,
              balm_get_string(first, "file", ""), (long long)balm_get_int(first, "line", 1),
              balm_get_string(first, "message", ""));
    if (more > 0) {
        size_t len = strlen(err->message);
        snprintf(err->message + len, sizeof err->message - len, " (and %zu more)", more);
    }
    return BALM_E_SCRIPT;
}

static enum balm_code unknown(const struct search *search, struct balm_arena *arena,
                              struct balm_err *err)
{
    const struct balm_catalog *catalog = search->catalog;
    const char **ids = balm_arena_alloc(arena, (catalog->file_count + 1) * sizeof *ids);
    size_t count = 0;
    const char *near;

    for (size_t i = 0; ids && i < catalog->file_count; i++) {
        if (catalog->files[i]->serving) ids[count++] = balm_version_id(catalog->files[i]->serving);
    }
    near = ids ? balm_text_nearest(search->id, ids, count) : NULL;
    if (near) {
        return balm_fail(err, BALM_E_ARG, "there is no remediation \"%.128s\"; did you mean %s?",
                         search->id, near);
    }
    return balm_fail(err, BALM_E_ARG,
                     "there is no remediation \"%.128s\" among the %zu of %.128s%s: --remediations "
                     "names other folders",
                     search->id, count, catalog->folder_count ? catalog->folders[0].path : "",
                     catalog->folder_count > 1 ? ", ..." : "");
}

static void fault_twice(struct balm_arena *arena, struct balm_value faults,
                        const struct balm_script_file *file, const struct balm_script_file *other)
{
    struct balm_value fault = balm_map(arena);

    balm_map_set(arena, fault, "file", balm_text(arena, file->path));
    balm_map_set(arena, fault, "line", balm_int(file->serving->id_line));
    balm_map_set(arena, fault, "field", balm_string("id"));
    balm_map_set(arena, fault, "message",
                 balm_textf(arena, "id: %s is the id of %s too: both are refused",
                            balm_version_id(file->serving), other->path));
    balm_list_push(arena, faults, fault);
}

static enum balm_code conclude(const struct search *search, struct balm_version **out,
                               struct balm_arena *arena, struct balm_value faults,
                               struct balm_err *err)
{
    if (search->second) {
        fault_twice(arena, faults, search->found, search->second);
        fault_twice(arena, faults, search->second, search->found);
        return balm_fail(err, BALM_E_SCRIPT, "two files have the id %s, so neither is used: %s, %s",
                         search->id, search->found->path, search->second->path);
    }
    if (search->found) {
        *out = search->found->serving;
        balm_version_retain(*out);
        return BALM_OK;
    }
    if (search->broken) {
        add_faults(arena, faults, search->broken->load);
        search->broken->untold = false;
        return say_faults(search->id, faults, err);
    }
    return unknown(search, arena, err);
}

enum balm_code balm_catalog_find(struct balm_catalog *catalog, const char *id,
                                 struct balm_version **out, struct balm_arena *arena,
                                 struct balm_value *faults, struct balm_err *err)
{
    struct search search = {.catalog = catalog, .id = id};
    enum balm_code code = balm_catalog_list_files(catalog, err);

    search.key = balm_script_key(id, strlen(id));
    *faults = balm_list(arena);
    if (!code) code = search_by_name(&search, err);
    if (!code && !search.found && !search.broken) code = search_all(&search, err);
    if (code) return code;
    return conclude(&search, out, arena, *faults, err);
}

bool balm_catalog_has(struct balm_catalog *catalog, const char *id)
{
    struct balm_err err;
    uint64_t key = balm_script_key(id, strlen(id));

    if (balm_catalog_list_files(catalog, &err)) return false;
    for (size_t i = 0; i < catalog->file_count; i++) {
        if (catalog->files[i]->key == key) return true;
    }
    if (load_all(catalog, &err)) return false;
    balm_catalog_tell(catalog);
    for (size_t i = 0; i < catalog->file_count; i++) {
        if (serves(catalog->files[i], id)) return true;
    }
    return false;
}

bool balm_catalog_same_id(const char *one, const char *other)
{
    return balm_script_key(one, strlen(one)) == balm_script_key(other, strlen(other));
}

/* ---- all ---- */

static int by_id(const void *a, const void *b)
{
    const struct balm_script_file *one = *(const struct balm_script_file *const *)a;
    const struct balm_script_file *other = *(const struct balm_script_file *const *)b;
    int order = strcmp(balm_version_id(one->serving), balm_version_id(other->serving));

    return order ? order : strcmp(one->path, other->path);
}

/* Of files sorted by id: those whose id no other has. The others are faults. */
static size_t keep_single(const struct balm_script_file **files, size_t count,
                          struct balm_version **versions, struct balm_arena *arena,
                          struct balm_value faults)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const struct balm_script_file *twin = NULL;

        if (i > 0 && serves(files[i - 1], balm_version_id(files[i]->serving))) {
            twin = files[i - 1];
        } else if (i + 1 < count && serves(files[i + 1], balm_version_id(files[i]->serving))) {
            twin = files[i + 1];
        }
        if (twin) {
            fault_twice(arena, faults, files[i], twin);
        } else {
            versions[kept++] = files[i]->serving;
        }
    }
    return kept;
}

enum balm_code balm_catalog_all(struct balm_catalog *catalog, struct balm_arena *arena,
                                struct balm_version ***versions, size_t *count,
                                struct balm_value *faults, struct balm_err *err)
{
    const struct balm_script_file **serving;
    size_t serving_count = 0;
    enum balm_code code = balm_catalog_list_files(catalog, err);

    *count = 0;
    *faults = balm_list(arena);
    if (!code) code = load_all(catalog, err);
    if (code) return code;
    serving = balm_arena_alloc(arena, (catalog->file_count + 1) * sizeof *serving);
    *versions = balm_arena_alloc(arena, (catalog->file_count + 1) * sizeof **versions);
    if (balm_arena_status(arena, err)) return err->code;
    for (size_t i = 0; i < catalog->file_count; i++) {
        struct balm_script_file *file = catalog->files[i];

        if (file->serving) serving[serving_count++] = file;
        if (!file->load->version && !balm_script_file_is_module(catalog, file)) {
            add_faults(arena, *faults, file->load);
        }
        file->untold = false;
    }
    if (serving_count > 1) qsort(serving, serving_count, sizeof *serving, by_id);
    *count = keep_single(serving, serving_count, *versions, arena, *faults);
    for (size_t i = 0; i < *count; i++)
        balm_version_retain((*versions)[i]);
    return BALM_OK;
}

/* ---- one file ---- */

enum balm_code balm_catalog_load_file(struct balm_catalog *catalog, const char *path,
                                      struct balm_version **out, struct balm_arena *arena,
                                      struct balm_value *faults, struct balm_err *err)
{
    char *dir = balm_arena_strdup(arena, path);
    char *slash = dir ? strrchr(dir, '/') : NULL;
    struct balm_load *load;
    enum balm_code code;

    *faults = balm_list(arena);
    if (!dir) return balm_nomem(err);
    if (slash) *(slash == dir ? slash + 1 : slash) = '\0';
    code = balm_load_new(&load, &catalog->loader, slash ? dir : ".", path, err);
    if (code) return code;
    if (load->version) {
        *out = load->version;
        balm_version_retain(*out);
    } else {
        add_faults(arena, *faults, load);
        code = say_faults(path, *faults, err);
    }
    balm_load_free(load);
    return code;
}

enum balm_code balm_catalog_restore(struct balm_catalog *catalog, struct balm_value sources,
                                    const char *hash, struct balm_version **out,
                                    struct balm_err *err)
{
    struct balm_load *load;
    enum balm_code code = balm_load_kept(&load, &catalog->loader, sources, err);

    if (code) return code;
    if (!load->version) {
        code = say_faults("the kept source", load->faults, err);
    } else if (strcmp(balm_version_hash(load->version), hash) != 0) {
        code = balm_fail(err, BALM_E_INPUT,
                         "the kept source is not that of version %.64s: it has "
                         "been changed",
                         hash);
    } else {
        *out = load->version;
        balm_version_retain(*out);
    }
    balm_load_free(load);
    return code;
}
