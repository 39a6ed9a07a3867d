/*
 * time: points in time as text, UTC only.
 *
 * A time is microseconds since 1970-01-01T00:00:00Z. Formats: ISO 8601 (RFC 3339, any offset on
 * input), HTTP dates (RFC 9110 §5.6.7) and epoch seconds. Pure: no clock, no locale, no time zone
 * of the machine.
 */
#ifndef BALM_CORE_TIME_H
#define BALM_CORE_TIME_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

#define BALM_TIME_MAX 48 /* room for any text made here, NUL included */

/* "2026-11-23T08:00:00Z", with ".5" ... ".123456" behind the seconds where there is a fraction. */
void balm_time_iso8601(char out[BALM_TIME_MAX], int64_t micros);
/* "Mon, 23 Nov 2026 08:00:00 GMT" */
void balm_time_http(char out[BALM_TIME_MAX], int64_t micros);
/* "20261123T080000Z": what Signature Version 4 wants. */
void balm_time_basic(char out[BALM_TIME_MAX], int64_t micros);
/* Epoch seconds: "1795420800", "1795420800.5" */
void balm_time_epoch(char out[BALM_TIME_MAX], int64_t micros);

/* Reads any of: ISO 8601 (date alone, basic or extended, fraction, Z, offset or none meaning UTC),
   an HTTP date (all three kinds of RFC 9110), epoch seconds as decimal text. Digits past the
   microsecond are dropped. Eight digits that make a date are one. White space around is allowed.
   Returns false when text is none of these. */
bool balm_time_parse(const char *text, size_t len, int64_t *micros);

/* The civil date of a time; month and day from 1. */
struct balm_civil {
    int64_t year;
    int month, day, hour, minute, second, micro;
    int weekday; /* 0 is Sunday */
};
void balm_time_civil(struct balm_civil *out, int64_t micros);

#endif
