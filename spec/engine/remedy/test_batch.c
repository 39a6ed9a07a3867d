#include "engine/remedy/fixture.h"

#include "core/clock.h"
#include "remedy/batch.h"

#include <fcntl.h>

#define QUIET "return { id = 'Own.Quiet', parameters = {}, fix = function() end }"
#define SLOW                                                                                       \
    "local aws = require 'aws'\n"                                                                  \
    "return { id = 'Own.Slow', parameters = {}, fix = function() aws.sleep(0.2) end }"
#define EVENT(id)                                                                                  \
    "{\"action\":\"remediate\",\"payload\":{\"remediationId\":\"" id                               \
    "\",\"resource\":{\"AccountId\":\"123456789012\",\"Region\":\"eu-west-1\",\"Name\":\"b\"},"    \
    "\"parameters\":{}}}\n"

struct told {
    struct fixture *fixture;
    struct balm_batch *batch;
    struct balm_value answers; /* list */
    size_t lists;
    int exit; /* -1: not done */
};

static void answer(void *owner, struct balm_value value, struct balm_value json)
{
    struct told *told = owner;
    struct balm_buf printed = BALM_BUF_INIT(BALM_BUF_MAX);

    if (!balm_is_null(json)) {
        assert_int_equal(balm_json_print(&printed, value, BALM_JSON_COMPACT), BALM_OK);
        assert_string_equal(json.as.text, printed.bytes);
        balm_buf_free(&printed);
    }
    balm_list_push(&told->fixture->arena, told->answers, balm_copy(&told->fixture->arena, value));
}

static void list(void *owner)
{
    struct told *told = owner;

    told->lists++;
}

static void done(void *owner, int exit)
{
    struct told *told = owner;

    told->exit = exit;
    balm_loop_stop(told->fixture->engine.loop);
}

static struct told new_batch(struct fixture *fixture)
{
    struct told told = {fixture, NULL, balm_list(&fixture->arena), 0, -1};

    return told;
}

static void start(struct told *told, const char *const *sources, size_t count, size_t concurrency)
{
    struct balm_batch_options options = {.sources = sources,
                                         .source_count = count,
                                         .concurrency = concurrency,
                                         .answer = answer,
                                         .list = list,
                                         .done = done,
                                         .owner = told};
    struct balm_err err;

    OK(balm_batch_new(&told->batch, &told->fixture->engine, &options, &err));
}

static void finish(struct told *told)
{
    balm_loop_run(told->fixture->engine.loop);
    balm_batch_release(told->batch);
}

/* Plays a file of events. */
static struct told play(struct fixture *fixture, const char *events, size_t concurrency)
{
    struct told told = new_batch(fixture);
    char path[SCRATCH_MAX + 256];
    const char *sources[] = {path};

    write_file(fixture, "events", events);
    snprintf(path, sizeof path, "%s/events", fixture->dir);
    start(&told, sources, 1, concurrency);
    finish(&told);
    fixture->result = told.answers;
    return told;
}

static void open_quiet(struct fixture *fixture)
{
    write_file(fixture, "own_quiet.lua", QUIET);
    write_file(fixture, "own_slow.lua", SLOW);
    open_engine(fixture, NULL);
}

static void every_event_is_answered(void **state)
{
    struct fixture *fixture = *state;
    struct told told;

    open_quiet(fixture);
    told = play(fixture, EVENT("Own.Quiet") EVENT("Own.Quiet") EVENT("Own.Quiet"), 2);
    assert_int_equal(told.exit, 0);
    assert_int_equal(balm_list_len(told.answers), 3);
    assert_string_equal(text_at(fixture, "2.status"), "fixed");
    expect_json(fixture, "2.event.number", "3");
    expect_json(fixture, "2.event.line", "3");
}

