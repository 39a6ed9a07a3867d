#include "remedy/sqlite_work.h"

#include "core/clock.h"

#include <sqlite3.h>
#include <string.h>

#define SWEEP_EVERY INT64_C(1000000) /* microseconds */
#define SWEEP_MOST  64               /* items at a time */

/* One place as it is, as far as that was looked at. */
struct place {
    int64_t row; /* 0: nothing is there, or nobody looked */
    int64_t version;
    int64_t expires;
    bool is_new; /* made by this commit, with this version */
};

static sqlite3_stmt *statement(const struct balm_sqlite_work *work,
                               enum balm_sqlite_statement which)
{
    return work->file.statements[which];
}

/* Runs a statement that gives no rows. SQLITE_OK, or how it failed. */
static int run(const struct balm_sqlite_work *work, enum balm_sqlite_statement which)
{
    sqlite3_stmt *it = statement(work, which);
    int status = sqlite3_step(it);
    int later = sqlite3_reset(it);
    if (status == SQLITE_DONE) return SQLITE_OK;
    return status == SQLITE_ROW ? later : status;
}

static void bind_text(sqlite3_stmt *it, int place, const char *text)
{
    sqlite3_bind_text(it, place, text, -1, SQLITE_STATIC);
}

/* ---- reads that found nothing ---- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void forget_empty(struct balm_sqlite_work *work)
{
    work->empty[0] = work->empty[1] = NULL;
}

static void remember_empty(struct balm_sqlite_work *work, const struct balm_store_op *op)
{
    work->empty[1] = work->empty[0];
    work->empty[0] = op;
}

static void forget_empty_in(struct balm_sqlite_work *work, const char *partition)
{
    for (size_t i = 2; i-- > 0;) {
        const struct balm_store_op *known = work->empty[i];
        if (!known || strcmp(known->query.partition, partition) != 0) continue;
        if (i == 0) work->empty[0] = work->empty[1];
        work->empty[1] = NULL;
    }
}

static bool is_known_empty(struct balm_sqlite_work *work, const struct balm_store_query *query)
{
    for (size_t i = 0; i < 2 && work->empty[i]; i++) {
        const struct balm_store_op *known = work->empty[i];
        if (!is_same_text(known->query.partition, query->partition) ||
            !is_same_text(known->query.from, query->from) ||
            !is_same_text(known->query.to, query->to)) {
            continue;
        }
        work->empty[i] = work->empty[0];
        work->empty[0] = known;
        return true;
    }
    return false;
}

/* ---- commits ---- */

static void bind_place(sqlite3_stmt *it, const struct balm_store_write *write)
{
    bind_text(it, 1, write->partition);
    bind_text(it, 2, write->sort);
}

static int look(const struct balm_sqlite_work *work, const struct balm_store_write *write,
                struct place *place)
{
    sqlite3_stmt *it = statement(work, BALM_SQL_LOOK);
    int status;
    *place = (struct place){0, 0, 0, false};
    bind_place(it, write);
    status = sqlite3_step(it);
    if (status == SQLITE_ROW) {
        place->row = sqlite3_column_int64(it, 0);
        place->version = sqlite3_column_int64(it, 1);
        place->expires = sqlite3_column_int64(it, 2);
    }
    sqlite3_reset(it);
    return status == SQLITE_ROW || status == SQLITE_DONE ? SQLITE_OK : status;
}

static void bind_value(sqlite3_stmt *it, int at, const struct balm_store_write *write,
                       int64_t version)
{
    sqlite3_bind_int64(it, at, version);
    sqlite3_bind_int64(it, at + 1, write->expires);
    sqlite3_bind_text64(it, at + 2, write->document, write->len, SQLITE_STATIC, SQLITE_UTF8);
}

