#include "remedy/plan.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/time.h"
#include "remedy/page.h"
#include "remedy/residue.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 80 /* bytes of a value in a sentence */

static void set(struct balm_arena *arena, struct balm_value map, const char *name,
                struct balm_value value)
{
    balm_map_set(arena, map, name, value);
}

/* Copied; left out where there is none. */
static void set_text(struct balm_arena *arena, struct balm_value map, const char *name,
                     const char *text)
{
    if (text && text[0]) set(arena, map, name, balm_text(arena, text));
}

/* ---- writes ---- */

bool balm_plan_is_token(const struct balm_operation *operation, const struct balm_entry *param)
{
    const struct balm_shape *input = operation ? balm_operation_input(operation) : NULL;
    const struct balm_member *member =
        input ? balm_shape_member(input, param->key, param->key_len) : NULL;

    return member && balm_member_is_idempotency_token(member);
}

static bool is_no_token(void *operation, struct balm_entry *param)
{
    return !balm_plan_is_token(operation, param);
}

static bool is_among(struct balm_value texts, const char *text)
{
    for (size_t i = 0; i < balm_list_len(texts); i++) {
        if (balm_is_text(*balm_list_at(texts, i), text)) return true;
    }
    return false;
}

static struct balm_value actions_of(struct balm_call *call, struct balm_value declared,
                                    struct balm_arena *arena)
{
    struct balm_value all = balm_list(arena), allowed = balm_list(arena);
    const char *session = balm_call_session_action(call);

    for (size_t i = 0; i < balm_call_action_count(call); i++) {
        const char *action = balm_call_action_at(call, i);
        balm_list_push(arena, all, balm_text(arena, action));
        if (is_among(declared, action)) balm_list_push(arena, allowed, balm_text(arena, action));
    }
    if (balm_list_len(allowed) > 0) all = allowed;
    if (session) balm_list_push(arena, all, balm_text(arena, session));
    return all;
}

struct balm_value balm_plan_write(struct balm_call *call, struct balm_value declared,
                                  struct balm_arena *arena)
{
    struct balm_value write = balm_map(arena);
    struct balm_value params = balm_copy(arena, balm_call_params(call));

    balm_map_filter(params, is_no_token, (void *)balm_call_operation(call));
    set_text(arena, write, "service", balm_call_service(call));
    set_text(arena, write, "operation", balm_call_operation_name(call));
    set_text(arena, write, "region", balm_call_region(call));
    set_text(arena, write, "account", balm_session_account(balm_call_session(call)));
    set(arena, write, "params", params);
    set(arena, write, "actions", actions_of(call, declared, arena));
    return write;
}

static const char *source_of(struct balm_value write, struct balm_arena *arena)
{
    const char *operation = balm_get_string(write, "operation", "");
    bool is_raw = strchr(operation, ' ') != NULL; /* "GET /path" */

    return balm_arena_printf(arena, "%s:%s", balm_get_string(write, "service", ""),
                             is_raw ? "request" : operation);
}

const char *balm_plan_source(struct balm_value writes, size_t i, struct balm_arena *arena)
{
    const char *source = source_of(*balm_list_at(writes, i), arena);
    size_t earlier = 0;

    for (size_t k = 0; source && k < i; k++) {
        const char *other = source_of(*balm_list_at(writes, k), arena);
        if (other && strcmp(other, source) == 0) earlier++;
    }
    if (source && earlier > 0) source = balm_arena_printf(arena, "%s[%zu]", source, earlier + 1);
    return source ? source : "";
}

/* ---- the plan of one event ---- */

static int by_text(const void *a, const void *b)
{
    const struct balm_value *left = a, *right = b;

    return strcmp(left->as.text, right->as.text);
}

struct balm_value balm_plan_actions(struct balm_value writes, struct balm_arena *arena)
{
    struct balm_value all = balm_list(arena);

    for (size_t i = 0; i < balm_list_len(writes); i++) {
        struct balm_value actions = balm_get(*balm_list_at(writes, i), "actions");
        for (size_t k = 0; k < balm_list_len(actions); k++) {
            struct balm_value action = *balm_list_at(actions, k);
            if (action.type != BALM_STRING || is_among(all, action.as.text)) continue;
            balm_list_push(arena, all, action);
        }
    }
    if (balm_list_len(all) > 1) {
        qsort(balm_list_at(all, 0), balm_list_len(all), sizeof(struct balm_value), by_text);
    }
    return all;
}

/* Sealed where the plan is kept: it is nobody's but the role's and Balm's. */
static void set_external_id(struct balm_arena *arena, struct balm_value plan, const char *id)
{
    struct balm_value text = balm_null();

    if (id && id[0]) text = balm_text(arena, id);
    if (balm_is_null(text)) return;
    text.secret = true;
    set(arena, plan, "external_id", text);
}

