/* The pack: what it says of well-known services, and what becomes of one that is damaged. */
#include "aws/model.h"
#include "aws/model_pack.h"
#include "core/file.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACK_MAX ((size_t)64 << 20)

static struct balm_pack *pack;
static struct balm_err err;

static int open_pack(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    const char *path = balm_file_own(&arena, "models.pack");
    (void)state;
    if (!path || balm_pack_open(&pack, path, &err)) {
        print_error("models.pack: %s\n", path ? err.message : "not built");
        return -1;
    }
    balm_arena_free(&arena);
    return 0;
}

static int close_pack(void **state)
{
    (void)state;
    balm_pack_release(pack);
    return 0;
}

static const struct balm_service *service(const char *name)
{
    const struct balm_service *found;
    if (balm_pack_service(pack, name, &found, &err)) fail_msg("%s", err.message);
    return found;
}

static const struct balm_operation *operation(const char *of, const char *name)
{
    const struct balm_operation *found;
    if (balm_service_operation(service(of), name, &found, &err)) fail_msg("%s", err.message);
    return found;
}

static const struct balm_member *member(const struct balm_shape *shape, const char *name)
{
    const struct balm_member *found = balm_shape_member(shape, name, strlen(name));
    if (!found) fail_msg("%s has no %s", balm_shape_name(shape), name);
    return found;
}

static void protocols_are_the_services_own(void **state)
{
    (void)state;
    assert_int_equal(balm_service_protocol(service("s3")), BALM_PROTOCOL_REST_XML);
    assert_int_equal(balm_service_protocol(service("sts")), BALM_PROTOCOL_QUERY);
    assert_int_equal(balm_service_protocol(service("ec2")), BALM_PROTOCOL_EC2);
    assert_int_equal(balm_service_protocol(service("dynamodb")), BALM_PROTOCOL_JSON);
    assert_int_equal(balm_service_protocol(service("guardduty")), BALM_PROTOCOL_REST_JSON);
    assert_string_equal(balm_service_target_prefix(service("dynamodb")), "DynamoDB_20120810");
    assert_string_equal(balm_service_api_version(service("ec2")), "2016-11-15");
    assert_string_equal(balm_service_signing_name(service("elbv2")), "elasticloadbalancing");
}

static void an_operation_goes_by_both_names(void **state)
{
    const struct balm_operation *one = operation("s3", "put_bucket_versioning");
    (void)state;
    assert_ptr_equal(one, operation("s3", "PutBucketVersioning"));
    assert_string_equal(balm_operation_method(one), "PUT");
    assert_string_equal(balm_operation_uri(one), "/{Bucket}?versioning");
    assert_true(balm_operation_checksum_required(one));
    assert_string_equal(balm_operation_checksum_member(one), "ChecksumAlgorithm");
    assert_ptr_equal(balm_operation_service(one), service("s3"));
}

static void every_operation_is_found_by_both_names(void **state)
{
    size_t i;
    size_t j;
    (void)state;
    for (i = 0; i < balm_pack_service_count(pack); i++) {
        const char *name = balm_pack_service_name(pack, i);
        for (j = 0; j < balm_service_operation_count(service(name)); j++) {
            const struct balm_operation *one = balm_service_operation_at(service(name), j);
            assert_ptr_equal(one, operation(name, balm_operation_name(one)));
            assert_ptr_equal(one, operation(name, balm_operation_snake_name(one)));
        }
    }
}

static void members_know_where_they_travel(void **state)
{
    const struct balm_shape *input = balm_operation_input(operation("s3", "PutBucketVersioning"));
    const struct balm_member *bucket = member(input, "Bucket");
    const struct balm_member *groups;
    (void)state;
    assert_true(balm_member_required(bucket));
    assert_int_equal(balm_member_location(bucket), BALM_IN_URI);
    assert_string_equal(balm_member_context_param(bucket), "Bucket");
    assert_string_equal(balm_member_name(balm_shape_payload(input)), "VersioningConfiguration");
    assert_null(balm_shape_member(input, "Bucke", 5));
    assert_null(balm_shape_member(input, "Buckets", 7));
    assert_ptr_equal(balm_shape_member(input, "BucketAndMore", 6), bucket);
    groups = member(balm_operation_input(operation("ec2", "RunInstances")), "SecurityGroupIds");
    assert_string_equal(balm_member_location_name(groups), "SecurityGroupId");
}

