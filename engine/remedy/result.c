#include "remedy/result.h"

#include "aws/retry.h"

#include <string.h>

const char *balm_status_name(enum balm_status status)
{
    static const char *const names[] = {"fixed",   "compliant", "planned",    "undone",
                                        "skipped", "deferred",  "unverified", "failed"};
    return names[status];
}

/* ---- exit status ---- */

#define EXIT_FAILED  1
#define EXIT_INVALID 2
#define EXIT_DENIED  3
#define EXIT_LEFT    4

static int exit_of_failure(const struct balm_result *result)
{
    if (result->invalid) return EXIT_INVALID;
    return result->err.code == BALM_E_AUTH || balm_err_is_authorisation(&result->err) ? EXIT_DENIED
                                                                                      : EXIT_FAILED;
}

int balm_result_exit(const struct balm_result *result)
{
    /* Of the reasons of `skipped`, the ones that leave nothing undone. */
    static const char *const fine[] = {"finding_closed", "excluded", "duplicate", "held", "off"};

    switch (result->status) {
    case BALM_STATUS_FIXED:
    case BALM_STATUS_COMPLIANT:
    case BALM_STATUS_PLANNED:
    case BALM_STATUS_UNDONE:
        return 0;
    case BALM_STATUS_FAILED:
        return exit_of_failure(result);
    case BALM_STATUS_SKIPPED:
        if (result->guard_failed) return EXIT_LEFT;
        for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
            if (strcmp(fine[i], result->reason) == 0) return 0;
        }
        return EXIT_LEFT;
    case BALM_STATUS_DEFERRED:
    case BALM_STATUS_UNVERIFIED:
        break;
    }
    return EXIT_LEFT;
}

int balm_exit_join(int a, int b)
{
    static const int order[] = {EXIT_INVALID, EXIT_DENIED, EXIT_FAILED, EXIT_LEFT};

    /* 3 says that every failure was one of authorisation. */
    if ((a == EXIT_FAILED && b == EXIT_DENIED) || (a == EXIT_DENIED && b == EXIT_FAILED)) {
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (a == order[i] || b == order[i]) return order[i];
    }
    return a ? a : b;
}

/* ---- as an object ---- */

/* An object under way: its fields have different names. */
struct fields {
    struct balm_value map;
    struct balm_arena *arena;
};

static struct fields begin(struct balm_arena *arena, size_t count)
{
    return (struct fields){balm_map_sized(arena, count), arena};
}

static void add(const struct fields *fields, const char *name, struct balm_value value)
{
    balm_map_add(fields->arena, fields->map, name, value);
}

/* null where there is no text */
static struct balm_value text_or_null(const char *text)
{
    return text && text[0] ? balm_string(text) : balm_null();
}

static struct balm_value origin_value(const struct balm_origin *origin, const char *event_id,
                                      struct balm_arena *arena)
{
    struct fields fields = begin(arena, 4);

    add(&fields, "source", balm_string(origin->source));
    add(&fields, "number", balm_int((int64_t)origin->number));
    if (origin->line > 0) add(&fields, "line", balm_int((int64_t)origin->line));
    if (event_id[0]) add(&fields, "id", balm_string(event_id));
    return fields.map;
}

static void add_what(const struct fields *fields, const struct balm_result *result,
                     struct balm_arena *arena)
{
    const struct balm_intent *intent = result->intent;
    const struct balm_finding *finding = intent->finding;
    const char *remediation = intent->association.remediation;

    add(fields, "run", balm_string(result->run));
    add(fields, "remediation", text_or_null(remediation ? remediation : finding->remediation));
    add(fields, "script", balm_intent_script(intent, arena));
    add(fields, "config", balm_intent_config(intent, arena));
    add(fields, "policy", text_or_null(finding->policy_id));
    add(fields, "account", balm_string(finding->account));
    add(fields, "region", balm_string(intent->region));
    add(fields, "resource", finding->resource);
    add(fields, "parameters", intent->parameters);
    if (intent->version && balm_is_null(balm_get(intent->declaration, "permissions"))) {
        add(fields, "permissions", balm_string("undeclared"));
    }
    if (intent->version) {
        add(fields, "reversible", balm_bool(balm_get_bool(intent->declaration, "has_undo", false)));
    }
    if (intent->engine->no_session_policy) add(fields, "session_policy", balm_bool(false));
    if (!balm_is_null(result->skipped_guards)) {
        add(fields, "skipped_guards", result->skipped_guards);
    }
    if (intent->again && intent->action != BALM_ACTION_VERIFY) {
        add(fields, "undoes", balm_string(intent->again->run));
    }
}

static void add_planned(const struct fields *fields, const struct balm_result *result)
{
    static const char *const members[] = {"destructive", "actions"};

    add(fields, "complete", balm_bool(result->complete));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        add(fields, members[i], balm_get(result->plan, members[i]));
    }
}

/* What only some ends have. */
static void add_end(const struct fields *fields, const struct balm_result *result)
{
    bool is_verified = result->status == BALM_STATUS_FIXED;

    add(fields, "status", balm_string(balm_status_name(result->status)));
    add(fields, "reason", text_or_null(result->reason));
    if (result->detail) add(fields, "detail", balm_string(result->detail));
    add(fields, "verified", is_verified ? balm_bool(result->verified) : balm_null());
    if (result->status == BALM_STATUS_PLANNED) add_planned(fields, result);
    if (result->applied) add(fields, "applied", balm_string(result->applied));
    if (balm_list_len(result->drift) > 0) add(fields, "drift", result->drift);
    if (result->status == BALM_STATUS_UNDONE) add(fields, "residue", result->residue);
    if (result->status == BALM_STATUS_DEFERRED) {
        add(fields, "retry_after", balm_double(result->retry_after));
    }
}

struct balm_value balm_result_value(const struct balm_result *result,
                                    const struct balm_origin *origin, struct balm_arena *arena)
{
    struct fields fields = begin(arena, 26);

    add_what(&fields, result, arena);
    add_end(&fields, result);
    add(&fields, "calls", result->calls);
    add(&fields, "before", result->before);
    add(&fields, "log", result->log);
    add(&fields, "error", result->error);
    if (origin && origin->source) {
        add(&fields, "event", origin_value(origin, result->intent->finding->event_id, arena));
    }
    add(&fields, "started", balm_time_text(arena, result->started));
    add(&fields, "ms", balm_int(result->ms));
    return fields.map;
}

struct balm_value balm_fault_value(const struct balm_err *err, const struct balm_origin *origin,
                                   struct balm_arena *arena)
{
    struct fields fields = begin(arena, 3);

    add(&fields, "status", balm_string("failed"));
    add(&fields, "error", balm_error_value(err, balm_null(), arena));
    add(&fields, "event", origin_value(origin, "", arena));
    return fields.map;
}

struct balm_value balm_error_value(const struct balm_err *err, struct balm_value detail,
                                   struct balm_arena *arena)
{
    static const char *const known[] = {"service",    "operation", "status",
                                        "request_id", "file",      "line"};
    const char *code = err->aws_code[0] ? err->aws_code : balm_code_name(err->code);
    struct fields fields = begin(arena, 9);

    code = balm_get_string(detail, "code", code);
    add(&fields, "code", balm_text(arena, code));
    add(&fields, "message", balm_text(arena, balm_get_string(detail, "message", err->message)));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct balm_value *value = balm_map_get(detail, known[i]);
        if (value && !balm_is_null(*value)) add(&fields, known[i], *value);
    }
    add(&fields, "retryable", balm_bool(balm_get_bool(detail, "retryable", err->retryable)));
    return fields.map;
}
