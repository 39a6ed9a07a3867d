#include "remedy/sqlite_file.h"

#include "core/clock.h"
#include "core/file.h"
#include "remedy/sqlite_log.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_MS      INT64_C(1000000)
#define APPLICATION_ID 0x42616c6d /* "Balm": another program's file is left alone */

/* Each step leads from the version before it; user_version counts them. */
static const char *const migrations[] = {
    "CREATE TABLE items ("
    "  partition TEXT NOT NULL, sort TEXT NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  expires INTEGER NOT NULL," /* microseconds; 0: never */
    "  value TEXT NOT NULL,"
    "  UNIQUE (partition, sort)) STRICT;"
    "CREATE INDEX items_expiring ON items (expires) WHERE expires > 0;",

    /* What a run is to do lies with its first write, the head of one that has not ended with what
       is open of it. What there is stays as it is, and is read so (ledger_read.c, ledger_list.c),
       but a Balm that knows no better must not open it. */
    "",
};
#define SCHEMA ((int)(sizeof migrations / sizeof *migrations))

/* Of the file format: who may write and read it. 2 is a file with a write-ahead log. */
#define WRITE_VERSION_AT 18
#define READ_VERSION_AT  19
#define WITH_LOG         2

#define FOUND                                                                                      \
    "SELECT sort, version, expires, value FROM items WHERE partition = ?1 AND sort >= ?2 AND "     \
    "sort <= ?3 AND (expires = 0 OR expires > ?4) ORDER BY sort "

