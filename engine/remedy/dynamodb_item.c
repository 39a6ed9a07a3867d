#include "remedy/dynamodb.h"

#include <stdlib.h>
#include <string.h>

struct balm_value balm_dynamodb_text(struct balm_arena *arena, const char *text)
{
    struct balm_value attribute = balm_map(arena);
    balm_map_set(arena, attribute, "S", balm_string(text));
    return attribute;
}

struct balm_value balm_dynamodb_number(struct balm_arena *arena, int64_t number)
{
    struct balm_value attribute = balm_map(arena);
    balm_map_set(arena, attribute, "N", balm_textf(arena, "%lld", (long long)number));
    return attribute;
}

struct balm_value balm_dynamodb_key(struct balm_arena *arena, const char *partition,
                                    const char *sort)
{
    struct balm_value key = balm_map(arena);
    balm_map_set(arena, key, "pk", balm_dynamodb_text(arena, partition));
    balm_map_set(arena, key, "sk", balm_dynamodb_text(arena, sort));
    return key;
}

struct balm_value balm_dynamodb_piece_key(struct balm_arena *arena, const char *partition,
                                          const char *sort, int64_t version, int place)
{
    return balm_dynamodb_key(
        arena, balm_arena_printf(arena, "%s#", partition),
        balm_arena_printf(arena, "%s#%lld#%d", sort, (long long)version, place));
}

const char *balm_dynamodb_get_text(struct balm_value item, const char *name)
{
    return balm_get_string(balm_get(item, name), "S", NULL);
}

int64_t balm_dynamodb_get_number(struct balm_value item, const char *name)
{
    return strtoll(balm_get_string(balm_get(item, name), "N", "0"), NULL, 10);
}

/* TTL removes what has expired in its own time, never before. */
static void set_expiry(struct balm_arena *arena, struct balm_value item, int64_t expires)
{
    if (!expires) return;
    balm_map_set(arena, item, "x", balm_dynamodb_number(arena, expires / 1000000 + 1));
}

/* How much of a document fits one piece: it is not cut within a character. */
static size_t piece_len(const char *text, size_t len)
{
    size_t most = BALM_DDB_PIECE_MAX;
    if (len <= most) return len;
    while (((unsigned char)text[most] & 0xC0) == 0x80) {
        most--;
    }
    return most;
}

int balm_dynamodb_pieces_of(const struct balm_store_write *write)
{
    size_t at = 0;
    int count = 0;
    if (!write->document || write->len <= BALM_DDB_PIECE_MAX) return 0;
    for (; at < write->len; count++) {
        at += piece_len(write->document + at, write->len - at);
    }
    return count;
}

struct balm_value balm_dynamodb_item(struct balm_arena *arena,
                                     const struct balm_dynamodb_task *task,
                                     const struct balm_store_write *write)
{
    struct balm_value item = balm_dynamodb_key(arena, write->partition, write->sort);
    int pieces = balm_dynamodb_pieces_of(write);
    struct balm_value text = balm_map(arena);
    balm_map_set(arena, item, "v", balm_dynamodb_number(arena, task->version));
    balm_map_set(arena, item, "t", balm_dynamodb_text(arena, task->token));
    if (pieces) {
        balm_map_set(arena, item, "n", balm_dynamodb_number(arena, pieces));
    } else {
        balm_map_set(arena, text, "S", balm_string_n(write->document, write->len));
        balm_map_set(arena, item, "d", text);
    }
    set_expiry(arena, item, write->expires);
    if (write->expires) balm_map_set(arena, item, "e", balm_dynamodb_number(arena, write->expires));
    return item;
}

struct balm_value balm_dynamodb_piece(struct balm_arena *arena,
                                      const struct balm_dynamodb_task *task,
                                      const struct balm_store_write *write, int place, size_t *at)
{
    size_t len = piece_len(write->document + *at, write->len - *at);
    struct balm_value item =
        balm_dynamodb_piece_key(arena, write->partition, write->sort, task->version, place);
    struct balm_value text = balm_map(arena);
    balm_map_set(arena, text, "S", balm_string_n(write->document + *at, len));
    balm_map_set(arena, item, "d", text);
    set_expiry(arena, item, write->expires);
    *at += len;
    return item;
}
