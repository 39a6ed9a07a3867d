/*
 * tags_asked: the tags of a resource whose event tells none, asked of the resource's own account
 * where the configuration says `tags = "ask"`. From then on `excluded` and `managed` know them.
 * What cannot be found out is a no.
 */
#ifndef BALM_REMEDY_TAGS_ASKED_H
#define BALM_REMEDY_TAGS_ASKED_H

#include "remedy/guard.h"

/* What Balm asks with, on its own behalf: a role grants it, or no tags can be asked for. */
#define BALM_TAGS_ACTION "tag:GetResources"

struct balm_tags_asked;

enum balm_code balm_tags_asked_new(struct balm_tags_asked **out, struct balm_aws *aws,
                                   struct balm_err *err);
void balm_tags_asked_release(struct balm_tags_asked *asked); /* all runs ended before; or NULL */
/* One more guard of the name "excluded": it judges by the tags that it found. */
const struct balm_guard *balm_tags_asked_guard(const struct balm_tags_asked *asked);

#endif
