/*
 * gate_plan: reads are sent, writes are listed. What an unsent write would have answered is not
 * known, and what depends on it is not either.
 */
#include "remedy/gates.h"

#include <string.h>

static struct balm_gate_plan *plan_of(struct balm_gate *gate)
{
    return (struct balm_gate_plan *)gate;
}

static struct balm_value unknown_answer(const struct balm_question *question)
{
    const struct balm_operation *operation = balm_call_operation(question->call);
    struct balm_value answer;

    if (operation) return balm_unknown_output(operation, question->arena);
    answer = balm_map(question->arena); /* of a raw request */
    balm_map_set(question->arena, answer, "status", balm_unknown("request.status"));
    balm_map_set(question->arena, answer, "headers", balm_map(question->arena));
    balm_map_set(question->arena, answer, "body", balm_unknown("request.body"));
    return answer;
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_plan *plan = plan_of(gate);
    bool is_write = balm_call_is_write(question->call);

    if (!is_write && !question->needs_unknown) {
        balm_gate_pass(&plan->link, question);
        return;
    }
    if (is_write) {
        plan->unsent = true;
    } else {
        plan->incomplete = true;
    }
    balm_gates_planned(plan->link.chain, question);
    balm_question_answer(question, unknown_answer(question));
}

static bool may_sleep(struct balm_gate *gate, double seconds)
{
    (void)seconds;
    return !plan_of(gate)->unsent;
}

void balm_gate_plan_init(struct balm_gate_plan *gate)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate = (struct balm_gate){ask, NULL, NULL, may_sleep};
}
