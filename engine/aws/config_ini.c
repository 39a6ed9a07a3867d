/* config, the part that reads the shared files' text, by the rules of Python's configparser that
   the SDKs follow: an indented
   line continues the value above it, and an empty value with indented lines is a section of its
   own. */
#include "aws/config.h"

#include "core/text.h"

#include <string.h>

struct ini {
    struct balm_arena *arena;
    struct balm_err *err;
    const char *at;
    const char *end;
    size_t line;
    struct balm_value sections;
    struct balm_value section; /* the one being filled; null before the first */
    const char *key;           /* the one whose value may go on; NULL: none */
    size_t indent;             /* of that key's line */
    struct balm_buf value;
    size_t value_line; /* where it began */
};

struct span {
    const char *text;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct span trim(struct span span)
{
    while (span.len && is_blank(span.text[0])) {
        span.text++;
        span.len--;
    }
    while (span.len && is_blank(span.text[span.len - 1])) {
        span.len--;
    }
    return span;
}

/* Says where and what, never the text itself: it may be a secret. */
static enum balm_code bad(const struct ini *ini, size_t line, const char *why)
{
    return balm_fail(ini->err, BALM_E_INPUT, "line %zu: %s", line, why);
}

static const char *lower_copy(struct balm_arena *arena, struct span name)
{
    char *copy = balm_arena_copy(arena, name.text, name.len);
    size_t i;
    for (i = 0; copy && i < name.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z') copy[i] = (char)(copy[i] - 'A' + 'a');
    }
    return copy;
}

/* Splits at the first of marks; false when there is none, or no name before it. */
static bool split(struct span line, const char *marks, struct span *name, struct span *value)
{
    size_t at = 0;
    while (at < line.len && !strchr(marks, line.text[at])) {
        at++;
    }
    if (at == line.len) return false;
    *name = trim((struct span){line.text, at});
    *value = trim((struct span){line.text + at + 1, line.len - at - 1});
    return name->len > 0;
}

/* The lines below "key =", each "name = value". */
static enum balm_code nested(struct ini *ini, struct balm_value *out)
{
    const char *at = ini->value.bytes;
    const char *end = at + ini->value.len;
    size_t line = ini->value_line;
    *out = balm_map(ini->arena);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct span text = trim((struct span){at, (size_t)((stop ? stop : end) - at)});
        struct span name;
        struct span value;
        if (text.len && !split(text, "=", &name, &value)) {
            return bad(ini, line, "inside a nested section a line must read name = value");
        }
        if (text.len) {
            const char *key = lower_copy(ini->arena, name);
            if (!key) return balm_arena_status(ini->arena, ini->err);
            (void)balm_map_set(ini->arena, *out, key,
                               balm_text_n(ini->arena, value.text, value.len));
        }
        at = stop ? stop + 1 : end;
        line++;
    }
    return BALM_OK;
}

/* Puts the value that has come to its end into its section. */
static enum balm_code finish_value(struct ini *ini)
{
    struct balm_value value;
    enum balm_code code = BALM_OK;
    if (!ini->key) return BALM_OK;
    while (ini->value.len && ini->value.bytes[ini->value.len - 1] == '\n') {
        balm_buf_cut(&ini->value, 1);
    }
    if (ini->value.len && ini->value.bytes[0] == '\n') {
        code = nested(ini, &value);
    } else {
        value = balm_text_n(ini->arena, ini->value.bytes, ini->value.len);
    }
    if (!code && ini->value.code) code = balm_buf_status(&ini->value, "a value", ini->err);
    if (!code) (void)balm_map_set(ini->arena, ini->section, ini->key, value);
    ini->key = NULL;
    return code;
}

/* A section that occurs again is continued. */
static enum balm_code start_section(struct ini *ini, struct span line)
{
    struct span name;
    struct balm_value *known;
    const char *close = line.text + line.len - 1;
    while (close > line.text && *close != ']') {
        close--;
    }
    name =
        trim((struct span){line.text + 1, (size_t)(close > line.text ? close - line.text - 1 : 0)});
    if (!name.len) return bad(ini, ini->line, "a section must read [name]");
    known = balm_map_get_n(ini->sections, name.text, name.len);
    if (!known) {
        known = balm_map_put(ini->arena, ini->sections, name.text, name.len, balm_map(ini->arena));
    }
    if (!known) return balm_arena_status(ini->arena, ini->err);
    ini->section = *known;
    return BALM_OK;
}

static enum balm_code start_value(struct ini *ini, struct span line, size_t indent)
{
    struct span name;
    struct span value;
    if (!split(line, "=:", &name, &value)) {
        return bad(ini, ini->line, "neither [section] nor name = value");
    }
    if (balm_is_null(ini->section)) {
        return bad(ini, ini->line, "a setting stands before the first [section]");
    }
    ini->key = lower_copy(ini->arena, name);
    if (!ini->key) return balm_arena_status(ini->arena, ini->err);
    ini->indent = indent;
    ini->value_line = ini->line;
    balm_buf_clear(&ini->value);
    (void)balm_buf_add(&ini->value, value.text, value.len);
    return BALM_OK;
}

static enum balm_code read_line(struct ini *ini, struct span raw)
{
    struct span line = trim(raw);
    size_t indent = (size_t)(line.text - raw.text);
    enum balm_code code;
    if (line.len && (line.text[0] == '#' || line.text[0] == ';')) {
        /* Keeps the count of the lines of a nested section right; in a text it leaves nothing. */
        bool may_nest = !ini->value.len || ini->value.bytes[0] == '\n';
        if (ini->key && may_nest) (void)balm_buf_addc(&ini->value, '\n');
        return BALM_OK;
    }
    if (ini->key && (!line.len || indent > ini->indent)) {
        (void)balm_buf_addc(&ini->value, '\n');
        (void)balm_buf_add(&ini->value, line.text, line.len);
        return BALM_OK;
    }
    if (!line.len) return BALM_OK;
    code = finish_value(ini);
    if (code) return code;
    return line.text[0] == '[' ? start_section(ini, line) : start_value(ini, line, indent);
}

static enum balm_code read_all(struct ini *ini)
{
    enum balm_code code = BALM_OK;
    while (!code && ini->at < ini->end) {
        const char *stop = memchr(ini->at, '\n', (size_t)(ini->end - ini->at));
        struct span raw = {ini->at, (size_t)((stop ? stop : ini->end) - ini->at)};
        ini->at = stop ? stop + 1 : ini->end;
        ini->line++;
        if (memchr(raw.text, 0, raw.len) || !balm_text_is_utf8(raw.text, raw.len)) {
            return bad(ini, ini->line, "not UTF-8 text");
        }
        code = read_line(ini, raw);
    }
    return code ? code : finish_value(ini);
}

enum balm_code balm_ini_parse(struct balm_arena *arena, const char *text, size_t len,
                              struct balm_value *out, struct balm_err *err)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct ini ini = {.arena = arena,
                      .err = err,
                      .at = text,
                      .end = text + len,
                      .sections = balm_map(arena),
                      .section = balm_null(),
                      .value = BALM_BUF_INIT(BALM_BUF_MAX)};
    enum balm_code code;
    if (len >= 3 && memcmp(text, byte_order_mark, 3) == 0) ini.at += 3;
    code = read_all(&ini);
    if (!code) code = balm_arena_status(arena, err);
    *out = code ? balm_null() : ini.sections;
    balm_buf_wipe(&ini.value);
    return code;
}
