/*
 * gate_check: `check`, before the fix and after it, may only look.
 */
#include "remedy/gates.h"

#include <string.h>

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    const struct balm_call *call = question->call;
    bool only_looks = question->phase == BALM_PHASE_CHECK || question->phase == BALM_PHASE_VERIFY;

    if (only_looks && balm_call_is_write(call)) {
        balm_gate_refuse(question, "CheckMayNotWrite",
                         "check may only read, and %s:%s is not known to be a read: "
                         "make the change in fix",
                         balm_call_service(call), balm_call_operation_name(call));
        return;
    }
    balm_gate_pass(&((struct balm_gate_check *)gate)->link, question);
}

void balm_gate_check_init(struct balm_gate_check *gate)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate.ask = ask;
}
