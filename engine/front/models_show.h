/*
 * models_show: what is in a service's model, for people and for programs.
 */
#ifndef BALM_FRONT_MODELS_SHOW_H
#define BALM_FRONT_MODELS_SHOW_H

#include "aws/model.h"
#include "core/buf.h"

/* The names of a service's operations and waiters. */
enum balm_code balm_models_service_text(struct balm_buf *out, const struct balm_service *service);
/* What a person needs to write a call: every member, once. */
enum balm_code balm_models_operation_text(struct balm_buf *out,
                                          const struct balm_operation *operation);

/* All that the pack knows of one operation, or of the service's every one where operation is NULL:
   {"service", "metadata", "operations": {...}, "shapes": {...}}, and for the whole service
   "waiters", "rules" and "clientContext" too. Shapes are flat, by name, since many hold
   themselves. */
struct balm_value balm_models_value(struct balm_arena *arena, const struct balm_service *service,
                                    const struct balm_operation *operation);

#endif
