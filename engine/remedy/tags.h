/*
 * tags: those of a finding's resource, whatever their shape in the event.
 */
#ifndef BALM_REMEDY_TAGS_H
#define BALM_REMEDY_TAGS_H

#include "remedy/finding.h"

/* A map of texts, in arena, of a map or a list of {Key, Value}. */
struct balm_value balm_tags_of(struct balm_value tags, struct balm_arena *arena);
/* The same: from the resource's Tags, TagSet, TagList or tags. Empty where the event tells none. */
struct balm_value balm_finding_tags(const struct balm_finding *finding, struct balm_arena *arena);
/* Does the event say anything of tags, and be it that there are none? */
bool balm_finding_tells_tags(const struct balm_finding *finding);

#endif
