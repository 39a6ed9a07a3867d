#include "engine/remedy/values.h"

#include "core/file.h"
#include "core/time.h"
#include "remedy/policy.h"
#include "remedy/tags.h"
#include "support/scratch.h"

#include <unistd.h>

#define SCRIPT(id, more)                                                                           \
    "return { id = \"" id "\", parameters = {}, fix = function() end, " more "}\n"

static char folder[SCRATCH_MAX];
static struct balm_catalog *catalog;
static struct balm_policy *policy;
static int log_pipe[2];
static struct balm_log logger = {.level = BALM_LOG_INFO, .json = true};
static struct balm_err err;

static const struct script {
    const char *file, *text;
} scripts[] = {
    {"own_one.lua", SCRIPT("Own.One", "controls = { \"C.1\", \"C.2\" }")},
    {"own_two.lua", SCRIPT("Own.Two", "controls = { \"C.2\" }")},
    /* A file whose name is not its id's. */
    {"elsewhere.lua", SCRIPT("Own.Three", "")},
};

static void save(const char *name, const char *text)
{
    const char *path = balm_arena_printf(&arena, "%s/%s", folder, name);

    if (balm_file_write(path, text, strlen(text), 0600, &err)) fail_msg("%s", err.message);
}

static void drop(const char *name)
{
    unlink(balm_arena_printf(&arena, "%s/%s", folder, name));
}

static int open_all(void **state)
{
    const char *dirs[] = {folder};
    const struct balm_catalog_options options = {
        .dirs = dirs, .dir_count = 1, .lua_dir = "lua", .limits = BALM_LIMITS_DEFAULT};

    (void)state;
    if (!scratch_folder(folder)) return 1;
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        save(scripts[i].file, scripts[i].text);
    return balm_catalog_new(&catalog, &options, &err) ? 1 : 0;
}

static int close_all(void **state)
{
    balm_catalog_release(catalog);
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        drop(scripts[i].file);
    clean(state);
    return rmdir(folder);
}

static int open_log(void **state)
{
    (void)state;
    if (pipe(log_pipe) != 0) return 1;
    logger.fd = log_pipe[1];
    return 0;
}

static int end_test(void **state)
{
    balm_policy_release(policy);
    policy = NULL;
    close(log_pipe[0]);
    close(log_pipe[1]);
    drop("balm.config");
    return clean(state);
}

/* All that was logged since the test began. */
static const char *logged(void)
{
    char *text = balm_arena_zalloc(&arena, 8192);

    (void)!write(log_pipe[1], "\n", 1); /* so that reading does not wait */
    assert_true(read(log_pipe[0], text, 8191) > 0);
    return text;
}

static int64_t at(const char *time)
{
    int64_t micros = 0;

    assert_true(balm_time_parse(time, strlen(time), &micros));
    return micros;
}

/* Loads the text of a configuration as of a time. */
static enum balm_code load_at(const char *text, const char *time)
{
    struct balm_value faults;

    save("balm.config", text);
    balm_policy_release(policy);
    policy = NULL;
    return balm_policy_load(&policy, balm_arena_printf(&arena, "%s/balm.config", folder), catalog,
                            at(time), &logger, &arena, &faults, &err);
}

/* body: what stands within the configuration's table. */
static void holds(const char *body)
{
    if (load_at(balm_arena_printf(&arena, "return { %s }", body), "2026-11-23")) {
        fail_msg("%s: %s", body, err.message);
    }
}

static void refuses(const char *body, const char *said)
{
    if (load_at(balm_arena_printf(&arena, "return { %s }", body), "2026-11-23") != BALM_E_INPUT) {
        fail_msg("taken: %s", body);
    }
    expect_part(err.message, said);
}

static struct balm_finding finding(const char *remediation, const char *policy_id,
                                   const char *aliases)
{
    struct balm_finding out = {
        .account = "111122223333", .region = "eu-west-1", .policy_id = policy_id};

    out.remediation = remediation;
    out.policy_aliases = json(aliases);
    out.resource = json("{\"Name\":\"logs-1\",\"Arn\":\"arn:aws:s3:::logs-1\","
                        "\"Tags\":{\"env\":\"test\",\"team\":\"a\"}}");
    return out;
}

static struct balm_association associated(struct balm_finding with)
{
    struct balm_association out;