/* Unless something is there: then that is looked at. */
static int insert(const struct balm_sqlite_work *work, const struct balm_store_write *write,
                  struct place *place, int64_t version)
{
    sqlite3_stmt *it = statement(work, BALM_SQL_INSERT);
    int status;
    bind_place(it, write);
    bind_value(it, 3, write, version);
    status = run(work, BALM_SQL_INSERT);
    if (status) return status;
    if (sqlite3_changes(work->file.db) == 0) return look(work, write, place);
    *place = (struct place){sqlite3_last_insert_rowid(work->file.db), version, 0, true};
    return SQLITE_OK;
}

static int change(const struct balm_sqlite_work *work, const struct balm_store_write *write,
                  const struct place *place, int64_t version)
{
    sqlite3_stmt *it;
    if (write->only_checked || (place->is_new && place->version == version)) return SQLITE_OK;
    if (!write->document) {
        bind_place(statement(work, BALM_SQL_DELETE), write);
        return run(work, BALM_SQL_DELETE);
    }
    it = statement(work, BALM_SQL_UPDATE);
    sqlite3_bind_int64(it, 1, place->row);
    bind_value(it, 2, write, version);
    return run(work, BALM_SQL_UPDATE);
}

static bool is_asked_first(const struct balm_store_write *write)
{
    return write->only_checked || write->condition != BALM_ALWAYS;
}

/* All conditions are looked at before anything is changed, so a conflict leaves nothing to undo.
   Most places are new, and those that have no condition are written without a look. */
static int commit(struct balm_sqlite_work *work, struct balm_store_op *op, int64_t now)
{
    struct place places[BALM_STORE_CHANGES_MAX];
    int64_t version = now > work->version ? now : work->version + 1;
    int status = SQLITE_OK;
    for (size_t i = 0; i < op->write_count; i++) {
        forget_empty_in(work, op->writes[i].partition);
        places[i] = (struct place){0, 0, 0, false};
        if (!is_asked_first(&op->writes[i])) continue;
        status = look(work, &op->writes[i], &places[i]);
        if (status) return status;
        if (!balm_store_holds(&op->writes[i], places[i].version, places[i].expires, now)) {
            op->conflict = true;
            return SQLITE_OK;
        }
        if (places[i].version >= version) version = places[i].version + 1;
    }
    for (size_t i = 0; i < op->write_count && !status; i++) {
        if (op->writes[i].only_checked || !op->writes[i].document || places[i].row) continue;
        status = insert(work, &op->writes[i], &places[i], version);
        if (!places[i].is_new && places[i].version >= version) version = places[i].version + 1;
    }
    for (size_t i = 0; i < op->write_count && !status; i++) {
        status = change(work, &op->writes[i], &places[i], version);
    }
    op->version = work->version = version;
    return status;
}

static int sweep(struct balm_sqlite_work *work, int64_t now)
{
    sqlite3_stmt *it = statement(work, BALM_SQL_SWEEP);
    int status;
    if (now - work->swept < SWEEP_EVERY && now >= work->swept) return SQLITE_OK;
    sqlite3_bind_int64(it, 1, now);
    sqlite3_bind_int(it, 2, SWEEP_MOST);
    status = run(work, BALM_SQL_SWEEP);
    /* There may be more: then the next transaction goes on. */
    if (!status && sqlite3_changes(work->file.db) < SWEEP_MOST) work->swept = now;
    return status;
}

/* ---- reads ---- */

static int take_row(struct balm_store_op *op, sqlite3_stmt *it)
{
    struct balm_store_row *row = balm_store_row_add(op);
    const unsigned char *sort = sqlite3_column_text(it, 0);
    const unsigned char *value = sqlite3_column_text(it, 3);
    if (!row || !sort || !value) return SQLITE_NOMEM;
    row->sort = balm_arena_strdup(&op->arena, (const char *)sort);
    row->version = sqlite3_column_int64(it, 1);
    row->expires = sqlite3_column_int64(it, 2);
    row->len = (size_t)sqlite3_column_bytes(it, 3);
    row->document = balm_arena_copy(&op->arena, value, row->len);
    return row->sort && row->document ? SQLITE_OK : SQLITE_NOMEM;
}

