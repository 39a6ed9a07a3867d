/*
 * policy_check: holds the value of balm.lua against what a configuration may say.
 */
#ifndef BALM_REMEDY_POLICY_CHECK_H
#define BALM_REMEDY_POLICY_CHECK_H

#include "script/catalog.h"

/* Adds a text to faults for each thing that is wrong: "policies[\"S3.8\"].mode: must be one of
   fix, plan, off, not \"fixx\"". */
void balm_policy_check(struct balm_value root, struct balm_catalog *catalog,
                       struct balm_arena *arena, struct balm_value faults);

#endif
