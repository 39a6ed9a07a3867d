/*
 * rules: the endpoint rule language (smithy rules engine), evaluated in place over the pack.
 *
 * Pure and general: a rule set, parameters, partitions in; an endpoint or the rule set's own error
 * out.
 */
#ifndef BALM_AWS_RULES_H
#define BALM_AWS_RULES_H

#include "aws/model.h"

struct balm_partitions; /* partitions.json, read once */
enum balm_code balm_partitions_new(struct balm_partitions **out, struct balm_pack *pack,
                                   struct balm_err *err);
void balm_partitions_release(struct balm_partitions *partitions);

struct balm_partition {
    const char *id;         /* "aws", "aws-cn" */
    const char *dns_suffix; /* "amazonaws.com" */
    const char *dual_stack_dns_suffix;
    bool supports_fips, supports_dual_stack;
    const char *home_region; /* for "global": us-east-1, cn-northwest-1, us-gov-west-1, ... */
};
/* The partition of a region by its list, its pattern, or its prefix; an unknown region belongs to
   "aws". */
const struct balm_partition *balm_partition_of(const struct balm_partitions *partitions,
                                               const char *region);
/* NULL when unknown */
const struct balm_partition *balm_partition_by_id(const struct balm_partitions *partitions,
                                                  const char *id);

struct balm_rules_result {
    const char *url;              /* in arena */
    struct balm_value properties; /* {"authSchemes": [...], ...} */
    struct balm_value headers;    /* name -> list of texts */
};

/* Ways that evaluations took, so that the next ones are short (rules_way.h); for one pack and its
   partitions. */
struct balm_ways;
enum balm_code balm_ways_new(struct balm_ways **out, struct balm_err *err);
void balm_ways_release(struct balm_ways *ways); /* accepts NULL */

/*
 * params: a map of the rule set's parameters (strings, booleans, lists of strings). Its defaults
 * are filled in; a required one that is missing is BALM_E_ARG. A rule's own error is BALM_E_ARG
 * with its words as the whole message. A rule set that is faulty is BALM_E_INPUT, one that takes
 * too many steps BALM_E_LIMIT. Texts of out live in arena, in params or in the pack. ways may be
 * NULL: each evaluation then walks the rules from their root, to the same end.
 */
enum balm_code balm_rules_evaluate(const struct balm_node *rules,
                                   const struct balm_partitions *partitions, struct balm_ways *ways,
                                   struct balm_value params, struct balm_arena *arena,
                                   struct balm_rules_result *out, struct balm_err *err);

/*
 * An evaluation that can be done again with other values of what callers give from call to call,
 * such as a bucket's name: its other parameters stand, and the way it took is gone at once.
 */
struct balm_rules_again;
/* rules, params and ways as balm_rules_evaluate() had them; it keeps none of them but rules. *out
   is NULL where there is no such way, or where more than the URL follows from what changes. */
enum balm_code balm_rules_again_new(struct balm_rules_again **out, const struct balm_node *rules,
                                    const struct balm_partitions *partitions,
                                    const struct balm_ways *ways, struct balm_value params,
                                    struct balm_err *err);
void balm_rules_again_release(struct balm_rules_again *again); /* accepts NULL */
/* The names of the parameters that change, all of them texts. */
#define BALM_RULES_CHANGING_MAX 16
size_t balm_rules_again_count(const struct balm_rules_again *again);
const char *balm_rules_again_name(const struct balm_rules_again *again, size_t i);
/* values: texts, in the order of these names; null: as it was. *url is in arena, or NULL: the rules
   lead elsewhere this time, which only evaluating them tells. */
enum balm_code balm_rules_again(struct balm_rules_again *again, const struct balm_value *values,
                                const struct balm_partitions *partitions, struct balm_arena *arena,
                                const char **url, struct balm_err *err);

#endif
