#include "core/log.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX  4096
#define LINE_MAX_LEN (8 * MESSAGE_MAX) /* each byte of a message may be escaped */

const char *balm_log_level_name(enum balm_log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    size_t i = (size_t)level;
    return i < sizeof names / sizeof *names ? names[i] : "error";
}

/* One write where the system lets it be one, so that lines of several processes do not mix. */
static void put(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return;
        bytes += wrote;
        len -= (size_t)wrote;
    }
}

static void add_json(struct balm_buf *line, const char *time, enum balm_log_level level,
                     const char *message)
{
    balm_buf_addf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", time,
                  balm_log_level_name(level));
    balm_json_quote(line, message, strlen(message));
    balm_buf_adds(line, "}\n");
}

/* A message must not forge a line of its own, nor drive the terminal. */
static void add_text(struct balm_buf *line, const char *time, enum balm_log_level level,
                     const char *message)
{
    balm_buf_addf(line, "%s %-5s ", time, balm_log_level_name(level));
    while (*message) {
        size_t len = strcspn(message, "\n");
        balm_text_visible(line, message, len, '?');
        message += len + (message[len] ? 1 : 0);
        if (*message) balm_buf_adds(line, "\n    ");
    }
    balm_buf_addc(line, '\n');
}

void balm_log(const struct balm_log *log, enum balm_log_level level, const char *format, ...)
{
    struct balm_buf line = BALM_BUF_INIT(LINE_MAX_LEN);
    char message[MESSAGE_MAX];
    char time[BALM_TIME_MAX];
    va_list args;
    int len;
    if (!log || level < log->level) return;
    va_start(args, format);
    len = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (len < 0) return;
    balm_time_iso8601(time, balm_clock_now() / 1000000 * 1000000);
    if (log->json) {
        add_json(&line, time, level, message);
    } else {
        add_text(&line, time, level, message);
    }
    if (line.code == BALM_OK) put(log->fd, line.bytes, line.len);
    balm_buf_free(&line);
}
