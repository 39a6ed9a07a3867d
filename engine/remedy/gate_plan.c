/*
 * gate_plan: reads are sent, writes are listed. What an unsent write would have answered is not
 * known, and what depends on it is not either.
 */
#include "remedy/gates.h"

#include "remedy/plan.h"

#include <string.h>

static struct balm_gate_plan *plan_of(struct balm_gate *gate)
{
    return (struct balm_gate_plan *)gate;
}

static struct balm_value unknown_of(struct balm_arena *arena, const char *source,
                                    const char *member)
{
    source = balm_arena_printf(arena, "%s.%s", source, member);
    return source ? balm_unknown(source) : balm_null();
}

/* source: what the answer's sources begin with */
static struct balm_value unknown_answer(const struct balm_question *question, const char *source)
{
    const struct balm_operation *operation = balm_call_operation(question->call);
    struct balm_arena *arena = question->arena;
    struct balm_value answer;

    if (operation) return balm_unknown_output(operation, source, arena);
    answer = balm_map(arena); /* of a raw request */
    balm_map_set(arena, answer, "status", unknown_of(arena, source, "status"));
    balm_map_set(arena, answer, "headers", balm_map(arena));
    balm_map_set(arena, answer, "body", unknown_of(arena, source, "body"));
    return answer;
}

/* Lists the call; what it would have answered is told by where it stands in the list. */
static const char *add(struct balm_gate_plan *plan, const struct balm_question *question)
{
    struct balm_value write = balm_plan_write(question->call, plan->declared, plan->arena);

    if (!balm_list_push(plan->arena, plan->writes, write)) return "";
    return balm_plan_source(plan->writes, balm_list_len(plan->writes) - 1, plan->arena);
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_plan *plan = plan_of(gate);
    bool is_write = balm_call_is_write(question->call);
    const char *source = "a read that depends on a write";

    if (!is_write && !question->needs_unknown) {
        balm_gate_pass(&plan->link, question);
        return;
    }
    if (is_write) {
        source = add(plan, question);
    } else if (!plan->blind_read) {
        plan->blind_read =
            balm_arena_printf(plan->arena, "%s:%s", balm_call_service(question->call),
                              balm_call_operation_name(question->call));
    }
    balm_gates_planned(plan->link.chain, question);
    balm_question_answer(question, unknown_answer(question, source));
}

static bool may_sleep(struct balm_gate *gate, double seconds)
{
    (void)seconds;
    return balm_list_len(plan_of(gate)->writes) == 0;
}

void balm_gate_plan_init(struct balm_gate_plan *gate, struct balm_value declared,
                         struct balm_arena *arena)
{
    memset(gate, 0, sizeof *gate);
    gate->arena = arena;
    gate->declared = declared;
    gate->writes = balm_list(arena);
    gate->link.gate = (struct balm_gate){ask, NULL, NULL, may_sleep};
}
