/*
 * gate_guards: what may have changed since the run began is asked again before each of its writes:
 * the kill switch, the budget.
 */
#include "core/clock.h"
#include "remedy/gates.h"

#include <string.h>

static struct balm_gate_guards *guards_of(struct balm_gate *gate)
{
    return (struct balm_gate_guards *)gate;
}

struct balm_waiting_write {
    struct balm_waiting_write *next;
    struct balm_question *question;
};

static void ask_for_first(struct balm_gate_guards *guards);

/* One after the other: what one write takes of a budget the next one must see. */
static void on_answer(void *owner, struct balm_guarding *guarding)
{
    struct balm_gate_guards *guards = owner;
    struct balm_question *question = guards->first->question;

    if (guarding->asked || guarding->err.code) {
        guards->first = NULL; /* it, and what waits behind it, is dropped with the run */
        guards->refused(guards->owner, guarding);
        return;
    }
    guards->first = guards->first->next;
    guards->passed++;
    balm_gate_pass(&guards->link, question);
    if (guards->first) ask_for_first(guards);
}

static void ask_for_first(struct balm_gate_guards *guards)
{
    const struct balm_guards_question question = {.intent = guards->intent,
                                                  .moment = BALM_BEFORE_WRITE,
                                                  .writes = guards->passed,
                                                  .now = balm_clock_now()};

    balm_guards_ask(&guards->guarding, &question, on_answer, guards);
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_guards *guards = guards_of(gate);
    struct balm_waiting_write **end = &guards->first;
    struct balm_waiting_write *waiting;

    if (!balm_call_is_write(question->call)) {
        balm_gate_pass(&guards->link, question);
        return;
    }
    waiting = balm_arena_zalloc(question->arena, sizeof *waiting);
    if (!waiting) {
        balm_gate_refuse(question, "OutOfMemory", "the guards cannot be asked: out of memory");
        return;
    }
    waiting->question = question;
    while (*end) {
        end = &(*end)->next;
    }
    *end = waiting;
    if (guards->first == waiting) ask_for_first(guards);
}

static void dropped(struct balm_gate *gate, struct balm_question *question, bool sent)
{
    struct balm_gate_guards *guards = guards_of(gate);
    struct balm_waiting_write **at = &guards->first;

    (void)sent;
    while (*at && (*at)->question != question) {
        at = &(*at)->next;
    }
    if (!*at) return;
    if (*at == guards->first) balm_guards_forget(&guards->guarding);
    *at = (*at)->next;
}

void balm_gate_guards_init(struct balm_gate_guards *gate, struct balm_intent *intent,
                           void (*refused)(void *owner, const struct balm_guarding *guarding),
                           void *owner)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate = (struct balm_gate){ask, NULL, dropped, NULL};
    gate->intent = intent;
    gate->refused = refused;
    gate->owner = owner;
}