static const char *const texts[BALM_SQL_STATEMENTS] = {
    [BALM_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [BALM_SQL_BEGIN_READ] = "BEGIN",
    [BALM_SQL_COMMIT] = "COMMIT",
    [BALM_SQL_ROLLBACK] = "ROLLBACK",
    [BALM_SQL_LOOK] =
        "SELECT rowid, version, expires FROM items WHERE partition = ?1 AND sort = ?2",
    [BALM_SQL_INSERT] = "INSERT INTO items (partition, sort, version, expires, value) "
                        "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
    [BALM_SQL_UPDATE] = "UPDATE items SET version = ?2, expires = ?3, value = ?4 WHERE rowid = ?1",
    [BALM_SQL_DELETE] = "DELETE FROM items WHERE partition = ?1 AND sort = ?2",
    [BALM_SQL_UPWARDS] = FOUND "LIMIT ?5",
    [BALM_SQL_DOWNWARDS] = FOUND "DESC LIMIT ?5",
    [BALM_SQL_SWEEP] = "DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE "
                       "expires > 0 AND expires <= ?1 ORDER BY expires LIMIT ?2)",
};

/* ---- errors ---- */

static const char *reason(int system)
{
    return system ? strerror(system) : "no further reason is known";
}

static enum balm_code io_failure(const struct balm_sqlite_file *file, int status, int system,
                                 struct balm_err *err)
{
    bool full = system == ENOSPC || system == EDQUOT || system == EFBIG;
    if (full || (status & 0xff) == SQLITE_FULL) {
        balm_fail(err, BALM_E_IO, "the store %s is full (%s): make room where it lies", file->path,
                  system ? strerror(system) : "no space is left");
    } else if ((status & 0xff) == SQLITE_CANTOPEN) {
        balm_fail(err, BALM_E_IO,
                  "the store %s cannot be opened (%s): its folder must be there, and this user "
                  "able to read and write both, and its -wal and -shm where they stand beside it",
                  file->path, reason(system));
    } else {
        balm_fail(err, BALM_E_IO, "the store %s cannot be read or written (%s, SQLite says %d)",
                  file->path, reason(system), status);
    }
    err->retryable = full;
    return BALM_E_IO;
}

static enum balm_code describe(const struct balm_sqlite_file *file, int status, int system,
                               struct balm_err *err)
{
    switch (status & 0xff) {
    case SQLITE_NOMEM:
        return balm_nomem(err);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        balm_fail(err, BALM_E_IO,
                  "the store %s is locked: another process has kept it for more than %d seconds; "
                  "end it, or try again",
                  file->path, BALM_SQLITE_LOCKED_MS / 1000);
        err->retryable = true;
        return BALM_E_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return balm_fail(err, BALM_E_IO,
                         "the store %s is damaged, or is no SQLite file: move it away and put back "
                         "a copy; `sqlite3 FILE .recover` saves what can be read",
                         file->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return balm_fail(
            err, BALM_E_IO,
            "the store %s may not be written by this user: change the owner or mode of "
            "the file and its folder, or name another store",
            file->path);
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return io_failure(file, status, system, err);
    default:
        return balm_fail(err, BALM_E_IO, "the store %s failed: %s", file->path,
                         file->db ? sqlite3_errmsg(file->db) : sqlite3_errstr(status));
    }
}

/* After these the connection may go on. */
static bool is_harmless(int status)
{
    int kind = status & 0xff;
    return kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_NOMEM;
}

static void reset(struct balm_sqlite_file *file)
{
    for (size_t i = 0; i < BALM_SQL_STATEMENTS; i++) {
        sqlite3_reset(file->statements[i]);
    }
}

/* What the kernel last said of the log, or else of the file itself. */
static int system_error(struct sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int system = 0;
    sqlite3_file_control(db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log && log->pMethods) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &system);
    if (!system) sqlite3_file_control(db, NULL, SQLITE_FCNTL_LAST_ERRNO, &system);
    return system ? system : sqlite3_system_errno(db);
}

enum balm_code balm_sqlite_fail(struct balm_sqlite_file *file, int status, struct balm_err *err)
{
    enum balm_code code = describe(file, status, file->db ? system_error(file->db) : errno, err);
    if (!file->db) return code;
    reset(file);
    if (!sqlite3_get_autocommit(file->db)) {
        sqlite3_step(file->statements[BALM_SQL_ROLLBACK]);
        sqlite3_reset(file->statements[BALM_SQL_ROLLBACK]);
    }
    if (!is_harmless(status) || !sqlite3_get_autocommit(file->db)) balm_sqlite_close(file);
    return code;
}

/* ---- opening ---- */

/* Of the whole process, and before any thread uses SQLite: it does not lock this. Nobody asks how
   much memory it holds, which it would count under a lock, and pages are allocated as they are
   needed. */
static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

/* SQLite's own waits grow to a tenth of a second; who holds the lock here is gone within
   milliseconds. */
static int on_busy(void *owner, int tries)
{
    struct balm_sqlite_file *file = owner;
    int64_t now = balm_clock_mono();
    if (tries == 0) file->locked_since = now;
    if (now - file->locked_since > BALM_SQLITE_LOCKED_MS * NS_PER_MS) return 0;
    usleep(tries < 20 ? 500 : 5000);
    return 1;
}

/* The one number that question is answered with. */
static int ask_int(struct sqlite3 *db, const char *question, int *out)
{
    sqlite3_stmt *it = NULL;
    int status = sqlite3_prepare_v2(db, question, -1, &it, NULL);
    int later;
    if (!status && sqlite3_step(it) == SQLITE_ROW) *out = sqlite3_column_int(it, 0);
    later = sqlite3_finalize(it);
    return status ? status : later;
}

static int first_letter(void *out, int count, char **values, char **names)
{
    (void)count, (void)names;
    *(char *)out = values[0] ? values[0][0] : '\0';
    return 0;
}

/* Going over to write-ahead logging needs the file alone for a moment, and SQLite does not wait for
   that. */
static enum balm_code use_log(struct balm_sqlite_file *file, struct balm_err *err)
{
    char mode = '\0';
    int tries = 0;
    int status;
    do {
        status = sqlite3_exec(file->db, "PRAGMA journal_mode = WAL", first_letter, &mode, NULL);
    } while ((status & 0xff) == SQLITE_BUSY && on_busy(file, tries++));
    if (status) return balm_sqlite_fail(file, status, err);
    if (mode == 'w') return BALM_OK;
    if (!mode) return balm_nomem(err); /* for the name of the mode */
    return balm_fail(err, BALM_E_IO,
                     "the store %s lies on a file system that cannot share memory, as SQLite's "
                     "write-ahead log needs: name a store on a local disk",
                     file->path);
}

/* Leads from one version to today's. */
static int migrate(struct sqlite3 *db, int version)
{
    char marks[96];
    int status = SQLITE_OK;
    for (; !status && version < SCHEMA; version++) {
        status = sqlite3_exec(db, migrations[version], NULL, NULL, NULL);
    }
    snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, SCHEMA);
    return status ? status : sqlite3_exec(db, marks, NULL, NULL, NULL);
}

