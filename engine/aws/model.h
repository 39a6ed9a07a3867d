/*
 * model: the service model pack, mapped and read in place (DESIGN §5).
 *
 * Opening a pack reads its header only. A service is checked, every offset of it, the first time
 * that it is asked for; from then on the pointers given out are into the mapping, valid until the
 * pack is released, and the accessors cannot fail. All texts are NUL-terminated.
 */
#ifndef BALM_AWS_MODEL_H
#define BALM_AWS_MODEL_H

#include "core/value.h"

struct balm_pack;
struct balm_service; /* one service, its newest API version */
struct balm_operation;
struct balm_shape;
/* A member of a structure, the item of a list, the key or value of a map: a shape and how it
   travels. */
struct balm_member;

enum balm_protocol {
    BALM_PROTOCOL_NONE, /* none that Balm speaks; balm_service_refusal() says why */
    BALM_PROTOCOL_QUERY,
    BALM_PROTOCOL_EC2,
    BALM_PROTOCOL_JSON,
    BALM_PROTOCOL_REST_JSON,
    BALM_PROTOCOL_REST_XML,
    BALM_PROTOCOL_CBOR
};

enum balm_shape_kind {
    BALM_SHAPE_STRUCTURE,
    BALM_SHAPE_LIST,
    BALM_SHAPE_MAP,
    BALM_SHAPE_STRING,
    BALM_SHAPE_INTEGER, /* 32 bits in the model; `long` is BALM_SHAPE_LONG */
    BALM_SHAPE_LONG,
    BALM_SHAPE_FLOAT,
    BALM_SHAPE_DOUBLE,
    BALM_SHAPE_BOOLEAN,
    BALM_SHAPE_BLOB,
    BALM_SHAPE_TIMESTAMP
};

enum balm_location {
    BALM_IN_BODY,
    BALM_IN_URI,
    BALM_IN_QUERY,
    BALM_IN_HEADER,
    BALM_IN_HEADERS, /* a map spread over headers with a common prefix */
    BALM_IN_STATUS
};

enum balm_timestamp_format {
    BALM_TIMESTAMP_UNSET,
    BALM_TIMESTAMP_ISO8601,
    BALM_TIMESTAMP_RFC822,
    BALM_TIMESTAMP_EPOCH
};

/* Whether the request that an error answers may be sent again. */
enum balm_retryable { BALM_NOT_RETRYABLE, BALM_RETRYABLE, BALM_RETRYABLE_THROTTLING };

/* ---- the pack ---- */

/* Maps the pack at path. BALM_E_IO when it cannot be read, BALM_E_INPUT when it is foreign, cut or
   of another version. */
enum balm_code balm_pack_open(struct balm_pack **out, const char *path, struct balm_err *err);
void balm_pack_release(struct balm_pack *pack); /* accepts NULL */

size_t balm_pack_service_count(const struct balm_pack *pack);
/* sorted; checked; "" when damaged */
const char *balm_pack_service_name(const struct balm_pack *pack, size_t i);

/* Finds a service by its client name ("s3", "elbv2") and checks it. An unknown name is BALM_E_ARG
   and suggests the nearest. */
enum balm_code balm_pack_service(struct balm_pack *pack, const char *name,
                                 const struct balm_service **out, struct balm_err *err);

/* Documents kept beside the services as values in place: "partitions", "endpoints". Copies what is
   asked for into arena. */
enum balm_code balm_pack_document(struct balm_pack *pack, const char *name,
                                  struct balm_arena *arena, struct balm_value *out,
                                  struct balm_err *err);

/* ---- a service ---- */

/* "s3": the folder's name in botocore's layout */
const char *balm_service_name(const struct balm_service *service);
const char *balm_service_api_version(const struct balm_service *service); /* "2006-03-01" */
/* metadata.serviceId: "S3", "Elastic Load Balancing v2" */
const char *balm_service_id(const struct balm_service *service);
/* signingName, else endpointPrefix */
const char *balm_service_signing_name(const struct balm_service *service);
const char *balm_service_endpoint_prefix(const struct balm_service *service);
enum balm_protocol balm_service_protocol(const struct balm_service *service);
/* "v4", "v4a", "s3", "s3v4", "v2", "bearer" */
const char *balm_service_signature(const struct balm_service *service);
const char *balm_service_json_version(const struct balm_service *service); /* "1.0", "1.1" or "" */
/* "DynamoDB_20120810" or "" */
const char *balm_service_target_prefix(const struct balm_service *service);
/* metadata.xmlNamespace or "" */
const char *balm_service_xml_namespace(const struct balm_service *service);
/* metadata.globalEndpoint or "" */
const char *balm_service_global_endpoint(const struct balm_service *service);
/* Once of the protocol query: it still knows those errors, and is to be told that we do. */
bool balm_service_is_query_compatible(const struct balm_service *service);
/* NULL, or why Balm cannot call this service ("uses Signature Version 2 only"). */
const char *balm_service_refusal(const struct balm_service *service);

