/* text, the part that takes a command line apart as a POSIX shell would, with nothing expanded. */
#include "core/text.h"

#include "core/arena.h"

#include <string.h>

struct scan {
    const char *at;
    char *to; /* never longer than what it is made of */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Up to the closing quote; in double ones a backslash keeps a quote or a backslash. */
static bool take_quoted(struct scan *scan)
{
    char quote = *scan->at++;
    while (*scan->at && *scan->at != quote) {
        if (quote == '"' && *scan->at == '\\' && (scan->at[1] == '"' || scan->at[1] == '\\')) {
            scan->at++;
        }
        *scan->to++ = *scan->at++;
    }
    if (!*scan->at) return false;
    scan->at++;
    return true;
}

static bool take_word(struct scan *scan)
{
    while (*scan->at && !is_blank(*scan->at)) {
        if (*scan->at == '"' || *scan->at == '\'') {
            if (!take_quoted(scan)) return false;
            continue;
        }
        if (*scan->at == '\\' && !*++scan->at) return false;
        *scan->to++ = *scan->at++;
    }
    *scan->to++ = '\0';
    return true;
}

char **balm_text_words(struct balm_arena *arena, const char *text, size_t *count)
{
    size_t len = strlen(text);
    char **words = balm_arena_alloc(arena, (len / 2 + 2) * sizeof *words);
    struct scan scan = {text, balm_arena_alloc(arena, len + 1)};
    *count = 0;
    if (!words || !scan.to) return NULL;
    for (;;) {
        while (is_blank(*scan.at)) {
            scan.at++;
        }
        if (!*scan.at) break;
        words[(*count)++] = scan.to;
        if (!take_word(&scan)) return NULL;
    }
    words[*count] = NULL;
    return words;
}
