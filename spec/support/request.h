/*
 * request: one request, made anew for each test.
 */
#ifndef SPEC_SUPPORT_REQUEST_H
#define SPEC_SUPPORT_REQUEST_H

#include "aws/message.h"

static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_request request;

static int set_up(void **state)
{
    (void)state;
    balm_request_init(&request, &arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    balm_request_free(&request);
    balm_arena_free(&arena);
    return 0;
}

#endif
