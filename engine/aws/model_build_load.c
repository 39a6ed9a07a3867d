/* model_build, the part that finds and reads descriptions. */
#include "aws/model_build_internal.h"

#include "core/file.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define DESCRIPTION_MAX ((size_t)256 << 20)
#define INFLATE_STEP    ((size_t)256 << 10)

/* ---- finding ---- */

static bool has_description(const char *folder)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/service-2.json", folder);
    if (len < 0 || (size_t)len + 4 > sizeof path) return false;
    if (balm_file_exists(path)) return true;
    memcpy(path + len, ".gz", 4);
    return balm_file_exists(path);
}

static struct balm_value child_of(struct balm_arena *arena, struct balm_value map, const char *key,
                                  struct balm_value fresh)
{
    struct balm_value *found = balm_map_get(map, key);
    if (!found) found = balm_map_put(arena, map, key, strlen(key), fresh);
    return found ? *found : balm_null();
}

/* Adds what lies in the folder of one service; *count grows by the versions found. */
static enum balm_code add_service(struct balm_arena *arena, const char *dir, const char *name,
                                  struct balm_value services, size_t *count, struct balm_err *err)
{
    const char **versions;
    size_t len;
    size_t i;
    enum balm_code code = balm_dir_list(arena, dir, "", &versions, &len, err);
    if (code) return code;
    for (i = 0; i < len; i++) {
        char *folder = balm_arena_printf(arena, "%s/%s", dir, versions[i]);
        struct balm_value service;
        struct balm_value folders;
        if (!folder) break;
        if (!has_description(folder)) continue;
        service = child_of(arena, services, name, balm_map(arena));
        folders = child_of(arena, service, versions[i], balm_list(arena));
        balm_list_push(arena, folders, balm_string(folder));
        ++*count;
    }
    return balm_arena_status(arena, err);
}

/* A data folder's services; their documents beside them are found later. */
static enum balm_code add_services(struct balm_arena *arena, const char *dir,
                                   struct balm_value services, size_t *count, struct balm_err *err)
{
    const char **names;
    size_t len;
    size_t i;
    enum balm_code code = balm_dir_list(arena, dir, "", &names, &len, err);
    for (i = 0; !code && i < len; i++) {
        char *folder = balm_arena_printf(arena, "%s/%s", dir, names[i]);
        if (!folder) return balm_arena_status(arena, err);
        if (balm_file_is_dir(folder)) {
            code = add_service(arena, folder, names[i], services, count, err);
        }
    }
    return code;
}

/* The folder of a single service, whatever way it is written, bears the service's name. */
static enum balm_code add_dir(struct balm_arena *arena, const char *dir, struct balm_value services,
                              struct balm_err *err)
{
    char *path = realpath(dir, NULL);
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? balm_arena_strdup(arena, slash + 1) : NULL;
    size_t count = 0;
    enum balm_code code;
    free(path);
    if (!path || !balm_file_is_dir(dir)) {
        return balm_fail(err, BALM_E_IO, "%s is not a folder", dir);
    }
    if (!name) return balm_arena_status(arena, err);
    code = add_service(arena, dir, name, services, &count, err);
    if (code || count) return code;
    code = add_services(arena, dir, services, &count, err);
    if (code || count) return code;
    return balm_fail(err, BALM_E_INPUT,
                     "%s holds no service descriptions (SERVICE/VERSION/service-2.json)", dir);
}

enum balm_code balm_build_find(struct balm_arena *arena, const struct balm_build_options *options,
                               struct balm_value *out, struct balm_err *err)
{
    size_t i;
    *out = balm_map(arena);
    for (i = 0; i < options->dir_count; i++) {
        enum balm_code code = add_dir(arena, options->dirs[i], *out, err);
        if (code) return code;
    }
    return balm_arena_status(arena, err);
}

/* ---- reading ---- */

