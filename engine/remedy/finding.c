#include "remedy/finding.h"

#include "core/text.h"

#include <string.h>

/* The value's length counts: a text may hold a NUL. */
static enum balm_code check_account(struct balm_value account, struct balm_err *err)
{
    if (account.type != BALM_STRING) {
        return balm_fail(err, BALM_E_INPUT,
                         "the event does not say whose resource this is: its AccountId must be a "
                         "text of 12 digits, got %s",
                         balm_type_name(account.type));
    }
    if (account.len != 12 || strspn(account.as.text, "0123456789") != 12) {
        return balm_fail(err, BALM_E_INPUT,
                         "the event does not say whose resource this is: its AccountId must be 12 "
                         "digits, not \"%.40s\"",
                         account.as.text);
    }
    return BALM_OK;
}

/* The script's resource: the attributes, and always the account and the region. */
static void fill_resource(struct balm_finding *finding, struct balm_arena *arena)
{
    struct balm_value attributes = balm_path(finding->normal, "resource.attributes");

    finding->resource = attributes.type == BALM_MAP ? attributes : balm_map(arena);
    balm_map_set(arena, finding->resource, "AccountId", balm_string(finding->account));
    balm_map_set(arena, finding->resource, "Region", balm_string(finding->region));
}

enum balm_code balm_finding_read(struct balm_finding *finding, struct balm_value normal,
                                 struct balm_arena *arena, struct balm_err *err)
{
    memset(finding, 0, sizeof *finding);
    finding->normal = normal;
    finding->source = balm_get_string(normal, "source", "");
    finding->kind = balm_get_string(normal, "kind", "finding");
    finding->event_id = balm_get_string(normal, "event_id", "");
    finding->account = balm_get_string(normal, "account", "");
    finding->region = balm_get_string(normal, "region", "");
    finding->partition = balm_get_string(normal, "partition", "");
    finding->policy_id = balm_get_string(normal, "policy_id", "");
    finding->remediation = balm_get_string(normal, "remediation_id", "");
    finding->status = balm_get_string(normal, "status", "unknown");
    finding->policy_aliases = balm_get(normal, "policy_aliases");
    finding->parameters = balm_get(normal, "parameters");
    if (strcmp(finding->kind, "list") == 0) return BALM_OK;
    /* `{}` and `[]` are one in Lua, so an empty list gives no parameters. */
    if (balm_list_len(finding->parameters) > 0) {
        return balm_fail(err, BALM_E_INPUT, "the event's parameters must be an object, got list");
    }
    if (check_account(balm_get(normal, "account"), err)) return err->code;
    if (balm_is_null(balm_get(normal, "region"))) {
        return balm_fail(err, BALM_E_INPUT,
                         "the event does not say where the resource is: its Region must be a "
                         "region (such as \"eu-west-1\"), or \"global\"");
    }
    if (!balm_text_is_host_label(finding->region, strlen(finding->region))) {
        return balm_fail(err, BALM_E_INPUT,
                         "\"%.80s\" is not a region (such as \"eu-west-1\", or \"global\")",
                         finding->region);
    }
    if (!finding->policy_id[0] && !finding->remediation[0]) {
        return balm_fail(err, BALM_E_INPUT, "the event names neither a policy nor a remediation");
    }
    fill_resource(finding, arena);
    return BALM_OK;
}

enum balm_code balm_findings_decode(struct balm_lua_host *host, struct balm_value event,
                                    struct balm_arena *arena, struct balm_finding **out,
                                    size_t *count, struct balm_err *err)
{
    struct balm_value results, found;
    size_t len;
    enum balm_code code =
        balm_lua_host_call(host, "events.detect", "decode", &event, 1, arena, &results, err);

    *count = 0;
    if (code) return code;
    found = balm_list_len(results) > 0 ? *balm_list_at(results, 0) : balm_null();
    len = balm_list_len(found);
    *out = balm_arena_alloc(arena, len * sizeof **out);
    if (balm_arena_status(arena, err)) return err->code;
    for (size_t i = 0; i < len; i++) {
        code = balm_finding_read(&(*out)[i], *balm_list_at(found, i), arena, err);
        if (code) return code;
    }
    if (balm_arena_status(arena, err)) return err->code;
    *count = len;
    return BALM_OK;
}

enum balm_code balm_finding_manual(struct balm_finding *out, const char *remediation,
                                   struct balm_value resource, struct balm_value parameters,
                                   const char *default_region, struct balm_arena *arena,
                                   struct balm_err *err)
{
    struct balm_value normal = balm_map(arena), about = balm_map(arena);
    struct balm_value own_region = balm_get(resource, "Region");
    const char *region =
        balm_is_null(own_region) ? default_region : balm_get_string(resource, "Region", NULL);

    if (resource.type != BALM_MAP) {
        return balm_fail(err, BALM_E_ARG,
                         "--resource must be a JSON object of the resource's attributes");
    }
    if (!region && !balm_is_null(own_region)) {
        return balm_fail(err, BALM_E_ARG, "the resource's Region must be a text, got %s",
                         balm_type_name(own_region.type));
    }
    if (!region) {
        return balm_fail(err, BALM_E_ARG,
                         "the resource has no Region: add \"Region\", or use --region");
    }
    balm_map_set(arena, about, "attributes", resource);
    balm_map_set(arena, normal, "source", balm_string("manual"));
    balm_map_set(arena, normal, "status", balm_string("fail"));
    balm_map_set(arena, normal, "account", balm_get(resource, "AccountId"));
    balm_map_set(arena, normal, "region", balm_string(region));
    balm_map_set(arena, normal, "remediation_id", balm_string(remediation));
    balm_map_set(arena, normal, "parameters", parameters);
    balm_map_set(arena, normal, "resource", about);
    if (balm_arena_status(arena, err)) return err->code;
    return balm_finding_read(out, normal, arena, err);
}
