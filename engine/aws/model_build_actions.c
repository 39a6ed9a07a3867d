/* model_build, the part that reads actions.tsv. */
#include "aws/model_build_internal.h"

#include "core/file.h"

#include <string.h>

#define ACTIONS_MAX ((size_t)16 << 20)
#define FIELDS      4 /* client, operation, read or write, actions */

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

static bool add_line(struct balm_arena *arena, struct balm_value all, char *line)
{
    char *fields[FIELDS];
    struct balm_value entry;
    bool read;
    if (!split_line(line, fields)) return false;
    read = strcmp(fields[2], "read") == 0;
    if (!read && strcmp(fields[2], "write") != 0) return false;
    entry = balm_map(arena);
    balm_map_set(arena, entry, "read", balm_bool(read));
    balm_map_set(arena, entry, "actions", split_actions(arena, fields[3]));
    balm_map_put(arena, service_of(arena, all, fields[0]), fields[1], strlen(fields[1]), entry);
    return true;
}

static enum balm_code parse(struct balm_arena *arena, char *text, const char *path,
                            struct balm_value all, struct balm_err *err)
{
    size_t number = 0;
    while (*text) {
        char *end = text + strcspn(text, "\n");
        bool last = *end == '\0';
        *end = '\0';
        number++;
        if (*text && *text != '#' && !add_line(arena, all, text)) {
            return balm_fail(err, BALM_E_INPUT,
                             "%s:%zu: expected client, operation, read or write, and actions, "
                             "parted by tabs",
                             path, number);
        }
        text = last ? end : end + 1;
    }
    return balm_arena_status(arena, err);
}

enum balm_code balm_build_actions(struct balm_arena *arena, const char *path,
                                  struct balm_value *out, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(ACTIONS_MAX);
    enum balm_code code;
    *out = balm_map(arena);
    if (!path) return balm_arena_status(arena, err);
    code = balm_file_read(&text, path, err);
    if (!code) code = parse(arena, text.bytes, path, *out, err);
    balm_buf_free(&text);
    return code;
}