static enum balm_code inflate_all(struct balm_buf *plain, const struct balm_buf *packed,
                                  const char *path, struct balm_err *err)
{
    z_stream stream;
    int status = Z_OK;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return balm_nomem(err);
    stream.next_in = (unsigned char *)packed->bytes;
    stream.avail_in = (unsigned)packed->len;
    while (status == Z_OK) {
        char *to = balm_buf_room(plain, INFLATE_STEP);
        if (!to) break;
        stream.next_out = (unsigned char *)to;
        stream.avail_out = INFLATE_STEP;
        status = inflate(&stream, Z_NO_FLUSH);
        balm_buf_grew(plain, INFLATE_STEP - stream.avail_out);
    }
    inflateEnd(&stream);
    if (balm_buf_status(plain, path, err)) return err->code;
    if (status == Z_STREAM_END) return BALM_OK;
    return balm_fail(err, BALM_E_INPUT, "%s is damaged: it cannot be unpacked", path);
}

static enum balm_code read_text(struct balm_buf *text, const char *path, bool gzip,
                                struct balm_err *err)
{
    struct balm_buf packed = BALM_BUF_INIT(DESCRIPTION_MAX);
    enum balm_code code;
    if (!gzip) return balm_file_read(text, path, err);
    code = balm_file_read(&packed, path, err);
    if (!code) code = inflate_all(text, &packed, path, err);
    balm_buf_free(&packed);
    return code;
}

static enum balm_code read_json(struct balm_arena *arena, const char *path, bool gzip,
                                struct balm_value *out, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(DESCRIPTION_MAX);
    enum balm_code code = read_text(&text, path, gzip, err);
    if (code) goto out;
    code = balm_json_parse(arena, text.bytes, text.len, out, err);
    if (code) {
        balm_err_prefix(err, "%s", path);
    } else if (out->type != BALM_MAP) {
        code = balm_fail(err, BALM_E_INPUT, "%s: an object is expected", path);
    }
out:
    balm_buf_free(&text);
    return code;
}

/* folder/name.json, else folder/name.json.gz, else null. */
static enum balm_code read_from(struct balm_arena *arena, const char *folder, const char *name,
                                struct balm_value *out, struct balm_err *err)
{
    char *path = balm_arena_printf(arena, "%s/%s.json", folder, name);
    *out = balm_null();
    if (!path) return balm_arena_status(arena, err);
    if (balm_file_exists(path)) return read_json(arena, path, false, out, err);
    path = balm_arena_printf(arena, "%s/%s.json.gz", folder, name);
    if (!path) return balm_arena_status(arena, err);
    return balm_file_exists(path) ? read_json(arena, path, true, out, err) : BALM_OK;
}

static enum balm_code read_last(struct balm_arena *arena, struct balm_value folders,
                                const char *name, struct balm_value *out, struct balm_err *err)
{
    size_t i = balm_list_len(folders);
    *out = balm_null();
    while (i-- > 0 && balm_is_null(*out)) {
        enum balm_code code = read_from(arena, balm_list_at(folders, i)->as.text, name, out, err);
        if (code) return code;
    }
    return BALM_OK;
}

/* Maps merge key by key; anything else of more replaces what base has. */
static struct balm_value merged(struct balm_arena *arena, struct balm_value base,
                                struct balm_value more)
{
    size_t i;
    if (base.type != BALM_MAP || more.type != BALM_MAP) return more;
    for (i = 0; i < balm_map_len(more); i++) {
        const struct balm_entry *entry = balm_map_at(more, i);
        struct balm_value *own = balm_map_get_n(base, entry->key, entry->key_len);
        struct balm_value value = own ? merged(arena, *own, entry->value) : entry->value;
        balm_map_set_n(arena, base, entry->key, entry->key_len, value);
    }
    return base;
}

enum balm_code balm_build_load(struct balm_arena *arena, struct balm_value folders,
                               const char *name, struct balm_value *out, struct balm_err *err)
{
    char *extras_name = balm_arena_printf(arena, "%s.sdk-extras", name);
    struct balm_value extras;
    enum balm_code code = read_last(arena, folders, name, out, err);
    if (code || balm_is_null(*out)) return code;
    if (!extras_name) return balm_arena_status(arena, err);
    code = read_last(arena, folders, extras_name, &extras, err);
    if (code) return code;
    if (!balm_is_null(extras)) *out = merged(arena, *out, balm_get(extras, "merge"));
    return balm_arena_status(arena, err);
}
