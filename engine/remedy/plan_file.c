#include "remedy/plan_file.h"

#include "core/digest.h"
#include "core/json.h"
#include "core/text.h"
#include "core/time.h"
#include "core/version.h"
#include "remedy/document.h"

#include <openssl/crypto.h>
#include <string.h>

#define HEX_LEN  (2 * (size_t)BALM_SHA256_LEN)
#define END      "\n}"
#define SHA_HEAD ",\n  \"sha256\": \""
#define MAC_HEAD "\",\n  \"mac\": \""
#define TAIL_END "\"\n}\n"
#define TAIL_LEN                                                                                   \
    (sizeof SHA_HEAD - 1 + HEX_LEN + sizeof MAC_HEAD - 1 + HEX_LEN + sizeof TAIL_END - 1)

/* ---- writing ---- */

static struct balm_value time_text(struct balm_arena *arena, int64_t micros)
{
    char text[BALM_TIME_MAX];

    balm_time_iso8601(text, micros);
    return balm_text(arena, text);
}

static enum balm_code write_events(const struct balm_plan_file *file, struct balm_seal *seal,
                                   struct balm_arena *arena, struct balm_value *out,
                                   struct balm_err *err)
{
    struct balm_value events = balm_list(arena);

    for (size_t i = 0; i < balm_list_len(file->events); i++) {
        struct balm_value event = *balm_list_at(file->events, i);
        const char *run = balm_get_string(event, "run", "");
        event = balm_map_again(arena, event);
        (void)balm_map_remove(event, "config"); /* the file has it */
        if (balm_seal_value(seal, arena, event, run, &event, err) ||
            balm_document_of(arena, event, &event, err)) {
            return err->code;
        }
        balm_list_push(arena, events, event);
    }
    *out = events;
    return balm_arena_status(arena, err);
}

static enum balm_code write_body(struct balm_buf *text, const struct balm_plan_file *file,
                                 struct balm_seal *seal, struct balm_arena *arena,
                                 struct balm_err *err)
{
    struct balm_value body = balm_map(arena), events;

    if (write_events(file, seal, arena, &events, err)) return err->code;
    balm_map_set(arena, body, "format", balm_int(BALM_PLAN_FORMAT));
    balm_map_set(arena, body, "balm", balm_string(BALM_VERSION));
    balm_map_set(arena, body, "made", time_text(arena, file->made));
    balm_map_set(arena, body, "expires", time_text(arena, file->expires));
    balm_map_set(arena, body, "config", file->config);
    balm_map_set(arena, body, "events", events);
    if (balm_arena_status(arena, err)) return err->code;
    (void)balm_json_print(text, body, BALM_JSON_PRETTY);
    balm_buf_cut(text, strlen(END));
    return balm_buf_status(text, "the plan", err);
}

/* The hash and the MAC of a body, as they stand in the tail. */
static enum balm_code write_tail(struct balm_buf *tail, const char *body, size_t len,
                                 struct balm_seal *seal, struct balm_err *err)
{
    unsigned char hash[BALM_SHA256_LEN], mac[BALM_SHA256_LEN];

    if (balm_seal_mac(seal, mac, body, len, err)) return err->code;
    balm_sha256(hash, body, len);
    (void)balm_buf_adds(tail, SHA_HEAD);
    (void)balm_text_hex(tail, hash, sizeof hash);
    (void)balm_buf_adds(tail, MAC_HEAD);
    (void)balm_text_hex(tail, mac, sizeof mac);
    (void)balm_buf_adds(tail, TAIL_END);
    return balm_buf_status(tail, "the plan", err);
}

enum balm_code balm_plan_file_write(struct balm_buf *text, const struct balm_plan_file *file,
                                    struct balm_seal *seal, struct balm_err *err)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_buf body = BALM_BUF_INIT(BALM_PLAN_FILE_MAX);
    enum balm_code code = write_body(&body, file, seal, &arena, err);

    if (!code) (void)balm_buf_add(text, body.bytes, body.len);
    if (!code) code = write_tail(text, body.bytes, body.len, seal, err);
    balm_buf_free(&body);
    balm_arena_free(&arena);
    return code;
}

/* ---- reading ---- */

/* Is it a plan, and of a format that is known? */
static enum balm_code check_format(struct balm_value plan, struct balm_err *err)
{
    int64_t format = balm_get_int(plan, "format", 0);

