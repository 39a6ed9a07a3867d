#include "remedy/intent.h"

#include "core/text.h"
#include "remedy/parameters.h"
#include "remedy/tags.h"

#include <stdio.h>
#include <string.h>

const char *balm_action_name(enum balm_action action)
{
    static const char *const names[] = {"fix", "plan", "undo", "verify"};
    return names[action];
}

struct balm_value balm_intent_tags(const struct balm_intent *intent, struct balm_arena *arena)
{
    return intent->tags.type == BALM_MAP ? intent->tags : balm_finding_tags(intent->finding, arena);
}

struct balm_value balm_skipped_guards(const struct balm_engine *engine, struct balm_arena *arena)
{
    struct balm_value names = balm_null();

    for (size_t i = 0; i < engine->skipped_guard_count; i++) {
        if (i == 0) names = balm_list(arena);
        balm_list_push(arena, names, balm_string(engine->skipped_guards[i]));
    }
    return names;
}

void balm_intent_init(struct balm_intent *intent, const struct balm_engine *engine,
                      const struct balm_finding *finding, struct balm_arena *arena)
{
    memset(intent, 0, sizeof *intent);
    intent->engine = engine;
    intent->finding = finding;
    intent->arena = arena;
    intent->region = finding->region;
}

void balm_intent_free(struct balm_intent *intent)
{
    if (intent->version) balm_version_release(intent->version);
    if (intent->policy) balm_policy_release(intent->policy);
    intent->version = NULL;
    intent->policy = NULL;
}

/* Gives err a name for machines where it has none yet. */
static enum balm_code named(struct balm_err *err, const char *name)
{
    if (!err->aws_code[0]) snprintf(err->aws_code, sizeof err->aws_code, "%s", name);
    return err->code;
}

enum balm_code balm_intent_associate(struct balm_intent *intent, struct balm_err *err)
{
    const struct balm_engine *engine = intent->engine;

    intent->policy = balm_policy_source_current(engine->policies);
    if (balm_policy_associate(intent->policy, engine->catalog, intent->finding, intent->arena,
                              &intent->association, err)) {
        return named(err, "InvalidConfiguration");
    }
    if (intent->action == BALM_ACTION_FIX && !intent->by_hand &&
        intent->association.mode == BALM_MODE_PLAN) {
        intent->action = BALM_ACTION_PLAN;
    }
    return BALM_OK;
}

enum balm_code balm_intent_load(struct balm_intent *intent, struct balm_err *err)
{
    enum balm_code code;

    if (intent->version) return BALM_OK;
    if (intent->again) {
        intent->version = intent->again->version;
        balm_version_retain(intent->version);
        code = BALM_OK;
    } else {
        code = balm_catalog_find(intent->engine->catalog, intent->association.remediation,
                                 &intent->version, intent->arena, &intent->faults, err);
    }
    if (code) {
        return named(err, code == BALM_E_ARG ? "RemediationDoesNotExist" : "InvalidRemediation");
    }
    intent->declaration = balm_version_declaration(intent->version);
    return BALM_OK;
}

static enum balm_code may_run(const struct balm_intent *intent, struct balm_err *err)
{
    const char *id = intent->association.remediation;

    if (intent->action == BALM_ACTION_UNDO &&
        !balm_get_bool(intent->declaration, "has_undo", false)) {
        balm_fail(err, BALM_E_ARG, "%s declares no undo", id);
        return named(err, "CannotBeUndone");
    }
    if ((intent->action == BALM_ACTION_FIX || intent->action == BALM_ACTION_PLAN) &&
        balm_policy_requires_permissions(intent->policy) &&
        balm_is_null(balm_get(intent->declaration, "permissions"))) {
        balm_fail(err, BALM_E_SCRIPT,
                  "%s declares no permissions, and the configuration requires them "
                  "(require_permissions)",
                  id);
        return named(err, "PermissionsUndeclared");
    }
    return BALM_OK;
}

enum balm_code balm_intent_complete(struct balm_intent *intent, struct balm_err *err)
{
    if (may_run(intent, err)) return err->code;
    if (intent->again) {
        intent->parameters = intent->again->parameters;
        return BALM_OK;
    }
    if (balm_parameters_complete(intent->engine->host, balm_get(intent->declaration, "parameters"),
                                 intent->association.parameters, intent->finding->parameters,
                                 intent->arena, &intent->parameters, err)) {
        intent->parameters = balm_null();
        return named(err, "InvalidParameter");
    }
    return BALM_OK;
}

/* ---- region, partition, role ---- */

/* The partition follows the region; an event's own word counts only where its region says
   "global". */
static const struct balm_partition *partition_of(const struct balm_intent *intent,
                                                 const struct balm_partitions *partitions)
{
    const struct balm_finding *finding = intent->finding;
    const char *configured = balm_aws_config_of(intent->engine->aws)->region;

    if (strcmp(finding->region, "global") != 0) {
        return balm_partition_of(partitions, finding->region);
    }
    if (finding->partition[0]) return balm_partition_by_id(partitions, finding->partition);
    return balm_partition_of(partitions, configured ? configured : "us-east-1");
}

