/*
 * breaker: where too many of the last fixes of a remediation in an account failed, it opens, and
 * no further one is made. After some minutes one fix is let through: when that succeeds it closes,
 * when it fails it stays open for as long again.
 */
#ifndef BALM_REMEDY_BREAKER_H
#define BALM_REMEDY_BREAKER_H

#include "remedy/guard.h"
#include "remedy/store.h"

struct balm_breaker;

enum balm_code balm_breaker_new(struct balm_breaker **out, struct balm_store *store,
                                struct balm_err *err);
void balm_breaker_release(struct balm_breaker *breaker); /* accepts NULL */
const struct balm_guard *balm_breaker_guard(const struct balm_breaker *breaker);

#endif
