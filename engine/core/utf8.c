/* text, the part about UTF-8 (RFC 3629): no surrogate, no overlong form, none past U+10FFFF. */
#include "core/text.h"

#include <string.h>

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

size_t balm_text_utf8_next(const char *text, size_t len, uint32_t *code_point)
{
    const unsigned char *s = (const unsigned char *)text;
    if (len == 0) return 0;
    if (s[0] < 0x80) {
        *code_point = s[0];
        return 1;
    }
    if (s[0] < 0xC2 || s[0] > 0xF4 || len < 2 || !is_tail(s[1])) return 0;
    if (s[0] < 0xE0) {
        *code_point = (uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3F);
        return 2;
    }
    if (len < 3 || !is_tail(s[2])) return 0;
    if (s[0] < 0xF0) {
        *code_point = (uint32_t)(s[0] & 0x0F) << 12 | (uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3F);
        return *code_point < 0x800 || (*code_point >= 0xD800 && *code_point < 0xE000) ? 0 : 3;
    }
    if (len < 4 || !is_tail(s[3])) return 0;
    *code_point = (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3F) << 12 |
                  (uint32_t)(s[2] & 0x3F) << 6 | (s[3] & 0x3F);
    return *code_point < 0x10000 || *code_point > 0x10FFFF ? 0 : 4;
}

static bool is_ascii_word(const char *text)
{
    uint64_t word;
    memcpy(&word, text, 8);
    return (word & 0x8080808080808080U) == 0;
}

bool balm_text_is_utf8(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        uint32_t code_point;
        size_t took;
        if (len - i >= 8 && is_ascii_word(text + i)) {
            i += 8;
            continue;
        }
        if (len >= 8 && len - i < 8 && is_ascii_word(text + len - 8)) return true;
        took =
            (unsigned char)text[i] < 0x80 ? 1 : balm_text_utf8_next(text + i, len - i, &code_point);
        if (took == 0) return false;
        i += took;
    }
    return true;
}

size_t balm_text_utf8_put(char out[4], uint32_t code_point)
{
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) {
        code_point = 0xFFFD;
    }
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | ((code_point >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | ((code_point >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((code_point >> 6) & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

enum balm_code balm_text_visible(struct balm_buf *buf, const char *text, size_t len, char instead)
{
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned char next = i + 1 < len ? (unsigned char)text[i + 1] : 0;
        bool is_two_bytes = c == 0xC2 && next >= 0x80 && next < 0xA0;
        if (c == '\t') {
            (void)balm_buf_addc(buf, ' ');
        } else if (c < 0x20 || c == 0x7F || is_two_bytes) {
            (void)balm_buf_addc(buf, instead);
            i += is_two_bytes;
        } else {
            (void)balm_buf_addc(buf, (char)c);
        }
    }
    return buf->code;
}

size_t balm_text_cut(const char *text, size_t len, size_t most)
{
    if (len <= most) return len;
    while (most > 0 && is_tail((unsigned char)text[most])) {
        most--;
    }
    return most;
}
