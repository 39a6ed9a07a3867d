/*
 * model_pack: how a pack lies in its file. For model*.c alone.
 *
 *     struct balm_pack_head
 *     struct balm_pack_entry    of each service, sorted by name, then of each document
 *     names                     NUL-terminated texts
 *     blobs                     of each service and document, 8-aligned
 *
 * A blob begins with a struct balm_service and goes on with its regions: arrays of records of one
 * kind. All numbers are the machine's own; a pack of the other byte order is refused. A blob refers
 * to itself only, and always by a reference: a signed distance in bytes from the reference's own
 * place, 0 for none. So a record alone is enough to follow what it refers to, and a blob may lie
 * anywhere.
 *
 * Equal records, arrays, nodes and texts of a blob are stored once. A list of members keeps the
 * model's order; each member also carries the index of the one that has its place in the sorted
 * order, and operations do the same for their snake_case names.
 *
 * A node states how deep it is and how many nodes a copy of it would hold. The check sees to it
 * that both are true, hence no cycle, and that they are small, hence no bomb out of shared nodes.
 */
#ifndef BALM_AWS_MODEL_PACK_H
#define BALM_AWS_MODEL_PACK_H

#include "aws/model.h"

#define BALM_PACK_MAGIC   "BALMPACK"
#define BALM_PACK_VERSION 3u
#define BALM_PACK_ORDER   0x01020304u
#define BALM_PACK_ALIGN   8u

#define BALM_NODE_DEPTH_MAX  128u
#define BALM_NODE_WEIGHT_MAX 1000000u

struct balm_pack_head {
    char magic[8];
    uint32_t order;
    uint32_t version;
    uint64_t size; /* of the file */
    uint64_t sum;  /* of the head from here on, the entries and the names */
    uint32_t service_count;
    uint32_t document_count;
    uint32_t names_at;
    uint32_t names_len;
};
#define BALM_PACK_SUM_FROM offsetof(struct balm_pack_head, service_count)

struct balm_pack_entry {
    uint32_t name; /* within the names */
    uint32_t at;   /* of the blob, in the file */
    uint32_t size;
    uint32_t unused;
    uint64_t sum; /* of the blob */
};

enum balm_region {
    BALM_REGION_TEXT, /* bytes; begins and ends with a NUL */
    BALM_REGION_SHAPE,
    BALM_REGION_MEMBER,
    BALM_REGION_OPERATION,
    BALM_REGION_SHAPE_MORE,
    BALM_REGION_MEMBER_MORE,
    BALM_REGION_OPERATION_MORE,
    BALM_REGION_NODE,
    BALM_REGION_TEXTS,  /* references to texts: enumerations, actions, keys of a map */
    BALM_REGION_SHAPES, /* references to shapes: errors */
    BALM_REGION_ITEMS,  /* references to nodes: of a list or a map */
    BALM_REGION_COUNT,
    BALM_REGION_SERVICE = BALM_REGION_COUNT /* not a region: the blob's head, for its fields */
};

typedef int32_t balm_ref;

struct balm_service {
    uint32_t size;
    uint16_t protocol;
    uint16_t flags;
    balm_ref name;
    balm_ref api_version;
    balm_ref id;
    balm_ref signing_name;
    balm_ref endpoint_prefix;
    balm_ref signature;
    balm_ref json_version;
    balm_ref target_prefix;
    balm_ref xml_namespace;
    balm_ref global_endpoint;
    balm_ref rules; /* of a document: its root */
    balm_ref paginators;
    balm_ref waiters;
    balm_ref client_context;
    struct balm_extent {
        uint32_t at; /* from the blob's start */
        uint32_t count;
    } regions[BALM_REGION_COUNT];
};

#define BALM_SERVICE_QUERY_COMPATIBLE 1u

struct balm_shape {
    balm_ref name;
    balm_ref members; /* of a list: its item; of a map: its key and its value */
    balm_ref more;
    uint16_t count; /* of members */
    uint8_t kind;
    uint8_t flags;
};
#define BALM_SHAPE_UNION        1u
#define BALM_SHAPE_DOCUMENT     2u
#define BALM_SHAPE_EVENT_STREAM 4u
#define BALM_SHAPE_FLATTENED    8u
#define BALM_SHAPE_EXCEPTION    16u
#define BALM_SHAPE_HAS_MIN      32u /* in more */
#define BALM_SHAPE_HAS_MAX      64u

