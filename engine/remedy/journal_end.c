/*
 * journal_end: how a run ended, as it is kept. A text larger than one commit takes goes ahead in
 * several; the head comes with the last, so that an end is there whole or not at all.
 */
#include "remedy/ledger_internal.h"

#include "core/clock.h"
#include "core/json.h"
#include "remedy/document.h"
#include "remedy/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_MAX   (BALM_STORE_COMMIT_MAX / 8) /* a character may be printed as six */
#define PLAIN_DEPTH 100
#define ENDS_MAX    256 /* that runs leave behind; more have to wait */

struct balm_ledger_end {
    struct balm_ledger_end *next, *prev;
    struct balm_ledger *ledger;
    struct balm_journal *journal; /* waits; or NULL */
    struct balm_arena arena;      /* of head */
    struct balm_value value;      /* what is told, until the first commit; or text */
    struct balm_buf text;
    struct balm_value head;
    char run[BALM_RUN_ID_LEN + 1];
    bool wrote, unverified;
    struct balm_change trail[BALM_TRAIL_CHANGES_MAX]; /* in arena */
    size_t trail_count;
    size_t at, piece; /* what of text is not kept yet, and its next piece */
    struct balm_store_request request;
    struct balm_task task;
};

/* ---- life ---- */

void balm_ledger_drop_end(struct balm_ledger_end *end)
{
    struct balm_ledger *ledger = end->ledger;

    balm_task_cancel(ledger->loop, &end->task);
    balm_store_forget(ledger->store, &end->request);
    if (end->prev) {
        end->prev->next = end->next;
    } else {
        ledger->ends = end->next;
    }
    if (end->next) end->next->prev = end->prev;
    ledger->end_count--;
    balm_buf_wipe(&end->text);
    balm_arena_free(&end->arena);
    free(end);
}

void balm_ledger_leave_end(struct balm_journal *journal)
{
    if (journal->end) journal->end->journal = NULL;
    journal->end = NULL;
}

static struct balm_ledger_end *end_new(struct balm_journal *journal)
{
    struct balm_ledger *ledger = journal->ledger;
    struct balm_ledger_end *end = calloc(1, sizeof *end);

    if (!end) return NULL;
    end->ledger = ledger;
    balm_arena_init(&end->arena, 0);
    balm_buf_init(&end->text, BALM_BUF_MAX);
    end->next = ledger->ends;
    if (end->next) end->next->prev = end;
    ledger->ends = end;
    ledger->end_count++;
    snprintf(end->run, sizeof end->run, "%s", journal->result->run);
    end->wrote = journal->count > 0;
    /* Of a run that wrote nothing there is nothing to look at again. */
    end->unverified = end->wrote && journal->result->status == BALM_STATUS_UNVERIFIED;
    return end;
}

/* ---- what is kept ---- */

static void set(struct balm_ledger_end *end, const char *key, struct balm_value value)
{
    balm_map_set(&end->arena, end->head, key, value);
}

/* A head that is not whole must not be kept: what is null takes away what is there. */
static enum balm_code make_head(struct balm_ledger_end *end, const struct balm_journal *journal,
                                struct balm_err *err)
{
    const struct balm_result *result = journal->result;
    struct balm_arena scratch = BALM_ARENA_INIT;
    enum balm_code code;

    end->head = balm_copy(&end->arena,
                          balm_journal_head(journal, balm_status_name(result->status), &scratch));
    code = balm_arena_status(&scratch, err);
    balm_arena_free(&scratch);
    if (code) return code;
    if (result->reason) set(end, "reason", balm_text(&end->arena, result->reason));
    if (result->status == BALM_STATUS_FIXED) set(end, "verified", balm_bool(result->verified));
    if (result->err.code) {
        set(end, "error", balm_text(&end->arena, balm_get_string(result->error, "code", "")));
    }
    set(end, "ms", balm_int(result->ms));
    return balm_arena_status(&end->arena, err);
}

/* Can it be kept as it is: short, not deep, and nothing in it that printing hides? Counts size
   down. */
static bool is_plain(struct balm_value value, int depth, size_t *size)
{
    size_t own = 32 + (value.type == BALM_STRING || value.type == BALM_BYTES ? value.len : 0);

    if (value.secret || depth == 0 || *size < own) return false;
    *size -= own;
    for (size_t i = 0; i < balm_list_len(value); i++) {
        if (!is_plain(*balm_list_at(value, i), depth - 1, size)) return false;
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        if (*size < entry->key_len) return false;
        *size -= entry->key_len;
        if (!is_plain(entry->value, depth - 1, size)) return false;
    }
    return true;
}

/* The end as JSON, in end->text. */
static enum balm_code print(struct balm_ledger_end *end, struct balm_value result,
                            struct balm_value after, struct balm_err *err)
{
    (void)balm_buf_adds(&end->text, "{\"result\":");
    (void)balm_json_print(&end->text, result, BALM_JSON_COMPACT);
    (void)balm_buf_adds(&end->text, ",\"after\":");
    if (balm_document_write(&end->text, after, err)) return err->code;
    (void)balm_buf_addc(&end->text, '}');
    return balm_buf_status(&end->text, "the result", err);
}

/* The result as it is printed, and what the run left: either goes with the first commit as it is,
   in value, or as text. Both live in scratch, or in the run. */
static enum balm_code tell(struct balm_ledger_end *end, const struct balm_journal *journal,
                           struct balm_value result, struct balm_value after,
                           struct balm_arena *scratch, struct balm_err *err)
{
    struct balm_value marked = balm_scrub_mark(journal->scrub, after, scratch);
    size_t size = PLAIN_MAX;
    struct balm_value sealed;

