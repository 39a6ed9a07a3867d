#include "remedy/policy.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/file.h"
#include "core/text.h"
#include "core/time.h"
#include "remedy/policy_check.h"
#include "remedy/resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICY_MAX    ((size_t)4 << 20) /* bytes of balm.lua */
#define DAY_US        ((int64_t)86400 * 1000000)
#define ANNOUNCE_DAYS 14

struct balm_policy {
    struct balm_arena arena;
    size_t references;
    char *path;
    char hash[BALM_SHA256_HEX];
    struct balm_value root;
    struct balm_guard_settings guards;
};

void balm_policy_retain(struct balm_policy *policy)
{
    policy->references++;
}

void balm_policy_release(struct balm_policy *policy)
{
    if (!policy || --policy->references > 0) return;
    balm_arena_free(&policy->arena);
    free(policy);
}

/* An exclusion holds to the end of its day where it names a day. */
static int64_t expiry_of(struct balm_value exclusion)
{
    struct balm_value expires = balm_get(exclusion, "expires");
    int64_t micros = 0;

    if (expires.type != BALM_STRING || !balm_time_parse(expires.as.text, expires.len, &micros))
        return 0;
    return expires.len == 10 ? micros + DAY_US : micros;
}

static void announce(const struct balm_policy *policy, int64_t now, const struct balm_log *log)
{
    struct balm_value exclude = balm_get(policy->root, "exclude");

    for (size_t i = 0; i < balm_list_len(exclude); i++) {
        struct balm_value exclusion = *balm_list_at(exclude, i);
        const char *reason = balm_get_string(exclusion, "reason", "");
        const char *owner = balm_get_string(exclusion, "owner", "");
        const char *expires = balm_get_string(exclusion, "expires", "");
        int64_t left = expiry_of(exclusion) - now;

        if (left <= 0) {
            balm_log(log, BALM_LOG_WARN,
                     "%s: exclude[%zu] (%s, %s) expired on %s and excludes nothing", policy->path,
                     i + 1, reason, owner, expires);
        } else if (left <= ANNOUNCE_DAYS * DAY_US) {
            balm_log(log, BALM_LOG_WARN, "%s: exclude[%zu] (%s, %s) expires on %s", policy->path,
                     i + 1, reason, owner, expires);
        }
    }
}

static enum balm_code read_file(struct balm_policy *policy, struct balm_err *err)
{
    static const struct balm_limits limits = {(size_t)64 << 20, 50000000, 1000000000, 1000000000};
    struct balm_buf text = BALM_BUF_INIT(POLICY_MAX);
    enum balm_code code = balm_file_read(&text, policy->path, err);

    if (code) goto out;
    balm_sha256_hex(policy->hash, text.bytes, text.len);
    code = balm_evaluate(&policy->arena, policy->path, text.bytes, text.len, &limits, &policy->root,
                         err);
    /* A file that computes without end is not valid, as one that cannot be read is not. */
    if (code == BALM_E_LIMIT) code = err->code = BALM_E_INPUT;
out:
    balm_buf_free(&text);
    return code;
}

static enum balm_code check(struct balm_policy *policy, struct balm_catalog *catalog,
                            struct balm_arena *arena, struct balm_value *faults,
                            struct balm_err *err)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    balm_policy_check(policy->root, catalog, arena, *faults);
    for (size_t i = 0; i < balm_list_len(*faults); i++) {
        struct balm_value *fault = balm_list_at(*faults, i);
        balm_buf_addf(&text, "%s%s", i > 0 ? "; " : "", fault->as.text);
        *fault = balm_textf(arena, "%s: %s", policy->path, fault->as.text);
    }
    if (text.len > 0) balm_fail(err, BALM_E_INPUT, "%s: %s", policy->path, text.bytes);
    balm_buf_free(&text);
    return balm_list_len(*faults) > 0 ? BALM_E_INPUT : balm_arena_status(&policy->arena, err);
}

