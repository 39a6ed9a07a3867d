/*
 * ledger_internal: what the ledger's files share: its life (ledger.c), items and pieces
 * (ledger_item.c), a run's journal (journal.c, journal_begin.c, journal_end.c), reading
 * (ledger_read.c, ledger_list.c).
 */
#ifndef BALM_REMEDY_LEDGER_INTERNAL_H
#define BALM_REMEDY_LEDGER_INTERNAL_H

#include "core/buf.h"
#include "core/loop.h"
#include "remedy/journal.h"
#include "remedy/ledger.h"

#define BALM_LEDGER_AFTER "after" /* the sort key, and the value's only member */
#define BALM_LEDGER_OPEN  "open"  /* the partition */
#define BALM_LEDGER_BEGAN "began" /* a member of the first call */
#define BALM_LEDGER_HEAD  "head"  /* a member of what is open */

#define BALM_RUN_ID_LEN 36
#define BALM_DAY_SIZE   11 /* "2026-11-25" */
#define BALM_SORT_SIZE  96 /* room for any sort key of the ledger */

struct balm_ledger {
    struct balm_loop *loop;
    struct balm_store *store;
    struct balm_seal *seal;
    const struct balm_log *log;
    struct balm_arena arena;       /* what lives as long as the ledger */
    struct balm_value process;     /* as of balm_ledger_process(); null until it is first needed */
    struct balm_value engine;      /* {user, host, pid}: who we are */
    char known_day[BALM_DAY_SIZE]; /* of which "days" has an item */
    struct balm_value closures;    /* map: the hashes that "script" surely has */
    const struct balm_journal_write *bringer; /* of a version that it lacked; NULL: none is */
    struct balm_ledger_end *ends;             /* under way */
    size_t end_count;
    size_t failed; /* ends that could not be written */
    bool settling; /* the loop runs until there are none */
};

/* ---- ledger.c ---- */

/* The process as it can be told from others of its machine: {host, boot, space, pid, birth}; space
   is where its pid counts: containers of one host have their own. */
struct balm_value balm_ledger_process(struct balm_arena *arena);
/* Is the process that such a value tells of surely gone? */
bool balm_ledger_is_gone(struct balm_value process);

/* ---- ledger_read.c ---- */

/* One operation, waited for. The items are in arena. */
enum balm_code balm_ledger_read(struct balm_ledger *ledger, struct balm_store_request *request,
                                const struct balm_store_query *query, struct balm_arena *arena,
                                struct balm_err *err);
/* Is a run that has no end in a process that is there, or may be? */
enum balm_code balm_ledger_is_running(struct balm_ledger *ledger, const char *run, bool *out,
                                      struct balm_err *err);
/* An item of "open": has its run ended without saying so? */
bool balm_ledger_is_over(struct balm_value open);

/* ---- ledger_item.c ---- */

/* The UTC day of a run, from its id. */
void balm_ledger_day(char day[BALM_DAY_SIZE], const char *run);
/* Of a day's microseconds since 1970. */
void balm_ledger_day_of(char day[BALM_DAY_SIZE], int64_t micros);

/* Where of a run's items a call lies, "call.00001", or what it came to, "done.00001". */
void balm_call_sort(char out[BALM_SORT_SIZE], const char *kind, size_t number);
/* The partition of a run's own items, and of the heads of a day. */
void balm_ledger_items_of(char out[BALM_SORT_SIZE], const char *run);
void balm_ledger_heads_of(char out[BALM_SORT_SIZE], const char *day);

/* The changes of one commit, and the memory that they need until they are committed. */
struct balm_changes {
    struct balm_change at[BALM_STORE_CHANGES_MAX];
    size_t count;
    bool too_many;
    struct balm_arena *arena;
};

/* Adds one item; the texts of partition and sort are copied. A null value removes. */
struct balm_change *balm_changes_put(struct balm_changes *changes, const char *partition,
                                     const char *sort, struct balm_value value);
/* The same with the value's document, which is borrowed until the commit. */
void balm_changes_document(struct balm_changes *changes, const char *partition, const char *sort,
                           const struct balm_buf *document);
/* Adds text as pieces below sort; borrows it. */
void balm_changes_pieces(struct balm_changes *changes, const char *partition, const char *sort,
                         const char *text, size_t len);
/* Says that there are runs of this day, where that is not known to be said. */
void balm_changes_day(struct balm_ledger *ledger, struct balm_changes *changes, const char *day);
/* Where a piece lies. */
void balm_piece_sort(char out[BALM_SORT_SIZE], const char *sort, size_t number);
/* Where the piece of a text that begins at `from` ends. */
size_t balm_piece_end(const char *text, size_t len, size_t from);
/* One piece. */
void balm_changes_piece(struct balm_changes *changes, const char *partition, const char *sort,
                        size_t number, struct balm_value text);
/* BALM_OK where all could be added. */
enum balm_code balm_changes_status(const struct balm_changes *changes, struct balm_err *err);

/* ---- ledger_sign.c ---- */

/* Adds began to document, with `mac`, under the store's key: that this is what the run was to
   do. */
enum balm_code balm_began_sign(struct balm_ledger *ledger, const char *run, struct balm_value began,
                               struct balm_buf *document, struct balm_err *err);

/* ---- journal_begin.c ---- */

/* Adds that the run has begun; began gets what it is to do, sealed and signed, a document to go
   with the write that waits. The source lies in script until it is committed. */
enum balm_code balm_journal_begin(struct balm_journal *journal, struct balm_changes *changes,
                                  struct balm_buf *script, struct balm_buf *began,
                                  struct balm_err *err);
/* The store has this version's source. */
void balm_ledger_knows(struct balm_ledger *ledger, const struct balm_version *version);
/* The head of a run: what a list shows of it. status as in a result, or "running". */
struct balm_value balm_journal_head(const struct balm_journal *journal, const char *status,
                                    struct balm_arena *arena);

/* ---- journal_end.c ---- */

struct balm_ledger_end;
/* Nobody waits for the journal's end any more; it goes on being written. */
void balm_ledger_leave_end(struct balm_journal *journal);
/* Forgets an end under way. */
void balm_ledger_drop_end(struct balm_ledger_end *end);

#endif
