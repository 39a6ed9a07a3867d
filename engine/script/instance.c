#include "script/instance_internal.h"

#include "script/aws_lua.h"
#include "script/version.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdlib.h>

/* The script's own modules; what C provides was preloaded. */
static enum balm_code find_module(void *owner, const char *module, struct balm_lua_chunk *chunk,
                                  struct balm_err *err)
{
    const struct balm_instance *instance = owner;
    const struct balm_part *found = balm_version_module(instance->version, module);

    if (!found) {
        return balm_fail(err, BALM_E_SCRIPT,
                         "module \"%.80s\" is not known here, as it was not loaded with the "
                         "script: require it at the top of the script",
                         module);
    }
    *chunk = found->code;
    return BALM_OK;
}

static enum balm_code copy_options(struct balm_instance *instance,
                                   const struct balm_instance_options *options,
                                   struct balm_err *err)
{
    struct balm_arena *arena = &instance->arena;

    instance->resource = balm_copy(arena, options->resource);
    instance->parameters = balm_copy(arena, options->parameters);
    instance->run = balm_arena_strdup(arena, options->run ? options->run : "");
    instance->log = balm_list(arena);
    return balm_arena_status(arena, err);
}

enum balm_code balm_instance_new(struct balm_instance **out,
                                 const struct balm_instance_options *options, struct balm_err *err)
{
    struct balm_instance *instance = calloc(1, sizeof *instance);
    enum balm_code code;

    if (!instance) return balm_nomem(err);
    instance->aws = options->aws;
    instance->loop = balm_aws_loop(options->aws);
    instance->gate = options->gate;
    instance->limits = options->limits;
    instance->logger = options->log;
    instance->offline = options->offline;
    instance->session_policy = options->session_policy;
    instance->in_order = options->in_order;
    instance->strand.instance = instance;
    instance->running = &instance->strand;
    balm_arena_init(&instance->scratch, options->limits.memory);
    balm_arena_init(&instance->outcome_arena, options->limits.memory);
    balm_version_retain(options->version);
    instance->version = options->version;
    balm_session_retain(options->session);
    instance->session = options->session;
    code = copy_options(instance, options, err);
    if (code) goto out;
    code = balm_sandbox_new(&instance->sandbox, &options->limits, err);
    if (code) goto out;
    balm_sandbox_set_owner(instance->sandbox, instance);
    balm_sandbox_resolver(instance->sandbox, find_module, instance);
    balm_script_modules(instance->sandbox);
    *out = instance;
    instance = NULL;
out:
    balm_instance_release(instance);
    return code;
}

void balm_instance_release(struct balm_instance *instance)
{
    if (!instance) return;
    balm_timer_stop(instance->loop, &instance->wall);
    balm_instance_drop(instance);
    if (instance->spare) {
        balm_arena_free(&instance->spare->arena);
        free(instance->spare);
    }
    balm_sandbox_release(instance->sandbox);
    balm_session_release(instance->session);
    balm_version_release(instance->version);
    balm_arena_free(&instance->scratch);
    balm_arena_free(&instance->outcome_arena);
    balm_arena_free(&instance->arena);
    free(instance);
}

void balm_instance_run(struct balm_instance *instance, enum balm_phase phase,
                       struct balm_value extra,
                       void (*done)(void *owner, const struct balm_outcome *outcome), void *owner)
{
    assert(instance->strand.state == BALM_STRAND_IDLE);
    instance->strand.state = BALM_STRAND_STARTING;
    instance->phase = phase;
    instance->extra = balm_copy(&instance->arena, extra); /* may lie in the last outcome */
    instance->done = done;
    instance->owner = owner;
    balm_strand_ready(&instance->strand);
}

struct balm_asking *balm_asking_new(struct balm_instance *instance)
{
    struct balm_asking *asking = instance->spare;

    if (asking) {
        struct balm_arena arena = asking->arena;
        *asking = (struct balm_asking){.arena = arena};
        instance->spare = NULL;
    } else {
        asking = calloc(1, sizeof *asking);
        if (!asking) return NULL;
        balm_arena_init(&asking->arena, instance->limits.memory);
    }
    asking->strand = instance->running;
    asking->question.instance = instance;
    asking->question.arena = &asking->arena;
    asking->next = instance->askings;
    if (asking->next) asking->next->prev = asking;
    instance->askings = asking;
    return asking;
}

void balm_asking_release(struct balm_asking *asking)
{
    struct balm_instance *instance = asking->question.instance;

    if (asking->next) asking->next->prev = asking->prev;
    *(asking->prev ? &asking->prev->next : &instance->askings) = asking->next;
    if (asking->strand->asking == asking) asking->strand->asking = NULL;
    balm_call_release(asking->question.call);
    if (instance->spare) {
        balm_arena_free(&asking->arena);
        free(asking);
        return;
    }
    balm_arena_reset(&asking->arena);
    instance->spare = asking;
}

void balm_instance_drop(struct balm_instance *instance)
{
    while (instance->askings) {
        struct balm_asking *asking = instance->askings;
        bool sent = asking->state == BALM_ASKING_SENT;
        if ((sent || asking->state == BALM_ASKING_ASKED) && instance->gate->dropped) {
            instance->gate->dropped(instance->gate, &asking->question, sent);
        }
        balm_asking_release(asking);
    }
    while (instance->parallels) {
        balm_parallel_release(instance->parallels);
    }
    balm_strand_drop(&instance->strand);
    instance->strand.branches = NULL;
}

struct balm_value balm_instance_log(struct balm_instance *instance)
{
    return instance->log;
}

struct balm_instance *balm_instance_of(lua_State *L, const char *what)
{
    struct balm_instance *instance = balm_sandbox_owner(L);

    if (!instance) luaL_error(L, "%s cannot be used while the script is loaded", what);
    return instance;
}

void balm_instance_check_wait(lua_State *L, const char *what)
{
    if (lua_isyieldable(L)) return;
    luaL_error(L,
               "%s cannot be called here: a script cannot wait while it is loaded, nor inside a "
               "function that table.sort, string.gsub or the like calls",
               what);
}
