#include "engine/remedy/values.h"

#include "remedy/finding.h"

#define RESOURCE "{\"Name\":\"logs\",\"AccountId\":\"123456789012\",\"Region\":\"eu-west-1\"}"
#define PANTHER                                                                                    \
    "{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"AWS.X.One\","                      \
    "\"resource\":" RESOURCE ",\"parameters\":{\"Days\":\"14\"}}}"
#define FINDING(id, more)                                                                          \
    "{\"SchemaVersion\":\"2018-10-08\",\"ProductArn\":\"p\",\"Id\":\"" id "\","                    \
    "\"AwsAccountId\":\"123456789012\",\"Region\":\"eu-west-1\","                                  \
    "\"Compliance\":{\"Status\":\"FAILED\",\"SecurityControlId\":\"S3.14\"}," more                 \
    "\"Resources\":[{\"Type\":\"AwsS3Bucket\",\"Id\":\"arn:aws:s3:::logs\"},"                      \
    "{\"Type\":\"AwsS3Bucket\",\"Id\":\"arn:aws:s3:::more\"}]}"

static struct balm_lua_host *host;
static struct balm_finding *findings;
static size_t count;
static struct balm_err err;

static int set_up(void **state)
{
    int failed = open_host(state);
    host = *state;
    return failed;
}

static void decodes(struct balm_value event, size_t expected)
{
    if (balm_findings_decode(host, event, &arena, &findings, &count, &err)) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(count, expected);
}

static void refuses_value(struct balm_value event, const char *said)
{
    assert_int_equal(balm_findings_decode(host, event, &arena, &findings, &count, &err),
                     BALM_E_INPUT);
    expect_part(err.message, said);
    assert_int_equal(count, 0);
}

static void refuses(const char *event, const char *said)
{
    refuses_value(json(event), said);
}

/* event as the body of an SQS message. */
static struct balm_value wrapped(struct balm_value event)
{
    struct balm_value envelope = json("{\"Records\":[{\"eventSource\":\"aws:sqs\"}]}");

    balm_map_set(&arena, balm_path(envelope, "Records.0"), "body", balm_string(as_json(event)));
    return envelope;
}

static struct balm_value wrapped_often(const char *event, int times)
{
    struct balm_value value = json(event);

    for (int i = 0; i < times; i++)
        value = wrapped(value);
    return value;
}

static enum balm_code by_hand(const char *resource, const char *region, struct balm_finding *out)
{
    return balm_finding_manual(out, "AWS.X.One", json(resource), balm_map(&arena), region, &arena,
                               &err);
}

static void by_hand_refuses(const char *resource, const char *region, const char *said)
{
    struct balm_finding finding;

    assert_int_not_equal(by_hand(resource, region, &finding), BALM_OK);
    expect_part(err.message, said);
}

/* ---- the normal form ---- */

static void an_event_of_panther_names_its_remediation(void **state)
{
    (void)state;
    decodes(json(PANTHER), 1);
    assert_string_equal(findings->source, "panther");
    assert_string_equal(findings->kind, "finding");
    assert_string_equal(findings->remediation, "AWS.X.One");
    assert_string_equal(findings->policy_id, "");
    assert_string_equal(findings->account, "123456789012");
    assert_string_equal(findings->region, "eu-west-1");
    assert_string_equal(findings->status, "fail");
    assert_string_equal(balm_get_string(findings->parameters, "Days", ""), "14");
    assert_string_equal(balm_get_string(findings->resource, "Name", ""), "logs");
}

static void an_event_may_ask_for_the_list(void **state)
{
    (void)state;
    decodes(json("{\"action\":\"listRemediations\"}"), 1);
    assert_string_equal(findings->kind, "list");
}

static void each_resource_of_a_finding_is_one_of_its_own(void **state)
{
    (void)state;
    decodes(json(FINDING("f-1", "\"GeneratorId\":\"prowler-s3_versioning\",")), 2);
    assert_string_equal(findings[0].policy_id, "S3.14");
    assert_true(balm_is_text(*balm_list_at(findings[0].policy_aliases, 1), "s3_versioning"));
    assert_string_equal(balm_get_string(findings[0].resource, "Name", ""), "logs");
    assert_string_equal(balm_get_string(findings[1].resource, "Name", ""), "more");
    assert_string_equal(balm_get_string(findings[1].resource, "AccountId", ""), "123456789012");
    assert_string_equal(balm_get_string(findings[1].resource, "Region", ""), "eu-west-1");
}

