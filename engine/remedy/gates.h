/*
 * gates: the gates of a run, one behind another.
 *
 * A question goes through the chain in order until a gate answers or refuses; one that passes all
 * is sent. All gates that let a call through hear of its outcome. Each gate is one file,
 * gate_<name>.c, and one struct, embedded in its run.
 */
#ifndef BALM_REMEDY_GATES_H
#define BALM_REMEDY_GATES_H

#include "remedy/guard.h"
#include "remedy/scrub.h"
#include "remedy/store.h"
#include "script/gate.h"

struct balm_gates;

/* The first member of every gate that stands in a chain. gate.settled, .dropped, .may_sleep and
   planned may be NULL. */
struct balm_gate_link {
    struct balm_gate gate;
    struct balm_gates *chain;
    struct balm_gate_link *next;
    /* A gate answered this write (or a read that depends on one) instead of sending it. */
    void (*planned)(struct balm_gate_link *link, struct balm_question *question);
};

struct balm_gates {
    struct balm_gate face; /* what the instance is given */
    struct balm_gate_link *first;
    struct balm_scrub
        *scrub; /* learns the sensitive values that calls and answers carry; or NULL */
};

void balm_gates_init(struct balm_gates *gates, struct balm_scrub *scrub);
void balm_gates_add(struct balm_gates *gates,
                    struct balm_gate_link *link); /* borrowed; at the end */

/* For gates: on to the next one, or to AWS. */
void balm_gate_pass(struct balm_gate_link *link, struct balm_question *question);
/* For gates: refuses with Balm's own code. */
void balm_gate_refuse(struct balm_question *question, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* For the gate that plans. */
void balm_gates_planned(struct balm_gates *gates, struct balm_question *question);
/* For a gate that stands in AWS's place: every gate before it hears the outcome. */
void balm_gates_settled(struct balm_gates *gates, struct balm_question *question,
                        const struct balm_call_result *result);

/* ---- guards: those that are asked before each write ---- */

struct balm_waiting_write;

struct balm_gate_guards {
    struct balm_gate_link link;
    struct balm_intent *intent;
    size_t passed; /* writes that the guards have let through */
    struct balm_guarding guarding;
    struct balm_waiting_write *first; /* the guards are asked for this one, others wait behind it */
    void (*refused)(void *owner, const struct balm_guarding *guarding);
    void *owner;
};
/* refused is called once: the call that was asked for stays unanswered, and so does all that comes
   behind it; whoever is told ends the run. */
void balm_gate_guards_init(struct balm_gate_guards *gate, struct balm_intent *intent,
                           void (*refused)(void *owner, const struct balm_guarding *guarding),
                           void *owner);

/* ---- record: lists the calls that are made, and how they ended ---- */

struct balm_recorded;

struct balm_gate_record {
    struct balm_gate_link link;
    struct balm_arena *arena;
    const char *region; /* the run's: a call elsewhere says where */
    struct balm_recorded *first, **last;
    size_t writes;  /* that were sent, or may have been */
    size_t planned; /* that were answered instead */
};

void balm_gate_record_init(struct balm_gate_record *gate, const char *region,
                           struct balm_arena *arena);
/* [{service, operation, params, write, status, request_id, ms}]: status is the HTTP status;
   "planned", "unknown" for one that was under way when the run ended or whose answer never came,
   "unsent" for one that never left. */
struct balm_value balm_gate_record_calls(const struct balm_gate_record *gate,
                                         struct balm_arena *arena);

/* The status that a call with this outcome is listed with. */
struct balm_value balm_call_status(const struct balm_call_result *result);

/* ---- check: what only looks may not write ---- */

struct balm_gate_check {
    struct balm_gate_link link;
};
void balm_gate_check_init(struct balm_gate_check *gate);

/* ---- permissions: nothing that the script did not declare ---- */

struct balm_gate_permissions {
    struct balm_gate_link link;
    struct balm_value declared; /* list of IAM actions; null: undeclared, all passes */
};
void balm_gate_permissions_init(struct balm_gate_permissions *gate, struct balm_value declared);

/* ---- plan: reads are sent, writes are not ---- */

struct balm_gate_plan {
    struct balm_gate_link link;
    struct balm_arena *arena;
    struct balm_value declared; /* the script's permissions */
    struct balm_value writes;   /* list, as plan.h has them; answered instead of sent */
    const char *blind_read;     /* the first read that asked with what is not known; NULL: none */
};
void balm_gate_plan_init(struct balm_gate_plan *gate, struct balm_value declared,
                         struct balm_arena *arena);

/* ---- apply: the writes of a kept plan, and nothing else ---- */

struct balm_gate_apply {
    struct balm_gate_link link;
    struct balm_arena *arena;
    struct balm_value writes;  /* of the plan */
    size_t next;               /* the one that must come next */
    struct balm_value answers; /* list: of each write that was let through; null until it came */
    struct balm_value drift;   /* [{path, planned, now}]; empty as long as all is as planned */
    void (*drifted)(void *owner);
    void *owner;
};
/* drifted is called once, with the first call that is not the plan's; from then on every call is
   refused. */
void balm_gate_apply_init(struct balm_gate_apply *gate, struct balm_value writes,
                          void (*drifted)(void *owner), void *owner, struct balm_arena *arena);
/* The fix has ended: did it make all writes? Else drift says which is missing. */
bool balm_gate_apply_is_done(struct balm_gate_apply *gate);

/* ---- claim: a kept plan is applied once ---- */

struct balm_gate_claim {
    struct balm_gate_link link;
    struct balm_store *store;
    struct balm_item item;
    struct balm_store_request request;
    struct balm_question *question; /* the write that waits for the store; NULL: none */
    bool claimed;
    void (*taken)(void *owner);
    void *owner;
};
/* item is kept with the first write, where nothing is there yet; else taken is called, and the
   write refused. Borrows all. */
void balm_gate_claim_init(struct balm_gate_claim *gate, struct balm_store *store,
                          const struct balm_item *item, void (*taken)(void *owner), void *owner);

#endif
