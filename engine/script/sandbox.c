#include "script/sandbox_internal.h"

#include "core/clock.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define HOOK_EVERY   1000               /* Lua instructions */
#define COMPARED     ((size_t)32 << 20) /* bytes that so many instructions may compare */
#define LARGE        ((size_t)4096)     /* from here on memory is charged: fresh pages cost time */
#define COLLECT_FROM ((size_t)512 << 10)

static void on_count(lua_State *L, lua_Debug *unused);

/* ---- the hook ---- */

/* One instruction compares two strings to their end, however long they are: the longer the longest
   is, the more often the hook comes. Once the run is over it comes at once. */
static int hook_every(const struct balm_sandbox *sandbox)
{
    size_t every = COMPARED / (sandbox->longest + 1);

    if (sandbox->over || every == 0) return 1;
    return every < HOOK_EVERY ? (int)every : HOOK_EVERY;
}

/* L is what runs from here on. */
static void attend(struct balm_sandbox *sandbox, lua_State *L)
{
    int every = hook_every(sandbox);

    sandbox->running = L;
    if (!sandbox->trusted && lua_gethookcount(L) != every) {
        lua_sethook(L, on_count, LUA_MASKCOUNT, every);
    }
}

/* ---- limits ---- */

static bool time_is_up(struct balm_sandbox *sandbox)
{
    int64_t now = balm_clock_mono();
    int64_t cpu;

    if (!sandbox->until) {
        sandbox->until = now + sandbox->limits.cpu_ns;
        sandbox->cpu_until = balm_clock_cpu() + sandbox->limits.cpu_ns;
        return false;
    }
    if (now < sandbox->until) return false;
    cpu = balm_clock_cpu(); /* others may have had the processor meanwhile */
    if (cpu < sandbox->cpu_until) {
        sandbox->until = now + (sandbox->cpu_until - cpu);
        return false;
    }
    return true;
}

bool balm_sandbox_settle(struct balm_sandbox *sandbox)
{
    uint64_t left = sandbox->limits.steps - sandbox->steps;
    bool spent = sandbox->unpaid >= left;

    sandbox->steps += spent ? left : sandbox->unpaid;
    sandbox->unpaid = 0;
    if (sandbox->over) return true;
    if (spent)
        sandbox->over = BALM_OVER_STEPS;
    else if (time_is_up(sandbox))
        sandbox->over = BALM_OVER_CPU;
    return sandbox->over != BALM_OVER_NOT;
}

static void charge(struct balm_sandbox *sandbox, uint64_t n)
{
    uint64_t sum = sandbox->unpaid + n;
    sandbox->unpaid = sum < n ? UINT64_MAX : sum;
}

void balm_remember_where(struct balm_sandbox *sandbox, lua_State *L)
{
    char place[sizeof sandbox->where - 2];

    if (sandbox->where[0]) return;
    balm_sandbox_where(L, place, sizeof place);
    if (place[0]) {
        memcpy(sandbox->where, place, strlen(place));
        memcpy(sandbox->where + strlen(place), ": ", 3);
    }
}

/* Nobody sees the error's text: whoever catches it asks why the run is over. */
static int raise_over(lua_State *L)
{
    balm_remember_where(balm_sandbox_of(L), L);
    attend(balm_sandbox_of(L), L);
    lua_pushliteral(L, "the run is over");
    return lua_error(L);
}

static void collect_where_large(struct balm_sandbox *sandbox)
{
    if (sandbox->collects || sandbox->heap.held <= COLLECT_FROM) return;
    sandbox->collects = true;
    lua_gc(sandbox->L, LUA_GCRESTART);
}

static void look(lua_State *L)
{
    struct balm_sandbox *sandbox = balm_sandbox_of(L);

    if (balm_sandbox_settle(sandbox)) (void)raise_over(L);
    attend(sandbox, L);
    collect_where_large(sandbox);
}

/* Raises, never yields, to end a run: the sandbox's pcall raises again. */
static void on_count(lua_State *L, lua_Debug *unused)
{
    (void)unused;
    charge(balm_sandbox_of(L), (uint64_t)lua_gethookcount(L));
    look(L);
}

void balm_budget_charge(lua_State *L, uint64_t n)
{
    struct balm_sandbox *sandbox = balm_sandbox_of(L);

    charge(sandbox, n);
    if (sandbox->unpaid >= HOOK_EVERY) look(L);
}

void balm_budget_charge_bytes(lua_State *L, size_t len)
{
    balm_budget_charge(L, len / 16 + 1);
}

void balm_budget_charge_numeral(lua_State *L, int index)
{
    balm_budget_charge(L, lua_type(L, index) == LUA_TSTRING ? lua_rawlen(L, index) / 8 + 1 : 1);
}

void balm_sandbox_check(lua_State *L)
{
    struct balm_sandbox *sandbox = balm_sandbox_of(L);

    if (sandbox->over) (void)raise_over(L);
    attend(sandbox, L);
}

/* ---- memory ---- */

/*
 * Lua's allocator. It cannot raise, but it can refuse: a script that keeps the collector busy at
 * the
 * ceiling, or copies long texts, never comes to the next hook in time.
 */
