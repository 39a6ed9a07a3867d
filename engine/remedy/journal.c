#include "remedy/journal.h"

#include "core/clock.h"
#include "remedy/document.h"
#include "remedy/ledger_internal.h"

#include <string.h>

#define TELL_AFTER_NS ((int64_t)100000000) /* most runs have ended by then */

void balm_journal_init(struct balm_journal *journal, struct balm_ledger *ledger,
                       const struct balm_result *result, const struct balm_scrub *scrub,
                       struct balm_arena *arena)
{
    memset(journal, 0, sizeof *journal);
    journal->ledger = ledger;
    journal->result = result;
    journal->scrub = scrub;
    journal->arena = arena;
    journal->last = &journal->first;
}

void balm_journal_free(struct balm_journal *journal)
{
    struct balm_ledger *ledger = journal->ledger;

    if (!ledger) return;
    balm_timer_stop(ledger->loop, &journal->timer);
    balm_store_forget(ledger->store, &journal->outcomes);
    for (struct balm_journal_write *write = journal->first; write; write = write->next) {
        balm_journal_forget(write);
    }
    balm_ledger_leave_end(journal);
    journal->ledger = NULL;
}

/* ---- the version's source ---- */

/* Of all runs that find it lacking one brings it, the others look again: they come after that. */
static bool is_being_brought(const struct balm_journal *journal)
{
    const struct balm_journal_write *bringer = journal->ledger->bringer;
    const struct balm_version *version = journal->result->intent->version;

    return bringer && strcmp(balm_version_hash(bringer->journal->result->intent->version),
                             balm_version_hash(version)) == 0;
}

static void brought(const struct balm_journal_write *write)
{
    struct balm_ledger *ledger = write->journal->ledger;

    if (ledger->bringer == write) ledger->bringer = NULL;
}

/* ---- before a write ---- */

static void commit(struct balm_journal_write *write);

static void answer(struct balm_journal_write *write, const struct balm_err *err)
{
    write->waits = false;
    brought(write);
    if (!err->code) write->sent = balm_clock_now();
    write->done(write->owner, write, err);
}

static void on_kept(void *owner, struct balm_store_request *request)
{
    struct balm_journal_write *write = owner;
    struct balm_journal *journal = write->journal;

    if (request->conflict) { /* about the source: it is not there, or it is there already */
        brought(write);
        journal->lacks = !write->brings && !is_being_brought(journal);
        journal->has_source = write->brings;
        commit(write);
        return;
    }
    if (!request->err.code) {
        balm_ledger_knows(journal->ledger, journal->result->intent->version);
        journal->begun = true;
    }
    answer(write, &request->err);
}

/* A call as it is kept, with began, unless that is empty: the store has it. Lies in document until
   it is committed. */
static enum balm_code add_call(struct balm_changes *changes, const struct balm_journal_write *write,
                               const struct balm_buf *began, struct balm_buf *document,
                               struct balm_err *err)
{
    const struct balm_journal *journal = write->journal;
    const struct balm_call *call = write->call;
    struct balm_arena *arena = changes->arena;
    const char *run = journal->result->run;
    struct balm_value value = balm_map_sized(arena, 7);
    char partition[BALM_SORT_SIZE];
    char sort[BALM_SORT_SIZE];

    balm_map_add(arena, value, "number", balm_int((int64_t)write->number));
    balm_map_add(arena, value, "service", balm_string(balm_call_service(call)));
    balm_map_add(arena, value, "operation", balm_string(balm_call_operation_name(call)));
    balm_map_add(arena, value, "region", balm_string(balm_call_region(call)));
    balm_map_add(arena, value, "account",
                 balm_string(balm_session_account(balm_call_session(call))));
    balm_map_add(arena, value, "params",
                 balm_scrub_mark(journal->scrub, balm_call_params(call), arena));
    balm_map_add(arena, value, "kept", balm_time_value(balm_clock_now()));
    (void)balm_buf_room(document, began->len + 512); /* most calls fit: all at once */
    if (balm_arena_status(arena, err) ||
        balm_seal_value(journal->ledger->seal, arena, value, run, &value, err) ||
        balm_document_write(document, value, err)) {
        return err->code;
    }
    if (began->len > 0) balm_document_join(document, BALM_LEDGER_BEGAN, began->bytes, began->len);
    if (balm_buf_status(document, "a call", err)) return err->code;
    balm_ledger_items_of(partition, run);
    balm_call_sort(sort, "call.", write->number);
    balm_changes_document(changes, partition, sort, document);
    return balm_changes_status(changes, err);
}

