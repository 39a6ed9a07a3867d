#include "front/scripts.h"

#include "front/world.h"

#include <string.h>

enum balm_code balm_scripts_open(struct balm_scripts *scripts, struct balm_cli *cli,
                                 struct balm_err *err)
{
    struct balm_catalog_options options = {.log = balm_cli_log(cli), .limits = BALM_LIMITS_DEFAULT};
    enum balm_code code = balm_world_remediations(cli, &options.dirs, &options.dir_count, err);

    memset(scripts, 0, sizeof *scripts);
    if (!code) code = balm_world_lua_dir(cli, &options.lua_dir, err);
    if (!code) code = balm_catalog_new(&scripts->catalog, &options, err);
    return code;
}

enum balm_code balm_scripts_load(struct balm_scripts *scripts, struct balm_cli *cli,
                                 struct balm_err *err)
{
    return balm_catalog_all(scripts->catalog, balm_cli_arena(cli), &scripts->versions,
                            &scripts->count, &scripts->faults, err);
}

void balm_scripts_close(struct balm_scripts *scripts)
{
    for (size_t i = 0; i < scripts->count; i++)
        balm_version_release(scripts->versions[i]);
    balm_catalog_release(scripts->catalog);
    memset(scripts, 0, sizeof *scripts);
}

int balm_scripts_say(struct balm_cli *cli, struct balm_value faults)
{
    struct balm_arena *arena = balm_cli_arena(cli);
    struct balm_value texts = balm_list(arena);
    struct balm_err err;

    for (size_t i = 0; i < balm_list_len(faults); i++) {
        struct balm_value fault = *balm_list_at(faults, i);
        balm_list_push(arena, texts,
                       balm_textf(arena, "%s:%lld: %s", balm_get_string(fault, "file", ""),
                                  (long long)balm_get_int(fault, "line", 1),
                                  balm_get_string(fault, "message", "")));
    }
    if (balm_arena_status(arena, &err)) return balm_cli_fail(cli, &err);
    if (balm_list_len(texts) == 0) return BALM_EXIT_OK;
    balm_fail(&err, BALM_E_SCRIPT, "a script is not valid");
    return balm_cli_fail_all(cli, &err, texts);
}
