/*
 * codec_custom: the table, and what it changes before a request is written.
 */
#include "aws/codec_custom.h"

#include "aws/codec_internal.h"
#include "core/digest.h"
#include "core/text.h"

#include <string.h>

#define ROWS_MAX 16 /* of one service */

/* Sorted by service: each call asks several times. */
static const struct custom {
    const char *service;
    struct {
        const char *operation; /* NULL: all of the service */
        unsigned does;         /* 0: no more rows */
    } rows[ROWS_MAX];
} customs[] = {
    {"apigateway", {{NULL, BALM_CUSTOM_ACCEPT}}},
    {"autoscaling", {{"CreateLaunchConfiguration", BALM_CUSTOM_USER_DATA}}},
    {"bedrock-agentcore", {{NULL, BALM_CUSTOM_MILLISECONDS}}},
    {"cloudformation", {{"GetTemplate", BALM_CUSTOM_TEMPLATE}}},
    {"cloudsearchdomain", {{"Search", BALM_CUSTOM_POST}}},
    {"docdb",
     {{"CopyDBClusterSnapshot", BALM_CUSTOM_OTHER_REGION},
      {"CreateDBCluster", BALM_CUSTOM_OTHER_REGION}}},
    {"dynamodb", {{"DescribeEndpoints", BALM_CUSTOM_API_VERSION}}},
    {"ec2",
     {{"CopySnapshot", BALM_CUSTOM_COPY_SNAPSHOT},
      {"GetConsoleOutput", BALM_CUSTOM_CONSOLE},
      {"RunInstances", BALM_CUSTOM_USER_DATA}}},
    {"glacier",
     {{NULL, BALM_CUSTOM_ACCOUNT_ID | BALM_CUSTOM_VERSION},
      {"UploadArchive", BALM_CUSTOM_TREE_HASH},
      {"UploadMultipartPart", BALM_CUSTOM_TREE_HASH}}},
    {"iam", {{NULL, BALM_CUSTOM_POLICIES}}},
    {"machinelearning", {{"Predict", BALM_CUSTOM_HOST}}},
    {"neptune",
     {{"CopyDBClusterSnapshot", BALM_CUSTOM_OTHER_REGION},
      {"CreateDBCluster", BALM_CUSTOM_OTHER_REGION}}},
    {"rds",
     {{"CopyDBClusterSnapshot", BALM_CUSTOM_OTHER_REGION},
      {"CopyDBSnapshot", BALM_CUSTOM_OTHER_REGION},
      {"CreateDBCluster", BALM_CUSTOM_OTHER_REGION},
      {"CreateDBInstanceReadReplica", BALM_CUSTOM_OTHER_REGION},
      {"StartDBInstanceAutomatedBackupsReplication", BALM_CUSTOM_OTHER_REGION}}},
    {"route53", {{NULL, BALM_CUSTOM_LAST_PART}}},
    {"s3",
     {{NULL, BALM_CUSTOM_BUCKET},
      {"CompleteMultipartUpload", BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_LATE_ERROR},
      {"CopyObject", BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_COPY_SSE_KEY | BALM_CUSTOM_COPY_SOURCE |
                         BALM_CUSTOM_ASCII | BALM_CUSTOM_LATE_ERROR},
      {"CreateMultipartUpload", BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_ASCII},
      {"DeleteObjects", BALM_CUSTOM_LINES},
      {"GetBucketLocation", BALM_CUSTOM_LOCATION},
      {"GetObject", BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_EXPIRES},
      {"HeadObject", BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_EXPIRES},
      {"ListObjectVersions", BALM_CUSTOM_ENCODING_URL | BALM_CUSTOM_DECODE_ALL},
      {"ListObjects", BALM_CUSTOM_ENCODING_URL | BALM_CUSTOM_DECODE_V1},
      {"ListObjectsV2", BALM_CUSTOM_ENCODING_URL | BALM_CUSTOM_DECODE_V2},
      {"PutBucketLifecycleConfiguration", BALM_CUSTOM_LINES},
      {"PutObject", BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_ASCII},
      {"SelectObjectContent", BALM_CUSTOM_SSE_KEY},
      {"UploadPart", BALM_CUSTOM_SSE_KEY},
      {"UploadPartCopy", BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_COPY_SSE_KEY | BALM_CUSTOM_COPY_SOURCE |
                             BALM_CUSTOM_LATE_ERROR}}},
    {"sso-oidc", {{NULL, BALM_CUSTOM_OAUTH}}},
    {"timestream-query",
     {{NULL, BALM_CUSTOM_DISCOVER}, {"DescribeEndpoints", BALM_CUSTOM_API_VERSION}}},
    {"timestream-write",
     {{NULL, BALM_CUSTOM_DISCOVER}, {"DescribeEndpoints", BALM_CUSTOM_API_VERSION}}},
};

/* Other names under which a parameter may be given. */
static const struct {
    const char *service;
    const char *operation;
    const char *alias;
    const char *name;
} aliases[] = {
    {"cloudsearchdomain", "Search", "returnFields", "return"},
    {"ec2", NULL, "Filters", "Filter"},
    {"logs", "CreateExportTask", "fromTime", "from"},
};

