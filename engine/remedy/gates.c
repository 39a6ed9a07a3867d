#include "remedy/gates.h"

#include <stdarg.h>
#include <stdio.h>

static struct balm_gates *chain_of(struct balm_gate *face)
{
    return (struct balm_gates *)face; /* face is its first member */
}

static void face_ask(struct balm_gate *face, struct balm_question *question)
{
    struct balm_gates *gates = chain_of(face);
    struct balm_gate_link *first = gates->first;

    /* Before any gate keeps or tells what the call is asked with. */
    if (gates->scrub) balm_scrub_learn(gates->scrub, balm_call_params(question->call));
    if (!first) {
        balm_question_send(question);
        return;
    }
    first->gate.ask(&first->gate, question);
}

static void face_settled(struct balm_gate *face, struct balm_question *question,
                         const struct balm_call_result *result)
{
    balm_gates_settled(chain_of(face), question, result);
}

static void face_dropped(struct balm_gate *face, struct balm_question *question, bool sent)
{
    for (struct balm_gate_link *link = chain_of(face)->first; link; link = link->next) {
        if (link->gate.dropped) link->gate.dropped(&link->gate, question, sent);
    }
}

static bool face_may_sleep(struct balm_gate *face, double seconds)
{
    for (struct balm_gate_link *link = chain_of(face)->first; link; link = link->next) {
        if (link->gate.may_sleep && !link->gate.may_sleep(&link->gate, seconds)) return false;
    }
    return true;
}

void balm_gates_init(struct balm_gates *gates, struct balm_scrub *scrub)
{
    gates->face = (struct balm_gate){face_ask, face_settled, face_dropped, face_may_sleep};
    gates->first = NULL;
    gates->scrub = scrub;
}

void balm_gates_add(struct balm_gates *gates, struct balm_gate_link *link)
{
    struct balm_gate_link **end = &gates->first;

    while (*end) {
        end = &(*end)->next;
    }
    *end = link;
    link->chain = gates;
    link->next = NULL;
}

void balm_gate_pass(struct balm_gate_link *link, struct balm_question *question)
{
    if (link->next) {
        link->next->gate.ask(&link->next->gate, question);
    } else {
        balm_question_send(question);
    }
}

void balm_gate_refuse(struct balm_question *question, const char *code, const char *format, ...)
{
    struct balm_err err;
    char text[sizeof err.message];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    balm_fail(&err, BALM_E_REFUSED, "%s", text);
    snprintf(err.aws_code, sizeof err.aws_code, "%s", code);
    balm_question_refuse(question, &err, balm_null());
}

void balm_gates_planned(struct balm_gates *gates, struct balm_question *question)
{
    for (struct balm_gate_link *link = gates->first; link; link = link->next) {
        if (link->planned) link->planned(link, question);
    }
}

void balm_gates_settled(struct balm_gates *gates, struct balm_question *question,
                        const struct balm_call_result *result)
{
    if (gates->scrub) balm_scrub_learn(gates->scrub, result->answer);
    for (struct balm_gate_link *link = gates->first; link; link = link->next) {
        if (link->gate.settled) link->gate.settled(&link->gate, question, result);
    }
}
