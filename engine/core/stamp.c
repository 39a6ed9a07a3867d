#include "core/stamp.h"

#include "core/clock.h"

#include <string.h>
#include <sys/stat.h>

#define YOUNG_NS ((int64_t)20 * 1000000) /* twice the coarsest tick of a kernel's clock */

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void balm_stamp_take(struct balm_stamp *stamp, const char *path)
{
    struct stat status;
    int64_t now = balm_clock_now() * 1000;

    memset(stamp, 0, sizeof *stamp);
    if (stat(path, &status) != 0) return;
    stamp->exists = true;
    stamp->device = (uint64_t)status.st_dev;
    stamp->inode = (uint64_t)status.st_ino;
    stamp->size = (int64_t)status.st_size;
    stamp->modified = nanoseconds(status.st_mtim);
    stamp->changed = nanoseconds(status.st_ctim);
    stamp->young = now - stamp->changed < YOUNG_NS;
}

bool balm_stamp_holds(const struct balm_stamp *stamp, const char *path)
{
    struct balm_stamp now;

    balm_stamp_take(&now, path);
    if (stamp->exists != now.exists) return false;
    if (!now.exists) return true;
    return !stamp->young && stamp->device == now.device && stamp->inode == now.inode &&
           stamp->size == now.size && stamp->modified == now.modified &&
           stamp->changed == now.changed;
}