    if (balm_policy_associate(policy, catalog, &with, &arena, &out, &err)) {
        fail_msg("%s", err.message);
    }
    return out;
}

static struct balm_association of_policy(const char *policy_id)
{
    return associated(finding("", policy_id, "[]"));
}

static struct balm_association of_remediation(const char *remediation)
{
    return associated(finding(remediation, "", "[]"));
}

static bool excluded_at(struct balm_finding with, const char *time)
{
    struct balm_exclusion out;

    const struct balm_exclusion_question question = {.finding = &with,
                                                     .remediation = with.remediation,
                                                     .tags = balm_finding_tags(&with, &arena),
                                                     .now = at(time)};
    return balm_policy_excludes(policy, &question, &out);
}

#define EXCLUDE(what)                                                                              \
    "exclude = { { " what ", reason = \"r\", owner = \"o\", expires = \"2027-06-30\" } }"

/* Does an exclusion that states this hold for Own.One on the bucket logs-1? */
static bool excludes(const char *what)
{
    holds(balm_arena_printf(&arena, EXCLUDE("%s"), what));
    return excluded_at(finding("Own.One", "P.1", "[\"P.alias\"]"), "2027-01-01");
}

/* ---- what may be said ---- */

static void nothing_need_be_said(void **state)
{
    struct balm_value faults;

    (void)state;
    assert_int_equal(balm_policy_load(&policy, NULL, catalog, 0, NULL, &arena, &faults, &err),
                     BALM_OK);
    assert_string_equal(balm_policy_path(policy), "");
    assert_string_equal(balm_policy_hash(policy), "");
    assert_true(balm_policy_has_account(policy, "111122223333"));
    assert_int_equal(of_remediation("Own.One").mode, BALM_MODE_UNSTATED);
    assert_null(of_policy("P.1").remediation);
    holds("");
    assert_int_equal(strlen(balm_policy_hash(policy)), 64);
}

static void all_that_may_be_said_is_taken(void **state)
{
    const struct balm_guard_settings *guards;

    (void)state;
    holds(
        "role = \"arn:{partition}:iam::{account}:role/Fix-{region}\", external_id = \"x\",\n"
        "accounts = { \"111122223333\" }, mode = \"plan\", associate_controls = true,\n"
        "require_permissions = true, guards = { per_hour = 100, per_hour_per_account = 20,\n"
        "  breaker = { of = 10, share = 0.25, minutes = 5 }, flapping = { times = 2, hours = 1 },\n"
        "  kill_switch = { file = \"/x\", parameter = \"/y\" }, managed = \"fix\" },\n"
        "policies = { [\"P.1\"] = \"Own.One\", [\"P.2\"] = { remediation = \"Own.Two\",\n"
        "  mode = \"fix\", parameters = { Days = 1 }, allow_destructive = true,\n"
        "  role = \"arn:aws:iam::{account}:role/Other\", external_id = \"y\" } },\n"
        "remediations = { [\"Own.One\"] = { allow_destructive = true } },\n" EXCLUDE(
            "account = \"111122223333\", region = \"eu-*\", resource = \"*\", tag = \"env\", "
            "policy = \"P.*\", remediation = \"Own.One\""));
    assert_string_equal(balm_policy_role(policy),
                        "arn:{partition}:iam::{account}:role/Fix-{region}");
    assert_string_equal(balm_policy_external_id(policy), "x");
    assert_true(balm_policy_requires_permissions(policy));
    guards = balm_policy_guards(policy);
    assert_int_equal(guards->per_hour, 100);
    assert_int_equal(guards->per_hour_per_remediation, 200); /* Balm's own */
    assert_int_equal(guards->breaker_of, 10);
    assert_true(guards->breaker_share == 0.25);
    assert_int_equal(guards->breaker_minutes, 5);
    assert_int_equal(guards->flapping_times, 2);
    assert_int_equal(guards->flapping_hours, 1);
    assert_true(guards->fixes_managed);
    assert_string_equal(guards->stop_file, "/x");
    assert_string_equal(guards->stop_parameter, "/y");
    assert_null(guards->stop_region);
}

