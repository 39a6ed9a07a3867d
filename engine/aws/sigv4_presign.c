/*
 * sigv4_presign: the signature as a part of the URL, for whoever is given the URL alone.
 */
#include "aws/sigv4.h"

#include "aws/sigv4_internal.h"
#include "core/text.h"
#include "core/time.h"

#include <stdio.h>

struct texts {
    struct balm_buf canonical_request;
    struct balm_buf signed_headers;
    struct balm_buf string_to_sign;
    struct balm_buf word; /* one value of the query */
};

static void wipe(struct texts *texts)
{
    balm_buf_wipe(&texts->canonical_request);
    balm_buf_wipe(&texts->signed_headers);
    balm_buf_wipe(&texts->string_to_sign);
    balm_buf_wipe(&texts->word);
}

/* Their names stand among the query's, which is signed itself: they must be known first. */
static enum balm_code name_headers(const struct balm_request *request,
                                   const struct balm_sigv4_options *options, struct texts *texts)
{
    enum balm_code code = balm_sigv4_canonical_request(request, options, &texts->canonical_request,
                                                       &texts->signed_headers);

    balm_buf_clear(&texts->canonical_request);
    return code;
}

static void add_query(struct balm_request *request, const struct balm_credentials *credentials,
                      const struct balm_sigv4_options *options, int expires_s, struct texts *texts)
{
    struct balm_buf *word = &texts->word;
    const char *token = credentials->session_token;
    char time[BALM_TIME_MAX];
    char seconds[16];

    balm_time_basic(time, options->now);
    (void)snprintf(seconds, sizeof seconds, "%d", expires_s);
    (void)balm_buf_addf(word, "%s/", credentials->access_key_id);
    balm_sigv4_add_scope(word, time, options);
    balm_request_add_query(request, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    balm_request_add_query(request, "X-Amz-Credential", word->bytes);
    balm_request_add_query(request, "X-Amz-Date", time);
    balm_request_add_query(request, "X-Amz-Expires", seconds);
    balm_request_add_query(request, "X-Amz-SignedHeaders", texts->signed_headers.bytes);
    if (token && token[0]) balm_request_add_query(request, balm_sigv4_token_name(options), token);
    if (word->code) request->arena->code = word->code;
    balm_buf_clear(word);
}

static enum balm_code add_signature(struct balm_request *request,
                                    const struct balm_credentials *credentials,
                                    const struct balm_sigv4_options *options, struct texts *texts)
{
    unsigned char key[BALM_SHA256_LEN];
    enum balm_code code;

    balm_buf_clear(&texts->signed_headers);
    code = balm_sigv4_canonical_request(request, options, &texts->canonical_request,
                                        &texts->signed_headers);
    if (!code) {
        code =
            balm_sigv4_string_to_sign(options, &texts->canonical_request, &texts->string_to_sign);
    }
    if (code) return code;
    balm_sigv4_signing_key(key, credentials, options);
    balm_hmac_sha256(key, key, sizeof key, texts->string_to_sign.bytes, texts->string_to_sign.len);
    code = balm_text_hex(&texts->word, key, sizeof key);
    balm_wipe(key, sizeof key);
    if (!code) balm_request_add_query(request, "X-Amz-Signature", texts->word.bytes);
    return code;
}

enum balm_code balm_sigv4_presign(struct balm_request *request,
                                  const struct balm_credentials *credentials,
                                  const struct balm_sigv4_options *options, int expires_s,
                                  struct balm_err *err)
{
    struct texts texts = {BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX), BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX),
                          BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX), BALM_BUF_INIT(BALM_SIGV4_TEXT_MAX)};
    enum balm_code code = balm_sigv4_check(credentials, options, err);

    if (code) return code;
    code = name_headers(request, options, &texts);
    if (!code) {
        add_query(request, credentials, options, expires_s, &texts);
        code = add_signature(request, credentials, options, &texts);
    }
    wipe(&texts);
    if (code) return balm_fail(err, code, "the request is too large to be signed");
    return balm_arena_status(request->arena, err);
}