static void what_security_hub_has_closed_is_not_failing(void **state)
{
    static const char *const closed[][2] = {
        {FINDING("f", "\"RecordState\":\"ARCHIVED\","), "archived"},
        {FINDING("f", "\"Workflow\":{\"Status\":\"SUPPRESSED\"},"), "suppressed"},
        {FINDING("f", "\"Workflow\":{\"Status\":\"NOTIFIED\"},"), "suppressed"},
        {FINDING("f", "\"Workflow\":{\"Status\":\"RESOLVED\"},"), "pass"},
        {FINDING("f", "\"Workflow\":{\"Status\":\"NEW\"},"), "fail"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        decodes(json(closed[i][0]), 2);
        assert_string_equal(findings->status, closed[i][1]);
    }
}

static void envelopes_are_opened_five_deep(void **state)
{
    (void)state;
    decodes(wrapped_often(PANTHER, 5), 1);
    assert_string_equal(findings->remediation, "AWS.X.One");
    refuses_value(wrapped_often(PANTHER, 6), "wrapped more than 5 times");
}

static void a_list_holds_events_of_any_format(void **state)
{
    (void)state;
    decodes(json("[" PANTHER ",{\"Findings\":[" FINDING("f", "") "]}]"), 3);
    assert_string_equal(findings[0].source, "panther");
    assert_string_equal(findings[2].source, "securityhub");
}

static void the_resource_always_says_account_and_region(void **state)
{
    (void)state;
    decodes(
        json("{\"policyId\":\"P.1\",\"resourceId\":\"arn:aws:rds:eu-west-1:123456789012:db:a\"}"),
        1);
    assert_string_equal(findings->policy_id, "P.1");
    assert_string_equal(findings->partition, "aws");
    assert_string_equal(balm_get_string(findings->resource, "AccountId", ""), "123456789012");
    assert_string_equal(balm_get_string(findings->resource, "Region", ""), "eu-west-1");
}

/* ---- bad shapes ---- */

static void an_event_must_be_an_object(void **state)
{
    (void)state;
    refuses("5", "must be a JSON object, this is a number");
    refuses("\"text\"", "must be a JSON object, this is a string");
    refuses("true", "must be a JSON object, this is a boolean");
    refuses("null", "must be a JSON object, this is null");
    refuses("[" PANTHER ",null]", "must be a JSON object, this is null");
}

static void an_unknown_format_is_told_by_its_keys(void **state)
{
    (void)state;
    refuses("{\"b\":1,\"a\":2}", "top-level keys are: a, b");
    refuses("{}", "top-level keys are: none");
    refuses("{\"action\":\"explode\"}", "unknown_format");
    refuses("{\"detail-type\":\"Own\",\"source\":\"me\"}", "\"Own\"");
}

static void an_event_is_understood_or_refused_as_a_whole(void **state)
{
    (void)state;
    refuses("[" PANTHER ",{\"un\":\"known\"}]", "unknown_format");
    refuses("{\"Findings\":[" FINDING("f-1", "") ",{\"Id\":\"f-2\"}]}", "f-2 has no Resources");
}

static void members_of_other_types_are_as_good_as_absent(void **state)
{
    static const char *const odd[] = {"\"ProductFields\":7,", "\"ProductFields\":null,",
                                      "\"GeneratorId\":[],",  "\"Severity\":\"HIGH\",",
                                      "\"Workflow\":7,",      "\"UpdatedAt\":{},"};

    (void)state;
    decodes(json("{\"policyId\":\"P\",\"resourceId\":\"arn:aws:rds:eu-west-1:123456789012:db:x\","
                 "\"remediateResource\":null}"),
            1);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        decodes(json(balm_arena_printf(&arena, FINDING("f-1", "%s"), odd[i])), 2);
        assert_string_equal(findings->policy_id, "S3.14");
    }
}

static void what_a_finding_must_have_is_named(void **state)
{
    (void)state;
    refuses("{\"SchemaVersion\":\"2018-10-08\",\"ProductArn\":\"p\",\"Findings\":5}",
            "Findings must be a list");
    refuses("{\"Findings\":[5]}", "must be an object with an Id");
    refuses("{\"Findings\":[{\"Id\":\"f-1\",\"Resources\":[null]}]}", "no Id in Resources[1]");
}

static void what_panther_s_event_lacks_is_named(void **state)
{
    (void)state;
    refuses("{\"action\":\"remediate\"}", "payload");
    refuses("{\"action\":\"remediate\",\"payload\":{\"resource\":" RESOURCE "}}", "remediationId");
    refuses("{\"action\":\"remediate\",\"payload\":{\"remediationId\":7,\"resource\":" RESOURCE
            "}}",
            "remediationId");
    refuses("{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"AWS.X.One\"}}", "resource");
    refuses("{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"AWS.X.One\","
            "\"resource\":[],\"parameters\":\"x\"}}",
            "parameters");
}

static void parameters_are_an_object(void **state)
{
    (void)state;
    refuses("{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"AWS.X.One\","
            "\"resource\":" RESOURCE ",\"parameters\":[\"x\"]}}",
            "parameters must be an object");
    decodes(json("{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"AWS.X.One\","
                 "\"resource\":" RESOURCE ",\"parameters\":[]}}"),
            1);
}

