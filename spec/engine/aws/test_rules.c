#include "aws/rules.h"
#include "aws/rules_internal.h"
#include "core/json.h"
#include "support/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct balm_arena arena;
static struct balm_err err;

static int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    balm_arena_init(&arena, 0);
    return 0;
}

static struct balm_value json(const char *text)
{
    struct balm_value value;

    assert_int_equal(balm_json_parse(&arena, text, strlen(text), &value, &err), BALM_OK);
    return value;
}

/* A rule set in a pack of its own. */
struct asked {
    struct balm_pack *pack;
    const struct balm_node *rules;
    struct balm_partitions *partitions;
    struct balm_ways *ways; /* NULL: each evaluation is the first */
};

static void open_rules(struct asked *asked, const char *rules)
{
    struct pack_texts texts = {.rules = rules};
    const struct balm_service *service;

    asked->pack = pack_of(&texts);
    assert_non_null(asked->pack);
    assert_int_equal(balm_pack_service(asked->pack, "demo", &service, &err), BALM_OK);
    assert_int_equal(balm_partitions_new(&asked->partitions, asked->pack, &err), BALM_OK);
    asked->rules = balm_service_rules(service);
    asked->ways = NULL;
}

static void close_rules(struct asked *asked)
{
    balm_ways_release(asked->ways);
    balm_partitions_release(asked->partitions);
    balm_pack_release(asked->pack);
}

/* What a rule set answers: the URL, the properties and headers where there are any; or "code:
   error". */
static const char *answer_of(const struct asked *asked, const char *params)
{
    struct balm_rules_result result;
    struct balm_buf buf = BALM_BUF_INIT(1 << 20);
    const char *answer;

    if (balm_rules_evaluate(asked->rules, asked->partitions, asked->ways, json(params), &arena,
                            &result, &err)) {
        (void)balm_buf_addf(&buf, "%s: %s", balm_code_name(err.code), err.message);
    } else {
        (void)balm_buf_adds(&buf, result.url);
        if (balm_map_len(result.properties)) {
            (void)balm_buf_addc(&buf, ' ');
            (void)balm_json_print(&buf, result.properties, BALM_JSON_SORTED);
        }
        if (balm_map_len(result.headers)) {
            (void)balm_buf_addc(&buf, ' ');
            (void)balm_json_print(&buf, result.headers, BALM_JSON_SORTED);
        }
    }
    answer = balm_arena_copy(&arena, buf.bytes, buf.len);
    balm_buf_free(&buf);
    return answer;
}

static const char *ask(const char *rules, const char *params)
{
    struct asked asked;
    const char *answer;

    open_rules(&asked, rules);
    answer = answer_of(&asked, params);
    close_rules(&asked);
    return answer;
}

/* A rule set with the parameters Region and Text; single quotes stand for double ones. */
static const char *rule_set(const char *rules)
{
    char *text = balm_arena_printf(&arena,
                                   "{'version':'1.0','parameters':{"
                                   "'Region':{'type':'String','required':true},"
                                   "'Text':{'type':'string'},"
                                   "'Flag':{'type':'Boolean','default':false},"
                                   "'List':{'type':'stringArray'}},'rules':[%s]}",
                                   rules);
    for (char *c = text; *c; c++) {
        if (*c == '\'') *c = '"';
    }
    return text;
}

/* The text of one expression, as seen in a URL; "unset" where it is not set or does not hold. */
static const char *value_of(const char *expression, const char *text)
{
    const char *rules =
        balm_arena_printf(&arena,
                          "{'type':'endpoint','conditions':[%s],'endpoint':{'url':'{x}'}},"
                          "{'type':'endpoint','conditions':[],'endpoint':{'url':'unset'}}",
                          expression);
    struct balm_value params = balm_map(&arena);
    struct balm_buf buf = BALM_BUF_INIT(4096);
    const char *answer;

    (void)balm_map_set(&arena, params, "Region", balm_string("eu-west-1"));
    if (text) (void)balm_map_set(&arena, params, "Text", balm_string(text));
    (void)balm_json_print(&buf, params, 0);
    answer = ask(rule_set(rules), buf.bytes);
    balm_buf_free(&buf);
    return answer;
}