static void a_bad_event_is_told_with_its_place_and_the_rest_go_on(void **state)
{
    struct fixture *fixture = *state;
    struct told told;

    open_quiet(fixture);
    told =
        play(fixture, EVENT("Own.Quiet") "{broken\n" EVENT("Own.Quiet") "{\"un\":\"known\"}\n", 1);
    assert_int_equal(told.exit, 2);
    assert_int_equal(balm_list_len(told.answers), 4);
    assert_string_equal(text_at(fixture, "1.status"), "failed");
    assert_non_null(strstr(text_at(fixture, "1.error.message"), "line 2"));
    expect_json(fixture, "1.event.number", "2");
    assert_string_equal(text_at(fixture, "2.status"), "fixed");
    assert_non_null(strstr(text_at(fixture, "3.error.message"), "event 4"));
}

static void a_file_that_is_not_there_is_told_and_the_rest_go_on(void **state)
{
    struct fixture *fixture = *state;
    struct told told;
    char path[SCRATCH_MAX + 256];
    const char *sources[] = {"/nowhere/events.json", path};

    open_quiet(fixture);
    write_file(fixture, "events", EVENT("Own.Quiet"));
    snprintf(path, sizeof path, "%s/events", fixture->dir);
    told = new_batch(fixture);
    start(&told, sources, 2, 4);
    finish(&told);
    fixture->result = told.answers;
    assert_int_equal(told.exit, 2);
    assert_non_null(strstr(text_at(fixture, "0.error.message"), "/nowhere/events.json"));
    assert_string_equal(text_at(fixture, "1.status"), "fixed");
}

static void no_run_waits_for_another(void **state)
{
    struct fixture *fixture = *state;
    int64_t began;
    struct told told;

    open_quiet(fixture);
    began = balm_clock_mono();
    told = play(fixture,
                EVENT("Own.Slow") EVENT("Own.Slow") EVENT("Own.Slow") EVENT("Own.Slow")
                    EVENT("Own.Slow") EVENT("Own.Slow") EVENT("Own.Quiet"),
                7);
    assert_true(balm_clock_mono() - began < 900000000); /* one after the other: 1.2 s */
    assert_int_equal(balm_list_len(told.answers), 7);
    assert_string_equal(text_at(fixture, "0.remediation"), "Own.Quiet"); /* the first to end */
}

static void only_so_many_run_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    int64_t began;

    open_quiet(fixture);
    began = balm_clock_mono();
    (void)play(fixture, EVENT("Own.Slow") EVENT("Own.Slow") EVENT("Own.Slow"), 1);
    assert_true(balm_clock_mono() - began >= 600000000);
}

static void an_event_may_ask_for_the_list(void **state)
{
    struct fixture *fixture = *state;
    struct told told;

    open_quiet(fixture);
    told = play(fixture, "{\"action\":\"listRemediations\"}", 1);
    assert_int_equal(told.lists, 1);
    assert_int_equal(told.exit, 0);
}

/* ---- a stream ---- */

struct stream {
    struct told told;
    int write_end, saved;
    struct balm_timer timer;
};

static void open_stream(struct stream *stream, struct fixture *fixture)
{
    static const char *const sources[] = {"-"};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    stream->saved = dup(STDIN_FILENO);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    stream->write_end = ends[1];
    stream->told = new_batch(fixture);
    start(&stream->told, sources, 1, 4);
}

static void close_stream(struct stream *stream)
{
    finish(&stream->told);
    if (stream->write_end >= 0) close(stream->write_end);
    dup2(stream->saved, STDIN_FILENO);
    close(stream->saved);
    stream->told.fixture->result = stream->told.answers;
}

static void say(struct stream *stream, const char *text)
{
    assert_int_equal(write(stream->write_end, text, strlen(text)), (ssize_t)strlen(text));
}

static void end_when_answered(void *owner)
{
    struct stream *stream = owner;

    if (balm_list_len(stream->told.answers) == 1) {
        close(stream->write_end);
        stream->write_end = -1;
        return;
    }
    balm_timer_set(stream->told.fixture->engine.loop, &stream->timer, 5000000, end_when_answered,
                   stream);
}

static void an_event_of_a_stream_is_answered_while_the_stream_stays_open(void **state)
{
    struct fixture *fixture = *state;
    struct stream stream = {.timer = {0}};

    open_quiet(fixture);
    open_stream(&stream, fixture);
    say(&stream, EVENT("Own.Quiet"));
    end_when_answered(&stream);
    close_stream(&stream);
    assert_int_equal(stream.told.exit, 0);
    assert_string_equal(text_at(fixture, "0.status"), "fixed");
}

