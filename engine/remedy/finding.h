/*
 * finding: an event of any known format, in the one normal form.
 *
 * The formats are Lua files in lua/events/, one each: `events.detect` names the format of a value,
 * `events.<format>` takes it apart. A value may hold others (an envelope, a list): they are decoded
 * again, five deep at most.
 */
#ifndef BALM_REMEDY_FINDING_H
#define BALM_REMEDY_FINDING_H

#include "core/value.h"
#include "script/evaluate.h"

struct balm_finding {
    const char *source;      /* "panther", "securityhub", "manual" */
    const char *kind;        /* "finding", or "list": the event asks for the list of remediations */
    const char *event_id;    /* "" when the format has none */
    const char *account;     /* 12 digits */
    const char *region;      /* "eu-west-1" or "global" */
    const char *partition;   /* "" when not told */
    const char *policy_id;   /* "" when the event names a remediation only */
    const char *remediation; /* "" when the event names a policy only */
    const char *status;      /* "fail", "pass", "suppressed", "archived", "unknown" */
    struct balm_value policy_aliases; /* list of texts */
    struct balm_value parameters;     /* map; empty where the event has none */
    struct balm_value resource;       /* what the script sees: a map, AccountId and Region in it */
    struct balm_value normal;         /* the whole normal form */
};

/*
 * Decodes event into findings, in arena (the array too). BALM_E_INPUT says what is unknown or
 * missing; the findings before a fault are not given: one event is understood or refused as a
 * whole.
 */
enum balm_code balm_findings_decode(struct balm_lua_host *host, struct balm_value event,
                                    struct balm_arena *arena, struct balm_finding **out,
                                    size_t *count, struct balm_err *err);

/* A finding whose normal form was kept. normal is borrowed, and extended in arena, where it was
   made. */
enum balm_code balm_finding_read(struct balm_finding *out, struct balm_value normal,
                                 struct balm_arena *arena, struct balm_err *err);

/* A finding made by hand: `balm run --remediation ID --resource {...}`. default_region is taken
   where the resource has no Region; may be NULL. */
enum balm_code balm_finding_manual(struct balm_finding *out, const char *remediation,
                                   struct balm_value resource, struct balm_value parameters,
                                   const char *default_region, struct balm_arena *arena,
                                   struct balm_err *err);

#endif
