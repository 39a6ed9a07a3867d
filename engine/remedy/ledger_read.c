/*
 * ledger_read: a run comes back from its items.
 */
#include "remedy/ledger_internal.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/text.h"
#include "remedy/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE    100
#define PREFIX_MIN 8

/* ---- one operation, waited for ---- */

static void stop(void *owner, struct balm_store_request *request)
{
    struct balm_ledger *ledger = owner;

    (void)request;
    balm_loop_stop(ledger->loop);
}

enum balm_code balm_ledger_read(struct balm_ledger *ledger, struct balm_store_request *request,
                                const struct balm_store_query *query, struct balm_arena *arena,
                                struct balm_err *err)
{
    *request = (struct balm_store_request){.done = stop, .owner = ledger, .arena = arena};
    balm_store_read(ledger->store, request, query);
    balm_loop_run(ledger->loop);
    *err = request->err;
    return err->code;
}

/* ---- finding a run by the beginning of its id ---- */

static enum balm_code none(const char *run, struct balm_err *err)
{
    return balm_fail(err, BALM_E_ARG, "the store has no run %s; `balm history` lists them", run);
}

struct search {
    struct balm_ledger *ledger;
    const char *run;
    struct balm_arena *arena;
    struct balm_item found; /* a head, or what is open */
    size_t count;
};

/* A run may have ended since it was found among the open ones: its end counts. */
static enum balm_code find_in(struct search *search, const char *partition, struct balm_err *err)
{
    struct balm_arena *arena = search->arena;
    struct balm_store_query query = {
        .partition = partition,
        .from = search->run,
        .to = balm_arena_printf(arena, "%s~", search->run), /* behind all that begin with run */
        .limit = 2};
    struct balm_store_request request;

    if (balm_arena_status(arena, err)) return err->code;
    if (balm_ledger_read(search->ledger, &request, &query, arena, err)) return err->code;
    for (size_t i = 0; i < request.count; i++) {
        const char *before = search->count > 0 ? search->found.sort : "";
        if (strcmp(request.items[i].sort, before) != 0) search->count++;
        search->found = request.items[i];
    }
    return BALM_OK;
}

static enum balm_code find_in_day(struct search *search, const char *day, struct balm_err *err)
{
    char partition[BALM_SORT_SIZE];

    balm_ledger_heads_of(partition, day);
    return find_in(search, partition, err);
}

static enum balm_code find_head(struct balm_ledger *ledger, const char *run,
                                struct balm_arena *arena, struct balm_item *found,
                                struct balm_err *err)
{
    struct search search = {.ledger = ledger, .run = run, .arena = arena};
    char first[BALM_DAY_SIZE], last[BALM_DAY_SIZE];
    int64_t from, to;

    if (!balm_text_uuid_span(run, &from, &to)) {
        return balm_fail(err, BALM_E_ARG, "\"%.60s\" is not a run's id, nor the beginning of one",
                         run);
    }
    if (strlen(run) < PREFIX_MIN) {
        return balm_fail(err, BALM_E_ARG, "\"%s\": give at least %d characters of the run's id",
                         run, PREFIX_MIN);
    }
    balm_ledger_day_of(first, from);
    balm_ledger_day_of(last, to);
    if (find_in(&search, BALM_LEDGER_OPEN, err) || find_in_day(&search, first, err)) {
        return err->code;
    }
    if (strcmp(first, last) != 0 && find_in_day(&search, last, err)) return err->code;
    *found = search.found;
    if (search.count == 0) return none(run, err);
    if (search.count == 1) return BALM_OK;
    return balm_fail(err, BALM_E_ARG, "several runs begin with %s: give more of the id", run);
}

/* ---- a text from its pieces ---- */

/* Does the item belong to the text at sort ("end" for "end.000")? */
static bool is_piece_of(const struct balm_item *item, const char *sort)
{
    size_t len = strlen(sort);

    return strncmp(item->sort, sort, len) == 0 && item->sort[len] == '.' &&
           !strchr(item->sort + len + 1, '.');
}

/* Adds the pieces that begin at item i; returns where the next text begins. */
static size_t join(const struct balm_store_request *request, size_t i, const char *sort,
                   struct balm_buf *text)
{
    while (i < request->count && is_piece_of(&request->items[i], sort)) {
        struct balm_value piece = balm_get(request->items[i++].value, "text");
        if (piece.type == BALM_STRING) (void)balm_buf_add(text, piece.as.text, piece.len);
    }
    return i;
}

