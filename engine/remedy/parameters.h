/*
 * parameters: what an event gives, fitted to what a script declares.
 */
#ifndef BALM_REMEDY_PARAMETERS_H
#define BALM_REMEDY_PARAMETERS_H

#include "core/value.h"
#include "script/evaluate.h"

/*
 * Fills *out with every declared parameter: the given value, coerced to the declared type ("true",
 * "14" as events carry them), else the default. An empty text counts as not given. What does not
 * fit, is missing though required or is unknown is BALM_E_ARG, aws_code "InvalidParameter", all of
 * it in one message. host matches declared patterns. given lies over base (both maps or null): the
 * association's parameters, then the event's.
 */
enum balm_code balm_parameters_complete(struct balm_lua_host *host, struct balm_value declared,
                                        struct balm_value base, struct balm_value given,
                                        struct balm_arena *arena, struct balm_value *out,
                                        struct balm_err *err);

#endif
