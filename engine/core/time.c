#include "core/time.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MICROS     1000000
#define DAY_S      86400
#define YEAR_MAX   9999 /* of what can be read; more fits into what can be written */
#define DIGITS_MAX 15   /* of whole epoch seconds */

static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days since 1970-01-01. Years are counted from March, so that a leap day ends one. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static void date_of(struct balm_civil *out, int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    out->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    out->month = (int)(month < 10 ? month + 3 : month - 9);
    out->year = year + era * 400 + (out->month <= 2 ? 1 : 0);
}

void balm_time_civil(struct balm_civil *out, int64_t micros)
{
    int64_t seconds = floor_div(micros, MICROS);
    int64_t days = floor_div(seconds, DAY_S);
    int of_day = (int)(seconds - days * DAY_S);
    date_of(out, days);
    out->hour = of_day / 3600;
    out->minute = of_day / 60 % 60;
    out->second = of_day % 60;
    out->micro = (int)((micros % MICROS + MICROS) % MICROS);
    out->weekday = (int)(((days + 4) % 7 + 7) % 7);
}

static void two_digits(char *to, int number)
{
    to[0] = (char)('0' + number / 10 % 10);
    to[1] = (char)('0' + number % 10);
}

/* ".5" for half a second, "" for none. Returns its length. */
static size_t fraction_text(char out[8], int micro)
{
    size_t len = micro == 0 ? 0 : 7;
    if (len > 0) {
        out[0] = '.';
        two_digits(out + 1, micro / 10000);
        two_digits(out + 3, micro / 100);
        two_digits(out + 5, micro);
    }
    while (len > 0 && out[len - 1] == '0') {
        len--;
    }
    out[len] = '\0';
    return len;
}

void balm_time_http(char out[BALM_TIME_MAX], int64_t micros)
{
    struct balm_civil at;
    balm_time_civil(&at, micros);
    snprintf(out, BALM_TIME_MAX, "%s, %02d %s %04lld %02d:%02d:%02d GMT", weekdays[at.weekday],
             at.day, months[at.month - 1], (long long)at.year, at.hour, at.minute, at.second);
}

/* Those of four digits, which are all that occur: printf would take a third of the time that a
   signature takes. */
static bool is_plain_year(const struct balm_civil *at)
{
    return at->year >= 0 && at->year <= 9999;
}

void balm_time_iso8601(char out[BALM_TIME_MAX], int64_t micros)
{
    struct balm_civil at;
    char fraction[8];
    size_t len;
    balm_time_civil(&at, micros);
    len = fraction_text(fraction, at.micro);
    if (!is_plain_year(&at)) {
        snprintf(out, BALM_TIME_MAX, "%04lld-%02d-%02dT%02d:%02d:%02d%sZ", (long long)at.year,
                 at.month, at.day, at.hour, at.minute, at.second, fraction);
        return;
    }
    memcpy(out, "YYYY-MM-DDThh:mm:ss", 19);
    two_digits(out, (int)(at.year / 100));
    two_digits(out + 2, (int)(at.year % 100));
    two_digits(out + 5, at.month);
    two_digits(out + 8, at.day);
    two_digits(out + 11, at.hour);
    two_digits(out + 14, at.minute);
    two_digits(out + 17, at.second);
    memcpy(out + 19, fraction, len);
    memcpy(out + 19 + len, "Z", 2);
}

void balm_time_basic(char out[BALM_TIME_MAX], int64_t micros)
{
    struct balm_civil at;
    balm_time_civil(&at, micros);
    if (!is_plain_year(&at)) {
        snprintf(out, BALM_TIME_MAX, "%04lld%02d%02dT%02d%02d%02dZ", (long long)at.year, at.month,
                 at.day, at.hour, at.minute, at.second);
        return;
    }
    two_digits(out, (int)(at.year / 100));
    two_digits(out + 2, (int)(at.year % 100));
    two_digits(out + 4, at.month);
    two_digits(out + 6, at.day);
    out[8] = 'T';
    two_digits(out + 9, at.hour);
    two_digits(out + 11, at.minute);
    two_digits(out + 13, at.second);
    out[15] = 'Z';
    out[16] = '\0';
}

