#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define ONES ((uint64_t)0x0101010101010101U)

/* Letters, digits and - . _ ~, one bit each: asked for each byte of each request. */
static bool is_unreserved(unsigned char c)
{
    static const uint32_t bits[8] = {0, 0x03ff6000, 0x87fffffe, 0x47fffffe, 0, 0, 0, 0};

    return bits[c >> 5] >> (c & 31) & 1;
}

/* The top bit of each byte that lies from..to; the top bits of word are not set. */
static uint64_t within(uint64_t word, unsigned char from, unsigned char to)
{
    return (word + ONES * (0x80U - from)) & ~(word + ONES * (0x7fU - to));
}

/* Are the eight bytes at text letters, digits, dashes and dots? */
static bool is_plain_word(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    if (word & ONES * 0x80) return false;
    return (~(within(word | ONES * 0x20, 'a', 'z') | within(word, '0', '9') |
              within(word, '-', '.')) &
            ONES * 0x80) == 0;
}

/* How much of text stands as it is. What is left behind the last whole word is looked at together
   with bytes before it. */
static size_t unreserved_span(const char *text, size_t len)
{
    size_t i = 0;
    while (len - i >= 8 && is_plain_word(text + i)) {
        i += 8;
    }
    if (len >= 8 && len - i < 8 && is_plain_word(text + len - 8)) return len;
    while (i < len && is_unreserved((unsigned char)text[i])) {
        i++;
    }
    return i;
}

static enum balm_code encode(struct balm_buf *buf, const char *text, size_t len, const char *keep,
                             bool space_is_plus)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t start = 0;
    size_t i;
    for (i = unreserved_span(text, len); i < len; i += unreserved_span(text + i, len - i)) {
        unsigned char c = (unsigned char)text[i++];
        char code[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (c && keep && strchr(keep, c)) continue;
        balm_buf_add(buf, text + start, i - 1 - start);
        if (c == ' ' && space_is_plus) {
            balm_buf_addc(buf, '+');
        } else {
            balm_buf_add(buf, code, sizeof code);
        }
        start = i;
    }
    return balm_buf_add(buf, text + start, len - start);
}

enum balm_code balm_text_percent(struct balm_buf *buf, const char *text, size_t len,
                                 const char *keep)
{
    return encode(buf, text, len, keep, false);
}

enum balm_code balm_text_form(struct balm_buf *buf, const char *text, size_t len)
{
    return encode(buf, text, len, NULL, true);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

enum balm_code balm_text_unpercent(struct balm_buf *buf, const char *text, size_t len,
                                   bool plus_is_space)
{
    size_t i;
    for (i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%' && len - i > 2 && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        balm_buf_addc(buf, c);
    }
    return buf->code;
}

enum balm_code balm_text_hex(struct balm_buf *buf, const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    size_t i;
    char *to = balm_buf_room(buf, len <= SIZE_MAX / 2 ? len * 2 : SIZE_MAX);
    if (!to) return buf->code;
    for (i = 0; i < len; i++) {
        *to++ = digits[from[i] >> 4];
        *to++ = digits[from[i] & 15];
    }
    balm_buf_grew(buf, len * 2);
    return BALM_OK;
}

enum balm_code balm_text_base64(struct balm_buf *buf, const void *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = bytes;
    size_t made = len <= SIZE_MAX / 2 ? (len + 2) / 3 * 4 : SIZE_MAX;
    char *to = balm_buf_room(buf, made);
    if (!to) return buf->code;
    for (; len > 0; from += 3) {
        size_t take = len < 3 ? len : 3;
        unsigned word = (unsigned)from[0] << 16 | (take > 1 ? (unsigned)from[1] << 8 : 0) |
                        (take > 2 ? (unsigned)from[2] : 0);
        *to++ = digits[word >> 18];
        *to++ = digits[(word >> 12) & 63];
        *to++ = take > 1 ? digits[(word >> 6) & 63] : '=';
        *to++ = take > 2 ? digits[word & 63] : '=';
        len -= take;
    }
    balm_buf_grew(buf, made);
    return BALM_OK;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum balm_code balm_text_unbase64(struct balm_buf *buf, const char *text, size_t len)
{
    size_t start = buf->len;
    unsigned word = 0;
    size_t digits = 0;
    size_t pads = 0;
    size_t i;
    for (i = 0; i < len; i++) {
        int digit = base64_digit(text[i]);
        if (is_space(text[i])) continue;
        if (text[i] == '=' && ++pads <= 2) continue;
        if (digit < 0 || pads) goto malformed;
        word = word << 6 | (unsigned)digit;
        if (++digits % 4 == 0) {
            char three[3] = {(char)(word >> 16), (char)(word >> 8), (char)word};
            if (balm_buf_add(buf, three, 3)) return buf->code;
            word = 0;
        }
    }
    if ((digits + pads) % 4 != 0) goto malformed;
    /* The bits that no byte takes must be zero, or two texts would mean the same bytes. */
    if (digits % 4 == 2 && (word & 15) == 0) return balm_buf_addc(buf, (char)(word >> 4));
    if (digits % 4 == 3 && (word & 3) == 0) {
        balm_buf_addc(buf, (char)(word >> 10));
        return balm_buf_addc(buf, (char)(word >> 2));
    }
    if (digits % 4 == 0 && pads == 0) return buf->code;
malformed:
    balm_buf_cut(buf, buf->len - start);
    return BALM_E_INPUT;
}

bool balm_text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool balm_text_ends(const char *text, const char *suffix)
{
    size_t len = strlen(text);
    size_t suffix_len = strlen(suffix);
    return len >= suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

bool balm_text_same_nocase(const char *a, const char *b)
{
    for (; balm_text_lower(*a) == balm_text_lower(*b); a++, b++) {
        if (!*a) return true;
    }
    return false;
}

/* The next character: one code point, or one byte where text is not UTF-8. */
static const char *step(const char *text)
{
    uint32_t code_point;
    size_t len = balm_text_utf8_next(text, strnlen(text, 4), &code_point);
    return text + (len ? len : 1);
}

bool balm_text_glob(const char *pattern, const char *text)
{
    const char *star = NULL; /* behind the last one seen */
    const char *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '?') {
            pattern++;
            text = step(text);
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = retry = step(retry);
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return !*pattern;
}

void balm_text_add_segments(struct balm_buf *buf, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len == 2 && path[0] == '.' && path[1] == '.') {
            while (buf->len && buf->bytes[buf->len - 1] != '/') {
                balm_buf_cut(buf, 1);
            }
            balm_buf_cut(buf, 1);
        } else if (len && !(len == 1 && path[0] == '.')) {
            (void)balm_buf_addc(buf, '/');
            (void)balm_buf_add(buf, path, len);
        }
        path += len + (path[len] == '/');
    }
}

bool balm_text_is_host_label(const char *text, size_t len)
{
    size_t i;
    if (len < 1 || len > 63 || text[0] == '-' || text[len - 1] == '-') return false;
    for (i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-')) {
            return false;
        }
    }
    return true;
}