static void a_member_is_found_by_any_text_of_its_name(void **state)
{
    const struct balm_shape *input = balm_operation_input(operation("ec2", "RunInstances"));
    const struct balm_member *count = member(input, "MinCount");
    char text[] = "MinCounter";
    struct balm_entry own = {balm_member_name(count), 8, balm_null()};
    struct balm_entry foreign = {text, 8, balm_null()};
    struct balm_entry unknown = {text, 10, balm_null()};
    (void)state;
    assert_ptr_equal(balm_shape_member_of(input, &own), count);
    assert_ptr_equal(balm_shape_member_of(input, &foreign), count);
    assert_null(balm_shape_member_of(input, &unknown));
}

static void an_enumeration_has_its_values_alone(void **state)
{
    const struct balm_shape *type = balm_member_shape(
        member(balm_operation_input(operation("ec2", "RunInstances")), "InstanceType"));
    size_t count = balm_shape_enum_count(type);
    (void)state;
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        const char *known = balm_shape_enum_at(type, i);
        assert_true(balm_shape_enum_has(type, known, strlen(known)));
    }
    assert_false(balm_shape_enum_has(type, "t3.micr", 7));
    assert_false(balm_shape_enum_has(type, "t3.micros", 9));
    assert_false(balm_shape_enum_has(type, "t3.micro\0s", 10));
    assert_false(balm_shape_enum_has(type, "", 0));
}

static void a_shape_may_hold_itself(void **state)
{
    const struct balm_shape *value = balm_member_shape(balm_shape_value(
        balm_member_shape(member(balm_operation_input(operation("dynamodb", "PutItem")), "Item"))));
    const struct balm_shape *list = balm_member_shape(member(value, "L"));
    (void)state;
    assert_string_equal(balm_shape_name(value), "AttributeValue");
    assert_ptr_equal(balm_member_shape(balm_shape_item(list)), value);
}

static void only_what_is_known_to_read_is_a_read(void **state)
{
    static const struct {
        const char *service, *operation;
        bool read;
        const char *action;
    } known[] = {
        {"s3", "ListBuckets", true, "s3:ListAllMyBuckets"},
        {"s3", "GetBucketEncryption", true, "s3:GetEncryptionConfiguration"},
        {"s3", "DeletePublicAccessBlock", false, "s3:PutBucketPublicAccessBlock"},
        {"s3control", "GetPublicAccessBlock", true, "s3:GetAccountPublicAccessBlock"},
        {"sts", "GetCallerIdentity", true, ""},
        {"sts", "AssumeRole", false, "sts:AssumeRole"},
        {"sts", "GetSessionToken", false, "sts:GetSessionToken"},
        {"ecr", "GetAuthorizationToken", false, "ecr:GetAuthorizationToken"},
        {"lambda", "Invoke", false, "lambda:InvokeFunction"},
        {"dynamodb", "ExecuteStatement", false, "dynamodb:PartiQLDelete"},
        {"dynamodb", "TransactGetItems", true, "dynamodb:GetItem"},
        {"apigateway", "GetRestApis", true, "apigateway:GET"},
        {"sqs", "ReceiveMessage", false, "sqs:ReceiveMessage"},
        {"cloudwatch", "PutMetricAlarm", false, "cloudwatch:PutMetricAlarm"},
        {"stepfunctions", "DescribeStateMachine", true, "states:DescribeStateMachine"},
        {"sso-oidc", "CreateToken", false, ""},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof known / sizeof *known; i++) {
        const struct balm_operation *one = operation(known[i].service, known[i].operation);
        if (balm_operation_is_read(one) != known[i].read) fail_msg("%s", known[i].operation);
        assert_string_equal(balm_operation_action_at(one, 0), known[i].action);
    }
}

static void an_operation_names_what_else_it_may_need(void **state)
{
    const struct balm_operation *one = operation("ec2", "RunInstances");
    (void)state;
    assert_int_equal(balm_operation_dependent_count(one), 3);
    assert_string_equal(balm_operation_dependent_at(one, 0), "iam:PassRole");
    assert_string_equal(balm_operation_dependent_at(one, 1), "ec2:CreateTags");
    assert_string_equal(balm_operation_dependent_at(one, 3), "");
    assert_int_equal(balm_operation_dependent_count(operation("s3", "PutBucketVersioning")), 0);
    assert_string_equal(balm_operation_dependent_at(operation("s3", "PutBucketReplication"), 0),
                        "iam:PassRole");
}