static const char *template_of(const struct balm_intent *intent)
{
    const char *role = intent->engine->role;

    if (intent->engine->no_assume_role) return NULL;
    if (!role && intent->again) return intent->again->role;
    if (!role) role = intent->association.role;
    if (!role) role = balm_policy_role(intent->policy);
    return role ? role : BALM_ROLE_DEFAULT;
}

static const char *brought_id(const struct balm_intent *intent)
{
    if (intent->again && intent->again->external_id) return intent->again->external_id;
    return intent->association.external_id;
}

static const char *external_id_of(const struct balm_intent *intent)
{
    const char *id = intent->engine->external_id;

    if (!id) id = brought_id(intent);
    return id ? id : balm_policy_external_id(intent->policy);
}

const char *balm_intent_brought_id(const struct balm_intent *intent)
{
    const char *id = brought_id(intent);

    return id && intent->external_id && strcmp(id, intent->external_id) == 0 ? id : NULL;
}

enum balm_code balm_intent_locate(struct balm_intent *intent, struct balm_err *err)
{
    const struct balm_partitions *partitions;
    const struct balm_partition *partition;
    const char *template = template_of(intent);

    if (balm_aws_partitions(intent->engine->aws, &partitions, err)) return err->code;
    partition = partition_of(intent, partitions);
    if (!partition) {
        balm_fail(err, BALM_E_INPUT, "there is no partition \"%.40s\"", intent->finding->partition);
        return named(err, "InvalidEvent");
    }
    intent->partition = partition->id;
    if (strcmp(intent->region, "global") == 0) intent->region = partition->home_region;
    if (!template) return BALM_OK;
    intent->external_id = external_id_of(intent);
    if (balm_role_fill(template, intent->finding->account, partition->id, intent->region,
                       intent->arena, &intent->role_arn, err)) {
        return named(err, "InvalidRole");
    }
    return BALM_OK;
}

static struct balm_value pair(struct balm_arena *arena, const char *path, const char *name,
                              const char *hash)
{
    const struct balm_entry fields[] = {
        {"path", 4, balm_text(arena, path)},
        {name, (uint32_t)strlen(name), balm_text(arena, hash)},
    };

    return balm_map_of(arena, fields, sizeof fields / sizeof *fields);
}

struct balm_value balm_intent_script(const struct balm_intent *intent, struct balm_arena *arena)
{
    if (!intent->version) return balm_null();
    return pair(arena, balm_version_path(intent->version), "version",
                balm_version_hash(intent->version));
}

struct balm_value balm_intent_config(const struct balm_intent *intent, struct balm_arena *arena)
{
    if (!intent->policy || !balm_policy_path(intent->policy)[0]) return balm_null();
    return pair(arena, balm_policy_path(intent->policy), "sha256",
                balm_policy_hash(intent->policy));
}

/* Adds what stands in the braces at *at, and moves *at behind them. */
static enum balm_code fill_one(struct balm_buf *role, const char **at, const char *template,
                               const struct balm_entry *known, size_t count, struct balm_err *err)
{
    const char *name = *at + 1;
    size_t len = strcspn(name, "{}");

    for (size_t i = 0; i < count; i++) {
        if (known[i].key_len != len || memcmp(known[i].key, name, len) != 0 || name[len] != '}')
            continue;
        *at = name + len + 1;
        return balm_buf_adds(role, known[i].value.as.text);
    }
    return balm_fail(err, BALM_E_ARG,
                     "role \"%s\": {%.*s} is unknown; {account}, {partition} and {region} are "
                     "filled in",
                     template, (int)len, name);
}

enum balm_code balm_role_fill(const char *template, const char *account, const char *partition,
                              const char *region, struct balm_arena *arena, const char **out,
                              struct balm_err *err)
{
    const struct balm_entry known[] = {
        {"account", 7, balm_string(account)},
        {"partition", 9, balm_string(partition)},
        {"region", 6, balm_string(region)},
    };
    struct balm_buf role = BALM_BUF_INIT(2048);
    enum balm_code code = BALM_OK;
    const char *at = template;

    while (!code && *at) {
        size_t plain = strcspn(at, "{}");
        (void)balm_buf_add(&role, at, plain);
        at += plain;
        if (*at == '}') {
            code = balm_fail(err, BALM_E_ARG, "role \"%s\": } without {", template);
        } else if (*at == '{') {
            code = fill_one(&role, &at, template, known, sizeof known / sizeof *known, err);
        }
    }
    if (!code && !balm_text_starts(role.bytes, "arn:")) {
        code = balm_fail(err, BALM_E_ARG, "role \"%s\" is not the ARN of a role", template);
    }
    if (!code) code = balm_buf_status(&role, "the role", err);
    if (!code) *out = balm_arena_copy(arena, role.bytes, role.len);
    balm_buf_free(&role);
    return code ? code : balm_arena_status(arena, err);
}
