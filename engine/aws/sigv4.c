#include "aws/sigv4.h"

#include "aws/sigv4_internal.h"

#include "core/hash.h"
#include "core/text.h"
#include "core/time.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SLOTS  256 /* a power of two */
#define KEY_WAYS   4   /* slots that one scope may lie in */
#define SCOPE_MAX  192 /* longer scopes are not kept */
#define SECRET_MAX 512 /* AWS's own have 40 characters */

static const char algorithm[] = "AWS4-HMAC-SHA256";
static const char terminator[] = "aws4_request";
static const char empty_hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* Never signed: proxies may change or drop them. Sorted for the search. */
static const char *const never_signed[] = {"connection",
                                           "expect",
                                           "keep-alive",
                                           "proxy-authenticate",
                                           "proxy-authorization",
                                           "te",
                                           "trailer",
                                           "transfer-encoding",
                                           "upgrade",
                                           "user-agent",
                                           "x-amzn-trace-id"};

/* ---- canonical request ---- */

/* By bytes of the lower-case names. */
static int compare_names(const char *a, const char *b)
{
    for (;; a++, b++) {
        unsigned char x = (unsigned char)balm_text_lower(*a);
        unsigned char y = (unsigned char)balm_text_lower(*b);
        if (x != y) return x < y ? -1 : 1;
        if (!x) return 0;
    }
}

static bool is_signed(const char *name)
{
    size_t low = 0;
    size_t high = sizeof never_signed / sizeof *never_signed;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_names(name, never_signed[middle]);
        if (order == 0) return false;
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return true;
}

/* The headers to sign, sorted; of one name in the order given. */
static struct balm_header *collect(const struct balm_request *request, size_t *count)
{
    const char *own_host = balm_request_header(request, "host");
    struct balm_header host = {"host", own_host ? own_host : request->host};
    size_t most = request->header_len + 1;
    struct balm_header *sorted = balm_arena_alloc(request->arena, most * sizeof *sorted);
    size_t len = 0;
    size_t i;
    if (!sorted) return NULL;
    for (i = 0; i < most; i++) {
        const struct balm_header *next = i ? &request->headers[i - 1] : &host;
        size_t at = len;
        if (i && (!is_signed(next->name) || compare_names(next->name, "host") == 0)) continue;
        while (at > 0 && compare_names(sorted[at - 1].name, next->name) > 0) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = *next;
        len++;
    }
    *count = len;
    return sorted;
}

static void add_lower(struct balm_buf *buf, const char *name)
{
    size_t len = strlen(name);
    char *to = balm_buf_room(buf, len);
    size_t i;
    if (!to) return;
    for (i = 0; i < len; i++) {
        to[i] = balm_text_lower(name[i]);
    }
    balm_buf_grew(buf, len);
}

/* Without white space at the ends, each run of it inside as one space. */
static void add_trimmed(struct balm_buf *buf, const char *value)
{
    static const char blanks[] = " \t\n\v\f\r";
    bool is_first = true;
    for (value += strspn(value, blanks); *value; value += strspn(value, blanks)) {
        size_t len = strcspn(value, blanks);
        if (!is_first) (void)balm_buf_addc(buf, ' ');
        (void)balm_buf_add(buf, value, len);
        is_first = false;
        value += len;
    }
}

static void add_headers(const struct balm_header *sorted, size_t count, struct balm_buf *buf,
                        struct balm_buf *signed_headers)
{
    size_t i;
    for (i = 0; i < count; i++) {
        bool again = i && compare_names(sorted[i - 1].name, sorted[i].name) == 0;
        if (again) {
            (void)balm_buf_addc(buf, ',');
        } else {
            if (i) (void)balm_buf_addc(buf, '\n');
            if (i) (void)balm_buf_addc(signed_headers, ';');
            add_lower(buf, sorted[i].name);
            add_lower(signed_headers, sorted[i].name);
            (void)balm_buf_addc(buf, ':');
        }
        add_trimmed(buf, sorted[i].value);
    }
    (void)balm_buf_adds(buf, "\n\n");
}

static int compare_pairs(const void *a, const void *b)
{
    const struct balm_pair *x = a;
    const struct balm_pair *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->value ? x->value : "", y->value ? y->value : "");
}