static void a_typo_in_a_key_is_told_with_the_nearest(void **state)
{
    (void)state;
    refuses("acounts = {}", "acounts: unknown key, did you mean accounts?");
    refuses("quux = 1", "quux: unknown key");
    refuses("policies = { P = { remediation = \"Own.One\", mod = \"fix\" } }",
            "policies[\"P\"].mod: unknown key, did you mean mode?");
    refuses("remediations = { [\"Own.One\"] = { allow_destructiv = true } }",
            "remediations[\"Own.One\"].allow_destructiv: unknown key, did you mean");
    refuses(EXCLUDE("acount = \"111122223333\""), "exclude[1].acount: unknown key");
    refuses("mode = \"fix\", \"stray\"", "1: unknown key");
}

static void an_account_is_a_text_of_12_digits(void **state)
{
    static const char *const accounts[] = {
        "111122223333",     "\"11112222333\"", "\"1111222233334\"",
        "\"11112222333x\"", "\"*\"",           "true"};

    (void)state;
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++) {
        refuses(balm_arena_printf(&arena, "accounts = { \"444455556666\", %s }", accounts[i]),
                "accounts[2]: must be an account as a text of 12 digits");
        refuses(balm_arena_printf(&arena, EXCLUDE("account = %s"), accounts[i]),
                "exclude[1].account: must be an account");
    }
    refuses("accounts = \"111122223333\"", "accounts: must be a list");
}

static void a_date_must_be_one(void **state)
{
    static const char *const dates[] = {"\"2027-13-01\"",  "\"2027-02-30\"", "\"30.06.2027\"",
                                        "\"tomorrow\"",    "20270630",       "\"1814313600\"",
                                        "\"2027-06-30x\"", "\"\"",           "\"2027-6-30\""};

    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        refuses(balm_arena_printf(&arena,
                                  "exclude = { { region = \"x\", reason = \"r\", owner = \"o\", "
                                  "expires = %s } }",
                                  dates[i]),
                "exclude[1].expires: must be a date such as");
    }
}

static void what_does_not_exist_is_refused(void **state)
{
    (void)state;
    refuses("policies = { P = \"Own.Four\" }",
            "policies[\"P\"]: there is no remediation \"Own.Four\"");
    refuses("policies = { P = { remediation = \"Own.Four\" } }", "there is no remediation");
    refuses("policies = { P = { mode = \"fix\" } }", "policies[\"P\"].remediation: missing");
    refuses("remediations = { [\"Own.Four\"] = {} }", "there is no remediation \"Own.Four\"");
    refuses(EXCLUDE("remediation = \"Own.Four\""), "there is no remediation \"Own.Four\"");
    refuses("guards = { per_houur = 3 }", "guards.per_houur: unknown key, did you mean per_hour?");
    holds("policies = { P = \"Own.Three\" }");
}

