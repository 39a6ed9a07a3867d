/*
 * codec_internal: what the codec's files share; nobody else includes it.
 *
 * Writers add to buffers whose errors stick; only what a caller can have done wrong is a code.
 */
#ifndef BALM_AWS_CODEC_INTERNAL_H
#define BALM_AWS_CODEC_INTERNAL_H

#include "aws/codec.h"

/* How deep a parameter or an answer may nest: a guard of the C stack. */
#define BALM_CODEC_DEPTH 100

/* What stands in a request for a value that a plan cannot know yet. Such a request is never sent.
 */
#define BALM_CODEC_UNKNOWN_TEXT "(known after apply)"

/* ---- texts (codec_text.c) ---- */

/* Epoch with milliseconds is one service's own wish (codec_custom.c). */
struct balm_codec_times {
    enum balm_timestamp_format format; /* where the model states none */
    bool millis;
};

/* As Python prints it: the fewest digits that read back the same, "5.0", "1e+16", "NaN",
   "Infinity". */
void balm_codec_double(struct balm_buf *buf, double number);
void balm_codec_time(struct balm_buf *buf, int64_t micros, struct balm_codec_times times);
/* times with the format that the model states for member, if it states one. */
struct balm_codec_times balm_codec_times_of(const struct balm_member *member,
                                            struct balm_codec_times times);
/* A scalar as plain text: true, 5, 2026-11-23T08:00:00Z, base64 of bytes. */
void balm_codec_scalar(struct balm_buf *buf, const struct balm_member *member,
                       struct balm_value value, struct balm_codec_times times);
bool balm_codec_is_container(struct balm_value value);
/* Does the member travel in the body? True for all that have no other place in a request. */
bool balm_codec_in_body(const struct balm_member *member);
/* The same for an answer, where a URI or a query string cannot be meant. */
bool balm_codec_in_answer_body(const struct balm_member *member);
bool balm_codec_is_header_json(const struct balm_member *member);
/* buf's text, in arena; NULL when memory ran out. buf is freed. */
const char *balm_codec_keep(struct balm_buf *buf, struct balm_arena *arena);

/* ---- requests ---- */

enum balm_code balm_codec_query(const struct balm_operation *operation, struct balm_value params,
                                struct balm_request *request, struct balm_err *err);
enum balm_code balm_codec_json(const struct balm_operation *operation, struct balm_value params,
                               struct balm_request *request, struct balm_err *err);
enum balm_code balm_codec_cbor(const struct balm_operation *operation, struct balm_value params,
                               struct balm_request *request, struct balm_err *err);
enum balm_code balm_codec_rest(const struct balm_operation *operation, struct balm_value params,
                               struct balm_request *request, struct balm_err *err);

/* A structure's members as a JSON object: all, or those that travel in the body. */
void balm_codec_json_structure(struct balm_buf *buf, const struct balm_shape *shape,
                               struct balm_value value, bool body_only, bool millis);
/* Any value by its member's shape. */
void balm_codec_json_value(struct balm_buf *buf, const struct balm_member *member,
                           struct balm_value value, bool millis);
/* A value without a model, no spaces: what a jsonvalue header holds. */
void balm_codec_json_bare(struct balm_buf *buf, struct balm_value value);

/* An XML document of a structure: root is its element, member where the namespace is stated. */
void balm_codec_xml(struct balm_buf *buf, const struct balm_member *member, const char *root,
                    struct balm_value value, bool body_only);

/* ---- what services want beyond their models (codec_custom.c) ---- */

/* Aliases and defaults that come before validation. */
struct balm_value balm_custom_normalise(const struct balm_operation *operation,
                                        struct balm_value params, struct balm_arena *arena);
/* Says in problem (arena) what is wrong with params beyond the model; NULL when nothing. */
const char *balm_custom_problem(const struct balm_operation *operation, struct balm_value params,
                                struct balm_arena *arena);
/* Does a map fit where the model says string? (CopySource; policies that answers hold decoded) */
bool balm_custom_takes_map(const struct balm_operation *operation, const struct balm_member *member,
                           bool output);
/* params as they go onto the wire: the same value, or a changed shallow copy in arena. */
struct balm_value balm_custom_params(const struct balm_operation *operation,
                                     struct balm_value params, struct balm_arena *arena);
/* Headers, escapes and the like, once the request is written. */
enum balm_code balm_custom_request(const struct balm_operation *operation,
                                   struct balm_request *request, struct balm_err *err);
bool balm_custom_millis(const struct balm_operation *operation);
/* Where the model lets it and it is worth it (codec_compress.c). The body must be whole. */
enum balm_code balm_codec_compress(const struct balm_operation *operation,
                                   struct balm_request *request, struct balm_err *err);
/* Where one is required or supported and none was given: CRC32, or what params ask for
   (codec_checksum.c). The body must be whole. */
