/*
 * client, the part about services that say themselves where they are to be asked: the answer of
 * DescribeEndpoints is kept for as long as it says.
 */
#include "aws/client_internal.h"

#include "aws/codec_custom.h"
#include "core/clock.h"

#include <string.h>

#define CELLS_MAX 1024 /* more are forgotten, all at once */
#define MINUTE_NS (INT64_C(60) * 1000000000)

/* A host of one's own is asked as it is; and so is the service about its hosts. */
static bool must_discover(const struct balm_call *call)
{
    const struct balm_aws_config *config = call->session->aws->config;

    if (!call->operation || call->signed_only) return false;
    if (!(balm_custom_of(call->operation) & BALM_CUSTOM_DISCOVER)) return false;
    if (strcmp(balm_operation_name(call->operation), "DescribeEndpoints") == 0) return false;
    return !balm_aws_config_endpoint_url(config, balm_service_id(call->service));
}

/* Accounts may be in different cells. */
static const char *key_of(struct balm_call *call, const struct balm_credentials *credentials)
{
    return balm_arena_printf(&call->arena, "%s %s %s", balm_service_name(call->service),
                             call->region, credentials->access_key_id);
}

static const char *known_cell(const struct balm_aws *aws, const char *key)
{
    struct balm_value cell = balm_get(aws->cells, key);

    if (balm_get_int(cell, "until", 0) <= balm_clock_mono()) return NULL;
    return balm_get_string(cell, "address", NULL);
}

static void remember(struct balm_aws *aws, const char *key, const char *address, int64_t minutes)
{
    struct balm_arena *arena = &aws->cell_arena;
    struct balm_value cell;

    if (balm_map_len(aws->cells) >= CELLS_MAX) {
        balm_arena_free(arena);
        aws->cells = balm_null();
    }
    if (balm_is_null(aws->cells)) aws->cells = balm_map(arena);
    cell = balm_map(arena);
    (void)balm_map_set(arena, cell, "address", balm_text(arena, address));
    (void)balm_map_set(arena, cell, "until", balm_int(balm_clock_mono() + minutes * MINUTE_NS));
    (void)balm_map_put(arena, aws->cells, key, strlen(key), cell);
}

static void on_cells(void *owner, const struct balm_call_result *result)
{
    struct balm_call *call = owner;
    struct balm_value *first = balm_list_at(balm_get(result->answer, "Endpoints"), 0);
    struct balm_err *err = &call->result.err;
    int64_t minutes = first ? balm_get_int(*first, "CachePeriodInMinutes", 0) : 0;

    if (result->err.code) {
        *err = result->err;
    } else if (!first || minutes < 1 || minutes > 1000000) {
        (void)balm_fail(err, BALM_E_INPUT, "the answer names no host");
    } else {
        remember(call->session->aws, call->cell_key, balm_get_string(*first, "Address", ""),
                 minutes);
        balm_call_ask(call);
        return;
    }
    (void)balm_err_prefix(err, "%s: cannot learn where to send the call, by DescribeEndpoints",
                          balm_service_name(call->service));
    balm_call_finish(call);
}

static enum balm_code ask_for_cells(struct balm_call *call, struct balm_err *err)
{
    struct balm_call_options options = {.region = call->region};
    const struct balm_operation *operation;
    struct balm_value problems;
    enum balm_code code =
        balm_service_operation(call->service, "DescribeEndpoints", &operation, err);

    balm_call_release(call->discovery);
    call->discovery = NULL;
    if (!code) {
        code = balm_call_new(&call->discovery, call->session, operation, balm_map(&call->arena),
                             &options, &call->arena, &problems, err);
    }
    if (!code) balm_call_send(call->discovery, on_cells, call);
    return code;
}

static enum balm_code apply(struct balm_call *call, const char *address, struct balm_err *err)
{
    const char *url = balm_arena_printf(&call->arena, "%s://%s", call->request.scheme, address);
    struct balm_url_parts parts;

    if (!url) return balm_arena_status(&call->arena, err);
    if (!balm_endpoint_split(url, &parts)) return balm_endpoint_refuse(url, err);
    call->request.host = balm_arena_copy(&call->arena, parts.host, parts.host_len);
    return balm_arena_status(&call->arena, err);
}

enum balm_code balm_call_discover(struct balm_call *call,
                                  const struct balm_credentials *credentials, bool *waits,
                                  struct balm_err *err)
{
    const char *address;

    *waits = false;
    if (!must_discover(call)) return BALM_OK;
    call->cell_key = key_of(call, credentials);
    if (!call->cell_key) return balm_arena_status(&call->arena, err);
    address = known_cell(call->session->aws, call->cell_key);
    if (address) return apply(call, address, err);
    *waits = true;
    return ask_for_cells(call, err);
}

bool balm_call_rediscover(struct balm_call *call)
{
    const struct balm_err *err = &call->result.err;

    if (!call->cell_key || call->redirected || err->code != BALM_E_AWS) return false;
    if (err->http_status != 421 && strcmp(err->aws_code, "InvalidEndpointException") != 0) {
        return false;
    }
    call->redirected = true;
    (void)balm_map_remove(call->session->aws->cells, call->cell_key);
    return true;
}
