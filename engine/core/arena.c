#include "core/arena.h"

#include "core/text.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of all that Balm keeps in one: pointers, 64-bit integers, doubles. */
#define ALIGN                                                                                      \
    alignof(union {                                                                                \
        void *pointer;                                                                             \
        int64_t integer;                                                                           \
        double number;                                                                             \
    })
#define BLOCK_MIN ((size_t)2048)
#define BLOCK_MAX ((size_t)1 << 20)

/* The first block in the list is the one being filled; blocks that hold one large allocation stand
   behind it. */
struct balm_arena_block {
    struct balm_arena_block *next;
    size_t size; /* of bytes */
    size_t used;
    alignas(ALIGN) char bytes[];
};

void balm_arena_init(struct balm_arena *arena, size_t max)
{
    *arena = (struct balm_arena){NULL, 0, max, BALM_OK};
}

static void free_blocks(struct balm_arena_block *block)
{
    while (block) {
        struct balm_arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void balm_arena_free(struct balm_arena *arena)
{
    free_blocks(arena->blocks);
    balm_arena_init(arena, arena->max);
}

void balm_arena_wipe(struct balm_arena *arena)
{
    struct balm_arena_block *block;
    for (block = arena->blocks; block; block = block->next) {
        balm_wipe(block->bytes, block->used);
    }
    balm_arena_free(arena);
}

void balm_arena_reset(struct balm_arena *arena)
{
    struct balm_arena_block *keep = arena->blocks;
    if (keep && keep->size > BLOCK_MAX) {
        balm_arena_free(arena);
        return;
    }
    if (keep) {
        free_blocks(keep->next);
        keep->next = NULL;
        keep->used = 0;
    }
    arena->used = 0;
    arena->code = BALM_OK;
}

static void *refuse(struct balm_arena *arena, enum balm_code code)
{
    if (!arena->code) arena->code = code;
    return NULL;
}

/* Counts size bytes against the ceiling. */
static bool charge(struct balm_arena *arena, size_t size)
{
    if (arena->code) return false;
    if (size > PTRDIFF_MAX - sizeof(struct balm_arena_block) - ALIGN ||
        (arena->max && (arena->used > arena->max || size > arena->max - arena->used))) {
        refuse(arena, arena->max ? BALM_E_LIMIT : BALM_E_NOMEM);
        return false;
    }
    arena->used += size;
    return true;
}

static struct balm_arena_block *new_block(struct balm_arena *arena, size_t size)
{
    struct balm_arena_block *block = malloc(sizeof *block + size);
    if (!block) return refuse(arena, BALM_E_NOMEM);
    block->next = NULL;
    block->size = size;
    block->used = 0;
    return block;
}

/* The next block's size: twice the last one's, so that small arenas stay small. */
static size_t next_size(const struct balm_arena *arena)
{
    size_t size =
        arena->blocks ? (arena->blocks->size + sizeof(struct balm_arena_block)) * 2 : BLOCK_MIN;
    if (size > BLOCK_MAX) size = BLOCK_MAX;
    return size - sizeof(struct balm_arena_block);
}

static void *alloc_slow(struct balm_arena *arena, size_t size)
{
    size_t usual = next_size(arena);
    bool large = size > usual / 2;
    struct balm_arena_block *block = new_block(arena, large ? size : usual);
    if (!block) return NULL;
    block->used = size;
    if (large && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block->bytes;
}

static void *alloc_aligned(struct balm_arena *arena, size_t size, size_t align)
{
    struct balm_arena_block *block = arena->blocks;
    size_t start;
    if (!charge(arena, size)) return NULL;
    if (block) {
        start = (block->used + align - 1) & ~(align - 1);
        if (start <= block->size && size <= block->size - start) {
            block->used = start + size;
            return block->bytes + start;
        }
    }
    return alloc_slow(arena, size);
}

void *balm_arena_alloc(struct balm_arena *arena, size_t size)
{
    return alloc_aligned(arena, size, ALIGN);
}

void *balm_arena_zalloc(struct balm_arena *arena, size_t size)
{
    void *bytes = balm_arena_alloc(arena, size);
    if (bytes) memset(bytes, 0, size);
    return bytes;
}

/* Extends old where it is the last thing in the block being filled. */
static bool extend(struct balm_arena_block *block, const char *old, size_t old_size, size_t more)
{
    if (!block || old_size > block->used) return false;
    if (old != block->bytes + (block->used - old_size)) return false;
    if (more > block->size - block->used) return false;
    block->used += more;
    return true;
}

/* A block that holds old alone: only the newest one of its kind is looked at. */
static struct balm_arena_block **own_block(struct balm_arena *arena, const char *old,
                                           size_t old_size)
{
    struct balm_arena_block **at = &arena->blocks;
    int i;
    for (i = 0; i < 2 && *at; i++, at = &(*at)->next) {
        if (old == (*at)->bytes && old_size == (*at)->used && old_size > BLOCK_MIN) return at;
    }
    return NULL;
}

void *balm_arena_grow(struct balm_arena *arena, void *old, size_t old_size, size_t new_size)
{
    struct balm_arena_block **own;
    struct balm_arena_block *block;
    void *bytes;
    if (!old) return balm_arena_alloc(arena, new_size);
    if (new_size <= old_size) return old;
    if (arena->code) return NULL;
    own = own_block(arena, old, old_size);
    if (!own && !extend(arena->blocks, old, old_size, new_size - old_size)) {
        bytes = balm_arena_alloc(arena, new_size);
        if (bytes) memcpy(bytes, old, old_size);
        return bytes;
    }
    if (!charge(arena, new_size - old_size)) {
        if (!own) arena->blocks->used -= new_size - old_size;
        return NULL;
    }
    if (!own) return old;
    if (new_size > (*own)->size) {
        block = realloc(*own, sizeof *block + new_size);
        if (!block) return refuse(arena, BALM_E_NOMEM);
        block->size = new_size;
        *own = block;
    }
    (*own)->used = new_size;
    return (*own)->bytes;
}

char *balm_arena_copy(struct balm_arena *arena, const void *bytes, size_t len)
{
    char *copy = len < SIZE_MAX ? alloc_aligned(arena, len + 1, 1) : refuse(arena, BALM_E_NOMEM);
    if (!copy) return NULL;
    if (len) memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

char *balm_arena_strdup(struct balm_arena *arena, const char *text)
{
    return balm_arena_copy(arena, text, strlen(text));
}

/* Into the room that is left, where it mostly stays. */
char *balm_arena_vprintf(struct balm_arena *arena, const char *format, va_list args)
{
    struct balm_arena_block *block = arena->blocks;
    char *room = block ? block->bytes + block->used : NULL;
    size_t size = block ? block->size - block->used : 0;
    va_list again;
    char *text = NULL;
    int len;
    va_copy(again, args);
    len = vsnprintf(room, size, format, again);
    va_end(again);
    if (len < 0) return refuse(arena, BALM_E_NOMEM);
    text = alloc_aligned(arena, (size_t)len + 1, 1);
    if (text && text == room) return text;
    /* balm_arena_wipe() looks at what is used alone. */
    if (size) balm_wipe(room, size < (size_t)len ? size : (size_t)len);
    if (text && vsnprintf(text, (size_t)len + 1, format, args) < 0) text[0] = '\0';
    return text;
}

static size_t measure(const char *first, va_list rest)
{
    size_t len = 0;
    for (const char *text = first; text; text = va_arg(rest, const char *)) {
        len += strlen(text);
    }
    return len;
}

char *balm_arena_join(struct balm_arena *arena, const char *first, ...)
{
    va_list rest;
    char *joined;
    char *end;
    va_start(rest, first);
    joined = balm_arena_alloc(arena, measure(first, rest) + 1);
    va_end(rest);
    if (!joined) return NULL;
    end = joined;
    va_start(rest, first);
    for (const char *text = first; text; text = va_arg(rest, const char *)) {
        end = stpcpy(end, text);
    }
    va_end(rest);
    *end = '\0';
    return joined;
}

char *balm_arena_printf(struct balm_arena *arena, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    text = balm_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

enum balm_code balm_arena_status(const struct balm_arena *arena, struct balm_err *err)
{
    if (arena->code == BALM_OK) return BALM_OK;
    if (arena->code == BALM_E_NOMEM) return balm_nomem(err);
    if (!arena->max) return balm_fail(err, arena->code, "data is nested too deeply, or too large");
    return balm_fail(err, arena->code, "more than %zu bytes of memory are needed", arena->max);
}