static bool holds(const char *function, const char *text)
{
    const char *rules =
        balm_arena_printf(&arena,
                          "{'type':'endpoint','conditions':[%s],'endpoint':{'url':'yes'}},"
                          "{'type':'endpoint','conditions':[],'endpoint':{'url':'no'}}",
                          function);
    struct balm_buf buf = BALM_BUF_INIT(4096);
    bool answer;

    (void)balm_buf_adds(&buf, "{\"Region\":\"eu-west-1\",\"Text\":");
    (void)balm_json_quote(&buf, text, strlen(text));
    (void)balm_buf_adds(&buf, "}");
    answer = strcmp(ask(rule_set(rules), buf.bytes), "yes") == 0;
    balm_buf_free(&buf);
    return answer;
}

#define TEXT_ONLY "{'fn':'substring','argv':[{'ref':'Text'},0,4,false],'assign':'x'}"

static void takes_the_first_rule_whose_conditions_hold(void **state)
{
    const char *rules = rule_set(
        "{'type':'endpoint','conditions':[{'fn':'isSet','argv':[{'ref':'Text'}]}],"
        "'endpoint':{'url':'https://{Text}'}},"
        "{'type':'endpoint','conditions':[{'fn':'booleanEquals','argv':[{'ref':'Flag'},true]}],"
        "'endpoint':{'url':'https://flag'}},"
        "{'type':'error','conditions':[],'error':'nothing for {Region}'}");
    (void)state;
    assert_string_equal(ask(rules, "{\"Region\":\"a\",\"Text\":\"b\"}"), "https://b");
    assert_string_equal(ask(rules, "{\"Region\":\"a\",\"Flag\":true}"), "https://flag");
    assert_int_equal(err.code, BALM_OK);
}

static void gives_a_rule_sets_error_in_its_own_words(void **state)
{
    (void)state;
    (void)ask(rule_set("{'type':'error','conditions':[],'error':'nothing for {Region}'}"),
              "{\"Region\":\"mars\"}");
    assert_int_equal(err.code, BALM_E_ARG);
    assert_string_equal(err.message, "nothing for mars");
}

static void goes_on_behind_a_tree_in_which_nothing_holds(void **state)
{
    const char *rules = rule_set(
        "{'type':'tree','conditions':[{'fn':'aws.partition','argv':[{'ref':'Region'}],'assign':'p'}"
        "],"
        "'rules':[{'type':'endpoint','conditions':[{'fn':'isSet','argv':[{'ref':'Text'}]}],"
        "'endpoint':{'url':'https://{p#dnsSuffix}'}}]},"
        "{'type':'endpoint','conditions':[{'fn':'aws.partition','argv':['cn-north-1'],'assign':'p'}"
        "],"
        "'endpoint':{'url':'https://{p#name}'}}");
    (void)state;
    assert_string_equal(ask(rules, "{\"Region\":\"eu-west-1\",\"Text\":\"\"}"),
                        "https://amazonaws.com");
    assert_string_equal(ask(rules, "{\"Region\":\"eu-west-1\"}"), "https://aws-cn");
}

/* The same condition, met twice, of a variable that is another one each time. */
static void a_variable_ends_with_its_rule(void **state)
{
#define IS_B         "{'fn':'stringEquals','argv':[{'ref':'x'},'b']}"
#define ASSIGN(text) "{'fn':'substring','argv':['" text "',0,1,false],'assign':'x'}"
    const char *rules = rule_set("{'type':'endpoint','conditions':[" ASSIGN(
        "a") "," IS_B "],'endpoint':{'url':'first'}},"
             "{'type':'endpoint','conditions':[" ASSIGN(
                 "b") "," IS_B "],'endpoint':{'url':'second'}},"
                      "{'type':'endpoint','conditions':[],'endpoint':{'url':'none'}}");
    (void)state;
    assert_string_equal(ask(rules, "{\"Region\":\"r\"}"), "second");
}

static void fills_in_properties_and_headers(void **state)
{
    const char *rules = rule_set(
        "{'type':'endpoint','conditions':[],'endpoint':{'url':'https://h','properties':"
        "{'authSchemes':[{'name':'sigv4','signingRegion':'{Region}','disableDoubleEncoding':true}],"
        "'n':5},'headers':{'x-region':['{Region}',{'ref':'Region'}]}}}");
    (void)state;
    assert_string_equal(
        ask(rules, "{\"Region\":\"r\"}"),
        "https://h {\"authSchemes\":[{\"disableDoubleEncoding\":true,\"name\":\"sigv4\","
        "\"signingRegion\":\"r\"}],\"n\":5} {\"x-region\":[\"r\",\"r\"]}");
}