static void what_cannot_be_called_says_why(void **state)
{
    (void)state;
    assert_non_null(strstr(balm_service_refusal(service("sdb")), "Version 2"));
    assert_non_null(strstr(balm_service_refusal(service("codecatalyst")), "bearer"));
    assert_null(balm_service_refusal(service("s3")));
}

static void wrong_names_meet_the_nearest(void **state)
{
    const struct balm_service *none;
    const struct balm_operation *nothing;
    (void)state;
    assert_int_equal(balm_pack_service(pack, "dynamobd", &none, &err), BALM_E_ARG);
    assert_non_null(strstr(err.message, "\"dynamodb\""));
    assert_int_equal(balm_service_operation(service("s3"), "get_bucket_loging", &nothing, &err),
                     BALM_E_ARG);
    assert_non_null(strstr(err.message, "\"get_bucket_logging\""));
}

static void documents_are_read_in_place(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    const struct balm_node *rules = balm_service_rules(service("sts"));
    struct balm_value value;
    (void)state;
    assert_string_equal(balm_node_text(balm_node_get(rules, "version")), "1.0");
    assert_null(balm_node_get(rules, "versio"));
    balm_service_paginator(service("iam"), operation("iam", "ListUsers"), &arena, &value);
    assert_string_equal(balm_get_string(value, "result_key", ""), "Users");
    balm_service_waiter(service("ec2"), "instance_stopped", &arena, &value);
    assert_string_equal(balm_get_string(value, "operation", ""), "DescribeInstances");
    balm_service_waiter(service("ec2"), "instance_stoped", &arena, &value);
    assert_true(balm_is_null(value));
    assert_int_equal(balm_pack_document(pack, "partitions", &arena, &value, &err), BALM_OK);
    assert_string_equal(balm_path(value, "partitions.0.id").as.text, "aws");
    assert_int_equal(balm_pack_document(pack, "nothing", &arena, &value, &err), BALM_E_INPUT);
    balm_arena_free(&arena);
}

/* ---- damage ---- */

static char *whole;
static size_t whole_len;
static char folder[SCRATCH_MAX], scratch[SCRATCH_MAX + 8];

static int read_whole(void **state)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf buf = BALM_BUF_INIT(PACK_MAX);
    const char *path = balm_file_own(&arena, "models.pack");
    (void)state;
    if (!scratch_folder(folder) || !path || balm_file_read(&buf, path, &err)) return -1;
    (void)snprintf(scratch, sizeof scratch, "%s/pack", folder);
    whole = buf.bytes;
    whole_len = buf.len;
    balm_arena_free(&arena);
    return 0;
}

static int free_whole(void **state)
{
    (void)state;
    unlink(scratch);
    rmdir(folder);
    free(whole);
    return 0;
}

static void refuses_file(const char *bytes, size_t len)
{
    struct balm_pack *damaged;
    assert_int_equal(balm_file_write(scratch, bytes, len, 0600, &err), BALM_OK);
    assert_int_equal(balm_pack_open(&damaged, scratch, &err), BALM_E_INPUT);
    assert_null(damaged);
    assert_non_null(strstr(err.message, scratch));
}

static void a_pack_that_is_cut_is_refused(void **state)
{
    size_t len;
    (void)state;
    for (len = 0; len <= sizeof(struct balm_pack_head) + 8; len++) {
        refuses_file(whole, len);
    }
    refuses_file(whole, whole_len / 2);
    refuses_file(whole, whole_len - 1);
}

/* The head, the entries and the names make a pack by themselves, until a service is asked for. */
static void a_head_with_any_wrong_byte_is_refused(void **state)
{
    struct balm_pack_head head;
    struct balm_pack *sound;
    char *bytes;
    size_t len;
    size_t i;
    (void)state;
    memcpy(&head, whole, sizeof head);
    len = head.names_at + head.names_len;
    head.size = len;
    bytes = malloc(len);
    assert_non_null(bytes);
    memcpy(bytes, whole, len);
    memcpy(bytes, &head, sizeof head);
    assert_int_equal(balm_file_write(scratch, bytes, len, 0600, &err), BALM_OK);
    assert_int_equal(balm_pack_open(&sound, scratch, &err), BALM_OK);
    balm_pack_release(sound);
    for (i = 0; i < len; i += i < 2 * sizeof head ? 1 : 997) {
        bytes[i] = (char)(bytes[i] ^ 0x41);
        refuses_file(bytes, len);
        bytes[i] = (char)(bytes[i] ^ 0x41);
    }
    free(bytes);
}

