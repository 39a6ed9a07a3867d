#include "core/clock.h"
#include "remedy/policy.h"

#include <stdlib.h>
#include <string.h>

struct balm_policy_source {
    struct balm_policy_source_options options;
    struct balm_arena arena; /* the path, the folder */
    struct balm_dirwatch *watch;
    struct balm_policy *current;
    bool changed;
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

static void reload(struct balm_policy_source *source)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_policy *fresh = NULL;
    struct balm_value faults;
    struct balm_err err;

    source->changed = false;
    if (balm_policy_load(&fresh, source->options.path, source->options.catalog, balm_clock_now(),
                         source->options.log, &arena, &faults, &err)) {
        balm_log(source->options.log, BALM_LOG_ERROR,
                 "the changed configuration is not valid, the old one goes on: %s", err.message);
    } else {
        balm_log(source->options.log, BALM_LOG_INFO, "%s was read again", source->options.path);
        balm_policy_release(source->current);
        source->current = fresh;
    }
    balm_arena_free(&arena);
}

struct balm_policy *balm_policy_source_current(struct balm_policy_source *source)
{
    if (source->changed) reload(source);
    balm_policy_retain(source->current);
    return source->current;
}
