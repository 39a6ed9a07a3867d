/*
 * explain_text: an explanation for a person.
 */
#include "remedy/explain.h"
#include "remedy/page.h"

#define LONG 2000 /* bytes of a value that a line shows */

static void add_members(struct balm_buf *buf, const char *title, struct balm_value map)
{
    if (balm_map_len(map) == 0) return;
    (void)balm_buf_addf(buf, "%s\n", title);
    for (size_t i = 0; i < balm_map_len(map); i++) {
        const struct balm_entry *entry = balm_map_at(map, i);
        (void)balm_buf_addf(buf, "  %-14s ", entry->key);
        balm_page_value(buf, entry->value, LONG);
        (void)balm_buf_addc(buf, '\n');
    }
}

static void add_guards(struct balm_buf *buf, struct balm_value guards)
{
    if (balm_list_len(guards) == 0) return;
    (void)balm_buf_adds(buf, "guards\n");
    for (size_t i = 0; i < balm_list_len(guards); i++) {
        struct balm_value guard = *balm_list_at(guards, i);
        struct balm_value detail = balm_get(guard, "detail");
        (void)balm_buf_addf(buf, "  %-20s %s", balm_get_string(guard, "guard", ""),
                            balm_get_string(guard, "answer", ""));
        if (!balm_is_null(detail)) {
            (void)balm_buf_adds(buf, ": ");
            balm_page_value(buf, detail, LONG);
        }
        (void)balm_buf_addc(buf, '\n');
    }
}

enum balm_code balm_explain_text(struct balm_buf *buf, struct balm_value explanation)
{
    static const char *const single[] = {"region", "role", "external_id", "outcome"};

    add_members(buf, "event", balm_get(explanation, "event"));
    add_members(buf, "configuration", balm_get(explanation, "config"));
    add_members(buf, "association", balm_get(explanation, "association"));
    add_members(buf, "script", balm_get(explanation, "script"));
    add_guards(buf, balm_get(explanation, "guards"));
    add_members(buf, "parameters", balm_get(explanation, "parameters"));
    add_members(buf, "error", balm_get(explanation, "error"));
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        struct balm_value value = balm_get(explanation, single[i]);
        if (balm_is_null(value)) continue;
        (void)balm_buf_addf(buf, "%-16s ", single[i]);
        balm_page_value(buf, value, LONG);
        (void)balm_buf_addc(buf, '\n');
    }
    return buf->code;
}