/* As strcmp(); most differ in their first letter. */
static int compare(const char *a, const char *b)
{
    int first = (unsigned char)a[0] - (unsigned char)b[0];

    return first ? first : strcmp(a, b);
}

static const struct custom *custom_of(const char *service)
{
    size_t low = 0, high = sizeof customs / sizeof customs[0];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(service, customs[middle].service);
        if (order == 0) return &customs[middle];
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

unsigned balm_custom_of(const struct balm_operation *operation)
{
    const struct custom *custom = custom_of(balm_service_name(balm_operation_service(operation)));
    const char *name = balm_operation_name(operation);
    unsigned does = 0;

    for (size_t i = 0; custom && i < ROWS_MAX && custom->rows[i].does; i++) {
        const char *wanted = custom->rows[i].operation;
        if (!wanted || compare(wanted, name) == 0) does |= custom->rows[i].does;
    }
    return does;
}

bool balm_custom_millis(const struct balm_operation *operation)
{
    return (balm_custom_of(operation) & BALM_CUSTOM_MILLISECONDS) != 0;
}

/* ---- before validation ---- */

static struct balm_value rename_alias(const struct balm_operation *operation,
                                      struct balm_value params, struct balm_arena *arena)
{
    const struct balm_shape *shape = balm_operation_input(operation);
    const char *service = balm_service_name(balm_operation_service(operation));

    for (size_t i = 0; shape && i < sizeof aliases / sizeof aliases[0]; i++) {
        const char *alias = aliases[i].alias;
        const char *name = aliases[i].name;
        if (strcmp(aliases[i].service, service) != 0) continue;
        if (aliases[i].operation &&
            strcmp(aliases[i].operation, balm_operation_name(operation)) != 0)
            continue;
        const struct balm_value *given = balm_map_get(params, alias);
        if (!given || balm_map_get(params, name)) continue;
        if (!balm_shape_member(shape, name, strlen(name))) continue;
        struct balm_value value = *given;
        params = balm_map_again(arena, params);
        (void)balm_map_remove(params, alias);
        (void)balm_map_set(arena, params, name, value);
    }
    return params;
}

struct balm_value balm_custom_normalise(const struct balm_operation *operation,
                                        struct balm_value params, struct balm_arena *arena)
{
    static const char account[] = "accountId";
    const struct balm_shape *shape = balm_operation_input(operation);

    params = rename_alias(operation, params, arena);
    if (!(balm_custom_of(operation) & BALM_CUSTOM_ACCOUNT_ID) || !shape) return params;
    if (!balm_shape_member(shape, account, strlen(account)) || balm_map_get(params, account)) {
        return params;
    }
    params = balm_map_again(arena, params);
    (void)balm_map_set(arena, params, account, balm_string("-"));
    return params;
}

/* ---- validation ---- */

static bool is_bucket(struct balm_value bucket)
{
    static const char marks[] = ".-_";

    if (bucket.len > 4 && memcmp(bucket.as.text, "arn:", 4) == 0) return true;
    for (uint32_t i = 0; i < bucket.len; i++) {
        char c = bucket.as.text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !(c && strchr(marks, c))) return false;
    }
    return bucket.len > 0 && bucket.len <= 255;
}

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] > 0x7f) return false;
    }
    return true;
}

const char *balm_custom_problem(const struct balm_operation *operation, struct balm_value params,
                                struct balm_arena *arena)
{
    unsigned does = balm_custom_of(operation);

    if (!(does & (BALM_CUSTOM_BUCKET | BALM_CUSTOM_ASCII))) return NULL;
    struct balm_value bucket = balm_get(params, "Bucket");
    struct balm_value metadata = balm_get(params, "Metadata");
    if (does & BALM_CUSTOM_BUCKET && bucket.type == BALM_STRING && !is_bucket(bucket)) {
        return "Bucket: is no bucket name (letters, digits, '.', '-' and '_') and no ARN";
    }
    for (size_t i = 0; does & BALM_CUSTOM_ASCII && i < balm_map_len(metadata); i++) {
        const struct balm_entry *entry = balm_map_at(metadata, i);
        bool text = entry->value.type == BALM_STRING;
        if (is_ascii(entry->key, entry->key_len) &&
            (!text || is_ascii(entry->value.as.text, entry->value.len))) {
            continue;
        }
        return balm_arena_printf(arena, "Metadata.%s: may hold ASCII characters only", entry->key);
    }
    return NULL;
}

bool balm_custom_takes_map(const struct balm_operation *operation, const struct balm_member *member,
                           bool output)
{
    unsigned does = balm_custom_of(operation);
    const char *name = balm_member_name(member);

    if (!output) return does & BALM_CUSTOM_COPY_SOURCE && strcmp(name, "CopySource") == 0;
    if (does & BALM_CUSTOM_TEMPLATE) return strcmp(name, "TemplateBody") == 0;
    return does & BALM_CUSTOM_POLICIES &&
           strcmp(balm_shape_name(balm_member_shape(member)), "policyDocumentType") == 0;
}

/* ---- onto the wire ---- */

