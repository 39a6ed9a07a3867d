/* model_build, the part about operations. */
#include "aws/model_build_internal.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An operation on its way: what it is called, and where its record goes. */
struct draft {
    const char *name;
    const char *snake_name;
    struct balm_value stated;
    uint16_t index;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct draft *)a)->name, ((const struct draft *)b)->name);
}

static int by_snake_name(const void *a, const void *b)
{
    return strcmp(((const struct draft *)a)->snake_name, ((const struct draft *)b)->snake_name);
}

static balm_ref put_member(struct balm_blob *blob, const struct draft *draft, const char *which)
{
    struct balm_value stated = balm_get(draft->stated, which);
    struct balm_member member;
    char from[256];
    if (stated.type != BALM_MAP) return 0;
    snprintf(from, sizeof from, "operations.%s.%s", draft->name, which);
    member = balm_build_member(blob, "", stated, 0, from);
    return balm_blob_put(blob, BALM_REGION_MEMBER, &member, sizeof member);
}

static bool has_event_stream(struct balm_blob *blob, struct balm_value shape_ref)
{
    struct balm_value shape = balm_get(blob->shapes, balm_get_string(shape_ref, "shape", ""));
    struct balm_value members = balm_get(shape, "members");
    size_t i;
    for (i = 0; i < balm_map_len(members); i++) {
        struct balm_value member = balm_map_at(members, i)->value;
        struct balm_value of = balm_get(blob->shapes, balm_get_string(member, "shape", ""));
        if (balm_get_bool(of, "eventstream", false)) return true;
    }
    return false;
}

static balm_ref errors_of(struct balm_blob *blob, const struct draft *draft, uint16_t *count)
{
    struct balm_value errors = balm_get(draft->stated, "errors");
    size_t len = balm_list_len(errors);
    balm_ref *refs = balm_arena_alloc(blob->arena, len * sizeof *refs);
    char from[256];
    size_t i;
    *count = 0;
    if (len == 0 || len > UINT16_MAX || !refs) return 0;
    snprintf(from, sizeof from, "operations.%s.errors", draft->name);
    for (i = 0; i < len; i++) {
        refs[i] = balm_build_shape_ref(blob, balm_get(*balm_list_at(errors, i), "shape"), from);
    }
    *count = (uint16_t)len;
    return balm_blob_put(blob, BALM_REGION_SHAPES, refs, len * sizeof *refs);
}

/* The older trait, or what the newer `auth` list means by it. */
static balm_ref auth_type_of(struct balm_blob *blob, struct balm_value stated)
{
    struct balm_value older = balm_get(stated, "authtype");
    struct balm_value *first = balm_list_at(balm_get(stated, "auth"), 0);
    if (older.type == BALM_STRING) return balm_blob_text_of(blob, older);
    if (first && balm_is_text(*first, "smithy.api#noAuth")) return balm_blob_text(blob, "none");
    if (first && balm_is_text(*first, "smithy.api#httpBearerAuth")) {
        return balm_blob_text(blob, "bearer");
    }
    return 0;
}

static balm_ref node_of(struct balm_blob *blob, struct balm_value document)
{
    return document.type == BALM_MAP ? balm_blob_node(blob, document) : 0;
}

/* The one that Balm knows, wherever it is listed. */
static balm_ref compression_of(struct balm_blob *blob, struct balm_value stated)
{
    struct balm_value list = balm_path(stated, "requestcompression.encodings");
    size_t i;
    for (i = 0; i < balm_list_len(list); i++) {
        if (balm_is_text(*balm_list_at(list, i), "gzip")) return balm_blob_text(blob, "gzip");
    }
    return 0;
}

static balm_ref more_of(struct balm_blob *blob, struct balm_value stated)
{
    static const struct balm_operation_more none;
    struct balm_operation_more more = none;
    struct balm_value checksum = balm_get(stated, "httpChecksum");
    more.result_wrapper = balm_blob_text_of(blob, balm_path(stated, "output.resultWrapper"));
    more.host_prefix = balm_blob_text_of(blob, balm_path(stated, "endpoint.hostPrefix"));
    more.auth_type = auth_type_of(blob, stated);
    more.checksum_member = balm_blob_text_of(blob, balm_get(checksum, "requestAlgorithmMember"));
    more.compression = compression_of(blob, stated);
    more.static_context = node_of(blob, balm_get(stated, "staticContextParams"));
    more.context = node_of(blob, balm_get(stated, "operationContextParams"));
    if (memcmp(&more, &none, sizeof more) == 0) return 0;
    return balm_blob_put(blob, BALM_REGION_OPERATION_MORE, &more, sizeof more);
}

