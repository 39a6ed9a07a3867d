#include "remedy/sqlite_log.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

#define GATHERED_MAX (128 << 10) /* of 32 pages */

struct vfs {
    sqlite3_vfs base;
    sqlite3_vfs *system;
};

/* The system's own file lies behind it. */
struct log_file {
    sqlite3_file base;
    char *gathered; /* not written yet */
    int len;
    sqlite3_int64 at; /* where it belongs */
};

static sqlite3_file *real(sqlite3_file *file)
{
    return (sqlite3_file *)((struct log_file *)file + 1);
}

/* What could not be written is forgotten, as SQLite takes all of the commit back. */
static int flush(sqlite3_file *file)
{
    struct log_file *log = (struct log_file *)file;
    int len = log->len;
    log->len = 0;
    return len ? real(file)->pMethods->xWrite(real(file), log->gathered, len, log->at) : SQLITE_OK;
}

static int log_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct log_file *log = (struct log_file *)file;
    if (log->len && (at != log->at + log->len || len > GATHERED_MAX - log->len)) {
        int status = flush(file);
        if (status) return status;
    }
    if (len > GATHERED_MAX) return real(file)->pMethods->xWrite(real(file), bytes, len, at);
    if (!log->len) log->at = at;
    memcpy(log->gathered + log->len, bytes, (size_t)len);
    log->len += len;
    return SQLITE_OK;
}

/* Nothing is gathered by now but what belongs to no commit. */
static int log_close(sqlite3_file *file)
{
    sqlite3_free(((struct log_file *)file)->gathered);
    return real(file)->pMethods->xClose(real(file));
}

static int log_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    int status = flush(file);
    return status ? status : real(file)->pMethods->xRead(real(file), bytes, len, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int status = flush(file);
    return status ? status : real(file)->pMethods->xTruncate(real(file), size);
}

static int log_sync(sqlite3_file *file, int flags)
{
    int status = flush(file);
    return status ? status : real(file)->pMethods->xSync(real(file), flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int status = flush(file);
    return status ? status : real(file)->pMethods->xFileSize(real(file), size);
}

static int log_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int log_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int log_reserved(sqlite3_file *file, int *is)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), is);
}

static int log_control(sqlite3_file *file, int what, void *of)
{
    return real(file)->pMethods->xFileControl(real(file), what, of);
}

static int log_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int log_device(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int open_file(sqlite3_vfs *base, const char *name, sqlite3_file *file, int flags, int *given)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = log_close,
        .xRead = log_read,
        .xWrite = log_write,
        .xTruncate = log_truncate,
        .xSync = log_sync,
        .xFileSize = log_size,
        .xLock = log_lock,
        .xUnlock = log_unlock,
        .xCheckReservedLock = log_reserved,
        .xFileControl = log_control,
        .xSectorSize = log_sector,
        .xDeviceCharacteristics = log_device,
    };
    sqlite3_vfs *system = ((struct vfs *)base)->system;
    struct log_file *log = (struct log_file *)file;
    int status;
    if (!(flags & SQLITE_OPEN_WAL)) return system->xOpen(system, name, file, flags, given);
    *log = (struct log_file){.base = {NULL}};
    status = system->xOpen(system, name, real(file), flags, given);
    if (status) return status;
    log->gathered = sqlite3_malloc(GATHERED_MAX);
    if (!log->gathered) {
        real(file)->pMethods->xClose(real(file));
        return SQLITE_NOMEM;
    }
    log->base.pMethods = &methods;
    return SQLITE_OK;
}

/* SQLite keeps the pointer. */
static struct vfs vfs;

int balm_sqlite_log_register(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int status;
    pthread_mutex_lock(&mutex);
    status = vfs.system ? SQLITE_OK : sqlite3_initialize();
    if (!status && !vfs.system) {
        vfs.system = sqlite3_vfs_find(NULL);
        vfs.base = *vfs.system;
        vfs.base.szOsFile += (int)sizeof(struct log_file);
        vfs.base.zName = BALM_SQLITE_VFS;
        vfs.base.xOpen = open_file;
        status = sqlite3_vfs_register(&vfs.base, 0);
    }
    pthread_mutex_unlock(&mutex);
    return status;
}
