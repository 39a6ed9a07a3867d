#include "core/buf.h"
#include "core/file.h"
#include "script/version.h"

#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <string.h>

#define MODULE_MAX ((size_t)1 << 20) /* bytes of a module's file */

struct module {
    struct module *next;
    const char *name;
    const char *bytecode;
    size_t len;
};

struct balm_engine_modules {
    size_t references;
    struct balm_arena arena;
    char *dir;
    struct module *modules;
};

enum balm_code balm_engine_modules_new(struct balm_engine_modules **out, const char *lua_dir,
                                       struct balm_err *err)
{
    struct balm_engine_modules *engine = calloc(1, sizeof *engine);

    if (!engine) return balm_nomem(err);
    engine->references = 1;
    engine->dir = balm_arena_strdup(&engine->arena, lua_dir);
    if (!engine->dir) {
        free(engine);
        return balm_nomem(err);
    }
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
static enum balm_code compile(struct balm_buf *bytecode, const struct balm_buf *source,
                              const char *chunk_name, struct balm_err *err)
{
    lua_State *L = luaL_newstate();
    enum balm_code code = BALM_OK;

    if (!L) return balm_nomem(err);
    if (luaL_loadbufferx(L, source->bytes, source->len, chunk_name, "t") != LUA_OK) {
        code = balm_fail(err, BALM_E_SCRIPT, "%s", lua_tostring(L, -1));
    } else if (lua_dump(L, add_bytes, bytecode, 0) != 0) {
        code = balm_buf_status(bytecode, chunk_name, err);
    }
    lua_close(L);
    return code;
}

static enum balm_code load(struct balm_engine_modules *engine, struct module *module,
                           struct balm_err *err)
{
    struct balm_buf source = BALM_BUF_INIT(MODULE_MAX);
    struct balm_buf bytecode = BALM_BUF_INIT(4 * MODULE_MAX);
    char *path = balm_module_path(&engine->arena, engine->dir, module->name);
    char *chunk_name = balm_arena_printf(&engine->arena, "=%s", module->name);
    enum balm_code code = balm_arena_status(&engine->arena, err);

    if (code) goto out;
    code = balm_file_read(&source, path, err);
    if (code) goto out;
    code = compile(&bytecode, &source, chunk_name, err);
    if (code) goto out;
    module->bytecode = balm_arena_copy(&engine->arena, bytecode.bytes, bytecode.len);
    module->len = bytecode.len;
    code = balm_arena_status(&engine->arena, err);
out:
    balm_buf_free(&bytecode);
    balm_buf_free(&source);
    return code;
}

static struct module *find(struct balm_engine_modules *engine, const char *name)
{
    for (struct module *module = engine->modules; module; module = module->next) {
        if (strcmp(module->name, name) == 0) return module;
    }
    return NULL;
}

enum balm_code balm_engine_module(struct balm_engine_modules *engine, const char *name,
                                  const char **bytecode, size_t *len, struct balm_err *err)
{
    struct module *module = find(engine, name);
    enum balm_code code;

    if (!module) {
        if (!balm_module_is_name(name)) {
            return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not the name of a module", name);
        }
        module = balm_arena_zalloc(&engine->arena, sizeof *module);
        if (!module) return balm_nomem(err);
        module->name = balm_arena_strdup(&engine->arena, name);
        code = load(engine, module, err);
        if (code) return code;
        module->next = engine->modules;
        engine->modules = module;
    }
    *bytecode = module->bytecode;
    *len = module->len;
    return BALM_OK;
}
