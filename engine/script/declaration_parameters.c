#include "script/declaration.h"

#include "core/text.h"
#include "script/sandbox.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEN_MAX 64

enum kind { TEXT, NUMBER, INTEGER, BOOLEAN, LIST, MAP, KINDS };

static const char *const kind_names[KINDS] = {"string",  "number", "integer",
                                              "boolean", "list",   "map"};

/* The parameter that is being read; its rule is the table form. */
struct parameter {
    struct balm_declaration *declaration;
    lua_State *L;
    const char *field; /* "parameters.Size" */
    struct balm_value rule;
    enum kind kind; /* KINDS: not known, so that nothing can be held against it */
};

typedef void read_key(struct parameter *parameter, const char *field, struct balm_value value);

static bool is_number(struct balm_value value)
{
    return value.type == BALM_INT || (value.type == BALM_DOUBLE && isfinite(value.as.number));
}

static double number_of(struct balm_value value)
{
    return value.type == BALM_INT ? (double)value.as.integer : value.as.number;
}

static enum kind kind_of(struct balm_value value)
{
    static const uint8_t types[KINDS] = {BALM_STRING, BALM_DOUBLE, BALM_INT,
                                         BALM_BOOL,   BALM_LIST,   BALM_MAP};
    enum kind kind = TEXT;

    while (kind < KINDS && types[kind] != value.type)
        kind++;
    return kind;
}

static bool is_of(enum kind kind, struct balm_value value)
{
    if (kind == KINDS) return true;
    if (kind == NUMBER) return is_number(value);
    return kind_of(value) == kind;
}

/* `{}` is as good a list as a map. */
static struct balm_value as_kind(const struct parameter *parameter, struct balm_value value)
{
    struct balm_arena *arena = parameter->declaration->arena;

    if (balm_list_len(value) + balm_map_len(value) > 0) return value;
    if (parameter->kind == MAP && value.type == BALM_LIST) return balm_map(arena);
    if (parameter->kind == LIST && value.type == BALM_MAP) return balm_list(arena);
    return value;
}

/* ---- the keys of the table form ---- */

static void keep(struct parameter *parameter, const char *name, struct balm_value value)
{
    balm_map_set(parameter->declaration->arena, parameter->rule, name, value);
}

static void expected(struct parameter *parameter, const char *field, const char *what,
                     struct balm_value value)
{
    balm_declaration_fault(parameter->declaration, field, 0, "must be %s, got %s", what,
                           balm_type_name(value.type));
}

static void read_type(struct parameter *parameter, const char *field, struct balm_value value)
{
    for (enum kind kind = TEXT; kind < KINDS; kind++) {
        if (!balm_is_text(value, kind_names[kind])) continue;
        parameter->kind = kind;
        keep(parameter, "type", balm_string(kind_names[kind]));
        return;
    }
    balm_declaration_fault(parameter->declaration, field, 0,
                           "must be one of string, number, integer, boolean, list, map");
}

static void read_default(struct parameter *parameter, const char *field, struct balm_value value)
{
    value = as_kind(parameter, value);
    if (is_of(parameter->kind, value)) {
        keep(parameter, "default", value);
    } else {
        balm_declaration_fault(parameter->declaration, field, 0,
                               "must be of the parameter's type, %s, got %s",
                               kind_names[parameter->kind], balm_type_name(value.type));
    }
}

static void read_required(struct parameter *parameter, const char *field, struct balm_value value)
{
    if (value.type == BALM_BOOL) {
        keep(parameter, "required", value);
    } else {
        expected(parameter, field, "true or false", value);
    }
}

static void read_enum(struct parameter *parameter, const char *field, struct balm_value value)
{
    if (value.type != BALM_LIST || balm_list_len(value) == 0) {
        expected(parameter, field, "a list of the values that are allowed", value);
        return;
    }
    for (size_t i = 0; i < balm_list_len(value); i++) {
        if (is_of(parameter->kind, *balm_list_at(value, i))) continue;
        balm_declaration_fault(parameter->declaration, field, 0,
                               "item %zu must be of the parameter's type, %s", i + 1,
                               kind_names[parameter->kind]);
    }
    keep(parameter, "enum", value);
}