static void an_account_is_a_text_of_12_digits(void **state)
{
    static const char *const accounts[] = {"\"12\"",
                                           "\"1234567890123\"",
                                           "\"12345678901x\"",
                                           "\"\"",
                                           "123456789012",
                                           "null",
                                           "[\"123456789012\"]",
                                           "\" 23456789012\"",
                                           "\"123456789012\\u0000\""};

    (void)state;
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++) {
        refuses_value(json(balm_arena_printf(&arena,
                                             "{\"action\":\"remediate\",\"payload\":{"
                                             "\"remediationId\":\"AWS.X.One\",\"resource\":{"
                                             "\"AccountId\":%s,\"Region\":\"eu-west-1\"}}}",
                                             accounts[i])),
                      "12 digits");
    }
    refuses("{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"AWS.X.One\",\"resource\":{"
            "\"AccountId\":123456789012,\"Region\":\"eu-west-1\"}}}",
            "got integer");
}

static void a_region_is_one_label_of_a_host(void **state)
{
    static const char *const regions[] = {
        "\"eu-west-1.evil.example\"", "\"\"", "\"-\"", "\"eu west\"", "7", "\"a/b\"", "\"a@b\""};

    (void)state;
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        refuses_value(json(balm_arena_printf(&arena,
                                             "{\"action\":\"remediate\",\"payload\":{"
                                             "\"remediationId\":\"AWS.X.One\",\"resource\":{"
                                             "\"AccountId\":\"123456789012\",\"Region\":%s}}}",
                                             regions[i])),
                      "is not a region");
    }
}

/* The command's own region is no guess: a name may be another resource's there. */
static void an_event_without_a_region_is_refused(void **state)
{
    (void)state;
    refuses_value(json("{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"AWS.X.One\","
                       "\"resource\":{\"AccountId\":\"123456789012\"}}}"),
                  "does not say where the resource is");
}

/* ---- by hand ---- */

static void a_finding_made_by_hand_is_like_any_other(void **state)
{
    struct balm_finding finding;

    (void)state;
    assert_int_equal(by_hand(RESOURCE, NULL, &finding), BALM_OK);
    assert_string_equal(finding.source, "manual");
    assert_string_equal(finding.remediation, "AWS.X.One");
    assert_string_equal(finding.status, "fail");
    assert_string_equal(finding.region, "eu-west-1");
    assert_string_equal(balm_get_string(finding.resource, "Name", ""), "logs");
}

static void the_command_s_region_stands_in_for_the_resource_s(void **state)
{
    struct balm_finding finding;

    (void)state;
    assert_int_equal(by_hand("{\"AccountId\":\"123456789012\"}", "eu-north-1", &finding), BALM_OK);
    assert_string_equal(balm_get_string(finding.resource, "Region", ""), "eu-north-1");
    assert_int_equal(by_hand(RESOURCE, "eu-north-1", &finding), BALM_OK);
    assert_string_equal(finding.region, "eu-west-1");
    by_hand_refuses("{\"AccountId\":\"123456789012\"}", NULL, "--region");
    /* A region that is none is no reason to take another. */
    by_hand_refuses("{\"AccountId\":\"123456789012\",\"Region\":7}", "eu-north-1", "Region");
}

static void a_resource_by_hand_is_an_object(void **state)
{
    (void)state;
    by_hand_refuses("[\"logs\"]", "eu-west-1", "must be a JSON object");
    by_hand_refuses("\"logs\"", "eu-west-1", "must be a JSON object");
    by_hand_refuses("null", "eu-west-1", "must be a JSON object");
    by_hand_refuses("{\"AccountId\":\"1\",\"Region\":\"eu-west-1\"}", NULL, "12 digits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(an_event_of_panther_names_its_remediation),
        CLEAN(an_event_may_ask_for_the_list),
        CLEAN(each_resource_of_a_finding_is_one_of_its_own),
        CLEAN(what_security_hub_has_closed_is_not_failing),
        CLEAN(envelopes_are_opened_five_deep),
        CLEAN(a_list_holds_events_of_any_format),
        CLEAN(the_resource_always_says_account_and_region),
        CLEAN(an_event_must_be_an_object),
        CLEAN(an_unknown_format_is_told_by_its_keys),
        CLEAN(an_event_is_understood_or_refused_as_a_whole),
        CLEAN(members_of_other_types_are_as_good_as_absent),
        CLEAN(what_a_finding_must_have_is_named),
        CLEAN(what_panther_s_event_lacks_is_named),
        CLEAN(parameters_are_an_object),
        CLEAN(an_account_is_a_text_of_12_digits),
        CLEAN(a_region_is_one_label_of_a_host),
        CLEAN(an_event_without_a_region_is_refused),
        CLEAN(a_finding_made_by_hand_is_like_any_other),
        CLEAN(the_command_s_region_stands_in_for_the_resource_s),
        CLEAN(a_resource_by_hand_is_an_object),
    };
    return cmocka_run_group_tests(tests, set_up, close_host);
}
