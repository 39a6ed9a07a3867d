/*
 * error_lua: what a failed call raises in a script.
 *
 * A table with code, message, status, service, operation, request_id, retryable, the members that
 * the service models for this error, and the file and line of the script's call; tostring() makes
 * one readable line of it.
 */
#ifndef BALM_SCRIPT_ERROR_LUA_H
#define BALM_SCRIPT_ERROR_LUA_H

#include "core/value.h"

struct lua_State;

/* Texts that are "" and a null detail are left out of the table. */
struct balm_raise {
    const struct balm_err *err; /* code, message, status, retryable; aws_code or the code's name */
    const char *service, *operation, *request_id;
    struct balm_value detail;   /* of an API error, as balm_call_result has it; or null */
    struct balm_value problems; /* a list of texts, or null */
};

void balm_error_push(struct lua_State *L, const struct balm_raise *raise); /* [-0, +1, m] */
/* Raises err alone; returns never, but may stand behind `return`. */
int balm_error_raise(struct lua_State *L, const struct balm_err *err);
/* Makes the table at the top of the stack an error of BALM_E_SCRIPT: adds file and line. [-0, +0,
   m] */
void balm_error_adopt(struct lua_State *L);

/* The kind of the error at index: BALM_OK when it is none of ours. */
enum balm_code balm_error_kind(struct lua_State *L, int index);
/* {"code", "message", "status", ...}: what the outcome tells of one of our errors. Allocates in
   arena alone, and never raises: it is called outside of protected calls. */
struct balm_value balm_error_detail(struct lua_State *L, int index, struct balm_arena *arena);

/* Where the script is: its file's name and line; false where no script runs. The engine's own
   modules ("=aws.pages") are looked through. [-0, +0, -] */
bool balm_error_place(struct lua_State *L, char *file, size_t file_size, int *line);

#endif
