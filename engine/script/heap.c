#include "script/heap.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STEP        ((size_t)16)
#define CHUNK_FIRST ((size_t)20 << 10) /* most runs need no second one */
#define CHUNK_NEXT  ((size_t)16 << 10)

/* The address sanitizer sees into objects only where each is an allocation of its own. */
#ifdef __SANITIZE_ADDRESS__
#define SMALL_MAX ((size_t)0)
#else
#define SMALL_MAX (STEP * BALM_HEAP_CLASSES)
#endif

struct balm_heap_block {
    struct balm_heap_block *next;
    struct balm_heap_block *before;
    size_t size; /* with this header */
    alignas(16) char bytes[];
};

void balm_heap_init(struct balm_heap *heap, size_t ceiling)
{
    memset(heap, 0, sizeof *heap);
    heap->ceiling = ceiling;
}

void balm_heap_free(struct balm_heap *heap)
{
    struct balm_heap_block *block = heap->blocks;

    while (block) {
        struct balm_heap_block *next = block->next;
        free(block);
        block = next;
    }
    balm_heap_init(heap, heap->ceiling);
}

static bool may_hold(struct balm_heap *heap, size_t more)
{
    if (heap->closing) return true;
    return more <= heap->ceiling && heap->held <= heap->ceiling - more;
}

static void hold(struct balm_heap *heap, size_t more)
{
    heap->held += more;
    if (heap->held > heap->peak) heap->peak = heap->held;
}

static struct balm_heap_block *new_block(struct balm_heap *heap, size_t size)
{
    size_t whole = size + sizeof(struct balm_heap_block);
    struct balm_heap_block *block;

    if (size > SIZE_MAX / 2 || !may_hold(heap, whole)) return NULL;
    block = malloc(whole);
    if (!block) return NULL;
    block->size = whole;
    block->before = NULL;
    block->next = heap->blocks;
    if (block->next) block->next->before = block;
    heap->blocks = block;
    hold(heap, whole);
    return block;
}

static struct balm_heap_block *block_of(void *object)
{
    return (struct balm_heap_block *)((char *)object - offsetof(struct balm_heap_block, bytes));
}

static void *new_small(struct balm_heap *heap, size_t class)
{
    size_t size = class * STEP;
    void *object = heap->unused[class - 1];

    if (object) {
        memcpy(&heap->unused[class - 1], object, sizeof object);
        return object;
    }
    if ((size_t)(heap->end - heap->next) < size) {
        size_t chunk = heap->end ? CHUNK_NEXT : CHUNK_FIRST;
        struct balm_heap_block *block = new_block(heap, chunk - sizeof *block);
        if (!block) return NULL;
        heap->next = block->bytes;
        heap->end = (char *)block + block->size;
    }
    object = heap->next;
    heap->next += size;
    return object;
}

static size_t class_of(size_t size)
{
    return (size + STEP - 1) / STEP;
}

static void *new_object(struct balm_heap *heap, size_t size)
{
    struct balm_heap_block *block;

    if (size <= SMALL_MAX) return new_small(heap, class_of(size));
    block = new_block(heap, size);
    return block ? block->bytes : NULL;
}

static void give_back(struct balm_heap *heap, void *object, size_t size)
{
    struct balm_heap_block *block;

    if (!object || heap->closing) return;
    if (size <= SMALL_MAX) {
        void **unused = &heap->unused[class_of(size) - 1];
        memcpy(object, unused, sizeof *unused);
        *unused = object;
        return;
    }
    block = block_of(object);
    if (block->before)
        block->before->next = block->next;
    else
        heap->blocks = block->next;
    if (block->next) block->next->before = block->before;
    heap->held -= block->size;
    free(block);
}

static void *resize_large(struct balm_heap *heap, void *object, size_t wanted)
{
    struct balm_heap_block *block = block_of(object);
    size_t whole = wanted + sizeof *block;
    struct balm_heap_block *moved;

    if (wanted > SIZE_MAX / 2) return NULL;
    if (whole > block->size && !may_hold(heap, whole - block->size)) return NULL;
    moved = realloc(block, whole);
    if (!moved) return whole <= block->size ? object : NULL;
    heap->held -= moved->size;
    moved->size = whole;
    hold(heap, whole);
    if (moved->before)
        moved->before->next = moved;
    else
        heap->blocks = moved;
    if (moved->next) moved->next->before = moved;
    return moved->bytes;
}

void *balm_heap_resize(struct balm_heap *heap, void *object, size_t size, size_t wanted)
{
    void *fresh;

    if (wanted == 0) {
        give_back(heap, object, size);
        return NULL;
    }
    if (!object) return new_object(heap, wanted);
    if (size > SMALL_MAX && wanted > SMALL_MAX) return resize_large(heap, object, wanted);
    if (size <= SMALL_MAX && wanted <= SMALL_MAX && class_of(size) == class_of(wanted)) {
        return object;
    }
    fresh = new_object(heap, wanted);
    /* What has more room than it says may stay where it is: its block lives to the end anyway. */
    if (!fresh) return wanted <= size ? object : NULL;
    memcpy(fresh, object, size < wanted ? size : wanted);
    give_back(heap, object, size);
    return fresh;
}
