/*
 * answers: how fast a large answer becomes a value, and how much memory that takes.
 *
 * Usage: answers MODELS.PACK     prints "name MB/s times" a line: times is the memory that the
 *                                value takes beside the answer, in sizes of the answer
 */
#include "aws/codec.h"
#include "core/clock.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE ((size_t)10 << 20)
#define RUNS 5

struct answer {
    const char *name, *service, *operation;
    const char *head, *item, *between, *tail; /* item holds two numbers */
};

static const struct answer answers[] = {
    {"JSON, DynamoDB Scan", "dynamodb", "Scan", "{\"Items\":[",
     "{\"id\":{\"S\":\"order-%08zu\"},\"total\":{\"N\":\"%zu.50\"},\"paid\":{\"BOOL\":true},"
     "\"lines\":{\"L\":[{\"M\":{\"sku\":{\"S\":\"A-1\"},\"count\":{\"N\":\"2\"}}}]},"
     "\"note\":{\"S\":\"leave it at the door, please\"}}",
     ",", "],\"Count\":1,\"ScannedCount\":1}"},
    {"JSON, Security Hub findings", "securityhub", "GetFindings", "{\"Findings\":[",
     "{\"SchemaVersion\":\"2018-10-08\",\"Id\":\"arn:aws:securityhub:eu-west-1:123456789012:"
     "finding/"
     "%zu\",\"ProductArn\":\"arn:aws:securityhub:eu-west-1::product/aws/securityhub\","
     "\"GeneratorId\":\"security-control/S3.14\",\"AwsAccountId\":\"123456789012\",\"CreatedAt\":"
     "\"2026-01-02T03:04:05.678Z\",\"UpdatedAt\":\"2026-01-02T03:04:05.678Z\",\"Severity\":{"
     "\"Label\":\"LOW\",\"Normalized\":1},\"Title\":\"S3 buckets should have versioning\","
     "\"Description\":\"This control says whether bucket %zu keeps earlier "
     "versions.\",\"Resources\":"
     "[{\"Type\":\"AwsS3Bucket\",\"Id\":\"arn:aws:s3:::demo\",\"Partition\":\"aws\",\"Region\":"
     "\"eu-west-1\"}],\"Compliance\":{\"Status\":\"FAILED\",\"SecurityControlId\":\"S3.14\"},"
     "\"Workflow\":{\"Status\":\"NEW\"},\"RecordState\":\"ACTIVE\"}",
     ",", "]}"},
    {"XML, EC2 DescribeInstances", "ec2", "DescribeInstances",
     "<DescribeInstancesResponse><requestId>r</requestId><reservationSet>",
     "<item><reservationId>r-%08zx</reservationId><ownerId>123456789012</ownerId><groupSet/>"
     "<instancesSet><item><instanceId>i-%08zx</instanceId><imageId>ami-1a2b3c4d</imageId>"
     "<instanceState><code>16</code><name>running</name></instanceState><privateDnsName>"
     "ip-10-0-0-1.eu-west-1.compute.internal</privateDnsName><instanceType>t3.micro</instanceType>"
     "<launchTime>2026-01-02T03:04:05.000Z</launchTime><placement><availabilityZone>eu-west-1a"
     "</availabilityZone><tenancy>default</tenancy></placement><monitoring><state>disabled</state>"
     "</monitoring><tagSet><item><key>Name</key><value>web</value></item></tagSet></item>"
     "</instancesSet></item>",
     "", "</reservationSet></DescribeInstancesResponse>"},
    {"XML, S3 ListObjectsV2", "s3", "ListObjectsV2",
     "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>demo</Name>",
     "<Contents><Key>logs/2026/%08zu</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
     "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>%zu</"
     "Size><StorageClass>STANDARD"
     "</StorageClass></Contents>",
     "", "</ListBucketResult>"},
};

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void fill(struct balm_buf *body, const struct answer *answer)
{
    (void)balm_buf_adds(body, answer->head);
    for (size_t i = 0; body->len < SIZE; i++) {
        char item[4096];
        (void)snprintf(item, sizeof item, answer->item, i, i);
        if (i) (void)balm_buf_adds(body, answer->between);
        (void)balm_buf_adds(body, item);
    }
    (void)balm_buf_adds(body, answer->tail);
}

static size_t held(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Nanoseconds; *memory what the value holds beside the answer, in which its texts may stay. */
static int64_t parse(const struct balm_operation *operation, const struct balm_buf *body,
                     size_t *memory)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_response response = {.status = 200};
    struct balm_value value;
    struct balm_err err;
    int64_t start;
    size_t before;

    balm_buf_init(&response.body, 2 * SIZE);
    (void)balm_buf_add(&response.body, body->bytes, body->len);
    before = held();
    start = balm_clock_cpu();
    if (balm_parse_response(operation, balm_null(), &response, &arena, &value, &err)) {
        fprintf(stderr, "answers: %s\n", err.message);
        exit(1);
    }
    start = balm_clock_cpu() - start;
    *memory = held() - before;
    balm_arena_free(&arena);
    balm_response_free(&response);
    return start;
}

static void measure(struct balm_pack *pack, const struct answer *answer)
{
    const struct balm_service *service;
    const struct balm_operation *operation;
    struct balm_buf body = BALM_BUF_INIT(2 * SIZE);
    int64_t best = INT64_MAX;
    size_t memory = 0;
    struct balm_err err;

    fill(&body, answer);
    if (balm_pack_service(pack, answer->service, &service, &err) ||
        balm_service_operation(service, answer->operation, &operation, &err)) {
        fprintf(stderr, "answers: %s\n", err.message);
        exit(1);
    }
    for (int i = 0; i < RUNS; i++) {
        int64_t took = parse(operation, &body, &memory);
        if (took < best) best = took;
    }
    printf("%s\t%.0f\t%.2f\n", answer->name, (double)body.len * 1e3 / (double)best,
           (double)memory / (double)body.len);
    balm_buf_free(&body);
}

int main(int argc, char **argv)
{
    struct balm_pack *pack;
    struct balm_err err;

    if (argc != 2) return 2;
    if (balm_pack_open(&pack, argv[1], &err)) {
        fprintf(stderr, "answers: %s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        measure(pack, &answers[i]);
    }
    balm_pack_release(pack);
    return 0;
}
