/*
 * gate_apply: lets each write through only where it is the plan's next one. What a plan did not
 * know is, by then, in the answers of the writes before.
 */
#include "remedy/gates.h"

#include "core/unknown.h"
#include "remedy/plan.h"
#include "remedy/residue.h"

#include <string.h>

static struct balm_gate_apply *apply_of(struct balm_gate *gate)
{
    return (struct balm_gate_apply *)gate;
}

static bool is_planned_kind(const struct balm_question *question)
{
    return question->phase == BALM_PHASE_FIX && balm_call_is_write(question->call);
}

/* ---- what is known by now ---- */

static bool lookup(void *owner, const char *source, size_t len, struct balm_value *out)
{
    struct balm_gate_apply *apply = owner;

    for (size_t i = 0; i < balm_list_len(apply->answers); i++) {
        struct balm_value answer = *balm_list_at(apply->answers, i);
        const char *name = balm_plan_source(apply->writes, i, apply->arena);
        size_t name_len = strlen(name);
        const char *path;
        if (len <= name_len || memcmp(source, name, name_len) != 0 || source[name_len] != '.' ||
            balm_is_null(answer)) {
            continue;
        }
        path = balm_arena_copy(apply->arena, source + name_len + 1, len - name_len - 1);
        *out = path ? balm_path(answer, path) : balm_null();
        return path != NULL;
    }
    return false;
}

static bool is_text(struct balm_value value)
{
    return value.type == BALM_STRING || value.type == BALM_BYTES;
}

/* A script may have made a text of what is none, as it would have in the plan. */
static bool is_same_text(struct balm_value known, struct balm_value now, struct balm_arena *arena)
{
    struct balm_value text = balm_unknown_text(known, arena);

    return is_text(text) && is_text(now) && text.len == now.len &&
           memcmp(text.as.text, now.as.text, now.len) == 0;
}

/* What was planned, with what is known by now in place of what was not; now is what stands there
   in the call that is asked for. */
static struct balm_value known(struct balm_gate_apply *apply, struct balm_value planned,
                               struct balm_value now)
{
    struct balm_value made = planned;

    if (planned.type == BALM_UNKNOWN) {
        if (!balm_unknown_resolve(planned.as.text, lookup, apply, apply->arena, &made)) {
            return planned;
        }
        return is_same_text(made, now, apply->arena) ? now : made;
    }
    if (planned.type == BALM_LIST) {
        made = balm_list_of(apply->arena, balm_list_at(planned, 0), balm_list_len(planned));
        for (size_t i = 0; i < balm_list_len(made); i++) {
            struct balm_value *there = balm_list_at(now, i);
            *balm_list_at(made, i) =
                known(apply, *balm_list_at(made, i), there ? *there : balm_null());
        }
    } else if (planned.type == BALM_MAP) {
        made = balm_map_again(apply->arena, planned);
        for (size_t i = 0; i < balm_map_len(made); i++) {
            struct balm_entry *entry = balm_map_at(made, i);
            entry->value = known(apply, entry->value, balm_get(now, entry->key));
        }
    }
    return made;
}

/* ---- the comparison ---- */

/* Of the next write; positions count from 1, as people and Lua do. */
static const char *path_of(const struct balm_gate_apply *gate, const char *member)
{
    const char *path = balm_arena_printf(gate->arena, "writes[%zu]%s%s", gate->next + 1,
                                         member[0] ? "." : "", member);
    return path ? path : "writes";
}

static void compare(struct balm_gate_apply *apply, struct balm_value now)
{
    static const char *const members[] = {"service", "operation", "region", "account", "params"};
    struct balm_value planned = balm_null();

    if (apply->next == balm_list_len(apply->writes)) {
        balm_drift_add(apply->drift, path_of(apply, ""), planned, now, apply->arena);
        return;
    }
    planned = *balm_list_at(apply->writes, apply->next);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct balm_value there = balm_get(now, members[i]);
        balm_drift_add(apply->drift, path_of(apply, members[i]),
                       known(apply, balm_get(planned, members[i]), there), there, apply->arena);
    }
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_apply *apply = apply_of(gate);

    if (is_planned_kind(question) && balm_list_len(apply->drift) == 0) {
        compare(apply, balm_plan_write(question->call, balm_null(), apply->arena));
        if (balm_list_len(apply->drift) > 0) apply->drifted(apply->owner);
    }
    if (balm_list_len(apply->drift) > 0) {
        balm_gate_refuse(question, "Drift", "%s", balm_plan_drift_text(apply->drift, apply->arena));
        return;
    }
    if (is_planned_kind(question)) {
        apply->next++;
        balm_list_push(apply->arena, apply->answers, balm_null());
    }
    if (apply->arena->code) { /* what could not be compared is not written */
        balm_gate_refuse(question, "OutOfMemory", "the call cannot be compared: out of memory");
        return;
    }
    balm_gate_pass(&apply->link, question);
}

/* Writes come one after the other, so it is the last one that was let through. */
static void settled(struct balm_gate *gate, struct balm_question *question,
                    const struct balm_call_result *result)
{
    struct balm_gate_apply *apply = apply_of(gate);
    struct balm_value *answer;

    if (!is_planned_kind(question) || apply->next == 0 || result->err.code) return;
    answer = balm_list_at(apply->answers, apply->next - 1);
    if (answer) *answer = balm_copy(apply->arena, result->answer);
}

void balm_gate_apply_init(struct balm_gate_apply *gate, struct balm_value writes,
                          void (*drifted)(void *owner), void *owner, struct balm_arena *arena)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate = (struct balm_gate){ask, settled, NULL, NULL};
    gate->arena = arena;
    gate->writes = writes;
    gate->answers = balm_list(arena);
    gate->drift = balm_list(arena);
    gate->drifted = drifted;
    gate->owner = owner;
}

bool balm_gate_apply_is_done(struct balm_gate_apply *gate)
{
    struct balm_value missing;

    if (balm_list_len(gate->drift) > 0) return false;
    if (gate->next == balm_list_len(gate->writes)) return true;
    missing = *balm_list_at(gate->writes, gate->next);
    balm_drift_add(gate->drift, path_of(gate, ""), missing, balm_null(), gate->arena);
    return false;
}
