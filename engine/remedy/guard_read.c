#include "remedy/guard_read.h"

#include <stdlib.h>

/* Gives the read back; returns who is to be answered. */
static struct balm_guarding *end(struct balm_guard_read *read)
{
    struct balm_guarding *guarding = read->guarding;

    guarding->of_guard = NULL;
    balm_arena_free(&read->arena);
    free(read);
    return guarding;
}

void balm_guard_read_allow(struct balm_guard_read *read)
{
    balm_guard_allow(end(read));
}

void balm_guard_read_refuse(struct balm_guard_read *read, const char *detail)
{
    struct balm_arena *arena = read->guarding->intent->arena;
    const char *text = detail ? balm_arena_strdup(arena, detail) : NULL;

    balm_guard_refuse(end(read), "%s", text ? text : "out of memory");
}

void balm_guard_read_fail(struct balm_guard_read *read, const char *why)
{
    read->guarding->failed = true;
    balm_guard_read_refuse(read, why);
}

static void on_store(void *owner, struct balm_store_request *request)
{
    struct balm_guard_read *read = owner;

    if (request->err.code) {
        balm_guard_read_fail(read, request->err.message);
    } else {
        read->done(read);
    }
}

void balm_guard_read(const struct balm_guard *guard, struct balm_guarding *guarding,
                     struct balm_store *store, const struct balm_store_query *query,
                     void (*done)(struct balm_guard_read *read))
{
    struct balm_guard_read *read = calloc(1, sizeof *read);

    if (!read) {
        balm_guard_fail(guarding, "out of memory");
        return;
    }
    read->request.done = on_store;
    read->request.owner = read;
    read->request.arena = &read->arena;
    read->store = store;
    read->guarding = guarding;
    read->guard = guard;
    read->done = done;
    guarding->of_guard = read;
    balm_store_read(store, &read->request, query);
}

void balm_guard_read_again(struct balm_guard_read *read, const struct balm_store_query *query)
{
    balm_store_read(read->store, &read->request, query);
}

void balm_guard_read_commit(struct balm_guard_read *read, const struct balm_change *change)
{
    read->commits = true;
    balm_store_commit(read->store, &read->request, change, 1);
}

void balm_guard_read_forget(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_guard_read *read = guarding->of_guard;

    (void)guard;
    if (!read) return;
    balm_store_forget(read->store, &read->request);
    (void)end(read);
}
