/*
 * codec_validate: holds a value against a shape and names everything that does not fit.
 */
#include "aws/codec_internal.h"

#include "core/json.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define PROBLEMS_MAX 100 /* a list with a wrong item ten thousand times over is one mistake */
#define QUOTE_MAX    60
#define PATH_MAX_LEN 4096

/* Where a value stands. Only what is told is ever made a text. */
struct place {
    const struct place *in; /* NULL: the value is a parameter */
    const char *name;       /* NULL: an item of a list */
    size_t number;          /* of bytes in name; the item's, from 0 */
};

struct check {
    const struct balm_operation *operation;
    struct balm_arena *arena;
    const struct place *at; /* NULL: the parameters as a whole */
    struct balm_value problems;
    struct balm_value warnings; /* null: nobody asks */
    bool output;
    bool secret; /* below a sensitive member: values are not told */
};

static void check_value(struct check *check, const struct balm_member *member,
                        struct balm_value value, int depth);

/* ---- telling ---- */

/* A path too long to be told is cut. */
static void add_path(struct balm_buf *path, const struct place *at)
{
    if (!at) return;
    add_path(path, at->in);
    if (!at->name) {
        (void)balm_buf_addf(path, "[%zu]", at->number);
        return;
    }
    if (path->len) (void)balm_buf_addc(path, '.');
    (void)balm_buf_add(path, at->name, at->number);
}

/* Texts that nobody will read are not made, nor are names compared for them: a script chooses how
   many faults there are. */
static bool is_full(struct balm_value list)
{
    return balm_list_len(list) >= PROBLEMS_MAX;
}

static void tell(struct check *check, struct balm_value list, const char *text)
{
    if (!text || is_full(list)) return;
    struct balm_buf path = BALM_BUF_INIT(PATH_MAX_LEN);
    add_path(&path, check->at);
    struct balm_value line =
        balm_textf(check->arena, "%s: %s", path.len ? path.bytes : "parameters", text);
    if (!balm_is_null(line)) (void)balm_list_push(check->arena, list, line);
    balm_buf_free(&path);
}

