/* model, the part about the file: mapping it, finding what lies in it, checking it at first use. */
#include "aws/model_pack.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT(type, member)                                                                         \
    {                                                                                              \
        offsetof(struct type, member), BALM_REGION_TEXT, false                                     \
    }
#define NODE(type, member)                                                                         \
    {                                                                                              \
        offsetof(struct type, member), BALM_REGION_NODE, false                                     \
    }
#define REF(type, member, region, required)                                                        \
    {                                                                                              \
        offsetof(struct type, member), BALM_REGION_##region, required                              \
    }
#define RECORD(size, fields)                                                                       \
    {                                                                                              \
        (size), sizeof(fields) / sizeof *(fields), fields                                          \
    }

static const struct balm_pack_field service_fields[] = {
    REF(balm_service, name, TEXT, true),
    TEXT(balm_service, api_version),
    TEXT(balm_service, id),
    TEXT(balm_service, signing_name),
    TEXT(balm_service, endpoint_prefix),
    TEXT(balm_service, signature),
    TEXT(balm_service, json_version),
    TEXT(balm_service, target_prefix),
    TEXT(balm_service, xml_namespace),
    TEXT(balm_service, global_endpoint),
    NODE(balm_service, rules),
    NODE(balm_service, paginators),
    NODE(balm_service, waiters),
    NODE(balm_service, client_context),
};
static const struct balm_pack_field shape_fields[] = {
    REF(balm_shape, name, TEXT, true),
    REF(balm_shape, members, MEMBER, false),
    REF(balm_shape, more, SHAPE_MORE, false),
};
static const struct balm_pack_field member_fields[] = {
    REF(balm_member, name, TEXT, true),
    REF(balm_member, shape, SHAPE, true),
    REF(balm_member, more, MEMBER_MORE, false),
};
static const struct balm_pack_field operation_fields[] = {
    REF(balm_operation, service, SERVICE, true),
    REF(balm_operation, name, TEXT, true),
    REF(balm_operation, snake_name, TEXT, true),
    REF(balm_operation, method, TEXT, true),
    REF(balm_operation, uri, TEXT, true),
    REF(balm_operation, input, MEMBER, false),
    REF(balm_operation, output, MEMBER, false),
    REF(balm_operation, errors, SHAPES, false),
    REF(balm_operation, actions, TEXTS, false),
    REF(balm_operation, dependents, TEXTS, false),
    REF(balm_operation, more, OPERATION_MORE, false),
};
static const struct balm_pack_field shape_more_fields[] = {
    REF(balm_shape_more, enums, TEXTS, false),
    TEXT(balm_shape_more, error_code),
};
static const struct balm_pack_field member_more_fields[] = {
    TEXT(balm_member_more, location_name), TEXT(balm_member_more, query_name),
    TEXT(balm_member_more, xml_namespace), TEXT(balm_member_more, xml_prefix),
    TEXT(balm_member_more, context_param),
};
static const struct balm_pack_field operation_more_fields[] = {
    TEXT(balm_operation_more, result_wrapper), TEXT(balm_operation_more, host_prefix),
    TEXT(balm_operation_more, auth_type),      TEXT(balm_operation_more, checksum_member),
    TEXT(balm_operation_more, compression),    NODE(balm_operation_more, static_context),
    NODE(balm_operation_more, context),
};
static const struct balm_pack_field text_ref[] = {{0, BALM_REGION_TEXT, true}};
static const struct balm_pack_field shape_ref[] = {{0, BALM_REGION_SHAPE, true}};
static const struct balm_pack_field node_ref[] = {{0, BALM_REGION_NODE, true}};

const struct balm_pack_record balm_pack_records[BALM_REGION_COUNT + 1] = {
    [BALM_REGION_TEXT] = {1, 0, NULL},
    [BALM_REGION_SHAPE] = RECORD(sizeof(struct balm_shape), shape_fields),
    [BALM_REGION_MEMBER] = RECORD(sizeof(struct balm_member), member_fields),
    [BALM_REGION_OPERATION] = RECORD(sizeof(struct balm_operation), operation_fields),
    [BALM_REGION_SHAPE_MORE] = RECORD(sizeof(struct balm_shape_more), shape_more_fields),
    [BALM_REGION_MEMBER_MORE] = RECORD(sizeof(struct balm_member_more), member_more_fields),
    [BALM_REGION_OPERATION_MORE] =
        RECORD(sizeof(struct balm_operation_more), operation_more_fields),
    [BALM_REGION_NODE] = {sizeof(struct balm_node), 0, NULL},
    [BALM_REGION_TEXTS] = RECORD(sizeof(balm_ref), text_ref),
    [BALM_REGION_SHAPES] = RECORD(sizeof(balm_ref), shape_ref),
    [BALM_REGION_ITEMS] = RECORD(sizeof(balm_ref), node_ref),
    [BALM_REGION_SERVICE] = RECORD(sizeof(struct balm_service), service_fields),
};

