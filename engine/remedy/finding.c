#include "remedy/finding.h"

#include "core/text.h"

#include <string.h>

#define NESTING_MAX  5
#define FINDINGS_MAX 10000

struct decoder {
    struct balm_lua_host *host;
    struct balm_arena *arena;
    struct balm_value found; /* list of normal forms */
    struct balm_err *err;
};

static bool is_account(const char *text)
{
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

static enum balm_code decode(struct decoder *with, struct balm_value event, int depth);

static enum balm_code decode_each(struct decoder *with, struct balm_value list, int depth)
{
    for (size_t i = 0; i < balm_list_len(list); i++) {
        struct balm_value item = *balm_list_at(list, i);
        struct balm_value *again = balm_map_get(item, "again");
        enum balm_code code = BALM_OK;

        if (again) {
            code = decode(with, *again, depth + 1);
        } else {
            balm_list_push(with->arena, with->found, item);
        }
        if (code) return code;
    }
    return BALM_OK;
}

static enum balm_code call(struct decoder *with, const char *module, const char *function,
                           struct balm_value argument, struct balm_value *out)
{
    struct balm_value results;
    enum balm_code code = balm_lua_host_call(with->host, module, function, &argument, 1,
                                             with->arena, &results, with->err);

    if (code) return code;
    *out = balm_list_len(results) > 0 ? *balm_list_at(results, 0) : balm_null();
    return BALM_OK;
}

static enum balm_code decode(struct decoder *with, struct balm_value event, int depth)
{
    struct balm_value format, items;
    enum balm_code code;

    if (depth > NESTING_MAX) {
        return balm_fail(with->err, BALM_E_INPUT, "the event is wrapped more than %d times",
                         NESTING_MAX);
    }
    if (balm_list_len(with->found) > FINDINGS_MAX) {
        return balm_fail(with->err, BALM_E_LIMIT, "one event holds more than %d findings",
                         FINDINGS_MAX);
    }
    if (event.type == BALM_LIST) {
        for (size_t i = 0; i < balm_list_len(event); i++) {
            code = decode(with, *balm_list_at(event, i), depth + 1);
            if (code) return code;
        }
        return BALM_OK;
    }
    if (event.type != BALM_MAP) {
        return balm_fail(with->err, BALM_E_INPUT, "an event must be a JSON object, this is a %s",
                         balm_type_name(event.type));
    }
    code = call(with, "events.detect", "format_of", event, &format);
    if (code) return code;
    code = call(with, balm_arena_printf(with->arena, "events.%s", format.as.text), "decode", event,
                &items);
    if (code) return code;
    return decode_each(with, items, depth);
}

/* The script's resource: the attributes, and always the account and the region. */
static void fill_resource(struct balm_finding *finding, struct balm_arena *arena)
{
    struct balm_value attributes = balm_path(finding->normal, "resource.attributes");

    finding->resource = attributes.type == BALM_MAP ? attributes : balm_map(arena);
    balm_map_set(arena, finding->resource, "AccountId", balm_string(finding->account));
    balm_map_set(arena, finding->resource, "Region", balm_string(finding->region));
}

static enum balm_code fill(struct balm_finding *finding, struct balm_value normal,
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
    if (!is_account(finding->account)) {
        return balm_fail(err, BALM_E_INPUT,
                         "the event does not say whose resource this is: its AccountId must be 12 "
                         "digits, not \"%.40s\"",
                         finding->account);
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
    struct decoder with = {host, arena, balm_list(arena), err};
    enum balm_code code = decode(&with, event, 0);
    size_t len = balm_list_len(with.found);

    *count = 0;
    if (code) return code;
    *out = balm_arena_alloc(arena, len * sizeof **out);
    if (balm_arena_status(arena, err)) return err->code;
    for (size_t i = 0; i < len; i++) {
        code = fill(&(*out)[i], *balm_list_at(with.found, i), arena, err);
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
    const char *region = balm_get_string(resource, "Region", default_region);

    if (resource.type != BALM_MAP) {
        return balm_fail(err, BALM_E_ARG,
                         "--resource must be a JSON object of the resource's attributes");
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
    return fill(out, normal, arena, err);
}
