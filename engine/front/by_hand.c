#include "front/by_hand.h"

#include "core/file.h"
#include "core/json.h"

#include <string.h>

enum balm_code balm_by_hand_asked(const struct balm_cli *cli, bool *asked, struct balm_err *err)
{
    bool has_resource = balm_cli_has(cli, "resource");

    *asked = balm_cli_has(cli, "remediation");
    if (*asked && !has_resource) {
        return balm_fail(err, BALM_E_ARG, "--remediation wants --resource FILE|JSON beside it");
    }
    if (*asked && balm_cli_word_count(cli) > 0) {
        return balm_fail(err, BALM_E_ARG, "give either events or --remediation, not both");
    }
    if (!*asked && (has_resource || balm_cli_has(cli, "param"))) {
        return balm_fail(err, BALM_E_ARG, "--resource and --param belong to --remediation");
    }
    if (!*asked && balm_cli_word_count(cli) == 0) {
        return balm_fail(err, BALM_E_ARG,
                         "name files of events, - for standard input, or --remediation");
    }
    return BALM_OK;
}

static enum balm_code read_resource(struct balm_cli *cli, struct balm_value *out,
                                    struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT((size_t)16 << 20);
    const char *given = balm_cli_option(cli, "resource");
    enum balm_code code;

    if (given[strspn(given, " \t\r\n")] == '{') {
        (void)balm_buf_adds(&text, given);
        code = balm_buf_status(&text, "--resource", err);
    } else {
        code = balm_file_read(&text, given, err);
    }
    if (!code) {
        code = balm_json_parse(balm_cli_arena(cli), text.bytes, text.len, out, err);
        if (code) balm_err_prefix(err, "--resource");
    }
    balm_buf_free(&text);
    return code;
}

static enum balm_code read_parameters(struct balm_cli *cli, struct balm_value *out,
                                      struct balm_err *err)
{
    struct balm_arena *arena = balm_cli_arena(cli);

    *out = balm_map(arena);
    for (size_t i = 0; i < balm_cli_count(cli, "param"); i++) {
        const char *given = balm_cli_nth(cli, "param", i);
        const char *equals = strchr(given, '=');
        if (!equals || equals == given) {
            return balm_fail(err, BALM_E_ARG, "--param: expected NAME=VALUE, not \"%.80s\"", given);
        }
        balm_map_put(arena, *out, given, (size_t)(equals - given), balm_string(equals + 1));
    }
    return balm_arena_status(arena, err);
}

enum balm_code balm_by_hand_finding(struct balm_cli *cli, const char *default_region,
                                    struct balm_finding *out, struct balm_err *err)
{
    struct balm_value resource, parameters;

    if (read_resource(cli, &resource, err) || read_parameters(cli, &parameters, err)) {
        return err->code;
    }
    return balm_finding_manual(out, balm_cli_option(cli, "remediation"), resource, parameters,
                               default_region, balm_cli_arena(cli), err);
}
