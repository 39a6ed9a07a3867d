/*
 * plan: what a run would write, as data that can be shown, kept, and held against later.
 *
 * The plan of one event is a map: run, finding (the normal form), remediation, script {path,
 * version}, config {path, sha256} or null, parameters, account, region, role, external_id, before
 * (what check observed; absent without a check), destructive, reversible, complete, detail (why it
 * is not), actions, writes. A write is {service, operation, region, account, params, actions}; its
 * params are as they would be sent, without what the client makes up for each call, and with
 * BALM_UNKNOWN where the answer of an earlier write goes. What is secret is marked so.
 */
#ifndef BALM_REMEDY_PLAN_H
#define BALM_REMEDY_PLAN_H

#include "aws/client.h"
#include "remedy/intent.h"

/* ---- writes ---- */

/* The call as a write of a plan, in arena. declared: the script's permissions, or null: of the
   actions that the call may need, the ones among them are listed. */
struct balm_value balm_plan_write(struct balm_call *call, struct balm_value declared,
                                  struct balm_arena *arena);
/* What the sources of its answer begin with: "ec2:CreateVolume", and "ec2:CreateVolume[2]" for the
   second one of a plan. */
const char *balm_plan_source(struct balm_value writes, size_t i, struct balm_arena *arena);
/* Is it an idempotency token, which the client makes up where the script gives none? */
bool balm_plan_is_token(const struct balm_operation *operation, const struct balm_entry *param);

/* ---- the plan of one event ---- */

struct balm_plan_parts {
    const char *run;
    const struct balm_intent *intent; /* filled */
    struct balm_value before;
    struct balm_value writes;
    const char *why_incomplete; /* NULL: it is complete */
};
struct balm_value balm_plan_make(const struct balm_plan_parts *parts, struct balm_arena *arena);
/* The union of its writes' actions, sorted. */
struct balm_value balm_plan_actions(struct balm_value writes, struct balm_arena *arena);

/* ---- holding it against what is ---- */

/* Where the intent is no longer what was planned: [{path, planned, now}]. The intent needs its
   association (the configuration is compared alone), or more: what is filled is compared. */
struct balm_value balm_plan_drift(struct balm_value plan, const struct balm_intent *intent,
                                  struct balm_arena *arena);
/* The first drift in words; "" where there is none. */
const char *balm_plan_drift_text(struct balm_value drift, struct balm_arena *arena);

#endif
