/*
 * declaration: what a script's table declares, held against the closed set of fields that it may
 * have (DESIGN §2). Internal to script/.
 */
#ifndef BALM_SCRIPT_DECLARATION_H
#define BALM_SCRIPT_DECLARATION_H

#include "core/value.h"

#include <lua.h>

#define BALM_SESSION_POLICY_MAX 2048 /* characters that STS takes */

struct balm_declaration {
    /* the script */
    const char *path;
    const char *text;
    size_t len;
    /* where what was found goes */
    struct balm_arena *arena;
    struct balm_value data;     /* map: the declaration */
    struct balm_value faults;   /* list of {"file","line","field","message"} */
    const char *session_policy; /* NULL: no permissions are declared */
};

/*
 * Reads the declaration that a script returned. [-0, +0, m]: it may raise for want of memory, so
 * call it within a protected call. All faults go to `faults`, sorted by line.
 */
void balm_declaration_read(lua_State *L, int index, struct balm_declaration *declaration);

/* Adds a fault. field is a path such as "parameters.Size.min", which its line is looked up by, and
   "" for the script as a whole; line 0: look it up. */
void balm_declaration_fault(struct balm_declaration *declaration, const char *field, size_t line,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The line that sets a field, as far as the script's text tells; else the line where the table
   that is returned begins. */
size_t balm_declaration_line(const struct balm_declaration *declaration, const char *field);

/* The table form of each parameter declared (a map of what the script wrote). L is for patterns.
   [-0, +0, m] */
struct balm_value balm_declaration_parameters(lua_State *L, struct balm_declaration *declaration,
                                              struct balm_value declared);

#endif
