/*
 * culprit: who changed a resource last, as CloudTrail of its account and region tells.
 *
 * It is asked for people to read, when a fix was refused already, so nothing hangs on the answer:
 * whoever waits is told within seconds, who it was or why that is not known. CloudTrail lets each
 * account look twice a second, so one resource of an account is asked about at a time, and an
 * answer is remembered for some minutes.
 */
#ifndef BALM_REMEDY_CULPRIT_H
#define BALM_REMEDY_CULPRIT_H

#include "aws/client.h"

/* What Balm asks CloudTrail with, on its own behalf: a role may grant it or not. */
#define BALM_CULPRIT_ACTION "cloudtrail:LookupEvents"

struct balm_culprits;
struct balm_lookup;

enum balm_code balm_culprits_new(struct balm_culprits **out, struct balm_aws *aws,
                                 struct balm_err *err);
/* All who wait have been told, or forgotten; accepts NULL. */
void balm_culprits_release(struct balm_culprits *culprits);

/* All borrowed until balm_culprits_ask() returns. */
struct balm_culprit_question {
    struct balm_value resource;
    const char *account, *region, *partition;
    const char *role_arn, *external_id; /* who asks, and is no culprit; NULL: the own credentials */
    int64_t since;                      /* microseconds since 1970: older changes do not count */
};

/* One of the two is NULL. Both live until the callback returns. */
struct balm_culprit {
    const char *who;     /* "arn:aws:sts::1:assumed-role/Dev/ann: PutX at 2026-11-25T08:00:00Z" */
    const char *why_not; /* "CloudTrail did not answer within 4 seconds" */
};

/* One who waits; embedded in its owner, who sets done and owner. */
struct balm_culprit_wait {
    void (*done)(void *owner, const struct balm_culprit *culprit);
    void *owner;
    struct balm_lookup *lookup; /* NULL: it does not wait */
    struct balm_culprit_wait *next;
};

/* done comes from the loop, once. BALM_E_NOMEM: it does not. Not from within a done. */
enum balm_code balm_culprits_ask(struct balm_culprits *culprits,
                                 const struct balm_culprit_question *question,
                                 struct balm_culprit_wait *wait, struct balm_err *err);
/* done will not be called. Does nothing to one who does not wait. */
void balm_culprit_forget(struct balm_culprit_wait *wait);

#endif
