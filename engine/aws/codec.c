/*
 * codec: chooses the protocol.
 */
#include "aws/codec.h"

#include "aws/codec_internal.h"

enum balm_code balm_serialise(const struct balm_operation *operation, struct balm_value params,
                              struct balm_request *request, struct balm_err *err)
{
    const struct balm_service *service = balm_operation_service(operation);
    enum balm_code code = BALM_OK;

    if (balm_operation_has_event_stream(operation)) {
        return balm_fail(err, BALM_E_ARG, "%s:%s uses an event stream, which Balm does not speak",
                         balm_service_name(service), balm_operation_name(operation));
    }
    request->method = balm_operation_method(operation);
    params = balm_custom_params(operation, params, request->arena);
    switch (balm_service_protocol(service)) {
    case BALM_PROTOCOL_QUERY:
    case BALM_PROTOCOL_EC2:
        code = balm_codec_query(operation, params, request, err);
        break;
    case BALM_PROTOCOL_JSON:
        code = balm_codec_json(operation, params, request, err);
        break;
    case BALM_PROTOCOL_REST_JSON:
    case BALM_PROTOCOL_REST_XML:
        code = balm_codec_rest(operation, params, request, err);
        break;
    case BALM_PROTOCOL_CBOR:
        code = balm_codec_cbor(operation, params, request, err);
        break;
    case BALM_PROTOCOL_NONE:
        return balm_fail(err, BALM_E_ARG, "%s speaks a protocol that Balm does not",
                         balm_service_name(service));
    }
    if (!code) code = balm_custom_request(operation, request, err);
    if (!code) code = balm_codec_compress(operation, request, err);
    if (!code) code = balm_codec_add_checksum(operation, params, request, err);
    if (!code) code = balm_arena_status(request->arena, err);
    return code;
}
