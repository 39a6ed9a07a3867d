/*
 * units: exclusions by organizational unit. Where an account hangs in its organization is asked of
 * Organizations, with the process's own credentials, when a configuration names units, and
 * remembered for an hour. What cannot be found out is a no.
 */
#ifndef BALM_REMEDY_UNITS_H
#define BALM_REMEDY_UNITS_H

#include "remedy/guard.h"

struct balm_units;

enum balm_code balm_units_new(struct balm_units **out, struct balm_aws *aws, struct balm_err *err);
void balm_units_release(struct balm_units *units); /* all runs released before; accepts NULL */
/* A second guard of the name "excluded". */
const struct balm_guard *balm_units_guard(const struct balm_units *units);

#endif
