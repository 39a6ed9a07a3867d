#include "script/loader.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"
#include "script/aws_lua.h"
#include "script/declaration.h"

#include <assert.h>
#include <ctype.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX ((size_t)1 << 20) /* bytes of one file */
#define PARTS_MAX  64                /* a script and its modules */

/* One load under way. Nothing here is held by a C local across a call into Lua. */
struct loading {
    const struct balm_loader *loader;
    struct balm_load *load;
    struct balm_version *version;
    struct balm_sandbox *sandbox;
    const char *dir;
    const char *path;
    struct balm_value sources; /* a closure that was kept, instead of files; else null */
    struct balm_part *part;    /* being compiled */
    struct balm_buf bytecode;
    struct balm_declaration declaration;
};

/* ---- faults ---- */

static void fault(struct loading *loading, const char *file, int64_t line, const char *message)
{
    struct balm_arena *arena = &loading->load->arena;
    struct balm_value entry = balm_map(arena);

    balm_map_set(arena, entry, "file", balm_text(arena, file));
    balm_map_set(arena, entry, "line", balm_int(line));
    balm_map_set(arena, entry, "message", balm_text(arena, message));
    balm_list_push(arena, loading->load->faults, entry);
}

/* "file:12: message", as Lua tells errors, where file is one that this load looked at. */
static bool split_message(const struct loading *loading, const char *message, const char **file,
                          int64_t *line, const char **text)
{
    for (const struct balm_looked *looked = loading->load->looked; looked; looked = looked->next) {
        const char *at = message + strlen(looked->path);
        int64_t number = 0;

        if (!balm_text_starts(message, looked->path) || *at++ != ':') continue;
        if (!isdigit((unsigned char)*at)) continue;
        for (; isdigit((unsigned char)*at) && number < INT32_MAX; at++)
            number = number * 10 + (*at - '0');
        if (at[0] != ':' || at[1] != ' ') continue;
        *file = looked->path;
        *line = number;
        *text = at + 2;
        return true;
    }
    return false;
}

static void fault_of(struct loading *loading, const struct balm_err *err)
{
    const char *file = loading->path;
    const char *text = err->message;
    int64_t line = 1;

    split_message(loading, err->message, &file, &line, &text);
    fault(loading, file, line, text);
}

/* ---- files ---- */

/* NULL when memory ran out, which the load's arena remembers. */
static struct balm_looked *add_looked(struct loading *loading, const char *path)
{
    struct balm_arena *arena = &loading->load->arena;
    struct balm_looked *looked = balm_arena_zalloc(arena, sizeof *looked);

    if (!looked) return NULL;
    looked->path = balm_arena_strdup(arena, path);
    if (!looked->path) return NULL;
    looked->next = loading->load->looked;
    loading->load->looked = looked;
    return looked;
}

static bool look(struct loading *loading, const char *path)
{
    struct balm_looked *looked = add_looked(loading, path);

    if (!looked) return false;
    balm_stamp_take(&looked->stamp, path);
    return looked->stamp.exists;
}

static enum balm_code add_part(struct loading *loading, const char *module, const char *path,
                               struct balm_value source, struct balm_err *err)
{
    struct balm_version *version = loading->version;
    struct balm_part *part = &version->parts[version->part_count];

    if (version->part_count == PARTS_MAX) {
        return balm_fail(err, BALM_E_LIMIT, "the script requires more than %d modules",
                         PARTS_MAX - 1);
    }
    part->module = module ? balm_arena_strdup(&version->arena, module) : NULL;
    part->code.name = balm_arena_strdup(&version->arena, path);
    part->source = balm_arena_copy(&version->arena, source.as.text, source.len);
    part->source_len = source.len;
    if (balm_arena_status(&version->arena, err)) return err->code;
    version->part_count++;
    loading->part = part;
    return BALM_OK;
}

static enum balm_code read_part(struct loading *loading, const char *module, const char *path,
                                struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(SOURCE_MAX);
    enum balm_code code = balm_file_read(&text, path, err);

    if (!code) code = add_part(loading, module, path, balm_bytes(text.bytes, text.len), err);
    balm_buf_free(&text);
    return code;
}

