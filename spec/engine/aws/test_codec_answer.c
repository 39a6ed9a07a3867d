#include "support/codec.h"

/* What an answer of that body says, as JSON; or what is wrong with it. */
static const char *reads(const char *service, const char *name, const char *header,
                         const char *body)
{
    struct balm_response response;
    struct balm_value read = balm_null();
    enum balm_code code;

    fill_response(&response, 200, header, body);
    code = balm_parse_response(operation_of(service, name), balm_null(), &response, &arena, &read,
                               &err);
    if (!code) read = balm_copy(&arena, read);
    balm_response_free(&response);
    if (!code) return json_of(read, BALM_JSON_SECRETS);
    assert_int_equal(code, BALM_E_INPUT);
    return err.message;
}

static const char *fails(const char *service, const char *name, int status, const char *header,
                         const char *body)
{
    struct balm_response response;
    struct balm_value detail = balm_null();

    fill_response(&response, status, header, body);
    balm_parse_error(operation_of(service, name), &response, &arena, &err, &detail);
    detail = balm_copy(&arena, detail);
    balm_response_free(&response);
    assert_int_equal(err.code, BALM_E_AWS);
    return json_of(detail, 0);
}

static void query_answers_begin_in_their_wrapper(void **state)
{
    (void)state;
    assert_string_equal(
        reads("iam", "ListAccessKeys", NULL,
              "<ListAccessKeysResponse><ListAccessKeysResult><IsTruncated>false</IsTruncated>"
              "<AccessKeyMetadata><member><UserName>u</UserName><Status>Active</Status>"
              "<CreateDate>2026-11-23T08:00:00Z</CreateDate></member></AccessKeyMetadata>"
              "</ListAccessKeysResult></ListAccessKeysResponse>"),
        "{\"IsTruncated\":false,\"AccessKeyMetadata\":[{\"UserName\":\"u\",\"Status\":\"Active\","
        "\"CreateDate\":\"2026-11-23T08:00:00Z\"}]}");
    assert_non_null(strstr(reads("iam", "ListAccessKeys", NULL, "<a/>"), "lacks "));
}

static void empty_lists_are_there_and_absent_ones_are_not(void **state)
{
    (void)state;
    assert_string_equal(reads("ec2", "DescribeFlowLogs", NULL,
                              "<DescribeFlowLogsResponse><flowLogSet/></DescribeFlowLogsResponse>"),
                        "{\"FlowLogs\":[]}");
    assert_string_equal(reads("ec2", "DescribeFlowLogs", NULL, "<DescribeFlowLogsResponse/>"),
                        "{}");
}

static void an_element_is_every_member_of_its_name(void **state)
{
    (void)state;
    assert_string_equal(reads("s3", "GetBucketNotification", NULL,
                              "<NotificationConfiguration><QueueConfiguration><Id>q</Id>"
                              "<Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
                              "</NotificationConfiguration>"),
                        "{\"QueueConfiguration\":{\"Id\":\"q\",\"Event\":\"s3:ObjectCreated:*\","
                        "\"Events\":[\"s3:ObjectCreated:*\"]}}");
    assert_string_equal(reads("s3", "GetBucketNotification", NULL,
                              "<NotificationConfiguration><TopicConfiguration><Event>a</Event>"
                              "<Event>b</Event></TopicConfiguration></NotificationConfiguration>"),
                        "{\"TopicConfiguration\":{\"Events\":[\"a\",\"b\"],\"Event\":\"a\"}}");
}

static void integers_keep_all_64_bits(void **state)
{
    (void)state;
    assert_non_null(strstr(reads("dynamodb", "DescribeTable", NULL,
                                 "{\"Table\":{\"TableSizeBytes\":9007199254740993}}"),
                           "9007199254740993"));
}

static void documents_with_a_type_of_their_own_are_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(reads("s3", "GetBucketVersioning", NULL,
                                 "<!DOCTYPE x [<!ENTITY a \"b\">]><x><Status>&a;</Status></x>"),
                           "document type"));
}

static void what_cannot_be_read_says_where(void **state)
{
    (void)state;
    assert_non_null(strstr(reads("kms", "DescribeKey", NULL, "{\"KeyMetadata\":["),
                           "kms:DescribeKey: the answer cannot be read"));
    assert_non_null(strstr(reads("kms", "DescribeKey", NULL, "{\"KeyMetadata\":5}"),
                           "KeyMetadata: expected an object, got integer"));
    assert_non_null(strstr(reads("s3", "GetBucketVersioning", NULL, "<a><b></a>"), "line 1"));
}

static void a_buckets_region_is_the_roots_own_text(void **state)
{
    (void)state;
    assert_string_equal(reads("s3", "GetBucketLocation", NULL,
                              "<LocationConstraint>eu-west-1</LocationConstraint>"),
                        "{\"LocationConstraint\":\"eu-west-1\"}");
}

static void policies_come_decoded(void **state)
{
    (void)state;
    assert_string_equal(
        reads("iam", "GetRolePolicy", NULL,
              "<r><GetRolePolicyResult><PolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D"
              "</PolicyDocument></GetRolePolicyResult></r>"),
        "{\"PolicyDocument\":{\"Version\":\"2012-10-17\"}}");
}

