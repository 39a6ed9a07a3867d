/*
 * codec_error: what an answer that is none says.
 *
 * Every protocol has its own places for code and message, and some answers come from whoever stood
 * between. What cannot be read is named after the HTTP status.
 */
#include "aws/codec_custom.h"
#include "aws/codec_internal.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

struct reading {
    const struct balm_operation *operation;
    const struct balm_response *response;
    struct balm_arena *arena;
    int status;
    bool shallow;            /* an XML error without <ErrorResponse> or <Errors> around it */
    struct balm_value error; /* a map: Code, Message and what else came */
    const char *request_id;  /* "" when none */
};

static const char code_key[] = "Code";
static const char message_key[] = "Message";

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Request Entity Too Large"},
        {414, "Request-URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Requested Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {424, "Failed Dependency"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) return reasons[i].reason;
    }
    return "";
}

static void set_text(struct reading *reading, const char *key, const char *text)
{
    (void)balm_map_set(reading->arena, reading->error, key, balm_text(reading->arena, text));
}

static void by_status(struct reading *reading)
{
    reading->error = balm_map(reading->arena);
    (void)balm_map_set(reading->arena, reading->error, code_key,
                       balm_textf(reading->arena, "%d", reading->status));
    set_text(reading, message_key, reason_of(reading->status));
}

/* ---- XML ---- */

static struct balm_value first_of(struct balm_value value)
{
    return value.type == BALM_LIST ? *balm_list_at(value, 0) : value;
}

/* <ErrorResponse><Error/></ErrorResponse>, <Response><Errors><Error/></Errors></Response>, or S3's
   bare <Error>. */
static bool read_xml(struct reading *reading)
{
    const struct balm_buf *body = &reading->response->body;
    struct balm_value tree = balm_null();
    const char *root = "";

    if (balm_codec_read_tree(reading->arena, body->bytes, body->len, &root, &tree, NULL)) {
        return false;
    }
    const char *id = balm_get_string(tree, "RequestId", balm_get_string(tree, "RequestID", ""));
    struct balm_value error = first_of(balm_get(tree, "Error"));
    if (error.type != BALM_MAP) error = first_of(balm_get(balm_get(tree, "Errors"), "Error"));
    if (strcmp(root, "Error") == 0) {
        reading->shallow = true;
        error = tree;
        (void)balm_map_remove(error, "RequestId");
        (void)balm_map_remove(error, "HostId");
    }
    if (error.type != BALM_MAP) return false;
    reading->error = error;
    if (!reading->request_id[0]) reading->request_id = id;
    return true;
}

/* ---- JSON ---- */

static const char *text_of(const struct reading *reading, struct balm_value value)
{
    if (value.type == BALM_STRING) return value.as.text;
    if (value.type != BALM_INT) return NULL;
    return balm_arena_printf(reading->arena, "%lld", (long long)value.as.integer);
}

static const char *first_text(const struct reading *reading, struct balm_value body,
                              const char *const *keys)
{
    const char *found = NULL;

    for (; *keys && !found; keys++)
        found = text_of(reading, balm_get(body, *keys));
    return found;
}

