/* model_build, the part that lays out one blob. */
#include "aws/model_build_internal.h"

#include "core/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 1024

/* ---- pools ---- */

static void pool_clear(struct balm_pool *pool)
{
    balm_buf_clear(&pool->bytes);
    pool->used = 0;
    if (pool->slots) memset(pool->slots, 0, pool->slot_count * sizeof *pool->slots);
}

static void pool_free(struct balm_pool *pool)
{
    balm_buf_free(&pool->bytes);
    free(pool->slots);
    pool->slots = NULL;
    pool->slot_count = 0;
    pool->used = 0;
}

static struct balm_pool_slot *pool_slot(const struct balm_pool *pool, uint32_t hash,
                                        const void *bytes, size_t len)
{
    size_t i = hash & (pool->slot_count - 1);
    for (;;) {
        struct balm_pool_slot *slot = &pool->slots[i];
        if (!slot->used) return slot;
        if (slot->hash == hash && slot->len == len &&
            (!bytes || memcmp(pool->bytes.bytes + slot->at, bytes, len) == 0)) {
            return slot;
        }
        i = (i + 1) & (pool->slot_count - 1);
    }
}

static bool pool_grow(struct balm_pool *pool)
{
    struct balm_pool bigger = *pool;
    size_t i;
    bigger.slot_count = pool->slot_count ? pool->slot_count * 2 : SLOTS_MIN;
    bigger.slots = calloc(bigger.slot_count, sizeof *bigger.slots);
    if (!bigger.slots) return false;
    for (i = 0; i < pool->slot_count; i++) {
        const struct balm_pool_slot *slot = &pool->slots[i];
        if (!slot->used) continue;
        *pool_slot(&bigger, slot->hash, pool->bytes.bytes + slot->at, slot->len) = *slot;
    }
    free(pool->slots);
    *pool = bigger;
    return true;
}

/* The place of bytes, or -1 when memory ran out (the buffer remembers). */
static int64_t pool_put(struct balm_pool *pool, const void *bytes, size_t len)
{
    uint32_t hash = (uint32_t)balm_hash(bytes, len);
    struct balm_pool_slot *slot;
    if (pool->used * 2 >= pool->slot_count && !pool_grow(pool)) {
        pool->bytes.code = BALM_E_NOMEM;
        return -1;
    }
    slot = pool_slot(pool, hash, bytes, len);
    if (!slot->used) {
        size_t at = pool->bytes.len;
        if (balm_buf_add(&pool->bytes, bytes, len)) return -1;
        *slot = (struct balm_pool_slot){hash, (uint32_t)at, (uint32_t)len, 1};
        pool->used++;
    }
    return slot->at;
}

/* ---- the blob ---- */

void balm_blob_init(struct balm_blob *blob)
{
    size_t i;
    memset(blob, 0, sizeof *blob);
    for (i = 0; i < BALM_REGION_COUNT; i++) {
        balm_buf_init(&blob->pools[i].bytes, BALM_BUF_MAX);
    }
    balm_buf_init(&blob->shape_names.bytes, BALM_BUF_MAX);
}

void balm_blob_free(struct balm_blob *blob)
{
    size_t i;
    for (i = 0; i < BALM_REGION_COUNT; i++) {
        pool_free(&blob->pools[i]);
    }
    pool_free(&blob->shape_names);
}

void balm_blob_begin(struct balm_blob *blob, struct balm_arena *arena)
{
    size_t i;
    memset(&blob->head, 0, sizeof blob->head);
    memset(&blob->fault, 0, sizeof blob->fault);
    for (i = 0; i < BALM_REGION_COUNT; i++) {
        pool_clear(&blob->pools[i]);
    }
    pool_clear(&blob->shape_names);
    blob->shapes = balm_null();
    blob->arena = arena;
    balm_blob_text(blob, ""); /* at 0, where the check wants a NUL */
}

void balm_blob_fault(struct balm_blob *blob, const char *format, ...)
{
    char message[sizeof blob->fault.message];
    va_list args;
    if (blob->fault.code) return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    balm_fail(&blob->fault, BALM_E_INPUT, "%s", message);
}

static balm_ref put_in(struct balm_blob *blob, struct balm_pool *pool, const void *bytes,
                       size_t len)
{
    int64_t at = pool_put(pool, bytes, len);
    if (at < 0 && !blob->fault.code) balm_buf_status(&pool->bytes, "the pack", &blob->fault);
    return at < 0 ? 0 : (balm_ref)(at + 1);
}

balm_ref balm_blob_put(struct balm_blob *blob, enum balm_region region, const void *bytes,
                       size_t len)
{
    return put_in(blob, &blob->pools[region], bytes, len);
}