size_t balm_service_operation_count(const struct balm_service *service);
/* sorted by API name */
const struct balm_operation *balm_service_operation_at(const struct balm_service *service,
                                                       size_t i);
/* By API name ("PutBucketVersioning") or snake_case name ("put_bucket_versioning"); unknown:
   BALM_E_ARG, nearest suggested. */
enum balm_code balm_service_operation(const struct balm_service *service, const char *name,
                                      const struct balm_operation **out, struct balm_err *err);

struct balm_node; /* one node of a JSON document that lies in the pack */
/* The service's endpoint rule set, a node to walk in place (see rules.h); NULL when it has none. */
const struct balm_node *balm_service_rules(const struct balm_service *service);
/* The paginator of an operation / a waiter by name, as botocore's file has it ({"input_token":...,
   ...}); a null value when there is none. */
enum balm_code balm_service_paginator(const struct balm_service *service,
                                      const struct balm_operation *operation,
                                      struct balm_arena *arena, struct balm_value *out);
/* A waiter's name may also be in snake_case ("instance_stopped"). */
enum balm_code balm_service_waiter(const struct balm_service *service, const char *name,
                                   struct balm_arena *arena, struct balm_value *out);
/* The waiter's name, in snake_case and in arena, that was meant by one that is none; or NULL. */
const char *balm_service_nearest_waiter(const struct balm_service *service, const char *name,
                                        struct balm_arena *arena);
/* All waiters, by the names of botocore's file ("InstanceStopped"); NULL when there are none. */
const struct balm_node *balm_service_waiters(const struct balm_service *service);
/* clientContextParams: {"name": {"type"}}, or NULL */
const struct balm_node *balm_service_client_context(const struct balm_service *service);

/* ---- nodes: JSON in place ---- */
enum balm_type balm_node_type(const struct balm_node *node);
bool balm_node_bool(const struct balm_node *node);
int64_t balm_node_int(const struct balm_node *node);
double balm_node_number(const struct balm_node *node);
const char *balm_node_text(const struct balm_node *node); /* "" unless a string */
size_t balm_node_len(const struct balm_node *node);       /* of a list or a map */
/* item, or value of the i-th entry */
const struct balm_node *balm_node_at(const struct balm_node *node, size_t i);
const char *balm_node_key_at(const struct balm_node *node, size_t i);
/* NULL when absent; logarithmic */
const struct balm_node *balm_node_get(const struct balm_node *map, const char *key);
/* a copy as a value */
struct balm_value balm_node_value(const struct balm_node *node, struct balm_arena *arena);

/* ---- an operation ---- */

const struct balm_service *balm_operation_service(const struct balm_operation *operation);
const char *balm_operation_name(const struct balm_operation *operation); /* "PutBucketVersioning" */
/* "put_bucket_versioning" */
const char *balm_operation_snake_name(const struct balm_operation *operation);
const char *balm_operation_method(const struct balm_operation *operation); /* "POST" */
/* "/{Bucket}?versioning" as in the model */
const char *balm_operation_uri(const struct balm_operation *operation);
/* http.responseCode, or 200 */
int balm_operation_success_code(const struct balm_operation *operation);
/* NULL: takes nothing */
const struct balm_shape *balm_operation_input(const struct balm_operation *operation);
/* NULL: gives nothing */
const struct balm_shape *balm_operation_output(const struct balm_operation *operation);
/* the input's shapeRef: its locationName and xmlNamespace count in rest-xml; NULL as above */
const struct balm_member *balm_operation_input_member(const struct balm_operation *operation);
/* with resultWrapper */
const struct balm_member *balm_operation_output_member(const struct balm_operation *operation);
/* query: "ListUsersResult" or "" */
const char *balm_operation_result_wrapper(const struct balm_operation *operation);
size_t balm_operation_error_count(const struct balm_operation *operation);
const struct balm_shape *balm_operation_error_at(const struct balm_operation *operation, size_t i);
/* endpoint.hostPrefix: "{AccountId}." or "" */
const char *balm_operation_host_prefix(const struct balm_operation *operation);
/* authtype: "", "none", "v4-unsigned-body", ... */
const char *balm_operation_auth_type(const struct balm_operation *operation);
bool balm_operation_unsigned_payload(const struct balm_operation *operation);
/* in input or output */
bool balm_operation_has_event_stream(const struct balm_operation *operation);
/* httpChecksumRequired or httpChecksum.requestChecksumRequired */
bool balm_operation_checksum_required(const struct balm_operation *operation);
/* httpChecksum.requestAlgorithmMember or "" */
const char *balm_operation_checksum_member(const struct balm_operation *operation);
/* httpChecksum.requestValidationModeMember is set */
bool balm_operation_checksum_response(const struct balm_operation *operation);
/* staticContextParams or NULL */
const struct balm_node *balm_operation_static_context(const struct balm_operation *operation);
/* operationContextParams or NULL */
const struct balm_node *balm_operation_context(const struct balm_operation *operation);
/* requestcompression: "gzip" where it is among them, or "" */
const char *balm_operation_compression(const struct balm_operation *operation);
/* From actions.tsv: is it known to be a read? which IAM actions does it need? */
bool balm_operation_is_read(const struct balm_operation *operation);
size_t balm_operation_action_count(const struct balm_operation *operation);
/* "s3:PutBucketVersioning" */
const char *balm_operation_action_at(const struct balm_operation *operation, size_t i);
/* From dependents.tsv: which others may AWS ask for as well, by what is in the parameters? That of
   IAM comes first: "iam:PassRole" */
