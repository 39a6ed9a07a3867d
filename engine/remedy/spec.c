#include "remedy/spec.h"

#include "core/file.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SPEC_MAX ((size_t)4 << 20)

struct reading {
    struct balm_pack *pack;
    struct balm_arena *arena;
    struct balm_value faults;
    const char *at; /* "case 2 (turns versioning on), call 1"; "" at the file's own fields */
};

__attribute__((format(printf, 2, 3))) static void fault(struct reading *with, const char *format,
                                                        ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = balm_arena_vprintf(with->arena, format, args);
    va_end(args);
    balm_list_push(
        with->arena, with->faults,
        balm_textf(with->arena, "%s%s%s", with->at, *with->at ? ": " : "", text ? text : ""));
}

/* ---- fields ---- */

enum kind { TEXT, TRUTH, TABLE, LIST, ANY, WHOLE };

struct field {
    const char *name; /* positional ones by their number */
    enum kind kind;
    bool required;
};

static bool is_empty_table(struct balm_value value)
{
    return (value.type == BALM_LIST || value.type == BALM_MAP) && balm_list_len(value) == 0 &&
           balm_map_len(value) == 0;
}

static bool fits(enum kind kind, struct balm_value value)
{
    switch (kind) {
    case TEXT:
        return value.type == BALM_STRING && value.len > 0;
    case TRUTH:
        return value.type == BALM_BOOL;
    case WHOLE:
        return value.type == BALM_INT;
    case TABLE:
        return value.type == BALM_MAP || is_empty_table(value);
    case LIST:
        return value.type == BALM_LIST || is_empty_table(value);
    case ANY:
        break;
    }
    return true;
}

static void check_field(struct reading *with, const struct field *field, struct balm_value table)
{
    static const char *const kinds[] = {"a text that is not empty",
                                        "true or false",
                                        "a table with named keys",
                                        "a list",
                                        "",
                                        "a whole number"};
    const struct balm_value *value = balm_map_get(table, field->name);

    if (!value) {
        if (field->required) fault(with, "%s: missing, required", field->name);
    } else if (!fits(field->kind, *value)) {
        fault(with, "%s: must be %s, got %s", field->name, kinds[field->kind],
              balm_type_name((enum balm_type)value->type));
    }
}

static void check_unknown(struct reading *with, const struct field *fields, size_t count,
                          const char *key)
{
    const char *names[16];
    const char *near;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, key) == 0) return;
        names[i] = fields[i].name;
    }
    near = balm_text_nearest(key, names, count);
    if (near) {
        fault(with, "%.60s: unknown field, did you mean %s?", key, near);
    } else {
        fault(with, "%.60s: unknown field", key);
    }
}

static void check_fields(struct reading *with, const struct field *fields, size_t count,
                         struct balm_value table)
{
    for (size_t i = 0; i < count; i++) {
        check_field(with, &fields[i], table);
    }
    for (size_t i = 0; i < balm_map_len(table); i++) {
        check_unknown(with, fields, count, balm_map_at(table, i)->key);
    }
}

/* A table of positions alone was read as a list: gives its items the numbers as names, as a
   mixed one has them. */
static struct balm_value numbered(struct reading *with, struct balm_value value)
{
    struct balm_value map;

    if (value.type != BALM_LIST) return value;
    map = balm_map(with->arena);
    for (size_t i = 0; i < balm_list_len(value); i++) {
        const char *key = balm_arena_printf(with->arena, "%zu", i + 1);
        if (key) balm_map_set(with->arena, map, key, *balm_list_at(value, i));
    }
    return map;
}

static struct balm_value as_map(struct reading *with, struct balm_value value)
{
    return value.type == BALM_MAP ? value : balm_map(with->arena);
}

/* ---- calls ---- */

static void name_problems(struct reading *with, const char *what, struct balm_value problems)
{
    for (size_t i = 0; i < balm_list_len(problems); i++) {
        fault(with, "%s: %s", what, balm_list_at(problems, i)->as.text);
    }
}