static void failed_at_once(void *owner)
{
    struct balm_journal_write *write = owner;

    answer(write, &write->request.err);
}

/* Until one commit was answered, each holds what the run is to do, too: whichever comes first is
   then whole. */
static void commit(struct balm_journal_write *write)
{
    struct balm_journal *journal = write->journal;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_changes changes = {.arena = &arena};
    struct balm_buf script = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf began = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_buf call = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_err *err = &write->request.err;
    enum balm_code code = BALM_OK;

    write->request.done = on_kept;
    write->request.owner = write;
    write->brings = journal->lacks;
    if (write->brings && !journal->ledger->bringer) journal->ledger->bringer = write;
    if (!journal->begun) code = balm_journal_begin(journal, &changes, &script, &began, err);
    if (!code) code = add_call(&changes, write, &began, &call, err);
    if (code) {
        balm_task_add(journal->ledger->loop, &write->task, failed_at_once, write);
    } else {
        balm_store_commit(journal->ledger->store, &write->request, changes.at, changes.count);
    }
    balm_buf_free(&script);
    balm_buf_free(&began);
    balm_buf_free(&call);
    balm_arena_free(&arena);
}

struct balm_journal_write *balm_journal_write(
    struct balm_journal *journal, const struct balm_call *call,
    void (*done)(void *owner, struct balm_journal_write *write, const struct balm_err *err),
    void *owner, struct balm_err *err)
{
    struct balm_journal_write *write = balm_arena_zalloc(journal->arena, sizeof *write);

    if (!write) {
        balm_nomem(err);
        return NULL;
    }
    write->journal = journal;
    write->number = ++journal->count;
    write->call = call;
    write->waits = true;
    write->done = done;
    write->owner = owner;
    *journal->last = write;
    journal->last = &write->next;
    commit(write);
    return write;
}

void balm_journal_forget(struct balm_journal_write *write)
{
    if (!write->waits) return;
    write->waits = false;
    brought(write);
    balm_task_cancel(write->journal->ledger->loop, &write->task);
    balm_store_forget(write->journal->ledger->store, &write->request);
}

/* ---- after a write ---- */

static void tell_outcomes(void *owner);

static void tell_later(struct balm_journal *journal)
{
    if (journal->timer.place) return;
    /* Without the timer the outcomes are kept with the end. */
    (void)balm_timer_set(journal->ledger->loop, &journal->timer, TELL_AFTER_NS, tell_outcomes,
                         journal);
}

/* What could not be kept now is kept with the end. */
static void on_outcomes(void *owner, struct balm_store_request *request)
{
    struct balm_journal *journal = owner;

    (void)request;
    for (const struct balm_journal_write *write = journal->first; write; write = write->next) {
        if (!balm_is_null(write->status) && !write->is_told) {
            tell_later(journal);
            return;
        }
    }
}

static void tell_outcomes(void *owner)
{
    struct balm_journal *journal = owner;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_changes changes = {.arena = &arena};
    char partition[BALM_SORT_SIZE];
    char sort[BALM_SORT_SIZE];

    if (journal->outcomes.op) return; /* on_outcomes() looks again */
    balm_ledger_items_of(partition, journal->result->run);
    for (struct balm_journal_write *write = journal->first; write; write = write->next) {
        struct balm_value value;
        if (balm_is_null(write->status) || write->is_told) continue;
        if (changes.count == BALM_STORE_CHANGES_MAX) break;
        value = balm_map_sized(&arena, 3);
        balm_map_add(&arena, value, "status", write->status);
        balm_map_add(&arena, value, "request_id", balm_string(write->request_id));
        balm_map_add(&arena, value, "ms", balm_int(write->ms));
        balm_call_sort(sort, "done.", write->number);
        balm_changes_put(&changes, partition, sort, value);
        write->is_told = true;
    }
    if (changes.count > 0 && !arena.code) {
        journal->outcomes.done = on_outcomes;
        journal->outcomes.owner = journal;
        balm_store_commit(journal->ledger->store, &journal->outcomes, changes.at, changes.count);
    }
    balm_arena_free(&arena);
}

void balm_journal_settled(struct balm_journal_write *write, struct balm_value status,
                          const char *request_id, int64_t ms)
{
    write->status = status;
    write->request_id =
        request_id && request_id[0] ? balm_arena_strdup(write->journal->arena, request_id) : NULL;
    write->ms = ms;
    tell_later(write->journal);
}
