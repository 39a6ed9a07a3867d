#include "script/version.h"

#include "core/buf.h"
#include "core/digest.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

struct balm_version *balm_version_new(void)
{
    struct balm_version *version = calloc(1, sizeof *version);

    if (version) version->references = 1;
    return version;
}

void balm_version_retain(struct balm_version *version)
{
    version->references++;
}

void balm_version_release(struct balm_version *version)
{
    if (!version || --version->references > 0) return;
    balm_engine_modules_release(version->engine);
    balm_arena_free(&version->arena);
    free(version);
}

const char *balm_version_id(const struct balm_version *version)
{
    return balm_get_string(version->declaration, "id", "");
}

const char *balm_version_path(const struct balm_version *version)
{
    return version->path;
}

const char *balm_version_hash(const struct balm_version *version)
{
    return version->hash;
}

const char *balm_version_session_policy(const struct balm_version *version)
{
    return version->session_policy;
}

struct balm_value balm_version_declaration(const struct balm_version *version)
{
    return version->declaration;
}

struct balm_value balm_version_sources(const struct balm_version *version)
{
    return version->sources;
}

const struct balm_part *balm_version_script(const struct balm_version *version)
{
    return &version->parts[0];
}

const struct balm_part *balm_version_module(const struct balm_version *version, const char *module)
{
    for (size_t i = 1; i < version->part_count; i++) {
        if (strcmp(version->parts[i].module, module) == 0) return &version->parts[i];
    }
    return NULL;
}

enum balm_code balm_version_engine_module(const struct balm_version *version, const char *name,
                                          const char **bytecode, size_t *len, struct balm_err *err)
{
    return balm_engine_module(version->engine, name, bytecode, len, err);
}

static int by_module(const void *a, const void *b)
{
    const struct balm_part *one = a;
    const struct balm_part *other = b;

    return strcmp(one->module, other->module);
}

/* Lengths stand before the texts, so that no two closures write the same bytes. */
static void add_part(struct balm_buf *text, const struct balm_part *part)
{
    const char *module = part->module ? part->module : "";

    balm_buf_addf(text, "%zu %s\n%zu\n", strlen(module), module, part->source_len);
    balm_buf_add(text, part->source, part->source_len);
}

enum balm_code balm_version_seal(struct balm_version *version, struct balm_err *err)
{
    struct balm_arena *arena = &version->arena;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code;

    if (version->part_count > 2) {
        qsort(version->parts + 1, version->part_count - 1, sizeof *version->parts, by_module);
    }
    version->sources = balm_list(arena);
    version->hash = balm_arena_alloc(arena, BALM_SHA256_HEX);
    for (size_t i = 0; i < version->part_count; i++) {
        const struct balm_part *part = &version->parts[i];
        struct balm_value source = balm_map(arena);

        add_part(&text, part);
        balm_map_set(arena, source, "path", balm_string(part->code.name));
        if (part->module) balm_map_set(arena, source, "module", balm_string(part->module));
        balm_map_set(arena, source, "source",
                     balm_text_is_utf8(part->source, part->source_len)
                         ? balm_string_n(part->source, part->source_len)
                         : balm_bytes(part->source, part->source_len));
        balm_list_push(arena, version->sources, source);
    }
    (void)balm_buf_adds(&text, balm_engine_modules_hash(version->engine));
    balm_engine_modules_sources(version->engine, arena, version->sources);
    code = balm_buf_status(&text, version->path, err);
    if (!code) code = balm_arena_status(arena, err);
    if (!code) balm_sha256_hex(version->hash, text.bytes, text.len);
    balm_buf_free(&text);
    return code;
}
