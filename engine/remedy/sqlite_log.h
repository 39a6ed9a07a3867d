/*
 * sqlite_log: SQLite's write-ahead log, written in few large pieces.
 *
 * SQLite hands its log to the system in two writes for each page. Here what follows on what was
 * written before is gathered, and goes to the system in one piece when the log is synced.
 *
 * A connection that is opened so must sync each commit (PRAGMA synchronous = FULL), and write
 * nothing else (PRAGMA cache_spill = OFF); and no URI may say psow=0, with which SQLite fills up
 * the last sector after the sync. Then all that was gathered is in the file before SQLite tells
 * anybody of it or unlocks the log; what could not be written fails the sync, and with it the
 * commit. See https://www.sqlite.org/vfs.html, https://www.sqlite.org/walformat.html.
 */
#ifndef BALM_REMEDY_SQLITE_LOG_H
#define BALM_REMEDY_SQLITE_LOG_H

/* The name to open a database by. All but its log is the business of SQLite's own. */
#define BALM_SQLITE_VFS "balm"

/* Makes the name known, where it is not yet; from any thread. SQLITE_OK, or how it failed. */
int balm_sqlite_log_register(void);

#endif
