/*
 * host: the engine's own Lua, opened once, for targets that read by it.
 */
#ifndef SPEC_FUZZ_HOST_H
#define SPEC_FUZZ_HOST_H

#include "fuzz/fuzz.h"
#include "script/evaluate.h"

static struct balm_lua_host *host; /* for as long as the process lives */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct balm_err err;

    (void)argc, (void)argv;
    FUZZ_HOLDS(balm_lua_host_new(&host, "lua", &err) == BALM_OK);
    return 0;
}

#endif
