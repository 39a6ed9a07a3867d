#include "aws/endpoint_memo.h"

#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_BITS 8 /* a question that falls on another's slot takes its place */
#define KEY_MAX   1024

/* What a question depends on, as bytes. */
struct key {
    size_t len; /* 0: it cannot be told in so few, or depends on more */
    char bytes[KEY_MAX];
};

struct slot {
    uint64_t hash;
    size_t key_len;
    bool raw_path;
    bool payload_header;
    char *texts; /* the key, then url, signing_region, signing_name, auth_scheme; NULL: empty */
};

struct balm_endpoint_memo {
    struct slot slots[1 << SLOT_BITS];
};

enum balm_code balm_endpoint_memo_new(struct balm_endpoint_memo **out, struct balm_err *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? BALM_OK : balm_nomem(err);
}

void balm_endpoint_memo_release(struct balm_endpoint_memo *memo)
{
    if (!memo) return;
    for (size_t i = 0; i < sizeof memo->slots / sizeof *memo->slots; i++) {
        free(memo->slots[i].texts);
    }
    free(memo);
}

/* ---- keys ---- */

static bool add(struct key *key, const void *bytes, size_t len)
{
    if (len > sizeof key->bytes - key->len) return false;
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
    return true;
}

/* With its NUL, which ends it. */
static bool add_text(struct key *key, const char *text)
{
    return add(key, text, strlen(text) + 1);
}

/* Only a text, a boolean or nothing: a list may be long. */
static bool add_value(struct key *key, struct balm_value value)
{
    if (!add(key, &value.type, 1)) return false;
    switch (value.type) {
    case BALM_NULL:
        return true;
    case BALM_BOOL:
        return add(key, value.as.boolean ? "t" : "f", 1);
    case BALM_STRING:
        return add(key, &value.len, sizeof value.len) && add(key, value.as.text, value.len);
    default:
        return false;
    }
}

/* The members that the model gives the rules; a path into params may lead to any of them. */
static bool add_context(struct key *key, const struct balm_endpoint_question *question)
{
    const struct balm_shape *input = balm_operation_input(question->operation);
    size_t count = input ? balm_shape_member_count(input) : 0;

    if (balm_operation_context(question->operation)) return false;
    for (size_t i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(input, i);
        if (!balm_member_context_param(member)[0]) continue;
        if (!add_value(key, balm_get(question->params, balm_member_name(member)))) return false;
    }
    /* Where a bucket has this form S3 is addressed otherwise, whatever the rules are given. */
    return add_value(key, balm_get(question->params, "Bucket"));
}

static void make_key(struct key *key, const struct balm_endpoint_question *question)
{
    bool told;

    key->len = 0;
    told = balm_is_null(question->extra) && question->operation && question->region &&
           add(key, &question->operation, sizeof question->operation) &&
           add_text(key, question->region) &&
           add_text(key, question->account ? question->account : "") && add_context(key, question);
    if (!told) key->len = 0;
}

/* ---- slots ---- */

static const char *take_text(struct balm_arena *arena, const char **at)
{
    const char *text = *at;
    size_t len = strlen(text);

    *at += len + 1;
    return balm_arena_copy(arena, text, len);
}

static enum balm_code give(const struct slot *slot, struct balm_arena *arena,
                           struct balm_endpoint *out, struct balm_err *err)
{
    const char *at = slot->texts + slot->key_len;

    out->url = take_text(arena, &at);
    out->signing_region = take_text(arena, &at);
    out->signing_name = take_text(arena, &at);
    out->auth_scheme = take_text(arena, &at);
    out->raw_path = slot->raw_path;
    out->payload_header = slot->payload_header;
    out->headers = balm_null();
    return balm_arena_status(arena, err);
}

/* What cannot be kept is resolved again the next time. */
static void keep(struct slot *slot, const struct key *key, uint64_t hash,
                 const struct balm_endpoint *endpoint)
{
    const char *const texts[] = {endpoint->url, endpoint->signing_region, endpoint->signing_name,
                                 endpoint->auth_scheme};
    size_t size = key->len;
    char *at;

    if (balm_map_len(endpoint->headers) > 0) return;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size += strlen(texts[i]) + 1;
    }
    at = malloc(size);
    if (!at) return;
    free(slot->texts);
    *slot = (struct slot){hash, key->len, endpoint->raw_path, endpoint->payload_header, at};
    memcpy(at, key->bytes, key->len);
    at += key->len;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i]) + 1;
        memcpy(at, texts[i], len);
        at += len;
    }
}

enum balm_code balm_endpoint_recall(struct balm_endpoint_memo *memo,
                                    const struct balm_endpoint_question *question,
                                    const struct balm_aws_config *config,
                                    const struct balm_partitions *partitions,
                                    struct balm_arena *arena, struct balm_endpoint *out,
                                    struct balm_err *err)
{
    struct key key;
    struct slot *slot;
    uint64_t hash;
    enum balm_code code;

    make_key(&key, question);
    hash = balm_hash(key.bytes, key.len);
    slot = &memo->slots[hash >> (64 - SLOT_BITS)];
    if (key.len && slot->texts && slot->hash == hash && slot->key_len == key.len &&
        memcmp(slot->texts, key.bytes, key.len) == 0) {
        return give(slot, arena, out, err);
    }
    code = balm_endpoint_resolve(question, config, partitions, arena, out, err);
    if (!code && key.len) keep(slot, &key, hash, out);
    return code;
}
