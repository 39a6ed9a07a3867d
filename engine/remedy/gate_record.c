/*
 * gate_record: what a run asked AWS for. Stands last but for what stands in AWS's place, so that it
 * sees only what is really asked.
 */
#include "remedy/gates.h"

#include <string.h>

enum state { UNDER_WAY, ANSWERED, IN_DOUBT, UNSENT, PLANNED };

struct balm_recorded {
    struct balm_recorded *next;
    const char *service, *operation, *region;
    struct balm_value params;
    bool write;
    enum state state;
    int status;
    const char *request_id;
    int64_t ms;
};

static struct balm_gate_record *record_of(struct balm_gate *gate)
{
    return (struct balm_gate_record *)gate;
}

/* Copied: the call is gone when the run tells of it. NULL when memory ran out, which the arena
   remembers. */
static struct balm_recorded *add(struct balm_gate_record *record,
                                 const struct balm_question *question)
{
    struct balm_recorded *entry = balm_arena_zalloc(record->arena, sizeof *entry);
    const struct balm_call *call = question->call;

    if (!entry) return NULL;
    entry->service = balm_arena_strdup(record->arena, balm_call_service(call));
    entry->operation = balm_arena_strdup(record->arena, balm_call_operation_name(call));
    if (strcmp(balm_call_region(call), record->region) != 0) {
        entry->region = balm_arena_strdup(record->arena, balm_call_region(call));
    }
    entry->params = balm_copy(record->arena, balm_call_params(call));
    entry->write = balm_call_is_write(call);
    *record->last = entry;
    record->last = &entry->next;
    return entry;
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_record *record = record_of(gate);

    question->of_gate = add(record, question);
    if (!question->of_gate) {
        balm_gate_refuse(question, "OutOfMemory", "the call cannot be recorded: out of memory");
        return;
    }
    if (balm_call_is_write(question->call)) record->writes++;
    balm_gate_pass(&record->link, question);
}

static enum state state_of(const struct balm_call_result *result)
{
    if (result->in_doubt) return IN_DOUBT;
    return result->http_status ? ANSWERED : UNSENT;
}

static void settled(struct balm_gate *gate, struct balm_question *question,
                    const struct balm_call_result *result)
{
    struct balm_gate_record *record = record_of(gate);
    struct balm_recorded *entry = question->of_gate;

    if (!entry) return;
    entry->state = state_of(result);
    entry->status = result->http_status;
    entry->ms = result->ms;
    if (result->request_id[0]) {
        entry->request_id = balm_arena_strdup(record->arena, result->request_id);
    }
    if (entry->state == UNSENT && entry->write) record->writes--;
}

static void dropped(struct balm_gate *gate, struct balm_question *question, bool sent)
{
    struct balm_recorded *entry = question->of_gate;

    if (!entry) return;
    entry->state = sent ? IN_DOUBT : UNSENT;
    if (!sent && entry->write) record_of(gate)->writes--;
}

static void planned(struct balm_gate_link *link, struct balm_question *question)
{
    struct balm_gate_record *record = record_of(&link->gate);
    struct balm_recorded *entry = add(record, question);

    if (!entry) return;
    entry->state = PLANNED;
    if (entry->write) record->planned++;
}

void balm_gate_record_init(struct balm_gate_record *gate, const char *region,
                           struct balm_arena *arena)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate = (struct balm_gate){ask, settled, dropped, NULL};
    gate->link.planned = planned;
    gate->arena = arena;
    gate->region = region;
    gate->last = &gate->first;
}

static struct balm_value status_of(enum state state, int http_status)
{
    switch (state) {
    case ANSWERED:
        return balm_int(http_status);
    case PLANNED:
        return balm_string("planned");
    case UNSENT:
        return balm_string("unsent");
    case UNDER_WAY:
    case IN_DOUBT:
        break;
    }
    return balm_string("unknown");
}

struct balm_value balm_call_status(const struct balm_call_result *result)
{
    return status_of(state_of(result), result->http_status);
}

static struct balm_value value_of(const struct balm_recorded *entry, struct balm_arena *arena)
{
    struct balm_value call = balm_map_sized(arena, 8);

    balm_map_add(arena, call, "service", balm_string(entry->service));
    balm_map_add(arena, call, "operation", balm_string(entry->operation));
    if (entry->region) balm_map_add(arena, call, "region", balm_string(entry->region));
    balm_map_add(arena, call, "params", entry->params);
    balm_map_add(arena, call, "write", balm_bool(entry->write));
    balm_map_add(arena, call, "status", status_of(entry->state, entry->status));
    balm_map_add(arena, call, "request_id", balm_string(entry->request_id));
    balm_map_add(arena, call, "ms", entry->state == ANSWERED ? balm_int(entry->ms) : balm_null());
    return call;
}

struct balm_value balm_gate_record_calls(const struct balm_gate_record *gate,
                                         struct balm_arena *arena)
{
    struct balm_value calls = balm_list(arena);

    for (const struct balm_recorded *entry = gate->first; entry; entry = entry->next) {
        balm_list_push(arena, calls, value_of(entry, arena));
    }
    return calls;
}