balm_ref balm_blob_text(struct balm_blob *blob, const char *text)
{
    return balm_blob_put(blob, BALM_REGION_TEXT, text, strlen(text) + 1);
}

balm_ref balm_blob_text_of(struct balm_blob *blob, struct balm_value text)
{
    if (text.type != BALM_STRING) return 0;
    if (strlen(text.as.text) != text.len) {
        balm_blob_fault(blob, "a text with a zero byte in it: \"%s...\"", text.as.text);
    }
    return balm_blob_text(blob, text.as.text);
}

balm_ref balm_blob_shape(struct balm_blob *blob, balm_ref name)
{
    balm_ref place = put_in(blob, &blob->shape_names, &name, sizeof name);
    return place ? (place - 1) / (balm_ref)sizeof name * (balm_ref)sizeof(struct balm_shape) + 1
                 : 0;
}

balm_ref balm_blob_texts(struct balm_blob *blob, struct balm_value list, uint16_t *count)
{
    size_t len = balm_list_len(list);
    balm_ref *refs = balm_arena_alloc(blob->arena, len * sizeof *refs);
    size_t i;
    *count = 0;
    if (len == 0 || !refs) return 0;
    if (len > UINT16_MAX) {
        balm_blob_fault(blob, "a list of %zu texts is too long", len);
        return 0;
    }
    for (i = 0; i < len; i++) {
        refs[i] = balm_blob_text_of(blob, *balm_list_at(list, i));
        if (!refs[i]) balm_blob_fault(blob, "a list of texts holds something else");
    }
    *count = (uint16_t)len;
    return balm_blob_put(blob, BALM_REGION_TEXTS, refs, len * sizeof *refs);
}

/* ---- documents ---- */

static int by_key(const void *a, const void *b)
{
    const struct balm_entry *const *one = a;
    const struct balm_entry *const *other = b;
    return strcmp((*one)->key, (*other)->key);
}

/* What the items of a list or a map make of their container. */
static void weigh(struct balm_blob *blob, struct balm_node *node, balm_ref item)
{
    struct balm_node child;
    if (!item) return; /* a fault is known */
    memcpy(&child, blob->pools[BALM_REGION_NODE].bytes.bytes + item - 1, sizeof child);
    if (child.depth >= node->depth) node->depth = (uint8_t)(child.depth + 1);
    node->weight += child.weight;
}

static void fill_items(struct balm_blob *blob, struct balm_node *node, const balm_ref *items,
                       size_t count)
{
    size_t i;
    if (count > UINT16_MAX) balm_blob_fault(blob, "a list or map of %zu is too long", count);
    node->count = (uint16_t)count;
    for (i = 0; i < count; i++) {
        weigh(blob, node, items[i]);
    }
    if (node->weight > BALM_NODE_WEIGHT_MAX) balm_blob_fault(blob, "a document is too large");
    if (count) {
        node->as.ref.to = balm_blob_put(blob, BALM_REGION_ITEMS, items, count * sizeof *items);
    }
}

static void fill_list(struct balm_blob *blob, struct balm_node *node, struct balm_value list)
{
    size_t count = balm_list_len(list);
    balm_ref *items = balm_arena_alloc(blob->arena, count * sizeof *items);
    size_t i;
    if (!items) return;
    for (i = 0; i < count; i++) {
        items[i] = balm_blob_node(blob, *balm_list_at(list, i));
    }
    fill_items(blob, node, items, count);
}

static bool is_documentation(const struct balm_entry *entry)
{
    return strcmp(entry->key, "documentation") == 0 && entry->value.type == BALM_STRING;
}

static void fill_map(struct balm_blob *blob, struct balm_node *node, struct balm_value map)
{
    size_t len = balm_map_len(map);
    const struct balm_entry **sorted = balm_arena_alloc(blob->arena, len * sizeof *sorted);
    balm_ref *items = balm_arena_alloc(blob->arena, len * sizeof *items);
    balm_ref *keys = balm_arena_alloc(blob->arena, len * sizeof *keys);
    size_t count = 0;
    size_t i;
    if (!sorted || !items || !keys) return;
    for (i = 0; i < len; i++) {
        const struct balm_entry *entry = balm_map_at(map, i);
        if (!is_documentation(entry)) sorted[count++] = entry;
    }
    if (count) qsort(sorted, count, sizeof *sorted, by_key);
    for (i = 0; i < count; i++) {
        keys[i] = balm_blob_text(blob, sorted[i]->key);
        items[i] = balm_blob_node(blob, sorted[i]->value);
    }
    fill_items(blob, node, items, count);
    if (count) {
        node->as.ref.keys = balm_blob_put(blob, BALM_REGION_TEXTS, keys, count * sizeof *keys);
    }
}

