#include "core/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/scratch.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[SCRATCH_MAX];
static struct balm_arena arena = BALM_ARENA_INIT;
static struct balm_err err;

static int make_folder(void **state)
{
    (void)state;
    return scratch_folder(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    balm_arena_free(&arena);
    return rmdir(folder);
}

static const char *at(const char *name)
{
    return balm_arena_printf(&arena, "%s/%s", folder, name);
}

static void write_text(const char *name, const char *text)
{
    assert_int_equal(balm_file_write(at(name), text, strlen(text), 0640, &err), BALM_OK);
}

static void reads_what_it_wrote(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(100);
    struct stat status;
    (void)state;
    write_text("a", "first");
    write_text("a", "second");
    assert_int_equal(balm_file_read(&buf, at("a"), &err), BALM_OK);
    assert_string_equal(buf.bytes, "second");
    assert_int_equal(stat(at("a"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    balm_buf_free(&buf);
    assert_int_equal(unlink(at("a")), 0); /* remove_folder() sees that nothing else is left */
}

static void reads_up_to_the_ceiling(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(6);
    (void)state;
    write_text("a", "123456");
    write_text("b", "1234567");
    assert_int_equal(balm_file_read(&buf, at("a"), &err), BALM_OK);
    balm_buf_clear(&buf);
    assert_int_equal(balm_file_read(&buf, at("b"), &err), BALM_E_LIMIT);
    assert_non_null(strstr(err.message, at("b")));
    balm_buf_free(&buf);
    assert_int_equal(unlink(at("a")), 0);
    assert_int_equal(unlink(at("b")), 0);
}

static void names_what_cannot_be_read(void **state)
{
    struct balm_buf buf = BALM_BUF_INIT(6);
    (void)state;
    assert_int_equal(balm_file_read(&buf, at("missing"), &err), BALM_E_IO);
    assert_non_null(strstr(err.message, at("missing")));
    assert_int_equal(balm_file_read(&buf, folder, &err), BALM_E_IO);
    assert_non_null(strstr(err.message, folder));
    assert_int_equal(balm_file_read(&buf, "", &err), BALM_E_IO);
    assert_non_null(strstr(err.message, "\"\""));
    balm_buf_free(&buf);
}

/* Run by root, a rename over /dev/null would take it away from everyone. */
static void never_replaces_what_is_not_a_file(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    assert_int_equal(balm_file_write(at("pipe"), "x", 1, 0600, &err), BALM_E_IO);
    assert_non_null(strstr(err.message, at("pipe")));
    assert_int_equal(stat(at("pipe"), &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
    assert_int_equal(unlink(at("pipe")), 0);
    assert_int_equal(balm_file_write(folder, "x", 1, 0600, &err), BALM_E_IO);
}

static void lists_a_folder_sorted_by_suffix(void **state)
{
    const char **names;
    size_t count;
    (void)state;
    write_text("b.lua", "");
    write_text("a.lua", "");
    write_text("c.txt", "");
    assert_int_equal(balm_dir_list(&arena, folder, ".lua", &names, &count, &err), BALM_OK);
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "a.lua");
    assert_string_equal(names[1], "b.lua");
    assert_int_equal(balm_dir_list(&arena, at("c.txt"), "", &names, &count, &err), BALM_E_IO);
    assert_int_equal(unlink(at("b.lua")) | unlink(at("a.lua")) | unlink(at("c.txt")), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_what_it_wrote),
        TEST(reads_up_to_the_ceiling),
        TEST(names_what_cannot_be_read),
        TEST(never_replaces_what_is_not_a_file),
        TEST(lists_a_folder_sorted_by_suffix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
