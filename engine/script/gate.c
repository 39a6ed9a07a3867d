#include "script/gate.h"

#include "script/instance_internal.h"

#include <assert.h>
#include <stddef.h>

const char *balm_phase_name(enum balm_phase phase)
{
    static const char *const names[] = {"check", "fix", "undo", "verify"};
    return names[phase];
}

static struct balm_asking *asking_of(struct balm_question *question)
{
    return (struct balm_asking *)((char *)question - offsetof(struct balm_asking, question));
}

void balm_instance_ask(struct balm_instance *instance, struct balm_asking *asking)
{
    struct balm_question *question = &asking->question;

    question->phase = instance->phase;
    asking->state = BALM_ASKING_ASKED;
    if (question->needs_unknown && !balm_call_is_write(question->call)) {
        instance->read_unknown = true;
    }
    instance->gate->ask(instance->gate, question);
}

static void settle(struct balm_asking *asking)
{
    asking->state = BALM_ASKING_DONE;
    balm_strand_ready(asking->strand);
}

static void call_done(void *owner, const struct balm_call_result *result)
{
    struct balm_asking *asking = owner;
    struct balm_gate *gate = asking->question.instance->gate;

    asking->result = result;
    if (gate->settled) gate->settled(gate, &asking->question, result);
    settle(asking);
}

void balm_question_send(struct balm_question *question)
{
    static const struct balm_call_result unsent = {
        .err = {.code = BALM_E_CANCELLED, .message = "another branch of aws.parallel failed"},
        .request_id = ""};
    struct balm_asking *asking = asking_of(question);

    assert(asking->state == BALM_ASKING_ASKED);
    if (balm_strand_is_stopped(asking->strand)) {
        call_done(asking, &unsent);
        return;
    }
    asking->state = BALM_ASKING_SENT;
    balm_call_send(question->call, call_done, asking);
}

void balm_question_answer(struct balm_question *question, struct balm_value answer)
{
    struct balm_asking *asking = asking_of(question);
    struct balm_instance *instance = question->instance;

    assert(asking->state == BALM_ASKING_ASKED);
    asking->answer = answer;
    instance->answered = true;
    if (balm_call_is_write(question->call)) instance->unsent_write = true;
    settle(asking);
}

void balm_question_refuse(struct balm_question *question, const struct balm_err *err,
                          struct balm_value detail)
{
    struct balm_asking *asking = asking_of(question);

    assert(asking->state == BALM_ASKING_ASKED);
    assert(err->code != BALM_OK);
    asking->err = *err;
    asking->detail = detail;
    settle(asking);
}
