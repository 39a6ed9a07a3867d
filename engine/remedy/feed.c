#include "remedy/feed.h"

#include "core/json.h"

#include <string.h>

void balm_feed_init(struct balm_feed *feed)
{
    memset(feed, 0, sizeof *feed);
    balm_buf_init(&feed->text, 8 * BALM_EVENT_MAX);
    feed->line = 1;
}

void balm_feed_free(struct balm_feed *feed)
{
    balm_buf_free(&feed->text);
}

/* Throws away what is done with, so that a long stream needs no more room than its largest event. */
static void compact(struct balm_feed *feed)
{
    if (feed->taken == 0) return;
    memmove(feed->text.bytes, feed->text.bytes + feed->taken, feed->text.len - feed->taken);
    feed->text.len -= feed->taken;
    feed->text.bytes[feed->text.len] = '\0';
    feed->taken = 0;
}

enum balm_code balm_feed_add(struct balm_feed *feed, const char *bytes, size_t len,
                             struct balm_err *err)
{
    compact(feed);
    balm_buf_add(&feed->text, bytes, len);
    return balm_buf_status(&feed->text, "events", err);
}

void balm_feed_finish(struct balm_feed *feed)
{
    feed->ended = true;
}

static size_t rest_of(const struct balm_feed *feed)
{
    return feed->text.len - feed->taken;
}

static const char *next_byte(const struct balm_feed *feed)
{
    return feed->text.bytes + feed->taken;
}

static void take(struct balm_feed *feed, size_t len)
{
    const char *at = next_byte(feed);
    const char *end = at + len;

    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        feed->line++;
        at++;
    }
    feed->taken += len;
    feed->tried = 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct balm_feed *feed)
{
    size_t len = 0;

    if (feed->taken == 0 && feed->count == 0 && rest_of(feed) >= 3 &&
        memcmp(next_byte(feed), "\xef\xbb\xbf", 3) == 0) {
        len = 3; /* a byte order mark */
    }
    while (len < rest_of(feed) && is_space(next_byte(feed)[len]))
        len++;
    if (len > 0) take(feed, len);
}

/* After a fault: on to the next line that begins a value. What stands between belongs to the fault. */
static void resynchronise(struct balm_feed *feed)
{
    const char *at = next_byte(feed);
    const char *end = feed->text.bytes + feed->text.len;

    feed->in_array = false;
    feed->after_item = false;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && (*at == '{' || *at == '[')) {
            take(feed, (size_t)(at - next_byte(feed)));
            return;
        }
    }
    take(feed, rest_of(feed));
}

static enum balm_feed_next bad(struct balm_feed *feed)
{
    feed->count++;
    resynchronise(feed);
    return BALM_FEED_BAD;
}

/* In an array: takes brackets and commas. Returns EVENT when a value should follow. */
static enum balm_feed_next punctuation(struct balm_feed *feed, struct balm_err *err)
{
    for (;;) {
        skip_space(feed);
        if (rest_of(feed) == 0) {
            if (!feed->ended) return BALM_FEED_MORE;
            if (!feed->in_array) return BALM_FEED_END;
            balm_fail(err, BALM_E_INPUT, "the array of events is cut short");
            return bad(feed);
        }
        char c = *next_byte(feed);
        if (!feed->in_array) {
            if (c != '[') return BALM_FEED_EVENT;
            feed->in_array = true;
            feed->after_item = false;
        } else if (c == ']') {
            feed->in_array = false;
        } else if (feed->after_item) {
            if (c != ',') {
                balm_fail(err, BALM_E_INPUT, "expected , or ] behind an event of the array");
                return bad(feed);
            }
            feed->after_item = false;
        } else {
            return BALM_FEED_EVENT;
        }
        take(feed, 1);
    }
}

enum balm_feed_next balm_feed_take(struct balm_feed *feed, struct balm_arena *arena,
                                   struct balm_value *out, size_t *line, struct balm_err *err)
{
    size_t used = 0;
    bool incomplete = false;
    enum balm_feed_next next = punctuation(feed, err);

    *line = feed->line;
    if (next != BALM_FEED_EVENT) return next;
    /* Trying again only when the text has doubled keeps the work linear. */
    if (!feed->ended && rest_of(feed) < 2 * feed->tried) return BALM_FEED_MORE;
    if (balm_json_parse_prefix(arena, next_byte(feed), rest_of(feed), out, &used, &incomplete,
                               err) == BALM_OK) {
        if (used == rest_of(feed) && !feed->ended && !strchr("}]\"", next_byte(feed)[used - 1])) {
            return BALM_FEED_MORE; /* a bare number or word may go on */
        }
        take(feed, used);
        feed->after_item = true;
        feed->count++;
        return BALM_FEED_EVENT;
    }
    if (incomplete && !feed->ended && rest_of(feed) <= BALM_EVENT_MAX) {
        feed->tried = rest_of(feed);
        return BALM_FEED_MORE;
    }
    if (incomplete && rest_of(feed) > BALM_EVENT_MAX) {
        balm_fail(err, BALM_E_LIMIT, "the event is larger than %zu bytes", (size_t)BALM_EVENT_MAX);
    }
    return bad(feed);
}
