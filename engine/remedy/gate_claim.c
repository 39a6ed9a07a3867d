/*
 * gate_claim: a plan is applied once. Before the first write of a kept plan the store is told that
 * it was applied; where it knows that already, nothing is written.
 */
#include "remedy/gates.h"

#include <string.h>

static struct balm_gate_claim *claim_of(struct balm_gate *gate)
{
    return (struct balm_gate_claim *)gate;
}

static void on_claimed(void *owner, struct balm_store_request *request)
{
    struct balm_gate_claim *claim = owner;
    struct balm_question *question = claim->question;

    claim->question = NULL;
    if (request->err.code) {
        balm_gate_refuse(question, "StoreUnavailable",
                         "the change was not made, since it cannot be kept that the plan was "
                         "applied: %s",
                         request->err.message);
    } else if (request->conflict) {
        claim->taken(claim->owner);
        balm_gate_refuse(question, "Drift", "the plan was applied before");
    } else {
        claim->claimed = true;
        balm_gate_pass(&claim->link, question);
    }
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_claim *claim = claim_of(gate);
    struct balm_change change = {.item = claim->item, .condition = BALM_ABSENT};

    if (claim->claimed || !balm_call_is_write(question->call)) {
        balm_gate_pass(&claim->link, question);
        return;
    }
    claim->question = question;
    claim->request = (struct balm_store_request){.done = on_claimed, .owner = claim};
    balm_store_commit(claim->store, &claim->request, &change, 1);
}

static void dropped(struct balm_gate *gate, struct balm_question *question, bool sent)
{
    struct balm_gate_claim *claim = claim_of(gate);

    (void)sent;
    if (claim->question != question) return;
    claim->question = NULL;
    balm_store_forget(claim->store, &claim->request);
}

void balm_gate_claim_init(struct balm_gate_claim *gate, struct balm_store *store,
                          const struct balm_item *item, void (*taken)(void *owner), void *owner)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate = (struct balm_gate){ask, NULL, dropped, NULL};
    gate->store = store;
    gate->item = *item;
    gate->taken = taken;
    gate->owner = owner;
}