struct balm_pack {
    const char *bytes; /* the mapping */
    size_t size;
    const struct balm_pack_head *head;
    const struct balm_pack_entry *entries;
    const char *names;
    uint8_t *checked; /* by entry: is its blob known to be good? */
    char *path;
};

/* Four lanes, so that the multiplications overlap. */
uint64_t balm_pack_sum(const void *bytes, size_t len)
{
    static const uint64_t factor = 0x9E3779B97F4A7C15u;
    const unsigned char *at = bytes;
    uint64_t lanes[4] = {len, 1, 2, 3};
    uint64_t sum = 0;
    size_t i;
    for (; len >= sizeof lanes; at += sizeof lanes, len -= sizeof lanes) {
        uint64_t words[4];
        memcpy(words, at, sizeof words);
        for (i = 0; i < 4; i++) {
            lanes[i] = (lanes[i] ^ words[i]) * factor;
            lanes[i] ^= lanes[i] >> 29;
        }
    }
    for (i = 0; i < 4; i++) {
        sum = (sum ^ lanes[i]) * factor;
        sum ^= sum >> 32;
    }
    for (; len > 0; at++, len--) {
        sum = (sum ^ *at) * factor;
        sum ^= sum >> 32;
    }
    return sum;
}

static enum balm_code bad(struct balm_err *err, const char *path, const char *why)
{
    return balm_fail(err, BALM_E_INPUT, "%s %s; make it again with \"balm models build\"", path,
                     why);
}

/* The head, the entries and the names; nothing of the blobs. */
static enum balm_code check_head(const char *bytes, size_t size, const char *path,
                                 struct balm_err *err)
{
    const struct balm_pack_head *head = (const struct balm_pack_head *)bytes;
    uint64_t entries_end;
    if (size < sizeof *head || memcmp(head->magic, BALM_PACK_MAGIC, sizeof head->magic) != 0) {
        return bad(err, path, "is not a model pack");
    }
    if (head->order != BALM_PACK_ORDER) return bad(err, path, "is of a machine of another kind");
    if (head->version != BALM_PACK_VERSION) {
        return bad(err, path, "was made by another version of Balm");
    }
    if (head->size != size) return bad(err, path, "is cut short or has grown");
    entries_end = sizeof *head + ((uint64_t)head->service_count + head->document_count) *
                                     sizeof(struct balm_pack_entry);
    if (head->names_at != entries_end || head->names_len == 0 || head->names_len > size ||
        entries_end > size - head->names_len || bytes[entries_end + head->names_len - 1] != '\0') {
        return bad(err, path, "is damaged in its head");
    }
    if (balm_pack_sum(bytes + BALM_PACK_SUM_FROM,
                      (size_t)entries_end + head->names_len - BALM_PACK_SUM_FROM) != head->sum) {
        return bad(err, path, "is damaged in its head");
    }
    return BALM_OK;
}

static enum balm_code map_file(struct balm_pack *pack, struct balm_err *err)
{
    struct stat status;
    void *bytes;
    int fd = open(pack->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return balm_fail(err, BALM_E_IO, "cannot open the model pack %s: %s", pack->path,
                         strerror(errno));
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return balm_fail(err, BALM_E_IO, "the model pack %s is not a file", pack->path);
    }
    if ((uint64_t)status.st_size < sizeof *pack->head) {
        close(fd);
        return bad(err, pack->path, "is not a model pack");
    }
    bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED) {
        return balm_fail(err, BALM_E_IO, "cannot map %s: %s", pack->path, strerror(errno));
    }
    pack->bytes = bytes;
    pack->size = (size_t)status.st_size;
    return BALM_OK;
}