/* The same from a closure that was kept; module NULL: the script itself. */
static enum balm_code take_part(struct loading *loading, const char *module, struct balm_err *err)
{
    for (size_t i = 0; i < balm_list_len(loading->sources); i++) {
        struct balm_value kept = *balm_list_at(loading->sources, i);
        struct balm_value source = balm_get(kept, "source");
        const char *path = balm_get_string(kept, "path", "");
        const char *name = balm_get_string(kept, "module", NULL);

        if (module ? !name || strcmp(name, module) != 0 : name != NULL) continue;
        if (source.type != BALM_STRING && source.type != BALM_BYTES) break;
        if (!add_looked(loading, path)) return balm_nomem(err);
        return add_part(loading, module, path, source, err);
    }
    return balm_fail(err, BALM_E_INPUT, "the kept source has no %s%s",
                     module ? "module " : "script", module ? module : "");
}

/* ---- compiling ---- */

/* Pushes the part's function and keeps its bytecode. [-0, +1, e] */
static void compile(lua_State *L, struct loading *loading)
{
    struct balm_part *part = loading->part;
    struct balm_lua_chunk text = {.name = part->code.name, .bytes = part->source};
    enum balm_code code;

    text.len = part->source_len;
    balm_sandbox_load(L, &text);
    balm_buf_clear(&loading->bytecode);
    code = balm_sandbox_dump(L, &loading->bytecode);
    part->code.bytes =
        balm_arena_copy(&loading->version->arena, loading->bytecode.bytes, loading->bytecode.len);
    part->code.len = loading->bytecode.len;
    part->code.binary = true;
    if (code || !part->code.bytes) luaL_error(L, "not enough memory");
}

static int compile_module(lua_State *L)
{
    compile(L, lua_touserdata(L, 1));
    return 0;
}

/* Where a module is: beside the script, else among the engine's own. NULL: nowhere. */
static char *module_path(struct loading *loading, const char *module)
{
    const char *const dirs[] = {loading->dir, loading->loader->lua_dir};

    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char *path = dirs[i] ? balm_module_path(&loading->load->arena, dirs[i], module) : NULL;
        if (path && look(loading, path)) return path;
    }
    return NULL;
}

/* Those of lua/aws/ are called by C, with functions that no script gets. */
static bool is_within_program(const struct loading *loading, const char *path)
{
    const char *lua_dir = loading->loader->lua_dir;

    return lua_dir && balm_text_starts(path, lua_dir) &&
           balm_text_starts(path + strlen(lua_dir), "/aws/");
}

static enum balm_code find_part(struct loading *loading, const char *module, struct balm_err *err)
{
    char *path;

    if (!balm_is_null(loading->sources)) return take_part(loading, module, err);
    if (!balm_module_is_name(module)) {
        return balm_fail(err, BALM_E_SCRIPT,
                         "\"%.80s\" is not the name of a module: letters, digits and _ with dots "
                         "between",
                         module);
    }
    path = module_path(loading, module);
    if (path && is_within_program(loading, path)) {
        return balm_fail(err, BALM_E_SCRIPT,
                         "\"%.80s\" is a part of the module aws, which gives all that scripts may "
                         "use of it: require \"aws\"",
                         module);
    }
    if (!path) {
        return balm_fail(err, BALM_E_SCRIPT, "there is no module \"%.80s\" in %s or in %s", module,
                         loading->dir, loading->loader->lua_dir);
    }
    return read_part(loading, module, path, err);
}

static enum balm_code resolve(void *owner, const char *module, struct balm_lua_chunk *chunk,
                              struct balm_err *err)
{
    struct loading *loading = owner;
    lua_State *L = balm_sandbox_state(loading->sandbox);
    enum balm_code code = find_part(loading, module, err);

    if (code) return code;
    lua_pushcfunction(L, compile_module);
    lua_pushlightuserdata(L, loading);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        code = balm_sandbox_fault(loading->sandbox, L, err);
        lua_pop(L, 1);
        return code;
    }
    *chunk = loading->part->code;
    return BALM_OK;
}

/* ---- running ---- */

/* Compiles the script, runs it and reads what it declares. */
static int run_script(lua_State *L)
{
    struct loading *loading = lua_touserdata(L, 1);

    compile(L, loading);
    lua_call(L, 0, 1);
    balm_declaration_read(L, -1, &loading->declaration);
    return 0;
}

static void begin_declaration(struct loading *loading)
{
    struct balm_declaration *declaration = &loading->declaration;
    const struct balm_part *script = balm_version_script(loading->version);

    declaration->path = script->code.name;
    declaration->text = script->source;
    declaration->len = script->source_len;
    declaration->arena = &loading->version->arena;
    declaration->faults = balm_list(declaration->arena);
}

static enum balm_code run(struct loading *loading, struct balm_err *err)
{
    enum balm_code code = balm_sandbox_new(&loading->sandbox, &loading->loader->limits, err);