static struct balm_value base64_value(struct balm_arena *arena, const void *bytes, size_t len)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    (void)balm_text_base64(&text, bytes, len);
    const char *kept = balm_codec_keep(&text, arena);
    return kept ? balm_string(kept) : balm_null();
}

static void encode_key(struct balm_value params, struct balm_arena *arena, const char *key_name,
                       const char *md5_name)
{
    const struct balm_value *key = balm_map_get(params, key_name);
    unsigned char md5[BALM_MD5_LEN];

    if (!key || key->type != BALM_STRING || balm_map_get(params, md5_name)) return;
    balm_md5(md5, key->as.text, key->len);
    struct balm_value encoded = base64_value(arena, key->as.text, key->len);
    (void)balm_map_set(arena, params, key_name, encoded);
    (void)balm_map_set(arena, params, md5_name, base64_value(arena, md5, sizeof md5));
}

/* Where "?versionId=..." begins at the end of text; its end where there is none. */
static size_t version_mark(struct balm_value text)
{
    static const char mark[] = "?versionId=";
    size_t mark_len = sizeof mark - 1;

    for (size_t i = 0; i + mark_len < text.len; i++) {
        if (memcmp(text.as.text + i, mark, mark_len) != 0) continue;
        if (!memchr(text.as.text + i, ' ', text.len - i)) return i;
    }
    return text.len;
}

static void quote_source(struct balm_value params, struct balm_arena *arena)
{
    struct balm_value source = balm_get(params, "CopySource");
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    if (source.type == BALM_MAP) {
        const char *bucket = balm_get_string(source, "Bucket", "");
        const char *key = balm_get_string(source, "Key", "");
        const char *version = balm_get_string(source, "VersionId", NULL);
        const char *between = balm_text_starts(bucket, "arn:") ? "/object/" : "/";
        (void)balm_text_percent(&text, bucket, strlen(bucket), "/");
        (void)balm_buf_adds(&text, between);
        (void)balm_text_percent(&text, key, strlen(key), "/");
        if (version) (void)balm_buf_addf(&text, "?versionId=%s", version);
    } else if (source.type == BALM_STRING) {
        size_t len = version_mark(source);
        (void)balm_text_percent(&text, source.as.text, len, "/");
        (void)balm_buf_add(&text, source.as.text + len, source.len - len);
    } else {
        return;
    }
    const char *kept = balm_codec_keep(&text, arena);
    if (kept) (void)balm_map_set(arena, params, "CopySource", balm_string(kept));
}

static void keep_last_parts(const struct balm_operation *operation, struct balm_value params)
{
    static const char *const kinds[] = {"ResourceId", "DelegationSetId", "ChangeId"};
    const struct balm_shape *shape = balm_operation_input(operation);

    for (size_t i = 0; shape && i < balm_map_len(params); i++) {
        struct balm_entry *entry = balm_map_at(params, i);
        const struct balm_member *member = balm_shape_member_of(shape, entry);
        if (!member || entry->value.type != BALM_STRING) continue;
        const char *kind = balm_shape_name(balm_member_shape(member));
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            if (strcmp(kind, kinds[k]) != 0) continue;
            const char *slash = strrchr(entry->value.as.text, '/');
            if (slash) entry->value = balm_string(slash + 1);
        }
    }
}

struct balm_value balm_custom_params(const struct balm_operation *operation,
                                     struct balm_value params, struct balm_arena *arena)
{
    static const unsigned changing = BALM_CUSTOM_SSE_KEY | BALM_CUSTOM_COPY_SSE_KEY |
                                     BALM_CUSTOM_COPY_SOURCE | BALM_CUSTOM_ENCODING_URL |
                                     BALM_CUSTOM_USER_DATA | BALM_CUSTOM_LAST_PART |
                                     BALM_CUSTOM_OTHER_REGION;
    unsigned does = balm_custom_of(operation);
    const char *data = "UserData";

    if (!(does & changing) || params.type != BALM_MAP) return params;
    params = balm_map_again(arena, params);
    if (does & BALM_CUSTOM_SSE_KEY) {
        encode_key(params, arena, "SSECustomerKey", "SSECustomerKeyMD5");
    }
    if (does & BALM_CUSTOM_COPY_SSE_KEY) {
        encode_key(params, arena, "CopySourceSSECustomerKey", "CopySourceSSECustomerKeyMD5");
    }
    if (does & BALM_CUSTOM_COPY_SOURCE) quote_source(params, arena);
    if (does & BALM_CUSTOM_ENCODING_URL && !balm_map_get(params, "EncodingType")) {
        (void)balm_map_set(arena, params, "EncodingType", balm_string("url"));
    }
    struct balm_value text = does & BALM_CUSTOM_USER_DATA ? balm_get(params, data) : balm_null();
    if (text.type == BALM_STRING) {
        (void)balm_map_set(arena, params, data, base64_value(arena, text.as.text, text.len));
    }
    if (does & BALM_CUSTOM_LAST_PART) keep_last_parts(operation, params);
    if (does & BALM_CUSTOM_OTHER_REGION) (void)balm_map_remove(params, "SourceRegion");
    return params;
}
