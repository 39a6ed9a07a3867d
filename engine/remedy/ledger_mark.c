/*
 * ledger_mark: what happens to a run after its end, and the run with all that.
 */
#include "remedy/ledger_internal.h"

#include "core/clock.h"

#include <stdio.h>
#include <string.h>

/* ---- changes ---- */

struct marking {
    struct balm_ledger *ledger;
    struct balm_arena arena;
    struct balm_changes changes;
    struct balm_value head; /* the run's new one */
    struct balm_err err;    /* of the commit */
};

static void on_committed(void *owner, struct balm_store_request *request)
{
    struct marking *marking = owner;

    marking->err = request->err;
    balm_loop_stop(marking->ledger->loop);
}

static void begin(struct marking *marking, struct balm_ledger *ledger, const struct balm_kept *kept)
{
    memset(marking, 0, sizeof *marking);
    marking->ledger = ledger;
    marking->changes.arena = &marking->arena;
    marking->head = balm_copy(&marking->arena, kept->head);
}

static void set(struct marking *marking, const char *key, struct balm_value value)
{
    balm_map_set(&marking->arena, marking->head, key, value);
}

static void set_now(struct marking *marking, const char *key)
{
    set(marking, key, balm_time_text(&marking->arena, balm_clock_now()));
}

static enum balm_code commit(struct marking *marking, const struct balm_kept *kept,
                             struct balm_err *err)
{
    struct balm_store_request request = {.done = on_committed, .owner = marking};
    char partition[BALM_SORT_SIZE];
    char day[BALM_DAY_SIZE];

    balm_ledger_day(day, kept->run);
    balm_ledger_heads_of(partition, day);
    balm_changes_put(&marking->changes, partition, kept->run, marking->head);
    balm_changes_day(marking->ledger, &marking->changes, day);
    balm_changes_put(&marking->changes, "unverified", kept->run, balm_null());
    if (!marking->err.code && !balm_changes_status(&marking->changes, &marking->err)) {
        balm_store_commit(marking->ledger->store, &request, marking->changes.at,
                          marking->changes.count);
        balm_loop_run(marking->ledger->loop);
    }
    *err = marking->err;
    balm_arena_free(&marking->arena);
    return err->code;
}

/* Adds what the run left: its end did not know. */
static void put_after(struct marking *marking, const struct balm_kept *kept,
                      struct balm_value after)
{
    struct balm_value value = balm_map(&marking->arena), sealed;
    char partition[BALM_SORT_SIZE];

    if (balm_seal_value(marking->ledger->seal, &marking->arena, after, kept->run, &sealed,
                        &marking->err)) {
        return;
    }
    balm_ledger_items_of(partition, kept->run);
    balm_map_set(&marking->arena, value, BALM_LEDGER_AFTER, sealed);
    balm_changes_put(&marking->changes, partition, BALM_LEDGER_AFTER, value);
}

enum balm_code balm_ledger_verified(struct balm_ledger *ledger, const struct balm_kept *kept,
                                    struct balm_value after, struct balm_err *err)
{
    struct marking marking;

    begin(&marking, ledger, kept);
    if (!balm_is_null(after)) put_after(&marking, kept, after);
    set(&marking, "status", balm_string("fixed"));
    set(&marking, "verified", balm_bool(true));
    set_now(&marking, "verified_at");
    return commit(&marking, kept, err);
}

enum balm_code balm_ledger_undone(struct balm_ledger *ledger, const struct balm_kept *kept,
                                  const char *by, const struct balm_item *hold,
                                  struct balm_err *err)
{
    struct marking marking;

    begin(&marking, ledger, kept);
    if (balm_is_null(kept->result)) {
        set(&marking, "status", balm_string("unfinished"));
        balm_changes_put(&marking.changes, BALM_LEDGER_OPEN, kept->run, balm_null());
    }
    if (!balm_is_text(balm_get(kept->head, "undone_by"), by)) {
        set(&marking, "undone_by", balm_string(by));
        set_now(&marking, "undone_at");
    }
    if (hold) {
        balm_changes_put(&marking.changes, hold->partition, hold->sort, hold->value)->item.expires =
            hold->expires;
    }
    return commit(&marking, kept, err);
}

/* ---- the run with all that ---- */

static void take_over(struct balm_value out, struct balm_value from, const char *const *keys,
                      size_t count, struct balm_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        struct balm_value *value = balm_map_get(from, keys[i]);
        if (value) balm_map_set(arena, out, keys[i], *value);
    }
}

/* A run that never ended, in the shape of a result. */
static struct balm_value unfinished(const struct balm_kept *kept, struct balm_arena *arena)
{
    static const char *const facts[] = {"script",   "config",     "role",  "skipped_guards",
                                        "resource", "parameters", "before"};
    struct balm_value out = balm_copy(arena, kept->head);
    bool is_open = balm_is_text(balm_get(kept->head, "status"), "running");

    if (is_open && !kept->is_running) {
        balm_map_set(arena, out, "status", balm_string("unfinished"));
    }
    take_over(out, kept->began, facts, sizeof facts / sizeof *facts, arena);
    balm_map_set(arena, out, "calls", kept->calls);
    return out;
}

struct balm_value balm_kept_value(const struct balm_kept *kept, struct balm_arena *arena)
{
    static const char *const later[] = {"status",    "verified",  "verified_at", "action",
                                        "undone_by", "undone_at", "engine"};
    struct balm_value out;

    if (balm_is_null(kept->result)) return unfinished(kept, arena);
    out = balm_copy(arena, kept->result);
    take_over(out, kept->head, later, sizeof later / sizeof *later, arena);
    return out;
}
