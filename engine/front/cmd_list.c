/*
 * balm list, balm show: which remediations are loaded, and what one of them declares.
 */
#include "aws/reference.h"
#include "core/json.h"
#include "front/commands.h"
#include "front/scripts.h"
#include "front/world.h"
#include "remedy/explain.h"
#include "remedy/permissions.h"

#include <string.h>

/* ---- list ---- */

static struct balm_value summary_of(struct balm_arena *arena, const struct balm_version *version)
{
    struct balm_value declaration = balm_version_declaration(version);
    struct balm_value summary = balm_map(arena);

    balm_map_set(arena, summary, "id", balm_string(balm_version_id(version)));
    balm_map_set(arena, summary, "description", balm_get(declaration, "description"));
    balm_map_set(arena, summary, "resource", balm_get(declaration, "resource"));
    balm_map_set(arena, summary, "destructive",
                 balm_bool(balm_get_bool(declaration, "destructive", false)));
    balm_map_set(arena, summary, "undo", balm_get(declaration, "has_undo"));
    balm_map_set(arena, summary, "path", balm_string(balm_version_path(version)));
    return summary;
}

/* How wide the column of ids must be. */
static int width_of(const struct balm_scripts *scripts)
{
    size_t width = 0;

    for (size_t i = 0; i < scripts->count; i++) {
        size_t len = strlen(balm_version_id(scripts->versions[i]));
        if (len > width) width = len;
    }
    return (int)width;
}

static void add_line(struct balm_buf *text, const struct balm_version *version, int width)
{
    struct balm_value declaration = balm_version_declaration(version);

    balm_buf_addf(text, "%-*s  %-11s  %s\n", width, balm_version_id(version),
                  balm_get_bool(declaration, "destructive", false) ? "destructive" : "",
                  balm_get_string(declaration, "description", ""));
}

/* The faults of the others are told in any case. */
static int print_list(struct balm_cli *cli, const struct balm_scripts *scripts)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    bool as_json = balm_cli_has(cli, "json") || balm_cli_wants_json(cli);
    int width = width_of(scripts);
    int status;
    int faults;

    for (size_t i = 0; i < scripts->count; i++) {
        if (as_json) {
            balm_json_print(&text, summary_of(balm_cli_arena(cli), scripts->versions[i]),
                            BALM_JSON_COMPACT);
            balm_buf_adds(&text, "\n");
        } else {
            add_line(&text, scripts->versions[i], width);
        }
    }
    status = balm_cli_say(cli, &text, "the list");
    faults = balm_scripts_say(cli, scripts->faults);
    return faults ? faults : status;
}

static int list_for_panther(struct balm_cli *cli, struct balm_scripts *scripts)
{
    struct balm_value map;
    struct balm_err err;

    if (balm_panther_list(scripts->catalog, balm_cli_log(cli), balm_cli_arena(cli), &map, &err)) {
        return balm_cli_fail(cli, &err);
    }
    return balm_cli_print(cli, map, 0) ? BALM_EXIT_FAILED : BALM_EXIT_OK;
}

static int list(struct balm_cli *cli)
{
    struct balm_scripts scripts;
    struct balm_err err;
    int status;

    if (balm_scripts_open(&scripts, cli, &err)) {
        status = balm_cli_fail(cli, &err);
    } else if (balm_cli_has(cli, "panther")) {
        status = list_for_panther(cli, &scripts);
    } else if (balm_scripts_load(&scripts, cli, &err)) {
        status = balm_cli_fail(cli, &err);
    } else {
        status = print_list(cli, &scripts);
    }
    balm_scripts_close(&scripts);
    return status;
}

/* ---- show ---- */

static enum balm_code find_lacking(struct balm_cli *cli, const struct balm_version *version,
                                   struct balm_value *lacking, struct balm_err *err)
{
    struct balm_buf dependents = BALM_BUF_INIT(BALM_REFERENCE_MAX);
    enum balm_code code = balm_world_dependents(cli, &dependents, err);

    *lacking = balm_permissions_lacking(balm_get(balm_version_declaration(version), "permissions"),
                                        dependents.bytes, balm_cli_arena(cli));
    balm_buf_free(&dependents);
    return code ? code : balm_arena_status(balm_cli_arena(cli), err);
}

static struct balm_value all_of(struct balm_arena *arena, const struct balm_version *version,
                                struct balm_value lacking)
{
    struct balm_value shown = balm_copy(arena, balm_version_declaration(version));

    balm_map_set(arena, shown, "may_need", lacking);
    balm_map_set(arena, shown, "path", balm_string(balm_version_path(version)));
    balm_map_set(arena, shown, "version", balm_string(balm_version_hash(version)));
    return shown;
}

/* "name         first, second", with the items below each other where wide. */
static void add_items(struct balm_buf *text, const char *name, struct balm_value items, bool wide)
{
    for (size_t i = 0; i < balm_list_len(items); i++) {
        const char *item = balm_list_at(items, i)->as.text;
        if (i == 0) {
            balm_buf_addf(text, "%-14s%s", name, item);
        } else if (wide) {
            balm_buf_addf(text, "\n%-14s%s", "", item);
        } else {
            balm_buf_addf(text, ", %s", item);
        }
    }
    if (balm_list_len(items) > 0) balm_buf_adds(text, "\n");
}