static void a_file_of_another_kind_is_refused(void **state)
{
    static const char text[] = "{\"version\": \"2.0\", \"metadata\": {\"apiVersion\": \"2006\"}, "
                               "\"operations\": {}, \"shapes\": {}, \"documentation\": \"none\"}";
    struct balm_pack *none;
    (void)state;
    refuses_file(text, sizeof text - 1);
    assert_int_equal(balm_pack_open(&none, "/nowhere/models.pack", &err), BALM_E_IO);
    assert_int_equal(balm_pack_open(&none, "/tmp", &err), BALM_E_IO);
}

static void a_pack_of_an_earlier_balm_is_told_from_a_damaged_one(void **state)
{
    struct balm_pack_head *head = (struct balm_pack_head *)(void *)whole;
    (void)state;
    head->version--;
    refuses_file(whole, whole_len);
    head->version++;
    assert_non_null(strstr(err.message, "another version of Balm"));
    assert_non_null(strstr(err.message, "balm models build"));
}

static void a_service_with_a_wrong_byte_is_refused_alone(void **state)
{
    const struct balm_pack_entry *entries =
        (const struct balm_pack_entry *)(const void *)(whole + sizeof(struct balm_pack_head));
    char *byte = whole + entries[0].at + entries[0].size / 2;
    const struct balm_service *found;
    struct balm_pack *damaged;
    (void)state;
    *byte = (char)(*byte ^ 4);
    assert_int_equal(balm_file_write(scratch, whole, whole_len, 0600, &err), BALM_OK);
    *byte = (char)(*byte ^ 4);
    assert_int_equal(balm_pack_open(&damaged, scratch, &err), BALM_OK);
    assert_int_equal(balm_pack_service(damaged, balm_pack_service_name(damaged, 0), &found, &err),
                     BALM_E_INPUT);
    assert_non_null(strstr(err.message, "damaged"));
    assert_int_equal(balm_pack_service(damaged, "sts", &found, &err), BALM_OK);
    balm_pack_release(damaged);
}

static enum balm_retryable retryable(const char *code)
{
    const struct balm_operation *found = operation("accessanalyzer", "GetFinding");
    size_t i;
    for (i = 0; i < balm_operation_error_count(found); i++) {
        const struct balm_shape *shape = balm_operation_error_at(found, i);
        if (strcmp(balm_shape_error_code(shape), code) == 0) return balm_shape_retryable(shape);
    }
    fail_msg("GetFinding has no error %s", code);
    return BALM_NOT_RETRYABLE;
}

static void errors_say_whether_to_try_again(void **state)
{
    (void)state;
    assert_int_equal(retryable("ThrottlingException"), BALM_RETRYABLE_THROTTLING);
    assert_int_equal(retryable("InternalServerException"), BALM_RETRYABLE);
    assert_int_equal(retryable("AccessDeniedException"), BALM_NOT_RETRYABLE);
}

/* ---- forgery: the sums would be right, so that only the check protects the accessors ---- */

static size_t touched; /* so that no read is left out */

static void touch(const char *text)
{
    touched += strlen(text);
}

static void walk_member(const struct balm_member *one)
{
    touch(balm_member_name(one));
    touch(balm_member_location_name(one));
    touch(balm_member_query_name(one));
    touch(balm_member_xml_namespace(one));
    touch(balm_member_xml_prefix(one));
    touch(balm_member_context_param(one));
    touch(balm_shape_name(balm_member_shape(one)));
    touched += balm_member_location(one);
}

static void walk_shape(const struct balm_shape *shape)
{
    size_t i;
    double bound = 0;
    touch(balm_shape_name(shape));
    touch(balm_shape_error_code(shape));
    touched += (size_t)balm_shape_retryable(shape);
    touched += balm_shape_min(shape, &bound) + balm_shape_max(shape, &bound);
    for (i = 0; i < balm_shape_enum_count(shape); i++) {
        const char *known = balm_shape_enum_at(shape, i);
        touched += balm_shape_enum_has(shape, known, strlen(known));
    }
    for (i = 0; i < balm_shape_member_count(shape); i++) {
        const char *name = balm_member_name(balm_shape_member_at(shape, i));
        walk_member(balm_shape_member_at(shape, i));
        struct balm_entry foreign = {"other", 5, balm_null()};
        touched += balm_shape_member(shape, name, strlen(name)) != NULL;
        touched += balm_shape_member_of(shape, &foreign) != NULL;
    }
    if (balm_shape_payload(shape)) walk_member(balm_shape_payload(shape));
    if (balm_shape_item(shape)) walk_member(balm_shape_item(shape));
    if (balm_shape_key(shape)) walk_member(balm_shape_key(shape));
    if (balm_shape_value(shape)) walk_member(balm_shape_value(shape));
}

