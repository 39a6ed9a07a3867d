#include "remedy/explain.h"

#include "core/clock.h"
#include "core/json.h"
#include "remedy/guard.h"

#include <string.h>

struct telling {
    struct balm_arena *arena;
    struct balm_intent intent;
    struct balm_value told;
    const char *refused; /* the first guard that does */
    struct balm_err err; /* code BALM_OK while nothing is wrong */
};

static void set(struct telling *telling, struct balm_value map, const char *name,
                struct balm_value value)
{
    balm_map_set(telling->arena, map, name, value);
}

static void set_text(struct telling *telling, struct balm_value map, const char *name,
                     const char *text)
{
    if (text && text[0]) set(telling, map, name, balm_string(text));
}

static void tell_event(struct telling *telling, const struct balm_origin *origin)
{
    const struct balm_finding *finding = telling->intent.finding;
    struct balm_value event = balm_map(telling->arena);

    if (origin && origin->source) {
        set_text(telling, event, "from", origin->source);
        set(telling, event, "number", balm_int((int64_t)origin->number));
        set(telling, event, "line", balm_int((int64_t)origin->line));
    }
    set_text(telling, event, "source", finding->source);
    set_text(telling, event, "id", finding->event_id);
    set_text(telling, event, "status", finding->status);
    set_text(telling, event, "policy", finding->policy_id);
    if (balm_list_len(finding->policy_aliases) > 0) {
        set(telling, event, "aliases", finding->policy_aliases);
    }
    set_text(telling, event, "remediation", finding->remediation);
    set_text(telling, event, "account", finding->account);
    set_text(telling, event, "region", finding->region);
    set(telling, event, "resource", finding->resource);
    if (balm_map_len(finding->parameters) > 0) {
        set(telling, event, "parameters", finding->parameters);
    }
    set(telling, telling->told, "event", event);
}

static void tell_config(struct telling *telling)
{
    struct balm_value config = balm_intent_config(&telling->intent, telling->arena);

    if (!balm_is_null(config)) set(telling, telling->told, "config", config);
}

static void tell_association(struct telling *telling)
{
    static const char *const modes[] = {"", "fix", "plan", "off"};
    const struct balm_association *association = &telling->intent.association;
    struct balm_value about = balm_map(telling->arena);

    telling->err.code = balm_intent_associate(&telling->intent, &telling->err);
    tell_config(telling);
    if (telling->err.code || !association->remediation) return;
    set_text(telling, about, "remediation", association->remediation);
    set_text(telling, about, "by",
             association->matched[0] ? association->matched : "the event, which names it");
    set_text(telling, about, "mode", modes[association->mode]);
    set(telling, telling->told, "association", about);
}

static void tell_script(struct telling *telling)
{
    static const char *const shown[] = {"description", "permissions", "destructive", "has_check",
                                        "has_undo"};
    struct balm_value about = balm_map(telling->arena);
    struct balm_value declaration;

    telling->err.code = balm_intent_load(&telling->intent, &telling->err);
    if (telling->err.code) return;
    declaration = telling->intent.declaration;
    set_text(telling, about, "path", balm_version_path(telling->intent.version));
    set_text(telling, about, "version", balm_version_hash(telling->intent.version));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct balm_value *value = balm_map_get(declaration, shown[i]);
        if (value) set(telling, about, shown[i], *value);
    }
    set(telling, telling->told, "script", about);
}

static void on_late_answer(void *owner, struct balm_guarding *guarding)
{
    (void)guarding;
    balm_loop_stop(owner);
}

static void tell_guard(struct telling *telling, const struct balm_guard *guard,
                       struct balm_value about)
{
    const struct balm_guards_question question = {
        .intent = &telling->intent, .moment = BALM_BEFORE_RUN, .now = balm_clock_now()};
    struct balm_loop *loop = telling->intent.engine->loop;
    struct balm_guarding asking;

    if (balm_guard_is_skipped(telling->intent.engine, guard)) {
        set_text(telling, about, "answer", "left out by --skip-guard");
        return;
    }
    if (guard->needs_script && !telling->intent.version) {
        set_text(telling, about, "answer", "not asked: the script cannot be loaded");
        return;
    }
    balm_guard_ask_alone(&asking, guard, &question, on_late_answer, loop);
    if (!asking.answered) balm_loop_run(loop);
    if (!asking.answered) {
        balm_guards_forget(&asking);
        set_text(telling, about, "answer", "asked when it runs");
        return;
    }
    set_text(telling, about, "answer", asking.allowed ? "allows" : "refuses");
    set_text(telling, about, "detail", asking.detail);
    if (!asking.allowed && !telling->refused) telling->refused = guard->name;
}

/* Several may have one name: it is told once, with whatever is more than that one allows. */
static void add_guard(struct telling *telling, struct balm_value guards, struct balm_value about)
{
    for (size_t i = 0; i < balm_list_len(guards); i++) {
        struct balm_value *known = balm_list_at(guards, i);
        if (!balm_equal(balm_get(*known, "guard"), balm_get(about, "guard"))) continue;
        if (balm_is_text(balm_get(*known, "answer"), "allows")) *known = about;
        return;
    }
    balm_list_push(telling->arena, guards, about);
}

