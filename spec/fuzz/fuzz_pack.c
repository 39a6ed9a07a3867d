/* Packs that somebody forged: with sums that fit, whatever else is wrong. What a pack holds is
   walked, and its rules are asked. */
#include "aws/model.h"
#include "aws/model_pack.h"
#include "aws/rules.h"
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEPTH 3

static void walk(const struct balm_shape *shape, int depth)
{
    size_t count;

    if (!shape || depth == DEPTH) return;
    FUZZ_HOLDS(balm_shape_name(shape) != NULL);
    switch (balm_shape_kind(shape)) {
    case BALM_SHAPE_STRUCTURE:
        count = balm_shape_member_count(shape);
        for (size_t i = 0; i < count; i++) {
            const struct balm_member *member = balm_shape_member_at(shape, i);
            FUZZ_HOLDS(balm_member_name(member) && balm_member_location_name(member));
            walk(balm_member_shape(member), depth + 1);
        }
        break;
    case BALM_SHAPE_LIST:
        walk(balm_member_shape(balm_shape_item(shape)), depth + 1);
        break;
    case BALM_SHAPE_MAP:
        walk(balm_member_shape(balm_shape_key(shape)), depth + 1);
        walk(balm_member_shape(balm_shape_value(shape)), depth + 1);
        break;
    default:
        break;
    }
}

static void ask_rules(struct balm_pack *pack, const struct balm_service *service)
{
    const struct balm_node *rules = balm_service_rules(service);
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_partitions *partitions;
    struct balm_rules_result result;
    struct balm_value params = balm_map(&arena);
    struct balm_err err;

    balm_map_set(&arena, params, "Region", balm_string("eu-west-1"));
    if (rules && !balm_partitions_new(&partitions, pack, &err)) {
        (void)balm_rules_evaluate(rules, partitions, NULL, params, &arena, &result, &err);
        balm_partitions_release(partitions);
    }
    balm_arena_free(&arena);
}

static void read_all(struct balm_pack *pack)
{
    for (size_t i = 0; i < balm_pack_service_count(pack); i++) {
        const struct balm_service *service;
        struct balm_err err;
        if (balm_pack_service(pack, balm_pack_service_name(pack, i), &service, &err)) continue;
        for (size_t k = 0; k < balm_service_operation_count(service); k++) {
            const struct balm_operation *operation = balm_service_operation_at(service, k);
            walk(balm_operation_input(operation), 0);
            walk(balm_operation_output(operation), 0);
        }
        ask_rules(pack, service);
    }
}

/* Makes the sums fit what they stand for, where they lie within the bytes. */
static void forge(char *bytes, size_t len)
{
    struct balm_pack_head head;
    size_t count, head_end;

    if (len < sizeof head) return;
    memcpy(&head, bytes, sizeof head);
    head.size = len;
    count = (size_t)head.service_count + head.document_count;
    for (size_t i = 0; i < count && i < 64; i++) {
        size_t at = sizeof head + i * sizeof(struct balm_pack_entry);
        struct balm_pack_entry entry;
        if (at > len || sizeof entry > len - at) break;
        memcpy(&entry, bytes + at, sizeof entry);
        if (entry.at % BALM_PACK_ALIGN || entry.at > len || entry.size > len - entry.at) continue;
        entry.sum = balm_pack_sum(bytes + entry.at, entry.size);
        memcpy(bytes + at, &entry, sizeof entry);
    }
    head_end = (size_t)head.names_at + head.names_len;
    if (head_end < BALM_PACK_SUM_FROM || head_end > len) return;
    memcpy(bytes, &head, sizeof head);
    head.sum = balm_pack_sum(bytes + BALM_PACK_SUM_FROM, head_end - BALM_PACK_SUM_FROM);
    memcpy(bytes, &head, sizeof head);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    int fd = memfd_create("pack", MFD_CLOEXEC);
    struct balm_pack *pack;
    struct balm_err err;
    char path[64];

    if (copy && fd >= 0) {
        memcpy(copy, bytes, len);
        forge(copy, len);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (write(fd, copy, len) == (ssize_t)len && !balm_pack_open(&pack, path, &err)) {
            read_all(pack);
            balm_pack_release(pack);
        }
    }
    if (fd >= 0) (void)close(fd);
    free(copy);
    return 0;
}
