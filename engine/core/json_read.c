/* json, the reading half. Items are collected on two stacks and copied into the arena once, when
   their container ends: nothing grows twice. */
#include "core/hash.h"
#include "core/json_internal.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64 /* longer numbers take a slower way */
#define KEYS       128

/* Keys repeat from one record to the next: the last few are kept to be shared. */
struct key {
    const char *text;
    uint32_t len;
};

struct reader {
    struct balm_arena *arena;
    struct balm_err *err;
    const char *text;
    char *own; /* the same, where texts stay in it, ended by a NUL in the place of their quote */
    const char *at;
    const char *end;
    int depth;
    bool incomplete; /* the fault is that the text ended */
    struct balm_value *items;
    size_t item_count, item_cap;
    struct balm_entry *entries;
    size_t entry_count, entry_cap;
    struct key keys[KEYS];
};

static enum balm_code read_value(struct reader *r, struct balm_value *out);

/* Line and column, both from 1, the column in characters. */
static enum balm_code fault(struct reader *r, const char *at, const char *what)
{
    size_t line = 1;
    size_t column = 1;
    const char *c;
    for (c = r->text; c < at; c++) {
        if (*c == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*c & 0xC0) != 0x80) {
            column++;
        }
    }
    return balm_fail(r->err, BALM_E_INPUT, "JSON, line %zu, column %zu: %s", line, column, what);
}

static enum balm_code ended(struct reader *r)
{
    r->incomplete = true;
    return fault(r, r->end, "the text ends within a value");
}

static enum balm_code no_memory(struct reader *r)
{
    return r->arena->code ? balm_arena_status(r->arena, r->err) : balm_nomem(r->err);
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')) {
        r->at++;
    }
}

/* Could more text make a character of what is left? */
static bool is_cut(const char *at, const char *end)
{
    unsigned char lead = (unsigned char)*at;
    int want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
    const char *tail = at + 1;
    while (tail < end && ((unsigned char)*tail & 0xC0) == 0x80) {
        tail++;
    }
    return tail == end && end - at < want;
}

/* Finds the closing quote of the string whose content starts at r->at. */
static enum balm_code scan_string(struct reader *r, const char **close, bool *escapes)
{
    const char *at = r->at;
    *escapes = false;
    for (;;) {
        uint32_t code_point;
        size_t took;
        at += balm_json_plain(at, (size_t)(r->end - at));
        if (at == r->end) return ended(r);
        if (*at == '"') break;
        if (*at == '\\') {
            *escapes = true;
            if (r->end - at < 2) return ended(r);
            at += 2; /* what is behind it, unescape() judges */
            continue;
        }
        if ((unsigned char)*at < 0x20) return fault(r, at, "control character within a string");
        took = balm_text_utf8_next(at, (size_t)(r->end - at), &code_point);
        if (took == 0) return is_cut(at, r->end) ? ended(r) : fault(r, at, "text is not UTF-8");
        at += took;
    }
    *close = at;
    return BALM_OK;
}

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t sum = 0;
    int i;
    if (end - at < 4) return -1;
    for (i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        sum = sum * 16 + digit;
    }
    return sum;
}

/* The code point of the escape whose "u" is at *at; moves *at to its last character. */
static enum balm_code unicode_escape(struct reader *r, const char **at, const char *close,
                                     uint32_t *code_point)
{
    const char *start = *at - 1;
    int32_t high = hex4(*at + 1, close);
    int32_t low;
    if (high < 0) return fault(r, start, "\\u needs four hexadecimal digits");
    *at += 4;
    *code_point = (uint32_t)high;
    if (high < 0xD800 || high > 0xDFFF) return BALM_OK;
    low = high < 0xDC00 && close - *at > 6 && (*at)[1] == '\\' && (*at)[2] == 'u'
              ? hex4(*at + 3, close)
              : -1;
    if (low < 0xDC00 || low > 0xDFFF) return fault(r, start, "half of a surrogate pair");
    *at += 6;
    *code_point = 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return BALM_OK;
}