static int read_rows(const struct balm_sqlite_work *work, struct balm_store_op *op, int64_t now)
{
    const struct balm_store_query *query = &op->query;
    sqlite3_stmt *it = statement(work, query->newest_first ? BALM_SQL_DOWNWARDS : BALM_SQL_UPWARDS);
    int64_t limit = query->limit > INT32_MAX ? INT32_MAX : (int64_t)query->limit;
    int status;
    op->rows = NULL;
    op->row_count = 0;
    bind_text(it, 1, query->partition);
    bind_text(it, 2, query->from ? query->from : "");
    if (query->to) {
        bind_text(it, 3, query->to);
    } else {
        sqlite3_bind_zeroblob(it, 3, 0); /* a blob comes behind every text */
    }
    sqlite3_bind_int64(it, 4, now);
    sqlite3_bind_int64(it, 5, limit);
    status = sqlite3_step(it);
    while (status == SQLITE_ROW) {
        status = take_row(op, it);
        if (!status) status = sqlite3_step(it);
    }
    sqlite3_reset(it);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

/* One of several in a transaction. */
static int read_among(struct balm_sqlite_work *work, struct balm_store_op *op, int64_t now)
{
    int status;
    op->row_count = 0;
    if (is_known_empty(work, &op->query)) return SQLITE_OK;
    status = read_rows(work, op, now);
    if (!status && op->row_count == 0) remember_empty(work, op);
    return status;
}

static void read_alone(struct balm_sqlite_work *work, struct balm_store_op *op)
{
    bool absent;
    int status;
    if (balm_sqlite_open(&work->file, false, &absent, &op->err) || absent) return;
    status = read_rows(work, op, balm_clock_now());
    if (status) balm_sqlite_fail(&work->file, status, &op->err);
}

/* Several in one transaction, so that the file is looked at and locked once. */
static void read_all(struct balm_sqlite_work *work, struct balm_store_op *op)
{
    struct balm_err err;
    bool absent;
    int64_t now = balm_clock_now();
    int status = SQLITE_OK;
    if (op->next && balm_sqlite_open(&work->file, false, &absent, &err) == BALM_OK && !absent &&
        run(work, BALM_SQL_BEGIN_READ) == SQLITE_OK) {
        forget_empty(work);
        while (op && !status) {
            status = read_among(work, op, now);
            if (status) balm_sqlite_fail(&work->file, status, &op->err);
            op = op->next;
        }
        if (!status) {
            status = run(work, BALM_SQL_COMMIT);
            if (status) balm_sqlite_fail(&work->file, status, &err); /* all are answered */
        }
    }
    for (; op; op = op->next) {
        read_alone(work, op);
    }
}

/* ---- all together ---- */

static enum balm_code transaction(struct balm_sqlite_work *work, struct balm_store_op *first,
                                  struct balm_err *err)
{
    bool absent;
    int64_t now;
    enum balm_code code = balm_sqlite_open(&work->file, true, &absent, err);
    int status;
    if (code) return code;
    status = run(work, BALM_SQL_BEGIN);
    forget_empty(work);
    now = balm_clock_now(); /* not before: another process may just have written */
    for (struct balm_store_op *op = first; op && !status; op = op->next) {
        status = op->is_commit ? commit(work, op, now) : read_among(work, op, now);
    }
    if (!status) status = sweep(work, now);
    if (!status) status = run(work, BALM_SQL_COMMIT);
    return status ? balm_sqlite_fail(&work->file, status, err) : BALM_OK;
}

void balm_sqlite_work(struct balm_sqlite_work *work, struct balm_store_op *first)
{
    struct balm_err err = {.code = BALM_OK};
    bool together = false;
    for (const struct balm_store_op *op = first; op && !together; op = op->next) {
        together = op->is_commit;
    }
    if (!together) read_all(work, first);
    if (!together || transaction(work, first, &err) == BALM_OK) return;
    for (struct balm_store_op *op = first; op; op = op->next) {
        if (op->is_commit) {
            op->err = err;
            op->conflict = false;
        } else {
            read_alone(work, op); /* what cannot be written may still be read */
        }
    }
}