static void read_pattern(struct parameter *parameter, const char *field, struct balm_value value)
{
    if (value.type != BALM_STRING) {
        expected(parameter, field, "a Lua pattern", value);
    } else if (parameter->kind != TEXT && parameter->kind != KINDS) {
        balm_declaration_fault(parameter->declaration, field, 0, "only a string has a pattern");
    } else {
        keep(parameter, "pattern", value);
    }
}

static void read_bound(struct parameter *parameter, const char *field, struct balm_value value)
{
    const char *name = strrchr(field, '.') + 1;

    if (!is_number(value)) {
        expected(parameter, field, "a number", value);
    } else if (parameter->kind == BOOLEAN) {
        balm_declaration_fault(parameter->declaration, field, 0, "a boolean has no bounds");
    } else {
        keep(parameter, name, value);
    }
}

static void read_description(struct parameter *parameter, const char *field,
                             struct balm_value value)
{
    if (value.type == BALM_STRING && value.len > 0) {
        keep(parameter, "description", value);
    } else {
        expected(parameter, field, "a text that is not empty", value);
    }
}

/* The type is first: the others are held against it. */
static const struct key {
    const char *name;
    read_key *read;
} keys[] = {
    {"type", read_type}, {"default", read_default},         {"required", read_required},
    {"enum", read_enum}, {"pattern", read_pattern},         {"min", read_bound},
    {"max", read_bound}, {"description", read_description},
};
#define KEY_COUNT (sizeof keys / sizeof *keys)

static const char *below(struct parameter *parameter, const char *name)
{
    const char *field =
        balm_arena_printf(parameter->declaration->arena, "%s.%s", parameter->field, name);
    return field ? field : parameter->field;
}

static void refuse_unknown_keys(struct parameter *parameter, struct balm_value table)
{
    const char *names[KEY_COUNT];
    bool has_type = !balm_is_null(balm_get(table, "type"));

    for (size_t i = 0; i < KEY_COUNT; i++)
        names[i] = keys[i].name;
    for (size_t i = 0; i < balm_map_len(table); i++) {
        const char *name = balm_map_at(table, i)->key;
        const char *near = balm_text_nearest(name, names, KEY_COUNT);
        size_t k = 0;

        while (k < KEY_COUNT && strcmp(names[k], name) != 0)
            k++;
        if (k < KEY_COUNT) continue;
        /* Without a type it may be meant as a default: that the type is missing says how. */
        if (!near && !has_type) continue;
        balm_declaration_fault(parameter->declaration, below(parameter, name), 0,
                               "unknown key%s%s%s", near ? ", did you mean " : "", near ? near : "",
                               near ? "?" : "");
    }
}

/* ---- a rule as a whole ---- */

/* What min and max count: the number, the characters, the items. */
static double size_of(struct balm_value value)
{
    if (is_number(value)) return number_of(value);
    if (value.type == BALM_STRING) return (double)value.len;
    return (double)(balm_list_len(value) + balm_map_len(value));
}

static bool is_among(struct balm_value list, struct balm_value value)
{
    for (size_t i = 0; i < balm_list_len(list); i++) {
        if (balm_equal(*balm_list_at(list, i), value)) return true;
    }
    return false;
}

static void hold_default(struct parameter *parameter, struct balm_value value)
{
    struct balm_value min = balm_get(parameter->rule, "min");
    struct balm_value max = balm_get(parameter->rule, "max");
    struct balm_value allowed = balm_get(parameter->rule, "enum");
    const char *field = below(parameter, "default");

    if (!balm_is_null(min) && size_of(value) < number_of(min)) {
        balm_declaration_fault(parameter->declaration, field, 0, "is less than min, %g",
                               number_of(min));
    }
    if (!balm_is_null(max) && size_of(value) > number_of(max)) {
        balm_declaration_fault(parameter->declaration, field, 0, "is more than max, %g",
                               number_of(max));
    }
    if (!balm_is_null(allowed) && !is_among(allowed, value)) {
        balm_declaration_fault(parameter->declaration, field, 0, "is none of enum");
    }
}