static void add_query(const struct balm_request *request, struct balm_buf *buf)
{
    size_t size = request->query_len * sizeof(struct balm_pair);
    struct balm_pair *sorted = request->query;
    size_t i;
    if (request->query_len > 1) {
        sorted = balm_arena_alloc(request->arena, size);
        if (!sorted) return;
        memcpy(sorted, request->query, size);
        qsort(sorted, request->query_len, sizeof *sorted, compare_pairs);
    }
    for (i = 0; i < request->query_len; i++) {
        if (i) (void)balm_buf_addc(buf, '&');
        (void)balm_buf_adds(buf, sorted[i].name);
        (void)balm_buf_addc(buf, '=');
        if (sorted[i].value) (void)balm_buf_adds(buf, sorted[i].value);
    }
}

static void add_path(const struct balm_request *request, bool raw, struct balm_buf *buf)
{
    struct balm_buf path = BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX);
    const char *end = request->path[0] ? request->path : request->base_path;
    if (raw || (!request->base_path[0] && strcmp(request->path, "/") == 0)) {
        (void)balm_buf_adds(buf, request->base_path);
        (void)balm_buf_adds(buf, request->path);
        return;
    }
    balm_text_add_segments(&path, request->base_path);
    balm_text_add_segments(&path, request->path);
    if (!path.len || balm_text_ends(end, "/")) (void)balm_buf_addc(&path, '/');
    (void)balm_text_percent(buf, path.bytes, path.len, "/");
    if (path.code) buf->code = path.code;
    balm_buf_free(&path);
}

static void add_payload_hash(const struct balm_request *request,
                             const struct balm_sigv4_options *options, struct balm_buf *buf)
{
    const char *stated = balm_request_header(request, "x-amz-content-sha256");
    char hex[BALM_SHA256_HEX];
    if (stated) {
        (void)balm_buf_adds(buf, stated);
    } else if (options->unsigned_payload) {
        (void)balm_buf_adds(buf, "UNSIGNED-PAYLOAD");
    } else if (request->body.len == 0) {
        (void)balm_buf_adds(buf, empty_hash);
    } else {
        balm_sha256_hex(hex, request->body.bytes, request->body.len);
        (void)balm_buf_add(buf, hex, sizeof hex - 1);
    }
}

enum balm_code balm_sigv4_canonical_request(const struct balm_request *request,
                                            const struct balm_sigv4_options *options,
                                            struct balm_buf *canonical_request,
                                            struct balm_buf *signed_headers)
{
    size_t count = 0;
    struct balm_header *sorted = collect(request, &count);
    if (!sorted) return request->arena->code;
    (void)balm_buf_adds(canonical_request, request->method);
    (void)balm_buf_addc(canonical_request, '\n');
    add_path(request, options->raw_path, canonical_request);
    (void)balm_buf_addc(canonical_request, '\n');
    add_query(request, canonical_request);
    (void)balm_buf_addc(canonical_request, '\n');
    add_headers(sorted, count, canonical_request, signed_headers);
    (void)balm_buf_add(canonical_request, signed_headers->bytes, signed_headers->len);
    (void)balm_buf_addc(canonical_request, '\n');
    add_payload_hash(request, options, canonical_request);
    if (canonical_request->code) return canonical_request->code;
    return signed_headers->code ? signed_headers->code : request->arena->code;
}

/* ---- string to sign ---- */

void balm_sigv4_add_scope(struct balm_buf *buf, const char *time,
                          const struct balm_sigv4_options *options)
{
    (void)balm_buf_add(buf, time, BALM_SIGV4_DATE_LEN);
    (void)balm_buf_addc(buf, '/');
    (void)balm_buf_adds(buf, options->region);
    (void)balm_buf_addc(buf, '/');
    (void)balm_buf_adds(buf, options->service);
    (void)balm_buf_addc(buf, '/');
    (void)balm_buf_add(buf, terminator, sizeof terminator - 1);
}

