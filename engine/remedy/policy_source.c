#include "core/clock.h"
#include "core/stamp.h"
#include "remedy/policy.h"

#include <stdlib.h>
#include <string.h>

/* Notices do not come from everywhere (file systems of other machines), so the file is looked at
   too, but no more often than this. */
#define FRESH_NS ((int64_t)1000000)

struct balm_policy_source {
    struct balm_policy_source_options options;
    struct balm_arena arena; /* the path, the folder */
    struct balm_dirwatch *watch;
    struct balm_policy *current;
    struct balm_stamp stamp; /* of the file when it was read */
    int64_t looked;          /* when the stamp was held against it: monotonic nanoseconds */
    bool changed;
    struct balm_err fault; /* of the file as it is now, told already; else code BALM_OK */
};

static void on_change(void *owner, const char *name)
{
    struct balm_policy_source *source = owner;
    const char *file = strrchr(source->options.path, '/');

    file = file ? file + 1 : source->options.path;
    if (!name || strcmp(name, file) == 0) source->changed = true;
}

/* The folder is watched, not the file: editors replace files. */
static enum balm_code watch(struct balm_policy_source *source, struct balm_err *err)
{
    char *dir = balm_arena_strdup(&source->arena, source->options.path);
    char *slash;

    if (!dir) return balm_nomem(err);
    slash = strrchr(dir, '/');
    if (slash == dir) slash++;
    if (slash) *slash = '\0';
    return balm_dirwatch_new(&source->watch, source->options.loop, slash ? dir : ".", on_change,
                             source, err);
}

enum balm_code balm_policy_source_new(struct balm_policy_source **out,
                                      const struct balm_policy_source_options *options,
                                      struct balm_arena *arena, struct balm_value *faults,
                                      struct balm_err *err)
{
    struct balm_policy_source *source = calloc(1, sizeof *source);
    enum balm_code code = BALM_OK;

    if (!source) return balm_nomem(err);
    balm_arena_init(&source->arena, 0);
    source->options = *options;
    if (options->path) {
        source->options.path = balm_arena_strdup(&source->arena, options->path);
        code = balm_arena_status(&source->arena, err);
        if (!code && options->loop) code = watch(source, err);
    }
    if (options->path) balm_stamp_take(&source->stamp, options->path);
    if (!code) {
        code = balm_policy_load(&source->current, source->options.path, options->catalog,
                                balm_clock_now(), options->log, arena, faults, err);
    }
    if (code) {
        balm_policy_source_release(source);
        return code;
    }
    *out = source;
    return BALM_OK;
}

void balm_policy_source_release(struct balm_policy_source *source)
{
    if (!source) return;
    balm_dirwatch_release(source->watch);
    balm_policy_release(source->current);
    balm_arena_free(&source->arena);
    free(source);
}

static void tell_fault(struct balm_policy_source *source, const struct balm_err *err)
{
    if (source->fault.code && strcmp(source->fault.message, err->message) == 0) return;
    source->fault = *err;
    balm_log(source->options.log, BALM_LOG_ERROR,
             "the changed configuration is not valid, the old one goes on: %s", err->message);
}

static void reload(struct balm_policy_source *source)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_policy *fresh = NULL;
    struct balm_value faults;
    struct balm_err err;

    source->changed = false;
    balm_stamp_take(&source->stamp, source->options.path);
    if (balm_policy_load(&fresh, source->options.path, source->options.catalog, balm_clock_now(),
                         source->options.log, &arena, &faults, &err)) {
        tell_fault(source, &err);
    } else {
        source->fault.code = BALM_OK;
        if (strcmp(balm_policy_hash(fresh), balm_policy_hash(source->current)) != 0) {
            balm_log(source->options.log, BALM_LOG_INFO, "%s was read again", source->options.path);
        }
        balm_policy_release(source->current);
        source->current = fresh;
    }
    balm_arena_free(&arena);
}

static bool has_changed(struct balm_policy_source *source)
{
    int64_t now;

    if (source->changed) return true;
    if (!source->options.loop || !source->options.path) return false;
    now = balm_clock_mono();
    if (now - source->looked < FRESH_NS) return false;
    source->looked = now;
    return !balm_stamp_holds(&source->stamp, source->options.path);
}

struct balm_policy *balm_policy_source_current(struct balm_policy_source *source)
{
    if (has_changed(source)) reload(source);
    balm_policy_retain(source->current);
    return source->current;
}
