/*
 * resource: what a resource is called.
 */
#ifndef BALM_REMEDY_RESOURCE_H
#define BALM_REMEDY_RESOURCE_H

#include "core/value.h"

/* Whatever of its attributes names it best, for people: a string, "" where none does. */
struct balm_value balm_resource_name(struct balm_value resource);
/* Its ARN, where any of its names is one; else NULL. */
const char *balm_resource_arn(struct balm_value resource);
/* The ARN that one of this type ("AWS::EC2::Instance") has by its Id or Name, in arena; NULL where
   ARNs of the type hold more than that, or it is not known here. */
struct balm_resource_place {
    const char *partition, *region, *account;
};
const char *balm_resource_make_arn(struct balm_value resource, const char *type,
                                   const struct balm_resource_place *place,
                                   struct balm_arena *arena);
/* What a log of calls may call it, likeliest first: its name (what its ARN ends in, where it has
   none), then its ARN. In arena; returns how many there are, 0 to 2. */
#define BALM_RESOURCE_LOGGED_MAX 2
size_t balm_resource_logged_names(struct balm_value resource, struct balm_arena *arena,
                                  const char *out[BALM_RESOURCE_LOGGED_MAX]);
/* Do both have a name, or an id of any kind, in common; or neither any? */
bool balm_resource_same(struct balm_value a, struct balm_value b);
/* Does any of its names fit the glob? One that has none is still among all, "*". */
bool balm_resource_fits(struct balm_value resource, const char *glob);

#endif
