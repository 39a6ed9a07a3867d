/* store: what its URL says. */
#include "core/file.h"
#include "core/text.h"
#include "remedy/store.h"

#include <string.h>

#define SQLITE   "sqlite:"
#define DYNAMODB "dynamodb:"

const char *balm_store_sqlite_path(const char *url)
{
    return balm_text_starts(url, SQLITE) ? url + strlen(SQLITE) : NULL;
}

const char *balm_store_dynamodb_table(const char *url)
{
    return balm_text_starts(url, DYNAMODB) ? url + strlen(DYNAMODB) : NULL;
}

const char *balm_store_default_url(struct balm_arena *arena)
{
    const char *path = balm_file_state(arena, "balm.db");

    return path ? balm_arena_printf(arena, SQLITE "%s", path) : NULL;
}