static void each_value_has_its_type(void **state)
{
    static const char *const bad[][2] = {
        {"mode = \"fixx\"", "mode: must be one of"},
        {"mode = true", "mode: must be one of"},
        {"role = \"BalmRole\"", "role: must be a role's ARN"},
        {"role = \"arn:aws:iam::{acount}:role/X\"", "{acount} is unknown"},
        {"role = \"arn:aws:iam::{account:role/X\"", "role: "},
        {"external_id = \"\"", "external_id: must be a text that is not empty"},
        {"external_id = 5", "external_id: must be a text"},
        {"associate_controls = \"yes\"", "associate_controls: must be true or false"},
        {"require_permissions = 1", "require_permissions: must be true or false"},
        {"guards = { per_hour = 0 }", "guards.per_hour: must be a whole number of at least 1"},
        {"guards = { per_hour = \"5\" }", "guards.per_hour"},
        {"guards = { per_hour = 1.5 }", "guards.per_hour"},
        {"guards = true", "guards: must be a table"},
        {"guards = { managed = true }", "guards.managed: must be \"skip\" or \"fix\""},
        {"guards = { tags = true }", "guards.tags: must be \"event\" or \"ask\""},
        {"guards = { breaker = { share = 0 } }", "guards.breaker.share: must be a number above 0"},
        {"guards = { breaker = { share = 50 } }", "guards.breaker.share"},
        {"guards = { breaker = { of = 5000 } }", "guards.breaker.of: must be a whole number of 1"},
        {"guards = { breaker = 5 }", "guards.breaker: must be a table"},
        {"guards = { flapping = { time = 5 } }", "guards.flapping.time: unknown key"},
        {"guards = { kill_switch = { file = \"\" } }", "guards.kill_switch.file"},
        {"guards = { kill_switch = \"/x\" }", "guards.kill_switch: must be a table"},
        {"policies = { \"Own.One\" }", "policies: must be a table"},
        {"policies = { P = 5 }", "policies[\"P\"]: must be a table"},
        {"policies = { P = { remediation = \"Own.One\", parameters = 5 } }", "parameters"},
        {"policies = { P = { remediation = \"Own.One\", parameters = { 5 } } }", "parameters"},
        {"remediations = { [\"Own.One\"] = \"plan\" }", "must be a table"},
        {"exclude = { account = \"111122223333\" }", "exclude: must be a list"},
        {"exclude = { 5 }", "exclude[1]: must be a table"},
        {EXCLUDE("region = 5"), "exclude[1].region"},
        {EXCLUDE("resource = { \"a\" }"), "exclude[1].resource"},
        {EXCLUDE("ou = \"sandbox\""), "exclude[1].ou: must be the id of an organizational unit"},
        {EXCLUDE("tag = 5"), "exclude[1].tag"},
        {EXCLUDE("tag = { env = 5 }"), "exclude[1].tag"},
        {EXCLUDE("tag = { \"env\" }"), "exclude[1].tag"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(bad[i][0], bad[i][1]);
}

static void an_exclusion_says_what_why_who_and_until_when(void **state)
{
    (void)state;
    refuses("exclude = { { region = \"x\" } }", "exclude[1].reason: missing");
    refuses("exclude = { { region = \"x\" } }", "exclude[1].owner: missing");
    refuses("exclude = { { region = \"x\" } }", "exclude[1].expires: missing");
    refuses(EXCLUDE("reason = \"all of it\""), "says nothing to exclude");
}

static void all_faults_are_told_at_once(void **state)
{
    (void)state;
    refuses("mode = \"x\", acounts = {}, guards = { per_hour = 0 }", "mode: ");
    expect_part(err.message, "acounts: ");
    expect_part(err.message, "guards.per_hour: ");
    expect_part(err.message, "balm.config: ");
}

static void a_value_of_another_type_is_told_with_its_own(void **state)
{
    (void)state;
    refuses("record = 3", "record: must be a text that is not empty, got integer");
}

static void a_file_that_is_no_table_of_lua_is_refused(void **state)
{
    (void)state;
    assert_int_not_equal(load_at("return {", "2026-11-23"), BALM_OK);
    expect_part(err.message, "balm.config:1:");
    assert_int_not_equal(load_at("return 5", "2026-11-23"), BALM_OK);
    expect_part(err.message, "must be a table");
    assert_int_not_equal(load_at("", "2026-11-23"), BALM_OK);
    assert_int_equal(load_at("while true do end", "2026-11-23"), BALM_E_INPUT);
    expect_part(err.message, "balm.config:1: the script "); /* its steps, or its time */
    assert_int_not_equal(load_at("return os.getenv('HOME')", "2026-11-23"), BALM_OK);
    assert_int_not_equal(load_at("return { role = function() end }", "2026-11-23"), BALM_OK);
    expect_part(err.message, "role");
}

/* ---- where Balm may act ---- */

static void accounts_are_the_ones_listed(void **state)
{
    (void)state;
    holds("accounts = { \"111122223333\" }");
    assert_true(balm_policy_has_account(policy, "111122223333"));
    assert_false(balm_policy_has_account(policy, "444455556666"));
    holds("accounts = {}, exclude = {}");
    assert_false(balm_policy_has_account(policy, "111122223333"));
}

/* ---- association ---- */

static void a_policy_finds_its_remediation(void **state)
{
    struct balm_association found;

    (void)state;
    holds("policies = { [\"P.1\"] = \"Own.One\", [\"P.alias\"] = \"Own.Two\" }");
    found = of_policy("P.1");
    assert_string_equal(found.remediation, "Own.One");
    assert_string_equal(found.matched, "P.1");
    assert_int_equal(found.mode, BALM_MODE_UNSTATED);
    assert_false(found.allow_destructive);
    assert_null(of_policy("P.3").remediation);
}

static void an_alias_stands_in_for_the_policy_s_id(void **state)
{
    struct balm_association found;

    (void)state;
    holds("policies = { [\"P.alias\"] = \"Own.Two\", [\"P.last\"] = \"Own.One\" }");
    found = associated(finding("", "P.1", "[\"x\",7,\"P.alias\",\"P.last\"]"));
    assert_string_equal(found.remediation, "Own.Two");
    assert_string_equal(found.matched, "P.alias");
}

static void the_nearest_statement_of_a_mode_counts(void **state)
{
    (void)state;
    holds("mode = \"plan\", remediations = { [\"Own.One\"] = { mode = \"off\" } },\n"
          "policies = { P = { remediation = \"Own.One\", mode = \"fix\" }, Q = \"Own.One\", "
          "R = \"Own.Two\" }");
    assert_int_equal(of_policy("P").mode, BALM_MODE_FIX);
    assert_int_equal(of_policy("Q").mode, BALM_MODE_OFF);
    assert_int_equal(of_policy("R").mode, BALM_MODE_PLAN);
    assert_int_equal(of_remediation("Own.One").mode, BALM_MODE_OFF);
    assert_int_equal(of_remediation("Own.Two").mode, BALM_MODE_PLAN);
}

static void what_is_said_of_a_policy_lies_over_what_is_said_of_its_remediation(void **state)
{
    struct balm_association found;

    (void)state;
    holds("remediations = { [\"Own.One\"] = { allow_destructive = true, external_id = \"r\",\n"
          "  role = \"arn:aws:iam::{account}:role/R\", parameters = { A = 1 } } },\n"
          "policies = { P = { remediation = \"Own.One\", allow_destructive = false,\n"
          "  role = \"arn:aws:iam::{account}:role/P\", parameters = { B = 2 } } }");
    found = of_policy("P");
    assert_false(found.allow_destructive);
    assert_string_equal(found.role, "arn:aws:iam::{account}:role/P");
    assert_string_equal(found.external_id, "r");
    assert_string_equal(as_json(found.parameters), "{\"B\":2}");
    found = of_remediation("Own.One");
    assert_true(found.allow_destructive);
    assert_string_equal(as_json(found.parameters), "{\"A\":1}");
}

/* Files are found without regard to case, dots and underscores, so such an id is taken: then it
   must count as well. */
static void an_id_in_another_spelling_is_the_same(void **state)
{
    (void)state;
    holds("remediations = { [\"own.ONE\"] = { mode = \"off\" } }");
    assert_int_equal(of_remediation("Own.One").mode, BALM_MODE_OFF);
    assert_true(excludes("remediation = \"own_one\""));
}

static void a_control_arms_no_script_unless_told_to(void **state)
{
    (void)state;
    holds("");
    assert_null(of_policy("C.1").remediation);
    holds("associate_controls = true");
    assert_string_equal(of_policy("C.1").remediation, "Own.One");
    assert_string_equal(of_policy("C.1").matched, "C.1");
    assert_null(of_policy("C.3").remediation);
    assert_string_equal(associated(finding("", "x", "[\"C.1\"]")).remediation, "Own.One");
}

static void two_scripts_with_one_control_leave_the_choice_to_the_configuration(void **state)
{
    struct balm_finding two = finding("", "C.2", "[]");
    struct balm_association found;

    (void)state;
    holds("associate_controls = true");
    assert_int_equal(balm_policy_associate(policy, catalog, &two, &arena, &found, &err),
                     BALM_E_INPUT);
    expect_part(err.message, "Own.One and Own.Two both list the control C.2");
    holds("associate_controls = true, policies = { [\"C.2\"] = \"Own.Two\" }");
    assert_string_equal(associated(two).remediation, "Own.Two");
}

static void what_is_said_of_a_remediation_holds_where_a_control_led_to_it(void **state)
{
    (void)state;
    holds("associate_controls = true, remediations = { [\"Own.One\"] = { mode = \"plan\" } }");
    assert_int_equal(of_policy("C.1").mode, BALM_MODE_PLAN);
}

/* ---- exclusion ---- */

static void an_exclusion_is_by_any_of_its_selectors(void **state)
{
    static const char *const in[] = {
        "account = \"111122223333\"", "region = \"eu-west-1\"",
        "region = \"eu-*\"",          "resource = \"logs-1\"",
        "resource = \"logs-?\"",      "resource = \"arn:aws:s3:::logs*\"",
        "resource = \"*\"",           "remediation = \"Own.One\"",
        "policy = \"P.1\"",           "policy = \"P.*\"",
        "policy = \"P.alias\"",       "tag = \"env\"",
        "tag = { env = \"test\" }",   "tag = { env = \"test\", team = \"a\" }"};
    static const char *const out[] = {"account = \"444455556666\"",
                                      "region = \"eu-west\"",
                                      "region = \"us-*\"",
                                      "resource = \"logs\"",
                                      "resource = \"*logs\"",
                                      "remediation = \"Own.Two\"",
                                      "policy = \"P\"",
                                      "tag = \"stage\"",
                                      "tag = { env = \"prod\" }",
                                      "tag = { env = \"test\", team = \"b\" }"};

    (void)state;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        if (!excludes(in[i])) fail_msg("excludes nothing: %s", in[i]);
    }
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        if (excludes(out[i])) fail_msg("excludes: %s", out[i]);
    }
}