void balm_time_epoch(char out[BALM_TIME_MAX], int64_t micros)
{
    /* Sign and size, since -0.5 has no whole part to carry the sign. */
    uint64_t size = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
    char fraction[8];
    fraction_text(fraction, (int)(size % MICROS));
    snprintf(out, BALM_TIME_MAX, "%s%llu%s", micros < 0 ? "-" : "",
             (unsigned long long)(size / MICROS), fraction);
}

/* What is left to read. Every reader below moves it only when it returns true. */
struct cursor {
    const char *at;
    const char *end;
};

static bool take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

static bool peek_digit(const struct cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool number(struct cursor *c, int digits, int *out)
{
    int sum = 0;
    int i;
    if (c->end - c->at < digits) return false;
    for (i = 0; i < digits; i++) {
        char digit = c->at[i];
        if (digit < '0' || digit > '9') return false;
        sum = sum * 10 + (digit - '0');
    }
    c->at += digits;
    *out = sum;
    return true;
}

/* Digits behind a point; those past the microsecond are dropped. Any count, but at least one. */
static bool fraction(struct cursor *c, int *micro)
{
    int scale = MICROS;
    int sum = 0;
    if (!peek_digit(c)) return false;
    for (; peek_digit(c); c->at++) {
        scale /= 10;
        sum += (*c->at - '0') * scale;
    }
    *micro = sum;
    return true;
}

static bool finish(const struct balm_civil *at, int64_t offset_s, int64_t *micros)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (at->year % 4 == 0 && at->year % 100 != 0) || at->year % 400 == 0;
    int64_t seconds;
    if (at->month < 1 || at->month > 12 || at->day < 1) return false;
    if (at->day > lengths[at->month - 1] + (leap && at->month == 2 ? 1 : 0)) return false;
    if (at->hour > 23 || at->minute > 59 || at->second > 60) return false; /* 60: a leap second */
    seconds = days_of(at->year, at->month, at->day) * DAY_S + at->hour * 3600 + at->minute * 60 +
              at->second - offset_s;
    *micros = seconds * MICROS + at->micro;
    return true;
}