static void print_uuid(char out[37], unsigned char bytes[16], unsigned char version)
{
    static const char digits[] = "0123456789abcdef";
    char *to = out;
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | version << 4);
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
}

/* For names, of which every run has one: the kernel is asked once for many. */
static void draw_uuid(unsigned char bytes[16])
{
    static _Thread_local unsigned char drawn[16 * 16];
    static _Thread_local size_t left;
    if (left == 0) {
        balm_random(drawn, sizeof drawn);
        left = sizeof drawn;
    }
    left -= 16;
    memcpy(bytes, drawn + left, 16);
}

void balm_text_uuid(char out[37])
{
    unsigned char bytes[16];
    draw_uuid(bytes);
    print_uuid(out, bytes, 4);
}

void balm_text_uuid_at(char out[37], int64_t micros)
{
    uint64_t millis = (uint64_t)micros / 1000;
    uint64_t fraction = (uint64_t)micros % 1000 * 4096 / 1000; /* 12 bits of the millisecond */
    unsigned char bytes[16];
    draw_uuid(bytes);
    for (size_t i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(millis >> (40 - 8 * i));
    bytes[6] = (unsigned char)(fraction >> 8);
    bytes[7] = (unsigned char)fraction;
    print_uuid(out, bytes, 7);
}

bool balm_text_uuid_span(const char *prefix, int64_t *from, int64_t *to)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    static const char hex[] = "0123456789abcdef";
    size_t len = strlen(prefix);
    uint64_t first = 0, last = 0;
    int digits = 0;

    if (len >= sizeof shape) return false;
    for (size_t i = 0; i < len; i++) {
        const char *digit = strchr(hex, prefix[i]);
        if (shape[i] == '-' ? prefix[i] != '-' : !digit) return false;
        if (shape[i] == '-' || digits == 12) continue;
        first = first << 4 | (uint64_t)(digit - hex);
        digits++;
    }
    last = first;
    for (; digits < 12; digits++) {
        first <<= 4;
        last = last << 4 | 15;
    }
    *from = (int64_t)first * 1000;
    *to = (int64_t)last * 1000 + 999;
    return true;
}

void balm_random(void *bytes, size_t len)
{
    unsigned char *to = bytes;
    size_t got = 0;
    while (got < len) {
        ssize_t more = getrandom(to + got, len - got, 0);
        if (more < 0 && errno != EINTR) abort(); /* what is not random must not pass for it */
        if (more > 0) got += (size_t)more;
    }
}

void balm_wipe(void *bytes, size_t len)
{
    explicit_bzero(bytes, len);
}