/* Copies the content up to close; no escape makes text longer. */
static enum balm_code unescape(struct reader *r, const char *close, const char **text, size_t *len)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    char *copy = balm_arena_copy(r->arena, r->at, (size_t)(close - r->at));
    char *to = copy;
    const char *at;
    if (!copy) return no_memory(r);
    for (at = r->at; at < close; at++) {
        const char *name;
        uint32_t code_point = 0;
        enum balm_code code;
        if (*at != '\\') {
            *to++ = *at;
            continue;
        }
        at++;
        name = *at ? strchr(names, *at) : NULL;
        if (name) {
            *to++ = meant[name - names];
            continue;
        }
        if (*at != 'u') return fault(r, at - 1, "unknown escape");
        code = unicode_escape(r, &at, close, &code_point);
        if (code) return code;
        to += balm_text_utf8_put(to, code_point);
    }
    *to = '\0';
    *text = copy;
    *len = (size_t)(to - copy);
    return BALM_OK;
}

/* The text between quotes; r->at is behind the first. shared: keep it among the keys. */
static enum balm_code read_string(struct reader *r, bool shared, const char **text, size_t *len)
{
    const char *close = r->at;
    bool escapes;
    struct key *key = NULL;
    enum balm_code code = scan_string(r, &close, &escapes);
    if (code) return code;
    *len = (size_t)(close - r->at);
    if (*len > UINT32_MAX) return fault(r, r->at, "the string is too long");
    if (escapes) {
        code = unescape(r, close, text, len);
        r->at = close + 1;
        return code;
    }
    if (shared && *len > 0 && *len < 64) {
        size_t mix = *len * 7 + (unsigned char)r->at[0] * 31 + (unsigned char)close[-1] +
                     (unsigned char)r->at[*len / 2] * 3;
        key = &r->keys[mix % KEYS];
        if (key->text && key->len == *len && memcmp(key->text, r->at, *len) == 0) {
            *text = key->text;
            r->at = close + 1;
            return BALM_OK;
        }
    }
    if (r->own) {
        *text = r->at;
        r->own[close - r->text] = '\0';
    } else {
        *text = balm_arena_copy(r->arena, r->at, *len);
    }
    if (!*text) return no_memory(r);
    if (key) *key = (struct key){*text, (uint32_t)*len};
    r->at = close + 1;
    return BALM_OK;
}

static enum balm_code by_strtod(struct reader *r, const char *start, struct balm_value *out)
{
    size_t len = (size_t)(r->at - start);
    char small[NUMBER_MAX];
    char *text = len < sizeof small ? small : malloc(len + 1);
    double number;
    if (!text) return balm_nomem(r->err);
    memcpy(text, start, len);
    text[len] = '\0';
    number = strtod(text, NULL);
    if (text != small) free(text);
    if (number > 1.7976931348623157e308 || number < -1.7976931348623157e308) {
        return fault(r, start, "the number is too large");
    }
    *out = balm_double(number);
    return BALM_OK;
}

static bool skip_digits(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    return r->at > start;
}

/* Moves behind the number; *integral tells whether it has neither a fraction nor an exponent. */
static enum balm_code scan_number(struct reader *r, bool *integral)
{
    const char *start = r->at;
    *integral = true;
    if (*r->at == '-') r->at++;
    if (r->at < r->end && *r->at == '0') {
        r->at++;
    } else if (!skip_digits(r)) {
        goto bad;
    }
    if (r->at < r->end && *r->at == '.') {
        *integral = false;
        r->at++;
        if (!skip_digits(r)) goto bad;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        *integral = false;
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
        if (!skip_digits(r)) goto bad;
    }
    if (r->at == r->end) r->incomplete = true; /* for a stream; a whole text does not ask */
    return BALM_OK;
bad:
    return r->at == r->end ? ended(r) : fault(r, start, "malformed number");
}