static void problem(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void problem(struct check *check, const char *format, ...)
{
    va_list args;

    if (is_full(check->problems)) return;
    va_start(args, format);
    tell(check, check->problems, balm_arena_vprintf(check->arena, format, args));
    va_end(args);
}

/* What was given, for people: its type, and for a text what it says. */
static const char *described(const struct check *check, struct balm_value value)
{
    const char *type = balm_type_name((enum balm_type)value.type);

    if (value.type != BALM_STRING || value.secret || check->secret) return type;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    bool cut = value.len > QUOTE_MAX;
    (void)balm_buf_adds(&text, "string ");
    (void)balm_json_quote(&text, value.as.text, cut ? QUOTE_MAX : value.len);
    if (cut) (void)balm_buf_adds(&text, "...");
    const char *kept = balm_codec_keep(&text, check->arena);
    return kept ? kept : type;
}

static const char *kind_name(const struct balm_shape *shape)
{
    if (balm_shape_is_document(shape)) return "any value";
    switch (balm_shape_kind(shape)) {
    case BALM_SHAPE_STRUCTURE:
    case BALM_SHAPE_MAP:
        return "map";
    case BALM_SHAPE_LIST:
        return "list";
    case BALM_SHAPE_INTEGER:
    case BALM_SHAPE_LONG:
        return "integer";
    case BALM_SHAPE_FLOAT:
    case BALM_SHAPE_DOUBLE:
        return "number";
    case BALM_SHAPE_BOOLEAN:
        return "boolean";
    case BALM_SHAPE_BLOB:
        return "bytes";
    case BALM_SHAPE_TIMESTAMP:
        return "timestamp";
    case BALM_SHAPE_STRING:
        break;
    }
    return "string";
}

/* ---- structures ---- */

static void unknown_member(struct check *check, const struct balm_shape *shape, const char *name)
{
    size_t count = balm_shape_member_count(shape);
    const char **names;

    if (is_full(check->problems)) return;
    names = balm_arena_alloc(check->arena, (count + 1) * sizeof *names);
    if (!names) return;
    for (size_t i = 0; i < count; i++)
        names[i] = balm_member_name(balm_shape_member_at(shape, i));
    const char *nearest = count ? balm_text_nearest(name, names, count) : NULL;
    if (nearest) {
        problem(check, "unknown member, did you mean \"%s\"?", nearest);
    } else {
        problem(check, "unknown member");
    }
}

static void check_required(struct check *check, const struct balm_shape *shape,
                           struct balm_value value)
{
    size_t count = balm_shape_member_count(shape);

    for (size_t i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        if (!balm_member_required(member)) continue;
        const char *name = balm_member_name(member);
        if (balm_map_get(value, name)) continue;
        struct place there = {check->at, name, strlen(name)};
        check->at = &there;
        problem(check, "missing, required (%s)", kind_name(balm_member_shape(member)));
        check->at = there.in;
    }
}

static void check_union(struct check *check, const struct balm_shape *shape,
                        struct balm_value value)
{
    struct balm_buf names = BALM_BUF_INIT(BALM_BUF_MAX);

    if (!balm_shape_is_union(shape) || balm_map_len(value) == 1) return;
    for (size_t i = 0; i < balm_shape_member_count(shape); i++) {
        (void)balm_buf_addf(&names, "%s%s", i ? ", " : "",
                            balm_member_name(balm_shape_member_at(shape, i)));
    }
    problem(check, "needs exactly one of %s; %zu are given", names.bytes, balm_map_len(value));
    balm_buf_free(&names);
}

static void check_structure(struct check *check, const struct balm_shape *shape,
                            struct balm_value value, int depth)
{
    if (!check->output) {
        check_union(check, shape, value);
        check_required(check, shape, value);
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        const struct balm_member *member = balm_shape_member_of(shape, entry);
        struct place here = {check->at, entry->key, entry->key_len};
        check->at = &here;
        if (member) {
            check_value(check, member, entry->value, depth + 1);
        } else {
            unknown_member(check, shape, entry->key);
        }
        check->at = here.in;
    }
}

/* ---- limits ---- */

static size_t code_points(struct balm_value text)
{
    size_t count = 0;

    for (uint32_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.as.text[i] & 0xc0) != 0x80;
    return count;
}

static void check_length(struct check *check, const struct balm_member *member,
                         struct balm_value value)
{
    double min = balm_member_is_host_label(member) ? 1 : 0;

    (void)balm_shape_min(balm_member_shape(member), &min);
    if (check->output || min <= 0) return; /* nothing to count for */
    size_t len = value.type == BALM_STRING ? code_points(value) : balm_list_len(value);
    if ((double)len < min) {
        problem(check, "length %zu is below the minimum of %.0f", len, min);
    }
}

static void check_range(struct check *check, const struct balm_shape *shape,
                        struct balm_value value)
{
    double min;

    if (check->output || !balm_shape_min(shape, &min)) return;
    double number = value.type == BALM_INT ? (double)value.as.integer : value.as.number;
    if (number >= min) return;
    if (value.secret || check->secret) {
        problem(check, "is below the minimum of %.17g", min);
    } else {
        problem(check, "%.17g is below the minimum of %.17g", number, min);
    }
}

static void check_enum(struct check *check, const struct balm_shape *shape, struct balm_value value)
{
    if (!balm_shape_enum_count(shape) || balm_is_null(check->warnings)) return;
    if (value.type != BALM_STRING || is_full(check->warnings)) return;
    if (balm_shape_enum_has(shape, value.as.text, value.len)) return;
    tell(check, check->warnings,
         balm_arena_printf(check->arena, "%s is none of the values that the model knows",
                           described(check, value)));
}

/* ---- values ---- */

static bool fits(const struct check *check, const struct balm_member *member,
                 struct balm_value value)
{
    bool empty_list = value.type == BALM_LIST && !balm_list_len(value);
    bool empty_map = value.type == BALM_MAP && !balm_map_len(value);

    switch (balm_shape_kind(balm_member_shape(member))) {
    case BALM_SHAPE_STRUCTURE:
    case BALM_SHAPE_MAP:
        return value.type == BALM_MAP || empty_list;
    case BALM_SHAPE_LIST:
        return value.type == BALM_LIST || empty_map;
    case BALM_SHAPE_INTEGER:
    case BALM_SHAPE_LONG:
        return value.type == BALM_INT;
    case BALM_SHAPE_FLOAT:
    case BALM_SHAPE_DOUBLE:
        return value.type == BALM_INT || value.type == BALM_DOUBLE;
    case BALM_SHAPE_BOOLEAN:
        return value.type == BALM_BOOL;
    case BALM_SHAPE_BLOB:
        return value.type == BALM_BYTES;
    case BALM_SHAPE_TIMESTAMP:
        return value.type == BALM_TIME;
    case BALM_SHAPE_STRING:
        break;
    }
    if (balm_codec_is_header_json(member)) return true;
    if (balm_codec_is_container(value)) {
        return balm_custom_takes_map(check->operation, member, check->output);
    }
    return value.type == BALM_STRING;
}

static void misfit(struct check *check, const struct balm_member *member, struct balm_value value)
{
    enum balm_shape_kind kind = balm_shape_kind(balm_member_shape(member));

    if (kind == BALM_SHAPE_BLOB && value.type == BALM_STRING) {
        problem(check, "expected bytes as base64 text, got a string that is not base64");
    } else {
        problem(check, "expected %s, got %s", kind_name(balm_member_shape(member)),
                described(check, value));
    }
}

static void check_items(struct check *check, const struct balm_member *member,
                        struct balm_value value, int depth)
{
    const struct balm_member *item = balm_shape_item(balm_member_shape(member));

    check_length(check, member, value);
    for (size_t i = 0; i < balm_list_len(value); i++) {
        struct place here = {check->at, NULL, i};
        struct balm_value each = *balm_list_at(value, i);
        check->at = &here;
        if (!check->output || !balm_is_null(each)) check_value(check, item, each, depth + 1);
        check->at = here.in;
    }
}

static void check_entries(struct check *check, const struct balm_member *member,
                          struct balm_value value, int depth)
{
    const struct balm_shape *shape = balm_member_shape(member);

    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        struct place here = {check->at, entry->key, entry->key_len};
        check->at = &here;
        check_value(check, balm_shape_key(shape), balm_string_n(entry->key, entry->key_len),
                    depth + 1);
        if (!check->output || !balm_is_null(entry->value)) {
            check_value(check, balm_shape_value(shape), entry->value, depth + 1);
        }
        check->at = here.in;
    }
}