enum balm_code balm_sigv4_string_to_sign(const struct balm_sigv4_options *options,
                                         const struct balm_buf *canonical_request,
                                         struct balm_buf *string_to_sign)
{
    char time[BALM_TIME_MAX];
    char hex[BALM_SHA256_HEX];
    balm_time_basic(time, options->now);
    balm_sha256_hex(hex, canonical_request->bytes, canonical_request->len);
    (void)balm_buf_add(string_to_sign, algorithm, sizeof algorithm - 1);
    (void)balm_buf_addc(string_to_sign, '\n');
    (void)balm_buf_adds(string_to_sign, time);
    (void)balm_buf_addc(string_to_sign, '\n');
    balm_sigv4_add_scope(string_to_sign, time, options);
    (void)balm_buf_addc(string_to_sign, '\n');
    return balm_buf_add(string_to_sign, hex, sizeof hex - 1);
}

/* ---- signing keys ---- */

struct slot {
    uint64_t used; /* by the count of questions; 0: empty */
    uint64_t secret_hash;
    size_t scope_len;
    char scope[SCOPE_MAX]; /* "20150830/us-east-1/iam/AKID" */
    unsigned char key[BALM_SHA256_LEN];
};

/* The texts of one signature. */
struct texts {
    struct balm_buf canonical_request;
    struct balm_buf signed_headers;
    struct balm_buf string_to_sign;
    struct balm_buf authorization;
};

struct balm_signing_keys {
    uint64_t asked;
    struct texts texts; /* kept, so that a signature allocates nothing */
    struct slot slots[KEY_SLOTS];
};

static void init_texts(struct texts *texts)
{
    balm_buf_init(&texts->canonical_request, BALM_SIGV4_TEXT_MAX);
    balm_buf_init(&texts->signed_headers, BALM_SIGV4_TEXT_MAX);
    balm_buf_init(&texts->string_to_sign, BALM_SIGV4_TEXT_MAX);
    balm_buf_init(&texts->authorization, BALM_SIGV4_TEXT_MAX);
}

static void clear_texts(struct texts *texts)
{
    balm_buf_clear(&texts->canonical_request);
    balm_buf_clear(&texts->signed_headers);
    balm_buf_clear(&texts->string_to_sign);
    balm_buf_clear(&texts->authorization);
}

/* A session token is among them. */
static void wipe_texts(struct texts *texts)
{
    balm_buf_wipe(&texts->canonical_request);
    balm_buf_wipe(&texts->signed_headers);
    balm_buf_wipe(&texts->string_to_sign);
    balm_buf_wipe(&texts->authorization);
}

enum balm_code balm_signing_keys_new(struct balm_signing_keys **out, struct balm_err *err)
{
    *out = calloc(1, sizeof **out); /* pages that no key lies in are never touched */
    if (!*out) return balm_nomem(err);
    init_texts(&(*out)->texts);
    return BALM_OK;
}

void balm_signing_keys_release(struct balm_signing_keys *keys)
{
    size_t i;
    if (!keys) return;
    wipe_texts(&keys->texts);
    for (i = 0; i < KEY_SLOTS; i++) {
        if (keys->slots[i].used) balm_wipe(&keys->slots[i], sizeof keys->slots[i]);
    }
    free(keys);
}

static void derive(unsigned char out[BALM_SHA256_LEN], const struct balm_credentials *credentials,
                   const struct balm_sigv4_options *options, const char *time)
{
    char secret[sizeof "AWS4" + SECRET_MAX] = "AWS4";
    size_t len = strlen(credentials->secret_access_key);
    assert(len <= SECRET_MAX);
    memcpy(secret + 4, credentials->secret_access_key, len);
    balm_hmac_sha256(out, secret, 4 + len, time, BALM_SIGV4_DATE_LEN);
    balm_hmac_sha256(out, out, BALM_SHA256_LEN, options->region, strlen(options->region));
    balm_hmac_sha256(out, out, BALM_SHA256_LEN, options->service, strlen(options->service));
    balm_hmac_sha256(out, out, BALM_SHA256_LEN, terminator, sizeof terminator - 1);
    balm_wipe(secret, sizeof secret);
}

void balm_sigv4_signing_key(unsigned char out[BALM_SHA256_LEN],
                            const struct balm_credentials *credentials,
                            const struct balm_sigv4_options *options)
{
    char time[BALM_TIME_MAX];
    balm_time_basic(time, options->now);
    derive(out, credentials, options, time);
}