struct balm_shape_more {
    double min;
    double max;
    balm_ref enums;
    balm_ref error_code;
    uint16_t enum_count;
    uint16_t status;
    uint16_t payload;   /* the member's index, from 1; 0: none */
    uint16_t retryable; /* enum balm_retryable */
};

struct balm_member {
    balm_ref name;
    balm_ref shape;
    balm_ref more;
    uint16_t sorted; /* index of the member at this place of the sorted order */
    uint16_t flags;
};
#define BALM_MEMBER_REQUIRED        1u
#define BALM_MEMBER_LOCATION_STATED 2u
#define BALM_MEMBER_XML_ATTRIBUTE   4u
#define BALM_MEMBER_FLATTENED       8u
#define BALM_MEMBER_STREAMING       16u
#define BALM_MEMBER_JSON_VALUE      32u
#define BALM_MEMBER_IDEMPOTENCY     64u
#define BALM_MEMBER_HOST_LABEL      128u
#define BALM_MEMBER_SENSITIVE       256u
#define BALM_MEMBER_LOCATION_SHIFT  9u /* three bits: enum balm_location */
#define BALM_MEMBER_LOCATION_MASK   7u
#define BALM_MEMBER_TIME_SHIFT      12u /* two bits: enum balm_timestamp_format */
#define BALM_MEMBER_TIME_MASK       3u

struct balm_member_more {
    balm_ref location_name;
    balm_ref query_name;
    balm_ref xml_namespace;
    balm_ref xml_prefix;
    balm_ref context_param;
    balm_ref unused[3];
};

struct balm_operation {
    balm_ref service;
    balm_ref name;
    balm_ref snake_name;
    balm_ref method;
    balm_ref uri;
    balm_ref input; /* a member */
    balm_ref output;
    balm_ref errors;
    balm_ref actions;
    balm_ref dependents;
    balm_ref more;
    uint16_t error_count;
    uint16_t action_count;
    uint16_t success;
    uint16_t flags;
    uint16_t by_snake; /* index of the operation at this place in the order of snake names */
    uint16_t dependent_count;
};
#define BALM_OPERATION_READ              1u
#define BALM_OPERATION_UNSIGNED_PAYLOAD  2u
#define BALM_OPERATION_EVENT_STREAM      4u
#define BALM_OPERATION_CHECKSUM_REQUIRED 8u
#define BALM_OPERATION_CHECKSUM_RESPONSE 16u

struct balm_operation_more {
    balm_ref result_wrapper;
    balm_ref host_prefix;
    balm_ref auth_type;
    balm_ref checksum_member;
    balm_ref compression;
    balm_ref static_context;
    balm_ref context;
    balm_ref unused;
};

struct balm_node {
    uint8_t type;    /* enum balm_type: null, bool, int, double, string, list or map */
    uint8_t depth;   /* 0 for scalars, else one more than the deepest child's */
    uint16_t count;  /* of a list or a map */
    uint32_t weight; /* this node and all below, shared ones as often as they occur */
    union {
        int64_t integer; /* also the boolean */
        double number;
        struct {
            balm_ref to;   /* the text; the first item */
            balm_ref keys; /* of a map, sorted */
        } ref;
    } as;
};

/* Where a kind of record refers to. Nodes are not here: their type says it. */
struct balm_pack_field {
    uint16_t at; /* in the record */
    uint8_t region;
    bool required;
};
struct balm_pack_record {
    uint32_t size; /* a power of two where anything refers to the record */
    uint32_t field_count;
    const struct balm_pack_field *fields;
};
/* By enum balm_region, BALM_REGION_SERVICE included. */
extern const struct balm_pack_record balm_pack_records[BALM_REGION_COUNT + 1];

/* Notices damage; no more. */
uint64_t balm_pack_sum(const void *bytes, size_t len);

/* Holds everything that the accessors trust against the size bytes at blob. */
enum balm_code balm_pack_check(const void *blob, size_t size, struct balm_err *err);

static inline const void *balm_pack_follow(const balm_ref *ref)
{
    return *ref ? (const char *)ref + *ref : NULL;
}

static inline const char *balm_pack_text(const balm_ref *ref)
{
    return *ref ? (const char *)ref + *ref : "";
}

/* One that the record requires, so that it is never 0. */
static inline const char *balm_pack_required(const balm_ref *ref)
{
    return (const char *)ref + *ref;
}

#endif
