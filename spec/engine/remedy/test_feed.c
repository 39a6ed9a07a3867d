#include "remedy/feed.h"

#include "core/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* What a feed gave, one line for each: "1@1 {...}" an event, "2@3 ! message" a fault. */
struct story {
    struct balm_buf text;
    struct balm_feed feed;
};

static void begin(struct story *story)
{
    balm_buf_init(&story->text, BALM_BUF_MAX);
    balm_feed_init(&story->feed);
}

static void end(struct story *story)
{
    balm_feed_free(&story->feed);
    balm_buf_free(&story->text);
}

/* Takes until the feed wants more, or is at its end. */
static enum balm_feed_next drain(struct story *story)
{
    for (;;) {
        struct balm_arena arena = BALM_ARENA_INIT;
        struct balm_value event;
        struct balm_err err;
        size_t line = 0;
        enum balm_feed_next next = balm_feed_take(&story->feed, &arena, &event, &line, &err);

        if (next == BALM_FEED_EVENT) {
            balm_buf_addf(&story->text, "%zu@%zu ", story->feed.count, line);
            balm_json_print(&story->text, event, BALM_JSON_COMPACT);
            balm_buf_adds(&story->text, "\n");
        } else if (next == BALM_FEED_BAD) {
            balm_buf_addf(&story->text, "%zu@%zu ! %s\n", story->feed.count, line,
                          err.code == BALM_E_LIMIT ? "too large" : "");
        }
        balm_arena_free(&arena);
        if (next == BALM_FEED_MORE || next == BALM_FEED_END) return next;
    }
}

static void add(struct story *story, const char *text, size_t len)
{
    struct balm_err err;
    assert_int_equal(balm_feed_add(&story->feed, text, len, &err), BALM_OK);
}

/* Feeds text in two pieces, cut at each place, and byte by byte: always the same story. */
static void gives(const char *text, const char *expected)
{
    size_t len = strlen(text);

    for (size_t cut = 0; cut <= len; cut++) {
        struct story story;

        begin(&story);
        add(&story, text, cut);
        if (cut > 0) drain(&story);
        add(&story, text + cut, len - cut);
        drain(&story);
        balm_feed_finish(&story.feed);
        assert_int_equal(drain(&story), BALM_FEED_END);
        if (strcmp(story.text.bytes, expected) != 0) {
            fail_msg("cut at %zu: expected\n%sgot\n%s", cut, expected, story.text.bytes);
        }
        end(&story);
    }
    struct story story;
    begin(&story);
    for (size_t i = 0; i < len; i++) {
        add(&story, text + i, 1);
        drain(&story);
    }
    balm_feed_finish(&story.feed);
    assert_int_equal(drain(&story), BALM_FEED_END);
    assert_string_equal(story.text.bytes, expected);
    end(&story);
}

static void reads_one_event_a_line(void **state)
{
    (void)state;
    gives("{\"a\":1}\n{\"b\":\"}\"}\r\n\n{\"c\":[1,{}]}", "1@1 {\"a\":1}\n"
                                                          "2@2 {\"b\":\"}\"}\n"
                                                          "3@4 {\"c\":[1,{}]}\n");
}

static void reads_pretty_printed_events_behind_each_other(void **state)
{
    (void)state;
    gives("{\n  \"a\": \"\\\"{\\\\\"\n}\n{\n  \"b\": 2\n}\n", "1@1 {\"a\":\"\\\"{\\\\\"}\n"
                                                              "2@4 {\"b\":2}\n");
}

static void reads_events_without_anything_between(void **state)
{
    (void)state;
    gives("{\"a\":1}{\"b\":2}", "1@1 {\"a\":1}\n2@1 {\"b\":2}\n");
}

static void reads_arrays_of_events(void **state)
{
    (void)state;
    gives("[\n{\"a\":1},\n{\"b\":2}]\n[]\n{\"c\":3}\n", "1@2 {\"a\":1}\n"
                                                        "2@3 {\"b\":2}\n"
                                                        "3@5 {\"c\":3}\n");
}

static void goes_on_behind_what_is_no_json(void **state)
{
    (void)state;
    gives("{\"a\":1}\nnot json\nat all\n{\"b\":2}\n{bad}\n{\"c\":3}\n", "1@1 {\"a\":1}\n"
                                                                        "2@2 ! \n"
                                                                        "3@4 {\"b\":2}\n"
                                                                        "4@5 ! \n"
                                                                        "5@6 {\"c\":3}\n");
}

static void goes_on_in_an_array_behind_a_bad_item(void **state)
{
    (void)state;
    gives("[\n{\"a\":1},\n{\"b\":},\n{\"c\":3},\n{\"d\":4}\n]\n{\"e\":5}", "1@2 {\"a\":1}\n"
                                                                           "2@3 ! \n"
                                                                           "3@4 {\"c\":3}\n"
                                                                           "4@5 {\"d\":4}\n"
                                                                           "5@7 {\"e\":5}\n");
}