/* The slot that holds scope, else the one of its ways that was used longest ago, emptied. */
static struct slot *find_slot(struct balm_signing_keys *keys, const struct slot *wanted)
{
    uint64_t hash = balm_hash(wanted->scope, wanted->scope_len);
    struct slot *ways = &keys->slots[hash & (KEY_SLOTS - KEY_WAYS)];
    struct slot *oldest = ways;
    size_t i;
    for (i = 0; i < KEY_WAYS; i++) {
        if (ways[i].used && ways[i].scope_len == wanted->scope_len &&
            ways[i].secret_hash == wanted->secret_hash &&
            memcmp(ways[i].scope, wanted->scope, wanted->scope_len) == 0) {
            return &ways[i];
        }
        if (ways[i].used < oldest->used) oldest = &ways[i];
    }
    balm_wipe(oldest->key, sizeof oldest->key);
    oldest->used = 0;
    return oldest;
}

static bool add_part(struct slot *slot, const char *part)
{
    size_t len = strlen(part);
    if (len + 1 > sizeof slot->scope - slot->scope_len) return false;
    slot->scope[slot->scope_len++] = '/';
    memcpy(slot->scope + slot->scope_len, part, len);
    slot->scope_len += len;
    return true;
}

static void kept_key(unsigned char out[BALM_SHA256_LEN], const struct balm_credentials *credentials,
                     const struct balm_sigv4_options *options, const char *time)
{
    const char *secret = credentials->secret_access_key;
    struct slot wanted;
    struct slot *slot;
    wanted.scope_len = BALM_SIGV4_DATE_LEN;
    memcpy(wanted.scope, time, BALM_SIGV4_DATE_LEN);
    if (!options->keys || !add_part(&wanted, options->region) ||
        !add_part(&wanted, options->service) || !add_part(&wanted, credentials->access_key_id)) {
        derive(out, credentials, options, time);
        return;
    }
    /* A secret may be given anew for the same key id: that of a profile corrected meanwhile. */
    wanted.secret_hash = balm_hash(secret, strlen(secret));
    slot = find_slot(options->keys, &wanted);
    if (!slot->used) {
        memcpy(slot->scope, wanted.scope, wanted.scope_len);
        slot->scope_len = wanted.scope_len;
        slot->secret_hash = wanted.secret_hash;
        derive(slot->key, credentials, options, time);
    }
    slot->used = ++options->keys->asked;
    memcpy(out, slot->key, BALM_SHA256_LEN);
}

/* ---- the signature ---- */

/* What goes into a header must not end it. */
static bool breaks_header(const char *text)
{
    return text[strcspn(text, "\r\n")] != '\0';
}

enum balm_code balm_sigv4_check(const struct balm_credentials *credentials,
                                const struct balm_sigv4_options *options, struct balm_err *err)
{
    const char *token = credentials->session_token;
    if (!options->region || !options->region[0]) {
        return balm_fail(err, BALM_E_ARG, "a request cannot be signed without a region");
    }
    if (!options->service || !options->service[0]) {
        return balm_fail(err, BALM_E_ARG, "a request cannot be signed without a signing name");
    }
    if (!credentials->access_key_id[0] || !credentials->secret_access_key[0]) {
        return balm_fail(err, BALM_E_AUTH, "the credentials lack an access key id or its secret");
    }
    if (strlen(credentials->secret_access_key) > SECRET_MAX) {
        return balm_fail(err, BALM_E_AUTH, "the secret access key has more than %d characters",
                         SECRET_MAX);
    }
    if (breaks_header(credentials->access_key_id) || breaks_header(options->region) ||
        breaks_header(options->service) || (token && breaks_header(token))) {
        return balm_fail(err, BALM_E_AUTH,
                         "the access key id, session token, region or signing name holds a line "
                         "break");
    }
    return BALM_OK;
}

/* Is it one that a signature adds anew? */
static bool is_of_signature(const char *name, bool with_hash)
{
    switch (strlen(name)) {
    case sizeof "X-Amz-Date" - 1:
        return balm_text_same_nocase(name, "X-Amz-Date");
    case sizeof "Authorization" - 1:
        return balm_text_same_nocase(name, "Authorization");
    case sizeof "X-Amz-Region-Set" - 1:
        return balm_text_same_nocase(name, "X-Amz-Region-Set");
    case sizeof "X-Amz-S3session-Token" - 1:
        return balm_text_same_nocase(name, "X-Amz-S3session-Token");
    case sizeof "X-Amz-Security-Token" - 1:
        return balm_text_same_nocase(name, "X-Amz-Security-Token") ||
               (with_hash && balm_text_same_nocase(name, "X-Amz-Content-SHA256"));
    default:
        return false;
    }
}

