#include "remedy/gate_spec.h"

#include "aws/retry.h"
#include "core/json.h"
#include "remedy/plan.h"

#include <stdio.h>
#include <string.h>

static struct balm_gate_spec *spec_of(struct balm_gate *gate)
{
    return (struct balm_gate_spec *)gate;
}

static const char *json_of(struct balm_arena *arena, struct balm_value value)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    const char *made;

    (void)balm_json_print(&text, value, BALM_JSON_COMPACT | BALM_JSON_SORTED);
    made = balm_arena_copy(arena, text.bytes, text.len);
    balm_buf_free(&text);
    return made ? made : "";
}

static const char *shown(struct balm_gate_spec *spec, const struct balm_call *call)
{
    const char *text = balm_arena_printf(spec->arena, "%s:%s %s", balm_call_service(call),
                                         balm_call_operation_name(call),
                                         json_of(spec->arena, balm_call_params(call)));
    return text ? text : "";
}

static void problem(struct balm_gate_spec *spec, struct balm_value text)
{
    balm_list_push(spec->arena, spec->problems, text);
}

static bool is_named(const struct balm_spec_call *expected, const struct balm_call *call)
{
    const char *service = balm_call_service(call);
    size_t len = strlen(service);

    return strncmp(expected->name, service, len) == 0 && expected->name[len] == ':' &&
           strcmp(expected->name + len + 1, balm_call_operation_name(call)) == 0;
}

/* Equal but for idempotency tokens that the client filled in. */
static bool same_params(const struct balm_spec_call *expected, struct balm_value params)
{
    for (size_t i = 0; i < balm_map_len(params); i++) {
        const struct balm_entry *entry = balm_map_at(params, i);
        const struct balm_value *wanted = balm_map_get(expected->params, entry->key);
        if (wanted ? !balm_equal(*wanted, entry->value)
                   : !balm_plan_is_token(expected->operation, entry))
            return false;
    }
    for (size_t i = 0; i < balm_map_len(expected->params); i++) {
        if (!balm_map_get(params, balm_map_at(expected->params, i)->key)) return false;
    }
    return true;
}

/* The expected call that this one is; NULL after telling why it is none. */
static const struct balm_spec_call *match(struct balm_gate_spec *spec, const struct balm_call *call)
{
    const struct balm_spec_call *expected = &spec->calls[spec->next];

    if (balm_list_len(spec->problems) > 0) return NULL;
    if (spec->next == spec->count) {
        problem(spec, balm_textf(spec->arena, "unexpected call %s: no more calls were expected",
                                 shown(spec, call)));
        return NULL;
    }
    if (!is_named(expected, call) ||
        (!expected->any_params && !same_params(expected, balm_call_params(call)))) {
        problem(spec, balm_textf(spec->arena, "call %zu: expected %s %s, got %s", spec->next + 1,
                                 expected->name,
                                 expected->any_params ? "" : json_of(spec->arena, expected->params),
                                 shown(spec, call)));
        return NULL;
    }
    spec->next++;
    return expected;
}

static void raise(struct balm_gate_spec *spec, struct balm_question *question,
                  struct balm_value raises)
{
    struct balm_call_result result = {.request_id = ""};
    struct balm_value error = balm_map(question->arena), meta = balm_map(question->arena);
    const char *code = balm_get_string(raises, "code", "");
    const char *message = balm_get_string(raises, "message", "raised by the spec");

    balm_fail(&result.err, BALM_E_AWS, "%s", message);
    snprintf(result.err.aws_code, sizeof result.err.aws_code, "%s", code);
    result.http_status = (int)balm_get_int(raises, "status", 400);
    result.err.http_status = result.http_status;
    result.err.retryable =
        balm_retry_is_retryable(&result.err, balm_call_operation(question->call));
    balm_map_set(question->arena, error, "Code", balm_string(code));
    balm_map_set(question->arena, error, "Message", balm_string(message));
    balm_map_set(question->arena, meta, "HTTPStatusCode", balm_int(result.http_status));
    result.detail = balm_map(question->arena);
    balm_map_set(question->arena, result.detail, "Error", error);
    balm_map_set(question->arena, result.detail, "ResponseMetadata", meta);
    balm_gates_settled(spec->link.chain, question, &result);
    balm_question_refuse(question, &result.err, result.detail);
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_spec *spec = spec_of(gate);
    const struct balm_spec_call *expected = match(spec, question->call);
    struct balm_call_result result = {.http_status = 200, .request_id = ""};

    if (!expected) {
        balm_gate_refuse(question, "UnexpectedCall", "the spec does not expect %s:%s here",
                         balm_call_service(question->call),
                         balm_call_operation_name(question->call));
    } else if (!balm_is_null(expected->raises)) {
        raise(spec, question, expected->raises);
    } else {
        result.answer = expected->gives;
        balm_gates_settled(spec->link.chain, question, &result);
        balm_question_answer(question, balm_copy(question->arena, expected->gives));
    }
}

/* A plan's unsent write is expected like any other call; what the spec says it gives is not
   known to the script. */
static void planned(struct balm_gate_link *link, struct balm_question *question)
{
    (void)match(spec_of(&link->gate), question->call);
}

void balm_gate_spec_init(struct balm_gate_spec *gate, const struct balm_spec_call *calls,
                         size_t count, struct balm_arena *arena)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate.ask = ask;
    gate->link.planned = planned;
    gate->calls = calls;
    gate->count = count;
    gate->arena = arena;
    gate->problems = balm_list(arena);
}

bool balm_gate_spec_expects_more(const struct balm_gate_spec *gate)
{
    return gate->next < gate->count && balm_list_len(gate->problems) == 0;
}

void balm_gate_spec_end(struct balm_gate_spec *gate)
{
    if (!balm_gate_spec_expects_more(gate)) return;
    problem(gate, balm_textf(gate->arena, "call %zu was expected and never came: %s",
                             gate->next + 1, gate->calls[gate->next].name));
}