static void all_selectors_of_an_exclusion_must_hold(void **state)
{
    (void)state;
    assert_true(excludes("account = \"111122223333\", region = \"eu-*\", tag = \"env\""));
    assert_false(excludes("account = \"111122223333\", region = \"us-*\", tag = \"env\""));
}

static void a_resource_without_a_name_is_among_all(void **state)
{
    struct balm_finding nameless = finding("Own.One", "", "[]");

    (void)state;
    nameless.resource = json("{}");
    holds(EXCLUDE("resource = \"*\""));
    assert_true(excluded_at(nameless, "2027-01-01"));
    holds(EXCLUDE("resource = \"?*\""));
    assert_false(excluded_at(nameless, "2027-01-01"));
}

static void an_exclusion_names_its_reason_and_owner(void **state)
{
    struct balm_finding one = finding("Own.One", "P.1", "[]");
    struct balm_exclusion why;

    (void)state;
    holds(
        "exclude = { { region = \"us-*\", reason = \"no\", owner = \"n\", expires = \"2027-06-30\""
        " }, { region = \"eu-*\", reason = \"yes\", owner = \"y\", expires = \"2027-06-30\" } }");
    assert_true(balm_policy_excludes(policy,
                                     &(struct balm_exclusion_question){.finding = &one,
                                                                       .remediation = "Own.One",
                                                                       .now = at("2027-01-01")},
                                     &why));
    assert_string_equal(why.reason, "yes");
    assert_string_equal(why.owner, "y");
    assert_string_equal(why.expires, "2027-06-30");
}

