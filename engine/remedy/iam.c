#include "remedy/iam.h"

#include "core/json.h"
#include "core/text.h"
#include "remedy/iam_terraform.h"

#include <ctype.h>
#include <string.h>

#define NAME_PATTERN     "^[A-Za-z0-9_+=,.@-]{1,64}$"
#define BOUNDARY_PATTERN "^$|^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$"
#define EXTERNAL_PATTERN "^$|^[A-Za-z0-9_+=,.@:/-]{2,1224}$"

/* ---- who may assume it ---- */

static bool is_made_of(const char *text, const char *more, size_t least, size_t most)
{
    size_t len = strlen(text);

    if (len < least || len > most) return false;
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !strchr(more, *text)) return false;
    }
    return true;
}

static bool is_account(const char *text)
{
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* arn:aws:iam::123456789012:role/Balm */
static bool is_principal(const char *text)
{
    const char *colon = text;
    size_t len;

    if (is_account(text)) return true;
    if (!balm_text_starts(text, "arn:aws")) return false;
    len = strcspn(text + 4, ":");
    colon = text + 4 + len;
    if (!balm_text_starts(colon, ":iam::") && !balm_text_starts(colon, ":sts::")) return false;
    colon += strlen(":iam::");
    return strspn(colon, "0123456789") == 12 && colon[12] == ':' && colon[13] != '\0' &&
           is_made_of(text, "_+=,.@:/-", 20, 2048);
}

/* arn:aws:iam::123456789012:policy/Boundary; an account or "aws", whose policies are everyone's */
static bool is_policy(const char *text)
{
    const char *owner = text + 4;

    if (!balm_text_starts(text, "arn:aws")) return false;
    owner += strcspn(owner, ":");
    if (!balm_text_starts(owner, ":iam::")) return false;
    owner += strlen(":iam::");
    if (!balm_text_starts(owner, "aws:") &&
        (strspn(owner, "0123456789") != 12 || owner[12] != ':')) {
        return false;
    }
    owner += strcspn(owner, ":") + 1;
    return balm_text_starts(owner, "policy/") && owner[strlen("policy/")] != '\0' &&
           is_made_of(text, "_+=,.@:/-", 20, 2048);
}

static bool is_partition(const char *text)
{
    return balm_text_starts(text, "aws") && is_made_of(text, "-", 3, 11);
}

static enum balm_code check_role(const struct balm_iam_role *role, struct balm_err *err)
{
    if (role->name && !is_made_of(role->name, "_+=,.@-", 1, 64)) {
        return balm_fail(err, BALM_E_ARG,
                         "\"%.80s\" is no name of a role: 1 to 64 letters, digits and _+=,.@-",
                         role->name);
    }
    if (role->trust && !is_principal(role->trust)) {
        return balm_fail(err, BALM_E_ARG,
                         "\"%.80s\" is neither an account of 12 digits nor the ARN of a role or "
                         "user",
                         role->trust);
    }
    if (role->external_id && !is_made_of(role->external_id, "_+=,.@:/-", 2, 1224)) {
        return balm_fail(err, BALM_E_ARG,
                         "the external id must be 2 to 1224 letters, digits and _+=,.@:/-");
    }
    if (role->boundary && !is_policy(role->boundary)) {
        return balm_fail(err, BALM_E_ARG, "\"%.80s\" is not the ARN of a managed policy",
                         role->boundary);
    }
    if (role->partition && !is_partition(role->partition)) {
        return balm_fail(err, BALM_E_ARG, "\"%.40s\" is no partition, as aws or aws-us-gov",
                         role->partition);
    }
    return BALM_OK;
}

static struct balm_value trust_of(struct balm_arena *arena, struct balm_value principal,
                                  struct balm_value condition)
{
    struct balm_value statements = balm_list(arena);
    struct balm_value statement = balm_map(arena);
    struct balm_value who = balm_map(arena);

    balm_map_set(arena, who, "AWS", principal);
    balm_map_set(arena, statement, "Effect", balm_string("Allow"));
    balm_map_set(arena, statement, "Principal", who);
    balm_map_set(arena, statement, "Action", balm_string("sts:AssumeRole"));
    if (!balm_is_null(condition)) balm_map_set(arena, statement, "Condition", condition);
    balm_list_push(arena, statements, statement);
    return balm_iam_document(arena, statements);
}

static struct balm_value condition_of(struct balm_arena *arena, struct balm_value external_id)
{
    return balm_iam_one(arena, "StringEquals", balm_iam_one(arena, "sts:ExternalId", external_id));
}

/* ---- the partition ---- */

static struct balm_value in_partition(struct balm_arena *arena, struct balm_value arn,
                                      const char *partition)
{
    const char *rest = arn.as.text + strlen(BALM_IAM_PARTITION);

    return balm_textf(arena, "arn:%s%s", partition, rest);
}

/* What stands for the partition of an ARN. */
struct filling {
    struct balm_arena *arena;
    const char *partition;
    bool substitutes; /* CloudFormation does it */
};

static struct balm_value filled(const struct filling *filling, struct balm_value value)
{
    struct balm_arena *arena = filling->arena;
    struct balm_value made = value;

    if (value.type == BALM_STRING && balm_text_starts(value.as.text, BALM_IAM_PARTITION)) {
        made = in_partition(arena, value, filling->partition);
        return filling->substitutes ? balm_iam_one(arena, "Fn::Sub", made) : made;
    }
    if (value.type == BALM_LIST) {
        made = balm_list(arena);
        for (size_t i = 0; i < balm_list_len(value); i++) {
            balm_list_push(arena, made, filled(filling, *balm_list_at(value, i)));
        }
    } else if (value.type == BALM_MAP) {
        made = balm_map(arena);
        for (size_t i = 0; i < balm_map_len(value); i++) {
            const struct balm_entry *entry = balm_map_at(value, i);
            balm_map_set(arena, made, entry->key, filled(filling, entry->value));
        }
    }
    return made;
}

/* ---- JSON ---- */

static struct balm_value policy_json(const struct filling *filling, struct balm_value document,
                                     const char *name)
{
    struct balm_value policy = balm_map(filling->arena);

    balm_map_set(filling->arena, policy, "PolicyName", balm_string(name));
    balm_map_set(filling->arena, policy, "PolicyDocument", filled(filling, document));
    return policy;
}

static void add_policies_json(struct balm_arena *arena, struct balm_value out,
                              const struct balm_iam_role *role)
{
    const struct filling filling = {arena, role->partition, false};
    size_t count = balm_list_len(role->policies);
    struct balm_value managed = balm_list(arena), only;

    for (size_t i = 0; i < count; i++) {
        const char *name = balm_arena_printf(arena, BALM_IAM_POLICY_NAME "%zu", i + 1);
        balm_list_push(arena, managed,
                       policy_json(&filling, *balm_list_at(role->policies, i), name));
    }
    if (count > 1) {
        balm_map_set(arena, out, "ManagedPolicies", managed);
        return;
    }
    only = *balm_list_at(managed, 0);
    balm_map_set(arena, out, "PolicyName", balm_string(BALM_IAM_POLICY_NAME));
    balm_map_set(arena, out, "PolicyDocument", balm_get(only, "PolicyDocument"));
}

static struct balm_value as_json(struct balm_arena *arena, const struct balm_iam_role *role)
{
    struct balm_value out = balm_map(arena);

    balm_map_set(arena, out, "RoleName", balm_string(role->name));
    if (role->trust) {
        struct balm_value condition =
            role->external_id ? condition_of(arena, balm_string(role->external_id)) : balm_null();
        balm_map_set(arena, out, "AssumeRolePolicyDocument",
                     trust_of(arena, balm_string(role->trust), condition));
    }
    if (role->boundary) {
        balm_map_set(arena, out, "PermissionsBoundary", balm_string(role->boundary));
    }
    add_policies_json(arena, out, role);
    return out;
}

/* ---- CloudFormation ---- */

static struct balm_value ref(struct balm_arena *arena, const char *name)
{
    return balm_iam_one(arena, "Ref", balm_string(name));
}

static struct balm_value parameter(struct balm_arena *arena, const char *description,
                                   const char *pattern, const char *fallback)
{
    struct balm_value map = balm_map(arena);

    balm_map_set(arena, map, "Type", balm_string("String"));
    balm_map_set(arena, map, "Description", balm_string(description));
    balm_map_set(arena, map, "AllowedPattern", balm_string(pattern));
    if (fallback) balm_map_set(arena, map, "Default", balm_string(fallback));
    return map;
}

static struct balm_value parameters_of(struct balm_arena *arena, const struct balm_iam_role *role)
{
    struct balm_value map = balm_map(arena);

    balm_map_set(arena, map, "TrustedPrincipal",
                 parameter(arena, BALM_IAM_ABOUT_TRUST, BALM_IAM_PRINCIPAL_PATTERN, role->trust));
    balm_map_set(arena, map, "ExternalId",
                 parameter(arena, BALM_IAM_ABOUT_EXTERNAL_ID, EXTERNAL_PATTERN,
                           role->external_id ? role->external_id : ""));
    balm_map_set(arena, map, "RoleName",
                 parameter(arena, BALM_IAM_ABOUT_NAME, NAME_PATTERN, role->name));
    balm_map_set(arena, map, "PermissionsBoundary",
                 parameter(arena, BALM_IAM_ABOUT_BOUNDARY, BOUNDARY_PATTERN,
                           role->boundary ? role->boundary : ""));
    return map;
}

/* Fn::If: the value where the condition holds, else nothing. */
static struct balm_value given(struct balm_arena *arena, const char *condition,
                               struct balm_value value)
{
    struct balm_value choice = balm_list(arena);

    balm_list_push(arena, choice, balm_string(condition));
    balm_list_push(arena, choice, value);
    balm_list_push(arena, choice, ref(arena, "AWS::NoValue"));
    return balm_iam_one(arena, "Fn::If", choice);
}

/* The condition that a parameter is not empty. */
static struct balm_value is_given(struct balm_arena *arena, const char *name)
{
    struct balm_value equal = balm_list(arena);
    struct balm_value none = balm_list(arena);

    balm_list_push(arena, equal, ref(arena, name));
    balm_list_push(arena, equal, balm_string(""));
    balm_list_push(arena, none, balm_iam_one(arena, "Fn::Equals", equal));
    return balm_iam_one(arena, "Fn::Not", none);
}

static struct balm_value role_resource(struct balm_arena *arena, struct balm_value policy)
{
    struct balm_value properties = balm_map(arena), policies = balm_list(arena);
    struct balm_value condition = condition_of(arena, ref(arena, "ExternalId"));
    struct balm_value role = balm_iam_one(arena, "Type", balm_string("AWS::IAM::Role"));

    balm_map_set(arena, properties, "RoleName", ref(arena, "RoleName"));
    balm_map_set(arena, properties, "Description", balm_string(BALM_IAM_DESCRIPTION));
    balm_map_set(arena, properties, "MaxSessionDuration", balm_int(3600));
    balm_map_set(arena, properties, "PermissionsBoundary",
                 given(arena, "HasPermissionsBoundary", ref(arena, "PermissionsBoundary")));
    balm_map_set(
        arena, properties, "AssumeRolePolicyDocument",
        trust_of(arena, ref(arena, "TrustedPrincipal"), given(arena, "HasExternalId", condition)));
    if (!balm_is_null(policy)) {
        balm_list_push(arena, policies, policy);
        balm_map_set(arena, properties, "Policies", policies);
    }
    balm_map_set(arena, role, "Properties", properties);
    return role;
}

static struct balm_value managed_resource(struct balm_arena *arena, struct balm_value document)
{
    struct balm_value properties = balm_map(arena), roles = balm_list(arena);
    struct balm_value policy = balm_iam_one(arena, "Type", balm_string("AWS::IAM::ManagedPolicy"));

    balm_list_push(arena, roles, ref(arena, "Role"));
    balm_map_set(arena, properties, "Description", balm_string(BALM_IAM_DESCRIPTION));
    balm_map_set(arena, properties, "Roles", roles);
    balm_map_set(arena, properties, "PolicyDocument", document);
    balm_map_set(arena, policy, "Properties", properties);
    return policy;
}

static struct balm_value resources_of(struct balm_arena *arena, const struct balm_iam_role *role)
{
    const struct filling filling = {arena, "${AWS::Partition}", true};
    size_t count = balm_list_len(role->policies);
    struct balm_value resources = balm_map(arena);

    if (count == 1) {
        balm_map_set(arena, resources, "Role",
                     role_resource(arena, policy_json(&filling, *balm_list_at(role->policies, 0),
                                                      BALM_IAM_POLICY_NAME)));
        return resources;
    }
    balm_map_set(arena, resources, "Role", role_resource(arena, balm_null()));
    for (size_t i = 0; i < count; i++) {
        const char *name = balm_arena_printf(arena, "Policy%zu", i + 1);
        balm_map_set(arena, resources, name ? name : "Policy",
                     managed_resource(arena, filled(&filling, *balm_list_at(role->policies, i))));
    }
    return resources;
}

static struct balm_value as_cloudformation(struct balm_arena *arena,
                                           const struct balm_iam_role *role)
{
    struct balm_value out = balm_map(arena), conditions = balm_map(arena);
    struct balm_value arn = balm_list(arena);

    balm_list_push(arena, arn, balm_string("Role"));
    balm_list_push(arena, arn, balm_string("Arn"));
    balm_map_set(arena, conditions, "HasExternalId", is_given(arena, "ExternalId"));
    balm_map_set(arena, conditions, "HasPermissionsBoundary",
                 is_given(arena, "PermissionsBoundary"));
    balm_map_set(arena, out, "AWSTemplateFormatVersion", balm_string("2010-09-09"));
    balm_map_set(arena, out, "Description", balm_string(BALM_IAM_DESCRIPTION));
    balm_map_set(arena, out, "Parameters", parameters_of(arena, role));
    balm_map_set(arena, out, "Conditions", conditions);
    balm_map_set(arena, out, "Resources", resources_of(arena, role));
    balm_map_set(
        arena, out, "Outputs",
        balm_iam_one(arena, "RoleArn",
                     balm_iam_one(arena, "Value", balm_iam_one(arena, "Fn::GetAtt", arn))));
    return out;
}

/* ---- writing ---- */

enum balm_code balm_iam_write(struct balm_buf *out, enum balm_iam_format format,
                              const struct balm_iam_role *role, struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_iam_role filled_in = *role;
    enum balm_code code = check_role(role, err);

    if (!filled_in.name) filled_in.name = BALM_IAM_ROLE_NAME;
    if (!filled_in.partition) filled_in.partition = "aws";
    if (code) goto out;
    if (format == BALM_IAM_TERRAFORM) {
        balm_iam_terraform(out, &filled_in);
    } else {
        struct balm_value text = format == BALM_IAM_JSON ? as_json(&arena, &filled_in)
                                                         : as_cloudformation(&arena, &filled_in);
        balm_json_print(out, text, BALM_JSON_PRETTY);
        balm_buf_adds(out, "\n");
    }
    code = balm_arena_status(&arena, err);
    if (!code) code = balm_buf_status(out, "the role", err);
out:
    balm_arena_free(&arena);
    return code;
}
