/*
 * sandbox: one Lua state that cannot hurt the engine.
 *
 * A state has its own memory under a ceiling, a budget of steps, a time limit for each stretch of
 * Lua that runs without waiting, and an allow-list of globals. What exceeds a limit ends the state
 * for good ("over"): the error can be caught by nobody, and nothing runs in it again. Whoever owns
 * the state ends it from outside (the wall clock) with balm_sandbox_end().
 *
 * How the owner uses it:
 *
 *     balm_sandbox_new(&sandbox, &limits, err)
 *     balm_sandbox_resolver(sandbox, find_module, owner)        what `require` finds
 *     balm_sandbox_enter(sandbox, set_up, &argument, err)       loads chunks, makes a thread
 *     balm_sandbox_resume(sandbox, thread, argument_count, &result_count)   until it yields no more
 *     balm_sandbox_release(sandbox)
 *
 * A function here that takes a lua_State runs within the state's protected calls and may raise; one
 * that takes a sandbox never raises.
 */
#ifndef BALM_SCRIPT_SANDBOX_H
#define BALM_SCRIPT_SANDBOX_H

#include "core/buf.h"
#include "script/limits.h"

#include <lua.h>

struct balm_sandbox;

enum balm_over { BALM_OVER_NOT, BALM_OVER_MEMORY, BALM_OVER_STEPS, BALM_OVER_CPU, BALM_OVER_WALL };

/* A new state with its globals; limits is copied. */
enum balm_code balm_sandbox_new(struct balm_sandbox **out, const struct balm_limits *limits,
                                struct balm_err *err);
/* Gives the state's memory back; finalisers run where balm_sandbox_holds() was said. Accepts NULL.
   Not from within the state. */
void balm_sandbox_release(struct balm_sandbox *sandbox);

/* Something in the state holds what only its finaliser gives back: the state must be closed. One
   that holds nothing is forgotten as a whole, which is quicker. */
void balm_sandbox_holds(lua_State *L);

lua_State *balm_sandbox_state(struct balm_sandbox *sandbox); /* the main thread */
struct balm_sandbox *balm_sandbox_of(lua_State *L);          /* of any thread; never NULL */
/* The owner's own pointer, NULL at first. */
void balm_sandbox_set_owner(struct balm_sandbox *sandbox, void *owner);
void *balm_sandbox_owner(lua_State *L);

/* ---- running ---- */

/*
 * Calls f(L) in a protected call on the main thread, as one stretch, with argument as a light
 * userdata at index 1; results are dropped. An error is told in err as by balm_sandbox_fault().
 */
enum balm_code balm_sandbox_enter(struct balm_sandbox *sandbox, lua_CFunction f, void *argument,
                                  struct balm_err *err);

/*
 * Resumes a thread (made by lua_newthread within enter(), kept alive by the owner) as one stretch.
 * Returns LUA_OK (results on its stack), LUA_YIELD, or an error whose value is on top of its stack:
 * then balm_sandbox_fault() says what it was. Threads that run inside another's stretch are resumed
 * by lua_resume() itself, and whoever does it raises again when the run is over:
 * balm_sandbox_check().
 */
int balm_sandbox_resume(struct balm_sandbox *sandbox, lua_State *thread, int argument_count,
                        int *result_count);

/*
 * Says in err what the error on top of thread's stack is, and leaves it there: BALM_E_LIMIT with
 * the limit and where, BALM_E_SCRIPT with the error as text, which begins with "file:line: " where
 * Lua knows it. The owner looks at error values of its own kind (API errors) first.
 */
enum balm_code balm_sandbox_fault(struct balm_sandbox *sandbox, lua_State *thread,
                                  struct balm_err *err);

/* Ends the run from outside: the thread that is running, or is resumed, raises. */
void balm_sandbox_end(struct balm_sandbox *sandbox, enum balm_over why);
enum balm_over balm_sandbox_over(const struct balm_sandbox *sandbox);
/* Begins the budget of steps anew: for states that serve one call after another. */
void balm_sandbox_refill(struct balm_sandbox *sandbox);
/* What runs here is the engine's own and loops over nothing but what it is given: its instructions
   are not counted, which would cost each of them as much again. What C functions charge is. */
void balm_sandbox_trust(struct balm_sandbox *sandbox);
/* What was used so far. */
uint64_t balm_sandbox_steps(const struct balm_sandbox *sandbox);
size_t balm_sandbox_memory_peak(const struct balm_sandbox *sandbox);

/* ---- the budget, for C functions ---- */

/* Pays n steps (one is about one Lua instruction; copying pays one for 16 bytes); raises when
   the budget is spent or the time is up. Call it before the work, and within loops whose length
   is not known. */
void balm_budget_charge(lua_State *L, uint64_t n);
/* Pays for copying or reading len bytes. */
void balm_budget_charge_bytes(lua_State *L, size_t len);
/* Raises where the run is over: after any protected call of one's own. */
void balm_sandbox_check(lua_State *L);

/* ---- chunks and modules ---- */

struct balm_lua_chunk {
    const char *name; /* how errors name it: "remediations/x.lua" */
    const char *bytes;
    size_t len;
    bool binary; /* made by balm_sandbox_dump() in this process, never from outside */
};

/* Pushes the chunk as a function whose globals are the sandbox's; raises what the compiler says.
   [-0, +1, e] */
void balm_sandbox_load(lua_State *L, const struct balm_lua_chunk *chunk);
/* Adds the bytecode of the Lua function on top of the stack, with its line numbers. [-0, +0, -] */
enum balm_code balm_sandbox_dump(lua_State *L, struct balm_buf *bytecode);

/*
 * Where `require` looks, once for each module: fills chunk, whose memory must live until the next
 * call; or fills err, which is raised with the place of the `require`. Never raises.
 */
typedef enum balm_code balm_resolve_fn(void *owner, const char *module,
                                       struct balm_lua_chunk *chunk, struct balm_err *err);
void balm_sandbox_resolver(struct balm_sandbox *sandbox, balm_resolve_fn *resolve, void *owner);
/*
 * A module in C: open(L) pushes it, once, when it is first required; as a global also when the
 * global is first read. name must stay valid. At most 8 in one state.
 */
void balm_sandbox_preload(struct balm_sandbox *sandbox, const char *name, lua_CFunction open,
                          bool global);
/* Pushes what require(module) gives. [-0, +1, e] */
void balm_sandbox_require(lua_State *L, const char *module);
/* From now on `require` gives only what was loaded already: a version is closed once it is
   loaded. */
void balm_sandbox_seal(struct balm_sandbox *sandbox);

/* ---- what scripts see ---- */

/* The time that os.time() and os.date() tell, microseconds; 0: the real one. */
void balm_sandbox_set_clock(struct balm_sandbox *sandbox, int64_t now);
/* Where the Lua code that called the running C function stands: "file:line", or "". */
void balm_sandbox_where(lua_State *L, char *out, size_t size);
/* As the sandbox's tostring: no addresses, so that two runs of one script do the same. [-0, +1,
   e] */
const char *balm_sandbox_tostring(lua_State *L, int index, size_t *len);

#endif
