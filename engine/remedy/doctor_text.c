/*
 * doctor_text: the checks for a person at a terminal.
 */
#include "remedy/doctor.h"
#include "remedy/page.h"

#include <string.h>

#define DETAIL_MAX 1000

/* What a check is about, in the order in which it is told. */
static const char *const subjects[] = {"account", "region", "role", "remediation"};

static void add_status(struct balm_buf *buf, const char *status, bool coloured)
{
    const char *colour = strcmp(status, "ok") == 0        ? "32"
                         : strcmp(status, "unknown") == 0 ? "33"
                                                          : "31";

    if (coloured) (void)balm_buf_addf(buf, "\x1b[1;%sm", colour);
    (void)balm_buf_addf(buf, "%-8s", status);
    if (coloured) (void)balm_buf_adds(buf, "\x1b[0m");
}

static void add_check(struct balm_buf *buf, struct balm_value check, bool coloured)
{
    struct balm_value detail = balm_get(check, "detail");

    add_status(buf, balm_get_string(check, "status", ""), coloured);
    (void)balm_buf_addf(buf, " %-12s", balm_get_string(check, "check", ""));
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const char *subject = balm_get_string(check, subjects[i], NULL);
        if (!subject) continue;
        (void)balm_buf_addc(buf, ' ');
        balm_page_text(buf, subject);
    }
    if (!balm_is_null(detail)) {
        (void)balm_buf_adds(buf, "  ");
        balm_page_value(buf, detail, DETAIL_MAX);
    }
    (void)balm_buf_addc(buf, '\n');
}

enum balm_code balm_doctor_text(struct balm_buf *buf, struct balm_value checks, bool coloured)
{
    size_t failed = 0, unknown = 0, count = balm_list_len(checks);

    for (size_t i = 0; i < count; i++) {
        struct balm_value check = *balm_list_at(checks, i);
        add_check(buf, check, coloured);
        failed += balm_is_text(balm_get(check, "status"), "failed");
        unknown += balm_is_text(balm_get(check, "status"), "unknown");
    }
    (void)balm_buf_addf(buf, "\n%zu checks: %zu ok, %zu failed, %zu unknown\n", count,
                        count - failed - unknown, failed, unknown);
    return buf->code;
}
