/*
 * ledger_item: where the ledger's items lie, and the changes of a commit.
 */
#include "remedy/ledger_internal.h"

#include "core/text.h"
#include "core/time.h"

#include <stdio.h>
#include <string.h>

#define PIECE_MAX ((size_t)1 << 20) /* doubled by quoting it still fits a commit */

/* ---- run ids ---- */

void balm_ledger_day_of(char day[BALM_DAY_SIZE], int64_t micros)
{
    struct balm_civil civil;

    balm_time_civil(&civil, micros);
    for (int i = 3; i >= 0; i--, civil.year /= 10) {
        day[i] = (char)('0' + civil.year % 10);
    }
    day[4] = day[7] = '-';
    day[5] = (char)('0' + civil.month / 10);
    day[6] = (char)('0' + civil.month % 10);
    day[8] = (char)('0' + civil.day / 10);
    day[9] = (char)('0' + civil.day % 10);
    day[10] = '\0';
}

void balm_ledger_day(char day[BALM_DAY_SIZE], const char *run)
{
    int64_t from = 0, to = 0;

    (void)balm_text_uuid_span(run, &from, &to);
    balm_ledger_day_of(day, from);
}

/* ---- partitions ---- */

static void join(char out[BALM_SORT_SIZE], const char *kind, const char *of)
{
    char *end = stpcpy(out, kind);
    size_t len = strnlen(of, (size_t)(out + BALM_SORT_SIZE - 1 - end));

    memcpy(end, of, len);
    end[len] = '\0';
}

void balm_ledger_items_of(char out[BALM_SORT_SIZE], const char *run)
{
    join(out, "of/", run);
}

void balm_ledger_heads_of(char out[BALM_SORT_SIZE], const char *day)
{
    join(out, "run/", day);
}

void balm_call_sort(char out[BALM_SORT_SIZE], const char *kind, size_t number)
{
    char digits[24];
    char *at = digits + sizeof digits - 1;

    *at = '\0';
    for (size_t width = 5; width > 0 || number > 0; number /= 10) {
        *--at = (char)('0' + number % 10);
        if (width > 0) width--;
    }
    join(out, kind, at);
}

/* ---- changes ---- */

struct balm_change *balm_changes_put(struct balm_changes *changes, const char *partition,
                                     const char *sort, struct balm_value value)
{
    struct balm_change *change = &changes->at[changes->count];

    if (changes->count == BALM_STORE_CHANGES_MAX) {
        changes->too_many = true;
        return &changes->at[0];
    }
    changes->count++;
    *change =
        (struct balm_change){.item = {.partition = balm_arena_strdup(changes->arena, partition),
                                      .sort = balm_arena_strdup(changes->arena, sort),
                                      .value = value}};
    return change;
}

void balm_changes_document(struct balm_changes *changes, const char *partition, const char *sort,
                           const struct balm_buf *document)
{
    struct balm_change *change = balm_changes_put(changes, partition, sort, balm_null());

    change->document = document->bytes;
    change->document_len = document->len;
}

void balm_changes_day(struct balm_ledger *ledger, struct balm_changes *changes, const char *day)
{
    if (strcmp(ledger->known_day, day) == 0) return;
    balm_changes_put(changes, "days", day, balm_map(changes->arena));
}

size_t balm_piece_end(const char *text, size_t len, size_t from)
{
    size_t end = len - from > PIECE_MAX ? from + PIECE_MAX : len;

    while (end < len && end > from && ((unsigned char)text[end] & 0xC0) == 0x80) {
        end--; /* not within a character */
    }
    return end;
}

void balm_piece_sort(char out[BALM_SORT_SIZE], const char *sort, size_t number)
{
    snprintf(out, BALM_SORT_SIZE, "%s.%03zu", sort, number);
}

void balm_changes_piece(struct balm_changes *changes, const char *partition, const char *sort,
                        size_t number, struct balm_value text)
{
    struct balm_value value = balm_map(changes->arena);
    char key[BALM_SORT_SIZE];

    balm_map_set(changes->arena, value, "text", text);
    balm_piece_sort(key, sort, number);
    balm_changes_put(changes, partition, key, value);
}

void balm_changes_pieces(struct balm_changes *changes, const char *partition, const char *sort,
                         const char *text, size_t len)
{
    size_t number = 0;
    size_t from = 0;

    do {
        size_t end = balm_piece_end(text, len, from);
        balm_changes_piece(changes, partition, sort, number++,
                           balm_string_n(text + from, end - from));
        from = end;
    } while (from < len);
}

enum balm_code balm_changes_status(const struct balm_changes *changes, struct balm_err *err)
{
    if (changes->too_many) {
        return balm_fail(err, BALM_E_LIMIT, "what is to be kept of the run is too large");
    }
    return balm_arena_status(changes->arena, err);
}