size_t balm_operation_dependent_count(const struct balm_operation *operation);
const char *balm_operation_dependent_at(const struct balm_operation *operation, size_t i);

/* ---- shapes and members ---- */

enum balm_shape_kind balm_shape_kind(const struct balm_shape *shape);
const char *balm_shape_name(const struct balm_shape *shape);
size_t balm_shape_member_count(const struct balm_shape *shape); /* of a structure */
/* in the model's order */
const struct balm_member *balm_shape_member_at(const struct balm_shape *shape, size_t i);
/* fast; NULL when unknown */
const struct balm_member *balm_shape_member(const struct balm_shape *shape, const char *name,
                                            size_t len);
/* The same for the key of an entry; at once where it is a text of the model itself, as
   balm_normalise_input() leaves them. */
const struct balm_member *balm_shape_member_of(const struct balm_shape *shape,
                                               const struct balm_entry *entry);
const struct balm_member *balm_shape_item(const struct balm_shape *shape);  /* of a list */
const struct balm_member *balm_shape_key(const struct balm_shape *shape);   /* of a map */
const struct balm_member *balm_shape_value(const struct balm_shape *shape); /* of a map */
/* the payload member or NULL */
const struct balm_member *balm_shape_payload(const struct balm_shape *shape);
bool balm_shape_is_union(const struct balm_shape *shape);
bool balm_shape_is_document(const struct balm_shape *shape);
bool balm_shape_is_event_stream(const struct balm_shape *shape);
bool balm_shape_is_flattened(const struct balm_shape *shape); /* list or map, on the shape */
size_t balm_shape_enum_count(const struct balm_shape *shape);
const char *balm_shape_enum_at(const struct balm_shape *shape, size_t i);
/* Is text, of len bytes and a NUL, among them? */
bool balm_shape_enum_has(const struct balm_shape *shape, const char *text, size_t len);
bool balm_shape_min(const struct balm_shape *shape, double *min); /* false when there is none */
bool balm_shape_max(const struct balm_shape *shape, double *max);
/* of an exception shape */
bool balm_shape_is_exception(const struct balm_shape *shape);
const char *balm_shape_error_code(
    const struct balm_shape *shape); /* error.code, else the shape's name */
enum balm_retryable balm_shape_retryable(const struct balm_shape *shape);
int balm_shape_error_status(const struct balm_shape *shape); /* error.httpStatusCode or 0 */

const char *balm_member_name(const struct balm_member *member); /* "" for items, keys and values */
const struct balm_shape *balm_member_shape(const struct balm_member *member);
bool balm_member_required(const struct balm_member *member);
enum balm_location balm_member_location(const struct balm_member *member);
/* locationName where the member or its shape states one, else the member's name ("" for items,
   keys and values). */
const char *balm_member_location_name(const struct balm_member *member);
bool balm_member_has_location_name(const struct balm_member *member);    /* stated */
const char *balm_member_query_name(const struct balm_member *member);    /* queryName (ec2) or "" */
const char *balm_member_xml_namespace(const struct balm_member *member); /* uri or "" */
/* xmlNamespace.prefix or "" */
const char *balm_member_xml_prefix(const struct balm_member *member);
bool balm_member_is_xml_attribute(const struct balm_member *member);
/* stated on the member or on its shape */
bool balm_member_is_flattened(const struct balm_member *member);
bool balm_member_is_streaming(const struct balm_member *member);
bool balm_member_is_json_value(const struct balm_member *member);
bool balm_member_is_idempotency_token(const struct balm_member *member);
bool balm_member_is_host_label(const struct balm_member *member);
bool balm_member_is_sensitive(const struct balm_member *member); /* on the member or on its shape */
/* member's, else shape's */
enum balm_timestamp_format balm_member_timestamp_format(const struct balm_member *member);
/* contextParam.name or "" */
const char *balm_member_context_param(const struct balm_member *member);

#endif
