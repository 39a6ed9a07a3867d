/*
 * spec: a remediation's specs, data that is played through the real engine offline (DESIGN §2, spec/remediations/README.md).
 */
#ifndef BALM_REMEDY_SPEC_H
#define BALM_REMEDY_SPEC_H

#include "remedy/engine.h"

struct balm_spec_case {
    const char *name;
    struct balm_value table; /* the case as written, defaults of the file laid under it */
};

struct balm_spec {
    const char *path;
    const char *remediation;
    struct balm_spec_case *cases;
    size_t count;
};

/* Reads and checks a file: every unknown or ill-typed field is named, all in faults (list of texts). In arena. */
enum balm_code balm_spec_load(struct balm_spec *out, const char *path, struct balm_pack *pack,
                              struct balm_arena *arena, struct balm_value *faults,
                              struct balm_err *err);

/* One case that was played. */
struct balm_spec_outcome {
    const struct balm_spec *spec;
    const struct balm_spec_case *played;
    bool passed;
    struct balm_value problems; /* texts: what was expected, and what came */
    struct balm_value result;   /* the result object */
};

/*
 * Plays every case of spec, one after the other, by running the engine's loop; told is called for each. engine's policies must be an empty
 * one: specs know no configuration. Nothing is sent.
 */
enum balm_code balm_spec_play(const struct balm_spec *spec, const struct balm_engine *engine,
                              void (*told)(void *owner, const struct balm_spec_outcome *outcome),
                              void *owner, struct balm_err *err);

#endif
