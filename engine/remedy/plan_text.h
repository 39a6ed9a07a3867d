/*
 * plan_text: what a plan would change, for a person at a terminal.
 */
#ifndef BALM_REMEDY_PLAN_TEXT_H
#define BALM_REMEDY_PLAN_TEXT_H

#include "core/buf.h"
#include "core/value.h"

/*
 * The writes of a planned result, each parameter on a line of its own. Where `before` has a member
 * of the same name, what it was is shown beside it: by the same path, by the end of the path
 * (VersioningConfiguration.Status and Status), or below one of before's own members.
 */
void balm_plan_text(struct balm_buf *buf, struct balm_value result, bool coloured);

/* Is this call of a result one that a plan did not send? balm_plan_text tells of those. */
bool balm_plan_is_write(struct balm_value call);

#endif