static enum balm_code read_number(struct reader *r, struct balm_value *out)
{
    const char *start = r->at;
    const char *digit;
    bool negative = *start == '-';
    uint64_t sum = 0;
    uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    bool integral;
    enum balm_code code = scan_number(r, &integral);
    if (code) return code;
    if (!integral || r->at - start > 20) return by_strtod(r, start, out);
    for (digit = start + (negative ? 1 : 0); digit < r->at; digit++) {
        uint64_t add = (uint64_t)(*digit - '0');
        if (sum > (most - add) / 10) return by_strtod(r, start, out);
        sum = sum * 10 + add;
    }
    if (negative && sum == 0) return by_strtod(r, start, out); /* -0 is a double */
    *out = balm_int(!negative ? (int64_t)sum : sum == most ? INT64_MIN : -(int64_t)sum);
    return BALM_OK;
}

static enum balm_code read_word(struct reader *r, const char *word, struct balm_value value,
                                struct balm_value *out)
{
    size_t len = strlen(word);
    size_t left = (size_t)(r->end - r->at);
    if (memcmp(r->at, word, left < len ? left : len) != 0) {
        return fault(r, r->at, "expected a value");
    }
    if (left < len) return ended(r);
    r->at += len;
    *out = value;
    return BALM_OK;
}

static enum balm_code push_item(struct reader *r, struct balm_value item)
{
    if (r->item_count == r->item_cap) {
        size_t cap = r->item_cap ? r->item_cap * 2 : 64;
        struct balm_value *items = realloc(r->items, cap * sizeof *items);
        if (!items) return balm_nomem(r->err);
        r->items = items;
        r->item_cap = cap;
    }
    r->items[r->item_count++] = item;
    return BALM_OK;
}

static enum balm_code push_entry(struct reader *r, struct balm_entry entry)
{
    if (r->entry_count == r->entry_cap) {
        size_t cap = r->entry_cap ? r->entry_cap * 2 : 64;
        struct balm_entry *entries = realloc(r->entries, cap * sizeof *entries);
        if (!entries) return balm_nomem(r->err);
        r->entries = entries;
        r->entry_cap = cap;
    }
    r->entries[r->entry_count++] = entry;
    return BALM_OK;
}

/* After an item: true when another follows, false at the close or on a fault, told in *code. */
static bool more(struct reader *r, char close, const char *expected, enum balm_code *code)
{
    skip_space(r);
    *code = BALM_OK;
    if (r->at == r->end) {
        *code = ended(r);
        return false;
    }
    if (*r->at == ',') {
        r->at++;
        skip_space(r);
        return true;
    }
    if (*r->at == close) {
        r->at++;
    } else {
        *code = fault(r, r->at, expected);
    }
    return false;
}

static bool at_close(struct reader *r, char close)
{
    r->at++;
    skip_space(r);
    if (r->at == r->end || *r->at != close) return false;
    r->at++;
    return true;
}

static enum balm_code read_list(struct reader *r, struct balm_value *out)
{
    size_t base = r->item_count;
    enum balm_code code = BALM_OK;
    if (!at_close(r, ']')) {
        do {
            struct balm_value item;
            code = read_value(r, &item);
            if (!code) code = push_item(r, item);
            if (code) return code;
        } while (more(r, ']', "expected a comma or ]", &code));
    }
    if (code) return code;
    *out = balm_list_of(r->arena, r->items ? r->items + base : NULL, r->item_count - base);
    r->item_count = base;
    return out->type == BALM_LIST ? BALM_OK : no_memory(r);
}