static void a_listing_is_decoded_where_the_encoding_was_not_asked_for(void **state)
{
    (void)state;
    assert_non_null(strstr(reads("s3", "ListObjectsV2", NULL,
                                 "<r><EncodingType>url</EncodingType><Contents><Key>a%20b%2Bc</Key>"
                                 "</Contents></r>"),
                           "\"Key\":\"a b+c\""));
}

static void a_body_that_is_not_what_its_checksum_says_is_refused(void **state)
{
    (void)state;
    assert_string_equal(
        reads("s3", "GetObject", "x-amz-checksum-crc32:y/Q5Jg==", "123456789"),
        "{\"Body\":\"MTIzNDU2Nzg5\",\"ChecksumCRC32\":\"y/Q5Jg==\",\"Metadata\":{}}");
    assert_non_null(strstr(reads("s3", "GetObject", "x-amz-checksum-crc32:y/Q5Jg==", "12345678"),
                           "does not match"));
}

static void each_protocol_tells_errors_in_its_own_way(void **state)
{
    (void)state;
    (void)fails("iam", "GetUser", 404, NULL,
                "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no u</Message></Error>"
                "<RequestId>r1</RequestId></ErrorResponse>");
    assert_string_equal(err.aws_code, "NoSuchEntity");
    assert_string_equal(err.message, "no u");
    (void)fails("ec2", "DescribeInstances", 400, NULL,
                "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>"
                "<Message>m</Message></Error></Errors><RequestID>r2</RequestID></Response>");
    assert_string_equal(err.aws_code, "InvalidInstanceID.NotFound");
    (void)fails("dynamodb", "GetItem", 400, NULL,
                "{\"__type\":\"com.amazonaws.dynamodb#ResourceNotFoundException\","
                "\"message\":\"m\"}");
    assert_string_equal(err.aws_code, "ResourceNotFoundException");
    (void)fails("lambda", "GetFunction", 404,
                "x-amzn-errortype:ResourceNotFoundException:http://x/", "{\"Message\":\"m\"}");
    assert_string_equal(err.aws_code, "ResourceNotFoundException");
    assert_string_equal(
        fails("s3", "GetBucketPolicy", 404, "x-amz-request-id:r3",
              "<Error><Code>NoSuchBucketPolicy</Code><Message>m</Message><BucketName>b"
              "</BucketName><RequestId>r3</RequestId></Error>"),
        "{\"Error\":{\"Code\":\"NoSuchBucketPolicy\",\"Message\":\"m\",\"BucketName\":\"b\"},"
        "\"ResponseMetadata\":{\"HTTPStatusCode\":404,\"RequestId\":\"r3\"}}");
}

static void an_error_without_words_is_named_after_its_status(void **state)
{
    (void)state;
    (void)fails("s3", "HeadBucket", 403, NULL, "");
    assert_string_equal(err.aws_code, "403");
    assert_string_equal(err.message, "Forbidden");
    (void)fails("dynamodb", "GetItem", 502, NULL, "<html><body>Bad gateway</body></html>");
    assert_string_equal(err.aws_code, "502");
    assert_string_equal(err.message, "Bad Gateway");
    (void)fails("s3", "HeadBucket", 404, NULL,
                "<Error><Code>NoSuch<Code>NoSuchBucket</Code></Code></Error>");
    assert_string_equal(err.aws_code, "404");
    (void)fails("s3", "HeadBucket", 404, NULL, "<Error><Code></Code></Error>");
    assert_string_equal(err.aws_code, "404");
}

static void an_error_behind_a_good_status_is_seen(void **state)
{
    const struct balm_operation *copy = operation_of("s3", "CopyObject");
    struct balm_response response;
    (void)state;
    fill_response(&response, 200, NULL,
                  "<?xml version=\"1.0\"?>\n<Error><Code>Slow</Code></Error>");
    assert_true(balm_response_hides_error(copy, &response));
    balm_response_free(&response);
    fill_response(&response, 200, NULL, "   ");
    assert_true(balm_response_hides_error(copy, &response));
    balm_response_free(&response);
    fill_response(&response, 200, NULL, "<CopyObjectResult/>");
    assert_false(balm_response_hides_error(copy, &response));
    balm_response_free(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(query_answers_begin_in_their_wrapper, clean),
        cmocka_unit_test_teardown(empty_lists_are_there_and_absent_ones_are_not, clean),
        cmocka_unit_test_teardown(an_element_is_every_member_of_its_name, clean),
        cmocka_unit_test_teardown(integers_keep_all_64_bits, clean),
        cmocka_unit_test_teardown(documents_with_a_type_of_their_own_are_refused, clean),
        cmocka_unit_test_teardown(what_cannot_be_read_says_where, clean),
        cmocka_unit_test_teardown(a_buckets_region_is_the_roots_own_text, clean),
        cmocka_unit_test_teardown(policies_come_decoded, clean),
        cmocka_unit_test_teardown(a_listing_is_decoded_where_the_encoding_was_not_asked_for, clean),
        cmocka_unit_test_teardown(a_body_that_is_not_what_its_checksum_says_is_refused, clean),
        cmocka_unit_test_teardown(each_protocol_tells_errors_in_its_own_way, clean),
        cmocka_unit_test_teardown(an_error_without_words_is_named_after_its_status, clean),
        cmocka_unit_test_teardown(an_error_behind_a_good_status_is_seen, clean),
    };
    return cmocka_run_group_tests(tests, open_pack, close_pack);
}