static void an_exclusion_ends_with_its_day(void **state)
{
    struct balm_finding one = finding("Own.One", "P.1", "[]");

    (void)state;
    holds(EXCLUDE("region = \"eu-*\""));
    assert_true(excluded_at(one, "2027-06-30T23:59:59Z"));
    assert_false(excluded_at(one, "2027-07-01T00:00:00Z"));
    holds("exclude = { { region = \"eu-*\", reason = \"r\", owner = \"o\", "
          "expires = \"2027-06-30T12:00:00+02:00\" } }");
    assert_true(excluded_at(one, "2027-06-30T09:59:59Z"));
    assert_false(excluded_at(one, "2027-06-30T10:00:00Z"));
}

/* What is logged where the exclusion until 2027-06-30 is loaded at a time. */
static const char *announced(const char *time)
{
    if (load_at("return { " EXCLUDE("region = \"eu-*\"") " }", time)) fail_msg("%s", err.message);
    return logged();
}

static void an_exclusion_is_announced_14_days_before_it_ends(void **state)
{
    (void)state;
    assert_string_equal(announced("2027-06-16T23:59:59Z"), "\n");
    expect_part(announced("2027-06-17T00:00:00Z"), "exclude[1] (r, o) expires on 2027-06-30");
    expect_part(announced("2027-06-30T23:59:59Z"), "exclude[1] (r, o) expires on 2027-06-30");
    expect_part(announced("2027-07-01T00:00:00Z"), "expired on 2027-06-30 and excludes nothing");
}

/* ---- the newest valid one ---- */

/* A source over a loop that stands still: no notice comes. */
static struct balm_loop *loop;
static struct balm_policy_source *source;

static int open_source(void **state)
{
    struct balm_policy_source_options options = {.catalog = catalog, .log = &logger};
    struct balm_value faults;

    if (open_log(state) || balm_loop_new(&loop, &err)) return 1;
    save("balm.config", "return { mode = \"fix\" }");
    options.loop = loop;
    options.path = balm_arena_printf(&arena, "%s/balm.config", folder);
    return balm_policy_source_new(&source, &options, &arena, &faults, &err) ? 1 : 0;
}