/* The event as it came is not needed any more. */
static struct balm_value finding_of(const struct balm_intent *intent, struct balm_arena *arena)
{
    struct balm_value normal = balm_copy(arena, intent->finding->normal);

    (void)balm_map_remove(normal, "raw");
    return normal;
}

struct balm_value balm_plan_make(const struct balm_plan_parts *parts, struct balm_arena *arena)
{
    const struct balm_intent *intent = parts->intent;
    struct balm_value declaration = intent->declaration, plan = balm_map(arena);

    set_text(arena, plan, "run", parts->run);
    set(arena, plan, "finding", finding_of(intent, arena));
    set_text(arena, plan, "remediation", intent->association.remediation);
    set(arena, plan, "script", balm_intent_script(intent, arena));
    set(arena, plan, "config", balm_intent_config(intent, arena));
    set(arena, plan, "parameters", balm_copy(arena, intent->parameters));
    set_text(arena, plan, "account", intent->finding->account);
    set_text(arena, plan, "region", intent->region);
    set_text(arena, plan, "role", intent->role_arn);
    set_external_id(arena, plan, intent->external_id);
    if (balm_get_bool(declaration, "has_check", false)) set(arena, plan, "before", parts->before);
    set(arena, plan, "destructive", balm_bool(balm_get_bool(declaration, "destructive", false)));
    set(arena, plan, "reversible", balm_bool(balm_get_bool(declaration, "has_undo", false)));
    set(arena, plan, "complete", balm_bool(!parts->why_incomplete));
    set_text(arena, plan, "detail", parts->why_incomplete);
    set(arena, plan, "actions", balm_plan_actions(parts->writes, arena));
    set(arena, plan, "writes", parts->writes);
    return plan;
}

/* ---- holding it against what is ---- */

static void compare(struct balm_value drift, struct balm_value plan, const char *path,
                    struct balm_value now, struct balm_arena *arena)
{
    balm_drift_add(drift, path, balm_path(plan, path), now, arena);
}

static void compare_state(struct balm_value drift, struct balm_value plan, struct balm_arena *arena)
{
    struct balm_value expires = balm_get(plan, "expires");
    int64_t now = balm_clock_now();

    if (!balm_get_bool(plan, "complete", false)) {
        compare(drift, plan, "complete", balm_get(plan, "detail"), arena);
    }
    if (expires.type == BALM_TIME && expires.as.integer <= now) {
        compare(drift, plan, "expires", balm_time_value(now), arena);
    }
}

struct balm_value balm_plan_drift(struct balm_value plan, const struct balm_intent *intent,
                                  struct balm_arena *arena)
{
    struct balm_value drift = balm_list(arena);
    struct balm_value config = balm_intent_config(intent, arena);
    struct balm_value script = balm_intent_script(intent, arena);

    compare_state(drift, plan, arena);
    compare(drift, plan, "config.sha256", balm_get(config, "sha256"), arena);
    if (intent->association.remediation) {
        compare(drift, plan, "remediation", balm_string(intent->association.remediation), arena);
    }
    if (intent->version) {
        compare(drift, plan, "script.version", balm_get(script, "version"), arena);
    }
    if (!balm_is_null(intent->parameters)) {
        compare(drift, plan, "parameters", intent->parameters, arena);
    }
    if (strcmp(intent->region, "global") != 0) {
        compare(drift, plan, "region", balm_string(intent->region), arena);
    }
    return drift;
}

const char *balm_plan_drift_text(struct balm_value drift, struct balm_arena *arena)
{
    struct balm_value first = balm_list_len(drift) > 0 ? *balm_list_at(drift, 0) : balm_null();
    const char *path = balm_get_string(first, "path", "");
    struct balm_buf text = BALM_BUF_INIT(4096);
    char time[BALM_TIME_MAX];
    const char *made;

    if (strcmp(path, "complete") == 0) {
        (void)balm_buf_adds(&text, "the plan is not complete: ");
        balm_page_value(&text, balm_get(first, "now"), SHOWN);
    } else if (strcmp(path, "applied") == 0) {
        (void)balm_buf_adds(&text, "the plan was applied before");
    } else if (strcmp(path, "expires") == 0) {
        balm_time_iso8601(time, balm_get(first, "planned").as.integer);
        (void)balm_buf_addf(&text, "the plan expired at %s", time);
    } else if (path[0]) {
        (void)balm_buf_addf(&text, "%s: planned ", path);
        balm_page_value(&text, balm_get(first, "planned"), SHOWN);
        (void)balm_buf_adds(&text, ", now ");
        balm_page_value(&text, balm_get(first, "now"), SHOWN);
    }
    made = balm_arena_copy(arena, text.bytes, text.len);
    balm_buf_free(&text);
    return made ? made : "";
}