/* "aws.vX#NoSuchThing:http://internal/..." is "NoSuchThing". */
static const char *bare_code(const struct reading *reading, const char *text)
{
    size_t len = text ? strcspn(text, ":") : 0;
    const char *hash = len ? memrchr(text, '#', len) : NULL;

    if (hash) {
        len -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    while (len && text[len - 1] == ' ')
        len--;
    return len ? balm_arena_copy(reading->arena, text, len) : NULL;
}

/* "AWS.SimpleQueueService.NonExistentQueue;Sender": what a service that spoke query once called it
   then counts; the new name and whose fault it is stand beside. */
static const char *query_code(struct reading *reading, const char *code)
{
    const char *text = balm_response_header(reading->response, "x-amzn-query-error");
    const char *mark = text ? strchr(text, ';') : NULL;

    if (!mark || mark == text || strchr(mark + 1, ';')) return code;
    if (code) set_text(reading, "QueryErrorCode", code);
    set_text(reading, "Type", mark + 1);
    return balm_arena_copy(reading->arena, text, (size_t)(mark - text));
}

static const char *json_code(struct reading *reading, struct balm_value body)
{
    static const char *const rest_keys[] = {"code", code_key, NULL};
    static const char *const type_keys[] = {"__type", NULL};
    const struct balm_service *service = balm_operation_service(reading->operation);
    bool rest = balm_service_protocol(service) == BALM_PROTOCOL_REST_JSON;
    const char *in_header =
        bare_code(reading, balm_response_header(reading->response, "x-amzn-errortype"));
    const char *code = rest ? in_header : NULL;

    if (!code && rest) code = bare_code(reading, first_text(reading, body, rest_keys));
    if (!code) code = bare_code(reading, first_text(reading, body, type_keys));
    return query_code(reading, code ? code : in_header);
}

static bool read_json(struct reading *reading)
{
    static const char *const message_keys[] = {"message", message_key, "errorMessage", NULL};
    static const char *const oauth_codes[] = {"error", NULL};
    static const char *const oauth_messages[] = {"error_description", NULL};
    bool oauth = (balm_custom_of(reading->operation) & BALM_CUSTOM_OAUTH) != 0;
    struct balm_value parsed = balm_null();

    if (balm_codec_read_bare(reading->operation, reading->response, reading->arena, &parsed,
                             NULL)) {
        return false;
    }
    reading->error = balm_map(reading->arena);
    const char *code = json_code(reading, parsed);
    const char *message = first_text(reading, parsed, message_keys);
    if (oauth && !code) code = first_text(reading, parsed, oauth_codes);
    if (oauth && !message) message = first_text(reading, parsed, oauth_messages);
    if (!code && !message) return false;
    set_text(reading, message_key, message ? message : "");
    if (code) {
        set_text(reading, code_key, code);
    } else {
        (void)balm_map_set(reading->arena, reading->error, code_key,
                           balm_textf(reading->arena, "%d", reading->status));
    }
    return true;
}

/* ---- what the error's shape models ---- */

static const struct balm_shape *shape_among(const struct balm_operation *operation,
                                            const char *code)
{
    for (size_t i = 0; i < balm_operation_error_count(operation); i++) {
        const struct balm_shape *shape = balm_operation_error_at(operation, i);
        if (strcmp(balm_shape_error_code(shape), code) == 0) return shape;
    }
    return NULL;
}

/* An operation may fail in ways that only its neighbours tell of. */
static const struct balm_shape *error_shape(const struct balm_operation *operation,
                                            const char *code)
{
    const struct balm_service *service = balm_operation_service(operation);
    const struct balm_shape *found = shape_among(operation, code);

    for (size_t i = 0; !found && i < balm_service_operation_count(service); i++) {
        found = shape_among(balm_service_operation_at(service, i), code);
    }
    return found;
}

static enum balm_code read_modelled(const struct reading *reading, const struct balm_shape *shape,
                                    struct balm_value *out)
{
    static const struct balm_codec_path at_root = {{NULL, NULL}};
    static const struct balm_codec_path in_response = {{"Error", NULL}};
    static const struct balm_codec_path in_errors = {{"Errors", "Error"}};
    struct balm_codec_reader reader = {reading->operation, reading->response, reading->arena, NULL};
    const struct balm_codec_path *path = reading->shallow ? &at_root : &in_response;

    switch (balm_service_protocol(balm_operation_service(reading->operation))) {
    case BALM_PROTOCOL_QUERY:
        return balm_codec_read_xml(&reader, shape, path, out);
    case BALM_PROTOCOL_EC2:
        return balm_codec_read_xml(&reader, shape, reading->shallow ? path : &in_errors, out);
    case BALM_PROTOCOL_JSON:
    case BALM_PROTOCOL_CBOR:
        return balm_codec_read_json(&reader, shape, false, out);
    case BALM_PROTOCOL_REST_JSON:
    case BALM_PROTOCOL_REST_XML:
        return balm_codec_read_rest(&reader, shape, path, out);
    case BALM_PROTOCOL_NONE:
        break;
    }
    return BALM_E_INPUT;
}

static void add_modelled(const struct reading *reading, struct balm_value detail)
{
    const char *code = balm_get_string(reading->error, code_key, "");
    const struct balm_shape *shape = error_shape(reading->operation, code);
    struct balm_value members = balm_null();

    if (!shape || read_modelled(reading, shape, &members)) return;
    for (size_t i = 0; i < balm_map_len(members); i++) {
        const struct balm_entry *entry = balm_map_at(members, i);
        if (balm_map_get_n(detail, entry->key, entry->key_len)) continue;
        (void)balm_map_set_n(reading->arena, detail, entry->key, entry->key_len, entry->value);
    }
}

/* ---- the whole ---- */

/* Pages of proxies and load balancers begin so, too. */
static bool is_markup(const struct balm_buf *body)
{
    static const char *const starts[] = {"<html", "<!doctype"};
    size_t at = strspn(body->bytes, " \t\r\n");

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncasecmp(body->bytes + at, starts[i], strlen(starts[i])) == 0) return true;
    }
    return false;
}