static void *allocate(void *owner, void *object, size_t size, size_t wanted)
{
    struct balm_sandbox *sandbox = owner;
    size_t has = object ? size : 0; /* without an object, size tells what kind it will be */
    void *made;

    if (wanted > has && wanted >= LARGE && !sandbox->heap.closing) {
        charge(sandbox, (wanted - has) / 16);
        if (sandbox->unpaid >= HOOK_EVERY && balm_sandbox_settle(sandbox)) return NULL;
    }
    made = balm_heap_resize(&sandbox->heap, object, has, wanted);
    if (!made && wanted) (void)balm_sandbox_settle(sandbox);
    if (!object && size == LUA_TSTRING && wanted > sandbox->longest) {
        sandbox->longest = wanted;
        if (sandbox->running) attend(sandbox, sandbox->running);
    }
    return made;
}

/* ---- the state ---- */

static int open_state(lua_State *L)
{
    balm_open_globals(L);
    balm_open_string_methods(L);
    return 0;
}

enum balm_code balm_sandbox_new(struct balm_sandbox **out, const struct balm_limits *limits,
                                struct balm_err *err)
{
    struct balm_sandbox *sandbox = calloc(1, sizeof *sandbox);
    enum balm_code code;

    if (!sandbox) return balm_nomem(err);
    sandbox->limits = *limits;
    balm_heap_init(&sandbox->heap, limits->memory);
    sandbox->L = lua_newstate(allocate, sandbox);
    if (!sandbox->L) {
        balm_sandbox_release(sandbox);
        return balm_fail(err, BALM_E_LIMIT, "a script needs more than %zu bytes of memory",
                         limits->memory);
    }
    memcpy(lua_getextraspace(sandbox->L), &sandbox, sizeof sandbox);
    lua_gc(sandbox->L, LUA_GCSTOP);
    code = balm_sandbox_enter(sandbox, open_state, NULL, err);
    if (code) {
        balm_sandbox_release(sandbox);
        return code;
    }
    *out = sandbox;
    return BALM_OK;
}

void balm_sandbox_release(struct balm_sandbox *sandbox)
{
    if (!sandbox) return;
    sandbox->heap.closing = true;
    sandbox->running = NULL;
    if (sandbox->L && sandbox->holds) {
        lua_sethook(sandbox->L, NULL, 0, 0);
        lua_close(sandbox->L);
    }
    balm_heap_free(&sandbox->heap);
    free(sandbox);
}

void balm_sandbox_holds(lua_State *L)
{
    balm_sandbox_of(L)->holds = true;
}

lua_State *balm_sandbox_state(struct balm_sandbox *sandbox)
{
    return sandbox->L;
}

struct balm_sandbox *balm_sandbox_of(lua_State *L)
{
    struct balm_sandbox *sandbox;
    memcpy(&sandbox, lua_getextraspace(L), sizeof sandbox);
    return sandbox;
}

void balm_sandbox_set_owner(struct balm_sandbox *sandbox, void *owner)
{
    sandbox->owner = owner;
}

void *balm_sandbox_owner(lua_State *L)
{
    return balm_sandbox_of(L)->owner;
}

void balm_sandbox_set_clock(struct balm_sandbox *sandbox, int64_t now)
{
    sandbox->now = now;
}

/* ---- running ---- */

static void begin_stretch(struct balm_sandbox *sandbox, lua_State *thread)
{
    sandbox->until = 0;
    attend(sandbox, thread);
}

enum balm_code balm_sandbox_enter(struct balm_sandbox *sandbox, lua_CFunction f, void *argument,
                                  struct balm_err *err)
{
    lua_State *L = sandbox->L;
    int top = lua_gettop(L);
    enum balm_code code = BALM_OK;
    int status;

    if (!lua_checkstack(L, 8)) return balm_nomem(err);
    begin_stretch(sandbox, L);
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, argument);
    status = lua_pcall(L, 1, 0, 0);
    if (status == LUA_ERRMEM) balm_sandbox_end(sandbox, BALM_OVER_MEMORY);
    if (status) code = balm_sandbox_fault(sandbox, L, err);
    lua_settop(L, top);
    return code;
}

int balm_sandbox_resume(struct balm_sandbox *sandbox, lua_State *thread, int argument_count,
                        int *result_count)
{
    int status;

    begin_stretch(sandbox, thread);
    status = lua_resume(thread, NULL, argument_count, result_count);
    sandbox->running = sandbox->L;
    return status;
}

void balm_sandbox_end(struct balm_sandbox *sandbox, enum balm_over why)
{
    if (!sandbox->over) sandbox->over = why;
}

enum balm_over balm_sandbox_over(const struct balm_sandbox *sandbox)
{
    return sandbox->over;
}

void balm_sandbox_refill(struct balm_sandbox *sandbox)
{
    sandbox->steps = 0;
    sandbox->unpaid = 0;
    collect_where_large(sandbox);
}

void balm_sandbox_trust(struct balm_sandbox *sandbox)
{
    sandbox->trusted = true;
    lua_sethook(sandbox->L, NULL, 0, 0);
}

uint64_t balm_sandbox_steps(const struct balm_sandbox *sandbox)
{
    return sandbox->steps + sandbox->unpaid;
}

size_t balm_sandbox_memory_peak(const struct balm_sandbox *sandbox)
{
    return sandbox->heap.peak;
}
