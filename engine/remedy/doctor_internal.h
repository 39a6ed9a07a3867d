/*
 * doctor_internal: what the doctor's files share; nobody else includes it.
 */
#ifndef BALM_REMEDY_DOCTOR_INTERNAL_H
#define BALM_REMEDY_DOCTOR_INTERNAL_H

#include "remedy/doctor.h"

struct balm_doctor {
    const struct balm_doctor_options *options;
    struct balm_arena *arena; /* of the checks, and all that is kept meanwhile */
    struct balm_value checks;
    bool failed, denied; /* of the failures: one of another kind, one of authorisation */
};

/* One more check, "unknown" until it is answered. The texts are borrowed, but for details. */
struct balm_value balm_doctor_check(struct balm_doctor *doctor, const char *name);
void balm_doctor_about(struct balm_doctor *doctor, struct balm_value check, const char *key,
                       const char *text);
void balm_doctor_ok(struct balm_doctor *doctor, struct balm_value check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void balm_doctor_unknown(struct balm_doctor *doctor, struct balm_value check, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));
void balm_doctor_failed(struct balm_doctor *doctor, struct balm_value check,
                        const struct balm_err *err);

/* What every run needs. False where there are no credentials to ask anything else with. */
bool balm_doctor_basics(struct balm_doctor *doctor);

/* A remediation that may run, as the configuration has it. */
struct balm_doctor_case {
    const char *policy_id;        /* "" where no policy leads to it */
    const char *remediation;      /* its id */
    struct balm_version *version; /* retained; NULL: it does not load */
};
/* Loads them; the checks of what does not load are made here. */
enum balm_code balm_doctor_scripts(struct balm_doctor *doctor, struct balm_policy *policy,
                                   struct balm_doctor_case **cases, size_t *count,
                                   struct balm_err *err);
/* Looks at the cases in each account. */
void balm_doctor_accounts(struct balm_doctor *doctor, struct balm_doctor_case *cases, size_t count);

#endif