static void tell_guards(struct telling *telling)
{
    struct balm_value guards = balm_list(telling->arena);
    const struct balm_guard *guard;

    for (size_t i = 0; (guard = balm_guard_at(telling->intent.engine, i)) != NULL; i++) {
        struct balm_value about = balm_map(telling->arena);
        if (!(guard->actions & 1u << telling->intent.action)) continue;
        set_text(telling, about, "guard", guard->name);
        tell_guard(telling, guard, about);
        add_guard(telling, guards, about);
    }
    set(telling, telling->told, "guards", guards);
}

static void tell_rest(struct telling *telling)
{
    struct balm_intent *intent = &telling->intent;

    if (intent->version) {
        telling->err.code = balm_intent_complete(intent, &telling->err);
        if (!telling->err.code) set(telling, telling->told, "parameters", intent->parameters);
    }
    if (telling->err.code) return;
    telling->err.code = balm_intent_locate(intent, &telling->err);
    if (telling->err.code) return;
    set_text(telling, telling->told, "region", intent->region);
    set_text(telling, telling->told, "role",
             intent->role_arn ? intent->role_arn : "none: the process's own credentials");
    set_text(telling, telling->told, "external_id", intent->external_id);
}

static struct balm_value outcome_of(struct telling *telling)
{
    const struct balm_intent *intent = &telling->intent;

    if (telling->refused) {
        return balm_textf(telling->arena, "it would be skipped: %s", telling->refused);
    }
    if (telling->err.code) return balm_string("it would fail before any call");
    if (!intent->association.remediation) {
        return balm_string("it would be skipped: no_association");
    }
    return balm_string(intent->action == BALM_ACTION_PLAN ? "it would be planned"
                                                          : "it would be checked, and fixed");
}

struct balm_value balm_explain(const struct balm_engine *engine, const struct balm_finding *finding,
                               bool by_hand, const struct balm_origin *origin,
                               struct balm_arena *arena, int *exit)
{
    struct telling telling = {.arena = arena, .told = balm_map(arena)};

    balm_intent_init(&telling.intent, engine, finding, arena);
    telling.intent.by_hand = by_hand;
    tell_event(&telling, origin);
    tell_association(&telling);
    if (!telling.err.code && telling.intent.association.remediation) {
        tell_script(&telling);
        tell_guards(&telling);
        tell_rest(&telling);
    }
    if (telling.err.code) {
        set(&telling, telling.told, "error", balm_error_value(&telling.err, balm_null(), arena));
    }
    set(&telling, telling.told, "outcome", outcome_of(&telling));
    *exit = telling.err.code && !telling.refused ? 2 : 0;
    telling.told = balm_copy(arena, telling.told); /* its texts must outlive policy and version */
    balm_intent_free(&telling.intent);
    return telling.told;
}

/* Panther's values are texts: "true", "14"; lists and maps, which it has not, stay as they are. */
static struct balm_value as_panther(struct balm_arena *arena, struct balm_value preset)
{
    struct balm_buf text = BALM_BUF_INIT(64);
    struct balm_value out;

    switch (preset.type) {
    case BALM_NULL:
        return balm_string("");
    case BALM_BOOL:
    case BALM_INT:
    case BALM_DOUBLE:
        (void)balm_json_print(&text, preset, BALM_JSON_COMPACT);
        out = balm_text_n(arena, text.bytes, text.len);
        balm_buf_free(&text);
        return out;
    default:
        return balm_copy(arena, preset);
    }
}

enum balm_code balm_panther_list(struct balm_catalog *catalog, const struct balm_log *log,
                                 struct balm_arena *arena, struct balm_value *out,
                                 struct balm_err *err)
{
    struct balm_version **versions;
    struct balm_value faults;
    size_t count = 0;

    *out = balm_map(arena);
    if (balm_catalog_all(catalog, arena, &versions, &count, &faults, err)) return err->code;
    for (size_t i = 0; i < count; i++) {
        struct balm_value declared = balm_get(balm_version_declaration(versions[i]), "parameters");
        struct balm_value parameters = balm_map(arena);
        const char *id = balm_version_id(versions[i]);
        for (size_t k = 0; k < balm_map_len(declared); k++) {
            const struct balm_entry *entry = balm_map_at(declared, k);
            balm_map_put(arena, parameters, entry->key, entry->key_len,
                         as_panther(arena, balm_get(entry->value, "default")));
        }
        balm_map_put(arena, *out, id, strlen(id), parameters);
        balm_version_release(versions[i]);
    }
    for (size_t i = 0; i < balm_list_len(faults); i++) {
        struct balm_value fault = *balm_list_at(faults, i);
        balm_log(log, BALM_LOG_WARN, "%s:%lld: %s", balm_get_string(fault, "file", ""),
                 (long long)balm_get_int(fault, "line", 0), balm_get_string(fault, "message", ""));
    }
    return balm_arena_status(arena, err);
}
