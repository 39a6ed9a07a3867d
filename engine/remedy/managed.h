/*
 * managed: a resource that a CloudFormation stack or Terraform owns would be put back as it was: it
 * is reported, not fixed, unless the configuration says managed = "fix".
 *
 * Told by the tags that the event carries; what carries none is taken for nobody's.
 */
#ifndef BALM_REMEDY_MANAGED_H
#define BALM_REMEDY_MANAGED_H

#include "remedy/guard.h"

extern const struct balm_guard balm_guard_managed;

#endif
