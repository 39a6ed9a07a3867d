/*
 * gate_permissions: a call that the script's `permissions` do not cover is refused before it is
 * sent. AWS would refuse it too, by the session policy, but with less to go by.
 *
 * A call on an object of a directory bucket must be covered twice: by the action of what it does,
 * such as s3:GetObject, and by s3express:CreateSession, the one that AWS asks for, and with which
 * the whole bucket could be read and written.
 */
#include "remedy/gates.h"

#include "core/text.h"
#include "remedy/permissions.h"

#include <string.h>

#define DEPENDENTS_MAX 112 /* characters of a message that dependent actions may take */

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
        if (balm_permissions_list(declared, balm_call_action_at(call, i))) return true;
    }
    if (count > 0 || !balm_call_operation(call)) return false;
    /* Needs no permission, whoever asks. */
    if (strcmp(operation, "GetCallerIdentity") == 0) return true;
    return is_declared_by_name(declared, operation);
}

/* "; it may also need iam:PassRole, ec2:CreateTags": what AWS may ask for beside the action that is
   missing, so that the author adds all at once. As many as there is room for. */
static void add_dependents(struct balm_buf *text, struct balm_value declared,
                           const struct balm_operation *operation)
{
    size_t left = 0;

    for (size_t i = 0; i < balm_operation_dependent_count(operation); i++) {
        const char *action = balm_operation_dependent_at(operation, i);
        if (balm_permissions_list(declared, action)) continue;
        if (left || text->len + strlen(action) > DEPENDENTS_MAX) {
            left++;
        } else {
            balm_buf_addf(text, "%s%s", text->len ? ", " : "; it may also need ", action);
        }
    }
    if (left) balm_buf_addf(text, " and %zu more", left);
}

static void refuse_action(struct balm_question *question, struct balm_value declared)
{
    const struct balm_call *call = question->call;
    struct balm_buf dependents = BALM_BUF_INIT(BALM_BUF_MAX);

    if (balm_call_operation(call)) {
        add_dependents(&dependents, declared, balm_call_operation(call));
    }
    balm_gate_refuse(question, "PermissionNotDeclared",
                     "%s:%s needs %s, which the remediation's permissions do not list%s",
                     balm_call_service(call), balm_call_operation_name(call),
                     balm_call_action_at(call, 0), dependents.bytes);
    balm_buf_free(&dependents);
}

static void refuse_session(struct balm_question *question, const char *action)
{
    balm_gate_refuse(question, "PermissionNotDeclared",
                     "%s:%s, on a directory bucket, needs %s too, which the remediation's "
                     "permissions do not list",
                     balm_call_service(question->call), balm_call_operation_name(question->call),
                     action);
}

static void refuse(struct balm_question *question, struct balm_value declared)
{
    const struct balm_call *call = question->call;
    const char *service = balm_call_service(call);
    const char *operation = balm_call_operation_name(call);

    if (balm_call_action_count(call) > 0) {
        refuse_action(question, declared);
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
    const char *session = balm_call_session_action(question->call);

    if (!covers(permissions->declared, question->call)) {
        refuse(question, permissions->declared);
    } else if (session && !balm_permissions_list(permissions->declared, session)) {
        refuse_session(question, session);
    } else {
        balm_gate_pass(&permissions->link, question);
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
