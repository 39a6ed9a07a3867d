#include "core/buf.h"
#include "core/digest.h"
#include "script/embedded.h"
#include "script/version.h"

#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTECODE_MAX ((size_t)4 << 20)

/* One that was asked for. */
struct module {
    struct module *next;
    const char *name;
    const char *bytecode;
    size_t len;
};

struct balm_engine_modules {
    size_t references;
    struct balm_arena arena;
    const struct balm_embedded *sources; /* up to the one without a name */
    struct module *modules;
    char hash[BALM_SHA256_HEX];
};

/* Lengths stand before the texts, so that no two sets write the same bytes. scripts/embed-lua does
   the same for those within the program. */
static enum balm_code compute_hash(struct balm_engine_modules *engine, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code;

    for (const struct balm_embedded *source = engine->sources; source->name; source++) {
        (void)balm_buf_addf(&text, "%s %zu\n", source->name, source->len);
        (void)balm_buf_add(&text, source->text, source->len);
    }
    code = balm_buf_status(&text, "the engine's modules", err);
    if (!code) balm_sha256_hex(engine->hash, text.bytes, text.len);
    balm_buf_free(&text);
    return code;
}

static struct balm_engine_modules *make(const struct balm_embedded *sources)
{
    struct balm_engine_modules *engine = calloc(1, sizeof *engine);

    if (!engine) return NULL;
    engine->references = 1;
    engine->sources = sources;
    return engine;
}

enum balm_code balm_engine_modules_new(struct balm_engine_modules **out, struct balm_err *err)
{
    struct balm_engine_modules *engine = make(balm_embedded);

    if (!engine) return balm_nomem(err);
    (void)snprintf(engine->hash, sizeof engine->hash, "%s", balm_embedded_hash);
    *out = engine;
    return BALM_OK;
}

void balm_engine_modules_retain(struct balm_engine_modules *engine)
{
    engine->references++;
}

void balm_engine_modules_release(struct balm_engine_modules *engine)
{
    if (!engine || --engine->references > 0) return;
    balm_arena_free(&engine->arena);
    free(engine);
}

bool balm_module_is_name(const char *name)
{
    size_t step = 0; /* bytes since the last dot */

    for (; *name; name++) {
        if (*name == '.') {
            if (step == 0) return false;
            step = 0;
        } else if (isalnum((unsigned char)*name) || *name == '_') {
            step++;
        } else {
            return false;
        }
    }
    return step > 0;
}

char *balm_module_path(struct balm_arena *arena, const char *dir, const char *name)
{
    char *path = balm_arena_printf(arena, "%s/%s.lua", dir, name);

    if (!path) return NULL;
    for (char *at = path + strlen(dir); at < path + strlen(path) - strlen(".lua"); at++) {
        if (*at == '.') *at = '/';
    }
    return path;
}

static int add_bytes(lua_State *L, const void *bytes, size_t len, void *buf)
{
    (void)L;
    return balm_buf_add(buf, bytes, len) == BALM_OK ? 0 : 1;
}

/* A state of its own, for the time of compiling: nothing is run in it. Errors name the module, not
   its file: positions in trusted code are of no use to those who write scripts. */
static enum balm_code compile(struct balm_buf *bytecode, const struct balm_embedded *source,
                              struct balm_err *err)
{
    lua_State *L = luaL_newstate();
    char chunk_name[64];
    enum balm_code code = BALM_OK;

    if (!L) return balm_nomem(err);
    (void)snprintf(chunk_name, sizeof chunk_name, "=%s", source->name);
    if (luaL_loadbufferx(L, source->text, source->len, chunk_name, "t") != LUA_OK) {
        code = balm_fail(err, BALM_E_SCRIPT, "%s", lua_tostring(L, -1));
    } else if (lua_dump(L, add_bytes, bytecode, 0) != 0) {
        code = balm_buf_status(bytecode, source->name, err);
    }
    lua_close(L);
    return code;
}

static enum balm_code load(struct balm_engine_modules *engine, const struct balm_embedded *source,
                           struct module **out, struct balm_err *err)
{
    struct balm_buf bytecode = BALM_BUF_INIT(BYTECODE_MAX);
    struct module *module = balm_arena_zalloc(&engine->arena, sizeof *module);
    enum balm_code code = module ? compile(&bytecode, source, err) : balm_nomem(err);

    if (!code) {
        module->name = source->name;
        module->bytecode = balm_arena_copy(&engine->arena, bytecode.bytes, bytecode.len);
        module->len = bytecode.len;
        code = balm_arena_status(&engine->arena, err);
    }
    balm_buf_free(&bytecode);
    if (code) return code;
    module->next = engine->modules;
    engine->modules = *out = module;
    return BALM_OK;
}

enum balm_code balm_engine_module(struct balm_engine_modules *engine, const char *name,
                                  const char **bytecode, size_t *len, struct balm_err *err)
{
    const struct balm_embedded *source = engine->sources;
    struct module *module = engine->modules;

    while (module && strcmp(module->name, name) != 0)
        module = module->next;
    while (source->name && strcmp(source->name, name) != 0)
        source++;
    if (!module && !source->name) {
        return balm_fail(err, BALM_E_ARG, "the engine has no module \"%.80s\"", name);
    }
    if (!module && load(engine, source, &module, err)) return err->code;
    *bytecode = module->bytecode;
    *len = module->len;
    return BALM_OK;
}

enum balm_code balm_engine_modules_kept(struct balm_engine_modules **out, struct balm_value sources,
                                        struct balm_err *err)
{
    size_t most = balm_list_len(sources), count = 0;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_embedded *kept = balm_arena_zalloc(&arena, (most + 1) * sizeof *kept);
    struct balm_engine_modules *engine = kept ? make(kept) : NULL;

    if (!engine) {
        balm_arena_free(&arena);
        return balm_nomem(err);
    }
    engine->arena = arena;
    for (size_t i = 0; i < most; i++) {
        struct balm_value entry = *balm_list_at(sources, i);
        struct balm_value source = balm_get(entry, "source");

        if (!balm_get_bool(entry, "engine", false) || source.type != BALM_STRING) continue;
        kept[count].name = balm_get_string(entry, "module", "");
        kept[count].text = source.as.text;
        kept[count++].len = source.len;
    }
    if (compute_hash(engine, err)) {
        balm_engine_modules_release(engine);
        return err->code;
    }
    *out = engine;
    return BALM_OK;
}

const char *balm_engine_modules_hash(const struct balm_engine_modules *engine)
{
    return engine->hash;
}

void balm_engine_modules_sources(const struct balm_engine_modules *engine, struct balm_arena *arena,
                                 struct balm_value list)
{
    for (const struct balm_embedded *source = engine->sources; source->name; source++) {
        struct balm_value entry = balm_map(arena);

        balm_map_set(arena, entry, "path", balm_string(source->name));
        balm_map_set(arena, entry, "module", balm_string(source->name));
        balm_map_set(arena, entry, "source", balm_string_n(source->text, source->len));
        balm_map_set(arena, entry, "engine", balm_bool(true));
        balm_list_push(arena, list, entry);
    }
}
