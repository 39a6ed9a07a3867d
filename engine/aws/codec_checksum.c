/*
 * codec_checksum: checksums of bodies, on the way out and on the way in.
 */
#include "aws/codec_internal.h"
#include "core/digest.h"
#include "core/text.h"

#include <string.h>
#include <strings.h>

#define DIGEST_MAX BALM_SHA512_LEN

enum algorithm { CRC64_NVME, CRC32C, CRC32, SHA1, SHA256, SHA512, ALGORITHM_COUNT };

/* In the order in which an answer's are looked for. */
static const struct {
    const char *name; /* as the API's members have it */
    const char *header;
} algorithms[ALGORITHM_COUNT] = {
    [CRC64_NVME] = {"CRC64NVME", "x-amz-checksum-crc64nvme"},
    [CRC32C] = {"CRC32C", "x-amz-checksum-crc32c"},
    [CRC32] = {"CRC32", "x-amz-checksum-crc32"},
    [SHA1] = {"SHA1", "x-amz-checksum-sha1"},
    [SHA256] = {"SHA256", "x-amz-checksum-sha256"},
    [SHA512] = {"SHA512", "x-amz-checksum-sha512"},
};

/* A reflected cyclic redundancy check that begins and ends with all ones. */
static uint64_t crc(uint64_t polynomial, uint64_t ones, const struct balm_buf *body)
{
    uint64_t table[256];
    uint64_t sum = ones;

    for (uint64_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++) {
            table[i] = table[i] & 1 ? table[i] >> 1 ^ polynomial : table[i] >> 1;
        }
    }
    for (size_t i = 0; i < body->len; i++) {
        sum = table[(sum ^ (unsigned char)body->bytes[i]) & 0xff] ^ sum >> 8;
    }
    return sum ^ ones;
}

static size_t put_big_endian(unsigned char *out, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (unsigned char)(number >> 8 * (size - 1 - i));
    }
    return size;
}

static size_t digest(unsigned char out[DIGEST_MAX], enum algorithm algorithm,
                     const struct balm_buf *body)
{
    switch (algorithm) {
    case CRC64_NVME:
        return put_big_endian(out, crc(0x9a6c9329ac4bc9b5, UINT64_MAX, body), 8);
    case CRC32C:
        return put_big_endian(out, crc(0x82f63b78, UINT32_MAX, body), 4);
    case CRC32:
        return put_big_endian(out, balm_crc32(body->bytes, body->len), 4);
    case SHA1:
        balm_sha1(out, body->bytes, body->len);
        return BALM_SHA1_LEN;
    case SHA256:
        balm_sha256(out, body->bytes, body->len);
        return BALM_SHA256_LEN;
    case SHA512:
        balm_sha512(out, body->bytes, body->len);
        return BALM_SHA512_LEN;
    case ALGORITHM_COUNT:
        break;
    }
    return 0;
}

static const char *digest_text(enum algorithm algorithm, const struct balm_buf *body,
                               struct balm_arena *arena)
{
    unsigned char bytes[DIGEST_MAX];
    size_t len = digest(bytes, algorithm, body);
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)balm_text_base64(&text, bytes, len);
    return balm_codec_keep(&text, arena);
}

/* ---- requests ---- */

/* One given by hand, under whatever algorithm. */
static bool has_checksum(const struct balm_request *request)
{
    static const char prefix[] = "x-amz-checksum-";
    size_t len = sizeof prefix - 1;

    for (size_t i = 0; i < request->header_len; i++) {
        const char *name = request->headers[i].name;
        if (strncasecmp(name, prefix, len) == 0 && !strchr(name + len, '-')) return true;
    }
    return false;
}

static enum algorithm algorithm_named(struct balm_value name)
{
    enum algorithm found = 0;

    while (found < ALGORITHM_COUNT &&
           (name.type != BALM_STRING ||
            !balm_text_same_nocase(algorithms[found].name, name.as.text))) {
        found++;
    }
    return found;
}

/* Says in a header of its own which algorithm was taken, where the model has one for it. */
static void name_algorithm(const struct balm_operation *operation, const char *member_name,
                           struct balm_request *request, enum algorithm algorithm)
{
    const struct balm_shape *shape = balm_operation_input(operation);
    const struct balm_member *member =
        shape ? balm_shape_member(shape, member_name, strlen(member_name)) : NULL;

    if (!member || balm_member_location(member) != BALM_IN_HEADER) return;
    balm_request_set_header(request, balm_member_location_name(member), algorithms[algorithm].name);
}

enum balm_code balm_codec_add_checksum(const struct balm_operation *operation,
                                       struct balm_value params, struct balm_request *request,
                                       struct balm_err *err)
{
    const char *member = balm_operation_checksum_member(operation);
    struct balm_value asked = member[0] ? balm_get(params, member) : balm_null();
    enum algorithm algorithm = CRC32;

    if (!member[0] && !balm_operation_checksum_required(operation)) return BALM_OK;
    if (has_checksum(request) || asked.type == BALM_UNKNOWN) return BALM_OK;
    if (balm_is_null(asked)) {
        name_algorithm(operation, member, request, algorithm);
    } else {
        algorithm = algorithm_named(asked);
    }
    if (algorithm == ALGORITHM_COUNT) {
        return balm_fail(err, BALM_E_ARG,
                         "%s: Balm knows the checksums CRC32, CRC32C, CRC64NVME, "
                         "SHA1, SHA256 and SHA512",
                         member);
    }
    const char *text = digest_text(algorithm, &request->body, request->arena);
    if (text) balm_request_set_header(request, algorithms[algorithm].header, text);
    request->checksummed = true;
    return balm_arena_status(request->arena, err);
}

/* ---- answers ---- */

enum balm_code balm_codec_check_checksum(const struct balm_codec_reader *reader)
{
    if (!balm_operation_checksum_response(reader->operation)) return BALM_OK;
    for (enum algorithm i = 0; i < ALGORITHM_COUNT; i++) {
        const char *told = balm_response_header(reader->response, algorithms[i].header);
        /* with "-3" behind it it is a checksum of the parts' checksums */
        if (!told || strchr(told, '-')) continue;
        const char *made = digest_text(i, &reader->response->body, reader->arena);
        if (!made) return balm_arena_status(reader->arena, reader->err);
        if (strcmp(told, made) == 0) return BALM_OK;
        return balm_fail(reader->err, BALM_E_INPUT, "the body does not match its %s: %s, not %s",
                         algorithms[i].header, made, told);
    }
    return BALM_OK;
}
