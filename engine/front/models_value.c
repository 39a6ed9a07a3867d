/* models_show, the part for programs. */
#include "front/models_show.h"

#include <string.h>

static const char *const kind_names[] = {
    [BALM_SHAPE_STRUCTURE] = "structure",
    [BALM_SHAPE_LIST] = "list",
    [BALM_SHAPE_MAP] = "map",
    [BALM_SHAPE_STRING] = "string",
    [BALM_SHAPE_INTEGER] = "integer",
    [BALM_SHAPE_LONG] = "long",
    [BALM_SHAPE_FLOAT] = "float",
    [BALM_SHAPE_DOUBLE] = "double",
    [BALM_SHAPE_BOOLEAN] = "boolean",
    [BALM_SHAPE_BLOB] = "blob",
    [BALM_SHAPE_TIMESTAMP] = "timestamp",
};

static const char *const location_names[] = {
    [BALM_IN_BODY] = "",         [BALM_IN_URI] = "uri",         [BALM_IN_QUERY] = "querystring",
    [BALM_IN_HEADER] = "header", [BALM_IN_HEADERS] = "headers", [BALM_IN_STATUS] = "statusCode",
};

static const char *const time_names[] = {
    [BALM_TIMESTAMP_UNSET] = "",
    [BALM_TIMESTAMP_ISO8601] = "iso8601",
    [BALM_TIMESTAMP_RFC822] = "rfc822",
    [BALM_TIMESTAMP_EPOCH] = "unixTimestamp",
};

static const char *const protocol_names[] = {
    [BALM_PROTOCOL_NONE] = "",
    [BALM_PROTOCOL_QUERY] = "query",
    [BALM_PROTOCOL_EC2] = "ec2",
    [BALM_PROTOCOL_JSON] = "json",
    [BALM_PROTOCOL_REST_JSON] = "rest-json",
    [BALM_PROTOCOL_REST_XML] = "rest-xml",
    [BALM_PROTOCOL_CBOR] = "smithy-rpc-v2-cbor",
};

/* Flags and texts of a record, by name: what is absent is not shown. */
struct flag {
    const char *name;
    bool on;
};
struct text {
    const char *name;
    const char *text;
};

struct shown {
    struct balm_arena *arena;
    struct balm_value shapes; /* name -> shape, in the order they were met */
};

static void set_flags(struct balm_arena *arena, struct balm_value map, const struct flag *flags,
                      size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if (flags[i].on) balm_map_set(arena, map, flags[i].name, balm_bool(true));
    }
}

static void set_texts(struct balm_arena *arena, struct balm_value map, const struct text *texts,
                      size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if (texts[i].text[0]) balm_map_set(arena, map, texts[i].name, balm_string(texts[i].text));
    }
}

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void show_shape(struct shown *shown, const struct balm_shape *shape);

static struct balm_value member_value(struct shown *shown, const struct balm_member *member)
{
    struct balm_value map = balm_map(shown->arena);
    const struct text texts[] = {
        {"shape", balm_shape_name(balm_member_shape(member))},
        {"location", location_names[balm_member_location(member)]},
        {"queryName", balm_member_query_name(member)},
        {"xmlNamespace", balm_member_xml_namespace(member)},
        {"xmlPrefix", balm_member_xml_prefix(member)},
        {"timestampFormat", time_names[balm_member_timestamp_format(member)]},
        {"contextParam", balm_member_context_param(member)},
    };
    const struct flag flags[] = {
        {"required", balm_member_required(member)},
        {"xmlAttribute", balm_member_is_xml_attribute(member)},
        {"flattened", balm_member_is_flattened(member)},
        {"streaming", balm_member_is_streaming(member)},
        {"jsonvalue", balm_member_is_json_value(member)},
        {"idempotencyToken", balm_member_is_idempotency_token(member)},
        {"hostLabel", balm_member_is_host_label(member)},
        {"sensitive", balm_member_is_sensitive(member)},
    };

    set_texts(shown->arena, map, texts, COUNT(texts));
    set_flags(shown->arena, map, flags, COUNT(flags));
    if (balm_member_has_location_name(member)) {
        balm_map_set(shown->arena, map, "locationName",
                     balm_string(balm_member_location_name(member)));
    }
    show_shape(shown, balm_member_shape(member));
    return map;
}

