/* credentials, the part that runs a profile's credential_process. */
#include "aws/credentials_internal.h"

#include "core/json.h"
#include "core/process.h"
#include "core/text.h"

#include <stdlib.h>

#define OUTPUT_MAX ((size_t)65536)
#define TIMEOUT_NS INT64_C(60000000000)

struct source {
    struct balm_aws *aws;
    struct balm_provider *provider; /* whose fetcher this is */
    struct balm_arena arena;
    const char *profile;
    char **words;
    struct balm_process *process; /* NULL: none runs */
};

static void fail(struct source *source, struct balm_err *err)
{
    err->code = BALM_E_AUTH;
    (void)balm_err_prefix(err, "the credential_process of profile \"%.64s\"", source->profile);
    balm_provider_supply(source->provider, NULL, NULL, 0, err);
}

static enum balm_code read_output(struct balm_arena *arena, const struct balm_buf *output,
                                  struct balm_credentials *out, int64_t *expires,
                                  struct balm_err *err)
{
    struct balm_value document;
    if (balm_json_parse(arena, output->bytes, output->len, &document, NULL)) {
        return balm_fail(err, BALM_E_AUTH, "what it wrote is not JSON");
    }
    if (balm_get_int(document, "Version", 0) != 1) {
        return balm_fail(err, BALM_E_AUTH, "what it wrote does not say \"Version\": 1");
    }
    if (balm_credentials_read(document, "SessionToken", out, expires, err)) return err->code;
    return balm_credentials_check_time(*expires, err);
}

static void on_output(void *owner, const struct balm_buf *output, const struct balm_err *failure)
{
    struct source *source = owner;
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_credentials credentials;
    struct balm_err err = *failure;
    int64_t expires;
    source->process = NULL;
    if (!err.code) (void)read_output(&arena, output, &credentials, &expires, &err);
    if (err.code) {
        fail(source, &err);
    } else {
        balm_provider_supply(source->provider, &credentials, "", expires, NULL);
    }
    balm_arena_wipe(&arena);
}

static void fetch(void *owner, struct balm_provider *provider)
{
    struct source *source = owner;
    struct balm_process_options options = {
        .words = source->words, .output_max = OUTPUT_MAX, .timeout_ns = TIMEOUT_NS};
    struct balm_err err;
    (void)provider;
    if (balm_process_start(&source->process, source->aws->loop, &options, on_output, source,
                           &err)) {
        fail(source, &err);
    }
}

static void release(void *owner)
{
    struct source *source = owner;
    balm_process_cancel(source->process);
    balm_arena_wipe(&source->arena); /* arguments may hold secrets */
    free(source);
}

enum balm_code balm_provider_process(struct balm_provider **out, struct balm_aws *aws,
                                     const char *profile, const char *command, struct balm_err *err)
{
    struct source *source = calloc(1, sizeof *source);
    struct balm_fetcher fetcher = {
        .fetch = fetch, .release = release, .owner = source, .log = aws->log};
    enum balm_code code = BALM_OK;
    size_t count;
    if (!source) return balm_nomem(err);
    source->aws = aws;
    source->profile = balm_arena_strdup(&source->arena, profile);
    source->words = balm_text_words(&source->arena, command, &count);
    code = balm_arena_status(&source->arena, err);
    if (!code && (!source->words || count == 0)) {
        code = balm_fail(err, BALM_E_AUTH,
                         "the credential_process of profile \"%.64s\" has a quote that is not "
                         "closed, a last backslash, or no words",
                         profile);
    }
    return balm_source_finish(&fetcher, aws, code, &source->provider, out, err);
}
