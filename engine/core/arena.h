/*
 * arena: memory that is given back all at once.
 *
 * Errors stick, as in buf: after an allocation failed, balm_arena_status() says so, and further
 * allocations return NULL.
 */
#ifndef BALM_CORE_ARENA_H
#define BALM_CORE_ARENA_H

#include "core/err.h"

#include <stdarg.h>
#include <stddef.h>

struct balm_arena_block;

struct balm_arena {
    struct balm_arena_block *blocks; /* newest first */
    size_t used;                     /* bytes handed out */
    size_t max;                      /* 0: no ceiling */
    enum balm_code code;             /* BALM_OK, BALM_E_NOMEM or BALM_E_LIMIT */
};

#define BALM_ARENA_INIT                                                                            \
    {                                                                                              \
        NULL, 0, 0, BALM_OK                                                                        \
    }

void balm_arena_init(struct balm_arena *arena, size_t max);
/* Releases all; the arena is empty and usable again. */
void balm_arena_free(struct balm_arena *arena);
/* The same, overwriting all first: for secrets. */
void balm_arena_wipe(struct balm_arena *arena);
void balm_arena_reset(struct balm_arena *arena); /* forgets all but keeps one block for reuse */

/* Returns size bytes aligned for pointers, 64-bit integers and doubles (not zeroed), or NULL.
   size 0 gives a valid pointer. */
void *balm_arena_alloc(struct balm_arena *arena, size_t size);
void *balm_arena_zalloc(struct balm_arena *arena, size_t size);
/* Grows the newest allocation in place where it can, else copies. old may be NULL, and is not to be
   used afterwards. NULL leaves old as it was. */
void *balm_arena_grow(struct balm_arena *arena, void *old, size_t old_size, size_t new_size);
/* Copies with a NUL behind; NULL only when memory ran out. */
char *balm_arena_copy(struct balm_arena *arena, const void *bytes, size_t len);
char *balm_arena_strdup(struct balm_arena *arena, const char *text);
char *balm_arena_printf(struct balm_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The texts one behind the other, up to a NULL. */
char *balm_arena_join(struct balm_arena *arena, const char *first, ...) __attribute__((sentinel));
char *balm_arena_vprintf(struct balm_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

enum balm_code balm_arena_status(const struct balm_arena *arena, struct balm_err *err);

#endif
