#include "remedy/guard_read.h"

#include <stdlib.h>

/* Gives the read back; returns who is to be answered. */
static struct balm_guarding *end(struct balm_guard_read *read)
{
    struct balm_guarding *guarding = read->guarding;

    if (read->asked) guarding->of_guard = NULL;
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

static void conclude(struct balm_guard_read *read)
{
    if (read->request.err.code) {
        balm_guard_read_fail(read, read->request.err.message);
    } else {
        read->done(read);
    }
}

static void on_store(void *owner, struct balm_store_request *request)
{
    struct balm_guard_read *read = owner;

    (void)request;
    read->there = true;
    if (read->asked) conclude(read);
}

/* NULL where memory ran out. */
static struct balm_guard_read *begin(const struct balm_guard *guard, struct balm_guarding *guarding,
                                     const struct balm_store_query *query)
{
    struct balm_guard_read *read = query->partition ? calloc(1, sizeof *read) : NULL;

    if (!read) return NULL;
    read->request.done = on_store;
    read->request.owner = read;
    read->request.arena = &read->arena;
    read->guarding = guarding;
    read->guard = guard;
    read->done = guard->reading->judge;
    balm_store_read(guard->store, &read->request, query);
    return read;
}

/* Out of what was read ahead; NULL where nothing was for this guard. */
static struct balm_guard_read *take(struct balm_guarding *guarding, const struct balm_guard *guard)
{
    struct balm_guard_read **at = &guarding->ahead;
    struct balm_guard_read *read;

    while (*at && (*at)->guard != guard) {
        at = &(*at)->next;
    }
    read = *at;
    if (read) *at = read->next;
    return read;
}

void balm_guard_read_ask(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_guard_read *read = take(guarding, guard);
    struct balm_store_query query = {.partition = NULL};

    if (!read && !guard->reading->question(guard, guarding, &query)) {
        balm_guard_allow(guarding);
        return;
    }
    if (!read) read = begin(guard, guarding, &query);
    if (!read) {
        balm_guard_fail(guarding, "out of memory");
        return;
    }
    guarding->of_guard = read;
    read->asked = true;
    if (read->there) conclude(read);
}

void balm_guard_read_ahead(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_store_query query = {.partition = NULL};
    struct balm_guard_read *read = NULL;

    if (guard->reading->question(guard, guarding, &query)) read = begin(guard, guarding, &query);
    if (!read) return; /* it is tried again when the guard is asked */
    read->next = guarding->ahead;
    guarding->ahead = read;
}

static void drop(struct balm_guard_read *read)
{
    balm_store_forget(read->guard->store, &read->request);
    (void)end(read);
}

void balm_guard_reads_drop(struct balm_guarding *guarding)
{
    while (guarding->ahead) {
        struct balm_guard_read *read = guarding->ahead;
        guarding->ahead = read->next;
        drop(read);
    }
}

void balm_guard_read_again(struct balm_guard_read *read, const struct balm_store_query *query)
{
    balm_store_read(read->guard->store, &read->request, query);
}

void balm_guard_read_commit(struct balm_guard_read *read, const struct balm_change *change)
{
    balm_store_commit(read->guard->store, &read->request, change, 1);
}

void balm_guard_read_forget(const struct balm_guard *guard, struct balm_guarding *guarding)
{
    struct balm_guard_read *read = guarding->of_guard;

    (void)guard;
    if (read) drop(read);
}
