#include "remedy/guard.h"

#include "core/hash.h"
#include "core/time.h"
#include "remedy/actor.h"
#include "remedy/guard_read.h"

#include <stdarg.h>
#include <string.h>

#define FIX  (1u << BALM_ACTION_FIX)
#define PLAN (1u << BALM_ACTION_PLAN)
#define UNDO (1u << BALM_ACTION_UNDO)

/* ---- what the configuration and the declaration alone answer ---- */

static void account_not_enabled(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const struct balm_intent *intent = guarding->intent;

    (void)guard;
    if (balm_policy_has_account(intent->policy, intent->finding->account)) {
        balm_guard_allow(guarding);
    } else {
        balm_guard_refuse(guarding, "%s is not among the configuration's accounts",
                          intent->finding->account);
    }
}

static void finding_closed(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const char *status = guarding->intent->finding->status;

    (void)guard;
    if (strcmp(status, "fail") == 0) {
        balm_guard_allow(guarding);
    } else {
        balm_guard_refuse(guarding, "the finding's status is \"%s\", not \"fail\"", status);
    }
}

static void off(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const struct balm_intent *intent = guarding->intent;

    (void)guard;
    if (intent->by_hand || intent->association.mode != BALM_MODE_OFF) {
        balm_guard_allow(guarding);
    } else {
        balm_guard_refuse(guarding, "the configuration's mode for it is \"off\"");
    }
}

/* A resource may ask by itself to be left alone for a while, by a tag with a date. A date that
   cannot be read is taken for one that has not come yet. */
static bool asks_to_be_skipped(struct balm_guarding *guarding, const char **until)
{
    struct balm_intent *intent = guarding->intent;
    struct balm_value tags = balm_intent_tags(intent, intent->arena);
    struct balm_value tag = balm_get(tags, "balm:skip-until");
    int64_t micros = 0;

    if (tag.type != BALM_STRING) return false;
    *until = tag.as.text;
    return !balm_time_parse(tag.as.text, tag.len, &micros) || guarding->now < micros;
}

void balm_guard_excluded(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_intent *intent = guarding->intent;
    struct balm_exclusion exclusion;
    const struct balm_exclusion_question question = {.finding = intent->finding,
                                                     .remediation = intent->association.remediation,
                                                     .tags =
                                                         balm_intent_tags(intent, intent->arena),
                                                     .units = intent->units,
                                                     .now = guarding->now};
    const char *until;

    (void)guard;
    if (balm_policy_excludes(intent->policy, &question, &exclusion)) {
        balm_guard_refuse(guarding, "excluded until %s by %s: %s", exclusion.expires,
                          exclusion.owner, exclusion.reason);
    } else if (asks_to_be_skipped(guarding, &until)) {
        balm_guard_refuse(guarding, "its tag balm:skip-until says \"%.40s\"", until);
    } else {
        balm_guard_allow(guarding);
    }
}

/* What Balm did itself is told to it as well, where changes are watched for. */
static void loop(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_intent *intent = guarding->intent;
    const char *actor = balm_get_string(intent->finding->normal, "actor", "");
    struct balm_err err;

    (void)guard;
    if (!actor[0] || balm_intent_locate(intent, &err) || !intent->role_arn) {
        balm_guard_allow(guarding); /* a role that cannot be told fails the run right after */
        return;
    }
    if (balm_actor_is_role(actor, intent->role_arn)) {
        balm_guard_refuse(guarding, "it was Balm's own role that made this change: %.200s", actor);
    } else {
        balm_guard_allow(guarding);
    }
}

static void destructive(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    const struct balm_intent *intent = guarding->intent;

    (void)guard;
    if (!balm_get_bool(intent->declaration, "destructive", false) ||
        intent->engine->allow_destructive || intent->association.allow_destructive) {
        balm_guard_allow(guarding);
    } else {
        balm_guard_refuse(guarding,
                          "%s may lose data or stop a workload: allow it with "
                          "--allow-destructive, or allow_destructive in the "
                          "configuration",
                          intent->association.remediation);
    }
}