static enum balm_code read_member(struct reader *r)
{
    struct balm_entry entry;
    size_t len = 0;
    enum balm_code code;
    if (r->at == r->end) return ended(r);
    if (*r->at != '"') return fault(r, r->at, "expected a key in double quotes");
    r->at++;
    code = read_string(r, true, &entry.key, &len);
    if (code) return code;
    entry.key_len = (uint32_t)len;
    skip_space(r);
    if (r->at == r->end) return ended(r);
    if (*r->at != ':') return fault(r, r->at, "expected a colon");
    r->at++;
    skip_space(r);
    code = read_value(r, &entry.value);
    return code ? code : push_entry(r, entry);
}

static enum balm_code read_map(struct reader *r, struct balm_value *out)
{
    size_t base = r->entry_count;
    enum balm_code code = BALM_OK;
    if (!at_close(r, '}')) {
        do {
            code = read_member(r);
            if (code) return code;
        } while (more(r, '}', "expected a comma or }", &code));
    }
    if (code) return code;
    *out = balm_map_of(r->arena, r->entries ? r->entries + base : NULL, r->entry_count - base);
    r->entry_count = base;
    return out->type == BALM_MAP ? BALM_OK : no_memory(r);
}

static enum balm_code read_container(struct reader *r, struct balm_value *out)
{
    enum balm_code code;
    if (r->depth == BALM_JSON_DEPTH) return fault(r, r->at, "nested too deeply");
    r->depth++;
    code = *r->at == '[' ? read_list(r, out) : read_map(r, out);
    r->depth--;
    return code;
}

static enum balm_code read_text(struct reader *r, struct balm_value *out)
{
    const char *text = NULL;
    size_t len = 0;
    enum balm_code code;
    r->at++;
    code = read_string(r, false, &text, &len);
    if (!code) *out = balm_string_n(text, len);
    return code;
}

static enum balm_code read_value(struct reader *r, struct balm_value *out)
{
    if (r->at == r->end) return ended(r);
    switch (*r->at) {
    case '{':
    case '[':
        return read_container(r, out);
    case '"':
        return read_text(r, out);
    case 't':
        return read_word(r, "true", balm_bool(true), out);
    case 'f':
        return read_word(r, "false", balm_bool(false), out);
    case 'n':
        return read_word(r, "null", balm_null(), out);
    default:
        if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9')) return read_number(r, out);
        return fault(r, r->at, "expected a value");
    }
}

static enum balm_code read_first(struct reader *r, struct balm_value *out)
{
    enum balm_code code;
    skip_space(r);
    code = read_value(r, out);
    free(r->items);
    free(r->entries);
    return code;
}

static enum balm_code read_all(struct reader *r, struct balm_value *out)
{
    enum balm_code code = read_first(r, out);
    if (code) return code;
    skip_space(r);
    return r->at == r->end ? BALM_OK : fault(r, r->at, "unexpected text behind the value");
}

enum balm_code balm_json_parse(struct balm_arena *arena, const char *text, size_t len,
                               struct balm_value *out, struct balm_err *err)
{
    struct reader r = {.arena = arena, .err = err, .text = text, .at = text, .end = text + len};
    return read_all(&r, out);
}

enum balm_code balm_json_parse_in_place(struct balm_arena *arena, char *text, size_t len,
                                        struct balm_value *out, struct balm_err *err)
{
    struct reader r = {
        .arena = arena, .err = err, .text = text, .own = text, .at = text, .end = text + len};
    return read_all(&r, out);
}

enum balm_code balm_json_parse_prefix(struct balm_arena *arena, const char *text, size_t len,
                                      struct balm_value *out, size_t *used, bool *incomplete,
                                      struct balm_err *err)
{
    struct reader r = {
        .arena = arena, .err = err, .text = text, .at = text, .end = text + len, .depth = 0};
    enum balm_code code = read_first(&r, out);
    if (!code && r.incomplete && r.at == r.end && len > 0 && text[len - 1] >= '0' &&
        text[len - 1] <= '9') {
        code = ended(&r);
    }
    *incomplete = code && r.incomplete;
    if (!code) *used = (size_t)(r.at - text);
    return code;
}