static void walk_node(const struct balm_node *node, struct balm_arena *arena)
{
    if (!node) return;
    balm_arena_reset(arena);
    touched += balm_node_value(node, arena).type;
    touched += balm_node_get(node, "version") != NULL;
}

static void walk_operation(const struct balm_operation *one, struct balm_arena *arena)
{
    const struct balm_operation *again;
    size_t i;
    touch(balm_operation_name(one));
    touch(balm_operation_method(one));
    touch(balm_operation_uri(one));
    touch(balm_operation_result_wrapper(one));
    touch(balm_operation_host_prefix(one));
    touch(balm_operation_checksum_member(one));
    if (balm_operation_input(one)) walk_shape(balm_operation_input(one));
    if (balm_operation_output_member(one)) walk_member(balm_operation_output_member(one));
    for (i = 0; i < balm_operation_error_count(one); i++) {
        walk_shape(balm_operation_error_at(one, i));
    }
    for (i = 0; i < balm_operation_action_count(one); i++) {
        touch(balm_operation_action_at(one, i));
    }
    for (i = 0; i < balm_operation_dependent_count(one); i++) {
        touch(balm_operation_dependent_at(one, i));
    }
    walk_node(balm_operation_static_context(one), arena);
    walk_node(balm_operation_context(one), arena);
    (void)balm_service_operation(balm_operation_service(one), balm_operation_snake_name(one),
                                 &again, NULL);
}

static void walk(const struct balm_service *one)
{
    const struct balm_extent *extent = &one->regions[BALM_REGION_SHAPE];
    const struct balm_shape *shapes =
        (const struct balm_shape *)(const void *)((const char *)one + extent->at);
    struct balm_arena arena = BALM_ARENA_INIT;
    size_t i;
    touch(balm_service_name(one));
    touch(balm_service_target_prefix(one));
    for (i = 0; i < balm_service_operation_count(one); i++) {
        walk_operation(balm_service_operation_at(one, i), &arena);
    }
    for (i = 0; i < extent->count; i++) {
        walk_shape(&shapes[i]);
    }
    walk_node(balm_service_rules(one), &arena);
    walk_node(balm_service_waiters(one), &arena);
    walk_node(balm_service_client_context(one), &arena);
    balm_arena_free(&arena);
}

/* xorshift: the same damage in every run */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Damages one to four bytes of a copy, or cuts it; checks it; walks what passes. */
static size_t forge(const struct balm_service *original, uint32_t seed, bool cut)
{
    size_t size = original->size;
    size_t len = cut ? next_random(&seed) % size : size;
    char *copy = malloc(len ? len : 1);
    size_t flips = 1 + next_random(&seed) % 4;
    size_t passed = 0;
    assert_non_null(copy);
    memcpy(copy, original, len);
    while (flips-- > 0 && len > 0) {
        /* Half of the damage goes to the head, where it does most. */
        size_t within = next_random(&seed) & 1 ? sizeof *original : len;
        size_t at = next_random(&seed) % (within < len ? within : len);
        copy[at] = (char)(copy[at] ^ (1 << (next_random(&seed) % 8)));
    }
    if (balm_pack_check(copy, len, &err) == BALM_OK) {
        walk((const struct balm_service *)(const void *)copy);
        passed = 1;
    } else {
        assert_int_equal(err.code, BALM_E_INPUT);
    }
    free(copy);
    return passed;
}

static void forged_services_pass_the_check_whole_or_not_at_all(void **state)
{
    static const char *const names[] = {"sts", "sqs", "dynamodbstreams", "cloudtrail", "s3"};
    size_t passed = 0;
    size_t i;
    uint32_t seed;
    (void)state;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        for (seed = 1; seed <= 1500; seed++) {
            passed += forge(service(names[i]), seed * 2654435761u, seed % 10 == 0);
        }
    }
    /* Both outcomes must have been seen, or the test shows nothing. */
    assert_true(passed > 100 && passed < 6000);
}

