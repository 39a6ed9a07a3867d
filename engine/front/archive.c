#include "front/archive.h"

#include <string.h>

static enum balm_code find_url(const struct balm_world *world, const char **url,
                               struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(world->cli);

    *url = balm_cli_or_env(world->cli, "store", "BALM_STORE");
    if (!*url) *url = balm_store_default_url(arena);
    if (*url || balm_arena_status(arena, err)) return *url ? BALM_OK : err->code;
    return balm_fail(err, BALM_E_ARG,
                     "where runs are recorded is not known, since neither XDG_STATE_HOME nor HOME "
                     "is set: name it with --store sqlite:PATH, or BALM_STORE");
}

enum balm_code balm_archive_open(struct balm_archive *archive, const struct balm_world *world,
                                 struct balm_err *err)
{
    struct balm_store_setup setup = {.loop = world->loop,
                                     .aws = world->aws,
                                     .region = world->config.region,
                                     .log = balm_cli_log(world->cli)};
    struct balm_ledger_setup ledger = {.loop = world->loop, .log = setup.log};
    enum balm_code code = find_url(world, &setup.url, err);

    memset(archive, 0, sizeof *archive);
    if (!code) code = balm_store_open(&archive->store, &setup, err);
    if (!code) code = balm_seal_new(&archive->seal, setup.url, err);
    ledger.store = archive->store;
    ledger.seal = archive->seal;
    if (!code) code = balm_ledger_new(&archive->ledger, &ledger, err);
    if (code) balm_archive_close(archive);
    return code;
}

void balm_archive_close(struct balm_archive *archive)
{
    balm_ledger_release(archive->ledger);
    balm_seal_release(archive->seal);
    balm_store_release(archive->store);
    memset(archive, 0, sizeof *archive);
}
