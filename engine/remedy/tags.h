/*
 * tags: those of a finding's resource, whatever their shape in the event.
 */
#ifndef BALM_REMEDY_TAGS_H
#define BALM_REMEDY_TAGS_H

#include "remedy/finding.h"

/* A map of texts, in arena: from the resource's Tags, TagSet, TagList or tags, be they a map or a
   list of {Key, Value}. Empty where the event tells none. */
struct balm_value balm_finding_tags(const struct balm_finding *finding, struct balm_arena *arena);

#endif
