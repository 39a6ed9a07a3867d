#include "remedy/iam.h"

#include "core/json.h"
#include "core/text.h"
#include "remedy/iam_terraform.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_PATTERN     "^[A-Za-z0-9_+=,.@-]{1,64}$"
#define EXTERNAL_PATTERN "^$|^[A-Za-z0-9_+=,.@:/-]{2,1224}$"

/* ---- the union ---- */

static int by_text(const void *a, const void *b)
{
    const struct balm_value *one = a;
    const struct balm_value *other = b;

    return strcmp(one->as.text, other->as.text);
}

enum balm_code balm_iam_union(struct balm_version *const *versions, size_t count,
                              struct balm_arena *arena, struct balm_value *permissions,
                              struct balm_value *undeclared, struct balm_err *err)
{
    struct balm_value all = balm_list(arena);

    *undeclared = balm_list(arena);
    *permissions = balm_list(arena);
    for (size_t i = 0; i < count; i++) {
        struct balm_value declaration = balm_version_declaration(versions[i]);
        struct balm_value declared = balm_get(declaration, "permissions");

        if (balm_is_null(declared)) {
            balm_list_push(arena, *undeclared, balm_text(arena, balm_version_id(versions[i])));
        }
        for (size_t k = 0; k < balm_list_len(declared); k++)
            balm_list_push(arena, all, balm_copy(arena, *balm_list_at(declared, k)));
    }
    if (balm_arena_status(arena, err)) return err->code;
    if (balm_list_len(all) > 1) {
        qsort(balm_list_at(all, 0), balm_list_len(all), sizeof all, by_text);
    }
    for (size_t i = 0; i < balm_list_len(all); i++) {
        struct balm_value action = *balm_list_at(all, i);
        if (i > 0 && balm_equal(action, *balm_list_at(all, i - 1))) continue;
        balm_list_push(arena, *permissions, action);
    }
    return balm_arena_status(arena, err);
}

/* ---- the policy ---- */

/* A statement's id: the service, letters and digits alone. */
static struct balm_value statement_id(struct balm_arena *arena, const char *service, size_t len)
{
    char *id = balm_arena_copy(arena, service, len);
    size_t kept = 0;

    if (!id) return balm_null();
    for (size_t i = 0; i < len; i++) {
        if (isalnum((unsigned char)service[i])) id[kept++] = service[i];
    }
    id[0] = (char)toupper((unsigned char)id[0]);
    return balm_string_n(id, kept);
}

static struct balm_value statement_of(struct balm_arena *arena, const char *service, size_t len)
{
    struct balm_value statement = balm_map(arena);

    balm_map_set(arena, statement, "Sid", statement_id(arena, service, len));
    balm_map_set(arena, statement, "Effect", balm_string("Allow"));
    balm_map_set(arena, statement, "Action", balm_list(arena));
    balm_map_set(arena, statement, "Resource", balm_string("*"));
    return statement;
}

static struct balm_value document_of(struct balm_arena *arena, struct balm_value statements)
{
    struct balm_value document = balm_map(arena);

    balm_map_set(arena, document, "Version", balm_string("2012-10-17"));
    balm_map_set(arena, document, "Statement", statements);
    return document;
}

static struct balm_value policy_of(struct balm_arena *arena, struct balm_value permissions)
{
    struct balm_value statements = balm_list(arena);
    struct balm_value statement = balm_null();
    const char *before = "";

    for (size_t i = 0; i < balm_list_len(permissions); i++) {
        const char *action = balm_list_at(permissions, i)->as.text;
        size_t len = strcspn(action, ":");

        if (strncmp(action, before, len + 1) != 0) {
            statement = statement_of(arena, action, len);
            balm_list_push(arena, statements, statement);
        }
        before = action;
        balm_list_push(arena, balm_get(statement, "Action"), balm_string(action));
    }
    return document_of(arena, statements);
}

static enum balm_code check_size(struct balm_value policy, struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    enum balm_code code;

    balm_json_print(&text, policy, BALM_JSON_COMPACT);
    code = balm_buf_status(&text, "the role's policy", err);
    if (!code && text.len > BALM_IAM_POLICY_MAX) {
        code = balm_fail(err, BALM_E_LIMIT,
                         "the permissions make a policy of %zu characters, and a role's inline "
                         "policies hold %d: give each set of remediations a folder and a role of "
                         "its own",
                         text.len, BALM_IAM_POLICY_MAX);
    }
    balm_buf_free(&text);
    return code;
}

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
    return document_of(arena, statements);
}

static struct balm_value one(struct balm_arena *arena, const char *key, struct balm_value value)
{
    struct balm_value map = balm_map(arena);

    balm_map_set(arena, map, key, value);
    return map;
}

static struct balm_value condition_of(struct balm_arena *arena, struct balm_value external_id)
{
    return one(arena, "StringEquals", one(arena, "sts:ExternalId", external_id));
}

/* ---- JSON ---- */

static struct balm_value as_json(struct balm_arena *arena, const struct balm_iam_role *role,
                                 struct balm_value policy)
{
    struct balm_value out = balm_map(arena);

