#include "aws/endpoint_memo.h"

#include "aws/endpoint_internal.h"
#include "aws/key.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_BITS 8 /* a question that falls on another's slot takes its place */
#define LIKE_BITS 5

struct slot {
    uint64_t hash;
    size_t key_len;
    bool raw_path;
    bool payload_header;
    char *texts; /* the key, then url, signing_region, signing_name, auth_scheme; NULL: empty */
};

/* An operation's endpoint, but for its URL, whatever its parameters say; made when it is asked for
   the second time. */
struct like {
    struct slot slot;
    uint64_t asked; /* the last key that had none */
    struct balm_rules_again *again;
    /* Those that again asks for; NULL: nobody gives it. */
    const struct balm_member *members[BALM_RULES_CHANGING_MAX];
};

struct balm_endpoint_memo {
    struct balm_ways *ways; /* where a question is new, its like may not be */
    struct slot slots[1 << SLOT_BITS];
    struct like likes[1 << LIKE_BITS];
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
    for (size_t i = 0; i < sizeof memo->likes / sizeof *memo->likes; i++) {
        free(memo->likes[i].slot.texts);
        balm_rules_again_release(memo->likes[i].again);
    }
    balm_ways_release(memo->ways);
    free(memo);
}

/* ---- keys ---- */

/* The members that the model gives the rules; a path into params may lead to any of them. add takes
   their values, or their kinds alone. */
static bool add_context(struct balm_key *key, const struct balm_endpoint_question *question,
                        bool (*add)(struct balm_key *key, struct balm_value value))
{
    const struct balm_shape *input = balm_operation_input(question->operation);
    size_t count = input ? balm_shape_member_count(input) : 0;

    if (balm_operation_context(question->operation)) return false;
    for (size_t i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(input, i);
        if (!balm_member_context_param(member)[0]) continue;
        if (!add(key, balm_get(question->params, balm_member_name(member)))) return false;
    }
    /* Where a bucket has this form S3 is addressed otherwise, whatever the rules are given. */
    return add(key, balm_get(question->params, "Bucket"));
}

/* A text, or none; an ARN is asked of the rules in another way. */
static bool add_kind(struct balm_key *key, struct balm_value value)
{
    const char *kind = "t";

    if (value.type == BALM_NULL) kind = "0";
    if (value.type == BALM_STRING && balm_text_starts(value.as.text, "arn:")) kind = "a";
    if (value.type != BALM_NULL && value.type != BALM_STRING) return false;
    return balm_key_add(key, kind, 1);
}

/* Its len stays 0 where it cannot be told in so few bytes, or depends on more. */
static void make_key(struct balm_key *key, const struct balm_endpoint_question *question,
                     bool (*add)(struct balm_key *key, struct balm_value value))
{
    bool told;

    key->len = 0;
    told = balm_is_null(question->extra) && question->operation && question->region &&
           balm_key_add(key, &question->operation, sizeof question->operation) &&
           balm_key_add_text(key, question->region) &&
           balm_key_add_text(key, question->account ? question->account : "") &&
           add_context(key, question, add);
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

static bool is_of(const struct slot *slot, const struct balm_key *key, uint64_t hash)
{
    return key->len && slot->texts && slot->hash == hash &&
           balm_key_is(key, slot->texts, slot->key_len);
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

/* ---- likes ---- */

/* The member that gives the rules a parameter. */
static const struct balm_member *member_of(const struct balm_operation *operation, const char *name)
{
    const struct balm_shape *input = balm_operation_input(operation);
    size_t count = input ? balm_shape_member_count(input) : 0;

    for (size_t i = 0; i < count; i++) {
        const struct balm_member *member = balm_shape_member_at(input, i);
        if (strcmp(balm_member_context_param(member), name) == 0) return member;
    }
    return NULL;
}

/* *url is NULL where the rules have to be asked. */
static enum balm_code ask_again(const struct like *like,
                                const struct balm_endpoint_question *question,
                                const struct balm_partitions *partitions, struct balm_arena *arena,
                                const char **url, struct balm_err *err)
{
    struct balm_value values[BALM_RULES_CHANGING_MAX];
    struct balm_url_parts parts;
    size_t count = balm_rules_again_count(like->again);
    enum balm_code code = BALM_OK;

    *url = NULL;
    for (size_t i = 0; i < count && !code; i++) {
        const struct balm_member *member = like->members[i];
        values[i] = member ? balm_get(question->params, balm_member_name(member)) : balm_null();
        code = balm_endpoint_check(balm_rules_again_name(like->again, i), values[i], err);
    }
    if (!code) code = balm_rules_again(like->again, values, partitions, arena, url, err);
    if (!code && *url && !balm_endpoint_split(*url, &parts)) code = balm_endpoint_refuse(*url, err);
    return code;
}

static void keep_like(struct like *like, const struct balm_key *key, uint64_t hash,
                      const struct balm_endpoint_question *question,
                      const struct balm_endpoint *endpoint, struct balm_rules_again *again)
{
    size_t count = balm_rules_again_count(again);

    balm_rules_again_release(like->again);
    like->again = again;
    free(like->slot.texts);
    like->slot.texts = NULL;
    for (size_t i = 0; i < count; i++) {
        like->members[i] = member_of(question->operation, balm_rules_again_name(again, i));
    }
    keep(&like->slot, key, hash, endpoint);
}

/* The first time it is only noted: most processes ask few questions. Where memory runs out nothing
   is kept. */
static void remember(struct balm_endpoint_memo *memo, struct like *like, const struct balm_key *key,
                     const struct balm_endpoint_question *question,
                     const struct balm_aws_config *config, const struct balm_partitions *partitions,
                     const struct balm_endpoint *endpoint)
{
    struct balm_rules_again *again;
    struct balm_err err;
    uint64_t hash = balm_key_hash(key);

    if (like->asked == hash) {
        (void)balm_endpoint_again_new(&again, memo->ways, question, config, partitions, &err);
        if (again) keep_like(like, key, hash, question, endpoint, again);
    }
    like->asked = hash;
}

/* ---- recalling ---- */

/* As one that was like it, where there was one; else by the rules. */
static enum balm_code resolve(struct balm_endpoint_memo *memo,
                              const struct balm_endpoint_question *question,
                              const struct balm_aws_config *config,
                              const struct balm_partitions *partitions, struct balm_arena *arena,
                              struct balm_endpoint *out, struct balm_err *err)
{
    struct balm_key key;
    struct like *like;
    const char *url = NULL;
    uint64_t hash;
    bool known;
    enum balm_code code = BALM_OK;

    make_key(&key, question, add_kind);
    hash = balm_key_hash(&key);
    like = &memo->likes[hash >> (64 - LIKE_BITS)];
    known = is_of(&like->slot, &key, hash);
    if (known) code = ask_again(like, question, partitions, arena, &url, err);
    if (code) return code;
    if (url) {
        code = give(&like->slot, arena, out, err);
        out->url = url;
        return code;
    }
    code = balm_endpoint_resolve_by(memo->ways, question, config, partitions, arena, out, err);
    if (!code && !known && key.len) {
        remember(memo, like, &key, question, config, partitions, out);
    }
    return code;
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

    make_key(&key, question, balm_key_add_value);
    hash = balm_key_hash(&key);
    slot = &memo->slots[hash >> (64 - SLOT_BITS)];
    if (is_of(slot, &key, hash)) return give(slot, arena, out, err);
    code = resolve(memo, question, config, partitions, arena, out, err);
    if (!code && key.len) keep(slot, &key, hash, out);
    return code;
}
