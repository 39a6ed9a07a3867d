/*
 * codec: an operation of the real pack, and values as JSON, for the codec's tests.
 */
#ifndef SPEC_SUPPORT_CODEC_H
#define SPEC_SUPPORT_CODEC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/codec.h"
#include "core/digest.h"
#include "core/json.h"
#include "support/pack.h"

static struct balm_pack *pack;
static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_buf text_buf = BALM_BUF_INIT(BALM_BUF_MAX);
static struct balm_err err;

static inline int open_pack(void **state)
{
    (void)state;
    pack = pack_real();
    return pack ? 0 : -1;
}

static inline int close_pack(void **state)
{
    (void)state;
    balm_pack_release(pack);
    return 0;
}

static inline int clean(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    balm_buf_free(&text_buf);
    return 0;
}

static inline const struct balm_operation *operation_of(const char *service_name, const char *name)
{
    const struct balm_service *service;
    const struct balm_operation *operation = NULL;

    if (balm_pack_service(pack, service_name, &service, &err) ||
        balm_service_operation(service, name, &operation, &err)) {
        fail_msg("%s", err.message);
    }
    return operation;
}

static inline struct balm_value value_of(const char *json)
{
    struct balm_value value = balm_null();

    if (balm_json_parse(&arena, json, strlen(json), &value, &err)) fail_msg("%s", err.message);
    return value;
}

static inline const char *json_of(struct balm_value value, unsigned style)
{
    balm_buf_clear(&text_buf);
    assert_int_equal(balm_json_print(&text_buf, value, style), BALM_OK);
    return text_buf.bytes;
}

/* header: "name: value" or NULL */
static inline void fill_response(struct balm_response *response, int status, const char *header,
                                 const char *body)
{
    const char *colon = header ? strchr(header, ':') : NULL;

    balm_response_init(response, BALM_BUF_MAX);
    response->status = status;
    if (colon) {
        (void)balm_response_add_header(response, header, (size_t)(colon - header), colon + 1,
                                       strlen(colon + 1));
    }
    (void)balm_buf_adds(&response->body, body);
}

#endif
