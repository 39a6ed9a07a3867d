/*
 * instance_internal: what the files of an instance share: its life (instance.c), its phases
 * (instance_phase.c), their threads (strand.h), the questions that it asks (gate.c) and its Lua
 * face (aws_lua.c, session_lua.c, client_lua.c, engine_lua.c, parallel_lua.c, log_lua.c).
 */
#ifndef BALM_SCRIPT_INSTANCE_INTERNAL_H
#define BALM_SCRIPT_INSTANCE_INTERNAL_H

#include "script/instance.h"
#include "script/sandbox.h"
#include "script/strand.h"

/* One call of the script, from its making until the script has its outcome. The instance owns it
   throughout, so that no Lua error and no release can lose it. */
struct balm_asking {
    struct balm_asking *next, *prev;
    struct balm_strand *strand;    /* which asks */
    struct balm_question question; /* call, arena, instance */
    struct balm_arena arena;       /* parameters and what the gate answers */
    enum { BALM_ASKING_MADE, BALM_ASKING_ASKED, BALM_ASKING_SENT, BALM_ASKING_DONE } state;
    const struct balm_call_result
        *result;              /* sent: its outcome; NULL where the gate answered itself */
    struct balm_err err;      /* of a refusal */
    struct balm_value answer; /* the gate's */
    struct balm_value detail;
};

struct balm_instance {
    struct balm_aws *aws;
    struct balm_loop *loop;
    struct balm_version *version;
    struct balm_session *session;
    struct balm_gate *gate;
    struct balm_limits limits;
    const struct balm_log *logger;
    bool offline, in_order;
    const char *session_policy;

    struct balm_arena arena; /* for the instance's life: resource, parameters, log */
    struct balm_value resource, parameters;
    const char *run;
    struct balm_value log;
    size_t log_bytes;
    bool log_is_full;

    struct balm_sandbox *sandbox;
    bool loaded;

    struct balm_strand strand;       /* of the phase; its thread is kept by the registry */
    struct balm_strand *running;     /* the one that runs, or ran last */
    struct balm_parallel *parallels; /* all that are under way */
    enum balm_phase phase;
    struct balm_value extra;
    void (*done)(void *owner, const struct balm_outcome *outcome);
    void *owner;
    struct balm_timer wall;
    int64_t started; /* monotonic; 0: no phase has run yet */
    size_t sessions; /* that the script opened */

    struct balm_asking *askings; /* all that are under way */
    struct balm_asking *spare;   /* one, kept for the next call */
    struct balm_arena scratch;   /* of one Lua-callable C function at a time */

    bool answered;     /* the gate has answered by itself: unknowns may be about */
    bool unsent_write; /* and one of these calls was a write */
    bool read_unknown; /* a read depended on what is not known */
    struct balm_outcome outcome;
    struct balm_arena outcome_arena;
};

/* ---- instance.c ---- */

/* A new asking of the running strand in the instance's list; NULL when memory ran out. */
struct balm_asking *balm_asking_new(struct balm_instance *instance);
/* Releases the call and takes the asking out of the list. */
void balm_asking_release(struct balm_asking *asking);
/* Forgets what is under way, telling the gate. */
void balm_instance_drop(struct balm_instance *instance);

/* ---- instance_phase.c ---- */

/* The strand's next stretch of Lua; its phase's first one, too. */
void balm_instance_turn(struct balm_strand *strand);
/* Ends the phase with a limit: the wall clock. */
void balm_instance_expire(struct balm_instance *instance);

/* ---- gate.c ---- */

void balm_instance_ask(struct balm_instance *instance, struct balm_asking *asking);

/* ---- for C functions that Lua calls ---- */

/* The instance that owns the state; raises where a script is only being loaded. what: "aws.sleep"
   */
struct balm_instance *balm_instance_of(lua_State *L, const char *what);
/* Raises unless Lua can wait here. */
void balm_instance_check_wait(lua_State *L, const char *what);

/* session_lua.c: pushes the userdata of a session that outlives the state. [-0, +1, m] */
void balm_session_lua_push(lua_State *L, struct balm_session *session);
/* The session at index; raises where there is none. */
struct balm_session *balm_session_lua_check(lua_State *L, int index);
/* [-n, +1, e] aws.session{...} */
int balm_session_lua_open(lua_State *L);
/* session:client(service [, {region=}]) */
int balm_client_lua_new(lua_State *L);

/* engine_lua.c: calls function of the engine's module "aws.<module>" with all that is on the stack,
   and gives what it gives; for `return` in a C function. */
int balm_engine_lua_call(lua_State *L, const char *module, const char *function);

/* client_lua.c, for the engine's own modules: core.call, core.paginator, core.waiter */
int balm_client_lua_call(lua_State *L);
int balm_client_lua_paginator(lua_State *L);
int balm_client_lua_waiter(lua_State *L);

/* parallel_lua.c: aws.parallel{f, g, ...} */
int balm_parallel_lua(lua_State *L);

/* aws_lua.c */
int balm_aws_lua_sleep(lua_State *L);
int balm_aws_lua_may_sleep(lua_State *L);
int balm_aws_lua_known(lua_State *L);
int balm_aws_lua_list(lua_State *L);
int balm_aws_lua_is_list(lua_State *L); /* core.is_list(table): has it the list's mark? */
int balm_aws_lua_is_error(lua_State *L);

#endif