static enum balm_code unusable(const char *run, const char *what, struct balm_err *err)
{
    return balm_err_prefix(err, "run %s: what is kept of it (%s) cannot be used", run, what);
}

/* ---- what is kept of one run ---- */

struct loading {
    struct balm_ledger *ledger;
    struct balm_arena *arena;
    struct balm_kept *kept;
    struct balm_value numbers; /* list: of the writes in kept->calls; a number may be missing */
    struct balm_store_request request;
};

static enum balm_code unseal(struct loading *loading, struct balm_value value, const char *what,
                             struct balm_value *out, struct balm_err *err)
{
    const char *run = loading->kept->run;

    if (balm_unseal_value(loading->ledger->seal, loading->arena, value, run, out, err)) {
        return unusable(run, what, err);
    }
    return BALM_OK;
}

/* Comes with the first call; an earlier Balm kept it as an item of its own. What is acted upon and
   what is trusted are of one item, whatever else was put into the store. */
static enum balm_code take_began(struct loading *loading, struct balm_value began,
                                 struct balm_err *err)
{
    if (balm_is_null(began) || !balm_is_null(loading->kept->signed_began)) return BALM_OK;
    loading->kept->signed_began = began;
    return unseal(loading, began, BALM_LEDGER_BEGAN, &loading->kept->began, err);
}

/* A write that was kept before it was sent, as a result lists it. */
static enum balm_code add_call(struct loading *loading, struct balm_value kept,
                               struct balm_err *err)
{
    static const char *const facts[] = {"service", "operation", "region", "params"};
    struct balm_arena *arena = loading->arena;
    struct balm_value call, listed;

    if (take_began(loading, balm_get(kept, BALM_LEDGER_BEGAN), err) ||
        unseal(loading, kept, "call", &call, err)) {
        return err->code;
    }
    listed = balm_map(arena);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        balm_map_set(arena, listed, facts[i], balm_get(call, facts[i]));
    }
    balm_map_set(arena, listed, "write", balm_bool(true));
    balm_map_set(arena, listed, "status", balm_string("unknown"));
    balm_list_push(arena, loading->kept->calls, listed);
    balm_list_push(arena, loading->numbers, balm_get(call, "number"));
    return balm_arena_status(arena, err);
}

static void set_outcome(struct loading *loading, const struct balm_item *done)
{
    struct balm_value number = balm_int(strtol(done->sort + strlen("done."), NULL, 10));
    size_t at = 0;

    while (at < balm_list_len(loading->numbers) &&
           !balm_equal(*balm_list_at(loading->numbers, at), number)) {
        at++;
    }
    for (size_t i = 0; at < balm_list_len(loading->numbers) && i < balm_map_len(done->value); i++) {
        const struct balm_entry *entry = balm_map_at(done->value, i);
        balm_map_set(loading->arena, *balm_list_at(loading->kept->calls, at), entry->key,
                     entry->value);
    }
}

static enum balm_code parse_end(struct loading *loading, const struct balm_buf *text,
                                struct balm_value *after, struct balm_err *err)
{
    struct balm_value end;

    if (balm_buf_status(text, "a run", err) ||
        balm_json_parse(loading->arena, text->bytes, text->len, &end, err) ||
        balm_document_value(loading->arena, balm_get(end, "after"), after, err)) {
        return unusable(loading->kept->run, "end", err);
    }
    loading->kept->result = balm_get(end, "result");
    return BALM_OK;
}

/* The head of its end comes with the last piece of that: without it what is there is a part. */
static bool has_ended(const struct balm_kept *kept)
{
    struct balm_value status = balm_get(kept->head, "status");

    return !balm_is_text(status, "running") && !balm_is_text(status, "unfinished");
}

/* The end comes last; where it was long, as a text in pieces. */
static enum balm_code take_end(struct loading *loading, size_t i, struct balm_err *err)
{
    struct balm_value value = loading->request.items[i].value;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value after = balm_get(value, "after");
    enum balm_code code = BALM_OK;

    if (balm_map_get(value, "result")) {
        loading->kept->result = balm_get(value, "result");
    } else {
        (void)join(&loading->request, i, "end", &text);
        code = parse_end(loading, &text, &after, err);
    }
    balm_buf_free(&text);
    if (code == BALM_E_INPUT && !has_ended(loading->kept)) return BALM_OK;
    if (code || balm_is_null(after)) return code; /* a later look may have told */
    return unseal(loading, after, "end", &loading->kept->after, err);
}

