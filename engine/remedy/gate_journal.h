/*
 * gate_journal: no change without a record. A write waits until the journal has it on disk; where
 * that cannot be, it is refused with StoreUnavailable. Stands before gate_record, so that what is
 * refused is not listed as sent.
 */
#ifndef BALM_REMEDY_GATE_JOURNAL_H
#define BALM_REMEDY_GATE_JOURNAL_H

#include "remedy/gates.h"
#include "remedy/journal.h"

struct balm_journaled;

struct balm_gate_journal {
    struct balm_gate_link link;
    struct balm_journal *journal;
    struct balm_journaled *first;
};
void balm_gate_journal_init(struct balm_gate_journal *gate, struct balm_journal *journal);

#endif
