/*
 * feed: a stream of bytes becomes events, one at a time.
 *
 * NDJSON, JSON values behind each other (pretty-printed ones too) and JSON arrays of events are all
 * read as they come, and an event is given as soon as its last byte is there. What is not JSON is
 * reported with its position, and the feed goes on at the next line that begins a value.
 */
#ifndef BALM_REMEDY_FEED_H
#define BALM_REMEDY_FEED_H

#include "core/buf.h"
#include "core/value.h"

#define BALM_EVENT_MAX ((size_t)1 << 20) /* bytes of one event */

struct balm_feed {
    struct balm_buf text; /* what was added and not yet taken */
    size_t taken;         /* bytes of text that are done with */
    size_t tried;         /* a value did not end within so many bytes: wait for more */
    size_t line;          /* of the next byte, from 1 */
    size_t count;         /* events given so far, bad ones included */
    bool begun;           /* past where a byte order mark may be */
    bool in_array;
    bool after_item; /* in an array: a comma or the end must come */
    bool loose;      /* after a fault: stray commas and brackets belong to it */
    bool skipping;   /* after a fault: on to the next line that begins a value */
    bool ended;
    /* How far the value that comes next was looked through for its end. */
    size_t scanned;
    size_t depth;
    bool in_string;
    bool escaped;
};

enum balm_feed_next { BALM_FEED_EVENT, BALM_FEED_BAD, BALM_FEED_MORE, BALM_FEED_END };

void balm_feed_init(struct balm_feed *feed);
void balm_feed_free(struct balm_feed *feed);
enum balm_code balm_feed_add(struct balm_feed *feed, const char *bytes, size_t len,
                             struct balm_err *err);
void balm_feed_finish(struct balm_feed *feed); /* nothing more will be added */

/* EVENT: *out is the event (in arena). BAD: err says what is wrong. Of both, *line is where it
   begins and feed->count which it is. MORE: add bytes first. END: all was given. */
enum balm_feed_next balm_feed_take(struct balm_feed *feed, struct balm_arena *arena,
                                   struct balm_value *out, size_t *line, struct balm_err *err);

#endif
