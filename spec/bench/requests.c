/*
 * requests: what a request costs before it is sent: parameters held against the model, written,
 * given their endpoint, signed.
 *
 * Usage: requests MODELS.PACK SERVICE OPERATION N < PARAMETERS    prints nanoseconds of CPU each
 */
#include "aws/client.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>

struct making {
    struct balm_aws_config config;
    struct balm_loop *loop;
    struct balm_aws *aws;
    struct balm_session *session;
    const struct balm_operation *operation;
    struct balm_arena arena; /* of the parameters */
    struct balm_value params;
    struct balm_err err;
};

static enum balm_code open_all(struct making *making, char **argv)
{
    struct balm_aws_options options = {.region = "eu-west-1"};
    struct balm_session_options session = {.region = "eu-west-1", .session_name = "bench"};
    struct balm_aws_setup setup = {.models_path = argv[1], .config = &making->config};
    struct balm_buf text = BALM_BUF_INIT(1 << 20);
    const struct balm_service *service;
    struct balm_err *err = &making->err;
    enum balm_code code = balm_aws_config_load(&making->config, &options, err);

    if (!code) code = balm_loop_new(&making->loop, err);
    setup.loop = making->loop;
    if (!code) code = balm_aws_new(&making->aws, &setup, err);
    if (!code) code = balm_pack_service(balm_aws_pack(making->aws), argv[2], &service, err);
    if (!code) code = balm_service_operation(service, argv[3], &making->operation, err);
    if (!code) code = balm_session_open(&making->session, making->aws, &session, err);
    if (!code) code = balm_file_read(&text, "-", err);
    if (!code) code = balm_json_parse(&making->arena, text.bytes, text.len, &making->params, err);
    balm_buf_free(&text);
    return code;
}

static void on_signed(void *owner, const struct balm_request *request, const struct balm_err *err)
{
    struct making *making = owner;

    if (!request) making->err = *err;
    balm_loop_stop(making->loop);
}

static enum balm_code make_one(struct making *making)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    struct balm_value problems;
    struct balm_call *call;
    enum balm_code code = balm_call_new(&call, making->session, making->operation, making->params,
                                        NULL, &arena, &problems, &making->err);

    if (!code) {
        balm_call_sign_only(call, on_signed, making);
        balm_loop_run(making->loop);
        balm_call_release(call);
        code = making->err.code;
    }
    balm_arena_free(&arena);
    return code;
}

static void close_all(struct making *making)
{
    balm_session_release(making->session);
    balm_aws_release(making->aws);
    balm_loop_release(making->loop);
    balm_aws_config_free(&making->config);
    balm_arena_free(&making->arena);
}

int main(int argc, char **argv)
{
    struct making making = {.err = {.code = BALM_OK}};
    long count = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    int64_t start = 0;
    enum balm_code code;

    if (count < 1) return 2;
    code = open_all(&making, argv);
    if (!code) code = make_one(&making); /* what is done once does not count */
    if (!code) start = balm_clock_cpu();
    for (long i = 0; i < count && !code; i++) {
        code = make_one(&making);
    }
    if (code) {
        fprintf(stderr, "requests: %s\n", making.err.message);
    } else {
        printf("%lld\n", (long long)((balm_clock_cpu() - start) / count));
    }
    close_all(&making);
    return code ? 1 : 0;
}
