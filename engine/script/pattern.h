/*
 * pattern: Lua's patterns (reference manual §6.4.1), matched at one place of a subject.
 *
 * A match may take exponentially long: each step is counted, and the caller is asked from time to
 * time, and may leave by longjmp: a matcher owns nothing. Errors go to the caller the same way.
 */
#ifndef BALM_SCRIPT_PATTERN_H
#define BALM_SCRIPT_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define BALM_CAPTURES_MAX 32

enum { BALM_CAPTURE_OPEN = -1, BALM_CAPTURE_POSITION = -2 };

struct balm_capture {
    const char *start;
    ptrdiff_t len; /* or one of the two above */
};

struct balm_pattern {
    const char *subject, *subject_end;
    const char *pattern, *pattern_end; /* without the anchor */
    int capture_count;
    struct balm_capture captures[BALM_CAPTURES_MAX];
    /* The caller's. pay(owner, steps) is called before the steps are taken; fail does not return.
       */
    void *owner;
    void (*pay)(void *owner, uint64_t steps);
    void (*fail)(void *owner, const char *message);
    uint32_t unpaid;
    int depth;
};

/* Matches at `at`, within the subject; returns the end of the match or NULL. */
const char *balm_pattern_match(struct balm_pattern *match, const char *at);

#endif
