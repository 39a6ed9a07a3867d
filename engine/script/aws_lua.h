/*
 * aws_lua: the module `aws` and the table `log` as scripts see them (DESIGN §2).
 *
 * They work in any sandbox: balm_sandbox_preload() takes them. Where no instance owns it (a script
 * being loaded), what needs one raises; the rest (aws.list, aws.null, aws.known, aws.is_error) does
 * its work.
 */
#ifndef BALM_SCRIPT_AWS_LUA_H
#define BALM_SCRIPT_AWS_LUA_H

struct lua_State;
struct balm_sandbox;

/* What every script's state has beside the sandbox's own: require "aws", and the global `log`. The
   same when a script is loaded as when it runs. */
void balm_script_modules(struct balm_sandbox *sandbox);

int balm_aws_lua_open(struct lua_State *L); /* [-0, +1, m] the module `aws` */
int balm_log_lua_open(struct lua_State *L); /* [-0, +1, m] the table `log` */

#endif
