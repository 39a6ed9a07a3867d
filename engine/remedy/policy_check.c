#include "remedy/policy_check.h"

#include "core/text.h"
#include "core/time.h"
#include "remedy/intent.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct checking {
    struct balm_catalog *catalog;
    struct balm_arena *arena;
    struct balm_value faults;
};

typedef void check_value(struct checking *with, const char *at, struct balm_value value);

struct known_key {
    const char *name;
    check_value *check;
    bool required;
};

__attribute__((format(printf, 3, 4))) static void fault(struct checking *with, const char *at,
                                                        const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    balm_list_push(with->arena, with->faults,
                   balm_textf(with->arena, "%s%s%s", at, *at ? ": " : "", text));
}

static const char *below(struct checking *with, const char *at, const char *key)
{
    const char *path = balm_arena_printf(with->arena, "%s%s%s", at, *at ? "." : "", key);
    return path ? path : at;
}

static void expected(struct checking *with, const char *at, const char *what,
                     struct balm_value value)
{
    fault(with, at, "must be %s, got %s", what, balm_type_name(value.type));
}

/* A table whose keys are a closed set. */
static void check_keys(struct checking *with, const char *at, struct balm_value table,
                       const struct known_key *keys, size_t count)
{
    const char *names[24];

    if (table.type == BALM_LIST && balm_list_len(table) == 0) table = balm_map(with->arena);
    if (table.type != BALM_MAP) {
        expected(with, at, "a table", table);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct balm_value *value = balm_map_get(table, keys[i].name);
        names[i] = keys[i].name;
        if (value) {
            keys[i].check(with, below(with, at, keys[i].name), *value);
        } else if (keys[i].required) {
            fault(with, below(with, at, keys[i].name), "missing, required");
        }
    }
    for (size_t i = 0; i < balm_map_len(table); i++) {
        const char *key = balm_map_at(table, i)->key;
        bool is_known = false;
        for (size_t k = 0; k < count; k++)
            is_known = is_known || strcmp(keys[k].name, key) == 0;
        if (is_known) continue;
        const char *near = balm_text_nearest(key, names, count);
        fault(with, below(with, at, key), near ? "unknown key, did you mean %s?" : "unknown key",
              near);
    }
}

static void check_text(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_STRING) {
        expected(with, at, "a text that is not empty", value);
    } else if (value.len == 0) {
        fault(with, at, "must be a text that is not empty");
    }
}

static void check_boolean(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_BOOL) expected(with, at, "true or false", value);
}

static void check_count(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_INT || value.as.integer < 1)
        fault(with, at, "must be a whole number of at least 1");
}

/* `{}` is as good a list as a map. */
static bool is_list(struct balm_value value)
{
    return value.type == BALM_LIST || (value.type == BALM_MAP && balm_map_len(value) == 0);
}

static void check_account(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_STRING || value.len != 12 || strspn(value.as.text, "0123456789") != 12) {
        fault(with, at, "must be an account as a text of 12 digits");
    }
}

static void check_accounts(struct checking *with, const char *at, struct balm_value value)
{
    if (!is_list(value)) {
        expected(with, at, "a list of accounts", value);
        return;
    }
    for (size_t i = 0; i < balm_list_len(value); i++) {
        check_account(with, balm_arena_printf(with->arena, "%s[%zu]", at, i + 1),
                      *balm_list_at(value, i));
    }
}

static void check_mode(struct checking *with, const char *at, struct balm_value value)
{
    static const char *const modes[] = {"fix", "plan", "off"};

    for (size_t i = 0; i < 3; i++) {
        if (balm_is_text(value, modes[i])) return;
    }
    fault(with, at, "must be one of \"fix\", \"plan\", \"off\"");
}

static void check_role(struct checking *with, const char *at, struct balm_value value)
{
    const char *role;
    struct balm_err err;

    if (value.type != BALM_STRING || !balm_text_starts(value.as.text, "arn:")) {
        fault(with, at,
              "must be a role's ARN, where {partition}, {account} and {region} are filled in");
    } else if (balm_role_fill(value.as.text, "", "", "", with->arena, &role, &err)) {
        fault(with, at, "%s", err.message);
    }
}

