/* Answers and errors of every protocol. The first byte says of which operation, the second whether
   all was well; what follows is the body. */
#include "aws/codec.h"
#include "fuzz/fuzz.h"

#include <string.h>

static const struct {
    const char *service, *operation;
} asked[] = {
    {"ec2", "DescribeInstances"},   {"s3", "ListObjectsV2"},
    {"s3", "GetBucketAcl"},         {"iam", "GetAccountSummary"},
    {"sts", "AssumeRole"},          {"sqs", "ReceiveMessage"},
    {"dynamodb", "Scan"},           {"lambda", "GetFunction"},
    {"route53", "ListHostedZones"}, {"cloudwatch", "GetMetricData"},
    {"kms", "DescribeKey"},         {"s3", "GetBucketLocation"},
    {"rds", "DescribeDBInstances"}, {"iot", "DescribeThing"},
    {"glacier", "ListVaults"},      {"apigateway", "GetRestApis"},
    {"logs", "GetLogEvents"},       {"xray", "BatchGetTraces"},
};

#define COUNT (sizeof asked / sizeof *asked)

static const struct balm_operation *operations[COUNT];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct balm_pack *pack; /* for as long as the process lives */
    struct balm_err err;

    (void)argc, (void)argv;
    FUZZ_HOLDS(balm_pack_open(&pack, "build/models.pack", &err) == BALM_OK);
    for (size_t i = 0; i < COUNT; i++) {
        const struct balm_service *service;
        FUZZ_HOLDS(balm_pack_service(pack, asked[i].service, &service, &err) == BALM_OK);
        FUZZ_HOLDS(balm_service_operation(service, asked[i].operation, &operations[i], &err) ==
                   BALM_OK);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_response response;
    struct balm_value value = balm_null();
    const struct balm_operation *operation;
    struct balm_err err;

    if (len < 2) return 0;
    operation = operations[bytes[0] % COUNT];
    balm_response_init(&response, BALM_BUF_MAX);
    response.status = bytes[1] & 1 ? 400 : 200;
    if (bytes[1] & 2) (void)balm_response_add_header(&response, "x-amzn-errortype", 16, "E:x", 3);
    (void)balm_buf_add(&response.body, bytes + 2, len - 2);
    if (response.status == 400 || balm_response_hides_error(operation, &response)) {
        balm_parse_error(operation, &response, &arena, &err, &value);
        FUZZ_HOLDS(err.code == BALM_E_AWS && err.aws_code[0]);
    } else {
        (void)balm_response_request_id(&response, &arena);
        (void)balm_parse_response(operation, balm_null(), &response, &arena, &value, &err);
    }
    balm_response_free(&response);
    balm_arena_free(&arena);
    return 0;
}
