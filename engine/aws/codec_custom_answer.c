/*
 * codec_custom_answer: what some services' answers mean beyond their models.
 */
#include "aws/codec_custom.h"
#include "aws/codec_internal.h"
#include "core/json.h"
#include "core/text.h"

#include <string.h>

/* A text that holds JSON becomes what it says; another stays. */
static void decode_json(struct balm_arena *arena, struct balm_value *value, bool percent)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value parsed = balm_null();
    uint8_t secret = value->secret;

    if (value->type != BALM_STRING) return;
    if (percent) {
        (void)balm_text_unpercent(&text, value->as.text, value->len, false);
    } else {
        (void)balm_buf_add(&text, value->as.text, value->len);
    }
    if (!text.code && !balm_json_parse(arena, text.bytes, text.len, &parsed, NULL)) {
        *value = parsed;
        value->secret = secret;
    }
    balm_buf_free(&text);
}

/* IAM's policies come as percent-encoded JSON; all have one shape's name. */
static void decode_policies(struct balm_arena *arena, const struct balm_shape *shape,
                            struct balm_value value, int depth)
{
    if (depth > BALM_CODEC_DEPTH) return;
    if (balm_shape_kind(shape) == BALM_SHAPE_LIST) {
        const struct balm_shape *item = balm_member_shape(balm_shape_item(shape));
        for (size_t i = 0; i < balm_list_len(value); i++) {
            decode_policies(arena, item, *balm_list_at(value, i), depth + 1);
        }
        return;
    }
    if (balm_shape_kind(shape) != BALM_SHAPE_STRUCTURE) return;
    for (size_t i = 0; i < balm_map_len(value); i++) {
        struct balm_entry *entry = balm_map_at(value, i);
        const struct balm_member *member = balm_shape_member(shape, entry->key, entry->key_len);
        if (!member) continue;
        const struct balm_shape *inner = balm_member_shape(member);
        if (strcmp(balm_shape_name(inner), "policyDocumentType") == 0) {
            decode_json(arena, &entry->value, true);
        } else {
            decode_policies(arena, inner, entry->value, depth + 1);
        }
    }
}

/* ---- S3 listings ---- */

struct listing {
    unsigned of; /* enum balm_custom */
    const char *keys[5];
    struct {
        const char *list;
        const char *key;
    } nested[3];
};

static const struct listing listings[] = {
    {BALM_CUSTOM_DECODE_V1,
     {"Delimiter", "Marker", "NextMarker", "Prefix", NULL},
     {{"Contents", "Key"}, {"CommonPrefixes", "Prefix"}, {NULL, NULL}}},
    {BALM_CUSTOM_DECODE_V2,
     {"Delimiter", "Prefix", "StartAfter", NULL, NULL},
     {{"Contents", "Key"}, {"CommonPrefixes", "Prefix"}, {NULL, NULL}}},
    {BALM_CUSTOM_DECODE_ALL,
     {"KeyMarker", "NextKeyMarker", "Prefix", "Delimiter", NULL},
     {{"Versions", "Key"}, {"DeleteMarkers", "Key"}, {"CommonPrefixes", "Prefix"}}},
};

static void unpercent(struct balm_arena *arena, struct balm_value map, const char *key)
{
    struct balm_value *value = balm_map_get(map, key);
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);

    if (!value || value->type != BALM_STRING) return;
    (void)balm_text_unpercent(&text, value->as.text, value->len, true);
    size_t len = text.len;
    const char *kept = balm_codec_keep(&text, arena);
    if (kept) *value = balm_string_n(kept, len);
}

static void decode_listing(struct balm_arena *arena, const struct listing *listing,
                           struct balm_value answer)
{
    for (const char *const *key = listing->keys; *key; key++)
        unpercent(arena, answer, *key);
    for (size_t i = 0; i < 3 && listing->nested[i].list; i++) {
        struct balm_value list = balm_get(answer, listing->nested[i].list);
        for (size_t k = 0; k < balm_list_len(list); k++) {
            unpercent(arena, *balm_list_at(list, k), listing->nested[i].key);
        }
    }
}

/* Only where the encoding was Balm's own wish: who asked for it wants it. */
static void decode_listings(unsigned does, struct balm_value params, struct balm_arena *arena,
                            struct balm_value answer)
{
    if (balm_map_get(params, "EncodingType")) return;
    if (!balm_is_text(balm_get(answer, "EncodingType"), "url")) return;
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        if (does & listings[i].of) decode_listing(arena, &listings[i], answer);
    }
}

/* ---- the rest ---- */

static void decode_console(struct balm_arena *arena, struct balm_value answer)
{
    struct balm_value *output = balm_map_get(answer, "Output");

    if (!output || output->type != BALM_STRING) return;
    struct balm_value bytes = balm_codec_unbase64(arena, output->as.text, output->len);
    if (bytes.type == BALM_BYTES) *output = balm_string_n(bytes.as.text, bytes.len);
}

enum balm_code balm_custom_location(const struct balm_codec_reader *reader, struct balm_value out)
{
    const struct balm_buf *body = &reader->response->body;
    struct balm_value tree = balm_null();
    const char *root = "";
    enum balm_code code =
        balm_codec_read_tree(reader->arena, body->bytes, body->len, &root, &tree, reader->err);

    if (code || tree.type != BALM_STRING || !tree.len) return code;
    (void)balm_map_set(reader->arena, out, "LocationConstraint", tree);
    return BALM_OK;
}

void balm_custom_answer(const struct balm_operation *operation, struct balm_value params,
                        struct balm_arena *arena, struct balm_value *answer)
{
    unsigned does = balm_custom_of(operation);
    const struct balm_shape *shape = balm_operation_output(operation);

    if (does & BALM_CUSTOM_POLICIES && shape) decode_policies(arena, shape, *answer, 0);
    if (does & BALM_CUSTOM_CONSOLE) decode_console(arena, *answer);
    if (does & BALM_CUSTOM_TEMPLATE) {
        struct balm_value *template = balm_map_get(*answer, "TemplateBody");
        if (template) decode_json(arena, template, false);
    }
    decode_listings(does, params, arena, *answer);
}
