/*
 * engine: what a process holds for running remediations, made once and passed in.
 *
 * Nothing here is owned: whoever fills the struct keeps all of it alive, unmoved, until the last
 * run has ended.
 */
#ifndef BALM_REMEDY_ENGINE_H
#define BALM_REMEDY_ENGINE_H

#include "aws/client.h"
#include "remedy/policy.h"
#include "script/catalog.h"
#include "script/evaluate.h"

#define BALM_ROLE_DEFAULT "arn:{partition}:iam::{account}:role/BalmRemediationRole"

struct balm_guard;
struct balm_ledger;
struct balm_store;

struct balm_engine {
    struct balm_loop *loop;
    struct balm_aws *aws;
    struct balm_catalog *catalog;
    struct balm_policy_source *policies;
    struct balm_lua_host *host; /* event adapters and declared patterns */
    const struct balm_log *log;
    struct balm_limits limits;  /* of one run; its wall time is extended by verify_seconds */
    struct balm_store *store;   /* NULL: nothing is kept, as in specs and `balm plan` */
    struct balm_ledger *ledger; /* of the store */

    /* What the command said, before the configuration is asked; NULL or false where it did not. */
    const char *role; /* a template: {account}, {partition}, {region} */
    const char *external_id;
    bool no_assume_role;    /* the process's own credentials; the account is checked all the same */
    bool no_session_policy; /* a role is not narrowed to what the script declares */
    bool allow_destructive; /* of this command */
    const char *const *skipped_guards; /* --skip-guard; checked by balm_guards_check_names() */
    size_t skipped_guard_count;

    /* Asked in order, after the ones that the configuration alone answers (guard.h). */
    const struct balm_guard *const *guards;
    size_t guard_count;
};

#endif
