/*
 * sandbox_internal: what the files that make up the sandbox share. Internal to script/.
 */
#ifndef BALM_SCRIPT_SANDBOX_INTERNAL_H
#define BALM_SCRIPT_SANDBOX_INTERNAL_H

#include "script/heap.h"
#include "script/sandbox.h"

#define BALM_PRELOAD_MAX 8

struct balm_preload {
    const char *name;
    lua_CFunction open;
    bool global;
};

struct balm_sandbox {
    lua_State *L;
    struct balm_limits limits;
    uint64_t steps;     /* paid so far */
    uint64_t unpaid;    /* charged since the limits were last looked at */
    size_t longest;     /* bytes of the longest string there was */
    lua_State *running; /* the thread whose hook follows it; NULL: none has run yet */
    int64_t until;      /* monotonic end of this stretch; 0: not looked at the clock yet */
    int64_t cpu_until;  /* the same in CPU time, which decides */
    int64_t now;        /* what os.time tells; 0: the real time */
    enum balm_over over;
    bool collects; /* the collector runs: not before there is something to collect */
    bool sealed;
    bool trusted; /* no hook */
    bool holds;   /* finalisers must run */
    bool met_unknown;
    char where[80]; /* "file:line: " of the Lua code that met the limit */
    void *owner;
    balm_resolve_fn *resolve;
    void *resolve_owner;
    struct balm_preload preload[BALM_PRELOAD_MAX];
    size_t preload_count;
    struct balm_heap heap;
};

/* The globals, as the registry's table of globals. [-0, +0, m] */
void balm_open_globals(lua_State *L);
/* Pushes a preloaded module, opened at its first use; false (and nothing) when there is none. */
bool balm_push_preloaded(lua_State *L, const char *name);

/* Libraries: each pushes its table. [-0, +1, m] */
int balm_open_string(lua_State *L);
int balm_open_table(lua_State *L);
int balm_open_math(lua_State *L);
int balm_open_utf8(lua_State *L);
int balm_open_os(lua_State *L);
int balm_open_json(lua_State *L);
/* Adds the functions to the library on top of the stack. [-0, +0, m] */
void balm_open_patterns(lua_State *L);
int balm_string_format(lua_State *L);
int balm_table_sort(lua_State *L);
/* Gives all strings their metatable, whose methods are opened at first use. [-0, +0, m] */
void balm_open_string_methods(lua_State *L);

/* Pays for all arguments of the running C function: for one of Lua's own that reads no more. */
void balm_charge_arguments(lua_State *L);

/* Pays for reading the number at index, which may be written as a text. */
void balm_budget_charge_numeral(lua_State *L, int index);

/* Functions of the globals that stand in files of their own. */
int balm_pairs(lua_State *L);
int balm_next(lua_State *L);
int balm_require(lua_State *L);

/* Keeps the place of L's Lua code for the report, unless one is kept already. The stack of a dead
   thread stands as it was: this works after the error too. Never raises. */
void balm_remember_where(struct balm_sandbox *sandbox, lua_State *L);
/* Settles what is unpaid; true when the run is over (now or before). Never raises. */
bool balm_sandbox_settle(struct balm_sandbox *sandbox);

#endif
