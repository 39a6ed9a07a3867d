/*
 * spec: a remediation's specs, data that is played through the real engine offline (DESIGN §2; the
 * fields are listed in spec/remediations/README.md).
 */
#ifndef BALM_REMEDY_SPEC_H
#define BALM_REMEDY_SPEC_H

#include "remedy/gate_spec.h"
#include "remedy/intent.h"

struct balm_spec_case {
    const char *name;
    enum balm_action action;
    struct balm_value resource, parameters, before;
    bool allow_destructive;
    struct balm_spec_call *calls;
    size_t call_count;
    const char *status;         /* required */
    const char *error, *reason; /* NULL: whatever comes */
    struct balm_value verified; /* null: whatever comes */
};

struct balm_spec {
    const char *path;
    const char *remediation;
    struct balm_spec_case *cases;
    size_t count;
};

/* Reads and checks a file, in arena. Every unknown or ill-typed field, every parameter and
   answer that the model does not know is named in faults (list of texts); then BALM_E_INPUT, and
   err tells the first and how many. */
enum balm_code balm_spec_load(struct balm_spec *out, const char *path, struct balm_pack *pack,
                              struct balm_arena *arena, struct balm_value *faults,
                              struct balm_err *err);

/* One case that was played. All of it lives until `told` returns. */
struct balm_spec_outcome {
    const struct balm_spec *spec;
    const struct balm_spec_case *played;
    struct balm_value problems; /* texts: what was expected, and what came; none: it passed */
    struct balm_value result;   /* the result object */
};

/*
 * Plays every case of spec, one after the other, by running the engine's loop; told is called for
 * each. engine's policies must be an empty one: specs know no configuration. Nothing is sent, and
 * no time passes.
 */
enum balm_code balm_spec_play(const struct balm_spec *spec, const struct balm_engine *engine,
                              void (*told)(void *owner, const struct balm_spec_outcome *outcome),
                              void *owner, struct balm_err *err);

#endif