static void holds_parameters_against_their_declaration(void **state)
{
    const char *rules = rule_set("{'type':'endpoint','conditions':[],'endpoint':{'url':'u'}}");
    (void)state;
    assert_string_equal(
        ask(rules, "{}"),
        "InvalidArgument: the endpoint needs the parameter Region, which is not set");
    assert_string_equal(ask(rules, "{\"Region\":true}"),
                        "InvalidArgument: the endpoint parameter Region cannot be of type boolean");
    assert_string_equal(ask(rules, "{\"Region\":\"r\",\"Flag\":\"true\"}"),
                        "InvalidArgument: the endpoint parameter Flag cannot be of type string");
    assert_string_equal(ask(rules, "{\"Region\":\"r\",\"Other\":1}"), "u");
}

static void takes_texts_apart(void **state)
{
    (void)state;
    assert_string_equal(value_of(TEXT_ONLY, "abcdef"), "abcd");
    assert_string_equal(
        value_of("{'fn':'substring','argv':[{'ref':'Text'},0,4,true],'assign':'x'}", "abcdef"),
        "cdef");
    assert_string_equal(value_of(TEXT_ONLY, "abc"), "unset");
    assert_string_equal(value_of(TEXT_ONLY, "abcd\xc3\xa9"), "unset");
    assert_string_equal(
        value_of("{'fn':'uriEncode','argv':[{'ref':'Text'}],'assign':'x'}", "a/b c:~"),
        "a%2Fb%20c%3A~");
}

static void reaches_into_arns(void **state)
{
    static const char arn[] = "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-1/bucket:b";
    static const char part[] = "{'fn':'aws.parseArn','argv':[{'ref':'Text'}],'assign':'arn'},"
                               "{'fn':'getAttr','argv':[{'ref':'arn'},'%s'],'assign':'x'}";
    static const char *const expected[][2] = {
        {"partition", "aws"},          {"service", "s3-outposts"},   {"region", "us-west-2"},
        {"accountId", "123456789012"}, {"resourceId[0]", "outpost"}, {"resourceId[1]", "op-1"},
        {"resourceId[3]", "b"},        {"resourceId[4]", "unset"}};
    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        char expression[256];
        const char *slot = strstr(part, "%s");
        (void)snprintf(expression, sizeof expression, "%.*s%s%s", (int)(slot - part), part,
                       expected[i][0], slot + 2);
        assert_string_equal(value_of(expression, arn), expected[i][1]);
    }
}

static void knows_what_an_arn_is(void **state)
{
    static const char is_arn[] = "{'fn':'aws.parseArn','argv':[{'ref':'Text'}]}";
    (void)state;
    assert_true(holds(is_arn, "arn:aws:s3:::bucket"));
    assert_true(holds(is_arn, "arn:aws:s3:r:1:a:b:c"));
    assert_false(holds(is_arn, "arn:aws:s3::bucket"));
    assert_false(holds(is_arn, "arn:aws:s3:::"));
    assert_false(holds(is_arn, "arn::s3:::b"));
    assert_false(holds(is_arn, "xarn:aws:s3:::b"));
    assert_false(holds(is_arn, ""));
}

static void knows_what_a_host_label_is(void **state)
{
    static const char label[] = "{'fn':'isValidHostLabel','argv':[{'ref':'Text'},false]}";
    static const char labels[] = "{'fn':'isValidHostLabel','argv':[{'ref':'Text'},true]}";
    char long_label[65];
    (void)state;
    memset(long_label, 'a', 64);
    long_label[64] = '\0';
    assert_true(holds(label, "eu-west-1"));
    assert_true(holds(label, "EU1"));
    assert_false(holds(label, "a.b"));
    assert_false(holds(label, "-a"));
    assert_false(holds(label, "a_b"));
    assert_false(holds(label, ""));
    assert_false(holds(label, long_label));
    assert_true(holds(label, long_label + 1));
    assert_true(holds(labels, "a.b-c.d"));
    assert_false(holds(labels, "a..b"));
    assert_false(holds(labels, "a.b."));
}

