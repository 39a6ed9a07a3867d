/*
 * sqlite_file: the file of a SQLite store, from the thread that works on it.
 *
 * It is opened with the first need, and again when it was replaced or an error has closed it, so
 * that a fault that somebody repairs is over with the next operation. Errors name the file and what
 * to do.
 */
#ifndef BALM_REMEDY_SQLITE_FILE_H
#define BALM_REMEDY_SQLITE_FILE_H

#include "core/err.h"

#include <stdint.h>
#include <sys/types.h>

struct sqlite3;
struct sqlite3_stmt;

#define BALM_SQLITE_LOCKED_MS 5000 /* how long another process may keep it locked */

enum balm_sqlite_statement {
    BALM_SQL_BEGIN,
    BALM_SQL_BEGIN_READ,
    BALM_SQL_COMMIT,
    BALM_SQL_ROLLBACK,
    BALM_SQL_LOOK,    /* partition, sort -> rowid, version, expires */
    BALM_SQL_INSERT,  /* partition, sort, version, expires, value; not where something is */
    BALM_SQL_UPDATE,  /* rowid, version, expires, value */
    BALM_SQL_DELETE,  /* partition, sort */
    BALM_SQL_UPWARDS, /* partition, from, to, now, limit -> sort, version, expires, value */
    BALM_SQL_DOWNWARDS,
    BALM_SQL_SWEEP, /* now, limit */
    BALM_SQL_STATEMENTS
};

struct balm_sqlite_file {
    const char *path;   /* never one that SQLite takes for something else */
    struct sqlite3 *db; /* NULL: not open */
    struct sqlite3_stmt *statements[BALM_SQL_STATEMENTS];
    dev_t device; /* of the open file: its name may come to mean another */
    ino_t inode;
    int64_t locked_since; /* monotonic nanoseconds, while another process keeps it locked */
};

/* Opens the file unless it is open. make: with its folders, where it is not there; else *absent
   tells that there is nothing to read, and BALM_OK is returned. */
enum balm_code balm_sqlite_open(struct balm_sqlite_file *file, bool make, bool *absent,
                                struct balm_err *err);
void balm_sqlite_close(struct balm_sqlite_file *file);

/* Of the status of a failed step. Closes the file where the connection cannot be trusted any more,
   and undoes its transaction. */
enum balm_code balm_sqlite_fail(struct balm_sqlite_file *file, int status, struct balm_err *err);

#endif
