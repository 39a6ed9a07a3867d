#include "script/pattern.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 200 /* of the C stack, as in Lua */
#define PAY_EVERY 512

static const char *match_here(struct balm_pattern *m, const char *at, const char *p);

static void step(struct balm_pattern *m)
{
    if (++m->unpaid < PAY_EVERY) return;
    m->unpaid = 0;
    m->pay(m->owner, PAY_EVERY);
}

static void step_bytes(struct balm_pattern *m, size_t len)
{
    if (len >= 64) m->pay(m->owner, len / 16);
}

/* ---- single characters ---- */

/* Where the class that starts at p ends. */
static const char *class_end(struct balm_pattern *m, const char *p)
{
    char first = *p++;

    if (first == '%') {
        if (p == m->pattern_end) m->fail(m->owner, "malformed pattern (ends with '%')");
        return p + 1;
    }
    if (first != '[') return p;
    if (p < m->pattern_end && *p == '^') p++;
    do { /* a ] that comes first stands for itself */
        if (p >= m->pattern_end) m->fail(m->owner, "malformed pattern (missing ']')");
        step(m);
        if (*p++ == '%') p++;
    } while (p >= m->pattern_end || *p != ']');
    return p + 1;
}

static bool in_named_class(int c, int name)
{
    bool is;

    switch (tolower(name)) {
    case 'a':
        is = isalpha(c);
        break;
    case 'c':
        is = iscntrl(c);
        break;
    case 'd':
        is = isdigit(c);
        break;
    case 'g':
        is = isgraph(c);
        break;
    case 'l':
        is = islower(c);
        break;
    case 'p':
        is = ispunct(c);
        break;
    case 's':
        is = isspace(c);
        break;
    case 'u':
        is = isupper(c);
        break;
    case 'w':
        is = isalnum(c);
        break;
    case 'x':
        is = isxdigit(c);
        break;
    case 'z': /* of Lua 5.1, still there */
        is = c == 0;
        break;
    default:
        return name == c;
    }
    return isupper(name) ? !is : is;
}

/* The set's text is from behind its [ to its closing ], which is `close`. */
static bool in_set(struct balm_pattern *m, int c, const char *p, const char *close)
{
    bool wanted = true;

    if (*p == '^') {
        wanted = false;
        p++;
    }
    for (; p < close; p++) {
        step(m);
        if (*p == '%') {
            p++;
            if (in_named_class(c, (unsigned char)*p)) return wanted;
        } else if (p[1] == '-' && p + 2 < close) {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2]) return wanted;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return wanted;
        }
    }
    return !wanted;
}

static bool matches_one(struct balm_pattern *m, const char *at, const char *item, const char *rest)
{
    int c;

    step(m);
    if (at >= m->subject_end) return false;
    c = (unsigned char)*at;
    switch (*item) {
    case '.':
        return true;
    case '%':
        return in_named_class(c, (unsigned char)item[1]);
    case '[':
        return in_set(m, c, item + 1, rest - 1);
    default:
        return (unsigned char)*item == c;
    }
}

/* ---- repetitions: the item is what is repeated, rest stands at the mark ---- */

static const char *match_most(struct balm_pattern *m, const char *at, const char *item,
                              const char *rest)
{
    ptrdiff_t count = 0;

    while (matches_one(m, at + count, item, rest)) {
        count++;
    }
    for (; count >= 0; count--) {
        const char *end = match_here(m, at + count, rest + 1);
        if (end) return end;
    }
    return NULL;
}

static const char *match_fewest(struct balm_pattern *m, const char *at, const char *item,
                                const char *rest)
{
    for (;; at++) {
        const char *end = match_here(m, at, rest + 1);
        if (end) return end;
        if (!matches_one(m, at, item, rest)) return NULL;
    }
}

/* ---- captures ---- */

static const char *open_capture(struct balm_pattern *m, const char *at, const char *p,
                                ptrdiff_t kind)
{
    const char *end;

    if (m->capture_count >= BALM_CAPTURES_MAX) m->fail(m->owner, "too many captures");
    m->captures[m->capture_count++] = (struct balm_capture){at, kind};
    end = match_here(m, at, p);
    if (!end) m->capture_count--;
    return end;
}

static const char *close_capture(struct balm_pattern *m, const char *at, const char *p)
{
    int i = m->capture_count - 1;
    const char *end;

    while (i >= 0 && m->captures[i].len != BALM_CAPTURE_OPEN) {
        i--;
    }
    if (i < 0) {
        m->fail(m->owner, "invalid pattern capture");
        return NULL;
    }
    m->captures[i].len = at - m->captures[i].start;
    end = match_here(m, at, p);
    if (!end) m->captures[i].len = BALM_CAPTURE_OPEN;
    return end;
}

