/*
 * result_text: a result for a person at a terminal.
 */
#include "remedy/page.h"
#include "remedy/plan_text.h"
#include "remedy/resource.h"
#include "remedy/result.h"

#include <string.h>

#define SHORT 100 /* bytes of a value that a line shows */
#define LONG  1000

struct page {
    struct balm_buf *buf;
    bool coloured;
};

static void long_line(struct page *page, const char *name, struct balm_value value, size_t most)
{
    if (balm_is_null(value)) return;
    (void)balm_buf_addf(page->buf, "  %-10s ", name);
    balm_page_value(page->buf, value, most);
    (void)balm_buf_addc(page->buf, '\n');
}

static void line(struct page *page, const char *name, struct balm_value value)
{
    long_line(page, name, value, SHORT);
}

static const char *colour_of(const char *status)
{
    static const struct {
        const char *status, *colour;
    } colours[] = {
        {"fixed", "32"},   {"compliant", "32"}, {"undone", "32"},     {"planned", "36"},
        {"skipped", "33"}, {"deferred", "33"},  {"unverified", "33"},
    };

    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
        if (strcmp(colours[i].status, status) == 0) return colours[i].colour;
    }
    return "31";
}

static void head(struct page *page, struct balm_value result)
{
    const char *status = balm_get_string(result, "status", "failed");
    const char *open = page->coloured ? "\x1b[1;" : "";

    (void)balm_buf_addf(page->buf, "%s%s%s%s%s", open, page->coloured ? colour_of(status) : "",
                        page->coloured ? "m" : "", status, page->coloured ? "\x1b[0m" : "");
    if (balm_get_bool(result, "verified", false)) (void)balm_buf_adds(page->buf, " (verified)");
    if (balm_map_get(result, "complete") && !balm_get_bool(result, "complete", true)) {
        (void)balm_buf_adds(page->buf, " (not complete)");
    }
    (void)balm_buf_adds(page->buf, "  ");
    balm_page_text(page->buf, balm_get_string(result, "remediation", ""));
    (void)balm_buf_adds(page->buf, "  ");
    balm_page_value(page->buf, balm_resource_name(balm_get(result, "resource")), SHORT);
    if (balm_map_get(result, "account")) {
        (void)balm_buf_adds(page->buf, "  in ");
        balm_page_text(page->buf, balm_get_string(result, "account", ""));
        (void)balm_buf_adds(page->buf, " ");
        balm_page_text(page->buf, balm_get_string(result, "region", ""));
    }
    (void)balm_buf_addc(page->buf, '\n');
}

static void add_call(struct page *page, struct balm_value call)
{
    struct balm_value status = balm_get(call, "status");
    bool is_write = balm_get_bool(call, "write", true);
    bool is_planned = balm_is_text(status, "planned");

    (void)balm_buf_addf(page->buf, "    %s ", is_write ? "*" : "-");
    balm_page_text(page->buf, balm_get_string(call, "service", ""));
    (void)balm_buf_addc(page->buf, ':');
    balm_page_text(page->buf, balm_get_string(call, "operation", ""));
    (void)balm_buf_addc(page->buf, ' ');
    balm_page_value(page->buf, balm_get(call, "params"), is_write ? 2000 : SHORT);
    if (!is_planned) {
        (void)balm_buf_adds(page->buf, " -> ");
        balm_page_value(page->buf, status, SHORT);
    }
    (void)balm_buf_addc(page->buf, '\n');
}

static void add_calls(struct page *page, struct balm_value calls)
{
    bool any = false;

    for (size_t i = 0; i < balm_list_len(calls); i++) {
        struct balm_value call = *balm_list_at(calls, i);
        if (balm_plan_is_write(call)) continue; /* plan_text tells of it */
        if (!any) (void)balm_buf_adds(page->buf, "  calls\n");
        any = true;
        add_call(page, call);
    }
}

static void add_error(struct page *page, struct balm_value error)
{
    const char *file = balm_get_string(error, "file", NULL);

    if (error.type != BALM_MAP) return;
    (void)balm_buf_adds(page->buf, "  error      ");
    balm_page_text(page->buf, balm_get_string(error, "code", ""));
    (void)balm_buf_adds(page->buf, ": ");
    balm_page_text(page->buf, balm_get_string(error, "message", ""));
    if (file) {
        (void)balm_buf_adds(page->buf, " (");
        balm_page_text(page->buf, file);
        (void)balm_buf_addf(page->buf, ":%lld)", (long long)balm_get_int(error, "line", 0));
    }
    (void)balm_buf_addc(page->buf, '\n');
}

static void add_log(struct page *page, struct balm_value log)
{
    for (size_t i = 0; i < balm_list_len(log); i++) {
        struct balm_value entry = *balm_list_at(log, i);
        (void)balm_buf_addf(page->buf, "  log        %-5s ",
                            balm_get_string(entry, "level", "info"));
        balm_page_value(page->buf, balm_get(entry, "message"), 1000);
        (void)balm_buf_addc(page->buf, '\n');
    }
}

enum balm_code balm_result_text(struct balm_buf *buf, struct balm_value value, bool coloured)
{
    struct page page = {buf, coloured};
    struct balm_value event = balm_get(value, "event");
    struct balm_value residue = balm_get(value, "residue");
    struct balm_value drift = balm_get(value, "drift");

    head(&page, value);
    line(&page, "policy", balm_get(value, "policy"));
    line(&page, "reason", balm_get(value, "reason"));
    long_line(&page, "detail", balm_get(value, "detail"), LONG);
    if (balm_get_int(value, "retry_after", 0) > 0) {
        (void)balm_buf_addf(buf, "  come back  in %lld s\n",
                            (long long)balm_get_int(value, "retry_after", 0));
    }
    line(&page, "before", balm_get(value, "before"));
    if (balm_list_len(residue) > 0) line(&page, "residue", residue);
    line(&page, "undoes", balm_get(value, "undoes"));
    line(&page, "undone by", balm_get(value, "undone_by"));
    line(&page, "engine", balm_get(value, "engine"));
    if (balm_list_len(drift) > 0) line(&page, "drift", drift);
    add_calls(&page, balm_get(value, "calls"));
    if (balm_is_text(balm_get(value, "status"), "planned")) balm_plan_text(buf, value, coloured);
    add_log(&page, balm_get(value, "log"));
    add_error(&page, balm_get(value, "error"));
    if (!balm_map_get(value, "run")) line(&page, "event", event);
    line(&page, "run", balm_get(value, "run"));
    return buf->code;
}
