/*
 * budget: so many fixes within an hour, in all, in one account, by one remediation.
 *
 * A fix is counted just before its first write, in the store, so that it holds across processes:
 * what only looks costs nothing, and what was counted is never more than what is allowed. The hour
 * slides, by the minute.
 */
#ifndef BALM_REMEDY_BUDGET_H
#define BALM_REMEDY_BUDGET_H

#include "remedy/guard.h"
#include "remedy/store.h"

struct balm_budget;

enum balm_code balm_budget_new(struct balm_budget **out, struct balm_loop *loop,
                               struct balm_store *store, struct balm_err *err);
/* All runs released before; accepts NULL. */
void balm_budget_release(struct balm_budget *budget);
const struct balm_guard *balm_budget_guard(const struct balm_budget *budget);

#endif
