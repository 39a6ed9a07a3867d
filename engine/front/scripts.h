/*
 * scripts: the remediations alone, for the commands that run nothing.
 */
#ifndef BALM_FRONT_SCRIPTS_H
#define BALM_FRONT_SCRIPTS_H

#include "front/cli.h"
#include "script/catalog.h"

struct balm_scripts {
    struct balm_catalog *catalog;
    struct balm_version **versions; /* sorted by id */
    size_t count;
    struct balm_value faults; /* list of {"file","line","field","message"} */
};

/* Opens the catalogue that the command line and the environment name; nothing is loaded yet. */
enum balm_code balm_scripts_open(struct balm_scripts *scripts, struct balm_cli *cli,
                                 struct balm_err *err);
/* Loads all of it. */
enum balm_code balm_scripts_load(struct balm_scripts *scripts, struct balm_cli *cli,
                                 struct balm_err *err);
void balm_scripts_close(struct balm_scripts *scripts); /* accepts one that is zeroed */

/* Says each fault on standard error; BALM_EXIT_USAGE where there is any, else BALM_EXIT_OK. */
int balm_scripts_say(struct balm_cli *cli, struct balm_value faults);

#endif