static unsigned flags_of(struct balm_blob *blob, struct balm_value stated, struct balm_value action)
{
    struct balm_value checksum = balm_get(stated, "httpChecksum");
    unsigned flags = 0;
    if (balm_get_bool(action, "read", false)) flags |= BALM_OPERATION_READ;
    if (balm_get_bool(stated, "unsignedPayload", false) ||
        balm_is_text(balm_get(stated, "authtype"), "v4-unsigned-body")) {
        flags |= BALM_OPERATION_UNSIGNED_PAYLOAD;
    }
    if (has_event_stream(blob, balm_get(stated, "input")) ||
        has_event_stream(blob, balm_get(stated, "output"))) {
        flags |= BALM_OPERATION_EVENT_STREAM;
    }
    if (balm_get_bool(stated, "httpChecksumRequired", false) ||
        balm_get_bool(checksum, "requestChecksumRequired", false)) {
        flags |= BALM_OPERATION_CHECKSUM_REQUIRED;
    }
    if (balm_get(checksum, "requestValidationModeMember").type == BALM_STRING) {
        flags |= BALM_OPERATION_CHECKSUM_RESPONSE;
    }
    return flags;
}

static void build_operation(struct balm_blob *blob, const struct draft *draft,
                            struct balm_value actions, uint16_t by_snake)
{
    struct balm_value http = balm_get(draft->stated, "http");
    struct balm_value action = balm_get(actions, draft->name);
    struct balm_operation one;
    memset(&one, 0, sizeof one);
    one.service = 1; /* the blob's start */
    one.name = balm_blob_text(blob, draft->name);
    one.snake_name = balm_blob_text(blob, draft->snake_name);
    one.method = balm_blob_text(blob, balm_get_string(http, "method", "POST"));
    one.uri = balm_blob_text(blob, balm_get_string(http, "requestUri", "/"));
    one.success = (uint16_t)balm_get_int(http, "responseCode", 200);
    one.input = put_member(blob, draft, "input");
    one.output = put_member(blob, draft, "output");
    one.errors = errors_of(blob, draft, &one.error_count);
    one.actions = balm_blob_texts(blob, balm_get(action, "actions"), &one.action_count);
    one.dependents = balm_blob_texts(blob, balm_get(action, "dependents"), &one.dependent_count);
    one.flags = (uint16_t)flags_of(blob, draft->stated, action);
    one.more = more_of(blob, draft->stated);
    one.by_snake = by_snake;
    balm_buf_add(&blob->pools[BALM_REGION_OPERATION].bytes, &one, sizeof one);
}

/* Sorted by API name. */
static struct draft *drafts_of(struct balm_blob *blob, struct balm_value operations)
{
    size_t count = balm_map_len(operations);
    struct draft *drafts = balm_arena_alloc(blob->arena, count * sizeof *drafts);
    struct balm_buf snake = BALM_BUF_INIT(BALM_BUF_MAX);
    size_t i;
    if (!drafts) return NULL;
    for (i = 0; i < count; i++) {
        const struct balm_entry *entry = balm_map_at(operations, i);
        balm_buf_clear(&snake);
        balm_text_snake(&snake, entry->key);
        drafts[i].name = entry->key;
        drafts[i].stated = entry->value;
        drafts[i].snake_name = balm_arena_strdup(blob->arena, snake.bytes);
    }
    balm_buf_free(&snake);
    if (blob->arena->code) return NULL;
    qsort(drafts, count, sizeof *drafts, by_name);
    for (i = 0; i < count; i++) {
        drafts[i].index = (uint16_t)i;
    }
    return drafts;
}

void balm_build_operations(struct balm_blob *blob, struct balm_value operations,
                           struct balm_value actions)
{
    size_t count = balm_map_len(operations);
    struct draft *drafts;
    struct draft *by_snake;
    size_t i;
    if (count == 0) return;
    if (count > UINT16_MAX) {
        balm_blob_fault(blob, "%zu operations are too many", count);
        return;
    }
    drafts = drafts_of(blob, operations);
    by_snake = balm_arena_alloc(blob->arena, count * sizeof *by_snake);
    if (!drafts || !by_snake) return; /* the arena remembers */
    memcpy(by_snake, drafts, count * sizeof *by_snake);
    qsort(by_snake, count, sizeof *by_snake, by_snake_name);
    for (i = 0; i < count; i++) {
        build_operation(blob, &drafts[i], actions, by_snake[i].index);
    }
    if (blob->pools[BALM_REGION_OPERATION].bytes.code && !blob->fault.code) {
        balm_buf_status(&blob->pools[BALM_REGION_OPERATION].bytes, "the pack", &blob->fault);
    }
}