    if (format < 1 || balm_get(plan, "events").type != BALM_LIST) {
        return balm_fail(err, BALM_E_INPUT, "it is no plan: balm plan --out FILE makes one");
    }
    if (format > BALM_PLAN_FORMAT) {
        return balm_fail(
            err, BALM_E_INPUT,
            "a newer Balm made it (format %lld; this one reads %d): plan again, or use "
            "that Balm",
            (long long)format, BALM_PLAN_FORMAT);
    }
    return BALM_OK;
}

/* Is it byte by byte what this store's Balm wrote? */
static enum balm_code check_tail(const char *text, size_t len, struct balm_seal *seal,
                                 struct balm_err *err)
{
    struct balm_buf tail = BALM_BUF_INIT(1024);
    size_t body = len < TAIL_LEN ? 0 : len - TAIL_LEN;
    size_t sha = sizeof SHA_HEAD - 1, mac = sha + HEX_LEN + sizeof MAC_HEAD - 1;
    const char *found = text + body;
    enum balm_code code = write_tail(&tail, text, body, seal, err);

    if (code) goto out;
    if (len < TAIL_LEN || memcmp(found, tail.bytes, sha) != 0 ||
        memcmp(found + sha + HEX_LEN, MAC_HEAD, sizeof MAC_HEAD - 1) != 0 ||
        memcmp(found + mac + HEX_LEN, TAIL_END, sizeof TAIL_END - 1) != 0) {
        code = balm_fail(err, BALM_E_INPUT,
                         "it is damaged or was written anew: it does not end as a plan does");
    } else if (memcmp(found + sha, tail.bytes + sha, HEX_LEN) != 0) {
        code = balm_fail(err, BALM_E_INPUT,
                         "it was edited: its content is not what its sha256 "
                         "says; plan again");
    } else if (CRYPTO_memcmp(found + mac, tail.bytes + mac, HEX_LEN) != 0) {
        code = balm_fail(err, BALM_E_INPUT,
                         "it is foreign: it was not made with the key of this "
                         "store (or its mac was edited)");
    }
out:
    balm_buf_free(&tail);
    return code;
}

static enum balm_code read_times(struct balm_plan_file *out, struct balm_value plan, int64_t now,
                                 struct balm_err *err)
{
    struct balm_value made = balm_get(plan, "made"), expires = balm_get(plan, "expires");

    if (made.type != BALM_STRING || expires.type != BALM_STRING ||
        !balm_time_parse(made.as.text, made.len, &out->made) ||
        !balm_time_parse(expires.as.text, expires.len, &out->expires)) {
        return balm_fail(err, BALM_E_INPUT, "it is damaged: when it was made is not told");
    }
    if (out->expires <= now) {
        return balm_fail(err, BALM_E_INPUT, "it is stale: it expired at %s; plan again",
                         expires.as.text);
    }
    return BALM_OK;
}

static enum balm_code read_event(const struct balm_plan_file *file, struct balm_seal *seal,
                                 struct balm_arena *arena, struct balm_value *event,
                                 struct balm_err *err)
{
    const char *run = balm_get_string(*event, "run", "");

    if (event->type != BALM_MAP || balm_document_value(arena, *event, event, err) ||
        balm_get(*event, "finding").type != BALM_MAP ||
        balm_get(*event, "writes").type != BALM_LIST) {
        return balm_fail(err, BALM_E_INPUT, "it is damaged: an event of it is no plan");
    }
    if (balm_unseal_value(seal, arena, *event, run, event, err)) return err->code;
    balm_map_set(arena, *event, "config", file->config);
    balm_map_set(arena, *event, "expires", balm_time_value(file->expires));
    return balm_arena_status(arena, err);
}

enum balm_code balm_plan_file_read(struct balm_plan_file *out, const char *text, size_t len,
                                   struct balm_seal *seal, int64_t now, struct balm_arena *arena,
                                   struct balm_err *err)
{
    struct balm_value plan;
    enum balm_code code = balm_json_parse(arena, text, len, &plan, err);

    if (code == BALM_E_INPUT) balm_err_prefix(err, "it is damaged");
    if (!code) code = check_format(plan, err);
    if (!code) code = check_tail(text, len, seal, err);
    if (!code) code = read_times(out, plan, now, err);
    if (code) return code;
    out->config = balm_get(plan, "config");
    out->events = balm_get(plan, "events");
    for (size_t i = 0; !code && i < balm_list_len(out->events); i++) {
        code = read_event(out, seal, arena, balm_list_at(out->events, i), err);
    }
    return code;
}
