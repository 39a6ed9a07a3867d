/* The writer: a slow reader, one that goes away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/digest.h"
#include "front/cli_internal.h"
#include "front/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LINE     ((size_t)1 << 10)
#define LINES    ((size_t)64 << 10)
#define PIPE     ((size_t)64 << 10) /* bytes that a pipe holds */
#define MOST     ((size_t)4 << 20)  /* bytes of memory that may wait */
#define IN_A_ROW 64                 /* lines added in one turn */

struct scene {
    struct balm_loop *loop;
    struct balm_writer *writer;
    struct balm_cli cli;
    struct balm_task producing;
    struct balm_timer reading;
    int own_stdout, reader;
    size_t added, read;
    bool paused, broken;
};

static void on_pressure(void *owner, bool high);

static void on_broken(void *owner)
{
    struct scene *scene = owner;
    scene->broken = true;
    balm_loop_stop(scene->loop);
}

/* Standard output is a pipe for as long as a test runs. */
static void begin(struct scene *scene)
{
    struct balm_writer_options options = {
        .cli = &scene->cli, .pressure = on_pressure, .broken = on_broken, .owner = scene};
    int ends[2];

    memset(scene, 0, sizeof *scene);
    (void)signal(SIGPIPE, SIG_IGN);
    scene->cli.log.json = true;
    scene->own_stdout = dup(STDOUT_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, (int)PIPE), (int)PIPE);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(close(ends[1]), 0);
    scene->reader = ends[0];
    assert_int_equal(fcntl(scene->reader, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(balm_loop_new(&scene->loop, NULL), BALM_OK);
    options.loop = scene->loop;
    assert_int_equal(balm_writer_new(&scene->writer, &options, NULL), BALM_OK);
}

static void end(struct scene *scene)
{
    balm_writer_release(scene->writer);
    balm_loop_release(scene->loop);
    (void)close(scene->reader);
    assert_int_equal(dup2(scene->own_stdout, STDOUT_FILENO), STDOUT_FILENO);
    (void)close(scene->own_stdout);
}

static void produce(void *owner)
{
    struct scene *scene = owner;
    char line[LINE];
    size_t i;

    for (i = 0; i < IN_A_ROW && scene->added < LINES && !scene->paused; i++) {
        memset(line, (int)('a' + scene->added % 26), sizeof line);
        balm_writer_add(scene->writer, line, sizeof line);
        scene->added++;
    }
    if (scene->added < LINES && !scene->paused) {
        balm_task_add(scene->loop, &scene->producing, produce, scene);
    }
}

static void on_pressure(void *owner, bool high)
{
    struct scene *scene = owner;
    scene->paused = high;
    if (!high) balm_task_add(scene->loop, &scene->producing, produce, scene);
}

static size_t memory_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* A reader that never takes so much that nothing is left to write. */
static void read_some(void *owner)
{
    struct scene *scene = owner;
    char bytes[PIPE / 2];
    ssize_t got = read(scene->reader, bytes, sizeof bytes);
    ssize_t wrong = 0;
    ssize_t i;

    assert_true(got > 0 || errno == EAGAIN); /* nothing is there yet */
    for (i = 0; i < got; i++, scene->read++) {
        wrong += bytes[i] != (char)('a' + scene->read / LINE % 26);
    }
    assert_int_equal(wrong, 0);
    assert_true(memory_in_use() < MOST);
    if (scene->read < LINES * LINE) {
        (void)balm_timer_set(scene->loop, &scene->reading, 0, read_some, scene);
    }
}

static void a_reader_slower_than_the_writer_costs_no_more_memory(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    balm_task_add(scene.loop, &scene.producing, produce, &scene);
    (void)balm_timer_set(scene.loop, &scene.reading, 1000000, read_some, &scene);
    balm_loop_run(scene.loop);
    assert_int_equal(scene.read, LINES * LINE);
    assert_true(balm_writer_finish(scene.writer));
    assert_false(scene.broken);
    end(&scene);
}

static void a_reader_that_went_away_is_told_once(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    assert_int_equal(close(scene.reader), 0);
    balm_writer_add(scene.writer, "a\n", 2);
    balm_loop_run(scene.loop);
    assert_true(scene.broken);
    assert_true(scene.cli.output_failed);
    assert_false(balm_writer_finish(scene.writer));
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_slower_than_the_writer_costs_no_more_memory),
        cmocka_unit_test(a_reader_that_went_away_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
