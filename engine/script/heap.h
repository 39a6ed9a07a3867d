/*
 * heap: the memory of one Lua state, under a ceiling, given back all at once.
 *
 * Small objects come from chunks, by size, and go back to a list of their size; large ones are the
 * C library's. The ceiling counts what is held from the system, not what is in use, so that it
 * holds
 * whatever order objects come and go in.
 */
#ifndef BALM_SCRIPT_HEAP_H
#define BALM_SCRIPT_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#define BALM_HEAP_CLASSES 64 /* sizes 16, 32 ... 1024 */

struct balm_heap_block;

struct balm_heap {
    struct balm_heap_block *blocks; /* chunks and large objects, newest first */
    char *next;                     /* the newest chunk's unused part */
    char *end;
    size_t held;
    size_t peak; /* the most that was held */
    size_t ceiling;
    bool closing; /* all will be dropped: nothing is given back one by one, nothing is refused */
    void *unused[BALM_HEAP_CLASSES];
};

void balm_heap_init(struct balm_heap *heap, size_t ceiling);
/* Drops all objects. */
void balm_heap_free(struct balm_heap *heap);
/*
 * As realloc, with the size the object has (0 for a NULL) and the one it shall have (0: none).
 * NULL when it would grow and cannot; to shrink never fails.
 */
void *balm_heap_resize(struct balm_heap *heap, void *object, size_t size, size_t wanted);

#endif
