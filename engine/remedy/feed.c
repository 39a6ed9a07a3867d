#include "remedy/feed.h"

#include "core/json.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

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

/* Throws away what is done with, so that a long stream needs no more room than its largest event.
 */
static void compact(struct balm_feed *feed)
{
    balm_buf_drop(&feed->text, feed->taken);
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
    feed->scanned = 0;
    feed->depth = 0;
    feed->in_string = false;
    feed->escaped = false;
}

static void skip_space(struct balm_feed *feed)
{
    size_t len = 0;

    while (len < rest_of(feed) && strchr(" \t\r\n", next_byte(feed)[len]) && next_byte(feed)[len])
        len++;
    if (len > 0) take(feed, len);
}

/* Before the first byte: false when it takes more bytes to know. */
static bool skip_mark(struct balm_feed *feed)
{
    size_t mark = sizeof BYTE_ORDER_MARK - 1;
    size_t len = rest_of(feed) < mark ? rest_of(feed) : mark;

    if (feed->begun) return true;
    if (memcmp(next_byte(feed), BYTE_ORDER_MARK, len) == 0) {
        if (len < mark && !feed->ended) return false;
        if (len == mark) take(feed, mark);
    }
    feed->begun = true;
    return true;
}

/* After a fault: on to the next line that begins a value; what stands before belongs to the fault.
   A line's end that is the last byte stays, for the next byte decides. */
static void resynchronise(struct balm_feed *feed)
{
    const char *at = next_byte(feed);
    const char *end = feed->text.bytes + feed->text.len;

    feed->skipping = true;
    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (at + 1 == end) break;
        at++;
        if (*at != '{' && *at != '[') continue;
        feed->skipping = false;
        break;
    }
    take(feed, (size_t)((at ? at : end) - next_byte(feed)));
}

static enum balm_feed_next bad(struct balm_feed *feed, size_t *line)
{
    *line = feed->line;
    feed->count++;
    feed->in_array = false;
    feed->after_item = false;
    feed->loose = true;
    resynchronise(feed);
    return BALM_FEED_BAD;
}

/* Takes brackets and commas around values. Returns EVENT when a value should follow. */
static enum balm_feed_next punctuation(struct balm_feed *feed, size_t *line, struct balm_err *err)
{
    for (;;) {
        char c;

        skip_space(feed);
        if (rest_of(feed) == 0) {
            if (!feed->ended) return BALM_FEED_MORE;
            if (!feed->in_array) return BALM_FEED_END;
            balm_fail(err, BALM_E_INPUT, "the array of events is cut short");
            return bad(feed, line);
        }
        c = *next_byte(feed);
        if (!feed->in_array) {
            bool is_stray = feed->loose && (c == ',' || c == ']');
            if (c != '[' && !is_stray) return BALM_FEED_EVENT;
            feed->in_array = c == '[';
            feed->after_item = false;
        } else if (c == ']') {
            feed->in_array = false;
        } else if (feed->after_item) {
            if (c != ',') {
                balm_fail(err, BALM_E_INPUT, "expected , or ] behind an event of the array");
                return bad(feed, line);
            }
            feed->after_item = false;
        } else {
            return BALM_FEED_EVENT;
        }
        take(feed, 1);
    }
}

/* Looks at each byte of the coming value once. true: it may have ended, or it can be no JSON. */
static bool may_be_whole(struct balm_feed *feed)
{
    const char *text = next_byte(feed);
    size_t rest = rest_of(feed);

    if (*text != '{' && *text != '[') return true;
    for (; feed->scanned < rest; feed->scanned++) {
        char c = text[feed->scanned];

        if (feed->escaped) {
            feed->escaped = false;
        } else if (feed->in_string) {
            if (c == '\n') return true;
            feed->escaped = c == '\\';
            feed->in_string = c != '"';
        } else if (c == '"') {
            feed->in_string = true;
        } else if (c == '{' || c == '[') {
            feed->depth++;
        } else if ((c == '}' || c == ']') && --feed->depth == 0) {
            return true;
        }
    }
    return false;
}

/* The last number of all is whole, though nothing stands behind it. */
static void end_number(struct balm_feed *feed)
{
    if (feed->ended && strchr("-0123456789", *next_byte(feed))) balm_buf_addc(&feed->text, ' ');
}

static enum balm_feed_next given(struct balm_feed *feed, size_t used, struct balm_err *err)
{
    take(feed, used);
    feed->after_item = true;
    feed->count++;
    if (used <= BALM_EVENT_MAX) return BALM_FEED_EVENT;
    balm_fail(err, BALM_E_LIMIT, "the event is larger than %zu bytes", (size_t)BALM_EVENT_MAX);
    return BALM_FEED_BAD;
}

enum balm_feed_next balm_feed_take(struct balm_feed *feed, struct balm_arena *arena,
                                   struct balm_value *out, size_t *line, struct balm_err *err)
{
    size_t used = 0;
    bool incomplete = false;
    enum balm_feed_next next;

    if (!skip_mark(feed)) return BALM_FEED_MORE;
    if (feed->skipping) resynchronise(feed);
    next = feed->skipping && !feed->ended ? BALM_FEED_MORE : punctuation(feed, line, err);
    if (next != BALM_FEED_EVENT) return next;
    *line = feed->line;
    end_number(feed);
    /* Where the end is not in sight, a fault is looked for only when the text has doubled: that
       keeps the work linear. */
    if (!may_be_whole(feed) && !feed->ended && rest_of(feed) < 2 * feed->tried)
        return BALM_FEED_MORE;
    if (balm_json_parse_prefix(arena, next_byte(feed), rest_of(feed), out, &used, &incomplete,
                               err) == BALM_OK) {
        return given(feed, used, err);
    }
    if (incomplete && !feed->ended && rest_of(feed) <= BALM_EVENT_MAX) {
        feed->tried = rest_of(feed);
        return BALM_FEED_MORE;
    }
    if (incomplete && rest_of(feed) > BALM_EVENT_MAX) {
        balm_fail(err, BALM_E_LIMIT, "the event is larger than %zu bytes", (size_t)BALM_EVENT_MAX);
    }
    return bad(feed, line);
}
