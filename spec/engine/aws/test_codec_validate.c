#include "support/codec.h"

/* What is wrong with params, one problem a line. */
static const char *problems_of(const char *service, const char *name, const char *json)
{
    const struct balm_operation *operation = operation_of(service, name);
    struct balm_value params =
        balm_normalise_input(operation, value_of(json), true, "token", &arena);
    struct balm_value problems = balm_null(), warnings;
    enum balm_code code =
        balm_validate_input(operation, params, &arena, &problems, &warnings, &err);

    assert_int_equal(code, balm_list_len(problems) ? BALM_E_ARG : BALM_OK);
    return json_of(problems, 0);
}

static void names_every_problem_at_once(void **state)
{
    const char *told;
    (void)state;
    told = problems_of("s3", "PutBucketVersioning",
                       "{\"VersioningConfiguration\":{\"Statsu\":\"Enabled\",\"MFADelete\":5}}");
    assert_non_null(strstr(told, "Bucket: missing, required (string)"));
    assert_non_null(strstr(told, "VersioningConfiguration.Statsu: unknown member, did you mean "
                                 "\\\"Status\\\"?"));
    assert_non_null(
        strstr(told, "VersioningConfiguration.MFADelete: expected string, got integer"));
    assert_non_null(strstr(err.message, "(and 2 more problems)"));
}

static void a_problem_says_where_it_is(void **state)
{
    const char *told;
    (void)state;
    told = problems_of("ec2", "RunInstances",
                       "{\"MinCount\":1,\"MaxCount\":\"5\",\"BlockDeviceMappings\":[{},{\"Ebs\":"
                       "{\"VolumeSize\":20,\"VolumeTyp\":\"gp3\"}}]}");
    assert_non_null(strstr(told, "\"MaxCount: expected integer"));
    assert_non_null(strstr(told, "\"BlockDeviceMappings[1].Ebs.VolumeTyp: unknown member"));
    told = problems_of("dynamodb", "PutItem",
                       "{\"TableName\":\"runs\",\"Item\":{\"a.b\":{\"L\":[{\"S\":1}]}}}");
    assert_string_equal(told, "[\"Item.a.b.L[0].S: expected string, got integer\"]");
    assert_string_equal(problems_of("s3", "ListBuckets", "5"),
                        "[\"parameters: expected map, got integer\"]");
}

static void a_place_with_a_name_too_long_is_told_in_part(void **state)
{
    struct balm_buf json = BALM_BUF_INIT(BALM_BUF_MAX);
    (void)state;
    (void)balm_buf_addf(&json, "{\"TableName\":\"runs\",\"Item\":{\"%05000d\":{\"S\":1}}}", 0);
    assert_string_equal(problems_of("dynamodb", "PutItem", json.bytes),
                        "[\"Item.: expected string, got integer\"]");
    balm_buf_free(&json);
}

/* The caller's may be gone before the call is over. */
static void what_is_normalised_needs_nothing_of_what_was_given(void **state)
{
    static const char json[] =
        "{\"TableName\":\"t\",\"Item\":{\"key\":{\"M\":{\"a\":{\"L\":[{\"S\":\"x\"},{\"B\":"
        "\"aGk=\"}]}}}},\"Unknown\":{\"b\":[\"y\"]}}";
    struct balm_arena given_in = BALM_ARENA_INIT;
    struct balm_value given, params;
    (void)state;
    assert_int_equal(balm_json_parse(&given_in, json, strlen(json), &given, &err), BALM_OK);
    params = balm_normalise_input(operation_of("dynamodb", "PutItem"), given, true, NULL, &arena);
    balm_arena_wipe(&given_in);
    assert_string_equal(json_of(params, BALM_JSON_COMPACT), json);
}

static void a_value_outside_an_enum_is_only_a_warning(void **state)
{
    const struct balm_operation *operation = operation_of("s3", "PutBucketVersioning");
    struct balm_value params =
        value_of("{\"Bucket\":\"b\",\"VersioningConfiguration\":{\"Status\":\"Perhaps\"}}");
    struct balm_value problems, warnings;
    (void)state;
    assert_int_equal(balm_validate_input(operation, params, &arena, &problems, &warnings, &err),
                     BALM_OK);
    assert_int_equal(balm_list_len(problems), 0);
    assert_int_equal(balm_list_len(warnings), 1);
    assert_non_null(strstr(balm_list_at(warnings, 0)->as.text, "VersioningConfiguration.Status"));
}

static void a_value_of_a_sensitive_member_is_not_told(void **state)
{
    (void)state;
    assert_non_null(strstr(
        problems_of("backup", "UntagResource", "{\"ResourceArn\":\"a\",\"TagKeyList\":\"s3cret\"}"),
        "TagKeyList: expected list, got string\""));
    assert_non_null(strstr(problems_of("ec2", "DescribeInstances", "{\"InstanceIds\":\"i-1\"}"),
                           "InstanceIds: expected list, got string \\\"i-1\\\""));
}

