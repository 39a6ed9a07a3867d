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

/* For an operation whose action is not in the table: one of its name, whatever its service's prefix
   in IAM is. */
static bool is_declared_by_name(struct balm_value declared, const char *operation)
{
    for (size_t i = 0; i < balm_list_len(declared); i++) {
        const char *colon = strchr(balm_list_at(declared, i)->as.text, ':');
        if (colon && balm_text_same_nocase(colon + 1, operation)) return true;
    }
    return false;
}

/* Is the call covered? Of several actions that an operation may need, by what is in its
   parameters, one suffices here: the session policy holds the rest. */
static bool covers(struct balm_value declared, const struct balm_call *call)
{
    const char *operation = balm_call_operation_name(call);
    size_t count = balm_call_action_count(call);

    for (size_t i = 0; i < count; i++) {
        if (is_declared(declared, balm_call_action_at(call, i))) return true;
    }
    if (count > 0 || !balm_call_operation(call)) return false;
    /* Needs no permission, whoever asks. */
    if (strcmp(operation, "GetCallerIdentity") == 0) return true;
    return is_declared_by_name(declared, operation);
}

static void refuse(struct balm_question *question)
{
    const struct balm_call *call = question->call;
    const char *service = balm_call_service(call);
    const char *operation = balm_call_operation_name(call);

    if (balm_call_action_count(call) > 0) {
        balm_gate_refuse(question, "PermissionNotDeclared",
                         "%s:%s needs %s, which the remediation's permissions do not list", service,
                         operation, balm_call_action_at(call, 0));
    } else if (balm_call_operation(call)) {
        balm_gate_refuse(question, "PermissionNotDeclared",
                         "%s:%s needs an action that Balm does not know: list it, as \"%s:%s\" or "
                         "with its prefix in IAM, in the remediation's permissions",
                         service, operation, service, operation);
    } else {
        balm_gate_refuse(
            question, "PermissionNotDeclared",
            "%s:%s does not say which permission it needs: give the request an action, "
            "as \"s3:GetObject\", that the remediation's permissions list",
            service, operation);
    }
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_permissions *permissions = (struct balm_gate_permissions *)gate;

    if (covers(permissions->declared, question->call)) {
        balm_gate_pass(&permissions->link, question);
    } else {
        refuse(question);
    }
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
