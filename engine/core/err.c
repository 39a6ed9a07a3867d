#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message that did not fit must not end within a UTF-8 sequence: it goes into JSON. */
static void trim_cut_character(char *text, size_t len)
{
    size_t start = len;
    unsigned char lead;
    size_t want;
    while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start == 0) return;
    lead = (unsigned char)text[start - 1];
    want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (len - (start - 1) < want) text[start - 1] = '\0';
}

static void store(struct balm_err *err, const char *text, int wanted)
{
    size_t len = wanted < 0 ? 0 : (size_t)wanted;
    if (len >= sizeof err->message) len = sizeof err->message - 1;
    memcpy(err->message, text, len);
    err->message[len] = '\0';
    if (wanted >= (int)sizeof err->message) trim_cut_character(err->message, len);
}

enum balm_code balm_fail(struct balm_err *err, enum balm_code code, const char *format, ...)
{
    char text[sizeof err->message]; /* an argument may be err's own message */
    va_list args;
    int wanted;
    if (!err) return code;
    va_start(args, format);
    wanted = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    memset(err, 0, sizeof *err);
    err->code = code;
    store(err, text, wanted);
    return code;
}

enum balm_code balm_err_prefix(struct balm_err *err, const char *format, ...)
{
    char prefix[sizeof err->message];
    char text[2 * sizeof err->message + 2];
    va_list args;
    va_start(args, format);
    if (vsnprintf(prefix, sizeof prefix, format, args) < 0) prefix[0] = '\0';
    va_end(args);
    store(err, text, snprintf(text, sizeof text, "%s: %s", prefix, err->message));
    return err->code;
}

enum balm_code balm_nomem(struct balm_err *err)
{
    return balm_fail(err, BALM_E_NOMEM, "out of memory");
}

const char *balm_code_name(enum balm_code code)
{
    static const char *const names[] = {
        [BALM_OK] = "OK",
        [BALM_E_NOMEM] = "OutOfMemory",
        [BALM_E_ARG] = "InvalidArgument",
        [BALM_E_INPUT] = "InvalidInput",
        [BALM_E_IO] = "InputOutput",
        [BALM_E_NET] = "Network",
        [BALM_E_AWS] = "Service",
        [BALM_E_AUTH] = "Credentials",
        [BALM_E_SCRIPT] = "Script",
        [BALM_E_LIMIT] = "Limit",
        [BALM_E_REFUSED] = "Refused",
        [BALM_E_CANCELLED] = "Cancelled",
    };
    size_t i = (size_t)code;
    return i < sizeof names / sizeof *names ? names[i] : "Unknown";
}
