/*
 * file: whole files and where Balm's own lie.
 */
#ifndef BALM_CORE_FILE_H
#define BALM_CORE_FILE_H

#include "core/arena.h"
#include "core/buf.h"

/* Adds a file's content ("-" is standard input). Refuses what is larger than buf's ceiling; an
   error names the path. */
enum balm_code balm_file_read(struct balm_buf *buf, const char *path, struct balm_err *err);
/* Writes to a new file beside path and renames it over path, so that readers see the old or the
   new, whole. mode as for open(2). What is there already must be a file: not a device, a pipe or a
   folder. */
enum balm_code balm_file_write(const char *path, const void *bytes, size_t len, unsigned mode,
                               struct balm_err *err);
/* Would that be allowed, as far as can be seen without doing it? */
enum balm_code balm_file_may_write(const char *path, struct balm_err *err);
/* The same for a file that must not be there yet: *exists tells that this is why it failed. Of two
   processes one makes it. On disk, name and all, when it succeeds; else errno says why. */
enum balm_code balm_file_create(const char *path, const void *bytes, size_t len, unsigned mode,
                                bool *exists, struct balm_err *err);
bool balm_file_exists(const char *path);
bool balm_file_is_dir(const char *path);
/* Makes the folders above path that are missing. */
enum balm_code balm_dir_make_for(const char *path, unsigned mode, struct balm_err *err);

/* The folder's entries that end in suffix, sorted by byte; names, not paths. names and texts live
   in arena. */
enum balm_code balm_dir_list(struct balm_arena *arena, const char *dir, const char *suffix,
                             const char ***names, size_t *count, struct balm_err *err);

/* Where the engine's own files are: from the build tree (build/<kind>/balm and the tests below it)
   the source tree's folders, installed (PREFIX/bin/balm) PREFIX/share/balm's. what is "lua",
   "remediations" or "models.pack". NULL when there is none. */
char *balm_file_own(struct balm_arena *arena, const char *what);

/* Where Balm keeps what one machine remembers: name below balm/ in XDG_STATE_HOME, or in
   ~/.local/state. NULL where neither is known, or memory ran out. */
char *balm_file_state(struct balm_arena *arena, const char *name);

#endif
