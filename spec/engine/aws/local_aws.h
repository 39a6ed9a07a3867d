/*
 * local_aws: a client, and a server on this host that it takes for AWS, for one test at a time.
 */
#ifndef SPEC_ENGINE_AWS_LOCAL_AWS_H
#define SPEC_ENGINE_AWS_LOCAL_AWS_H

#include "aws/client.h"
#include "core/file.h"
#include "engine/aws/local_server.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

static struct server server;
static struct balm_loop *loop;
static struct balm_aws_config config;
static struct balm_aws *aws;
static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_err err;
static char url[64];       /* the server's */
static const char *models; /* the pack; NULL: the one that the build made */

/* As a process does that starts with the environment as it is now. */
static inline void local_open(void)
{
    struct balm_aws_options options = {.region = "eu-west-1", .endpoint_url = url};
    struct balm_aws_setup setup = {.config = &config, .loop = loop};
    assert_int_equal(balm_aws_config_load(&config, &options, &err), BALM_OK);
    setup.models_path = models ? models : balm_file_own(&arena, "models.pack");
    assert_int_equal(balm_aws_new(&aws, &setup, &err), BALM_OK);
}

/* Also where it is not open. */
static inline void local_close(void)
{
    balm_aws_release(aws);
    aws = NULL;
    balm_aws_config_free(&config);
}

/* A server and a loop; no client yet, whose environment has keys and no files. */
static inline void local_start(bool (*answer)(struct server *of, int fd, const char *request))
{
    server_start(&server, answer);
    snprintf(url, sizeof url, "http://%s", server.host);
    setenv("AWS_ACCESS_KEY_ID", "AKIDOWN", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("HOME", "/nonexistent", 1);
    assert_int_equal(balm_loop_new(&loop, &err), BALM_OK);
}

/* The same with nothing of AWS in the environment but where the machine has services, and a home
   of its own. */
static inline void local_start_bare(bool (*answer)(struct server *of, int fd, const char *request),
                                    char home[SCRATCH_MAX])
{
    static const char *const left[] = {"AWS_ACCESS_KEY_ID",
                                       "AWS_SECRET_ACCESS_KEY",
                                       "AWS_SESSION_TOKEN",
                                       "AWS_ROLE_ARN",
                                       "AWS_WEB_IDENTITY_TOKEN_FILE",
                                       "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                       "AWS_EC2_METADATA_DISABLED"};
    size_t i;
    local_start(answer);
    for (i = 0; i < sizeof left / sizeof *left; i++) {
        unsetenv(left[i]);
    }
    assert_true(scratch_folder(home));
    setenv("HOME", home, 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
}

static inline int local_tear_down(void **state)
{
    (void)state;
    local_close();
    balm_loop_release(loop);
    server_stop(&server);
    balm_arena_free(&arena);
    return 0;
}

/* A call under way in a session as options have it, with members that are texts: name and value in
   turn, NULL behind the last; params may be NULL. The caller's to release. */
static inline struct balm_call *local_call(
    struct balm_session_options options, const char *const names[2], const char *const *params,
    void (*done)(void *owner, const struct balm_call_result *result), void *owner)
{
    struct balm_value given = balm_map(&arena);
    const struct balm_operation *operation;
    const struct balm_service *service;
    struct balm_session *session;
    struct balm_value problems;
    struct balm_call *call;
    if (!options.region) options.region = "eu-west-1";
    for (; params && *params; params += 2) {
        (void)balm_map_set(&arena, given, params[0], balm_string(params[1]));
    }
    assert_int_equal(balm_session_open(&session, aws, &options, &err), BALM_OK);
    assert_int_equal(balm_pack_service(balm_aws_pack(aws), names[0], &service, &err), BALM_OK);
    assert_int_equal(balm_service_operation(service, names[1], &operation, &err), BALM_OK);
    assert_int_equal(balm_call_new(&call, session, operation, given, NULL, &arena, &problems, &err),
                     BALM_OK);
    balm_call_send(call, done, owner);
    balm_session_release(session);
    return call;
}

#endif