    if (balm_arena_status(scratch, err)) return err->code;
    if (balm_seal_value(end->ledger->seal, scratch, marked, end->run, &sealed, err)) {
        return err->code;
    }
    if (!is_plain(result, PLAIN_DEPTH, &size) || !is_plain(sealed, PLAIN_DEPTH, &size)) {
        return print(end, result, sealed, err);
    }
    end->value = balm_map(scratch);
    balm_map_set(scratch, end->value, "result", result);
    balm_map_set(scratch, end->value, "after", sealed);
    return balm_arena_status(scratch, err);
}

/* ---- commits ---- */

static void commit(struct balm_ledger_end *end);

static void finish(void *owner)
{
    struct balm_ledger_end *end = owner;
    struct balm_ledger *ledger = end->ledger;
    struct balm_journal *journal = end->journal;
    const struct balm_err *err = &end->request.err;

    if (err->code && ledger->failed++ == 0) {
        balm_log(ledger->log, BALM_LOG_ERROR, "the end of run %s could not be recorded: %s",
                 end->run, err->message);
    }
    balm_ledger_drop_end(end);
    if (journal) {
        journal->end = NULL;
        journal->ended(journal->owner);
    }
    if (ledger->settling && !ledger->ends) balm_loop_stop(ledger->loop);
}

static void on_kept(void *owner, struct balm_store_request *request)
{
    struct balm_ledger_end *end = owner;

    if (!request->err.code && end->at < end->text.len) {
        commit(end);
    } else {
        if (!request->err.code) balm_ledger_day(end->ledger->known_day, end->run);
        finish(end);
    }
}

/* One: more might not fit a commit. */
static void add_piece(struct balm_ledger_end *end, struct balm_changes *changes)
{
    size_t to = balm_piece_end(end->text.bytes, end->text.len, end->at);
    char partition[BALM_SORT_SIZE];

    balm_ledger_items_of(partition, end->run);
    if (!balm_is_null(end->value)) {
        balm_changes_put(changes, partition, "end.000", end->value);
        end->value = balm_null();
        return;
    }
    balm_changes_piece(changes, partition, "end", end->piece++,
                       balm_string_n(end->text.bytes + end->at, to - end->at));
    end->at = to;
}

static void add_marks(struct balm_ledger_end *end, struct balm_changes *changes)
{
    char partition[BALM_SORT_SIZE];
    char day[BALM_DAY_SIZE];

    balm_ledger_day(day, end->run);
    balm_ledger_heads_of(partition, day);
    balm_changes_put(changes, partition, end->run, end->head);
    balm_changes_day(end->ledger, changes, day);
    if (end->wrote) balm_changes_put(changes, BALM_LEDGER_OPEN, end->run, balm_null());
    if (end->unverified) {
        balm_changes_put(changes, "unverified", end->run, balm_map(changes->arena));
    }
    for (size_t i = 0; i < end->trail_count; i++) {
        const struct balm_item *item = &end->trail[i].item;
        struct balm_change *change =
            balm_changes_put(changes, item->partition, item->sort, item->value);
        change->item.expires = item->expires;
        change->condition = end->trail[i].condition;
    }
}

static void commit(struct balm_ledger_end *end)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_changes changes = {.arena = &arena};
    struct balm_err *err = &end->request.err;

    add_piece(end, &changes);
    if (end->at == end->text.len) add_marks(end, &changes);
    end->request.done = on_kept;
    end->request.owner = end;
    if (balm_changes_status(&changes, err)) {
        balm_task_add(end->ledger->loop, &end->task, finish, end);
    } else {
        balm_store_commit(end->ledger->store, &end->request, changes.at, changes.count);
    }
    balm_arena_free(&arena);
}

/* ---- the end ---- */

/* What could not be kept was not let through, so it changed nothing. */
static bool let_some_through(const struct balm_journal *journal)
{
    const struct balm_journal_write *write = journal->first;

    while (write && !write->sent) {
        write = write->next;
    }
    return write != NULL;
}

void balm_journal_end(struct balm_journal *journal, struct balm_value value,
                      struct balm_value after, void (*ended)(void *owner), void *owner)
{
    struct balm_ledger *ledger = journal->ledger;
    struct balm_ledger_end *end = ledger ? end_new(journal) : NULL;
    struct balm_arena scratch = BALM_ARENA_INIT;
    bool waits;

    if (ledger) balm_timer_stop(ledger->loop, &journal->timer);
    if (!end) {
        if (ledger) balm_log(ledger->log, BALM_LOG_ERROR, "out of memory: a run is not recorded");
        ended(owner);
        return;
    }
    waits = end->wrote || ledger->end_count > ENDS_MAX;
    if (waits) {
        end->journal = journal;
        journal->end = end;
        journal->ended = ended;
        journal->owner = owner;
    }
    (void)make_head(end, journal, &end->request.err);
    end->trail_count = balm_trail_changes(journal->result, let_some_through(journal),
                                          balm_clock_now(), &end->arena, end->trail);
    if (end->request.err.code || tell(end, journal, value, after, &scratch, &end->request.err) ||
        balm_arena_status(&end->arena, &end->request.err)) {
        balm_task_add(ledger->loop, &end->task, finish, end);
    } else {
        commit(end);
    }
    balm_arena_free(&scratch);
    if (!waits) ended(owner);
}
