/*
 * stamp: has a file changed since it was last looked at?
 *
 * File systems tell time in steps of some milliseconds, so a file that changed just before it was
 * read may change again without showing it: such a stamp is young, and never holds.
 */
#ifndef BALM_CORE_STAMP_H
#define BALM_CORE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct balm_stamp {
    bool exists;
    bool young;
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t modified; /* nanoseconds since 1970 */
    int64_t changed;
};

/* To be taken before the file is read: what changes afterwards is seen then. */
void balm_stamp_take(struct balm_stamp *stamp, const char *path);
/* Is the file surely as it was? false: read it again. */
bool balm_stamp_holds(const struct balm_stamp *stamp, const char *path);

#endif
