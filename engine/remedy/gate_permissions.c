/*
 * gate_permissions: a call that the script's `permissions` do not cover is refused before it is
 * sent. AWS would refuse it too, by the session policy, but with less to go by.
 */
#include "remedy/gates.h"

#include "core/text.h"

#include <string.h>

static bool is_declared(struct balm_value declared, const char *action)
{
    for (size_t i = 0; i < balm_list_len(declared); i++) {
        if (balm_text_same_nocase(balm_list_at(declared, i)->as.text, action)) return true;
    }
    return false;
}

/* The action that the call needs and the script did not declare; NULL when there is none. Of
   several that an operation may need, by what is in its parameters, one suffices here: the
   session policy holds the rest. */
static const char *missing(struct balm_value declared, const struct balm_call *call)
{
    size_t count = balm_call_action_count(call);

    for (size_t i = 0; i < count; i++) {
        const char *action = balm_call_action_at(call, i);
        /* GetCallerIdentity needs no permission, whoever asks. */
        if (is_declared(declared, action) || strcmp(action, "sts:GetCallerIdentity") == 0) {
            return NULL;
        }
    }
    return count > 0 ? balm_call_action_at(call, 0) : NULL;
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_permissions *permissions = (struct balm_gate_permissions *)gate;
    const char *action = missing(permissions->declared, question->call);

    if (action) {
        balm_gate_refuse(question, "PermissionNotDeclared",
                         "%s:%s needs %s, which the remediation's permissions do not list",
                         balm_call_service(question->call),
                         balm_call_operation_name(question->call), action);
        return;
    }
    balm_gate_pass(&permissions->link, question);
}

static void pass_all(struct balm_gate *gate, struct balm_question *question)
{
    balm_gate_pass(&((struct balm_gate_permissions *)gate)->link, question);
}

void balm_gate_permissions_init(struct balm_gate_permissions *gate, struct balm_value declared)
{
    memset(gate, 0, sizeof *gate);
    gate->declared = declared;
    gate->link.gate.ask = declared.type == BALM_LIST ? ask : pass_all;
}
