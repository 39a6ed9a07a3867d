#include "core/cbor.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, LIST, MAP, TAG, SIMPLE };

#define INDEFINITE  31u
#define BREAK       0xffu
#define TAG_TIME    1u
#define SECONDS_MAX ((double)(INT64_MAX / 1000000))

struct reader {
    struct balm_arena *arena;
    const unsigned char *bytes;
    size_t at, len;
    int depth;
    struct balm_err *err;
};

/* ---- reading: heads ---- */

struct head {
    enum major major;
    unsigned info; /* the lower five bits */
    uint64_t number;
};

static enum balm_code bad(const struct reader *reader, const char *what)
{
    return balm_fail(reader->err, BALM_E_INPUT, "byte %zu: %s", reader->at, what);
}

static uint64_t big_endian(const unsigned char *bytes, size_t size)
{
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static enum balm_code read_head(struct reader *reader, struct head *head)
{
    unsigned char first;
    size_t size;

    if (reader->at >= reader->len) return bad(reader, "the end, where a value should begin");
    first = reader->bytes[reader->at];
    head->major = (enum major)(first >> 5);
    head->info = first & 31;
    head->number = head->info;
    if (head->info >= 28 && head->info < INDEFINITE)
        return bad(reader, "a length of no known size");
    size = head->info < 24 || head->info == INDEFINITE ? 0 : (size_t)1 << (head->info - 24);
    if (reader->len - reader->at - 1 < size) return bad(reader, "the end, within a number");
    if (size) head->number = big_endian(reader->bytes + reader->at + 1, size);
    reader->at += 1 + size;
    return BALM_OK;
}

/* Takes the mark that ends what has no length, if it is next. */
static bool at_break(struct reader *reader)
{
    if (reader->at >= reader->len || reader->bytes[reader->at] != BREAK) return false;
    reader->at++;
    return true;
}

/* ---- reading: strings ---- */

static enum balm_code take(struct reader *reader, uint64_t len, const char **out)
{
    if (len > reader->len - reader->at) return bad(reader, "the end, within a string");
    *out = (const char *)reader->bytes + reader->at;
    reader->at += (size_t)len;
    return BALM_OK;
}

/* Its pieces, each a string of the same kind and of known length. */
static enum balm_code read_pieces(struct reader *reader, enum major major, struct balm_buf *buf)
{
    while (!at_break(reader)) {
        struct head head;
        const char *piece = NULL;
        enum balm_code code = read_head(reader, &head);
        if (code) return code;
        if (head.major != major || head.info == INDEFINITE) {
            return bad(reader, "a piece of a string that is none");
        }
        code = take(reader, head.number, &piece);
        if (code) return code;
        if (balm_buf_add(buf, piece, (size_t)head.number)) {
            return balm_buf_status(buf, "a string", reader->err);
        }
    }
    return BALM_OK;
}

static enum balm_code finish_string(struct reader *reader, enum major major, const char *text,
                                    size_t len, struct balm_value *out)
{
    if (len > UINT32_MAX) return bad(reader, "a string that is too long");
    if (major == TEXT && !balm_text_is_utf8(text, len)) return bad(reader, "a text of no UTF-8");
    *out = balm_text_n(reader->arena, text, len);
    if (major == BYTES && out->type == BALM_STRING) out->type = BALM_BYTES;
    return balm_arena_status(reader->arena, reader->err);
}

static enum balm_code read_string(struct reader *reader, const struct head *head,
                                  struct balm_value *out)
{
    struct balm_buf pieces = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *text = NULL;
    enum balm_code code;

    if (head->info != INDEFINITE) {
        code = take(reader, head->number, &text);
        if (code) return code;
        return finish_string(reader, head->major, text, (size_t)head->number, out);
    }
    code = read_pieces(reader, head->major, &pieces);
    if (!code) code = finish_string(reader, head->major, pieces.bytes, pieces.len, out);
    balm_buf_free(&pieces);
    return code;
}

/* ---- reading: scalars ---- */

static enum balm_code read_integer(struct reader *reader, const struct head *head,
                                   struct balm_value *out)
{
    if (head->info == INDEFINITE) return bad(reader, "an integer without a value");
    if (head->number > INT64_MAX) return bad(reader, "an integer beyond 64 bits");
    *out = balm_int(head->major == UNSIGNED ? (int64_t)head->number : -1 - (int64_t)head->number);
    return BALM_OK;
}

static double from_half(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double fraction = (double)(bits & 0x3ff);
    double size;

    if (exponent == 31) {
        size = fraction > 0 ? (double)NAN : (double)INFINITY;
    } else if (exponent) {
        size = ldexp(fraction + 1024, exponent - 25);
    } else {
        size = ldexp(fraction, -24);
    }
    return bits & 0x8000 ? -size : size;
}

static double from_single(uint64_t bits)
{
    uint32_t narrow = (uint32_t)bits;
    float number;

    memcpy(&number, &narrow, sizeof number);
    return (double)number;
}

static double from_double(uint64_t bits)
{
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

static enum balm_code read_simple(const struct reader *reader, const struct head *head,
                                  struct balm_value *out)
{
    switch (head->info) {
    case 20:
    case 21:
        *out = balm_bool(head->info == 21);
        return BALM_OK;
    case 22:
    case 23:
        *out = balm_null();
        return BALM_OK;
    case 25:
        *out = balm_double(from_half(head->number));
        return BALM_OK;
    case 26:
        *out = balm_double(from_single(head->number));
        return BALM_OK;
    case 27:
        *out = balm_double(from_double(head->number));
        return BALM_OK;
    case INDEFINITE:
        return bad(reader, "an end of nothing that began");
    default:
        return bad(reader, "a simple value that is not known");
    }
}

/* ---- reading: what holds others ---- */

static enum balm_code read_value(struct reader *reader, struct balm_value *out);

static enum balm_code read_list(struct reader *reader, const struct head *head,
                                struct balm_value *out)
{
    bool endless = head->info == INDEFINITE;

    *out = balm_list(reader->arena);
    for (uint64_t i = 0; endless || i < head->number; i++) {
        struct balm_value item;
        enum balm_code code;
        if (endless && at_break(reader)) break;
        code = read_value(reader, &item);
        if (code) return code;
        (void)balm_list_push(reader->arena, *out, item);
    }
    return balm_arena_status(reader->arena, reader->err);
}

static enum balm_code read_map(struct reader *reader, const struct head *head,
                               struct balm_value *out)
{
    bool endless = head->info == INDEFINITE;

    *out = balm_map(reader->arena);
    for (uint64_t i = 0; endless || i < head->number; i++) {
        struct balm_value key;
        struct balm_value value;
        enum balm_code code;
        if (endless && at_break(reader)) break;
        code = read_value(reader, &key);
        if (!code && key.type != BALM_STRING) code = bad(reader, "a key that is no text");
        if (!code) code = read_value(reader, &value);
        if (code) return code;
        (void)balm_map_set_n(reader->arena, *out, key.as.text, key.len, value);
    }
    return balm_arena_status(reader->arena, reader->err);
}

static enum balm_code read_tag(struct reader *reader, const struct head *head,
                               struct balm_value *out)
{
    struct balm_value seconds;
    enum balm_code code;
    double number;

    if (head->info == INDEFINITE || head->number != TAG_TIME) {
        return bad(reader, "a tag that is not 1, of a time");
    }
    code = read_value(reader, &seconds);
    if (code) return code;
    if (seconds.type != BALM_INT && seconds.type != BALM_DOUBLE) {
        return bad(reader, "a time that is no number");
    }
    number = seconds.type == BALM_INT ? (double)seconds.as.integer : seconds.as.number;
    if (!(fabs(number) < SECONDS_MAX)) return bad(reader, "a time out of all bounds");
    *out = balm_time_value(seconds.type == BALM_INT ? seconds.as.integer * 1000000
                                                    : llround(number * 1000000));
    return BALM_OK;
}

static enum balm_code read_kind(struct reader *reader, const struct head *head,
                                struct balm_value *out)
{
    switch (head->major) {
    case UNSIGNED:
    case NEGATIVE:
        return read_integer(reader, head, out);
    case BYTES:
    case TEXT:
        return read_string(reader, head, out);
    case LIST:
        return read_list(reader, head, out);
    case MAP:
        return read_map(reader, head, out);
    case TAG:
        return read_tag(reader, head, out);
    case SIMPLE:
        break;
    }
    return read_simple(reader, head, out);
}

static enum balm_code read_value(struct reader *reader, struct balm_value *out)
{
    struct head head;
    enum balm_code code = read_head(reader, &head);

    if (code) return code;
    if (++reader->depth > BALM_CBOR_DEPTH) return bad(reader, "nested too deep");
    code = read_kind(reader, &head, out);
    reader->depth--;
    return code;
}

enum balm_code balm_cbor_parse(struct balm_arena *arena, const char *bytes, size_t len,
                               struct balm_value *out, struct balm_err *err)
{
    struct reader reader = {
        .arena = arena, .bytes = (const unsigned char *)bytes, .len = len, .err = err};
    enum balm_code code = read_value(&reader, out);

    if (!code && reader.at < len) code = bad(&reader, "something behind the value");
    return code;
}

/* ---- writing ---- */

static void add_number(struct balm_buf *buf, unsigned char first, uint64_t number, size_t size)
{
    unsigned char bytes[9] = {first};

    for (size_t i = 0; i < size; i++) {
        bytes[1 + i] = (unsigned char)(number >> 8 * (size - 1 - i));
    }
    (void)balm_buf_add(buf, bytes, 1 + size);
}

static void add_head(struct balm_buf *buf, enum major major, uint64_t number)
{
    unsigned char first = (unsigned char)(major << 5);

    if (number < 24) {
        add_number(buf, (unsigned char)(first | number), 0, 0);
    } else if (number <= UINT8_MAX) {
        add_number(buf, first | 24, number, 1);
    } else if (number <= UINT16_MAX) {
        add_number(buf, first | 25, number, 2);
    } else if (number <= UINT32_MAX) {
        add_number(buf, first | 26, number, 4);
    } else {
        add_number(buf, first | 27, number, 8);
    }
}

void balm_cbor_list(struct balm_buf *buf, size_t count)
{
    add_head(buf, LIST, count);
}

void balm_cbor_map(struct balm_buf *buf, size_t count)
{
    add_head(buf, MAP, count);
}

void balm_cbor_text(struct balm_buf *buf, const char *text, size_t len)
{
    add_head(buf, TEXT, len);
    (void)balm_buf_add(buf, text, len);
}

void balm_cbor_bytes(struct balm_buf *buf, const char *bytes, size_t len)
{
    add_head(buf, BYTES, len);
    (void)balm_buf_add(buf, bytes, len);
}

void balm_cbor_int(struct balm_buf *buf, int64_t number)
{
    if (number >= 0) {
        add_head(buf, UNSIGNED, (uint64_t)number);
    } else {
        add_head(buf, NEGATIVE, (uint64_t)(-1 - number));
    }
}

void balm_cbor_time(struct balm_buf *buf, int64_t seconds)
{
    add_head(buf, TAG, TAG_TIME);
    balm_cbor_int(buf, seconds);
}

void balm_cbor_bool(struct balm_buf *buf, bool boolean)
{
    add_head(buf, SIMPLE, boolean ? 21 : 20);
}

void balm_cbor_null(struct balm_buf *buf)
{
    add_head(buf, SIMPLE, 22);
}

/* Those that no size makes any finer. */
static bool add_special(struct balm_buf *buf, double number)
{
    uint64_t half = 0x7e00;

    if (!isnan(number) && !isinf(number)) return false;
    if (isinf(number)) half = number > 0 ? 0x7c00 : 0xfc00;
    add_number(buf, SIMPLE << 5 | 25, half, 2);
    return true;
}

void balm_cbor_float(struct balm_buf *buf, double number)
{
    float narrow = (float)number;
    uint32_t bits;

    if (add_special(buf, (double)narrow)) return;
    memcpy(&bits, &narrow, sizeof bits);
    add_number(buf, SIMPLE << 5 | 26, bits, sizeof bits);
}

void balm_cbor_double(struct balm_buf *buf, double number)
{
    uint64_t bits;

    if (add_special(buf, number)) return;
    memcpy(&bits, &number, sizeof bits);
    add_number(buf, SIMPLE << 5 | 27, bits, sizeof bits);
}
