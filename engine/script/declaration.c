#include "script/declaration.h"

#include "core/json.h"
#include "core/text.h"
#include "script/value_lua.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX             128
#define VERIFY_SECONDS_MAX 3600

/* Reads the value on top of the stack, which is not nil. */
typedef void read_field(lua_State *L, struct balm_declaration *declaration, const char *name);

struct field {
    const char *name;
    read_field *read;
    bool required;
};

/* ---- faults ---- */

void balm_declaration_fault(struct balm_declaration *declaration, const char *field, size_t line,
                            const char *format, ...)
{
    struct balm_arena *arena = declaration->arena;
    struct balm_value fault = balm_map(arena);
    const char *text;
    va_list args;

    va_start(args, format);
    text = balm_arena_vprintf(arena, format, args);
    va_end(args);
    if (!text) return; /* the arena remembers */
    if (line == 0) line = balm_declaration_line(declaration, field);
    balm_map_set(arena, fault, "file", balm_string(declaration->path));
    balm_map_set(arena, fault, "line", balm_int((int64_t)line));
    if (*field) balm_map_set(arena, fault, "field", balm_text(arena, field));
    balm_map_set(arena, fault, "message",
                 balm_textf(arena, "%s%s%s", field, *field ? ": " : "", text));
    balm_list_push(arena, declaration->faults, fault);
}

static int by_line(const void *a, const void *b)
{
    const struct balm_value *one = a;
    const struct balm_value *other = b;
    int64_t lines = balm_get_int(*one, "line", 0) - balm_get_int(*other, "line", 0);

    if (lines != 0) return lines < 0 ? -1 : 1;
    return strcmp(balm_get_string(*one, "message", ""), balm_get_string(*other, "message", ""));
}

static void wrong_type(lua_State *L, struct balm_declaration *declaration, const char *field,
                       const char *wanted)
{
    balm_declaration_fault(declaration, field, 0, "must be %s, not a %s", wanted,
                           lua_typename(L, lua_type(L, -1)));
}

static void keep(struct balm_declaration *declaration, const char *name, struct balm_value value)
{
    balm_map_set(declaration->arena, declaration->data, name, value);
}

/* ---- texts ---- */

/* The text on top of the stack, copied; a null value and a fault where there is none. A number is
   no text, though Lua would make it one. */
static struct balm_value read_text(lua_State *L, struct balm_declaration *declaration,
                                   const char *field)
{
    size_t len = 0;
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;

    if (!text) {
        wrong_type(L, declaration, field, "a text");
        return balm_null();
    }
    if (len == 0 || memchr(text, '\0', len) || !balm_text_is_utf8(text, len)) {
        balm_declaration_fault(declaration, field, 0, "must be a text in UTF-8 that is not empty");
        return balm_null();
    }
    return balm_text_n(declaration->arena, text, len);
}

/* How many bytes at the start of text are letters, digits or one of more. */
static size_t span(const char *text, const char *more)
{
    size_t len = 0;

    while (isalnum((unsigned char)text[len]) || (text[len] && strchr(more, text[len])))
        len++;
    return len;
}

/* Names of letters, digits, - and _, at least two, dots between. */
static bool is_id(const char *text)
{
    size_t names = 0;

    if (!isalpha((unsigned char)*text) || strlen(text) > ID_MAX) return false;
    for (;;) {
        size_t len = span(text, "-_");
        if (len == 0) return false;
        names++;
        text += len;
        if (*text == '\0') return names > 1;
        if (*text++ != '.') return false;
    }
}

/* "AWS::S3::Bucket", "AWS::::Account" */
static bool is_resource_type(const char *text)
{
    size_t vendor = span(text, "");
    size_t service;

    if (vendor == 0 || strncmp(text + vendor, "::", 2) != 0) return false;
    text += vendor + 2;
    service = span(text, "");
    if (strncmp(text + service, "::", 2) != 0) return false;
    text += service + 2;
    return *text && text[span(text, ":")] == '\0';
}

/* "s3:PutBucketVersioning" */
static bool is_action(const char *text)
{
    size_t service = span(text, "-");

    if (service == 0 || text[service] != ':') return false;
    text += service + 1;
    return *text && text[span(text, "")] == '\0';
}

static void read_id(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    struct balm_value id = read_text(L, declaration, name);

    if (balm_is_null(id)) return;
    if (!is_id(id.as.text)) {
        balm_declaration_fault(declaration, name, 0,
                               "\"%.140s\" must be names of letters, digits, - and _ with dots "
                               "between, as \"AWS.S3.EnableBucketVersioning\"",
                               id.as.text);
    } else {
        keep(declaration, name, id);
    }
}

static void read_description(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    struct balm_value text = read_text(L, declaration, name);

    if (!balm_is_null(text)) keep(declaration, name, text);
}

