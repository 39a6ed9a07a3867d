#include "remedy/parameters.h"

#include "core/json.h"
#include "core/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fitting {
    struct balm_lua_host *host;
    struct balm_arena *arena;
    struct balm_buf problems; /* "; " between them */
    size_t count;
};

__attribute__((format(printf, 2, 3))) static void problem(struct fitting *with, const char *format,
                                                          ...)
{
    va_list args;
    char text[256];

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (with->count++ > 0) balm_buf_adds(&with->problems, "; ");
    balm_buf_adds(&with->problems, text);
}

#define SHOWN_MAX 60

/* The value for a message, as JSON; cut where it is long. In the arena. */
static const char *shown(struct fitting *with, struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *out = "";

    balm_json_print(&text, value, BALM_JSON_COMPACT);
    if (!balm_buf_status(&text, "", NULL)) {
        out = balm_arena_printf(with->arena, text.len > SHOWN_MAX ? "%.*s..." : "%.*s", SHOWN_MAX,
                                text.bytes);
    }
    balm_buf_free(&text);
    return out ? out : "";
}

static bool to_boolean(struct balm_value *value)
{
    if (value->type == BALM_BOOL) return true;
    if (value->type != BALM_STRING) return false;
    if (balm_text_same_nocase(value->as.text, "true")) {
        *value = balm_bool(true);
    } else if (balm_text_same_nocase(value->as.text, "false")) {
        *value = balm_bool(false);
    } else {
        return false;
    }
    return true;
}

static bool is_finite(struct balm_value value)
{
    return value.type == BALM_INT || (value.type == BALM_DOUBLE && isfinite(value.as.number));
}

/* A number in a text must be JSON's: no white space, no hexadecimal, no "nan". */
static bool to_number(struct fitting *with, struct balm_value *value)
{
    struct balm_value parsed;

    if (is_finite(*value)) return true;
    if (value->type != BALM_STRING) return false;
    if (strspn(value->as.text, "-+.eE0123456789") != value->len) return false;
    if (balm_json_parse(with->arena, value->as.text, value->len, &parsed, NULL)) return false;
    if (!is_finite(parsed)) return false;
    *value = parsed;
    return true;
}

static bool to_integer(struct fitting *with, struct balm_value *value)
{
    if (!to_number(with, value)) return false;
    if (value->type == BALM_INT) return true;
    if (value->as.number != floor(value->as.number) || fabs(value->as.number) > 9e15) return false;
    *value = balm_int((int64_t)value->as.number);
    return true;
}

/* "[...]" and "{...}" in a text are read as JSON: Panther's parameters are texts, all of them. */
static bool to_container(struct fitting *with, struct balm_value *value, enum balm_type type)
{
    struct balm_value parsed;

    if (value->type == type) return true;
    if ((value->type == BALM_LIST || value->type == BALM_MAP) && balm_list_len(*value) == 0 &&
        balm_map_len(*value) == 0) {
        *value = type == BALM_LIST ? balm_list(with->arena) : balm_map(with->arena);
        return true;
    }
    if (value->type != BALM_STRING) return false;
    if (balm_json_parse(with->arena, value->as.text, value->len, &parsed, NULL)) return false;
    if (parsed.type != type) return false;
    *value = parsed;
    return true;
}

static bool coerce(struct fitting *with, const char *type, struct balm_value *value)
{
    if (strcmp(type, "boolean") == 0) return to_boolean(value);
    if (strcmp(type, "integer") == 0) return to_integer(with, value);
    if (strcmp(type, "number") == 0) return to_number(with, value);
    if (strcmp(type, "list") == 0) return to_container(with, value, BALM_LIST);
    if (strcmp(type, "map") == 0) return to_container(with, value, BALM_MAP);
    return value->type == BALM_STRING;
}

static double number_of(struct balm_value value)
{
    return value.type == BALM_INT ? (double)value.as.integer : value.as.number;
}

static void check_bounds(struct fitting *with, const char *name, struct balm_value rule,
                         struct balm_value value)
{
    struct balm_value min = balm_get(rule, "min"), max = balm_get(rule, "max");
    bool is_number = value.type == BALM_INT || value.type == BALM_DOUBLE;
    double size = is_number ? number_of(value)
                  : value.type == BALM_STRING
                      ? (double)value.len
                      : (double)(balm_list_len(value) + balm_map_len(value));
    const char *what = is_number ? "" : value.type == BALM_STRING ? " characters" : " items";

    if (value.type == BALM_BOOL) return;
    if (!balm_is_null(min) && size < number_of(min)) {
        problem(with, "%s: at least %g%s, not %g", name, number_of(min), what, size);
    }
    if (!balm_is_null(max) && size > number_of(max)) {
        problem(with, "%s: at most %g%s, not %g", name, number_of(max), what, size);
    }
}

