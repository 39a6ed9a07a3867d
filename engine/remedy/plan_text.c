#include "remedy/plan_text.h"

#include "remedy/page.h"

#include <stdio.h>
#include <string.h>

#define SHOWN    200 /* bytes of a value that a line shows */
#define PATH_LEN 512

struct writing {
    struct balm_buf *buf;
    struct balm_value before;
    bool coloured;
};

/* ---- what was there before ---- */

static bool is_scalar(struct balm_value value)
{
    return value.type != BALM_LIST && value.type != BALM_MAP;
}

static bool is_comparable(struct balm_value before, struct balm_value after)
{
    return !balm_is_null(before) && is_scalar(before) == is_scalar(after) &&
           (is_scalar(after) || before.type == after.type);
}

static struct balm_value before_of(const struct writing *writing, const char *path,
                                   struct balm_value after)
{
    for (const char *end = path; end; end = strchr(end, '.')) {
        if (*end == '.') end++;
        struct balm_value before = balm_path(writing->before, end);
        if (is_comparable(before, after)) return before;
    }
    for (size_t i = 0; i < balm_map_len(writing->before); i++) {
        struct balm_value before = balm_path(balm_map_at(writing->before, i)->value, path);
        if (is_comparable(before, after)) return before;
    }
    return balm_null();
}

/* ---- parameters ---- */

static void add_value(struct writing *writing, struct balm_value value)
{
    if (value.type != BALM_UNKNOWN || value.secret) {
        balm_page_value(writing->buf, value, SHOWN);
        return;
    }
    (void)balm_buf_adds(writing->buf, "(known after apply: ");
    balm_page_text(writing->buf, value.as.text);
    (void)balm_buf_addc(writing->buf, ')');
}

static void add_line(struct writing *writing, const char *path, struct balm_value value)
{
    struct balm_value before = before_of(writing, path, value);
    bool changes = !balm_is_null(before) && !balm_equal(before, value);
    bool coloured = changes && writing->coloured;

    (void)balm_buf_addf(writing->buf, "      %s%c ", coloured ? "\x1b[33m" : "",
                        changes ? '~' : ' ');
    balm_page_text(writing->buf, path);
    (void)balm_buf_adds(writing->buf, ": ");
    if (changes) {
        add_value(writing, before);
        (void)balm_buf_adds(writing->buf, " -> ");
    }
    add_value(writing, value);
    (void)balm_buf_adds(writing->buf, coloured ? "\x1b[0m\n" : "\n");
}

static bool has_parts(struct balm_value list)
{
    for (size_t i = 0; i < balm_list_len(list); i++) {
        struct balm_value item = *balm_list_at(list, i);
        if (!is_scalar(item) || item.type == BALM_UNKNOWN) return true;
    }
    return false;
}

/* Down to what has no parts of its own. path is where len bytes of it lead to. */
static void add_params(struct writing *writing, char path[PATH_LEN], size_t len,
                       struct balm_value value)
{
    bool in_map = value.type == BALM_MAP && balm_map_len(value) > 0 && !value.secret;
    bool in_list = has_parts(value) && !value.secret;
    size_t count = in_map ? balm_map_len(value) : in_list ? balm_list_len(value) : 0;

    if (count == 0 || len + 24 > PATH_LEN) {
        add_line(writing, path, value);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *dot = len > 0 ? "." : "";
        int more =
            in_map ? snprintf(path + len, PATH_LEN - len, "%s%s", dot, balm_map_at(value, i)->key)
                   : snprintf(path + len, PATH_LEN - len, "%s%zu", dot, i);
        size_t to = len + (more > 0 ? (size_t)more : 0);
        add_params(writing, path, to < PATH_LEN ? to : PATH_LEN - 1,
                   in_map ? balm_map_at(value, i)->value : *balm_list_at(value, i));
        path[len] = '\0';
    }
}

/* ---- the whole ---- */

bool balm_plan_is_write(struct balm_value call)
{
    return balm_get_bool(call, "write", false) && balm_is_text(balm_get(call, "status"), "planned");
}

static void add_write(struct writing *writing, size_t number, struct balm_value call)
{
    const char *region = balm_get_string(call, "region", NULL);
    char path[PATH_LEN] = "";

    (void)balm_buf_addf(writing->buf, "    %zu. ", number);
    balm_page_text(writing->buf, balm_get_string(call, "service", ""));
    (void)balm_buf_addc(writing->buf, ':');
    balm_page_text(writing->buf, balm_get_string(call, "operation", ""));
    if (region) {
        (void)balm_buf_adds(writing->buf, " in ");
        balm_page_text(writing->buf, region);
    }
    (void)balm_buf_addc(writing->buf, '\n');
    if (balm_map_len(balm_get(call, "params")) > 0) {
        add_params(writing, path, 0, balm_get(call, "params"));
    }
}

static void add_actions(struct balm_buf *buf, struct balm_value actions)
{
    if (balm_list_len(actions) == 0) return;
    (void)balm_buf_adds(buf, "  needs      ");
    for (size_t i = 0; i < balm_list_len(actions); i++) {
        (void)balm_buf_adds(buf, i > 0 ? ", " : "");
        balm_page_value(buf, *balm_list_at(actions, i), SHOWN);
    }
    (void)balm_buf_addc(buf, '\n');
}

void balm_plan_text(struct balm_buf *buf, struct balm_value result, bool coloured)
{
    struct writing writing = {buf, balm_get(result, "before"), coloured};
    struct balm_value calls = balm_get(result, "calls");
    size_t number = 0;

    (void)balm_buf_addf(
        buf, "  effect     %s%s\n",
        balm_get_bool(result, "destructive", false) ? "may lose data or stop a workload; " : "",
        balm_get_bool(result, "reversible", false) ? "can be undone" : "cannot be undone");
    add_actions(buf, balm_get(result, "actions"));
    for (size_t i = 0; i < balm_list_len(calls); i++) {
        struct balm_value call = *balm_list_at(calls, i);
        if (!balm_plan_is_write(call)) continue;
        if (number == 0) (void)balm_buf_adds(buf, "  writes\n");
        add_write(&writing, ++number, call);
    }
    if (number == 0) (void)balm_buf_adds(buf, "  writes     none\n");
}