static void read_resource(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    struct balm_value type = read_text(L, declaration, name);

    if (balm_is_null(type)) return;
    if (!is_resource_type(type.as.text)) {
        balm_declaration_fault(declaration, name, 0,
                               "\"%.100s\" must be a CloudFormation type, as \"AWS::S3::Bucket\"",
                               type.as.text);
    } else {
        keep(declaration, name, type);
    }
}

/* ---- lists of texts ---- */

static bool holds_nocase(struct balm_value list, const char *text)
{
    for (size_t i = 0; i < balm_list_len(list); i++) {
        if (balm_text_same_nocase(balm_list_at(list, i)->as.text, text)) return true;
    }
    return false;
}

/* A table with nothing but 1..n, each a text. what names one of them in faults. */
static struct balm_value read_texts(lua_State *L, struct balm_declaration *declaration,
                                    const char *field, const char *wanted)
{
    struct balm_value list = balm_list(declaration->arena);
    lua_Integer count;
    lua_Integer keys = 0;

    if (!lua_istable(L, -1)) {
        wrong_type(L, declaration, field, wanted);
        return list;
    }
    count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        keys++;
    if (keys != count) {
        balm_declaration_fault(declaration, field, 0, "must be %s, without named keys or holes",
                               wanted);
        return list;
    }
    for (lua_Integer i = 1; i <= count; i++) {
        char *item = balm_arena_printf(declaration->arena, "%s[%lld]", field, (long long)i);
        struct balm_value text;

        lua_rawgeti(L, -1, i);
        text = read_text(L, declaration, item ? item : field);
        lua_pop(L, 1);
        if (balm_is_null(text)) continue;
        if (holds_nocase(list, text.as.text)) {
            balm_declaration_fault(declaration, item ? item : field, 0, "\"%.100s\" stands twice",
                                   text.as.text);
        } else {
            balm_list_push(declaration->arena, list, text);
        }
    }
    return list;
}

static void read_controls(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    keep(declaration, name,
         read_texts(L, declaration, name, "a list of control ids, as { \"S3.14\" }"));
}

static enum balm_code write_policy(struct balm_buf *out, struct balm_value permissions)
{
    /* IAM refuses a statement without actions: allowing none is denying all. */
    bool none = balm_list_len(permissions) == 0;

    balm_buf_addf(out,
                  "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"%s\","
                  "\"Action\":",
                  none ? "Deny" : "Allow");
    if (none) {
        balm_buf_adds(out, "\"*\"");
    } else {
        balm_json_print(out, permissions, BALM_JSON_COMPACT);
    }
    return balm_buf_adds(out, ",\"Resource\":\"*\"}]}");
}

static void make_session_policy(struct balm_declaration *declaration, const char *name,
                                struct balm_value permissions)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    if (write_policy(&text, permissions)) {
        declaration->arena->code = text.code;
    } else if (text.len > BALM_SESSION_POLICY_MAX) {
        balm_declaration_fault(declaration, name, 0,
                               "too many for one session policy: %zu characters where STS takes "
                               "%d; split the remediation",
                               text.len, BALM_SESSION_POLICY_MAX);
    } else {
        declaration->session_policy = balm_arena_copy(declaration->arena, text.bytes, text.len);
    }
    balm_buf_free(&text);
}

static void read_permissions(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    struct balm_value list =
        read_texts(L, declaration, name, "a list of IAM actions, as { \"s3:GetBucketAcl\" }");

    for (size_t i = 0; i < balm_list_len(list); i++) {
        const char *action = balm_list_at(list, i)->as.text;
        if (is_action(action)) continue;
        balm_declaration_fault(declaration, name, 0,
                               "\"%.100s\" must be one IAM action, as \"s3:GetBucketAcl\"%s",
                               action, strchr(action, '*') ? "; wildcards are not taken" : "");
    }
    keep(declaration, name, list);
    make_session_policy(declaration, name, list);
}

/* ---- the others ---- */

/* Values of the table as they stand; what is no data is a fault and left out. */
static struct balm_value read_declared(lua_State *L, struct balm_declaration *declaration,
                                       const char *name)
{
    struct balm_arena *arena = declaration->arena;
    struct balm_value declared = balm_map(arena);

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        struct balm_value value;
        struct balm_err err;
        const char *field;

        if (lua_type(L, -2) != LUA_TSTRING) {
            balm_declaration_fault(declaration, name, 0, "each default must have a name");
            continue;
        }
        field = balm_arena_printf(arena, "%s.%s", name, lua_tostring(L, -2));
        if (!field) continue;
        if (balm_lua_value(L, -1, BALM_LUA_STRICT, arena, &value, &err)) {
            balm_declaration_fault(declaration, field, 0, "%s", err.message);
        } else {
            balm_map_set(arena, declared, field + strlen(name) + 1, value);
        }
    }
    return declared;
}