static void add_rule(struct balm_buf *text, const char *name, struct balm_value rule,
                     const char *key)
{
    const struct balm_value *value = balm_map_get(rule, key);

    if (!value) return;
    balm_buf_addf(text, ", %s ", name);
    balm_json_print(text, *value, BALM_JSON_COMPACT);
}

static void add_parameter(struct balm_buf *text, const char *name, struct balm_value rule)
{
    const char *description = balm_get_string(rule, "description", NULL);

    balm_buf_addf(text, "  %s: %s", name, balm_get_string(rule, "type", ""));
    if (balm_get_bool(rule, "required", false)) balm_buf_adds(text, ", required");
    add_rule(text, "default", rule, "default");
    add_rule(text, "one of", rule, "enum");
    add_rule(text, "at least", rule, "min");
    add_rule(text, "at most", rule, "max");
    add_rule(text, "pattern", rule, "pattern");
    balm_buf_adds(text, "\n");
    if (description) balm_buf_addf(text, "      %s\n", description);
}

static const char *yes_or_no(struct balm_value declaration, const char *key)
{
    return balm_get_bool(declaration, key, false) ? "yes" : "no";
}

static void add_lacking(struct balm_buf *text, struct balm_value lacking)
{
    for (size_t i = 0; i < balm_map_len(lacking); i++) {
        balm_buf_addf(text, "%-14s", i ? "" : "remark");
        balm_permissions_remark(text, balm_map_at(lacking, i));
        balm_buf_adds(text, "\n");
    }
}

static void add_text(struct balm_buf *text, const struct balm_version *version,
                     struct balm_value lacking)
{
    struct balm_value declaration = balm_version_declaration(version);
    struct balm_value parameters = balm_get(declaration, "parameters");
    struct balm_value permissions = balm_get(declaration, "permissions");

    balm_buf_addf(text, "%s\n", balm_version_id(version));
    balm_buf_addf(text, "%s\n\n", balm_get_string(declaration, "description", ""));
    balm_buf_addf(text, "%-14s%s\n", "resource", balm_get_string(declaration, "resource", "any"));
    balm_buf_addf(text, "%-14s%s\n", "check", yes_or_no(declaration, "has_check"));
    balm_buf_addf(text, "%-14s%s\n", "undo", yes_or_no(declaration, "has_undo"));
    balm_buf_addf(text, "%-14s%s\n", "destructive", yes_or_no(declaration, "destructive"));
    add_items(text, "controls", balm_get(declaration, "controls"), false);
    if (balm_is_null(permissions)) balm_buf_addf(text, "%-14sundeclared\n", "permissions");
    add_items(text, "permissions", permissions, true);
    add_lacking(text, lacking);
    balm_buf_addf(text, "%-14s%s\n", "file", balm_version_path(version));
    balm_buf_addf(text, "%-14s%s\n", "version", balm_version_hash(version));
    balm_buf_adds(text, balm_map_len(parameters) > 0 ? "\nparameters\n" : "");
    for (size_t i = 0; i < balm_map_len(parameters); i++) {
        const struct balm_entry *entry = balm_map_at(parameters, i);
        add_parameter(text, entry->key, entry->value);
    }
}

static int print_version(struct balm_cli *cli, const struct balm_version *version)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value lacking;
    struct balm_err err;

    if (find_lacking(cli, version, &lacking, &err)) return balm_cli_fail(cli, &err);
    if (balm_cli_wants_json(cli)) {
        struct balm_value shown = all_of(balm_cli_arena(cli), version, lacking);
        return balm_cli_print(cli, shown, 0) ? BALM_EXIT_FAILED : BALM_EXIT_OK;
    }
    add_text(&text, version, lacking);
    return balm_cli_say(cli, &text, "the remediation");
}

static int show(struct balm_cli *cli)
{
    struct balm_scripts scripts;
    struct balm_version *version = NULL;
    struct balm_value faults = balm_null();
    struct balm_err err;
    int status;

    if (balm_scripts_open(&scripts, cli, &err) ||
        balm_catalog_find(scripts.catalog, balm_cli_word(cli, 0), &version, balm_cli_arena(cli),
                          &faults, &err)) {
        status =
            balm_list_len(faults) > 0 ? balm_scripts_say(cli, faults) : balm_cli_fail(cli, &err);
    } else {
        status = print_version(cli, version);
    }
    balm_version_release(version);
    balm_scripts_close(&scripts);
    return status;
}

/* ---- the commands ---- */

static const struct balm_option list_options[] = {
    {"json", NULL, "one JSON object a line, as --output json", false},
    {"panther", NULL, "Panther's listRemediations: {\"id\": {parameter: default}}", false},
    {NULL, NULL, NULL, false}};

const struct balm_command balm_cmd_list = {
    .name = "list",
    .synopsis = "",
    .summary = "the remediations that are loaded",
    .text = "What is wrong with a script goes to standard error; the others are listed.",
    .options = list_options,
    .groups = BALM_OPTIONS_SCRIPTS,
    .run = list,
};

const struct balm_command balm_cmd_show = {
    .name = "show",
    .synopsis = "ID",
    .summary = "what one remediation declares",
    .text = "Its parameters with types and defaults, permissions, controls, file and version. A\n"
            "remark names what AWS, by what a call asks for, may need beside a permission: a role\n"
            "that is passed, a key that something is encrypted with.",
    .groups = BALM_OPTIONS_SCRIPTS,
    .words_min = 1,
    .words_max = 1,
    .run = show,
};