/* Once: each run asks for them several times. */
static void read_guards(struct balm_policy *policy)
{
    struct balm_value guards = balm_get(policy->root, "guards");
    struct balm_value breaker = balm_get(guards, "breaker");
    struct balm_value flapping = balm_get(guards, "flapping");
    struct balm_value stop = balm_get(guards, "kill_switch");
    struct balm_value share = balm_get(breaker, "share");

    policy->guards = (struct balm_guard_settings){
        .per_hour = balm_get_int(guards, "per_hour", 500),
        .per_hour_per_account = balm_get_int(guards, "per_hour_per_account", 100),
        .per_hour_per_remediation = balm_get_int(guards, "per_hour_per_remediation", 200),
        .breaker_of = balm_get_int(breaker, "of", 20),
        .breaker_share = share.type == BALM_DOUBLE ? share.as.number
                         : share.type == BALM_INT  ? (double)share.as.integer
                                                   : 0.5,
        .breaker_minutes = balm_get_int(breaker, "minutes", 15),
        .flapping_times = balm_get_int(flapping, "times", 3),
        .flapping_hours = balm_get_int(flapping, "hours", 24),
        .fixes_managed = balm_is_text(balm_get(guards, "managed"), "fix"),
        .asks_tags = balm_is_text(balm_get(guards, "tags"), "ask"),
        .stop_file = balm_get_string(stop, "file", NULL),
        .stop_parameter = balm_get_string(stop, "parameter", NULL),
        .stop_region = balm_get_string(stop, "region", NULL),
    };
}

enum balm_code balm_policy_load(struct balm_policy **out, const char *path,
                                struct balm_catalog *catalog, int64_t now,
                                const struct balm_log *log, struct balm_arena *arena,
                                struct balm_value *faults, struct balm_err *err)
{
    struct balm_policy *policy = calloc(1, sizeof *policy);
    enum balm_code code = BALM_OK;

    if (!policy) return balm_nomem(err);
    balm_arena_init(&policy->arena, 0);
    policy->references = 1;
    policy->path = balm_arena_strdup(&policy->arena, path ? path : "");
    policy->root = balm_map(&policy->arena);
    *faults = balm_list(arena);
    code = balm_arena_status(&policy->arena, err);
    if (!code && path) code = read_file(policy, err);
    if (!code) code = check(policy, catalog, arena, faults, err);
    if (code) {
        balm_policy_release(policy);
        return code;
    }
    read_guards(policy);
    announce(policy, now, log);
    *out = policy;
    return BALM_OK;
}

const char *balm_policy_path(const struct balm_policy *policy)
{
    return policy->path;
}

const char *balm_policy_hash(const struct balm_policy *policy)
{
    return policy->hash;
}

struct balm_value balm_policy_value(const struct balm_policy *policy)
{
    return policy->root;
}

const char *balm_policy_role(const struct balm_policy *policy)
{
    return balm_get_string(policy->root, "role", NULL);
}

const char *balm_policy_external_id(const struct balm_policy *policy)
{
    return balm_get_string(policy->root, "external_id", NULL);
}

const char *balm_policy_record(const struct balm_policy *policy)
{
    return balm_get_string(policy->root, "record", NULL);
}

bool balm_policy_requires_permissions(const struct balm_policy *policy)
{
    return balm_get_bool(policy->root, "require_permissions", false);
}

bool balm_policy_has_account(const struct balm_policy *policy, const char *account)
{
    struct balm_value accounts = balm_get(policy->root, "accounts");

    if (balm_is_null(accounts)) return true;
    for (size_t i = 0; i < balm_list_len(accounts); i++) {
        if (balm_is_text(*balm_list_at(accounts, i), account)) return true;
    }
    return false;
}

const struct balm_guard_settings *balm_policy_guards(const struct balm_policy *policy)
{
    return &policy->guards;
}

/* ---- association ---- */

static enum balm_mode mode_of(struct balm_value table, enum balm_mode fallback)
{
    const char *mode = balm_get_string(table, "mode", "");

    if (strcmp(mode, "fix") == 0) return BALM_MODE_FIX;
    if (strcmp(mode, "plan") == 0) return BALM_MODE_PLAN;
    if (strcmp(mode, "off") == 0) return BALM_MODE_OFF;
    return fallback;
}

