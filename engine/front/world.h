/*
 * world: what a command works with, opened from the command line and the environment.
 */
#ifndef BALM_FRONT_WORLD_H
#define BALM_FRONT_WORLD_H

#include "aws/client.h"
#include "front/cli.h"

/* The pack of models: --models, BALM_MODELS, Balm's own. */
enum balm_code balm_world_models_path(struct balm_cli *cli, const char **path,
                                      struct balm_err *err);
/* Where remediations are: each --remediations, the parts of BALM_REMEDIATIONS, Balm's own. */
enum balm_code balm_world_remediations(struct balm_cli *cli, const char *const **dirs,
                                       size_t *count, struct balm_err *err);
/* The engine's own Lua. */
enum balm_code balm_world_lua_dir(struct balm_cli *cli, const char **dir, struct balm_err *err);
/* Where Balm's own table of that name is, installed or in the source tree: "actions.tsv"; NULL
   where it is missing. */
const char *balm_world_table(struct balm_cli *cli, const char *name);
/* Adds the text of Balm's own resources.tsv, which resources IAM actions act on, or of its
   dependents.tsv, which others they may need (aws/reference.h). It is done without where it is
   missing, which is said. */
enum balm_code balm_world_resources(struct balm_cli *cli, struct balm_buf *text,
                                    struct balm_err *err);
enum balm_code balm_world_dependents(struct balm_cli *cli, struct balm_buf *text,
                                     struct balm_err *err);
/* --config, BALM_CONFIG, balm.lua in the working directory; NULL when there is none. */
const char *balm_world_config_path(struct balm_cli *cli);

struct balm_world {
    struct balm_cli *cli;
    struct balm_loop *loop;
    struct balm_aws_config config;
    struct balm_aws *aws;
};

/* Opens the loop, the AWS configuration and the client. fixed_now: microseconds, or 0 for the
   clock. Empty again after a failure. */
enum balm_code balm_world_open(struct balm_world *world, struct balm_cli *cli, int64_t fixed_now,
                               struct balm_err *err);
/* All sessions and calls released before. */
void balm_world_close(struct balm_world *world);
/* --region, or what the environment and the profile say; BALM_E_ARG when nothing does. */
enum balm_code balm_world_region(const struct balm_world *world, const char **region,
                                 struct balm_err *err);

#endif
