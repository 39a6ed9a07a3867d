/*
 * pack: a small model pack for tests, compiled from texts; and the real one.
 */
#ifndef SPEC_SUPPORT_PACK_H
#define SPEC_SUPPORT_PACK_H

#include "aws/model.h"
#include "aws/model_build.h"
#include "core/file.h"
#include "support/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct pack_texts { /* of one service called "demo"; NULL: a small stand-in */
    const char *service;
    const char *rules;
    const char *partitions;
};

static const char pack_service_text[] =
    "{\"version\":\"2.0\",\"metadata\":{\"apiVersion\":\"2020-01-01\",\"endpointPrefix\":\"demo\","
    "\"protocol\":\"json\",\"jsonVersion\":\"1.0\",\"serviceId\":\"Demo\",\"signatureVersion\":"
    "\"v4\","
    "\"targetPrefix\":\"Demo\"},\"operations\":{},\"shapes\":{}}";

static const char pack_partitions_text[] =
    "{\"version\":\"1.1\",\"partitions\":["
    "{\"id\":\"aws\",\"regionRegex\":\"^(us|eu)\\\\-\\\\w+\\\\-\\\\d+$\","
    "\"regions\":{\"eu-west-1\":{},\"aws-global\":{}},"
    "\"outputs\":{\"name\":\"aws\",\"dnsSuffix\":\"amazonaws.com\",\"dualStackDnsSuffix\":\"api."
    "aws\","
    "\"supportsFIPS\":true,\"supportsDualStack\":true}},"
    "{\"id\":\"aws-cn\",\"regionRegex\":\"^cn\\\\-\\\\w+\\\\-\\\\d+$\",\"regions\":{\"cn-north-1\":"
    "{}},"
    "\"outputs\":{\"name\":\"aws-cn\",\"dnsSuffix\":\"amazonaws.com.cn\","
    "\"dualStackDnsSuffix\":\"api.amazonwebservices.com.cn\",\"supportsFIPS\":true,"
    "\"supportsDualStack\":true}}]}";

static inline bool pack_write(const char *dir, const char *name, const char *text)
{
    char path[512];
    struct balm_err err;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return balm_file_write(path, text, strlen(text), 0600, &err) == BALM_OK;
}

static inline void pack_remove(const char *dir)
{
    static const char *const names[] = {"demo/2020-01-01/service-2.json",
                                        "demo/2020-01-01/endpoint-rule-set-1.json",
                                        "demo/2020-01-01",
                                        "demo",
                                        "partitions.json",
                                        "endpoints.json",
                                        "out.pack",
                                        ""};
    char path[512];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)remove(path);
    }
}

/* Compiles texts to the file out, with over, a data folder or NULL, over them; false, and a line on
   stderr, when that fails. */
static inline bool pack_compile(const struct pack_texts *texts, const char *over, const char *out)
{
    char dir[SCRATCH_MAX], version[SCRATCH_MAX + 32];
    const char *const dirs[] = {dir, over};
    struct balm_build_report report;
    struct balm_err err = {.code = BALM_OK};
    bool made;

    if (!scratch_folder(dir)) return false;
    (void)snprintf(version, sizeof version, "%s/demo", dir);
    (void)mkdir(version, 0700);
    (void)snprintf(version, sizeof version, "%s/demo/2020-01-01", dir);
    (void)mkdir(version, 0700);
    struct balm_build_options options = {.dirs = dirs, .dir_count = over ? 2 : 1, .out_path = out};
    made = pack_write(version, "service-2.json",
                      texts->service ? texts->service : pack_service_text) &&
           (!texts->rules || pack_write(version, "endpoint-rule-set-1.json", texts->rules)) &&
           pack_write(dir, "partitions.json",
                      texts->partitions ? texts->partitions : pack_partitions_text) &&
           pack_write(dir, "endpoints.json", "{\"version\":3,\"partitions\":[]}") &&
           balm_model_build(&options, &report, &err) == BALM_OK;
    if (!made) fprintf(stderr, "the test's pack: %s\n", err.message);
    pack_remove(dir);
    return made;
}

/* Compiles and opens; NULL, and a line on stderr, when that fails. The files are gone when it
   returns. */
static inline struct balm_pack *pack_of(const struct pack_texts *texts)
{
    char dir[SCRATCH_MAX], out[SCRATCH_MAX + 32];
    struct balm_pack *pack = NULL;
    struct balm_err err;

    if (!scratch_folder(dir)) return NULL;
    (void)snprintf(out, sizeof out, "%s/out.pack", dir);
    if (pack_compile(texts, NULL, out) && balm_pack_open(&pack, out, &err)) {
        fprintf(stderr, "the test's pack: %s\n", err.message);
    }
    pack_remove(dir);
    return pack;
}

/* S3 with directory buckets, as its description beside this file has it, compiled to out. */
static inline bool pack_directory_buckets(const char *out)
{
    static const struct pack_texts around = {.service = NULL};
    struct balm_arena arena = BALM_ARENA_INIT;
    const char *over = balm_file_own(&arena, "spec/support/directory_buckets");
    bool made = over && pack_compile(&around, over, out);

    balm_arena_free(&arena);
    return made;
}

/* The pack that the build made. */
static inline struct balm_pack *pack_real(void)
{
    struct balm_arena arena = BALM_ARENA_INIT;
    char *path = balm_file_own(&arena, "models.pack");
    struct balm_pack *pack = NULL;
    struct balm_err err;

    if (path && balm_pack_open(&pack, path, &err)) fprintf(stderr, "%s\n", err.message);
    balm_arena_free(&arena);
    return pack;
}

#endif