/* Lays what a table says (the remediation's options, then the policy's) over the association. */
static void lay_over(struct balm_association *out, struct balm_value table)
{
    struct balm_value parameters = balm_get(table, "parameters");

    out->mode = mode_of(table, out->mode);
    out->allow_destructive = balm_get_bool(table, "allow_destructive", out->allow_destructive);
    out->role = balm_get_string(table, "role", out->role);
    out->external_id = balm_get_string(table, "external_id", out->external_id);
    if (parameters.type == BALM_MAP) out->parameters = parameters;
}

/* What is said about a remediation, in whatever spelling of its id. */
static void lay_remediation_over(struct balm_association *out, struct balm_value remediations)
{
    for (size_t i = 0; i < balm_map_len(remediations); i++) {
        const struct balm_entry *entry = balm_map_at(remediations, i);
        if (balm_catalog_same_id(entry->key, out->remediation)) lay_over(out, entry->value);
    }
}

static const struct balm_value *policy_entry(const struct balm_policy *policy,
                                             const struct balm_finding *finding,
                                             const char **matched)
{
    struct balm_value policies = balm_get(policy->root, "policies");
    const struct balm_value *entry = balm_map_get(policies, finding->policy_id);

    *matched = finding->policy_id;
    for (size_t i = 0; !entry && i < balm_list_len(finding->policy_aliases); i++) {
        struct balm_value alias = *balm_list_at(finding->policy_aliases, i);
        if (alias.type != BALM_STRING) continue;
        *matched = alias.as.text;
        entry = balm_map_get(policies, alias.as.text);
    }
    return entry;
}

static bool has_control(const struct balm_version *version, const struct balm_finding *finding,
                        const char **matched)
{
    struct balm_value controls = balm_get(balm_version_declaration(version), "controls");

    for (size_t i = 0; i < balm_list_len(controls); i++) {
        struct balm_value control = *balm_list_at(controls, i);
        *matched = control.as.text;
        if (balm_is_text(control, finding->policy_id)) return true;
        for (size_t k = 0; k < balm_list_len(finding->policy_aliases); k++) {
            if (balm_equal(*balm_list_at(finding->policy_aliases, k), control)) return true;
        }
    }
    return false;
}

/* By the scripts' own `controls`; two that claim one control are an error: the configuration must
   choose. */
static enum balm_code by_controls(struct balm_catalog *catalog, const struct balm_finding *finding,
                                  struct balm_arena *arena, struct balm_association *out,
                                  struct balm_err *err)
{
    struct balm_version **versions;
    struct balm_value faults;
    size_t count = 0;
    const char *matched;
    enum balm_code code = balm_catalog_all(catalog, arena, &versions, &count, &faults, err);

    for (size_t i = 0; i < count; i++) {
        if (!code && has_control(versions[i], finding, &matched)) {
            if (out->remediation) {
                code = balm_fail(err, BALM_E_INPUT,
                                 "%s and %s both list the control %s: say in balm.lua's policies "
                                 "which one is meant",
                                 out->remediation, balm_version_id(versions[i]), matched);
            } else {
                out->remediation = balm_arena_strdup(arena, balm_version_id(versions[i]));
                out->matched = balm_arena_strdup(arena, matched);
            }
        }
        balm_version_release(versions[i]);
    }
    return code;
}

enum balm_code balm_policy_associate(const struct balm_policy *policy, struct balm_catalog *catalog,
                                     const struct balm_finding *finding, struct balm_arena *arena,
                                     struct balm_association *out, struct balm_err *err)
{
    const struct balm_value *entry = NULL;
    enum balm_code code = BALM_OK;

    memset(out, 0, sizeof *out);
    out->matched = "";
    out->parameters = balm_null();
    out->mode = mode_of(policy->root, BALM_MODE_UNSTATED);
    if (finding->remediation[0]) {
        out->remediation = finding->remediation;
    } else {
        entry = policy_entry(policy, finding, &out->matched);
        if (entry) {
            out->remediation = entry->type == BALM_STRING
                                   ? entry->as.text
                                   : balm_get_string(*entry, "remediation", NULL);
        } else {
            out->matched = "";
        }
    }
    if (!out->remediation && balm_get_bool(policy->root, "associate_controls", false)) {
        code = by_controls(catalog, finding, arena, out, err);
    }
    if (code || !out->remediation) return code;
    lay_remediation_over(out, balm_get(policy->root, "remediations"));
    if (entry && entry->type == BALM_MAP) lay_over(out, *entry);
    return BALM_OK;
}