static int close_source(void **state)
{
    balm_policy_source_release(source);
    balm_loop_release(loop);
    return end_test(state);
}

static enum balm_mode current_mode(void)
{
    usleep(2000);
    balm_policy_release(policy);
    policy = balm_policy_source_current(source);
    return of_remediation("Own.One").mode;
}

static void a_changed_configuration_is_used_without_a_notice(void **state)
{
    (void)state;
    assert_int_equal(current_mode(), BALM_MODE_FIX);
    save("balm.config", "return { mode = \"plan\" }");
    assert_int_equal(current_mode(), BALM_MODE_PLAN);
    drop("balm.config");
    assert_int_equal(current_mode(), BALM_MODE_PLAN);
    save("balm.config", "return { mode = \"off\" }");
    assert_int_equal(current_mode(), BALM_MODE_OFF);
}

static void a_bad_configuration_leaves_the_old_one_and_is_told_once(void **state)
{
    const char *text;

    (void)state;
    save("balm.config", "return { mode = \"fixx\" }");
    for (int i = 0; i < 5; i++)
        assert_int_equal(current_mode(), BALM_MODE_FIX);
    text = logged();
    expect_part(text, "mode: must be one of");
    assert_null(strstr(strstr(text, "mode:") + 1, "mode:"));
    save("balm.config", "return { mode = \"plan\" }");
    assert_int_equal(current_mode(), BALM_MODE_PLAN);
    save("balm.config", "return { mode = \"fixx\" }");
    assert_int_equal(current_mode(), BALM_MODE_PLAN);
    expect_part(logged(), "mode: must be one of");
}

static void a_file_that_says_the_same_is_no_news(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        save("balm.config", "return { mode = \"fix\" }");
        assert_int_equal(current_mode(), BALM_MODE_FIX);
    }
    assert_string_equal(logged(), "\n");
}

#define WITH_LOG(test)    cmocka_unit_test_setup_teardown(test, open_log, end_test)
#define WITH_SOURCE(test) cmocka_unit_test_setup_teardown(test, open_source, close_source)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(nothing_need_be_said),
        WITH_LOG(all_that_may_be_said_is_taken),
        WITH_LOG(a_typo_in_a_key_is_told_with_the_nearest),
        WITH_LOG(an_account_is_a_text_of_12_digits),
        WITH_LOG(a_date_must_be_one),
        WITH_LOG(what_does_not_exist_is_refused),
        WITH_LOG(each_value_has_its_type),
        WITH_LOG(an_exclusion_says_what_why_who_and_until_when),
        WITH_LOG(all_faults_are_told_at_once),
        WITH_LOG(a_file_that_is_no_table_of_lua_is_refused),
        WITH_LOG(a_value_of_another_type_is_told_with_its_own),
        WITH_LOG(accounts_are_the_ones_listed),
        WITH_LOG(a_policy_finds_its_remediation),
        WITH_LOG(an_alias_stands_in_for_the_policy_s_id),
        WITH_LOG(the_nearest_statement_of_a_mode_counts),
        WITH_LOG(what_is_said_of_a_policy_lies_over_what_is_said_of_its_remediation),
        WITH_LOG(an_id_in_another_spelling_is_the_same),
        WITH_LOG(a_control_arms_no_script_unless_told_to),
        WITH_LOG(two_scripts_with_one_control_leave_the_choice_to_the_configuration),
        WITH_LOG(what_is_said_of_a_remediation_holds_where_a_control_led_to_it),
        WITH_LOG(an_exclusion_is_by_any_of_its_selectors),
        WITH_LOG(all_selectors_of_an_exclusion_must_hold),
        WITH_LOG(a_resource_without_a_name_is_among_all),
        WITH_LOG(an_exclusion_names_its_reason_and_owner),
        WITH_LOG(an_exclusion_ends_with_its_day),
        WITH_LOG(an_exclusion_is_announced_14_days_before_it_ends),
        WITH_SOURCE(a_changed_configuration_is_used_without_a_notice),
        WITH_SOURCE(a_bad_configuration_leaves_the_old_one_and_is_told_once),
        WITH_SOURCE(a_file_that_says_the_same_is_no_news),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
