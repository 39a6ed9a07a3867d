/*
 * rules_internal: what the files of the rule language share; nobody else includes it.
 */
#ifndef BALM_AWS_RULES_INTERNAL_H
#define BALM_AWS_RULES_INTERNAL_H

#include "aws/rules.h"

/* What aws.partition() gives: {"name", "dnsSuffix", "supportsFIPS", ...}; lives with partitions. */
struct balm_value balm_partition_outputs(const struct balm_partitions *partitions,
                                         const char *region);

/* ---- functions (rules_function.c) ---- */

#define BALM_RULES_ARGS 4

/* What a function may use. Of a wrong call it says so in code and err, and gives null. */
struct balm_rules_context {
    const struct balm_partitions *partitions;
    struct balm_arena *arena;
    struct balm_err *err;
    enum balm_code code;
};

struct balm_rules_function {
    const char *name;
    size_t args;
    struct balm_value (*call)(struct balm_rules_context *context, const struct balm_value *args);
};

/* NULL when the language has none of this name. */
const struct balm_rules_function *balm_rules_function(const char *name);

/* "resourceId[1]", "a.b", "[0]"; null where a step is absent. */
struct balm_value balm_rules_attribute(struct balm_value value, const char *path);

/* ---- texts (rules_text.c) ---- */

/* {"scheme", "authority", "path", "normalizedPath", "isIp"}, or null: not a URL that a rule may
   use. */
struct balm_value balm_rules_parse_url(struct balm_arena *arena, const char *text);
/* {"partition", "service", "region", "accountId", "resourceId": [...]}, or null: not an ARN. */
struct balm_value balm_rules_parse_arn(struct balm_arena *arena, const char *text);
/* Four numbers of one to three digits each. */
bool balm_rules_is_ipv4(const char *text, size_t len);
/* One host label; with subdomains as many as the dots divide. */
bool balm_rules_is_host(const char *text, size_t len, bool subdomains);
/* A pattern of partitions.json against a whole region: literals, \w \d \- ., groups with |, + * ?.
   Anything else matches nothing. */
bool balm_rules_match(const char *pattern, const char *text);

#endif
