/*
 * gate_journal: no change without a record. A write waits until the journal has it on disk; where
 * that cannot be, it is refused.
 */
#include "remedy/gate_journal.h"

#include <string.h>

/* A write of the script, from its asking until its outcome is known. */
struct balm_journaled {
    struct balm_journaled *next;
    struct balm_gate_journal *gate;
    struct balm_question *question; /* NULL: it is over */
    struct balm_journal_write *write;
};

static struct balm_gate_journal *journal_of(struct balm_gate *gate)
{
    return (struct balm_gate_journal *)gate;
}

/* Of several calls side by side each has its own question. NULL for reads. */
static struct balm_journaled *find(struct balm_gate *gate, const struct balm_question *question)
{
    struct balm_journaled *entry = journal_of(gate)->first;

    while (entry && entry->question != question) {
        entry = entry->next;
    }
    return entry;
}

static void refuse(struct balm_question *question, const struct balm_err *err)
{
    balm_gate_refuse(question, "StoreUnavailable",
                     "the change was not made, since it cannot be recorded: %s", err->message);
}

static void on_kept(void *owner, struct balm_journal_write *write, const struct balm_err *err)
{
    struct balm_journaled *entry = owner;
    struct balm_question *question = entry->question;

    (void)write;
    if (err->code) {
        entry->question = NULL;
        refuse(question, err);
    } else {
        balm_gate_pass(&entry->gate->link, question);
    }
}

static void ask(struct balm_gate *gate, struct balm_question *question)
{
    struct balm_gate_journal *journal = journal_of(gate);
    struct balm_journaled *entry;
    struct balm_err err;

    if (!balm_call_is_write(question->call)) {
        balm_gate_pass(&journal->link, question);
        return;
    }
    entry = balm_arena_zalloc(journal->journal->arena, sizeof *entry);
    if (!entry) {
        balm_nomem(&err);
        refuse(question, &err);
        return;
    }
    entry->gate = journal;
    entry->next = journal->first;
    journal->first = entry;
    entry->write = balm_journal_write(journal->journal, question->call, on_kept, entry, &err);
    if (entry->write) {
        entry->question = question;
    } else {
        refuse(question, &err);
    }
}

/* How the outcome is told stands in one place: the record's. */
static void settled(struct balm_gate *gate, struct balm_question *question,
                    const struct balm_call_result *result)
{
    struct balm_journaled *entry = find(gate, question);

    if (!entry) return;
    entry->question = NULL;
    balm_journal_settled(entry->write, balm_call_status(result), result->request_id, result->ms);
}

static void dropped(struct balm_gate *gate, struct balm_question *question, bool sent)
{
    struct balm_journaled *entry = find(gate, question);

    if (!entry) return;
    entry->question = NULL;
    if (!sent) balm_journal_forget(entry->write);
}

void balm_gate_journal_init(struct balm_gate_journal *gate, struct balm_journal *journal)
{
    memset(gate, 0, sizeof *gate);
    gate->link.gate = (struct balm_gate){ask, settled, dropped, NULL};
    gate->journal = journal;
}