static bool is_empty(const struct balm_buf *body)
{
    return strspn(body->bytes, " \t\r\n") == body->len;
}

static bool is_xml(const struct balm_operation *operation)
{
    enum balm_protocol protocol = balm_service_protocol(balm_operation_service(operation));
    return protocol == BALM_PROTOCOL_QUERY || protocol == BALM_PROTOCOL_EC2 ||
           protocol == BALM_PROTOCOL_REST_XML;
}

static void read_error(struct reading *reading)
{
    const struct balm_buf *body = &reading->response->body;
    bool read = false;

    if (is_markup(body)) {
        read = false;
    } else if (is_xml(reading->operation)) {
        read = !is_empty(body) && read_xml(reading);
    } else {
        read = read_json(reading);
    }
    if (!read) by_status(reading);
    /* One that holds elements is none. */
    if (!balm_get_string(reading->error, code_key, "")[0]) {
        (void)balm_map_set(reading->arena, reading->error, code_key,
                           balm_textf(reading->arena, "%d", reading->status));
    }
    if (!balm_map_get(reading->error, message_key)) set_text(reading, message_key, "");
}

static struct balm_value metadata(const struct reading *reading)
{
    struct balm_value map = balm_map(reading->arena);

    (void)balm_map_set(reading->arena, map, "HTTPStatusCode", balm_int(reading->status));
    (void)balm_map_set(reading->arena, map, "RequestId",
                       balm_text(reading->arena, reading->request_id));
    return map;
}

void balm_parse_error(const struct balm_operation *operation, const struct balm_response *response,
                      struct balm_arena *arena, struct balm_err *err, struct balm_value *detail)
{
    /* an error behind a good status is the service's failure */
    int status = response->status < 300 ? 500 : response->status;
    struct reading reading = {.operation = operation,
                              .response = response,
                              .arena = arena,
                              .status = status,
                              .error = balm_null(),
                              .request_id = balm_response_request_id(response, arena)};

    read_error(&reading);
    *detail = balm_map(arena);
    (void)balm_map_set(arena, *detail, "Error", reading.error);
    (void)balm_map_set(arena, *detail, "ResponseMetadata", metadata(&reading));
    add_modelled(&reading, *detail);

    const char *code = balm_get_string(reading.error, code_key, "");
    const char *message = balm_get_string(reading.error, message_key, "");
    if (!message[0]) message = reason_of(status);
    (void)balm_fail(err, BALM_E_AWS, "%s", message);
    err->http_status = status;
    (void)snprintf(err->aws_code, sizeof err->aws_code, "%s", code);
}
