/*
 * flapping: a resource that was fixed again and again is changed back by somebody: another fix
 * would not last. Who that is, the detail says where CloudTrail tells it (culprit.h).
 */
#ifndef BALM_REMEDY_FLAPPING_H
#define BALM_REMEDY_FLAPPING_H

#include "remedy/guard.h"
#include "remedy/store.h"

struct balm_flapping;

enum balm_code balm_flapping_new(struct balm_flapping **out, struct balm_aws *aws,
                                 struct balm_store *store, struct balm_err *err);
void balm_flapping_release(struct balm_flapping *flapping); /* accepts NULL */
const struct balm_guard *balm_flapping_guard(const struct balm_flapping *flapping);

#endif