#define GUARD(NAME, CAN_BE_SKIPPED, NEEDS_SCRIPT, ACTIONS, ASK)                                    \
    {                                                                                              \
        .name = (NAME), .can_be_skipped = (CAN_BE_SKIPPED), .needs_script = (NEEDS_SCRIPT),        \
        .actions = (ACTIONS), .moments = 1u << BALM_BEFORE_RUN, .ask = (ASK)                       \
    }

static const struct balm_guard built_in[] = {
    GUARD("account_not_enabled", false, false, FIX | PLAN | UNDO, account_not_enabled),
    GUARD("finding_closed", true, false, FIX | PLAN, finding_closed),
    GUARD("off", true, false, FIX | PLAN, off),
    GUARD("excluded", true, false, FIX | PLAN, balm_guard_excluded),
    GUARD("loop", true, false, FIX | PLAN, loop),
    GUARD("destructive", false, true, FIX, destructive),
};

#define BUILT_IN (sizeof built_in / sizeof *built_in)

const struct balm_guard *balm_guard_at(const struct balm_engine *engine, size_t i)
{
    if (i < BUILT_IN) return &built_in[i];
    return i - BUILT_IN < engine->guard_count ? engine->guards[i - BUILT_IN] : NULL;
}

bool balm_guard_is_skipped(const struct balm_engine *engine, const struct balm_guard *guard)
{
    for (size_t i = 0; guard->can_be_skipped && i < engine->skipped_guard_count; i++) {
        if (strcmp(engine->skipped_guards[i], guard->name) == 0) return true;
    }
    return false;
}

/* Exclusions are asked by several guards of one name. */
static bool has_name_of_another(const struct balm_engine *engine, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(balm_guard_at(engine, i)->name, balm_guard_at(engine, at)->name) == 0)
            return true;
    }
    return false;
}

enum balm_code balm_guards_check_names(const struct balm_engine *engine, struct balm_err *err)
{
    for (size_t i = 0; i < engine->skipped_guard_count; i++) {
        struct balm_buf known = BALM_BUF_INIT(1024);
        const char *name = engine->skipped_guards[i];
        const struct balm_guard *guard;
        enum balm_code code = BALM_E_ARG;

        for (size_t k = 0; (guard = balm_guard_at(engine, k)) != NULL; k++) {
            if (!guard->can_be_skipped || has_name_of_another(engine, k)) continue;
            balm_buf_addf(&known, "%s%s", known.len > 0 ? ", " : "", guard->name);
            if (strcmp(guard->name, name) == 0) code = BALM_OK;
        }
        if (code) {
            balm_fail(err, code, "--skip-guard %.60s: the guards that can be left out are %s", name,
                      known.bytes);
        }
        balm_buf_free(&known);
        if (code) return code;
    }
    return BALM_OK;
}

/* ---- asking one after the other ---- */

static void finish(struct balm_guarding *guarding, const struct balm_guard *refused)
{
    balm_guard_reads_drop(guarding);
    guarding->asked = refused;
    guarding->done(guarding->owner, guarding);
}

static bool is_asked(const struct balm_guarding *guarding, const struct balm_guard *guard)
{
    const struct balm_intent *intent = guarding->intent;

    return guard->actions & 1u << intent->action && guard->moments & 1u << guarding->moment &&
           !balm_guard_is_skipped(intent->engine, guard);
}

/* The first that reads the store reads for all that come after it: a way to the store and back
   takes longer than what is read there. */
static void read_ahead(struct balm_guarding *guarding)
{
    const struct balm_intent *intent = guarding->intent;
    const struct balm_guard *guard;

    guarding->has_read_ahead = true;
    for (size_t i = guarding->next; (guard = balm_guard_at(intent->engine, i)) != NULL; i++) {
        if (!guard->reading || !is_asked(guarding, guard)) continue;
        if (!guard->needs_script || intent->version) balm_guard_read_ahead(guard, guarding);
    }
}

