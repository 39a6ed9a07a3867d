/*
 * gate_spec: stands in AWS's place and plays the calls that a spec expects, in order.
 */
#ifndef BALM_REMEDY_GATE_SPEC_H
#define BALM_REMEDY_GATE_SPEC_H

#include "remedy/gates.h"

/* A call as a spec states it, checked against the model. */
struct balm_spec_call {
    const char *name;                       /* "s3:PutBucketVersioning" */
    const struct balm_operation *operation; /* NULL: a raw request, "s3:GET /path" */
    bool any_params;                        /* none are stated */
    struct balm_value params;               /* normalised */
    struct balm_value gives;                /* normalised; a map */
    struct balm_value raises;               /* {code, message, status, retryable}; or null */
};

struct balm_gate_spec {
    struct balm_gate_link link;
    const struct balm_spec_call *calls;
    size_t count;
    size_t next;
    struct balm_arena *arena;
    struct balm_value problems; /* texts: at most one, for what follows the first follows from it */
};

void balm_gate_spec_init(struct balm_gate_spec *gate, const struct balm_spec_call *calls,
                         size_t count, struct balm_arena *arena);
/* Are calls expected still, and all was well so far? */
bool balm_gate_spec_expects_more(const struct balm_gate_spec *gate);
/* The run has ended: what never came is a problem. */
void balm_gate_spec_end(struct balm_gate_spec *gate);

#endif