    balm_map_set(arena, out, "RoleName", balm_string(role->name));
    if (role->trust) {
        struct balm_value condition =
            role->external_id ? condition_of(arena, balm_string(role->external_id)) : balm_null();
        balm_map_set(arena, out, "AssumeRolePolicyDocument",
                     trust_of(arena, balm_string(role->trust), condition));
    }
    balm_map_set(arena, out, "PolicyName", balm_string("BalmRemediations"));
    balm_map_set(arena, out, "PolicyDocument", policy);
    return out;
}

/* ---- CloudFormation ---- */

static struct balm_value ref(struct balm_arena *arena, const char *name)
{
    return one(arena, "Ref", balm_string(name));
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
    return map;
}

/* Fn::If of the external id: the condition, or none. */
static struct balm_value condition_if_any(struct balm_arena *arena)
{
    struct balm_value choice = balm_list(arena);

    balm_list_push(arena, choice, balm_string("HasExternalId"));
    balm_list_push(arena, choice, condition_of(arena, ref(arena, "ExternalId")));
    balm_list_push(arena, choice, ref(arena, "AWS::NoValue"));
    return one(arena, "Fn::If", choice);
}

static struct balm_value has_external_id(struct balm_arena *arena)
{
    struct balm_value equal = balm_list(arena);
    struct balm_value none = balm_list(arena);

    balm_list_push(arena, equal, ref(arena, "ExternalId"));
    balm_list_push(arena, equal, balm_string(""));
    balm_list_push(arena, none, one(arena, "Fn::Equals", equal));
    return one(arena, "Fn::Not", none);
}

static struct balm_value role_resource(struct balm_arena *arena, struct balm_value policy)
{
    struct balm_value properties = balm_map(arena);
    struct balm_value inline_policy = balm_map(arena);
    struct balm_value policies = balm_list(arena);
    struct balm_value role = one(arena, "Type", balm_string("AWS::IAM::Role"));

    balm_map_set(arena, inline_policy, "PolicyName", balm_string("BalmRemediations"));
    balm_map_set(arena, inline_policy, "PolicyDocument", policy);
    balm_list_push(arena, policies, inline_policy);
    balm_map_set(arena, properties, "RoleName", ref(arena, "RoleName"));
    balm_map_set(arena, properties, "Description", balm_string(BALM_IAM_DESCRIPTION));
    balm_map_set(arena, properties, "MaxSessionDuration", balm_int(3600));
    balm_map_set(arena, properties, "AssumeRolePolicyDocument",
                 trust_of(arena, ref(arena, "TrustedPrincipal"), condition_if_any(arena)));
    balm_map_set(arena, properties, "Policies", policies);
    balm_map_set(arena, role, "Properties", properties);
    return role;
}

static struct balm_value as_cloudformation(struct balm_arena *arena,
                                           const struct balm_iam_role *role,
                                           struct balm_value policy)
{
    struct balm_value out = balm_map(arena);
    struct balm_value arn = balm_list(arena);

    balm_list_push(arena, arn, balm_string("Role"));
    balm_list_push(arena, arn, balm_string("Arn"));
    balm_map_set(arena, out, "AWSTemplateFormatVersion", balm_string("2010-09-09"));
    balm_map_set(arena, out, "Description", balm_string(BALM_IAM_DESCRIPTION));
    balm_map_set(arena, out, "Parameters", parameters_of(arena, role));
    balm_map_set(arena, out, "Conditions", one(arena, "HasExternalId", has_external_id(arena)));
    balm_map_set(arena, out, "Resources", one(arena, "Role", role_resource(arena, policy)));
    balm_map_set(arena, out, "Outputs",
                 one(arena, "RoleArn", one(arena, "Value", one(arena, "Fn::GetAtt", arn))));
    return out;
}

/* ---- writing ---- */

enum balm_code balm_iam_write(struct balm_buf *out, enum balm_iam_format format,
                              const struct balm_iam_role *role, struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_iam_role filled = *role;
    struct balm_value policy = policy_of(&arena, role->permissions);
    enum balm_code code = check_role(role, err);

    if (!filled.name) filled.name = BALM_IAM_ROLE_NAME;
    if (!code && balm_list_len(role->permissions) == 0) {
        code = balm_fail(err, BALM_E_ARG, "no remediation declares a permission");
    }
    if (!code) code = check_size(policy, err);
    if (code) goto out;
    if (format == BALM_IAM_TERRAFORM) {
        balm_iam_terraform(out, &filled, policy);
    } else {
        struct balm_value text = format == BALM_IAM_JSON
                                     ? as_json(&arena, &filled, policy)
                                     : as_cloudformation(&arena, &filled, policy);
        balm_json_print(out, text, BALM_JSON_PRETTY);
        balm_buf_adds(out, "\n");
    }
    code = balm_arena_status(&arena, err);
    if (!code) code = balm_buf_status(out, "the role", err);
out:
    balm_arena_free(&arena);
    return code;
}