static void tells_what_is_cut_short(void **state)
{
    (void)state;
    gives("{\"a\":1}\n{\"b\":", "1@1 {\"a\":1}\n2@2 ! \n");
    gives("[{\"a\":1},", "1@1 {\"a\":1}\n2@1 ! \n");
    gives("[{\"a\":1} {\"b\":2}]\n{\"c\":3}", "1@1 {\"a\":1}\n2@1 ! \n3@2 {\"c\":3}\n");
}

static void a_string_that_no_line_ends_swallows_its_line_only(void **state)
{
    (void)state;
    gives("{\"a\": \"open\n{\"b\":2}\n", "1@1 ! \n2@2 {\"b\":2}\n");
}

static void values_that_are_no_objects_are_events_too(void **state)
{
    (void)state;
    gives("17\n\"text\"\nnull\n", "1@1 17\n2@2 \"text\"\n3@3 null\n");
    gives("17", "1@1 17\n");
    gives("{\"a\":1}\n-1.5e3", "1@1 {\"a\":1}\n2@2 -1500\n");
    gives("[1,2", "1@1 1\n2@1 2\n3@1 ! \n");
    gives("1.", "1@1 ! \n");
    gives("-", "1@1 ! \n");
}

static void nothing_gives_nothing(void **state)
{
    (void)state;
    gives("", "");
    gives(" \n\t\r\n", "");
    gives("\xef\xbb\xbf", "");
}

static void a_byte_order_mark_is_no_event(void **state)
{
    (void)state;
    gives("\xef\xbb\xbf{\"a\":1}\n", "1@1 {\"a\":1}\n");
}

static void an_event_is_given_as_soon_as_it_is_there(void **state)
{
    const char *half = "{\"one\":\"a text that is some bytes long\",";
    struct story story;
    (void)state;
    begin(&story);
    add(&story, half, strlen(half));
    assert_int_equal(drain(&story), BALM_FEED_MORE);
    assert_string_equal(story.text.bytes, "");
    add(&story, "\"b\":2}", 6);
    assert_int_equal(drain(&story), BALM_FEED_MORE);
    assert_string_equal(story.text.bytes,
                        "1@1 {\"one\":\"a text that is some bytes long\",\"b\":2}\n");
    end(&story);
}

/* An event of len bytes: {"x":"aaa..."} */
static char *event_of(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'a', len);
    memcpy(text, "{\"x\":\"", 6);
    memcpy(text + len - 2, "\"}", 3);
    return text;
}

static void feed_in_pieces(struct story *story, const char *text, size_t len, size_t piece)
{
    for (size_t at = 0; at < len; at += piece) {
        add(story, text + at, len - at < piece ? len - at : piece);
        drain(story);
    }
}

static void takes_an_event_of_the_largest_size(void **state)
{
    char *text = event_of(BALM_EVENT_MAX);
    struct story story;
    (void)state;
    begin(&story);
    feed_in_pieces(&story, text, BALM_EVENT_MAX, 65536);
    assert_int_equal(story.feed.count, 1);
    assert_int_equal(story.text.len, BALM_EVENT_MAX + 5);
    end(&story);
    free(text);
}

static void refuses_a_larger_one_and_goes_on(void **state)
{
    static const size_t pieces[] = {65536, 3000000};
    char *text = event_of(BALM_EVENT_MAX + 4000);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct story story;
        begin(&story);
        feed_in_pieces(&story, text, BALM_EVENT_MAX + 4000, pieces[i]);
        add(&story, "\n{\"b\":2}\n", 9);
        drain(&story);
        assert_string_equal(story.text.bytes, "1@1 ! too large\n2@2 {\"b\":2}\n");
        end(&story);
    }
    free(text);
}

static void needs_no_more_room_than_its_largest_event(void **state)
{
    char *text = event_of(1000);
    struct story story;
    (void)state;
    begin(&story);
    for (int i = 0; i < 20000; i++) {
        add(&story, text, 1000);
        drain(&story);
        balm_buf_clear(&story.text);
    }
    assert_int_equal(story.feed.count, 20000);
    assert_true(story.feed.text.cap < 100000);
    end(&story);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_event_a_line),
        cmocka_unit_test(reads_pretty_printed_events_behind_each_other),
        cmocka_unit_test(reads_events_without_anything_between),
        cmocka_unit_test(reads_arrays_of_events),
        cmocka_unit_test(goes_on_behind_what_is_no_json),
        cmocka_unit_test(goes_on_in_an_array_behind_a_bad_item),
        cmocka_unit_test(tells_what_is_cut_short),
        cmocka_unit_test(a_string_that_no_line_ends_swallows_its_line_only),
        cmocka_unit_test(values_that_are_no_objects_are_events_too),
        cmocka_unit_test(nothing_gives_nothing),
        cmocka_unit_test(a_byte_order_mark_is_no_event),
        cmocka_unit_test(an_event_is_given_as_soon_as_it_is_there),
        cmocka_unit_test(takes_an_event_of_the_largest_size),
        cmocka_unit_test(refuses_a_larger_one_and_goes_on),
        cmocka_unit_test(needs_no_more_room_than_its_largest_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