static void check_remediation(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_STRING) {
        expected(with, at, "a remediation's id", value);
    } else if (with->catalog && !balm_catalog_has(with->catalog, value.as.text)) {
        fault(with, at, "there is no remediation \"%.100s\"", value.as.text);
    }
}

static void check_map(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_MAP && balm_list_len(value) + (size_t)(value.type != BALM_LIST) > 0) {
        expected(with, at, "a table of names and values", value);
    }
}

static void check_date(struct checking *with, const char *at, struct balm_value value)
{
    int64_t micros;

    if (value.type != BALM_STRING || value.len < 10 || value.as.text[4] != '-' ||
        !balm_time_parse(value.as.text, value.len, &micros)) {
        fault(with, at, "must be a date such as \"2027-06-30\"");
    }
}

static void check_policy(struct checking *with, const char *at, struct balm_value value)
{
    static const struct known_key keys[] = {
        {"remediation", check_remediation, true},
        {"mode", check_mode, false},
        {"parameters", check_map, false},
        {"allow_destructive", check_boolean, false},
        {"role", check_role, false},
        {"external_id", check_text, false},
    };

    if (value.type == BALM_STRING) {
        check_remediation(with, at, value);
    } else {
        check_keys(with, at, value, keys, sizeof keys / sizeof *keys);
    }
}

/* Each entry of a table of named things. */
static void check_entries(struct checking *with, const char *at, struct balm_value value,
                          check_value *check)
{
    if (value.type == BALM_LIST && balm_list_len(value) == 0) return;
    if (value.type != BALM_MAP) {
        expected(with, at, "a table", value);
        return;
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *entry = balm_map_at(value, i);
        const char *path = balm_arena_printf(with->arena, "%s[\"%s\"]", at, entry->key);
        check(with, path ? path : at, entry->value);
    }
}

static void check_policies(struct checking *with, const char *at, struct balm_value value)
{
    check_entries(with, at, value, check_policy);
}

static void check_remediation_options(struct checking *with, const char *at,
                                      struct balm_value value)
{
    static const struct known_key keys[] = {
        {"mode", check_mode, false},
        {"parameters", check_map, false},
        {"allow_destructive", check_boolean, false},
        {"role", check_role, false},
        {"external_id", check_text, false},
    };
    check_keys(with, at, value, keys, sizeof keys / sizeof *keys);
}

static void check_remediations(struct checking *with, const char *at, struct balm_value value)
{
    check_entries(with, at, value, check_remediation_options);
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const char *id = balm_map_at(value, i)->key;
        if (with->catalog && !balm_catalog_has(with->catalog, id)) {
            fault(with, at, "there is no remediation \"%.100s\"", id);
        }
    }
}

/* A breaker that needs more to look at would read for long. */
static void check_few(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_INT || value.as.integer < 1 || value.as.integer > 1000) {
        fault(with, at, "must be a whole number of 1 to 1000");
    }
}

static void check_share(struct checking *with, const char *at, struct balm_value value)
{
    double share = value.type == BALM_INT      ? (double)value.as.integer
                   : value.type == BALM_DOUBLE ? value.as.number
                                               : 0;

    if (!(share > 0 && share <= 1)) fault(with, at, "must be a number above 0, and 1 at most");
}

static void check_managed(struct checking *with, const char *at, struct balm_value value)
{
    if (!balm_is_text(value, "skip") && !balm_is_text(value, "fix")) {
        fault(with, at, "must be \"skip\" or \"fix\"");
    }
}

static void check_tags(struct checking *with, const char *at, struct balm_value value)
{
    if (!balm_is_text(value, "event") && !balm_is_text(value, "ask")) {
        fault(with, at, "must be \"event\" or \"ask\"");
    }
}

static void check_breaker(struct checking *with, const char *at, struct balm_value value)
{
    static const struct known_key keys[] = {
        {"of", check_few, false}, {"share", check_share, false}, {"minutes", check_count, false}};

    check_keys(with, at, value, keys, sizeof keys / sizeof *keys);
}

