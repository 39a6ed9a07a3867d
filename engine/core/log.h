/*
 * log: lines for operators, on stderr.
 *
 * A logger hangs from the context that is passed in; NULL is a logger that drops all. Lines are
 * "2026-11-23T08:00:00Z warn  text" on a terminal and JSON objects {"time","level","message"}
 * elsewhere.
 */
#ifndef BALM_CORE_LOG_H
#define BALM_CORE_LOG_H

#include <stdbool.h>

enum balm_log_level { BALM_LOG_DEBUG, BALM_LOG_INFO, BALM_LOG_WARN, BALM_LOG_ERROR };

struct balm_log {
    int fd;                    /* where lines go: 2 */
    enum balm_log_level level; /* lines below are dropped */
    bool json;
};

const char *balm_log_level_name(enum balm_log_level level);
void balm_log(const struct balm_log *log, enum balm_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