static void set_members(struct shown *shown, struct balm_value map, const struct balm_shape *shape)
{
    struct balm_value members;
    size_t i;

    if (balm_shape_kind(shape) == BALM_SHAPE_LIST) {
        balm_map_set(shown->arena, map, "member", member_value(shown, balm_shape_item(shape)));
    }
    if (balm_shape_kind(shape) == BALM_SHAPE_MAP) {
        balm_map_set(shown->arena, map, "key", member_value(shown, balm_shape_key(shape)));
        balm_map_set(shown->arena, map, "value", member_value(shown, balm_shape_value(shape)));
    }
    if (balm_shape_kind(shape) != BALM_SHAPE_STRUCTURE) return;
    members = balm_map(shown->arena);
    for (i = 0; i < balm_shape_member_count(shape); i++) {
        const struct balm_member *member = balm_shape_member_at(shape, i);
        balm_map_set(shown->arena, members, balm_member_name(member), member_value(shown, member));
    }
    balm_map_set(shown->arena, map, "members", members);
}

static void set_limits(struct shown *shown, struct balm_value map, const struct balm_shape *shape)
{
    struct balm_value enums = balm_list(shown->arena);
    double bound;
    size_t i;

    if (balm_shape_min(shape, &bound)) {
        balm_map_set(shown->arena, map, "min", balm_double(bound));
    }
    if (balm_shape_max(shape, &bound)) {
        balm_map_set(shown->arena, map, "max", balm_double(bound));
    }
    for (i = 0; i < balm_shape_enum_count(shape); i++) {
        balm_list_push(shown->arena, enums, balm_string(balm_shape_enum_at(shape, i)));
    }
    if (balm_list_len(enums)) balm_map_set(shown->arena, map, "enum", enums);
}

static void set_error(struct shown *shown, struct balm_value map, const struct balm_shape *shape)
{
    int status = balm_shape_error_status(shape);

    if (!balm_shape_is_exception(shape)) return;
    balm_map_set(shown->arena, map, "code", balm_string(balm_shape_error_code(shape)));
    if (status) balm_map_set(shown->arena, map, "status", balm_int(status));
}

/* Enters the shape before its members, so that one that holds itself is met once. */
static void show_shape(struct shown *shown, const struct balm_shape *shape)
{
    const struct balm_member *payload = balm_shape_payload(shape);
    const struct flag flags[] = {
        {"union", balm_shape_is_union(shape)},
        {"document", balm_shape_is_document(shape)},
        {"eventstream", balm_shape_is_event_stream(shape)},
        {"flattened", balm_shape_is_flattened(shape)},
        {"exception", balm_shape_is_exception(shape)},
    };
    struct balm_value map;

    if (balm_map_get(shown->shapes, balm_shape_name(shape))) return;
    map = balm_map(shown->arena);
    balm_map_set(shown->arena, shown->shapes, balm_shape_name(shape), map);
    balm_map_set(shown->arena, map, "type", balm_string(kind_names[balm_shape_kind(shape)]));
    set_flags(shown->arena, map, flags, COUNT(flags));
    set_limits(shown, map, shape);
    set_error(shown, map, shape);
    if (payload) {
        balm_map_set(shown->arena, map, "payload", balm_string(balm_member_name(payload)));
    }
    set_members(shown, map, shape);
}

static void set_io(struct shown *shown, struct balm_value map,
                   const struct balm_operation *operation)
{
    const struct balm_member *input = balm_operation_input_member(operation);
    const struct balm_member *output = balm_operation_output_member(operation);
    struct balm_value errors = balm_list(shown->arena);
    size_t i;

    if (input) balm_map_set(shown->arena, map, "input", member_value(shown, input));
    if (output) balm_map_set(shown->arena, map, "output", member_value(shown, output));
    for (i = 0; i < balm_operation_error_count(operation); i++) {
        const struct balm_shape *error = balm_operation_error_at(operation, i);
        balm_list_push(shown->arena, errors, balm_string(balm_shape_name(error)));
        show_shape(shown, error);
    }
    balm_map_set(shown->arena, map, "errors", errors);
}

static void set_node(struct shown *shown, struct balm_value map, const char *name,
                     const struct balm_node *node)
{
    if (node) balm_map_set(shown->arena, map, name, balm_node_value(node, shown->arena));
}