static void knows_which_buckets_may_be_hosts(void **state)
{
    static const char plain[] =
        "{'fn':'aws.isVirtualHostableS3Bucket','argv':[{'ref':'Text'},false]}";
    static const char dotted[] =
        "{'fn':'aws.isVirtualHostableS3Bucket','argv':[{'ref':'Text'},true]}";
    (void)state;
    assert_true(holds(plain, "logs-1"));
    assert_false(holds(plain, "lo"));
    assert_false(holds(plain, "Logs"));
    assert_false(holds(plain, "a.b.c"));
    assert_true(holds(dotted, "my.logs"));
    assert_false(holds(dotted, "192.168.1.1"));
    assert_false(holds(dotted, "a..b"));
}

static const char *url_part(const char *url, const char *part)
{
    char expression[256];

    (void)snprintf(expression, sizeof expression,
                   "{'fn':'parseURL','argv':[{'ref':'Text'}],'assign':'url'},"
                   "{'fn':'getAttr','argv':[{'ref':'url'},'%s'],'assign':'x'}",
                   part);
    return value_of(expression, url);
}

static void takes_urls_apart(void **state)
{
    static const char url[] = "https://host.example:8443/a/./b/../c d";
    (void)state;
    assert_string_equal(url_part("HTTPS://h", "scheme"), "https");
    assert_string_equal(url_part("https://host.example:8443/a/b", "authority"),
                        "host.example:8443");
    assert_string_equal(url_part("https://host.example:8443/a/b", "path"), "/a/b");
    assert_string_equal(url_part("https://h/a/./b/../c", "normalizedPath"), "/a/c/");
    assert_string_equal(url_part("https://h/..", "normalizedPath"), "/");
    assert_string_equal(url_part("https://h", "normalizedPath"), "/");
    assert_string_equal(url_part(url, "scheme"), "unset");
}

static void refuses_urls_that_no_endpoint_has(void **state)
{
    static const char is_url[] = "{'fn':'parseURL','argv':[{'ref':'Text'}]}";
    static const char is_ip[] = "{'fn':'parseURL','argv':[{'ref':'Text'}],'assign':'u'},"
                                "{'fn':'booleanEquals','argv':[{'fn':'getAttr','argv':[{'ref':'u'},"
                                "'isIp']},true]}";
    (void)state;
    assert_true(holds(is_url, "http://localhost:4566"));
    assert_false(holds(is_url, "ftp://h"));
    assert_false(holds(is_url, "https://h?x=1"));
    assert_false(holds(is_url, "https://h/#x"));
    assert_false(holds(is_url, "https://"));
    assert_false(holds(is_url, "https://h:99999"));
    assert_false(holds(is_url, "https://h:x"));
    assert_true(holds(is_ip, "http://127.0.0.1:4566"));
    assert_true(holds(is_ip, "http://[::1]:4566/x"));
    assert_false(holds(is_ip, "http://1.2.3.example"));
}

static void tells_the_partition_of_a_region(void **state)
{
    struct pack_texts texts = {0};
    struct balm_pack *pack = pack_of(&texts);
    struct balm_partitions *partitions;
    static const char *const expected[][3] = {
        {"eu-west-1", "aws", "us-east-1"},
        {"us-new-9", "aws", "us-east-1"},
        {"mars", "aws", "us-east-1"},
        {"aws-global", "aws", "us-east-1"},
        {"cn-north-1", "aws-cn", "cn-northwest-1"},
        {"cn-new-2", "aws-cn", "cn-northwest-1"},
        {"us-gov-west-1", "aws-us-gov", "us-gov-west-1"},
        {"us-iso-east-1", "aws-iso", "us-iso-east-1"},
        {"us-isob-east-1", "aws-iso-b", "us-isob-east-1"},
        {"eu-isoe-west-1", "aws-iso-e", "eu-isoe-west-1"},
        {"us-isof-south-1", "aws-iso-f", "us-isof-south-1"},
        {"eusc-de-east-1", "aws-eusc", "eusc-de-east-1"},
    };
    (void)state;
    assert_non_null(pack);
    assert_int_equal(balm_partitions_new(&partitions, pack, &err), BALM_OK);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct balm_partition *partition = balm_partition_of(partitions, expected[i][0]);
        assert_string_equal(partition->id, expected[i][1]);
        assert_string_equal(partition->home_region, expected[i][2]);
        assert_ptr_equal(balm_partition_by_id(partitions, expected[i][1]), partition);
    }
    assert_string_equal(balm_partition_of(partitions, "cn-north-1")->dns_suffix,
                        "amazonaws.com.cn");
    assert_string_equal(balm_partition_of(partitions, "eusc-de-east-1")->dns_suffix,
                        "amazonaws.eu");
    assert_null(balm_partition_by_id(partitions, "aws-mars"));
    balm_partitions_release(partitions);
    balm_pack_release(pack);
}

