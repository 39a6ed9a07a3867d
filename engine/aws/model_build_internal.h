/*
 * model_build, inside: a blob under construction (see model_pack.h for what it becomes).
 *
 * While it is built, a reference holds its target's offset within the target's region, plus one.
 * The region is known by the field, so that balm_blob_finish() turns them all into distances, by
 * the same table that the reader's check goes by.
 *
 * Faults stick: the first is kept, later work does nothing that matters, and finish tells it.
 */
#ifndef BALM_AWS_MODEL_BUILD_INTERNAL_H
#define BALM_AWS_MODEL_BUILD_INTERNAL_H

#include "aws/model_build.h"
#include "aws/model_pack.h"
#include "core/buf.h"

/* Byte strings in a row, equal ones once. */
struct balm_pool {
    struct balm_buf bytes;
    struct balm_pool_slot {
        uint32_t hash;
        uint32_t at;
        uint32_t len;
        uint32_t used;
    } * slots;
    size_t slot_count; /* a power of two */
    size_t used;
};

struct balm_blob {
    struct balm_service head;
    struct balm_pool pools[BALM_REGION_COUNT];
    struct balm_pool shape_names; /* references to names; a shape's number is its place here */
    struct balm_value shapes;     /* the description's */
    struct balm_arena *arena;     /* of the description; for scratch too */
    struct balm_err fault;
};

void balm_blob_init(struct balm_blob *blob);
void balm_blob_free(struct balm_blob *blob);
/* Begins another blob; what is taken from descriptions lives in arena. */
void balm_blob_begin(struct balm_blob *blob, struct balm_arena *arena);
void balm_blob_fault(struct balm_blob *blob, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A reference to bytes within region: to those that are there already, or to new ones. */
balm_ref balm_blob_put(struct balm_blob *blob, enum balm_region region, const void *bytes,
                       size_t len);
balm_ref balm_blob_text(struct balm_blob *blob, const char *text);
balm_ref balm_blob_text_of(struct balm_blob *blob, struct balm_value text); /* 0 unless a text */
/* The shape with that name, new or not: its record is built later. */
balm_ref balm_blob_shape(struct balm_blob *blob, balm_ref name);
balm_ref balm_blob_texts(struct balm_blob *blob, struct balm_value list, uint16_t *count);
/* Without its documentation. */
balm_ref balm_blob_node(struct balm_blob *blob, struct balm_value value);
/* Adds the blob to out, 8-aligned. */
enum balm_code balm_blob_finish(struct balm_blob *blob, struct balm_buf *out, struct balm_err *err);

/* The shape of that name, built by and by. `from` says who names it, should there be none. */
balm_ref balm_build_shape_ref(struct balm_blob *blob, struct balm_value name, const char *from);
/* The member that a reference to a shape makes; flags holds BALM_MEMBER_REQUIRED or 0. */
struct balm_member balm_build_member(struct balm_blob *blob, const char *name,
                                     struct balm_value stated, unsigned flags, const char *from);
/* Builds all shapes named so far, and those that they name. */
void balm_build_shapes(struct balm_blob *blob);

/* actions: operation -> {"read": bool, "actions": [...], "dependents": [...]}. */
void balm_build_operations(struct balm_blob *blob, struct balm_value operations,
                           struct balm_value actions);

/* client name -> operation -> {"read", "actions", "dependents"}; an empty map when there is no
   table of actions. */
enum balm_code balm_build_actions(struct balm_arena *arena,
                                  const struct balm_build_options *options, struct balm_value *out,
                                  struct balm_err *err);

/* service -> version -> list of folders that have it, the last of which counts most. */
enum balm_code balm_build_find(struct balm_arena *arena, const struct balm_build_options *options,
                               struct balm_value *out, struct balm_err *err);
/* The file name.json or name.json.gz of the last folder that has one, its extras merged; null when
   none has. */
enum balm_code balm_build_load(struct balm_arena *arena, struct balm_value folders,
                               const char *name, struct balm_value *out, struct balm_err *err);

#endif
