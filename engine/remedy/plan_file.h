/*
 * plan_file: plans kept in a file, for a person to read and `balm apply` to run.
 *
 * JSON: format, balm (who made it), made, expires, config, events (plan.h, as document.h writes
 * values; what is secret is sealed for its run), sha256 of all that stands before it, mac of the
 * same under the store's key. A file that is not byte by byte as it was written is refused.
 */
#ifndef BALM_REMEDY_PLAN_FILE_H
#define BALM_REMEDY_PLAN_FILE_H

#include "core/buf.h"
#include "core/value.h"
#include "remedy/seal.h"

#define BALM_PLAN_FORMAT   1
#define BALM_PLAN_FILE_MAX ((size_t)512 << 20)

struct balm_plan_file {
    int64_t made, expires;    /* microseconds since 1970 */
    struct balm_value config; /* {path, sha256} or null: of all events */
    struct balm_value
        events; /* list of plans; `config` and `expires` stand in each that was read */
};

/* Adds the file's text. */
enum balm_code balm_plan_file_write(struct balm_buf *text, const struct balm_plan_file *file,
                                    struct balm_seal *seal, struct balm_err *err);
/* Fills out, in arena. BALM_E_INPUT says what is wrong with the file: damaged, edited, foreign (of
   another key), of a newer Balm, or expired by now. */
enum balm_code balm_plan_file_read(struct balm_plan_file *out, const char *text, size_t len,
                                   struct balm_seal *seal, int64_t now, struct balm_arena *arena,
                                   struct balm_err *err);

#endif