/* All items of a run; "after" sorts before "began", "call", "done" and "end". */
static enum balm_code take_items(struct loading *loading, struct balm_err *err)
{
    char partition[BALM_SORT_SIZE];
    const struct balm_store_query query = {.partition = partition, .limit = 100000};

    balm_ledger_items_of(partition, loading->kept->run);
    if (balm_ledger_read(loading->ledger, &loading->request, &query, loading->arena, err)) {
        return err->code;
    }
    for (size_t i = 0; i < loading->request.count; i++) {
        const struct balm_item *item = &loading->request.items[i];
        enum balm_code code = BALM_OK;

        if (strcmp(item->sort, BALM_LEDGER_AFTER) == 0) {
            code = unseal(loading, balm_get(item->value, BALM_LEDGER_AFTER), item->sort,
                          &loading->kept->after, err);
        } else if (strcmp(item->sort, BALM_LEDGER_BEGAN) == 0) {
            code = take_began(loading, item->value, err);
        } else if (balm_text_starts(item->sort, "call.")) {
            code = add_call(loading, item->value, err);
        } else if (balm_text_starts(item->sort, "done.")) {
            set_outcome(loading, item);
        } else {
            return take_end(loading, i, err);
        }
        if (code) return code;
    }
    return BALM_OK;
}

enum balm_code balm_ledger_is_running(struct balm_ledger *ledger, const char *run, bool *out,
                                      struct balm_err *err)
{
    const struct balm_store_query query = {
        .partition = BALM_LEDGER_OPEN, .from = run, .to = run, .limit = 1};
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_store_request request;
    enum balm_code code = balm_ledger_read(ledger, &request, &query, &arena, err);

    if (!code) *out = request.count > 0 && !balm_ledger_is_over(request.items[0].value);
    balm_arena_free(&arena);
    return code;
}

bool balm_ledger_is_over(struct balm_value open)
{
    struct balm_value until = balm_get(open, "until");

    return balm_ledger_is_gone(open) || until.type != BALM_TIME ||
           until.as.integer < balm_clock_now();
}

enum balm_code balm_ledger_load(struct balm_ledger *ledger, const char *run,
                                struct balm_arena *arena, struct balm_kept *out,
                                struct balm_err *err)
{
    struct loading loading = {.ledger = ledger, .arena = arena, .kept = out};
    struct balm_item head = {.sort = NULL};

    memset(out, 0, sizeof *out);
    if (find_head(ledger, run, arena, &head, err)) return err->code;
    out->head = strcmp(head.partition, BALM_LEDGER_OPEN) == 0
                    ? balm_get(head.value, BALM_LEDGER_HEAD)
                    : head.value;
    if (out->head.type != BALM_MAP) return none(run, err);
    out->run = head.sort;
    out->calls = balm_list(arena);
    loading.numbers = balm_list(arena);
    if (take_items(&loading, err)) return err->code;
    if (!balm_is_null(out->result)) return BALM_OK;
    return balm_ledger_is_running(ledger, out->run, &out->is_running, err);
}

/* ---- its version ---- */

enum balm_code balm_ledger_version(struct balm_ledger *ledger, struct balm_catalog *catalog,
                                   const struct balm_kept *kept, struct balm_version **out,
                                   struct balm_err *err)
{
    const char *hash = balm_get_string(kept->began, "version", "");
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_store_query query = {.partition = "script",
                                     .from = hash,
                                     .to = balm_arena_printf(&arena, "%s~", hash),
                                     .limit = AT_ONCE};
    struct balm_store_request request;
    struct balm_value sources;
    enum balm_code code = balm_arena_status(&arena, err);

    if (!code) code = balm_ledger_read(ledger, &request, &query, &arena, err);
    if (!code && join(&request, 0, hash, &text) == 0) {
        code = balm_fail(err, BALM_E_INPUT, "the store has no source of version %.64s", hash);
    }
    if (!code) code = balm_buf_status(&text, "a version's source", err);
    if (!code) code = balm_document_read(&arena, text.bytes, text.len, &sources, err);
    if (!code) code = balm_catalog_restore(catalog, sources, hash, out, err);
    if (code) balm_err_prefix(err, "run %s", kept->run);
    balm_buf_free(&text);
    balm_arena_free(&arena);
    return code;
}
