#include "aws/endpoint_memo.h"

#include "aws/endpoint_internal.h"
#include "aws/key.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_BITS 8 /* a question that falls on another's slot takes its place */

struct slot {
    uint64_t hash;
    size_t key_len;
    bool raw_path;
    bool payload_header;
    char *texts; /* the key, then url, signing_region, signing_name, auth_scheme; NULL: empty */
};

struct balm_endpoint_memo {
    struct balm_ways *ways; /* where a question is new, its like may not be */
    struct slot slots[1 << SLOT_BITS];
};

enum balm_code balm_endpoint_memo_new(struct balm_endpoint_memo **out, struct balm_err *err)
{
    struct balm_endpoint_memo *memo = calloc(1, sizeof *memo);

    if (!memo) return balm_nomem(err);
    if (balm_ways_new(&memo->ways, err)) {
        free(memo);
        return err->code;
    }
    *out = memo;
    return BALM_OK;
}

void balm_endpoint_memo_release(struct balm_endpoint_memo *memo)
{
    if (!memo) return;
    for (size_t i = 0; i < sizeof memo->slots / sizeof *memo->slots; i++) {
        free(memo->slots[i].texts);
    }
    balm_ways_release(memo->ways);
    free(memo);
}

/* ---- keys ---- */

/* The members that the model gives the rules; a path into params may lead to any of them. */
static bool add_context(struct balm_key *key, const struct balm_endpoint_question *question)
{
    const struct balm_shape *input = balm_operation_input(question->operation);
    size_t count = input ? balm_shape_member_count(input) : 0;

    if (balm_operation_context(question->operation)) return false;
    for (size_t i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(input, i);
        if (!balm_member_context_param(member)[0]) continue;
        if (!balm_key_add_value(key, balm_get(question->params, balm_member_name(member))))
            return false;
    }
    /* Where a bucket has this form S3 is addressed otherwise, whatever the rules are given. */
    return balm_key_add_value(key, balm_get(question->params, "Bucket"));
}

/* Its len stays 0 where it cannot be told in so few bytes, or depends on more. */
static void make_key(struct balm_key *key, const struct balm_endpoint_question *question)
{
    bool told;

    key->len = 0;
    told = balm_is_null(question->extra) && question->operation && question->region &&
           balm_key_add(key, &question->operation, sizeof question->operation) &&
           balm_key_add_text(key, question->region) &&
           balm_key_add_text(key, question->account ? question->account : "") &&
           add_context(key, question);
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
static void keep(struct slot *slot, const struct balm_key *key, uint64_t hash,
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
    struct balm_key key;
    struct slot *slot;
    uint64_t hash;
    enum balm_code code;

    make_key(&key, question);
    hash = balm_key_hash(&key);
    slot = &memo->slots[hash >> (64 - SLOT_BITS)];
    if (key.len && slot->texts && slot->hash == hash &&
        balm_key_is(&key, slot->texts, slot->key_len)) {
        return give(slot, arena, out, err);
    }
    code = balm_endpoint_resolve_by(memo->ways, question, config, partitions, arena, out, err);
    if (!code && key.len) keep(slot, &key, hash, out);
    return code;
}