/* A copy of the service, to be damaged at its first operation that has dependent actions. */
static struct balm_operation *copy_with_dependents(const struct balm_service *original, char **copy)
{
    const struct balm_extent *extent = &original->regions[BALM_REGION_OPERATION];
    struct balm_operation *operations;
    uint32_t i;
    *copy = malloc(original->size);
    assert_non_null(*copy);
    memcpy(*copy, original, original->size);
    operations = (struct balm_operation *)(void *)(*copy + extent->at);
    for (i = 0; i < extent->count && operations[i].dependent_count == 0; i++) {
    }
    assert_true(i < extent->count);
    return &operations[i];
}

static void dependent_actions_outside_of_their_region_are_refused(void **state)
{
    const struct balm_service *original = service("cloudtrail");
    char *copy;
    struct balm_operation *one = copy_with_dependents(original, &copy);
    balm_ref whole_ref = one->dependents;
    uint16_t count = one->dependent_count;
    (void)state;
    assert_int_equal(balm_pack_check(copy, original->size, &err), BALM_OK);
    one->dependent_count = UINT16_MAX;
    assert_int_equal(balm_pack_check(copy, original->size, &err), BALM_E_INPUT);
    assert_non_null(strstr(err.message, "dependent actions"));
    one->dependent_count = count;
    one->dependents = 0;
    assert_int_equal(balm_pack_check(copy, original->size, &err), BALM_E_INPUT);
    one->dependents = whole_ref + 1;
    assert_int_equal(balm_pack_check(copy, original->size, &err), BALM_E_INPUT);
    one->dependents = INT32_MAX;
    assert_int_equal(balm_pack_check(copy, original->size, &err), BALM_E_INPUT);
    free(copy);
}

static void nodes_that_hold_themselves_are_refused(void **state)
{
    const struct balm_service *original = service("sts");
    char *copy = malloc(original->size);
    const struct balm_extent *extent = &original->regions[BALM_REGION_NODE];
    struct balm_node *nodes;
    balm_ref *item;
    uint32_t i;
    (void)state;
    assert_non_null(copy);
    memcpy(copy, original, original->size);
    nodes = (struct balm_node *)(void *)(copy + extent->at);
    for (i = 0; i < extent->count && nodes[i].type != BALM_LIST; i++) {
    }
    assert_true(i < extent->count && nodes[i].count > 0);
    item = (balm_ref *)(void *)((char *)&nodes[i].as.ref.to + nodes[i].as.ref.to);
    *item = (balm_ref)((char *)&nodes[i] - (char *)item);
    assert_int_equal(balm_pack_check(copy, original->size, &err), BALM_E_INPUT);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest facts[] = {
        cmocka_unit_test(protocols_are_the_services_own),
        cmocka_unit_test(an_operation_goes_by_both_names),
        cmocka_unit_test(every_operation_is_found_by_both_names),
        cmocka_unit_test(members_know_where_they_travel),
        cmocka_unit_test(a_member_is_found_by_any_text_of_its_name),
        cmocka_unit_test(an_enumeration_has_its_values_alone),
        cmocka_unit_test(a_shape_may_hold_itself),
        cmocka_unit_test(only_what_is_known_to_read_is_a_read),
        cmocka_unit_test(an_operation_names_what_else_it_may_need),
        cmocka_unit_test(what_cannot_be_called_says_why),
        cmocka_unit_test(wrong_names_meet_the_nearest),
        cmocka_unit_test(documents_are_read_in_place),
        cmocka_unit_test(errors_say_whether_to_try_again),
        cmocka_unit_test(forged_services_pass_the_check_whole_or_not_at_all),
        cmocka_unit_test(dependent_actions_outside_of_their_region_are_refused),
        cmocka_unit_test(nodes_that_hold_themselves_are_refused),
    };
    const struct CMUnitTest damage[] = {
        cmocka_unit_test(a_pack_that_is_cut_is_refused),
        cmocka_unit_test(a_head_with_any_wrong_byte_is_refused),
        cmocka_unit_test(a_file_of_another_kind_is_refused),
        cmocka_unit_test(a_pack_of_an_earlier_balm_is_told_from_a_damaged_one),
        cmocka_unit_test(a_service_with_a_wrong_byte_is_refused_alone),
    };
    int failed = cmocka_run_group_tests(facts, open_pack, close_pack);
    return failed + cmocka_run_group_tests(damage, read_whole, free_whole);
}
