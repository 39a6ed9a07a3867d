/*
 * journal_end: how a run ended, as it is kept. A text larger than one commit takes goes ahead in
 * several; the head comes with the last, so that an end is there whole or not at all.
 */
#include "remedy/ledger_internal.h"

#include "core/clock.h"
#include "remedy/document.h"
#include "remedy/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX ((size_t)1 << 20)
#define ENDS_MAX  256 /* that runs leave behind; more have to wait */

struct balm_ledger_end {
    struct balm_ledger_end *next, *prev;
    struct balm_ledger *ledger;
    struct balm_journal *journal; /* waits; or NULL */
    struct balm_arena arena;      /* of trail */
    struct balm_buf text;         /* what is told */
    bool is_whole;                /* it goes with the first commit, as it is */
    struct balm_buf head;         /* a document */
    char run[BALM_RUN_ID_LEN + 1];
    bool wrote, unverified;
    struct balm_change trail[BALM_TRAIL_CHANGES_MAX]; /* in arena */
    size_t trail_count;
    size_t at, piece; /* where in text what is not kept yet begins, and its next piece */
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
    balm_buf_free(&end->head);
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
    balm_buf_init(&end->head, BALM_BUF_MAX);
    end->next = ledger->ends;
    if (end->next) end->next->prev = end;
    ledger->ends = end;
    ledger->end_count++;
    (void)strncat(end->run, journal->result->run, BALM_RUN_ID_LEN);
    end->wrote = journal->count > 0;
    /* Of a run that wrote nothing there is nothing to look at again. */
    end->unverified = end->wrote && journal->result->status == BALM_STATUS_UNVERIFIED;
    return end;
}

/* ---- what is kept ---- */

static enum balm_code write_head(struct balm_ledger_end *end, const struct balm_journal *journal,
                                 struct balm_arena *scratch, struct balm_err *err)
{
    const struct balm_result *result = journal->result;
    struct balm_value head = balm_journal_head(journal, balm_status_name(result->status), scratch);

    if (result->reason) balm_map_add(scratch, head, "reason", balm_string(result->reason));
    if (result->status == BALM_STATUS_FIXED) {
        balm_map_add(scratch, head, "verified", balm_bool(result->verified));
    }
    if (result->err.code) balm_map_add(scratch, head, "error", balm_get(result->error, "code"));
    balm_map_add(scratch, head, "ms", balm_int(result->ms));
    /* One that is not whole must not be kept: what is null takes away what is there. */
    if (balm_arena_status(scratch, err)) return err->code;
    return balm_document_write(&end->head, head, err);
}

/* A member's name that begins with "$" would be taken for a document's own. A text that does is
   taken for one here: it only costs pieces. */
static bool may_be_tagged(struct balm_value json)
{
    const char *at = json.as.text;

    while ((at = strchr(at, '$')) && at[-1] != '"') {
        at++;
    }
    return at != NULL;
}

/* The result as it is printed, and what the run left. */
static enum balm_code write_text(struct balm_ledger_end *end, const struct balm_journal *journal,
                                 struct balm_arena *scratch, struct balm_err *err)
{
    struct balm_value json = journal->result->json;
    struct balm_value marked = balm_scrub_mark(journal->scrub, journal->result->after, scratch);
    struct balm_buf after = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value sealed;
    enum balm_code code = balm_is_null(json) ? balm_nomem(err) : balm_arena_status(scratch, err);

    if (!code) {
        code = balm_seal_value(end->ledger->seal, scratch, marked, end->run, &sealed, err);
    }
    if (!code) code = balm_document_write(&after, sealed, err);
    if (!code) {
        (void)balm_buf_room(&end->text, json.len + after.len + 64); /* all at once */
        (void)balm_buf_adds(&end->text, "{}");
        balm_document_join(&end->text, "result", json.as.text, json.len);
        balm_document_join(&end->text, "after", after.bytes, after.len);
        end->is_whole = end->text.len <= WHOLE_MAX && !may_be_tagged(json);
        code = balm_buf_status(&end->text, "the result", err);
    }
    balm_buf_free(&after);
    return code;
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
    if (end->is_whole) {
        balm_changes_document(changes, partition, "end.000", &end->text);
        end->at = end->text.len;
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
    balm_changes_document(changes, partition, end->run, &end->head);
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

void balm_journal_end(struct balm_journal *journal, void (*ended)(void *owner), void *owner)
{
    struct balm_ledger *ledger = journal->ledger;
    struct balm_ledger_end *end = ledger ? end_new(journal) : NULL;
    struct balm_arena scratch = BALM_ARENA_INIT;
    struct balm_err *err;
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
    err = &end->request.err;
    end->trail_count = balm_trail_changes(journal->result, let_some_through(journal),
                                          balm_clock_now(), &end->arena, end->trail);
    if (write_head(end, journal, &scratch, err) || write_text(end, journal, &scratch, err) ||
        balm_arena_status(&end->arena, err)) {
        balm_task_add(ledger->loop, &end->task, finish, end);
    } else {
        commit(end);
    }
    balm_arena_free(&scratch);
    if (!waits) ended(owner);
}
