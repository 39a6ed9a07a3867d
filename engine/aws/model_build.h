/*
 * model_build: compiles descriptions in botocore's layout into a pack.
 */
#ifndef BALM_AWS_MODEL_BUILD_H
#define BALM_AWS_MODEL_BUILD_H

#include "core/err.h"
#include "core/log.h"

#include <stddef.h>

struct balm_build_options {
    const char *const
        *dirs; /* data folders, or single service folders; a later one lies over the earlier */
    size_t dir_count;
    const char
        *actions_path; /* actions.tsv; NULL: every operation is a write without known actions */
    const char *dependents_path; /* dependents.tsv; NULL: no action is known to need another */
    const char *out_path;        /* replaced in one step */
    const struct balm_log *log;
};

struct balm_build_report {
    size_t services;
    size_t operations;
    size_t bytes;
};

/* Only the newest API version of each service is taken. *.sdk-extras.json are merged over the file
   they are named after. A service that cannot be read fails the whole build with file and place. */
enum balm_code balm_model_build(const struct balm_build_options *options,
                                struct balm_build_report *report, struct balm_err *err);

#endif
