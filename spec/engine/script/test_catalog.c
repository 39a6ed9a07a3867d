#include "script/catalog.h"
#include "script/embedded.h"

#include "core/file.h"
#include "core/json.h"
#include "support/scratch.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRIPT(description)                                                                        \
    "return {\n  id = \"AWS.X.One\",\n  description = \"" description                              \
    "\",\n  parameters = {},\n  fix = function() end,\n}\n"

static char folder[SCRATCH_MAX];
static struct balm_loop *loop;
static struct balm_catalog *catalog;
static struct balm_arena arena;
static struct balm_timer timer;
static struct balm_err err;

static int make_folder(void **state)
{
    (void)state;
    return scratch_folder(folder) && chdir(folder) == 0 && mkdir("lua", 0755) == 0 ? 0 : 1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir("lua") == 0 && chdir("/") == 0 && rmdir(folder) == 0 ? 0 : 1;
}

static int open_catalog(void **state)
{
    static const char *const dirs[] = {"scripts"};
    struct balm_catalog_options options = {
        .dirs = dirs, .dir_count = 1, .lua_dir = "lua", .limits = BALM_LIMITS_DEFAULT};

    (void)state;
    if (mkdir("scripts", 0755) != 0 || balm_loop_new(&loop, &err)) return 1;
    options.loop = loop;
    return balm_catalog_new(&catalog, &options, &err) ? 1 : 0;
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

static int close_catalog(void **state)
{
    (void)state;
    balm_catalog_release(catalog);
    balm_loop_release(loop);
    balm_arena_free(&arena);
    return nftw("scripts", drop, 8, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}

static void save(const char *path, const char *text)
{
    assert_int_equal(balm_file_write(path, text, strlen(text), 0644, &err), BALM_OK);
}

static void stop(void *owner)
{
    balm_loop_stop(owner);
}

/* Lets the loop see what happened to the files. */
static void wait_a_little(void)
{
    assert_int_equal(balm_timer_set(loop, &timer, 30000000, stop, loop), BALM_OK);
    balm_loop_run(loop);
}

static void serves(const char *description)
{
    struct balm_version *version = NULL;
    struct balm_value faults;

    if (balm_catalog_find(catalog, "AWS.X.One", &version, &arena, &faults, &err)) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(balm_get_string(balm_version_declaration(version), "description", ""),
                        description);
    balm_version_release(version);
}

static void refuses(enum balm_code code, const char *message)
{
    struct balm_version *version = NULL;
    struct balm_value faults;

    assert_int_equal(balm_catalog_find(catalog, "AWS.X.One", &version, &arena, &faults, &err),
                     code);
    if (!strstr(err.message, message)) fail_msg("%s", err.message);
}

static void a_changed_file_is_used_at_once(void **state)
{
    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    serves("v1");
    usleep(2000); /* no notice comes while the loop stands still */
    save("scripts/aws_x_one.lua", SCRIPT("v2"));
    serves("v2");
}

static void a_bad_version_leaves_the_old_one_serving(void **state)
{
    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    serves("v1");
    save("scripts/aws_x_one.lua", "return {");
    wait_a_little();
    serves("v1");
    save("scripts/aws_x_one.lua", "return {{");
    usleep(2000); /* it is found to be bad while it is looked for */
    err.code = BALM_OK;
    serves("v1");
    assert_int_equal(err.code, BALM_OK);
    save("scripts/aws_x_one.lua", SCRIPT("v2"));
    wait_a_little();
    serves("v2");
}

static void runs_under_way_keep_their_version(void **state)
{
    struct balm_version *version = NULL;
    struct balm_value faults;
    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    assert_int_equal(balm_catalog_find(catalog, "AWS.X.One", &version, &arena, &faults, &err),
                     BALM_OK);
    assert_int_equal(unlink("scripts/aws_x_one.lua"), 0);
    wait_a_little();
    refuses(BALM_E_ARG, "there is no remediation");
    assert_string_equal(balm_version_id(version), "AWS.X.One");
    balm_version_release(version);
}

static void a_renamed_file_is_found_by_its_id(void **state)
{
    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    serves("v1");
    assert_int_equal(rename("scripts/aws_x_one.lua", "scripts/other.lua"), 0);
    wait_a_little();
    serves("v1");
}

static void two_files_with_one_id_are_both_refused(void **state)
{
    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    save("scripts/AWS_X_One.lua", SCRIPT("v2"));
    refuses(BALM_E_SCRIPT, "scripts/AWS_X_One.lua, scripts/aws_x_one.lua");
}

static void what_c_calls_of_aws_is_not_required_by_scripts(void **state)
{
    (void)state;
    assert_int_equal(mkdir("lua/aws", 0755), 0);
    save("lua/aws/pages.lua", "return {}");
    save("scripts/aws_x_one.lua", "local pages = require \"aws.pages\"\n" SCRIPT("v1"));
    refuses(BALM_E_SCRIPT, "\"aws.pages\" is a part of the module aws");
    assert_int_equal(unlink("lua/aws/pages.lua"), 0);
    assert_int_equal(rmdir("lua/aws"), 0);
}

static void a_changed_module_makes_a_new_version(void **state)
{
    struct balm_version *before = NULL, *after = NULL;
    struct balm_value faults;
    (void)state;
    save("scripts/shared.lua", "return 1");
    save("scripts/aws_x_one.lua", "local shared = require \"shared\"\n" SCRIPT("v1"));
    assert_int_equal(balm_catalog_find(catalog, "AWS.X.One", &before, &arena, &faults, &err),
                     BALM_OK);
    save("scripts/shared.lua", "return 2");
    wait_a_little();
    assert_int_equal(balm_catalog_find(catalog, "AWS.X.One", &after, &arena, &faults, &err),
                     BALM_OK);
    assert_string_not_equal(balm_version_hash(before), balm_version_hash(after));
    balm_version_release(before);
    balm_version_release(after);
}

/* What `aws` is made of may change what a script does, so it is kept with it. */
static void a_version_counts_the_engine_s_own_modules(void **state)
{
    struct balm_version *version = NULL;
    struct balm_value faults, sources;
    size_t count = 0;

    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    assert_int_equal(balm_catalog_find(catalog, "AWS.X.One", &version, &arena, &faults, &err),
                     BALM_OK);
    sources = balm_version_sources(version);
    assert_string_equal(balm_get_string(*balm_list_at(sources, 0), "source", ""), SCRIPT("v1"));
    for (; balm_embedded[count].name; count++) {
        struct balm_value *at = balm_list_at(sources, 1 + count);
        struct balm_value source = at ? *at : balm_null();

        assert_string_equal(balm_get_string(source, "module", ""), balm_embedded[count].name);
        assert_true(balm_get_bool(source, "engine", false));
        assert_true(balm_get(source, "source").len > 500);
    }
    assert_true(count >= 6);
    assert_int_equal(balm_list_len(sources), 1 + count);
    balm_version_release(version);
}

static void a_version_comes_back_from_its_sources_alone(void **state)
{
    struct balm_version *version = NULL, *again = NULL;
    struct balm_value faults, sources;
    (void)state;
    save("scripts/shared.lua", "return { 'v1' }");
    save("scripts/aws_x_one.lua", "local shared = require \"shared\"\n" SCRIPT("v1"));
    assert_int_equal(balm_catalog_find(catalog, "AWS.X.One", &version, &arena, &faults, &err),
                     BALM_OK);
    save("scripts/shared.lua", "return { 'v2' }");
    assert_int_equal(unlink("scripts/aws_x_one.lua"), 0);
    sources = balm_version_sources(version);
    assert_int_equal(
        balm_catalog_restore(catalog, sources, balm_version_hash(version), &again, &err), BALM_OK);
    assert_string_equal(balm_version_hash(again), balm_version_hash(version));
    assert_string_equal(balm_version_path(again), balm_version_path(version));
    assert_true(balm_equal(balm_version_declaration(again), balm_version_declaration(version)));
    balm_version_release(again);
    balm_version_release(version);
}

static void kept_sources_that_were_changed_are_refused(void **state)
{
    struct balm_version *version = NULL, *again = NULL;
    struct balm_value faults, sources;
    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    assert_int_equal(balm_catalog_find(catalog, "AWS.X.One", &version, &arena, &faults, &err),
                     BALM_OK);
    sources = balm_copy(&arena, balm_version_sources(version));
    balm_map_set(&arena, *balm_list_at(sources, 0), "source", balm_string(SCRIPT("v2")));
    assert_int_equal(
        balm_catalog_restore(catalog, sources, balm_version_hash(version), &again, &err),
        BALM_E_INPUT);
    assert_non_null(strstr(err.message, "has been changed"));
    balm_map_set(&arena, *balm_list_at(sources, 0), "source", balm_string("return {"));
    assert_int_equal(
        balm_catalog_restore(catalog, sources, balm_version_hash(version), &again, &err),
        BALM_E_SCRIPT);
    balm_version_release(version);
}

static void a_map_that_is_meant_as_a_default_is_told_how_to_be_written(void **state)
{
    struct balm_version *version = NULL;
    struct balm_value faults;
    (void)state;
    save("scripts/aws_x_one.lua", "return { id = \"AWS.X.One\", fix = function() end,\n"
                                  "  parameters = { Tags = { team = \"a\" } } }");
    assert_int_not_equal(balm_catalog_find(catalog, "AWS.X.One", &version, &arena, &faults, &err),
                         BALM_OK);
    /* Nothing that hides it: a run shows the first fault only. */
    assert_int_equal(balm_list_len(faults), 1);
    assert_non_null(strstr(balm_get_string(*balm_list_at(faults, 0), "message", ""),
                           "missing, required (a default that is a map is written"));
}

/* Every fault of a file, as "line field". */
static void every_fault_is_told_with_its_line_and_field(void **state)
{
    static const char *const expected[] = {"2 id",
                                           "3 descripton",
                                           "5 parameters.Size.default",
                                           "5 parameters.Size.min",
                                           "6 parameters.Pattern.pattern",
                                           "8 permissions",
                                           "9 verify_seconds",
                                           "10 fix"};
    struct balm_version **versions;
    struct balm_value faults;
    size_t count;
    (void)state;
    save("scripts/aws_x_one.lua",
         "return {\n  id = \"no id\",\n  descripton = \"x\",\n  parameters = {\n"
         "    Size = { type = \"integer\", default = \"a\", min = 5, max = 1 },\n"
         "    Pattern = { type = \"string\", pattern = \"[a\" },\n  },\n"
         "  permissions = { \"s3:*\" },\n  verify_seconds = 1.5,\n  fix = 1,\n}\n");
    assert_int_equal(balm_catalog_all(catalog, &arena, &versions, &count, &faults, &err), BALM_OK);
    assert_int_equal(count, 0);
    assert_int_equal(balm_list_len(faults), sizeof expected / sizeof *expected);
    for (size_t i = 0; i < balm_list_len(faults); i++) {
        struct balm_value fault = *balm_list_at(faults, i);
        char text[100];
        snprintf(text, sizeof text, "%d %s", (int)balm_get_int(fault, "line", 0),
                 balm_get_string(fault, "field", ""));
        assert_string_equal(text, expected[i]);
        assert_string_equal(balm_get_string(fault, "file", ""), "scripts/aws_x_one.lua");
    }
}

static void one_bad_script_does_not_stop_the_others(void **state)
{
    struct balm_version **versions;
    struct balm_value faults;
    size_t count;
    (void)state;
    save("scripts/aws_x_one.lua", SCRIPT("v1"));
    save("scripts/broken.lua", "return {");
    assert_int_equal(balm_catalog_all(catalog, &arena, &versions, &count, &faults, &err), BALM_OK);
    assert_int_equal(count, 1);
    assert_int_equal(balm_list_len(faults), 1);
    balm_version_release(versions[0]);
}

#define WITH_CATALOG(test) cmocka_unit_test_setup_teardown(test, open_catalog, close_catalog)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CATALOG(a_changed_file_is_used_at_once),
        WITH_CATALOG(a_bad_version_leaves_the_old_one_serving),
        WITH_CATALOG(runs_under_way_keep_their_version),
        WITH_CATALOG(a_renamed_file_is_found_by_its_id),
        WITH_CATALOG(two_files_with_one_id_are_both_refused),
        WITH_CATALOG(what_c_calls_of_aws_is_not_required_by_scripts),
        WITH_CATALOG(a_changed_module_makes_a_new_version),
        WITH_CATALOG(a_version_counts_the_engine_s_own_modules),
        WITH_CATALOG(a_version_comes_back_from_its_sources_alone),
        WITH_CATALOG(kept_sources_that_were_changed_are_refused),
        WITH_CATALOG(a_map_that_is_meant_as_a_default_is_told_how_to_be_written),
        WITH_CATALOG(every_fault_is_told_with_its_line_and_field),
        WITH_CATALOG(one_bad_script_does_not_stop_the_others),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
