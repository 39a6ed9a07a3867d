/*
 * commands: every command of balm; each lives in a file of its own, cmd_<name>.c.
 */
#ifndef BALM_FRONT_COMMANDS_H
#define BALM_FRONT_COMMANDS_H

#include "front/cli.h"

extern const struct balm_command balm_cmd_apply;
extern const struct balm_command balm_cmd_call;
extern const struct balm_command balm_cmd_doctor;
extern const struct balm_command balm_cmd_endpoint;
extern const struct balm_command balm_cmd_history;
extern const struct balm_command balm_cmd_iam;
extern const struct balm_command balm_cmd_list;
extern const struct balm_command balm_cmd_models;
extern const struct balm_command balm_cmd_explain;
extern const struct balm_command balm_cmd_plan;
extern const struct balm_command balm_cmd_run;
extern const struct balm_command balm_cmd_show;
extern const struct balm_command balm_cmd_start;
extern const struct balm_command balm_cmd_stop;
extern const struct balm_command balm_cmd_test;
extern const struct balm_command balm_cmd_undo;
extern const struct balm_command balm_cmd_verify;

#endif
