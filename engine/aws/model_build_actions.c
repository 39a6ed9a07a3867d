/* model_build, the part that reads actions.tsv and dependents.tsv. */
#include "aws/model_build_internal.h"
#include "aws/reference.h"

#include "core/file.h"

#include <string.h>

#define FIELDS 4 /* client, operation, read or write, actions */

struct reading {
    struct balm_arena *arena;
    const char *dependents; /* the text of dependents.tsv, or NULL */
    struct balm_value all;
};

static struct balm_value split_actions(struct balm_arena *arena, char *text)
{
    struct balm_value list = balm_list(arena);
    while (*text) {
        size_t len = strcspn(text, ",");
        balm_list_push(arena, list, balm_text_n(arena, text, len));
        text += len + (text[len] == ',');
    }
    return list;
}

static bool is_among(struct balm_value list, const char *text)
{
    for (size_t i = 0; i < balm_list_len(list); i++) {
        if (balm_is_text(*balm_list_at(list, i), text)) return true;
    }
    return false;
}

/* What any of actions may need as well, and is none of them. */
static struct balm_value dependents_of(const struct reading *reading, struct balm_value actions)
{
    struct balm_value all = balm_list(reading->arena);

    if (reading->arena->code) return all; /* actions may hold what is no text */
    for (size_t i = 0; i < balm_list_len(actions); i++) {
        struct balm_value found = balm_reference_find(
            reading->dependents, balm_list_at(actions, i)->as.text, reading->arena);
        for (size_t k = 0; k < balm_list_len(found); k++) {
            struct balm_value one = *balm_list_at(found, k);
            if (is_among(actions, one.as.text) || is_among(all, one.as.text)) continue;
            balm_list_push(reading->arena, all, one);
        }
    }
    return all;
}

static struct balm_value service_of(struct balm_arena *arena, struct balm_value all,
                                    const char *name)
{
    struct balm_value *found = balm_map_get(all, name);
    if (!found) found = balm_map_put(arena, all, name, strlen(name), balm_map(arena));
    return found ? *found : balm_null();
}

/* Cuts line at its tabs; false unless there are as many fields as there must be. */
static bool split_line(char *line, char *fields[FIELDS])
{
    size_t i;
    for (i = 0; i < FIELDS; i++) {
        char *tab = strchr(line, '\t');
        fields[i] = line;
        if (i + 1 == FIELDS) return !tab;
        if (!tab) return false;
        *tab = '\0';
        line = tab + 1;
    }
    return true;
}

static bool add_line(const struct reading *reading, char *line)
{
    struct balm_arena *arena = reading->arena;
    char *fields[FIELDS];
    struct balm_value entry, actions;
    bool read;
    if (!split_line(line, fields)) return false;
    read = strcmp(fields[2], "read") == 0;
    if (!read && strcmp(fields[2], "write") != 0) return false;
    entry = balm_map(arena);
    actions = split_actions(arena, fields[3]);
    balm_map_set(arena, entry, "read", balm_bool(read));
    balm_map_set(arena, entry, "actions", actions);
    balm_map_set(arena, entry, "dependents", dependents_of(reading, actions));
    balm_map_put(arena, service_of(arena, reading->all, fields[0]), fields[1], strlen(fields[1]),
                 entry);
    return true;
}

static enum balm_code parse(const struct reading *reading, char *text, const char *path,
                            struct balm_err *err)
{
    size_t number = 0;
    while (*text) {
        char *end = text + strcspn(text, "\n");
        bool last = *end == '\0';
        *end = '\0';
        number++;
        if (*text && *text != '#' && !add_line(reading, text)) {
            return balm_fail(err, BALM_E_INPUT,
                             "%s:%zu: expected client, operation, read or write, and actions, "
                             "parted by tabs",
                             path, number);
        }
        text = last ? end : end + 1;
    }
    return balm_arena_status(reading->arena, err);
}

enum balm_code balm_build_actions(struct balm_arena *arena,
                                  const struct balm_build_options *options, struct balm_value *out,
                                  struct balm_err *err)
{
    struct balm_buf actions = BALM_BUF_INIT(BALM_REFERENCE_MAX);
    struct balm_buf dependents = BALM_BUF_INIT(BALM_REFERENCE_MAX);
    struct reading reading = {.arena = arena, .all = balm_map(arena)};
    enum balm_code code = balm_arena_status(arena, err);

    *out = reading.all;
    if (code || !options->actions_path) goto out;
    code = balm_file_read(&actions, options->actions_path, err);
    if (!code && options->dependents_path) {
        code = balm_file_read(&dependents, options->dependents_path, err);
        reading.dependents = dependents.bytes;
    }
    if (!code) code = parse(&reading, actions.bytes, options->actions_path, err);
out:
    balm_buf_free(&dependents);
    balm_buf_free(&actions);
    return code;
}