static void check_inside(struct check *check, const struct balm_member *member,
                         struct balm_value value, int depth)
{
    const struct balm_shape *shape = balm_member_shape(member);

    switch (balm_shape_kind(shape)) {
    case BALM_SHAPE_STRUCTURE:
        check_structure(check, shape, value, depth);
        break;
    case BALM_SHAPE_MAP:
        check_entries(check, member, value, depth);
        break;
    case BALM_SHAPE_LIST:
        check_items(check, member, value, depth);
        break;
    case BALM_SHAPE_STRING:
        if (value.type != BALM_STRING) break;
        check_length(check, member, value);
        check_enum(check, shape, value);
        break;
    case BALM_SHAPE_INTEGER:
    case BALM_SHAPE_LONG:
    case BALM_SHAPE_FLOAT:
    case BALM_SHAPE_DOUBLE:
        check_range(check, shape, value);
        break;
    default:
        break;
    }
}

static bool too_deep(struct balm_value value, int depth)
{
    if (depth > BALM_CODEC_DEPTH) return true;
    for (size_t i = 0; i < balm_list_len(value); i++) {
        if (too_deep(*balm_list_at(value, i), depth + 1)) return true;
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        if (too_deep(balm_map_at(value, i)->value, depth + 1)) return true;
    }
    return false;
}

static void check_value(struct check *check, const struct balm_member *member,
                        struct balm_value value, int depth)
{
    bool was = check->secret;

    if (value.type == BALM_UNKNOWN) return;
    check->secret = was || balm_member_is_sensitive(member);
    if (depth > BALM_CODEC_DEPTH) {
        problem(check, "nested more than %d levels deep", BALM_CODEC_DEPTH);
    } else if (balm_shape_is_document(balm_member_shape(member)) ||
               balm_codec_is_header_json(member)) {
        if (too_deep(value, depth))
            problem(check, "nested more than %d levels deep", BALM_CODEC_DEPTH);
    } else if (fits(check, member, value)) {
        check_inside(check, member, value, depth);
    } else {
        misfit(check, member, value);
    }
    check->secret = was;
}

static enum balm_code verdict(const struct check *check, struct balm_value *problems,
                              struct balm_err *err)
{
    size_t count = balm_list_len(check->problems);
    enum balm_code code = balm_arena_status(check->arena, err);

    if (problems) *problems = check->problems;
    if (code || !count) return code;
    const char *first = balm_list_at(check->problems, 0)->as.text;
    if (count == 1) return balm_fail(err, BALM_E_ARG, "%s", first);
    return balm_fail(err, BALM_E_ARG, "%s (and %zu more problem%s)", first, count - 1,
                     count == 2 ? "" : "s");
}

/* An operation without members takes an empty map, or nothing. */
static void check_top(struct check *check, const struct balm_member *member,
                      struct balm_value value)
{
    size_t given = balm_map_len(value) + balm_list_len(value);

    if (balm_is_null(value) || (!given && balm_codec_is_container(value))) {
        bool required = member && !check->output;
        if (required) check_required(check, balm_member_shape(member), value);
    } else if (value.type != BALM_MAP) {
        problem(check, "expected map, got %s", described(check, value));
    } else if (member) {
        check_value(check, member, value, 0);
    } else {
        problem(check, "%s takes none", balm_operation_name(check->operation));
    }
}

enum balm_code balm_validate_input(const struct balm_operation *operation, struct balm_value params,
                                   struct balm_arena *arena, struct balm_value *problems,
                                   struct balm_value *warnings, struct balm_err *err)
{
    struct check check = {.operation = operation,
                          .arena = arena,
                          .problems = balm_list(arena),
                          .warnings = warnings ? balm_list(arena) : balm_null()};

    check_top(&check, balm_operation_input_member(operation), params);
    const char *custom = balm_custom_problem(operation, params, arena);
    if (custom) {
        (void)balm_list_push(arena, check.problems, balm_string(custom));
    }
    if (warnings) *warnings = check.warnings;
    return verdict(&check, problems, err);
}

enum balm_code balm_validate_output(const struct balm_operation *operation,
                                    struct balm_value answer, struct balm_arena *arena,
                                    struct balm_value *problems, struct balm_err *err)
{
    struct check check = {.operation = operation,
                          .arena = arena,
                          .problems = balm_list(arena),
                          .warnings = balm_null(),
                          .output = true};

    check_top(&check, balm_operation_output_member(operation), answer);
    return verdict(&check, problems, err);
}
