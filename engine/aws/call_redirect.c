/*
 * client, the part about buckets in other regions: S3 says where a bucket lies, and the same call
 * goes there once; the next ones go there at once.
 */
#include "aws/client_internal.h"

#include "core/text.h"

#include <string.h>

#define BUCKETS_MAX 4096 /* more are forgotten, all at once */

/* The bucket by its name; NULL where there is none, or an ARN, which names its region. */
static const char *bucket_of(const struct balm_call *call)
{
    const char *bucket = balm_get_string(call->params, "Bucket", NULL);

    if (!call->operation || strcmp(balm_service_name(call->service), "s3") != 0) return NULL;
    return bucket && balm_text_starts(bucket, "arn:") ? NULL : bucket;
}

const char *balm_call_where(struct balm_call *call)
{
    const char *bucket = bucket_of(call);
    const char *region =
        bucket ? balm_get_string(call->session->aws->bucket_regions, bucket, NULL) : NULL;

    /* what is kept may be forgotten while the call goes on */
    if (region) region = balm_arena_strdup(&call->arena, region);
    return region ? region : call->region;
}

static bool is_elsewhere(const struct balm_call *call)
{
    const char *name = balm_operation_name(call->operation);
    const char *code = call->result.err.aws_code;
    int status = call->response.status;
    bool is_head = strcmp(name, "HeadObject") == 0 || strcmp(name, "HeadBucket") == 0;

    if (status == 301 || status == 302 || status == 307) return true;
    if (is_head && status == 400) return true; /* an error that has no body */
    if (strcmp(code, "IllegalLocationConstraintException") == 0) {
        return strcmp(name, "CreateBucket") != 0;
    }
    return strcmp(code, "AuthorizationHeaderMalformed") == 0 ||
           strcmp(code, "PermanentRedirect") == 0;
}

/* As the answer has it: a region of the same partition, but not the one just asked; else NULL. */
static const char *told_region(struct balm_call *call)
{
    const struct balm_partitions *partitions;
    const char *region = balm_response_header(&call->response, "x-amz-bucket-region");
    struct balm_err err;

    if (!region) {
        region = balm_get_string(balm_get(call->result.detail, "Error"), "Region", "");
    }
    if (!balm_text_is_host_label(region, strlen(region))) return NULL;
    if (strcmp(region, balm_call_where(call)) == 0) return NULL;
    if (balm_aws_partitions(call->session->aws, &partitions, &err)) return NULL;
    return balm_partition_of(partitions, region) == balm_partition_of(partitions, call->region)
               ? region
               : NULL;
}

static bool remember(struct balm_aws *aws, const char *bucket, const char *region)
{
    struct balm_arena *arena = &aws->bucket_arena;

    if (balm_map_len(aws->bucket_regions) >= BUCKETS_MAX) {
        balm_arena_free(arena);
        aws->bucket_regions = balm_null();
    }
    if (balm_is_null(aws->bucket_regions)) aws->bucket_regions = balm_map(arena);
    return balm_map_put(arena, aws->bucket_regions, bucket, strlen(bucket),
                        balm_text(arena, region)) != NULL;
}

bool balm_call_redirect(struct balm_call *call)
{
    const char *bucket = bucket_of(call);
    const char *region;

    if (!bucket || call->redirected || call->result.err.code != BALM_E_AWS) return false;
    if (!is_elsewhere(call)) return false;
    region = told_region(call);
    if (!region || !remember(call->session->aws, bucket, region)) return false;
    call->redirected = true;
    call->has_endpoint = false;
    return true;
}