/* "Z", "+02:00", "+0200", "+02", "GMT", "UTC", or nothing at all. */
static bool offset(struct cursor *c, int64_t *seconds)
{
    int hours;
    int minutes = 0;
    int sign;
    *seconds = 0;
    if (c->at == c->end || take(c, 'Z') || take(c, 'z')) return true;
    if (c->end - c->at == 3 && (!memcmp(c->at, "GMT", 3) || !memcmp(c->at, "UTC", 3))) {
        c->at = c->end;
        return true;
    }
    sign = *c->at == '-' ? -1 : *c->at == '+' ? 1 : 0;
    if (sign == 0) return false;
    c->at++;
    if (!number(c, 2, &hours)) return false;
    if ((take(c, ':') || peek_digit(c)) && !number(c, 2, &minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool iso_clock(struct cursor *c, struct balm_civil *at)
{
    bool extended;
    if (!number(c, 2, &at->hour)) return false;
    extended = take(c, ':');
    if (!number(c, 2, &at->minute)) return false;
    if (extended ? !take(c, ':') : !peek_digit(c)) return true;
    if (!number(c, 2, &at->second)) return false;
    if ((take(c, '.') || take(c, ',')) && !fraction(c, &at->micro)) return false;
    return true;
}

static bool iso8601(struct cursor c, int64_t *micros)
{
    struct balm_civil at = {0};
    int64_t offset_s = 0;
    bool extended;
    int year;
    if (!number(&c, 4, &year)) return false;
    at.year = year;
    extended = take(&c, '-');
    if (!number(&c, 2, &at.month)) return false;
    if (extended && !take(&c, '-')) return false;
    if (!number(&c, 2, &at.day)) return false;
    if (c.at < c.end) {
        if (!take(&c, 'T') && !take(&c, 't') && !take(&c, ' ')) return false;
        if (!iso_clock(&c, &at)) return false;
        take(&c, ' ');
        if (!offset(&c, &offset_s)) return false;
    }
    return c.at == c.end && finish(&at, offset_s, micros);
}

static bool word(struct cursor *c, const char *const *words, int count, int *place)
{
    int i;
    if (c->end - c->at < 3) return false;
    for (i = 0; i < count; i++) {
        if (strncasecmp(c->at, words[i], 3) != 0) continue;
        c->at += 3;
        *place = i;
        return true;
    }
    return false;
}

static bool colon_clock(struct cursor *c, struct balm_civil *at)
{
    return number(c, 2, &at->hour) && take(c, ':') && number(c, 2, &at->minute) && take(c, ':') &&
           number(c, 2, &at->second);
}

/* "Nov  6 08:49:37 1994", as C's asctime writes behind the weekday. */
static bool asctime_date(struct cursor c, int64_t *micros)
{
    struct balm_civil at = {0};
    int year;
    if (!word(&c, months, 12, &at.month) || !take(&c, ' ')) return false;
    at.month++;
    if (!number(&c, take(&c, ' ') ? 1 : 2, &at.day) || !take(&c, ' ')) return false;
    if (!colon_clock(&c, &at) || !take(&c, ' ') || !number(&c, 4, &year)) return false;
    at.year = year;
    return c.at == c.end && finish(&at, 0, micros);
}

/* "06 Nov 1994 08:49:37 GMT", or "06-Nov-94 08:49:37 GMT" of the older kind. */
static bool http_day(struct cursor c, int64_t *micros)
{
    struct balm_civil at = {0};
    int64_t offset_s;
    int year;
    char gap;
    if (!number(&c, 2, &at.day) && !number(&c, 1, &at.day)) return false;
    gap = take(&c, '-') ? '-' : ' ';
    if (gap == ' ' && !take(&c, ' ')) return false;
    if (!word(&c, months, 12, &at.month) || !take(&c, gap)) return false;
    at.month++;
    if (number(&c, 4, &year)) {
        at.year = year;
    } else {
        if (!number(&c, 2, &year)) return false;
        at.year = year < 70 ? 2000 + year : 1900 + year;
    }
    if (!take(&c, ' ') || !colon_clock(&c, &at) || !take(&c, ' ')) return false;
    return offset(&c, &offset_s) && c.at == c.end && finish(&at, offset_s, micros);
}

static bool http_date(struct cursor c, int64_t *micros)
{
    int weekday;
    if (!word(&c, weekdays, 7, &weekday)) return false;
    while (c.at < c.end && *c.at >= 'a' && *c.at <= 'z') {
        c.at++;
    }
    if (take(&c, ',')) return take(&c, ' ') && http_day(c, micros);
    return take(&c, ' ') && asctime_date(c, micros);
}

/* "1.7954208E9": some serialisers write numbers so. */
static bool scientific(const struct cursor *c, int64_t *micros)
{
    char text[40];
    size_t len = (size_t)(c->end - c->at);
    char *end;
    double seconds;
    if (len >= sizeof text) return false;
    memcpy(text, c->at, len);
    text[len] = '\0';
    if (strspn(text, "+-0123456789.eE") < len) return false;
    seconds = strtod(text, &end);
    if (*end || end == text || !(seconds > -9e12 && seconds < 9e12)) return false;
    *micros = (int64_t)(seconds * MICROS + (seconds < 0 ? -0.5 : 0.5));
    return true;
}

static bool epoch(struct cursor c, int64_t *micros)
{
    struct cursor whole = c;
    bool negative = take(&c, '-');
    int64_t seconds = 0;
    int micro = 0;
    int digits = 0;
    if (!negative) take(&c, '+');
    for (; peek_digit(&c); c.at++) {
        if (++digits > DIGITS_MAX) return false;
        seconds = seconds * 10 + (*c.at - '0');
    }
    if (digits == 0 || seconds > INT64_MAX / MICROS - 1) return false;
    if (take(&c, '.') && c.at < c.end && !fraction(&c, &micro)) return false;
    if (c.at < c.end) return scientific(&whole, micros);
    *micros = seconds * MICROS + micro;
    if (negative) *micros = -*micros;
    return true;
}

bool balm_time_parse(const char *text, size_t len, int64_t *micros)
{
    struct cursor c = {text, text + len};
    while (c.at < c.end && (*c.at == ' ' || *c.at == '\n' || *c.at == '\t' || *c.at == '\r')) {
        c.at++;
    }
    while (c.at < c.end && strchr(" \n\t\r", c.end[-1]) && c.end[-1]) {
        c.end--;
    }
    return iso8601(c, micros) || epoch(c, micros) || http_date(c, micros);
}