static bool find_operation(struct reading *with, struct balm_spec_call *call)
{
    const char *colon = strchr(call->name, ':');
    const struct balm_service *service;
    char *service_name;
    struct balm_err err;

    if (!colon) {
        fault(with, "\"%.80s\": a call is named as \"s3:PutBucketVersioning\"", call->name);
        return false;
    }
    service_name = balm_arena_copy(with->arena, call->name, (size_t)(colon - call->name));
    if (!service_name) return false;
    if (balm_pack_service(with->pack, service_name, &service, &err) ||
        (!strchr(colon, ' ') &&
         balm_service_operation(service, colon + 1, &call->operation, &err))) {
        fault(with, "%s", err.message);
        return false;
    }
    if (call->operation) {
        call->name = balm_arena_printf(with->arena, "%s:%s", service_name,
                                       balm_operation_name(call->operation));
    }
    return call->name != NULL;
}

/* Types as the model wants them, and what it does not know named. */
static void fit_to_model(struct reading *with, struct balm_spec_call *call)
{
    struct balm_value problems, warnings;
    struct balm_err err;

    if (!call->operation) return;
    if (!call->any_params) {
        call->params =
            balm_normalise_input(call->operation, call->params, false, NULL, with->arena);
        if (balm_validate_input(call->operation, call->params, with->arena, &problems, &warnings,
                                &err)) {
            name_problems(with, "parameters", problems);
        }
    }
    call->gives = balm_normalise_output(call->operation, call->gives, with->arena);
    if (balm_validate_output(call->operation, call->gives, with->arena, &problems, &err)) {
        name_problems(with, "gives", problems);
    }
}

static void read_call(struct reading *with, struct balm_value table, struct balm_spec_call *call)
{
    static const struct field fields[] = {
        {"1", TEXT, true}, {"2", TABLE, false}, {"gives", TABLE, false}, {"raises", TABLE, false}};
    static const struct field raised[] = {
        {"code", TEXT, true}, {"message", TEXT, false}, {"status", WHOLE, false}};

    table = numbered(with, table);
    check_fields(with, fields, sizeof fields / sizeof *fields, table);
    call->name = balm_get_string(table, "1", NULL);
    call->any_params = !balm_map_get(table, "2");
    call->params = as_map(with, balm_get(table, "2"));
    call->gives = as_map(with, balm_get(table, "gives"));
    call->raises = balm_get(table, "raises");
    if (!balm_is_null(call->raises)) {
        check_fields(with, raised, sizeof raised / sizeof *raised, call->raises);
        if (balm_map_get(table, "gives")) fault(with, "it either gives or raises, not both");
    }
    if (call->name && find_operation(with, call)) fit_to_model(with, call);
}

static void read_calls(struct reading *with, struct balm_value list, struct balm_spec_case *into)
{
    const char *at = with->at;

    into->call_count = balm_list_len(list);
    into->calls = balm_arena_zalloc(with->arena, (into->call_count + 1) * sizeof *into->calls);
    if (!into->calls) {
        into->call_count = 0;
        return;
    }
    for (size_t i = 0; i < into->call_count; i++) {
        const char *here = balm_arena_printf(with->arena, "%s, call %zu", at, i + 1);
        if (here) with->at = here;
        read_call(with, *balm_list_at(list, i), &into->calls[i]);
    }
    with->at = at;
}

/* ---- cases ---- */

static void read_action(struct reading *with, struct balm_value table, struct balm_spec_case *into)
{
    const char *run = balm_get_string(table, "run", "fix");

    for (into->action = BALM_ACTION_FIX;; into->action++) {
        if (strcmp(run, balm_action_name(into->action)) == 0) break;
        if (into->action == BALM_ACTION_UNDO) {
            fault(with, "run: must be \"fix\", \"plan\" or \"undo\", not \"%.40s\"", run);
            break;
        }
    }
    if (balm_map_get(table, "before") && into->action != BALM_ACTION_UNDO) {
        fault(with, "before: only where run = \"undo\"");
    }
}

/* A case's own, else the file's. */
static struct balm_value over(struct balm_value file, struct balm_value table, const char *name)
{
    struct balm_value own = balm_get(table, name);

    return balm_is_null(own) ? balm_get(file, name) : own;
}