static void remove_signature(struct balm_request *request, bool with_hash)
{
    size_t i = 0;
    while (i < request->header_len) {
        const char *name = request->headers[i].name;
        if (is_of_signature(name, with_hash)) {
            balm_request_remove_header(request, name);
        } else {
            i++;
        }
    }
}

const char *balm_sigv4_token_name(const struct balm_sigv4_options *options)
{
    return options->bucket_session ? "X-Amz-S3session-Token" : "X-Amz-Security-Token";
}

void balm_sigv4_set_headers(struct balm_request *request,
                            const struct balm_credentials *credentials,
                            const struct balm_sigv4_options *options, const char *time,
                            struct balm_buf *hash)
{
    bool with_hash = options->payload_header || options->unsigned_payload;
    remove_signature(request, with_hash);
    balm_request_add_header(request, "X-Amz-Date", time);
    if (credentials->session_token && credentials->session_token[0]) {
        balm_request_add_header(request, balm_sigv4_token_name(options),
                                credentials->session_token);
    }
    if (!with_hash) return;
    add_payload_hash(request, options, hash);
    balm_request_add_header(request, "X-Amz-Content-SHA256", hash->bytes);
    if (hash->code) request->arena->code = hash->code;
    balm_buf_clear(hash);
}

static void add_authorization(struct balm_request *request,
                              const struct balm_credentials *credentials,
                              const struct balm_sigv4_options *options, struct texts *texts,
                              const char *time)
{
    struct balm_buf *value = &texts->authorization;
    unsigned char key[BALM_SHA256_LEN];
    (void)balm_buf_room(value, 320 + texts->signed_headers.len);
    (void)balm_buf_add(value, algorithm, sizeof algorithm - 1);
    (void)balm_buf_adds(value, " Credential=");
    (void)balm_buf_adds(value, credentials->access_key_id);
    (void)balm_buf_addc(value, '/');
    balm_sigv4_add_scope(value, time, options);
    (void)balm_buf_adds(value, ", SignedHeaders=");
    (void)balm_buf_add(value, texts->signed_headers.bytes, texts->signed_headers.len);
    (void)balm_buf_adds(value, ", Signature=");
    kept_key(key, credentials, options, time);
    balm_hmac_sha256(key, key, sizeof key, texts->string_to_sign.bytes, texts->string_to_sign.len);
    (void)balm_text_hex(value, key, sizeof key);
    if (value->code) request->arena->code = value->code;
    balm_request_add_header(request, "Authorization", value->bytes);
    balm_wipe(key, sizeof key);
}

static enum balm_code sign(struct balm_request *request, const struct balm_credentials *credentials,
                           const struct balm_sigv4_options *options, struct texts *texts,
                           struct balm_err *err)
{
    char time[BALM_TIME_MAX];
    enum balm_code code;
    balm_time_basic(time, options->now);
    balm_sigv4_set_headers(request, credentials, options, time, &texts->authorization);
    (void)balm_buf_room(&texts->canonical_request, 2048);
    code = balm_sigv4_canonical_request(request, options, &texts->canonical_request,
                                        &texts->signed_headers);
    if (!code) {
        code =
            balm_sigv4_string_to_sign(options, &texts->canonical_request, &texts->string_to_sign);
    }
    if (code) return balm_fail(err, code, "the request is too large to be signed");
    add_authorization(request, credentials, options, texts, time);
    return balm_arena_status(request->arena, err);
}

enum balm_code balm_sigv4_sign(struct balm_request *request,
                               const struct balm_credentials *credentials,
                               const struct balm_sigv4_options *options, struct balm_err *err)
{
    struct texts own;
    enum balm_code code = balm_sigv4_check(credentials, options, err);
    if (code) return code;
    if (options->keys) {
        clear_texts(&options->keys->texts);
        return sign(request, credentials, options, &options->keys->texts, err);
    }
    init_texts(&own);
    code = sign(request, credentials, options, &own, err);
    wipe_texts(&own);
    return code;
}
