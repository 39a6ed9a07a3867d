/* store: what its URL says. */
#include "core/text.h"
#include "remedy/store.h"

#include <stdlib.h>
#include <string.h>

#define SQLITE "sqlite:"

const char *balm_store_sqlite_path(const char *url)
{
    return balm_text_starts(url, SQLITE) ? url + strlen(SQLITE) : NULL;
}

const char *balm_store_default_url(struct balm_arena *arena)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    /* The convention ignores a relative one. */
    if (state && *state == '/') return balm_arena_printf(arena, SQLITE "%s/balm/balm.db", state);
    if (!home || *home != '/') return NULL;
    return balm_arena_printf(arena, SQLITE "%s/.local/state/balm/balm.db", home);
}