static void read_case(struct reading *with, struct balm_value table, struct balm_value file,
                      struct balm_spec_case *into)
{
    static const struct field fields[] = {{"1", TEXT, true},
                                          {"calls", LIST, false},
                                          {"status", TEXT, true},
                                          {"error", TEXT, false},
                                          {"reason", TEXT, false},
                                          {"parameters", TABLE, false},
                                          {"resource", TABLE, false},
                                          {"run", TEXT, false},
                                          {"before", ANY, false},
                                          {"verified", TRUTH, false},
                                          {"allow_destructive", TRUTH, false}};
    into->name = balm_get_string(table, "1", "?");
    check_fields(with, fields, sizeof fields / sizeof *fields, table);
    read_action(with, table, into);
    into->resource = over(file, table, "resource");
    into->parameters = as_map(with, over(file, table, "parameters"));
    into->before = balm_get(table, "before");
    into->allow_destructive = balm_get_bool(balm_map_get(table, "allow_destructive") ? table : file,
                                            "allow_destructive", false);
    into->status = balm_get_string(table, "status", "");
    into->error = balm_get_string(table, "error", NULL);
    into->reason = balm_get_string(table, "reason", NULL);
    into->verified = balm_get(table, "verified");
    read_calls(with, balm_get(table, "calls"), into);
}

static void read_cases(struct reading *with, struct balm_value file, struct balm_spec *out)
{
    size_t most = balm_map_len(file);
    const struct balm_value *table;
    char key[24];

    out->cases = balm_arena_zalloc(with->arena, (most + 1) * sizeof *out->cases);
    if (!out->cases) return;
    for (out->count = 0; out->count < most; out->count++) {
        struct balm_value numbers;
        snprintf(key, sizeof key, "%zu", out->count + 1);
        table = balm_map_get(file, key);
        if (!table) break;
        numbers = numbered(with, *table);
        with->at = balm_arena_printf(with->arena, "case %s (%s)", key,
                                     balm_get_string(numbers, "1", "without a name"));
        if (!with->at) return;
        read_case(with, numbers, file, &out->cases[out->count]);
    }
    with->at = "";
}

static void read_file(struct reading *with, struct balm_value file, struct balm_spec *out)
{
    static const struct field fields[] = {{"remediation", TEXT, true},
                                          {"resource", TABLE, true},
                                          {"parameters", TABLE, false},
                                          {"allow_destructive", TRUTH, false}};

    if (file.type != BALM_MAP) {
        fault(with, "a spec returns a table with `remediation`, `resource` and its cases");
        return;
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        check_field(with, &fields[i], file);
    }
    out->remediation = balm_get_string(file, "remediation", "");
    read_cases(with, file, out);
    if (out->count == 0) fault(with, "it has no cases");
    for (size_t i = 0; i < balm_map_len(file); i++) {
        const char *key = balm_map_at(file, i)->key;
        if (strspn(key, "0123456789") == strlen(key)) continue;
        check_unknown(with, fields, sizeof fields / sizeof *fields, key);
    }
}

enum balm_code balm_spec_load(struct balm_spec *out, const char *path, struct balm_pack *pack,
                              struct balm_arena *arena, struct balm_value *faults,
                              struct balm_err *err)
{
    static const struct balm_limits limits = {(size_t)64 << 20, 50000000, 1000000000, 1000000000};
    struct balm_buf text = BALM_BUF_INIT(SPEC_MAX);
    struct reading with = {pack, arena, balm_list(arena), ""};
    struct balm_value file;
    enum balm_code code = balm_file_read(&text, path, err);

    memset(out, 0, sizeof *out);
    out->path = path;
    *faults = with.faults;
    if (!code) code = balm_evaluate(arena, path, text.bytes, text.len, &limits, &file, err);
    balm_buf_free(&text);
    if (code == BALM_E_SCRIPT) return balm_err_prefix(err, "not a spec");
    if (code) return code;
    read_file(&with, file, out);
    if (balm_arena_status(arena, err)) return err->code;
    if (balm_list_len(*faults) == 0) return BALM_OK;
    return balm_fail(err, BALM_E_INPUT, "%s: %s (%zu faults in all)", path,
                     balm_list_at(*faults, 0)->as.text, balm_list_len(*faults));
}
