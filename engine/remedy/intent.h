/*
 * intent: what one finding comes to before anything is called: which remediation, in which mode,
 * with which parameters, under which role.
 *
 * Filled step by step, so that a finding that no guard lets through costs no loading. `balm run`
 * acts on it, `balm explain` shows it.
 */
#ifndef BALM_REMEDY_INTENT_H
#define BALM_REMEDY_INTENT_H

#include "remedy/engine.h"

enum balm_action {
    BALM_ACTION_FIX,
    BALM_ACTION_PLAN,
    BALM_ACTION_UNDO,
    BALM_ACTION_VERIFY /* `check` alone */
};

/* An earlier run that this one is about: it is undone, looked at again, or, where it was an undo
   itself, its change is made again. All borrowed. */
struct balm_again {
    const char *run;
    struct balm_version *version; /* the one that made the change */
    struct balm_value parameters;
    const char *role;        /* NULL: none was assumed; the command may name another */
    const char *external_id; /* for the role; NULL: its association brought none */
    struct balm_value after; /* what it left, as `check` saw it; null: not known */
    bool force;              /* undo it although the resource was changed since */
    bool plan;               /* list the writes instead of sending them */
};

struct balm_intent {
    const struct balm_engine *engine;
    const struct balm_finding *finding; /* borrowed */
    struct balm_arena *arena;           /* borrowed: for what is made on the way */
    enum balm_action
        action;   /* what is asked for; the configuration's mode may turn a fix into a plan */
    bool by_hand; /* --remediation: the configuration's modes do not count */
    bool probes;  /* the open breaker lets it through, to see whether it may close */
    const struct balm_again *again; /* NULL, but for a run that is about an earlier one */

    struct balm_policy *policy;          /* retained; NULL before balm_intent_associate() */
    struct balm_association association; /* .remediation is NULL where none is associated */
    struct balm_version *version;        /* retained; NULL before balm_intent_load() */
    struct balm_value declaration;
    struct balm_value
        faults; /* why the script cannot be loaded: list of {file, line, message}; or null */
    struct balm_value parameters; /* complete; null before balm_intent_complete() */
    struct balm_value tags;       /* of the resource, as AWS tells; null where it was not asked */
    struct balm_value units;      /* ids of those above the account; null where they do not count */
    const char *region;           /* never "global": the partition's home region then */
    const char *partition;
    const char *role_arn; /* NULL: none is assumed */
    const char *external_id;
};

void balm_intent_init(struct balm_intent *intent, const struct balm_engine *engine,
                      const struct balm_finding *finding, struct balm_arena *arena);
void balm_intent_free(
    struct balm_intent *intent); /* what is retained; accepts one just initialised */

/* Each fails with err, aws_code set to a name for machines ("RemediationDoesNotExist",
   "InvalidParameter", ...). */
enum balm_code balm_intent_associate(struct balm_intent *intent, struct balm_err *err);
/* The newest valid version of the script; needs an association. An earlier run's own, where it is
   about one. */
enum balm_code balm_intent_load(struct balm_intent *intent, struct balm_err *err);
/* The parameters, and whether the script may run at all (require_permissions; undo); needs the
   script. */
enum balm_code balm_intent_complete(struct balm_intent *intent, struct balm_err *err);
/* Region, partition and role; needs an association. */
enum balm_code balm_intent_locate(struct balm_intent *intent, struct balm_err *err);

/* The external id that the association brought, or the run that this one is about; NULL where it is
   not the one that is used. Borrowed. */
const char *balm_intent_brought_id(const struct balm_intent *intent);

/* The resource's tags as far as they are known, a map of texts; in arena. */
struct balm_value balm_intent_tags(const struct balm_intent *intent, struct balm_arena *arena);

/* {path, version} of the script, {path, sha256} of the configuration; null where there is none. */
struct balm_value balm_intent_script(const struct balm_intent *intent, struct balm_arena *arena);
struct balm_value balm_intent_config(const struct balm_intent *intent, struct balm_arena *arena);

/* Fills in a role template; anything in braces but account, partition and region is BALM_E_ARG,
   and so is what is no ARN. */
enum balm_code balm_role_fill(const char *template, const char *account, const char *partition,
                              const char *region, struct balm_arena *arena, const char **out,
                              struct balm_err *err);

const char *balm_action_name(enum balm_action action); /* "fix", "plan", "undo", "verify" */
/* The guards that this command leaves out, as a list of names; null where there are none. */
struct balm_value balm_skipped_guards(const struct balm_engine *engine, struct balm_arena *arena);

#endif