static void matches_the_patterns_of_regions(void **state)
{
    static const char aws[] = "^(us|eu|ap)\\-\\w+\\-\\d+$";
    (void)state;
    assert_true(balm_rules_match(aws, "eu-west-1"));
    assert_true(balm_rules_match(aws, "ap-southeast-12"));
    assert_false(balm_rules_match(aws, "us-gov-west-1"));
    assert_false(balm_rules_match(aws, "eu-west-"));
    assert_false(balm_rules_match(aws, "xeu-west-1"));
    assert_true(balm_rules_match("^eusc\\-(de)\\-\\w+\\-\\d+$", "eusc-de-east-1"));
    assert_true(balm_rules_match("^a.?b*$", "ax"));
    assert_false(balm_rules_match("^[a-z]+$", "a"));
    assert_false(balm_rules_match("^(a", "a"));
}

static void names_what_is_wrong_with_a_rule_set(void **state)
{
    static const char *const cases[][2] = {
        {"{'type':'endpoint','conditions':[{'fn':'exec','argv':[]}],'endpoint':{'url':'u'}}",
         "calls an unknown function: exec"},
        {"{'type':'endpoint','conditions':[{'fn':'isSet','argv':[]}],'endpoint':{'url':'u'}}",
         "wrong number of arguments to isSet"},
        {"{'type':'endpoint','conditions':[],'endpoint':{'url':'https://{Nope}'}}",
         "a text needs what is not set: Nope"},
        {"{'type':'endpoint','conditions':[],'endpoint':{'url':'https://{Region'}}",
         "a brace that is not closed"},
        {"{'type':'endpoint','conditions':[],'endpoint':{}}", "an endpoint has no URL"},
        {"{'type':'leaf','conditions':[]}", "a rule is no tree, endpoint or error"},
        {"{'type':'endpoint','conditions':[{'fn':'stringEquals','argv':[{'ref':'Region'},true]}],"
         "'endpoint':{'url':'u'}}",
         "stringEquals needs two strings"},
        {"{'type':'endpoint','conditions':[{'fn':'isSet','argv':['a'],'assign':'Region'}],"
         "'endpoint':{'url':'u'}}",
         "it assigns twice: Region"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *answer = ask(rule_set(cases[i][0]), "{\"Region\":\"r\"}");
        if (!strstr(answer, cases[i][1])) fail_msg("case %zu: %s", i, answer);
        assert_int_equal(err.code, BALM_E_INPUT);
    }
    assert_string_equal(ask(rule_set(""), "{\"Region\":\"r\"}"),
                        "InvalidArgument: no endpoint rule fits these parameters");
}

static void doubled_braces_stand_for_themselves(void **state)
{
    (void)state;
    assert_string_equal(
        ask(rule_set("{'type':'endpoint','conditions':[],'endpoint':{'url':'{{{Region}}}'}}"),
            "{\"Region\":\"r\"}"),
        "{r}");
}

/* Sixteen trees in one another, each of which tries the next one twice: 2^16 ways, none of which
   ends. */
static void a_hostile_rule_set_ends_at_its_limits(void **state)
{
    struct balm_buf deep = BALM_BUF_INIT(1 << 20), wide = BALM_BUF_INIT(8 << 20);
    (void)state;
    for (int i = 0; i < 60; i++) {
        (void)balm_buf_adds(&deep, "{'type':'tree','conditions':[],'rules':[");
    }
    (void)balm_buf_adds(&deep, "{'type':'endpoint','conditions':[],'endpoint':{'url':'end'}}");
    for (int i = 0; i < 60; i++) {
        (void)balm_buf_adds(&deep, "]}");
    }
    assert_string_equal(ask(rule_set(deep.bytes), "{\"Region\":\"r\"}"), "end");

    for (int i = 0; i < 30000; i++) {
        (void)balm_buf_addf(&wide, "%s{'type':'tree','conditions':[],'rules':[]}", i ? "," : "");
    }
    (void)ask(rule_set(wide.bytes), "{\"Region\":\"r\"}");
    assert_int_equal(err.code, BALM_E_LIMIT);
    assert_non_null(strstr(err.message, "too many steps"));
    balm_buf_free(&deep);
    balm_buf_free(&wide);
}

/* Text is what an operation's caller says; Flag and the region stay. */
static void goes_a_way_again_only_as_far_as_it_leads(void **state)
{
    static const char rules[] =
        "{'type':'tree','conditions':[{'fn':'isSet','argv':[{'ref':'Text'}]}],'rules':["
        "  {'type':'endpoint','conditions':["
        "    {'fn':'booleanEquals','argv':[{'ref':'Flag'},true]},"
        "    {'fn':'substring','argv':[{'ref':'Text'},0,1,false],'assign':'first'}],"
        "   'endpoint':{'url':'https://flagged-{first}'}},"
        "  {'type':'endpoint','conditions':["
        "    {'fn':'aws.partition','argv':[{'ref':'Region'}],'assign':'part'},"
        "    {'fn':'aws.parseArn','argv':[{'ref':'Text'}],'assign':'arn'},"
        "    {'fn':'stringEquals','argv':[{'fn':'getAttr','argv':[{'ref':'arn'},'region']},"
        "                                 {'ref':'Region'}]}],"
        "   'endpoint':{'url':'https://{arn#service}.{part#dnsSuffix}'}},"
        "  {'type':'error','conditions':[{'fn':'stringEquals','argv':[{'ref':'Text'},'no']}],"
        "   'error':'not {Text}'},"
        "  {'type':'endpoint','conditions':["
        "    {'fn':'aws.partition','argv':[{'ref':'Region'}],'assign':'part'}],"
        "   'endpoint':{'url':'https://{Text}.{part#dnsSuffix}'}}]},"
        "{'type':'endpoint','conditions':[],'endpoint':{'url':'https://none'}}";
    static const char *const texts[] = {
        "one", "two", "arn:aws:s3:a:1:x", "arn:aws:sqs:a:1:x", "arn:aws:s3:b:1:x", "no", NULL};
    struct asked asked;
    (void)state;

    open_rules(&asked, rule_set(rules));
    assert_int_equal(balm_ways_new(&asked.ways, &err), BALM_OK);
    for (size_t turn = 0; turn < 200; turn++) {
        const char *text = texts[turn * 5 % (sizeof texts / sizeof *texts)];
        const char *params = balm_arena_printf(
            &arena, "{\"Region\":\"%s\",\"Flag\":%s,\"Text\":%s%s%s}", turn % 3 ? "a" : "cn-b",
            turn % 4 ? "false" : "true", text ? "\"" : "", text ? text : "null", text ? "\"" : "");
        struct asked anew = asked;
        anew.ways = NULL;
        assert_string_equal(answer_of(&asked, params), answer_of(&anew, params));
    }
    close_rules(&asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_the_first_rule_whose_conditions_hold, clean),
        cmocka_unit_test_setup(goes_a_way_again_only_as_far_as_it_leads, clean),
        cmocka_unit_test_setup(gives_a_rule_sets_error_in_its_own_words, clean),
        cmocka_unit_test_setup(goes_on_behind_a_tree_in_which_nothing_holds, clean),
        cmocka_unit_test_setup(a_variable_ends_with_its_rule, clean),
        cmocka_unit_test_setup(fills_in_properties_and_headers, clean),
        cmocka_unit_test_setup(holds_parameters_against_their_declaration, clean),
        cmocka_unit_test_setup(takes_texts_apart, clean),
        cmocka_unit_test_setup(reaches_into_arns, clean),
        cmocka_unit_test_setup(knows_what_an_arn_is, clean),
        cmocka_unit_test_setup(knows_what_a_host_label_is, clean),
        cmocka_unit_test_setup(knows_which_buckets_may_be_hosts, clean),
        cmocka_unit_test_setup(takes_urls_apart, clean),
        cmocka_unit_test_setup(refuses_urls_that_no_endpoint_has, clean),
        cmocka_unit_test_setup(tells_the_partition_of_a_region, clean),
        cmocka_unit_test_setup(matches_the_patterns_of_regions, clean),
        cmocka_unit_test_setup(names_what_is_wrong_with_a_rule_set, clean),
        cmocka_unit_test_setup(doubled_braces_stand_for_themselves, clean),
        cmocka_unit_test_setup(a_hostile_rule_set_ends_at_its_limits, clean),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    balm_arena_free(&arena);
    return failed;
}