static void read_parameters(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    if (!lua_istable(L, -1)) {
        wrong_type(L, declaration, name, "a table of names and defaults");
        return;
    }
    keep(declaration, name,
         balm_declaration_parameters(L, declaration, read_declared(L, declaration, name)));
}

static void read_function(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    if (!lua_isfunction(L, -1)) wrong_type(L, declaration, name, "a function");
}

static void read_destructive(lua_State *L, struct balm_declaration *declaration, const char *name)
{
    if (!lua_isboolean(L, -1)) {
        wrong_type(L, declaration, name, "true or false");
        return;
    }
    keep(declaration, name, balm_bool(lua_toboolean(L, -1)));
}

static void read_verify_seconds(lua_State *L, struct balm_declaration *declaration,
                                const char *name)
{
    int is_whole;
    lua_Integer seconds = lua_tointegerx(L, -1, &is_whole);

    if (lua_type(L, -1) != LUA_TNUMBER) {
        wrong_type(L, declaration, name, "a number");
    } else if (!is_whole || seconds < 0 || seconds > VERIFY_SECONDS_MAX) {
        balm_declaration_fault(declaration, name, 0, "must be a whole number from 0 to %d",
                               VERIFY_SECONDS_MAX);
    } else {
        keep(declaration, name, balm_int(seconds));
    }
}

static const struct field fields[] = {
    {"id", read_id, true},
    {"description", read_description, false},
    {"resource", read_resource, false},
    {"parameters", read_parameters, true},
    {"permissions", read_permissions, false},
    {"controls", read_controls, false},
    {"destructive", read_destructive, false},
    {"verify_seconds", read_verify_seconds, false},
    {"check", read_function, false},
    {"fix", read_function, true},
    {"undo", read_function, false},
};
#define FIELD_COUNT (sizeof fields / sizeof *fields)

static bool is_known(const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0) return true;
    }
    return false;
}

/* The key is below the value that is on top of the stack; a function tells its own line. */
static void refuse_unknown(lua_State *L, struct balm_declaration *declaration)
{
    const char *names[FIELD_COUNT];
    const char *name;
    const char *near;
    lua_Debug about = {.linedefined = 0};

    if (lua_type(L, -2) != LUA_TSTRING) {
        balm_declaration_fault(declaration, "", 0,
                               "the declaration holds a %s without a name of its own",
                               lua_typename(L, lua_type(L, -1)));
        return;
    }
    name = lua_tostring(L, -2);
    if (is_known(name)) return;
    if (lua_isfunction(L, -1)) {
        lua_pushvalue(L, -1);
        lua_getinfo(L, ">S", &about);
    }
    for (size_t i = 0; i < FIELD_COUNT; i++)
        names[i] = fields[i].name;
    near = balm_text_nearest(name, names, FIELD_COUNT);
    balm_declaration_fault(declaration, name, about.linedefined > 0 ? (size_t)about.linedefined : 0,
                           "unknown field%s%s%s", near ? ", did you mean " : "", near ? near : "",
                           near ? "?" : "");
}

static bool has_function(lua_State *L, int index, const char *name)
{
    bool has;

    lua_pushstring(L, name);
    lua_rawget(L, index);
    has = lua_isfunction(L, -1);
    lua_pop(L, 1);
    return has;
}

static void read_fields(lua_State *L, int index, struct balm_declaration *declaration)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        lua_pushstring(L, fields[i].name);
        lua_rawget(L, index);
        if (!lua_isnil(L, -1)) {
            fields[i].read(L, declaration, fields[i].name);
        } else if (fields[i].required) {
            balm_declaration_fault(declaration, fields[i].name, 0, "missing, required");
        }
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        refuse_unknown(L, declaration);
}

void balm_declaration_read(lua_State *L, int index, struct balm_declaration *declaration)
{
    struct balm_value faults = declaration->faults;

    index = lua_absindex(L, index);
    declaration->data = balm_map(declaration->arena);
    declaration->session_policy = NULL;
    if (!lua_istable(L, index)) {
        balm_declaration_fault(declaration, "", 0,
                               "the script must return its declaration, a table, not a %s",
                               lua_typename(L, lua_type(L, index)));
        return;
    }
    luaL_checkstack(L, 12, "the declaration");
    read_fields(L, index, declaration);
    keep(declaration, "has_check", balm_bool(has_function(L, index, "check")));
    keep(declaration, "has_undo", balm_bool(has_function(L, index, "undo")));
    if (balm_list_len(faults) > 1) {
        qsort(balm_list_at(faults, 0), balm_list_len(faults), sizeof faults, by_line);
    }
}