static void check_flapping(struct checking *with, const char *at, struct balm_value value)
{
    static const struct known_key keys[] = {{"times", check_few, false},
                                            {"hours", check_count, false}};

    check_keys(with, at, value, keys, sizeof keys / sizeof *keys);
}

static void check_kill_switch(struct checking *with, const char *at, struct balm_value value)
{
    static const struct known_key keys[] = {{"file", check_text, false},
                                            {"parameter", check_text, false},
                                            {"region", check_text, false}};

    check_keys(with, at, value, keys, sizeof keys / sizeof *keys);
}

static void check_guards(struct checking *with, const char *at, struct balm_value value)
{
    static const struct known_key keys[] = {
        {"per_hour", check_count, false},
        {"per_hour_per_account", check_count, false},
        {"per_hour_per_remediation", check_count, false},
        {"breaker", check_breaker, false},
        {"flapping", check_flapping, false},
        {"kill_switch", check_kill_switch, false},
        {"managed", check_managed, false},
        {"tags", check_tags, false},
    };
    check_keys(with, at, value, keys, sizeof keys / sizeof *keys);
}

static void check_tag(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_STRING && value.type != BALM_MAP) {
        expected(with, at, "a tag's name, or a table of names and values", value);
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        const struct balm_entry *tag = balm_map_at(value, i);
        if (tag->value.type != BALM_STRING)
            expected(with, below(with, at, tag->key), "a text", tag->value);
    }
}

/* "ou-abcd-12345678", or a root, "r-abcd". */
static void check_unit(struct checking *with, const char *at, struct balm_value value)
{
    if (value.type != BALM_STRING || value.len > 68 ||
        (!balm_text_starts(value.as.text, "ou-") && !balm_text_starts(value.as.text, "r-"))) {
        fault(with, at, "must be the id of an organizational unit, such as \"ou-abcd-12345678\"");
    }
}

static void check_exclusion(struct checking *with, const char *at, struct balm_value value)
{
    static const struct known_key keys[] = {
        {"account", check_account, false}, {"region", check_text, false},
        {"resource", check_text, false},   {"remediation", check_remediation, false},
        {"policy", check_text, false},     {"tag", check_tag, false},
        {"ou", check_unit, false},         {"reason", check_text, true},
        {"owner", check_text, true},       {"expires", check_date, true},
    };
    static const char *const selectors[] = {"account", "region", "resource", "remediation",
                                            "policy",  "tag",    "ou"};
    bool selects = false;

    check_keys(with, at, value, keys, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        selects = selects || balm_map_get(value, selectors[i]) != NULL;
    }
    if (value.type == BALM_MAP && !selects) {
        fault(with, at,
              "says nothing to exclude: state account, ou, region, resource, remediation, policy "
              "or tag");
    }
}

static void check_exclude(struct checking *with, const char *at, struct balm_value value)
{
    if (!is_list(value)) {
        expected(with, at, "a list of exclusions", value);
        return;
    }
    for (size_t i = 0; i < balm_list_len(value); i++) {
        check_exclusion(with, balm_arena_printf(with->arena, "%s[%zu]", at, i + 1),
                        *balm_list_at(value, i));
    }
}

void balm_policy_check(struct balm_value root, struct balm_catalog *catalog,
                       struct balm_arena *arena, struct balm_value faults)
{
    static const struct known_key keys[] = {
        {"role", check_role, false},
        {"external_id", check_text, false},
        {"accounts", check_accounts, false},
        {"mode", check_mode, false},
        {"policies", check_policies, false},
        {"remediations", check_remediations, false},
        {"associate_controls", check_boolean, false},
        {"require_permissions", check_boolean, false},
        {"record", check_text, false},
        {"guards", check_guards, false},
        {"exclude", check_exclude, false},
    };
    struct checking with = {catalog, arena, faults};

    check_keys(&with, "", root, keys, sizeof keys / sizeof *keys);
}