enum balm_code balm_codec_add_checksum(const struct balm_operation *operation,
                                       struct balm_value params, struct balm_request *request,
                                       struct balm_err *err);
/* ---- answers ---- */

struct balm_codec_reader {
    const struct balm_operation *operation;
    const struct balm_response *response;
    struct balm_arena *arena;
    struct balm_err *err;
};

/* Changes a parsed answer in place. params: what was asked with, or null. */
void balm_custom_answer(const struct balm_operation *operation, struct balm_value params,
                        struct balm_arena *arena, struct balm_value *answer);
/* S3 tells a bucket's region as the root's own text, which no model can say; an empty one is the
   first region, and stays absent. */
enum balm_code balm_custom_location(const struct balm_codec_reader *reader, struct balm_value out);

/* Where in an XML document a shape begins: below the root, the first child of each name in turn. */
struct balm_codec_path {
    const char *names[2]; /* NULL: no further */
};

/* Holds the body against the checksum that came with it, if one did. */
enum balm_code balm_codec_check_checksum(const struct balm_codec_reader *reader);

/* The two rest protocols: headers, status, payload. shape may be an error's, which in XML begins at
   path. */
enum balm_code balm_codec_read_rest(const struct balm_codec_reader *reader,
                                    const struct balm_shape *shape,
                                    const struct balm_codec_path *path, struct balm_value *out);
/* A body as it lies there, JSON or CBOR by the protocol; null where it is empty. err may be NULL.
   */
enum balm_code balm_codec_read_bare(const struct balm_operation *operation,
                                    const struct balm_response *response, struct balm_arena *arena,
                                    struct balm_value *out, struct balm_err *err);
/* A JSON or CBOR body as the members of shape; an empty body is an empty map. body_only: those that
   travel elsewhere are left out. */
enum balm_code balm_codec_read_json(const struct balm_codec_reader *reader,
                                    const struct balm_shape *shape, bool body_only,
                                    struct balm_value *out);
/* BALM_E_INPUT when the document is malformed, has a document type, or lacks the path. */
enum balm_code balm_codec_read_xml(const struct balm_codec_reader *reader,
                                   const struct balm_shape *shape,
                                   const struct balm_codec_path *path, struct balm_value *out);
/* A document without a model: elements with children as maps, others as texts, repeated ones as
   lists. root becomes the root's name. */
enum balm_code balm_codec_read_tree(struct balm_arena *arena, const char *text, size_t len,
                                    const char **root, struct balm_value *out,
                                    struct balm_err *err);
/* A scalar of an XML text or a header. Fails with BALM_E_INPUT when the text is none; a null value
   for an empty number or time. */
enum balm_code balm_codec_from_text(struct balm_arena *arena, const struct balm_member *member,
                                    const char *text, size_t len, struct balm_value *out,
                                    struct balm_err *err);
/* Base64 as bytes; a null value when it is none. */
struct balm_value balm_codec_unbase64(struct balm_arena *arena, const char *text, size_t len);
/* Text as a 64-bit integer, white space around it allowed. */
bool balm_codec_integer(const char *text, size_t len, int64_t *out);
/* Text as a double; NaN and the infinities by name. */
bool balm_codec_float(const char *text, size_t len, double *out);
/* A double without a fraction as an integer, where it is one of 64 bits; else the same value. */
struct balm_value balm_codec_whole(struct balm_value value);
/* Epoch seconds as a time, to the nearest microsecond; a null value out of range. */
struct balm_value balm_codec_epoch(double seconds);
/* Marks value, and all that is in it, secret where the model calls member sensitive. */
struct balm_value balm_codec_secret(struct balm_value value, const struct balm_member *member);
/* Is text what location_name states, or the name of member? len counts. */
bool balm_codec_is_named(const struct balm_member *member, const char *text, size_t len);
/* A union has exactly one member; what it lacks or has too much of is a fault of the service. */
enum balm_code balm_codec_one_member(const struct balm_shape *shape, size_t count,
                                     struct balm_err *err);
/* What stands for a union whose member is newer than the model. */
struct balm_value balm_codec_unknown_union(struct balm_arena *arena, const char *tag);

/* ---- XML, event by event (codec_xml_events.c) ---- */

/* Names come without their prefixes, attributes with them: name, value, name, value, NULL. A code
   other than BALM_OK ends the reading. */
struct balm_codec_events {
    void *owner;
    enum balm_code (*start)(void *owner, const char *name, const char **attributes,
                            struct balm_err *err);
    void (*text)(void *owner, const char *text, size_t len);
    enum balm_code (*end)(void *owner, struct balm_err *err);
};

/* Refuses document types (and with them entities) and what is nested deeper than
   BALM_CODEC_DEPTH. */
enum balm_code balm_codec_xml_events(const struct balm_codec_events *events, const char *text,
                                     size_t len, struct balm_err *err);
/* The name behind a prefix: "type" of "xsi:type". */
const char *balm_codec_local_name(const char *name);

#endif