static enum balm_code run_migrations(struct balm_sqlite_file *file, struct balm_err *err)
{
    int version = 0;
    int status = sqlite3_exec(file->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    /* Another process may just have done it. */
    if (!status) status = ask_int(file->db, "PRAGMA user_version", &version);
    if (!status) status = migrate(file->db, version);
    if (!status) status = sqlite3_exec(file->db, "COMMIT", NULL, NULL, NULL);
    return status ? balm_sqlite_fail(file, status, err) : BALM_OK;
}

/* Whose file is it, and of which version? *empty: nobody's yet. */
static enum balm_code identify(struct balm_sqlite_file *file, int *version, bool *empty,
                               struct balm_err *err)
{
    int application = 0;
    int tables = 0;
    /* All at one time: another process may be making it. */
    int status = sqlite3_exec(file->db, "BEGIN", NULL, NULL, NULL);
    if (!status) status = ask_int(file->db, "PRAGMA application_id", &application);
    if (!status) status = ask_int(file->db, "PRAGMA user_version", version);
    if (!status && application != APPLICATION_ID) {
        status = ask_int(file->db, "SELECT count(*) FROM sqlite_master", &tables);
    }
    if (!status) status = sqlite3_exec(file->db, "COMMIT", NULL, NULL, NULL);
    if (status) return balm_sqlite_fail(file, status, err);
    *empty = application == 0 && tables == 0;
    if (application != APPLICATION_ID && !*empty) {
        return balm_fail(err, BALM_E_IO,
                         "%s is another program's SQLite file: name another file for the store",
                         file->path);
    }
    if (*version <= SCHEMA) return BALM_OK;
    return balm_fail(err, BALM_E_IO,
                     "the store %s was written by a newer Balm (schema %d, known is %d): use that "
                     "one, or another store",
                     file->path, *version, SCHEMA);
}

static enum balm_code prepare(struct balm_sqlite_file *file, struct balm_err *err)
{
    for (size_t i = 0; i < BALM_SQL_STATEMENTS; i++) {
        int status = sqlite3_prepare_v3(file->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &file->statements[i], NULL);
        if (status) return balm_sqlite_fail(file, status, err);
    }
    return BALM_OK;
}

/* When all is closed its log stays, empty: to make and remove the log's two files each time takes
   longer. Not where others use the store: who makes the two owns them, and would lock those out. */
static void keep_log(const struct balm_sqlite_file *file, const struct stat *found)
{
    int stays = found->st_uid == geteuid() && !(found->st_mode & (S_IRWXG | S_IRWXO));
    sqlite3_file_control(file->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &stays);
}

static enum balm_code set_up(struct balm_sqlite_file *file, bool make, bool *absent,
                             struct balm_err *err)
{
    static const char settings[] =
        "PRAGMA synchronous = FULL;" /* these two: sqlite_log.h */
        "PRAGMA cache_spill = OFF;"
        /* What is secret was sealed before; names lie in what is kept, too. */
        "PRAGMA secure_delete = OFF;"
        "PRAGMA journal_size_limit = 33554432;";
    bool empty = false;
    int version = 0;
    enum balm_code code;
    int status;
    sqlite3_extended_result_codes(file->db, 1);
    /* Plans are made once, and not for each new value that is bound. */
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    sqlite3_db_config(file->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_wal_autocheckpoint(file->db, 2000);
    sqlite3_busy_handler(file->db, on_busy, file);
    status = sqlite3_exec(file->db, settings, NULL, NULL, NULL);
    if (status) return balm_sqlite_fail(file, status, err);
    code = identify(file, &version, &empty, err);
    if (code) return code;
    *absent = empty && !make;
    if (*absent) return BALM_OK;
    if (make || version < SCHEMA) code = use_log(file, err); /* a restored file may have lost it */
    if (!code && version < SCHEMA) code = run_migrations(file, err);
    return code ? code : prepare(file, err);
}

/* A store without items, as a file holds it; sqlite3_free() it. */
static int make_image(unsigned char **image, size_t *size)
{
    struct sqlite3 *db = NULL;
    sqlite3_int64 bytes = 0;
    int status =
        sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (!status) status = migrate(db, 0);
    if (!status) *image = sqlite3_serialize(db, "main", &bytes, 0);
    if (!status && !*image) status = SQLITE_NOMEM;
    sqlite3_close(db);
    if (status) return status;
    (*image)[WRITE_VERSION_AT] = (*image)[READ_VERSION_AT] = WITH_LOG;
    *size = (size_t)bytes;
    return SQLITE_OK;
}

/* Is there a log or journal whose file was taken away? SQLite would put its pages into the next
   file of that name, except into an empty one: then it removes it. */
static bool has_leftover(const char *path)
{
    static const char *const endings[] = {"-wal", "-journal"};
    char name[PATH_MAX];
    bool found = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !found; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        found = balm_file_exists(name);
    }
    return found;
}

/* It gets its name when all of it is on disk: nobody ever sees a part of a store, and no journal is
   needed to make one. With a mode of its own: SQLite's two further files get the same. */
static enum balm_code make_file(const struct balm_sqlite_file *file, struct balm_err *err)
{
    enum balm_code code = balm_dir_make_for(file->path, 0700, err);
    unsigned char *image = NULL;
    size_t size = 0;
    bool exists = false;
    int status;
    if (code) return balm_err_prefix(err, "the store %s cannot be made", file->path);
    status = make_image(&image, &size);
    if (status) return describe(file, status, 0, err);
    if (has_leftover(file->path)) size = 0;
    code = balm_file_create(file->path, image, size, 0600, &exists, err);
    if (code && !exists) code = io_failure(file, SQLITE_CANTOPEN, errno, err);
    sqlite3_free(image);
    return exists ? BALM_OK : code; /* another process was faster */
}

/* Does the name still mean the file that is open? What is written to another is lost. */
static bool is_current(const struct balm_sqlite_file *file)
{
    struct stat status;
    return file->db && stat(file->path, &status) == 0 && status.st_dev == file->device &&
           status.st_ino == file->inode;
}

enum balm_code balm_sqlite_open(struct balm_sqlite_file *file, bool make, bool *absent,
                                struct balm_err *err)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    struct stat found;
    enum balm_code code = BALM_OK;
    int status;
    *absent = false;
    if (is_current(file)) return BALM_OK;
    balm_sqlite_close(file);
    (void)pthread_once(&configured, configure);
    if (stat(file->path, &found) != 0) {
        *absent = errno == ENOENT && !make;
        if (*absent) return BALM_OK;
        if (errno != ENOENT) return io_failure(file, SQLITE_CANTOPEN, errno, err);
        code = make_file(file, err);
        if (code) return code;
        if (stat(file->path, &found) != 0) return io_failure(file, SQLITE_CANTOPEN, errno, err);
    }
    status = balm_sqlite_log_register();
    if (!status) {
        status = sqlite3_open_v2(file->path, &file->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                                 BALM_SQLITE_VFS);
    }
    if (status) {
        code = balm_sqlite_fail(file, status, err);
    } else {
        keep_log(file, &found);
        code = set_up(file, make, absent, err);
    }
    if (code || *absent) balm_sqlite_close(file);
    file->device = found.st_dev;
    file->inode = found.st_ino;
    return code;
}

void balm_sqlite_close(struct balm_sqlite_file *file)
{
    for (size_t i = 0; i < BALM_SQL_STATEMENTS; i++) {
        sqlite3_finalize(file->statements[i]);
        file->statements[i] = NULL;
    }
    sqlite3_close(file->db);
    file->db = NULL;
}
