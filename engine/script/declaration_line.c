#include "script/declaration.h"

#include <ctype.h>
#include <string.h>

/* One line of the script's text, without its end and without a comment. */
struct line {
    const char *text;
    size_t len;
};

static bool next_line(const char **at, const char *end, struct line *line)
{
    const char *stop;
    const char *comment;

    if (*at >= end) return false;
    stop = memchr(*at, '\n', (size_t)(end - *at));
    if (!stop) stop = end;
    line->text = *at;
    line->len = (size_t)(stop - *at);
    comment = memmem(line->text, line->len, "--", 2);
    if (comment) line->len = (size_t)(comment - line->text);
    *at = stop + 1;
    return true;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* `key =`, or `["key"] =`, anywhere in the line. */
static bool sets(const struct line *line, const char *key, size_t key_len)
{
    const char *end = line->text + line->len;
    const char *at = line->text;

    while ((at = memmem(at, (size_t)(end - at), key, key_len)) != NULL) {
        const char *behind = at + key_len;
        bool is_whole = at == line->text || !is_name_char(at[-1]);

        at++;
        if (!is_whole || (at - 1 > line->text && at[-2] == '.')) continue;
        if (behind < end && strchr("\"'", *behind)) behind++;
        if (behind < end && *behind == ']') behind++;
        while (behind < end && isspace((unsigned char)*behind))
            behind++;
        if (behind < end && *behind == '=' && (behind + 1 == end || behind[1] != '=')) return true;
    }
    return false;
}

/* The last line that begins with `return`: what a chunk returns stands at its end. */
static size_t line_of_return(const char *text, const char *end)
{
    struct line line;
    size_t found = 1;

    for (size_t number = 1; next_line(&text, end, &line); number++) {
        if (line.len >= 6 && memcmp(line.text, "return", 6) == 0) found = number;
    }
    return found;
}

/* The first line from `from` on that sets key; 0: none. */
static size_t line_that_sets(const char *text, const char *end, size_t from, const char *key,
                             size_t key_len)
{
    struct line line;

    for (size_t number = 1; next_line(&text, end, &line); number++) {
        if (number >= from && sets(&line, key, key_len)) return number;
    }
    return 0;
}

size_t balm_declaration_line(const struct balm_declaration *declaration, const char *field)
{
    const char *text = declaration->text;
    const char *end = text + declaration->len;
    size_t line = line_of_return(text, end);

    for (const char *step = field; *step;) {
        size_t len = strcspn(step, ".[");
        size_t found = len ? line_that_sets(text, end, line, step, len) : 0;

        if (!found && step == field) found = line_that_sets(text, end, 1, step, len);
        if (!found) return line;
        line = found;
        step += len;
        if (*step != '.') return line; /* an item of a list has no name to look for */
        step++;
    }
    return line;
}