/* Asks on until a guard takes its time, refuses, or all have allowed. */
static void ask_on(struct balm_guarding *guarding)
{
    struct balm_intent *intent = guarding->intent;
    const struct balm_guard *guard;

    while ((guard = balm_guard_at(intent->engine, guarding->next)) != NULL) {
        guarding->next++;
        if (!is_asked(guarding, guard)) continue;
        if (guard->needs_script) {
            guarding->err.code = balm_intent_load(intent, &guarding->err);
            if (guarding->err.code) break;
        }
        guarding->asked = guard;
        guarding->answered = false;
        guarding->asking = true;
        guard->ask(guard, guarding);
        if (guard->reading && !guarding->has_read_ahead) read_ahead(guarding);
        guarding->asking = false;
        if (!guarding->answered) return; /* later: answer() goes on */
        if (!guarding->allowed) break;
        guarding->asked = NULL;
    }
    finish(guarding, guarding->asked);
}

static void answer(struct balm_guarding *guarding, bool allowed)
{
    guarding->answered = true;
    guarding->allowed = allowed;
    if (guarding->asking) return;
    if (!allowed || guarding->alone) {
        finish(guarding, guarding->asked);
        return;
    }
    guarding->asked = NULL;
    ask_on(guarding);
}

static void fill(struct balm_guarding *guarding, const struct balm_guards_question *question,
                 void (*done)(void *owner, struct balm_guarding *guarding), void *owner)
{
    memset(guarding, 0, sizeof *guarding);
    guarding->intent = question->intent;
    guarding->moment = question->moment;
    guarding->writes = question->writes;
    guarding->now = question->now;
    guarding->done = done;
    guarding->owner = owner;
}

void balm_guards_ask(struct balm_guarding *guarding, const struct balm_guards_question *question,
                     void (*done)(void *owner, struct balm_guarding *guarding), void *owner)
{
    fill(guarding, question, done, owner);
    ask_on(guarding);
}

void balm_guard_ask_alone(struct balm_guarding *guarding, const struct balm_guard *guard,
                          const struct balm_guards_question *question,
                          void (*done)(void *owner, struct balm_guarding *guarding), void *owner)
{
    fill(guarding, question, done, owner);
    guarding->alone = guarding->asking = true;
    guarding->asked = guard;
    guard->ask(guard, guarding);
    guarding->asking = false;
}

void balm_guards_forget(struct balm_guarding *guarding)
{
    const struct balm_guard *guard = guarding->asked;

    balm_guard_reads_drop(guarding);
    guarding->asked = NULL;
    if (guard && !guarding->answered && guard->forget) guard->forget(guard, guarding);
}

void balm_guards_ended(const struct balm_engine *engine, const struct balm_result *result)
{
    const struct balm_guard *guard;

    for (size_t i = 0; (guard = balm_guard_at(engine, i)) != NULL; i++) {
        if (guard->ended) guard->ended(guard, result);
    }
}

void balm_guard_allow(struct balm_guarding *guarding)
{
    answer(guarding, true);
}

void balm_guard_refuse(struct balm_guarding *guarding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    guarding->detail = balm_arena_vprintf(guarding->intent->arena, format, args);
    va_end(args);
    answer(guarding, false);
}

void balm_guard_fail(struct balm_guarding *guarding, const char *why)
{
    guarding->failed = true;
    balm_guard_refuse(guarding, "%s", why);
}

uint64_t balm_guard_key(const struct balm_intent *intent)
{
    const char *remediation = intent->association.remediation;
    const char *account = intent->finding->account;
    const uint64_t parts[2] = {balm_hash(remediation, strlen(remediation)),
                               balm_hash(account, strlen(account))};

    return balm_hash(parts, sizeof parts);
}

void balm_guarding_unlink(struct balm_guarding **list, struct balm_guarding *guarding)
{
    struct balm_guarding *before = *list;

    if (before == guarding) {
        *list = guarding->of_guard;
        return;
    }
    while (before && before->of_guard != guarding) {
        before = before->of_guard;
    }
    if (before) before->of_guard = guarding->of_guard;
}
