/*
 * gate: who decides about each call a script makes.
 *
 * Every call, in whatever session, is validated and serialised first, then handed to the run's
 * gate, which answers now or later, always exactly once: send it, here is the answer, or refused.
 * Plan, apply, specs, a check that may not write, permissions, the kill switch and the record
 * before the write are all gates; they live in remedy/ and may stand one behind another.
 */
#ifndef BALM_SCRIPT_GATE_H
#define BALM_SCRIPT_GATE_H

#include "aws/client.h"

enum balm_phase { BALM_PHASE_CHECK, BALM_PHASE_FIX, BALM_PHASE_UNDO, BALM_PHASE_VERIFY };
const char *balm_phase_name(enum balm_phase phase); /* "check", "fix", ... */

/* One question. Valid from ask() until it was answered and, if sent, until settled() returned. */
struct balm_question {
    struct balm_call *call; /* what the script wants to do; borrowed */
    enum balm_phase phase;
    bool needs_unknown;       /* a parameter holds a BALM_UNKNOWN: it cannot be sent as it is */
    struct balm_arena *arena; /* for an answer; lives until the script has it */
    void *of_gate;            /* the gate's own use */
    struct balm_instance *instance; /* the instance's own use */
};

struct balm_gate {
    /* Must lead to exactly one of the three answers below, at once or from the loop. */
    void (*ask)(struct balm_gate *gate, struct balm_question *question);
    /* A call that the gate let through has its outcome; before the script sees it. May be NULL. */
    void (*settled)(struct balm_gate *gate, struct balm_question *question,
                    const struct balm_call_result *result);
    /* The run ended while the question stood unanswered, or its call was under way (sent: then what
       it did is unknown). Forget it. */
    void (*dropped)(struct balm_gate *gate, struct balm_question *question, bool sent);
    /* May a sleep or a wait of so many seconds really pass? false: it returns at once (plans after
       an unsent write, specs). NULL: yes. */
    bool (*may_sleep)(struct balm_gate *gate, double seconds);
};

void balm_question_send(struct balm_question *question);
/* answer: the output's members, in question->arena or longer-lived */
void balm_question_answer(struct balm_question *question, struct balm_value answer);
/* The script sees err raised; detail (may be null) as of balm_call_result. */
void balm_question_refuse(struct balm_question *question, const struct balm_err *err,
                          struct balm_value detail);

#endif