/* Each would be compared with every name that the model has: a second of the loop's time. */
static void faults_without_number_cost_no_more_than_a_hundred(void **state)
{
    const struct balm_operation *operation = operation_of("ec2", "RunInstances");
    struct balm_value params = balm_map(&arena), problems;
    size_t used;
    int i;
    (void)state;
    for (i = 0; i < 20000; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "Instanc%dType", i);
        (void)balm_map_put(&arena, params, name, strlen(name), balm_null());
    }
    used = arena.used;
    assert_int_equal(balm_validate_input(operation, params, &arena, &problems, NULL, &err),
                     BALM_E_ARG);
    assert_int_equal(balm_list_len(problems), 100);
    assert_in_range(arena.used - used, 1, 200000);
}

static void blobs_and_times_are_read_from_json(void **state)
{
    (void)state;
    assert_string_equal(problems_of("kms", "Encrypt", "{\"KeyId\":\"k\",\"Plaintext\":\"aGk=\"}"),
                        "[]");
    assert_non_null(
        strstr(problems_of("kms", "Encrypt", "{\"KeyId\":\"k\",\"Plaintext\":\"no base64!\"}"),
               "Plaintext: expected bytes as base64 text"));
    assert_non_null(strstr(problems_of("cloudtrail", "LookupEvents", "{\"StartTime\":\"soon\"}"),
                           "StartTime: expected timestamp"));
}

static void a_bucket_that_could_choose_the_host_is_refused(void **state)
{
    (void)state;
    assert_non_null(
        strstr(problems_of("s3", "GetBucketVersioning", "{\"Bucket\":\"evil.com/#\"}"), "Bucket:"));
}

static void an_unsent_write_answers_with_what_is_not_known(void **state)
{
    struct balm_value answer =
        balm_unknown_output(operation_of("ec2", "CreateVolume"), "ec2:CreateVolume", &arena);
    (void)state;
    assert_int_equal(balm_get(answer, "VolumeId").type, BALM_UNKNOWN);
    assert_string_equal(balm_get(answer, "VolumeId").as.text, "ec2:CreateVolume.VolumeId");
    assert_int_equal(balm_get(answer, "Attachments").type, BALM_LIST);
    assert_int_equal(balm_list_len(balm_get(answer, "Attachments")), 0);
}

/* The request's header of that name, or "". */
static const char *header_of(const char *service, const char *name, const char *json,
                             const char *header)
{
    const struct balm_operation *operation = operation_of(service, name);
    struct balm_request request;
    const char *found;

    balm_request_init(&request, &arena);
    if (balm_serialise(operation, value_of(json), &request, &err)) fail_msg("%s", err.message);
    found = balm_request_header(&request, header);
    found = balm_arena_strdup(&arena, found ? found : "");
    balm_request_free(&request);
    return found;
}

static void a_required_checksum_is_crc32_unless_another_is_asked_for(void **state)
{
    static const char plain[] = "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":\"123456789\"}";
    (void)state;
    assert_string_equal(header_of("s3", "PutObject", plain, "x-amz-checksum-crc32"), "y/Q5Jg==");
    assert_string_equal(header_of("s3", "PutObject", plain, "x-amz-sdk-checksum-algorithm"),
                        "CRC32");
    assert_string_equal(header_of("s3", "PutObject",
                                  "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":\"123456789\","
                                  "\"ChecksumAlgorithm\":\"CRC32C\"}",
                                  "x-amz-checksum-crc32c"),
                        "4waSgw==");
    assert_string_equal(header_of("s3", "PutObject",
                                  "{\"Bucket\":\"b\",\"Key\":\"k\",\"Body\":\"123456789\","
                                  "\"ChecksumAlgorithm\":\"CRC64NVME\"}",
                                  "x-amz-checksum-crc64nvme"),
                        "rosUhgp5mIg=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(names_every_problem_at_once, clean),
        cmocka_unit_test_teardown(a_problem_says_where_it_is, clean),
        cmocka_unit_test_teardown(a_place_with_a_name_too_long_is_told_in_part, clean),
        cmocka_unit_test_teardown(what_is_normalised_needs_nothing_of_what_was_given, clean),
        cmocka_unit_test_teardown(a_value_outside_an_enum_is_only_a_warning, clean),
        cmocka_unit_test_teardown(a_value_of_a_sensitive_member_is_not_told, clean),
        cmocka_unit_test_teardown(faults_without_number_cost_no_more_than_a_hundred, clean),
        cmocka_unit_test_teardown(blobs_and_times_are_read_from_json, clean),
        cmocka_unit_test_teardown(a_bucket_that_could_choose_the_host_is_refused, clean),
        cmocka_unit_test_teardown(an_unsent_write_answers_with_what_is_not_known, clean),
        cmocka_unit_test_teardown(a_required_checksum_is_crc32_unless_another_is_asked_for, clean),
    };
    return cmocka_run_group_tests(tests, open_pack, close_pack);
}
