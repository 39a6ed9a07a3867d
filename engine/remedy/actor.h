/*
 * actor: was it Balm itself who made a call that CloudTrail tells of?
 */
#ifndef BALM_REMEDY_ACTOR_H
#define BALM_REMEDY_ACTOR_H

#include <stdbool.h>

/* Is actor, an ARN, the role or a session of it? By the name, as a session's ARN has no more. */
bool balm_actor_is_role(const char *actor, const char *role_arn);
/* Is it the User-Agent of a run, in brackets as some services keep it, or not? */
bool balm_actor_is_run(const char *agent);

#endif