enum balm_code balm_pack_open(struct balm_pack **out, const char *path, struct balm_err *err)
{
    struct balm_pack *pack = calloc(1, sizeof *pack);
    enum balm_code code;
    *out = NULL;
    if (!pack) return balm_nomem(err);
    pack->path = strdup(path);
    code = pack->path ? map_file(pack, err) : balm_nomem(err);
    if (code) goto out;
    code = check_head(pack->bytes, pack->size, path, err);
    if (code) goto out;
    pack->head = (const struct balm_pack_head *)pack->bytes;
    pack->entries = (const struct balm_pack_entry *)(pack->bytes + sizeof *pack->head);
    pack->names = pack->bytes + pack->head->names_at;
    pack->checked = calloc((size_t)pack->head->service_count + pack->head->document_count + 1, 1);
    if (!pack->checked) code = balm_nomem(err);
out:
    if (code) {
        balm_pack_release(pack);
    } else {
        *out = pack;
    }
    return code;
}

void balm_pack_release(struct balm_pack *pack)
{
    if (!pack) return;
    if (pack->bytes) munmap((void *)(uintptr_t)pack->bytes, pack->size);
    free(pack->checked);
    free(pack->path);
    free(pack);
}

size_t balm_pack_service_count(const struct balm_pack *pack)
{
    return pack->head->service_count;
}

static const char *entry_name(const struct balm_pack *pack, size_t i)
{
    uint32_t at = pack->entries[i].name;
    return at < pack->head->names_len ? pack->names + at : "";
}

const char *balm_pack_service_name(const struct balm_pack *pack, size_t i)
{
    return i < pack->head->service_count ? entry_name(pack, i) : "";
}

/* The entry's blob, checked once. */
static enum balm_code open_blob(struct balm_pack *pack, size_t i, const struct balm_service **out,
                                struct balm_err *err)
{
    const struct balm_pack_entry *entry = &pack->entries[i];
    const char *name = entry_name(pack, i);
    const char *blob = pack->bytes + entry->at;
    struct balm_err why;
    if (!pack->checked[i]) {
        if (entry->at % BALM_PACK_ALIGN != 0 || entry->at > pack->size ||
            entry->size > pack->size - entry->at ||
            balm_pack_sum(blob, entry->size) != entry->sum) {
            return balm_fail(err, BALM_E_INPUT,
                             "%s is damaged at \"%s\"; make it again with \"balm models build\"",
                             pack->path, name);
        }
        if (balm_pack_check(blob, entry->size, &why)) {
            return balm_fail(err, BALM_E_INPUT,
                             "%s is damaged at \"%s\": %s; make it again with \"balm models "
                             "build\"",
                             pack->path, name, why.message);
        }
        pack->checked[i] = 1;
    }
    *out = (const struct balm_service *)blob;
    return BALM_OK;
}

/* Names are sorted by byte. */
static bool find_service(const struct balm_pack *pack, const char *name, size_t *found)
{
    size_t low = 0;
    size_t high = pack->head->service_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, entry_name(pack, middle));
        if (order == 0) {
            *found = middle;
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

static enum balm_code unknown_service(const struct balm_pack *pack, const char *name,
                                      struct balm_err *err)
{
    size_t count = pack->head->service_count;
    const char **names = malloc((count + 1) * sizeof *names);
    const char *nearest = NULL;
    size_t i;
    if (names) {
        for (i = 0; i < count; i++) {
            names[i] = entry_name(pack, i);
        }
        nearest = balm_text_nearest(name, names, count);
        free(names);
    }
    if (!nearest) {
        return balm_fail(err, BALM_E_ARG,
                         "there is no service \"%s\"; \"balm models list\" names them all", name);
    }
    return balm_fail(err, BALM_E_ARG, "there is no service \"%s\"; did you mean \"%s\"?", name,
                     nearest);
}

enum balm_code balm_pack_service(struct balm_pack *pack, const char *name,
                                 const struct balm_service **out, struct balm_err *err)
{
    size_t i;
    *out = NULL;
    if (!find_service(pack, name, &i)) return unknown_service(pack, name, err);
    return open_blob(pack, i, out, err);
}

enum balm_code balm_pack_document(struct balm_pack *pack, const char *name,
                                  struct balm_arena *arena, struct balm_value *out,
                                  struct balm_err *err)
{
    const struct balm_service *blob;
    enum balm_code code;
    size_t i = pack->head->service_count;
    size_t end = i + pack->head->document_count;
    *out = balm_null();
    while (i < end && strcmp(entry_name(pack, i), name) != 0) {
        i++;
    }
    if (i == end) {
        return balm_fail(err, BALM_E_INPUT,
                         "%s has no \"%s\"; build it from a folder that has %s.json", pack->path,
                         name, name);
    }
    code = open_blob(pack, i, &blob, err);
    if (code) return code;
    *out = balm_node_value(balm_service_rules(blob), arena);
    return balm_arena_status(arena, err);
}