static void check_enum(struct fitting *with, const char *name, struct balm_value allowed,
                       struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(200);

    if (balm_list_len(allowed) == 0) return;
    for (size_t i = 0; i < balm_list_len(allowed); i++) {
        if (balm_equal(*balm_list_at(allowed, i), value)) return;
    }
    balm_json_print(&text, allowed, BALM_JSON_COMPACT);
    problem(with, "%s: must be one of %s, not %s", name, text.bytes, shown(with, value));
    balm_buf_free(&text);
}

/* A Lua pattern, matched by the sandbox's own matcher, which pays from a budget. */
static void check_pattern(struct fitting *with, const char *name, const char *pattern,
                          struct balm_value value)
{
    struct balm_value arguments[2] = {value, balm_string(pattern)};
    struct balm_value results;
    struct balm_err err;

    if (!pattern || value.type != BALM_STRING) return;
    if (balm_lua_host_call(with->host, "pattern", "matches", arguments, 2, with->arena, &results,
                           &err)) {
        problem(with, "%s: the declared pattern %s cannot be matched: %s", name, pattern,
                err.message);
    } else if (!balm_list_at(results, 0) || !balm_list_at(results, 0)->as.boolean) {
        problem(with, "%s: does not match %s", name, pattern);
    }
}

static bool is_missing(struct balm_value value)
{
    return balm_is_null(value) || (value.type == BALM_STRING && value.len == 0);
}

static struct balm_value fit_one(struct fitting *with, const char *name, struct balm_value rule,
                                 struct balm_value given)
{
    const char *type = balm_get_string(rule, "type", "string");
    struct balm_value value = is_missing(given) ? balm_get(rule, "default") : given;

    if (is_missing(value)) {
        if (balm_get_bool(rule, "required", false))
            problem(with, "%s: missing, required (%s)", name, type);
        return value;
    }
    if (!coerce(with, type, &value)) {
        problem(with, "%s: expected %s, got %s", name, type, shown(with, value));
        return value;
    }
    check_bounds(with, name, rule, value);
    check_enum(with, name, balm_get(rule, "enum"), value);
    check_pattern(with, name, balm_get_string(rule, "pattern", NULL), value);
    return value;
}

/* told: a map whose names were looked at before. */
static void name_unknown(struct fitting *with, struct balm_value declared, struct balm_value given,
                         struct balm_value told)
{
    size_t known = balm_map_len(declared);
    const char **names = balm_arena_alloc(with->arena, (known + 1) * sizeof *names);

    if (!names) return;
    for (size_t i = 0; i < known; i++)
        names[i] = balm_map_at(declared, i)->key;
    for (size_t i = 0; i < balm_map_len(given); i++) {
        const char *name = balm_map_at(given, i)->key;
        const char *near = balm_text_nearest(name, names, known);

        if (balm_map_get(declared, name) || balm_map_get(told, name)) continue;
        if (near) {
            problem(with, "%.80s: unknown, did you mean %s?", name, near);
        } else {
            problem(with, "%.80s: unknown parameter", name);
        }
    }
}

static bool is_map(struct balm_value value)
{
    bool is_empty_list = value.type == BALM_LIST && balm_list_len(value) == 0;

    return balm_is_null(value) || value.type == BALM_MAP || is_empty_list;
}

enum balm_code balm_parameters_complete(struct balm_lua_host *host, struct balm_value declared,
                                        struct balm_value base, struct balm_value given,
                                        struct balm_arena *arena, struct balm_value *out,
                                        struct balm_err *err)
{
    struct fitting with = {host, arena, BALM_BUF_INIT(4096), 0};
    enum balm_code code = BALM_OK;

    *out = balm_map(arena);
    if (!is_map(base) || !is_map(given)) problem(&with, "they must be a map");
    name_unknown(&with, declared, base, balm_null());
    name_unknown(&with, declared, given, base);
    for (size_t i = 0; i < balm_map_len(declared); i++) {
        const struct balm_entry *entry = balm_map_at(declared, i);
        struct balm_value value = balm_get(given, entry->key);

        if (is_missing(value)) value = balm_get(base, entry->key);
        value = fit_one(&with, entry->key, entry->value, value);
        if (!balm_is_null(value)) balm_map_set(arena, *out, entry->key, value);
    }
    if (with.count > 0) {
        code = balm_fail(err, BALM_E_ARG, "parameters: %s", with.problems.bytes);
        snprintf(err->aws_code, sizeof err->aws_code, "InvalidParameter");
    } else {
        code = balm_arena_status(arena, err);
    }
    balm_buf_free(&with.problems);
    return code;
}