/* ---- escapes that are more than a class; p behind their letter ---- */

static const char *match_balanced(struct balm_pattern *m, const char *at, const char *p)
{
    size_t deep = 1;

    if (m->pattern_end - p < 2) m->fail(m->owner, "malformed pattern (missing arguments to '%b')");
    if (at >= m->subject_end || *at != p[0]) return NULL;
    while (++at < m->subject_end) {
        step(m);
        if (*at == p[1]) {
            if (--deep == 0) return at + 1;
        } else if (*at == p[0]) {
            deep++;
        }
    }
    return NULL;
}

/* *p stands at the set; it is moved behind it. */
static bool at_frontier(struct balm_pattern *m, const char *at, const char **p)
{
    const char *set = *p;
    int before = at == m->subject ? 0 : (unsigned char)at[-1];
    int here = at == m->subject_end ? 0 : (unsigned char)*at;

    if (set == m->pattern_end || *set != '[') {
        m->fail(m->owner, "missing '[' after '%f' in pattern");
    }
    *p = class_end(m, set);
    return !in_set(m, before, set + 1, *p - 1) && in_set(m, here, set + 1, *p - 1);
}

static const char *match_again(struct balm_pattern *m, const char *at, int digit)
{
    int i = digit - '1';
    size_t len;

    if (i < 0 || i >= m->capture_count || m->captures[i].len == BALM_CAPTURE_OPEN) {
        m->fail(m->owner, "invalid capture index in pattern");
    }
    len = (size_t)m->captures[i].len; /* of a position: larger than any text */
    if ((size_t)(m->subject_end - at) < len) return NULL;
    step_bytes(m, len);
    return memcmp(m->captures[i].start, at, len) == 0 ? at + len : NULL;
}

/* Does an escape stand at p that is more than a class? Then *at and *p move behind what it
   matched; *at becomes NULL where it does not. */
static bool match_escape(struct balm_pattern *m, const char **at, const char **p)
{
    char letter;

    if ((*p)[0] != '%' || *p + 1 == m->pattern_end) return false;
    letter = (*p)[1];
    if (letter == 'b') {
        *at = match_balanced(m, *at, *p + 2);
        *p += 4;
    } else if (letter == 'f') {
        *p += 2;
        if (!at_frontier(m, *at, p)) *at = NULL;
    } else if (isdigit((unsigned char)letter)) {
        *at = match_again(m, *at, (unsigned char)letter);
        *p += 2;
    } else {
        return false;
    }
    return true;
}

/* ---- sequences ---- */

static const char *match_capture(struct balm_pattern *m, const char *at, const char *p)
{
    if (*p == ')') return close_capture(m, at, p + 1);
    if (p + 1 < m->pattern_end && p[1] == ')') {
        return open_capture(m, at, p + 2, BALM_CAPTURE_POSITION);
    }
    return open_capture(m, at, p + 1, BALM_CAPTURE_OPEN);
}

/* What needs no choice is matched in the loop; what does goes down one level. */
static const char *match_sequence(struct balm_pattern *m, const char *at, const char *p)
{
    while (p < m->pattern_end) {
        const char *rest;
        char mark;

        step(m);
        if (*p == '(' || *p == ')') return match_capture(m, at, p);
        if (*p == '$' && p + 1 == m->pattern_end) return at == m->subject_end ? at : NULL;
        if (match_escape(m, &at, &p)) {
            if (!at) return NULL;
            continue;
        }
        rest = class_end(m, p);
        mark = rest < m->pattern_end ? *rest : '\0';
        if (!matches_one(m, at, p, rest)) {
            if (mark != '*' && mark != '-' && mark != '?') return NULL;
            p = rest + 1;
            continue;
        }
        if (mark == '*') return match_most(m, at, p, rest);
        if (mark == '+') return match_most(m, at + 1, p, rest);
        if (mark == '-') return match_fewest(m, at, p, rest);
        if (mark == '?') {
            const char *end = match_here(m, at + 1, rest + 1);
            if (end) return end;
            p = rest + 1;
            continue;
        }
        at++;
        p = rest;
    }
    return at;
}

static const char *match_here(struct balm_pattern *m, const char *at, const char *p)
{
    const char *end;

    if (m->depth == DEPTH_MAX) m->fail(m->owner, "pattern too complex");
    m->depth++;
    end = match_sequence(m, at, p);
    m->depth--;
    return end;
}

const char *balm_pattern_match(struct balm_pattern *match, const char *at)
{
    match->capture_count = 0;
    match->depth = 0;
    return match_here(match, at, match->pattern);
}
