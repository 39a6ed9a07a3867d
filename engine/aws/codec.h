/*
 * codec: parameters to a request, a response to a value, as the operation's model and protocol say.
 *
 * The one door to the protocols query, ec2, json, rest-json, rest-xml and rpc-v2-cbor; each lives
 * in a file of its own (codec_query.c, codec_json.c, codec_rest.c, codec_xml.c, ...). Pure: no
 * clock, no I/O.
 */
#ifndef BALM_AWS_CODEC_H
#define BALM_AWS_CODEC_H

#include "aws/message.h"
#include "aws/model.h"
#include "core/value.h"

/*
 * Holds params against the operation's input shape: unknown members (nearest name suggested), wrong
 * types, missing required ones, lengths below the model's minimum. problems becomes a list of
 * texts, all of them, each naming the path ("VersioningConfiguration.Status"); warnings too (values
 * outside an enum). Fails with BALM_E_ARG when there is any problem; err then tells the first and
 * how many. A BALM_UNKNOWN fits everywhere. Coerces nothing.
 */
enum balm_code balm_validate_input(const struct balm_operation *operation, struct balm_value params,
                                   struct balm_arena *arena, struct balm_value *problems,
                                   struct balm_value *warnings, struct balm_err *err);
/* The same for an answer (specs): unknown members and wrong types only. */
enum balm_code balm_validate_output(const struct balm_operation *operation,
                                    struct balm_value answer, struct balm_arena *arena,
                                    struct balm_value *problems, struct balm_err *err);
/*
 * params as the wire needs them, a copy in arena, which shares nothing with what was given but keys
 * that are the model's own texts: idempotency tokens filled in (token: a UUID text), texts
 * that the model calls blobs become bytes (blobs_are_base64: from JSON; else the bytes of the
 * string), timestamps given as text or number become times, doubles where the model says integer
 * and the value is integral become integers, the strings "NaN"/"Infinity"/"-Infinity" become
 * doubles where the model says float, sensitive members are marked secret. What does not fit is
 * left for validation to name. Numbers are never turned into strings, nor strings into numbers.
 */
struct balm_value balm_normalise_input(const struct balm_operation *operation,
                                       struct balm_value params, bool blobs_are_base64,
                                       const char *token, struct balm_arena *arena);
/* The same towards output shapes (specs give answers as Lua data). */
struct balm_value balm_normalise_output(const struct balm_operation *operation,
                                        struct balm_value answer, struct balm_arena *arena);

/*
 * Fills request (initialised by the caller): method, path, query, headers and body; not the host.
 * params must have been normalised and validated. The path is the model's with labels filled in;
 * for S3 the Bucket label is left out of the path (rules.h puts it into the host or the path).
 */
enum balm_code balm_serialise(const struct balm_operation *operation, struct balm_value params,
                              struct balm_request *request, struct balm_err *err);

/*
 * Reads a response with a status below 300; once, since texts of the value may stay in its body,
 * which is changed and lives as long as they do. The value is a map with the output's members;
 * absent stays absent. Lists and maps with no element on the wire are handled as botocore's parser
 * does. params: what was asked with, before balm_normalise_input() or after it, or null: what Balm
 * asked for on its own (S3's encoding-type=url) is decoded again. A body that cannot be read is
 * BALM_E_INPUT.
 */
enum balm_code balm_parse_response(const struct balm_operation *operation, struct balm_value params,
                                   struct balm_response *response, struct balm_arena *arena,
                                   struct balm_value *out, struct balm_err *err);

/*
 * Reads an error response (status 300 and up, or a 200 of S3 that carries an error): err->aws_code,
 * message, http_status; *detail is {"Error": {"Code","Message",...}, "ResponseMetadata":
 * {"HTTPStatusCode","RequestId"}, and the members that the error's shape models beside "Error"} as
 * botocore has it. Never fails: what cannot be read becomes code = the status as text, such as
 * "503". Also right for an empty body (HEAD) and for HTML of a proxy.
 */
void balm_parse_error(const struct balm_operation *operation, const struct balm_response *response,
                      struct balm_arena *arena, struct balm_err *err, struct balm_value *detail);

/* Does this 200 carry an error all the same (S3 CopyObject, CompleteMultipartUpload, ...)? */
bool balm_response_hides_error(const struct balm_operation *operation,
                               const struct balm_response *response);

/* The request id in a response, good or not: x-amzn-requestid, x-amz-request-id, or the body's
   RequestId (copied into arena). "" when there is none. */
const char *balm_response_request_id(const struct balm_response *response,
                                     struct balm_arena *arena);

/* What an unsent write would have answered (DESIGN §3 Plan): structures as maps, lists and maps
   empty, scalars BALM_UNKNOWN with source "NAME.Member.Path". Recursion in shapes ends as an empty
   map. */
struct balm_value balm_unknown_output(const struct balm_operation *operation, const char *name,
                                      struct balm_arena *arena);

#endif
