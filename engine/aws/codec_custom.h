/*
 * codec_custom: which operations want more than their model says, as one table.
 */
#ifndef BALM_AWS_CODEC_CUSTOM_H
#define BALM_AWS_CODEC_CUSTOM_H

#include "aws/model.h"

enum balm_custom {
    /* parameters */
    BALM_CUSTOM_SSE_KEY = 1 << 0,      /* SSECustomerKey as base64, with its MD5 */
    BALM_CUSTOM_COPY_SSE_KEY = 1 << 1, /* CopySourceSSECustomerKey likewise */
    BALM_CUSTOM_COPY_SOURCE = 1 << 2,  /* CopySource: quoted, and may be a map */
    BALM_CUSTOM_ENCODING_URL = 1 << 3, /* asks for encoding-type=url */
    BALM_CUSTOM_USER_DATA = 1 << 4,    /* UserData as base64 */
    BALM_CUSTOM_LAST_PART = 1 << 5,    /* Route 53: "/hostedzone/Z1" is "Z1" */
    BALM_CUSTOM_ACCOUNT_ID = 1 << 6,   /* accountId is "-" where none is given */
    BALM_CUSTOM_ASCII = 1 << 7,        /* Metadata holds ASCII only */
    BALM_CUSTOM_BUCKET = 1 << 8,       /* Bucket is the name of one, or an ARN */
    /* requests */
    BALM_CUSTOM_VERSION = 1 << 9,       /* x-amz-glacier-version */
    BALM_CUSTOM_TREE_HASH = 1 << 10,    /* Glacier's checksums of the body */
    BALM_CUSTOM_ACCEPT = 1 << 11,       /* Accept: application/json */
    BALM_CUSTOM_POST = 1 << 12,         /* the query string travels as a form */
    BALM_CUSTOM_LINES = 1 << 13,        /* line ends in the XML as entities */
    BALM_CUSTOM_API_VERSION = 1 << 14,  /* x-amz-api-version */
    BALM_CUSTOM_MILLISECONDS = 1 << 15, /* times to the millisecond */
    /* answers */
    BALM_CUSTOM_POLICIES = 1 << 16,   /* policy documents are decoded */
    BALM_CUSTOM_CONSOLE = 1 << 17,    /* Output is base64 */
    BALM_CUSTOM_TEMPLATE = 1 << 18,   /* TemplateBody is decoded where it is JSON */
    BALM_CUSTOM_LOCATION = 1 << 19,   /* the answer is the root's own text */
    BALM_CUSTOM_DECODE_V1 = 1 << 20,  /* ListObjects: what encoding-type=url encoded */
    BALM_CUSTOM_DECODE_V2 = 1 << 21,  /* ListObjectsV2 */
    BALM_CUSTOM_DECODE_ALL = 1 << 22, /* ListObjectVersions */
    BALM_CUSTOM_OAUTH = 1 << 23,      /* errors tell in error_description */
    BALM_CUSTOM_OTHER_REGION =
        1 << 26,                    /* SourceRegion is for the PreSignedUrl alone, which is made */
    BALM_CUSTOM_EXPIRES = 1 << 25,  /* Expires may be no time; ExpiresString holds what it is */
    BALM_CUSTOM_DISCOVER = 1 << 29, /* DescribeEndpoints says where to send it */
    BALM_CUSTOM_COPY_SNAPSHOT = 1 << 28, /* a PresignedUrl is made for SourceRegion */
    BALM_CUSTOM_HOST = 1 << 27,          /* PredictEndpoint is the host to ask */
    BALM_CUSTOM_LATE_ERROR = 1 << 24 /* a good status may be followed by an error, or by nothing */
};

/* The set of enum balm_custom for an operation. */
unsigned balm_custom_of(const struct balm_operation *operation);

#endif