/* Calls find(text, pattern), the sandbox's own, and says what is wrong with the pattern. */
static void hold_pattern(struct parameter *parameter, const char *pattern, const char *text)
{
    static const char finder[] = "return string.find";
    const struct balm_lua_chunk chunk = {"pattern", finder, sizeof finder - 1, false};
    lua_State *L = parameter->L;
    int top = lua_gettop(L);

    balm_sandbox_load(L, &chunk);
    lua_call(L, 0, 1);
    lua_pushstring(L, text);
    lua_pushstring(L, pattern);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
        const char *why = lua_tostring(L, -1);
        balm_sandbox_check(L);
        balm_declaration_fault(parameter->declaration, below(parameter, "pattern"), 0, "%s",
                               why ? why : "cannot be matched");
    } else if (*text && lua_isnil(L, -1)) {
        balm_declaration_fault(parameter->declaration, below(parameter, "default"), 0,
                               "does not match the pattern %s", pattern);
    }
    lua_settop(L, top);
}

static void hold_together(struct parameter *parameter)
{
    const char *pattern = balm_get_string(parameter->rule, "pattern", NULL);
    struct balm_value min = balm_get(parameter->rule, "min");
    struct balm_value max = balm_get(parameter->rule, "max");
    struct balm_value value = balm_get(parameter->rule, "default");

    if (!balm_is_null(min) && !balm_is_null(max) && number_of(min) > number_of(max)) {
        balm_declaration_fault(parameter->declaration, below(parameter, "min"), 0,
                               "is more than max, %g", number_of(max));
    }
    /* An empty text stands for no value. */
    if (!balm_is_null(value) && !balm_is_text(value, "")) hold_default(parameter, value);
    if (pattern) hold_pattern(parameter, pattern, value.type == BALM_STRING ? value.as.text : "");
}

static void read_table_form(struct parameter *parameter, struct balm_value table)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        struct balm_value value = balm_get(table, keys[i].name);
        if (!balm_is_null(value)) keys[i].read(parameter, below(parameter, keys[i].name), value);
    }
    if (balm_is_null(balm_get(table, "type"))) {
        balm_declaration_fault(parameter->declaration, below(parameter, "type"), 0,
                               "missing, required (a default that is a map is written "
                               "{ type = \"map\", default = { ... } })");
    }
    refuse_unknown_keys(parameter, table);
    hold_together(parameter);
}

static void read_parameter(struct parameter *parameter, struct balm_value value)
{
    enum kind kind = kind_of(value);

    parameter->rule = balm_map(parameter->declaration->arena);
    parameter->kind = KINDS;
    if (kind == MAP && balm_map_len(value) > 0) {
        read_table_form(parameter, value);
    } else if (kind == KINDS || (kind == NUMBER && !is_number(value))) {
        expected(parameter, parameter->field,
                 "a default (a text, a number, true, false or a list) or a table with its type",
                 value);
    } else {
        keep(parameter, "type", balm_string(kind_names[kind == MAP ? LIST : kind]));
        keep(parameter, "default", kind == MAP ? balm_list(parameter->declaration->arena) : value);
    }
}

/* A name must be fit for NAME=VALUE on the command line. */
static bool is_name(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > NAME_LEN_MAX || !(isalpha((unsigned char)*name) || *name == '_'))
        return false;
    while (isalnum((unsigned char)*name) || *name == '_' || *name == '-')
        name++;
    return *name == '\0';
}

static int by_key(const void *a, const void *b)
{
    const struct balm_entry *one = a;
    const struct balm_entry *other = b;

    return strcmp(one->key, other->key);
}

struct balm_value balm_declaration_parameters(lua_State *L, struct balm_declaration *declaration,
                                              struct balm_value declared)
{
    struct balm_arena *arena = declaration->arena;
    struct balm_value rules = balm_map(arena);

    if (balm_map_len(declared) > 0) {
        qsort(balm_map_at(declared, 0), balm_map_len(declared), sizeof(struct balm_entry), by_key);
    }
    for (size_t i = 0; i < balm_map_len(declared); i++) {
        const struct balm_entry *entry = balm_map_at(declared, i);
        struct parameter parameter = {.declaration = declaration, .L = L};

        parameter.field = balm_arena_printf(arena, "parameters.%s", entry->key);
        if (!parameter.field) return rules;
        if (is_name(entry->key)) {
            read_parameter(&parameter, entry->value);
            balm_map_set(arena, rules, entry->key, parameter.rule);
        } else {
            balm_declaration_fault(declaration, parameter.field, 0,
                                   "a parameter's name is letters, digits, _ and -, at most %d",
                                   NAME_LEN_MAX);
        }
    }
    return rules;
}
