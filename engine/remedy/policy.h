/*
 * policy: the configuration, balm.lua (DESIGN §4).
 *
 * A policy is one valid state of the file: immutable, counted. A policy source keeps the newest
 * valid one while
 * Balm runs. Everything is checked strictly: a typo must not open a door.
 */
#ifndef BALM_REMEDY_POLICY_H
#define BALM_REMEDY_POLICY_H

#include "remedy/finding.h"
#include "script/catalog.h"

enum balm_mode { BALM_MODE_UNSTATED, BALM_MODE_FIX, BALM_MODE_PLAN, BALM_MODE_OFF };

struct balm_policy;

/* What the configuration says about one finding. Texts live as long as the policy. */
struct balm_association {
    const char *remediation; /* NULL: none is associated */
    const char *
        matched; /* the policy id or alias that matched; "" where the event named the remediation */
    enum balm_mode mode;
    bool allow_destructive;
    const char *role;             /* template; NULL: not stated */
    const char *external_id;      /* NULL: not stated */
    struct balm_value parameters; /* map or null */
};

/* An exclusion that holds for a finding. */
struct balm_exclusion {
    const char *reason, *owner, *expires;
};

/*
 * Loads the file at path; NULL: an empty policy (nothing stated). catalog is asked whether the
 * remediations named exist. now (microseconds) judges dates; log gets exclusions that are about to
 * expire or have expired. Every fault is in one BALM_E_INPUT message (as many as fit; *faults, in
 * arena, has all, each with the file's name).
 */
enum balm_code balm_policy_load(struct balm_policy **out, const char *path,
                                struct balm_catalog *catalog, int64_t now,
                                const struct balm_log *log, struct balm_arena *arena,
                                struct balm_value *faults, struct balm_err *err);
void balm_policy_retain(struct balm_policy *policy);
void balm_policy_release(struct balm_policy *policy);

const char *balm_policy_path(const struct balm_policy *policy); /* "" when there is no file */
const char *balm_policy_hash(const struct balm_policy *policy); /* SHA-256 of the text, hex; "" */
/* All of it as it was checked, a map: what `accounts`, `policies` and `remediations` list. */
struct balm_value balm_policy_value(const struct balm_policy *policy);
const char *balm_policy_role(const struct balm_policy *policy); /* template or NULL */
const char *balm_policy_external_id(const struct balm_policy *policy);
const char *balm_policy_record(const struct balm_policy *policy); /* a file's path, or NULL */
bool balm_policy_requires_permissions(const struct balm_policy *policy);
/* May Balm act in this account? Yes where no `accounts` are stated. */
bool balm_policy_has_account(const struct balm_policy *policy, const char *account);
/* What `guards` says, else Balm's own limits. Texts live as long as the policy. */
struct balm_guard_settings {
    int64_t per_hour, per_hour_per_account, per_hour_per_remediation; /* fixes */
    int64_t breaker_of;                     /* so many of the last fixes are looked at */
    double breaker_share;                   /* from this share of failures on, 0 to 1, it opens */
    int64_t breaker_minutes;                /* then one fix is let through, to see */
    int64_t flapping_times, flapping_hours; /* fixes of one resource */
    bool fixes_managed;                     /* also what a stack or Terraform owns */
    bool asks_tags;                         /* AWS, where the event tells none */
    const char *stop_file;                  /* the kill switch; NULL: Balm's own file */
    const char *stop_parameter,
        *stop_region; /* of SSM; NULL: none; NULL: the process's own region */
};
/* Lives as long as the policy. */
const struct balm_guard_settings *balm_policy_guards(const struct balm_policy *policy);
/* Finds the remediation of a finding; also what is said about a remediation that the event names
   itself. */
enum balm_code balm_policy_associate(const struct balm_policy *policy, struct balm_catalog *catalog,
                                     const struct balm_finding *finding, struct balm_arena *arena,
                                     struct balm_association *out, struct balm_err *err);
/* Is the finding excluded, now? */
struct balm_exclusion_question {
    const struct balm_finding *finding;
    const char *remediation;
    struct balm_value tags;  /* of its resource */
    struct balm_value units; /* ids of the units above the account; null: not known */
    int64_t now;
};
/* An exclusion by `ou` holds where the units are known alone. */
bool balm_policy_excludes(const struct balm_policy *policy,
                          const struct balm_exclusion_question *question,
                          struct balm_exclusion *out);
/* Does any exclusion name a unit? */
bool balm_policy_excludes_units(const struct balm_policy *policy);

/* ---- the newest valid one ---- */

struct balm_policy_source;
struct balm_policy_source_options {
    const char *path; /* NULL: an empty policy for good */
    struct balm_catalog *catalog;
    struct balm_loop *loop; /* the file is watched, and looked at; NULL: read once */
    const struct balm_log *log;
};
/* The first load must succeed. faults as above. */
enum balm_code balm_policy_source_new(struct balm_policy_source **out,
                                      const struct balm_policy_source_options *options,
                                      struct balm_arena *arena, struct balm_value *faults,
                                      struct balm_err *err);
void balm_policy_source_release(struct balm_policy_source *source);
/* Retained for the caller. A changed file that is not valid leaves the old one and is logged once.
   */
struct balm_policy *balm_policy_source_current(struct balm_policy_source *source);

#endif