/* ---- exclusion ---- */

/* What an exclusion does not state holds for all. */
static bool is_unstated(struct balm_value exclusion, const char *selector)
{
    return balm_is_null(balm_get(exclusion, selector));
}

static bool fits(struct balm_value exclusion, const char *selector, const char *text)
{
    return is_unstated(exclusion, selector) ||
           balm_text_glob(balm_get_string(exclusion, selector, ""), text);
}

static bool fits_policy(struct balm_value exclusion, const struct balm_finding *finding)
{
    if (is_unstated(exclusion, "policy")) return true;
    if (finding->policy_id[0] && fits(exclusion, "policy", finding->policy_id)) return true;
    for (size_t i = 0; i < balm_list_len(finding->policy_aliases); i++) {
        struct balm_value alias = *balm_list_at(finding->policy_aliases, i);
        if (alias.type == BALM_STRING && fits(exclusion, "policy", alias.as.text)) return true;
    }
    return false;
}

static bool fits_resource(struct balm_value exclusion, struct balm_value resource)
{
    return is_unstated(exclusion, "resource") ||
           balm_resource_fits(resource, balm_get_string(exclusion, "resource", ""));
}

static bool fits_remediation(struct balm_value exclusion, const char *remediation)
{
    return is_unstated(exclusion, "remediation") ||
           balm_catalog_same_id(balm_get_string(exclusion, "remediation", ""), remediation);
}

static bool matches_tag(struct balm_value wanted, struct balm_value tags)
{
    if (wanted.type == BALM_STRING) return balm_map_get(tags, wanted.as.text) != NULL;
    for (size_t i = 0; i < balm_map_len(wanted); i++) {
        const struct balm_entry *entry = balm_map_at(wanted, i);
        if (!balm_equal(balm_get(tags, entry->key), entry->value)) return false;
    }
    return true;
}

static bool matches_unit(struct balm_value wanted, struct balm_value units)
{
    for (size_t i = 0; i < balm_list_len(units); i++) {
        if (balm_equal(*balm_list_at(units, i), wanted)) return true;
    }
    return false;
}

static bool matches(struct balm_value exclusion, const struct balm_exclusion_question *question)
{
    const struct balm_finding *finding = question->finding;
    struct balm_value tag = balm_get(exclusion, "tag");
    struct balm_value unit = balm_get(exclusion, "ou");

    return fits(exclusion, "account", finding->account) &&
           fits(exclusion, "region", finding->region) && fits_policy(exclusion, finding) &&
           fits_resource(exclusion, finding->resource) &&
           fits_remediation(exclusion, question->remediation) &&
           (balm_is_null(tag) || matches_tag(tag, question->tags)) &&
           (balm_is_null(unit) || matches_unit(unit, question->units));
}

bool balm_policy_excludes(const struct balm_policy *policy,
                          const struct balm_exclusion_question *question,
                          struct balm_exclusion *out)
{
    struct balm_value exclude = balm_get(policy->root, "exclude");

    for (size_t i = 0; i < balm_list_len(exclude); i++) {
        struct balm_value exclusion = *balm_list_at(exclude, i);
        if (expiry_of(exclusion) <= question->now || !matches(exclusion, question)) continue;
        out->reason = balm_get_string(exclusion, "reason", "");
        out->owner = balm_get_string(exclusion, "owner", "");
        out->expires = balm_get_string(exclusion, "expires", "");
        return true;
    }
    return false;
}

bool balm_policy_excludes_units(const struct balm_policy *policy)
{
    struct balm_value exclude = balm_get(policy->root, "exclude");

    for (size_t i = 0; i < balm_list_len(exclude); i++) {
        if (!balm_is_null(balm_get(*balm_list_at(exclude, i), "ou"))) return true;
    }
    return false;
}