static void stop(void *owner)
{
    struct stream *stream = owner;

    balm_batch_stop(stream->told.batch);
}

static void a_stopped_batch_finishes_what_runs_and_takes_no_more(void **state)
{
    struct fixture *fixture = *state;
    struct stream stream = {.timer = {0}};

    open_quiet(fixture);
    open_stream(&stream, fixture);
    say(&stream,
        EVENT("Own.Slow") EVENT("Own.Slow") EVENT("Own.Slow") EVENT("Own.Slow") EVENT("Own.Slow"));
    balm_timer_set(fixture->engine.loop, &stream.timer, 50000000, stop, &stream);
    close_stream(&stream);
    assert_int_equal(balm_list_len(stream.told.answers), 4);
    assert_string_equal(text_at(fixture, "3.status"), "fixed");
    assert_int_equal(stream.told.exit, 4); /* the fifth was there, and was left */
}

static void abort_all(void *owner)
{
    struct stream *stream = owner;

    balm_batch_abort(stream->told.batch, "SIGTERM");
}

static void an_aborted_batch_answers_what_ran_as_failed(void **state)
{
    struct fixture *fixture = *state;
    struct stream stream = {.timer = {0}};

    open_quiet(fixture);
    open_stream(&stream, fixture);
    say(&stream, EVENT("Own.Slow") EVENT("Own.Slow"));
    balm_timer_set(fixture->engine.loop, &stream.timer, 50000000, abort_all, &stream);
    close_stream(&stream);
    assert_int_equal(balm_list_len(stream.told.answers), 2);
    assert_string_equal(text_at(fixture, "0.status"), "failed");
    assert_string_equal(text_at(fixture, "0.error.code"), "Cancelled");
    assert_int_equal(stream.told.exit, 1);
}

static void unpause(void *owner)
{
    struct stream *stream = owner;

    assert_int_equal(balm_list_len(stream->told.answers), 0);
    balm_batch_pause(stream->told.batch, false);
    close(stream->write_end);
    stream->write_end = -1;
}

static void a_paused_batch_begins_no_run(void **state)
{
    struct fixture *fixture = *state;
    struct stream stream = {.timer = {0}};

    open_quiet(fixture);
    open_stream(&stream, fixture);
    balm_batch_pause(stream.told.batch, true);
    say(&stream, EVENT("Own.Quiet"));
    balm_timer_set(fixture->engine.loop, &stream.timer, 50000000, unpause, &stream);
    close_stream(&stream);
    assert_int_equal(balm_list_len(stream.told.answers), 1);
}

static void release_at_any_time(void *owner)
{
    struct stream *stream = owner;

    balm_loop_stop(stream->told.fixture->engine.loop);
}

static void a_batch_may_be_released_while_runs_are_under_way(void **state)
{
    struct fixture *fixture = *state;
    struct stream stream = {.timer = {0}};

    open_quiet(fixture);
    open_stream(&stream, fixture);
    say(&stream, EVENT("Own.Slow") EVENT("Own.Slow"));
    balm_timer_set(fixture->engine.loop, &stream.timer, 50000000, release_at_any_time, &stream);
    close_stream(&stream);
    assert_int_equal(stream.told.exit, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_event_is_answered),
        TEST(a_bad_event_is_told_with_its_place_and_the_rest_go_on),
        TEST(a_file_that_is_not_there_is_told_and_the_rest_go_on),
        TEST(no_run_waits_for_another),
        TEST(only_so_many_run_at_a_time),
        TEST(an_event_may_ask_for_the_list),
        TEST(an_event_of_a_stream_is_answered_while_the_stream_stays_open),
        TEST(a_stopped_batch_finishes_what_runs_and_takes_no_more),
        TEST(an_aborted_batch_answers_what_ran_as_failed),
        TEST(a_paused_batch_begins_no_run),
        TEST(a_batch_may_be_released_while_runs_are_under_way),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
