/*
 * unknown: where a value that a plan cannot know yet will come from.
 *
 * The text of a BALM_UNKNOWN is an expression, its terms joined by " .. ":
 *
 *     ec2:CreateVolume.VolumeId         a source: a member of an answer
 *     "vol/"                            a text, quoted as Lua does
 *     json(ec2:CreateVolume.VolumeId)   an expression's value as JSON
 *
 * A source alone stands for the value itself, anything else for a text. Pure.
 */
#ifndef BALM_CORE_UNKNOWN_H
#define BALM_CORE_UNKNOWN_H

#include "core/value.h"

/* Both return how many bytes they wrote, without a NUL. */
#define BALM_UNKNOWN_QUOTED(len) (4 * (len) + 2)
size_t balm_unknown_quote(char *to, const char *text, size_t len); /* room: as above */
/* room: both lengths and 4 */
size_t balm_unknown_join(char *to, const char *left, size_t left_len, const char *right,
                         size_t right_len);

/* What the source has come to; false: it is not known either. */
typedef bool balm_unknown_lookup(void *owner, const char *source, size_t len,
                                 struct balm_value *out);
/* The value of an expression, in arena; false where a source is not known, cannot be in a text, or
   the text is no expression. */
bool balm_unknown_resolve(const char *expression, balm_unknown_lookup *lookup, void *owner,
                          struct balm_arena *arena, struct balm_value *out);
/* A scalar as the text that tostring and `..` make of it; others are null. */
struct balm_value balm_unknown_text(struct balm_value value, struct balm_arena *arena);

#endif