balm_ref balm_blob_node(struct balm_blob *blob, struct balm_value value)
{
    struct balm_node node;
    memset(&node, 0, sizeof node);
    node.type = value.type;
    node.weight = 1;
    switch ((enum balm_type)value.type) {
    case BALM_NULL:
        break;
    case BALM_BOOL:
        node.as.integer = value.as.boolean;
        break;
    case BALM_INT:
        node.as.integer = value.as.integer;
        break;
    case BALM_DOUBLE:
        node.as.number = value.as.number;
        break;
    case BALM_STRING:
        node.as.ref.to = balm_blob_text_of(blob, value);
        break;
    case BALM_LIST:
        node.depth = 1;
        fill_list(blob, &node, value);
        break;
    case BALM_MAP:
        node.depth = 1;
        fill_map(blob, &node, value);
        break;
    default:
        balm_blob_fault(blob, "a document holds what JSON does not have");
    }
    return balm_blob_put(blob, BALM_REGION_NODE, &node, sizeof node);
}

/* ---- layout ---- */

static size_t aligned(size_t at)
{
    return (at + BALM_PACK_ALIGN - 1) & ~(size_t)(BALM_PACK_ALIGN - 1);
}

static void pad(struct balm_buf *out)
{
    while (out->len % BALM_PACK_ALIGN && !out->code) {
        balm_buf_addc(out, '\0');
    }
}

/* Turns offset + 1 within region into the distance from where the reference lies. */
static void relocate(const struct balm_service *head, char *blob, char *place,
                     enum balm_region region)
{
    uint32_t base = region == BALM_REGION_SERVICE ? 0 : head->regions[region].at;
    balm_ref ref;
    memcpy(&ref, place, sizeof ref);
    if (!ref) return;
    ref = (balm_ref)((int64_t)base + ref - 1 - (place - blob));
    memcpy(place, &ref, sizeof ref);
}

static void relocate_nodes(const struct balm_service *head, char *blob)
{
    const struct balm_extent *extent = &head->regions[BALM_REGION_NODE];
    uint32_t i;
    for (i = 0; i < extent->count; i++) {
        char *place = blob + extent->at + i * sizeof(struct balm_node);
        char *to = place + offsetof(struct balm_node, as.ref.to);
        uint8_t type = (uint8_t)*place;
        if (type == BALM_STRING) relocate(head, blob, to, BALM_REGION_TEXT);
        if (type != BALM_LIST && type != BALM_MAP) continue;
        relocate(head, blob, to, BALM_REGION_ITEMS);
        relocate(head, blob, to + sizeof(balm_ref), BALM_REGION_TEXTS);
    }
}

static void relocate_region(const struct balm_service *head, char *blob, enum balm_region region)
{
    const struct balm_pack_record *kind = &balm_pack_records[region];
    bool is_head = region == BALM_REGION_SERVICE;
    char *record = is_head ? blob : blob + head->regions[region].at;
    uint32_t count = is_head ? 1 : head->regions[region].count;
    uint32_t i;
    uint32_t f;
    for (i = 0; i < count; i++, record += kind->size) {
        for (f = 0; f < kind->field_count; f++) {
            relocate(head, blob, record + kind->fields[f].at,
                     (enum balm_region)kind->fields[f].region);
        }
    }
}

static void place_regions(struct balm_blob *blob)
{
    size_t at = aligned(sizeof blob->head);
    size_t i;
    for (i = 0; i < BALM_REGION_COUNT; i++) {
        size_t len = blob->pools[i].bytes.len;
        blob->head.regions[i].at = (uint32_t)at;
        blob->head.regions[i].count = (uint32_t)(len / balm_pack_records[i].size);
        at = aligned(at + len);
    }
    if (at > INT32_MAX) balm_blob_fault(blob, "it is too large");
    blob->head.size = (uint32_t)at;
}

enum balm_code balm_blob_finish(struct balm_blob *blob, struct balm_buf *out, struct balm_err *err)
{
    size_t start = out->len;
    int i;
    place_regions(blob);
    if (balm_arena_status(blob->arena, err)) return err->code;
    if (blob->fault.code) {
        *err = blob->fault;
        return err->code;
    }
    balm_buf_add(out, &blob->head, sizeof blob->head);
    pad(out);
    for (i = 0; i < BALM_REGION_COUNT; i++) {
        balm_buf_add(out, blob->pools[i].bytes.bytes, blob->pools[i].bytes.len);
        pad(out);
    }
    if (balm_buf_status(out, "the pack", err)) return err->code;
    for (i = 0; i <= BALM_REGION_SERVICE; i++) {
        relocate_region(&blob->head, out->bytes + start, (enum balm_region)i);
    }
    relocate_nodes(&blob->head, out->bytes + start);
    return BALM_OK;
}
