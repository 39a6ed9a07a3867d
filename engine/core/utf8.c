/* text, the part about UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing past U+10FFFF.
   */
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

bool balm_text_is_utf8(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len) {
        uint64_t word;
        uint32_t code_point;
        size_t took;
        if (len - i >= 8) {
            memcpy(&word, text + i, 8);
            if ((word & 0x8080808080808080U) == 0) {
                i += 8;
                continue;
            }
        }
        took = balm_text_utf8_next(text + i, len - i, &code_point);
        if (took == 0) return false;
        i += took;
    }
    return true;
}

enum balm_code balm_text_utf8_add(struct balm_buf *buf, uint32_t code_point)
{
    char bytes[4];
    size_t len = 1;
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) {
        code_point = 0xFFFD;
    }
    if (code_point < 0x80) {
        bytes[0] = (char)code_point;
    } else if (code_point < 0x800) {
        bytes[0] = (char)(0xC0 | code_point >> 6);
        len = 2;
    } else if (code_point < 0x10000) {
        bytes[0] = (char)(0xE0 | code_point >> 12);
        bytes[1] = (char)(0x80 | ((code_point >> 6) & 0x3F));
        len = 3;
    } else {
        bytes[0] = (char)(0xF0 | code_point >> 18);
        bytes[1] = (char)(0x80 | ((code_point >> 12) & 0x3F));
        bytes[2] = (char)(0x80 | ((code_point >> 6) & 0x3F));
        len = 4;
    }
    if (len > 1) bytes[len - 1] = (char)(0x80 | (code_point & 0x3F));
    return balm_buf_add(buf, bytes, len);
}