    if (code) return code;
    begin_declaration(loading);
    balm_script_modules(loading->sandbox);
    balm_sandbox_resolver(loading->sandbox, resolve, loading);
    code = balm_sandbox_enter(loading->sandbox, run_script, loading, err);
    balm_sandbox_release(loading->sandbox);
    loading->sandbox = NULL;
    return code;
}

/* A kept version is what it was, also to its hash; but the engine's half of `aws` runs as this
   build has it, since it goes with the C that it calls. */
static enum balm_code seal(struct loading *loading, struct balm_err *err)
{
    struct balm_version *version = loading->version;
    struct balm_engine_modules *own = version->engine;
    struct balm_engine_modules *kept;
    enum balm_code code;

    if (balm_is_null(loading->sources)) return balm_version_seal(version, err);
    if (balm_engine_modules_kept(&kept, loading->sources, err)) return err->code;
    version->engine = kept;
    code = balm_version_seal(version, err);
    version->sources = balm_copy(&version->arena, version->sources);
    version->engine = own;
    balm_engine_modules_release(kept);
    return code ? code : balm_arena_status(&version->arena, err);
}

static enum balm_code finish(struct loading *loading, struct balm_err *err)
{
    struct balm_version *version = loading->version;
    enum balm_code code = balm_arena_status(&version->arena, err);

    if (code) return code;
    if (balm_list_len(loading->declaration.faults) > 0) {
        loading->load->faults = balm_copy(&loading->load->arena, loading->declaration.faults);
        return balm_arena_status(&loading->load->arena, err);
    }
    version->path = balm_version_script(version)->code.name;
    version->declaration = loading->declaration.data;
    version->session_policy = loading->declaration.session_policy;
    version->id_line = (int64_t)balm_declaration_line(&loading->declaration, "id");
    version->engine = loading->loader->engine;
    balm_engine_modules_retain(version->engine);
    code = seal(loading, err);
    if (code) return code;
    balm_version_retain(version);
    loading->load->version = version;
    return BALM_OK;
}

/* What is wrong with a file is a fault of it; what the machine lacks is an error. */
static enum balm_code load_script(struct loading *loading, struct balm_err *err)
{
    struct balm_err wrong;
    enum balm_code code;

    if (balm_is_null(loading->sources)) {
        look(loading, loading->path);
        code = read_part(loading, NULL, loading->path, &wrong);
    } else {
        code = take_part(loading, NULL, &wrong);
    }
    if (!code) code = run(loading, &wrong);
    if (!code) code = finish(loading, &wrong);
    if (!code) return BALM_OK;
    if (code == BALM_E_NOMEM) return balm_nomem(err);
    fault_of(loading, &wrong);
    return balm_arena_status(&loading->load->arena, err);
}

static enum balm_code load(struct balm_load **out, struct loading *loading, struct balm_err *err)
{
    enum balm_code code = BALM_E_NOMEM;

    balm_buf_init(&loading->bytecode, 16 * SOURCE_MAX);
    loading->load = calloc(1, sizeof *loading->load);
    loading->version = balm_version_new();
    if (!loading->load || !loading->version) goto out;
    loading->load->faults = balm_list(&loading->load->arena);
    loading->version->parts =
        balm_arena_zalloc(&loading->version->arena, PARTS_MAX * sizeof *loading->version->parts);
    if (!loading->version->parts) goto out;
    code = load_script(loading, err);
out:
    balm_buf_free(&loading->bytecode);
    balm_version_release(loading->version);
    if (code) {
        balm_load_free(loading->load);
        return code == BALM_E_NOMEM ? balm_nomem(err) : code;
    }
    *out = loading->load;
    return BALM_OK;
}

enum balm_code balm_load_new(struct balm_load **out, const struct balm_loader *loader,
                             const char *dir, const char *path, struct balm_err *err)
{
    struct loading loading = {.loader = loader, .dir = dir, .path = path, .sources = balm_null()};

    return load(out, &loading, err);
}

enum balm_code balm_load_kept(struct balm_load **out, const struct balm_loader *loader,
                              struct balm_value sources, struct balm_err *err)
{
    struct loading loading = {
        .loader = loader, .dir = "", .path = "the kept source", .sources = sources};

    return load(out, &loading, err);
}

void balm_load_free(struct balm_load *load)
{
    if (!load) return;
    balm_version_release(load->version);
    balm_arena_free(&load->arena);
    free(load);
}

bool balm_load_holds(const struct balm_load *load)
{
    for (const struct balm_looked *looked = load->looked; looked; looked = looked->next) {
        if (!balm_stamp_holds(&looked->stamp, looked->path)) return false;
    }
    return true;
}