static struct balm_value operation_value(struct shown *shown,
                                         const struct balm_operation *operation)
{
    struct balm_arena *arena = shown->arena;
    struct balm_value map = balm_map(arena);
    struct balm_value actions = balm_list(arena);
    struct balm_value dependents = balm_list(arena);
    struct balm_value paginator;
    size_t i;
    const struct text texts[] = {
        {"call", balm_operation_snake_name(operation)},
        {"access", balm_operation_is_read(operation) ? "read" : "write"},
        {"method", balm_operation_method(operation)},
        {"requestUri", balm_operation_uri(operation)},
        {"resultWrapper", balm_operation_result_wrapper(operation)},
        {"hostPrefix", balm_operation_host_prefix(operation)},
        {"authType", balm_operation_auth_type(operation)},
        {"checksumMember", balm_operation_checksum_member(operation)},
        {"compression", balm_operation_compression(operation)},
    };
    const struct flag flags[] = {
        {"unsignedPayload", balm_operation_unsigned_payload(operation)},
        {"eventStream", balm_operation_has_event_stream(operation)},
        {"checksumRequired", balm_operation_checksum_required(operation)},
        {"checksumResponse", balm_operation_checksum_response(operation)},
    };

    set_texts(arena, map, texts, COUNT(texts));
    set_flags(arena, map, flags, COUNT(flags));
    balm_map_set(arena, map, "responseCode", balm_int(balm_operation_success_code(operation)));
    for (i = 0; i < balm_operation_action_count(operation); i++) {
        balm_list_push(arena, actions, balm_string(balm_operation_action_at(operation, i)));
    }
    balm_map_set(arena, map, "actions", actions);
    for (i = 0; i < balm_operation_dependent_count(operation); i++) {
        balm_list_push(arena, dependents, balm_string(balm_operation_dependent_at(operation, i)));
    }
    balm_map_set(arena, map, "dependents", dependents);
    set_io(shown, map, operation);
    set_node(shown, map, "staticContext", balm_operation_static_context(operation));
    set_node(shown, map, "context", balm_operation_context(operation));
    balm_service_paginator(balm_operation_service(operation), operation, arena, &paginator);
    if (paginator.type == BALM_MAP) balm_map_set(arena, map, "paginator", paginator);
    return map;
}

static struct balm_value metadata_value(struct balm_arena *arena,
                                        const struct balm_service *service)
{
    const char *refusal = balm_service_refusal(service);
    struct balm_value map = balm_map(arena);
    const struct text texts[] = {
        {"apiVersion", balm_service_api_version(service)},
        {"serviceId", balm_service_id(service)},
        {"signingName", balm_service_signing_name(service)},
        {"endpointPrefix", balm_service_endpoint_prefix(service)},
        {"protocol", protocol_names[balm_service_protocol(service)]},
        {"signatureVersion", balm_service_signature(service)},
        {"jsonVersion", balm_service_json_version(service)},
        {"targetPrefix", balm_service_target_prefix(service)},
        {"xmlNamespace", balm_service_xml_namespace(service)},
        {"globalEndpoint", balm_service_global_endpoint(service)},
        {"refusal", refusal ? refusal : ""},
    };

    set_texts(arena, map, texts, COUNT(texts));
    return map;
}

struct balm_value balm_models_value(struct balm_arena *arena, const struct balm_service *service,
                                    const struct balm_operation *operation)
{
    struct shown shown = {arena, balm_map(arena)};
    struct balm_value map = balm_map(arena);
    struct balm_value operations = balm_map(arena);
    size_t i;

    for (i = 0; i < balm_service_operation_count(service); i++) {
        const struct balm_operation *one = balm_service_operation_at(service, i);
        if (operation && one != operation) continue;
        balm_map_set(arena, operations, balm_operation_name(one), operation_value(&shown, one));
    }
    balm_map_set(arena, map, "service", balm_string(balm_service_name(service)));
    balm_map_set(arena, map, "metadata", metadata_value(arena, service));
    balm_map_set(arena, map, "operations", operations);
    balm_map_set(arena, map, "shapes", shown.shapes);
    if (operation) return map;
    set_node(&shown, map, "waiters", balm_service_waiters(service));
    set_node(&shown, map, "rules", balm_service_rules(service));
    set_node(&shown, map, "clientContext", balm_service_client_context(service));
    return map;
}
