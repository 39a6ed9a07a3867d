#include "remedy/scrub.h"

#include "core/buf.h"
#include "core/unknown.h"

#include <string.h>

#define LEAST  8
#define HIDDEN "(sensitive)"

void balm_scrub_init(struct balm_scrub *scrub, struct balm_arena *arena)
{
    scrub->arena = arena;
    scrub->texts = balm_null();
}

static bool is_text(struct balm_value value)
{
    return value.type == BALM_STRING || value.type == BALM_BYTES;
}

static bool is_shown_as_text(struct balm_value value)
{
    return is_text(value) || value.type == BALM_UNKNOWN; /* which quotes what it is made of */
}

static bool is_known(const struct balm_scrub *scrub, struct balm_value text)
{
    for (size_t i = 0; i < balm_list_len(scrub->texts); i++) {
        struct balm_value known = *balm_list_at(scrub->texts, i);
        if (known.len == text.len && memcmp(known.as.text, text.as.text, text.len) == 0)
            return true;
    }
    return false;
}

/* Also as an unknown quotes it, where that differs. */
static void learn_text(struct balm_scrub *scrub, struct balm_value text)
{
    char *quoted = balm_arena_alloc(scrub->arena, BALM_UNKNOWN_QUOTED((size_t)text.len));
    size_t len = quoted ? balm_unknown_quote(quoted, text.as.text, text.len) - 2 : text.len;

    if (balm_is_null(scrub->texts)) scrub->texts = balm_list(scrub->arena);
    balm_list_push(scrub->arena, scrub->texts, balm_text_n(scrub->arena, text.as.text, text.len));
    if (len == text.len) return;
    balm_list_push(scrub->arena, scrub->texts, balm_string_n(quoted + 1, len));
}

static void learn(struct balm_scrub *scrub, struct balm_value value, bool secret)
{
    secret = secret || value.secret;
    if (is_text(value)) {
        if (secret && value.len >= LEAST && !is_known(scrub, value)) learn_text(scrub, value);
        return;
    }
    for (size_t i = 0; i < balm_list_len(value); i++) {
        learn(scrub, *balm_list_at(value, i), secret);
    }
    for (size_t i = 0; i < balm_map_len(value); i++) {
        learn(scrub, balm_map_at(value, i)->value, secret);
    }
}

void balm_scrub_learn(struct balm_scrub *scrub, struct balm_value value)
{
    learn(scrub, value, false);
}

/* The learned text that begins at `at`, the longest of them; 0 where none does. */
static size_t hit(const struct balm_scrub *scrub, const char *at, size_t left)
{
    size_t longest = 0;

    for (size_t i = 0; i < balm_list_len(scrub->texts); i++) {
        struct balm_value known = *balm_list_at(scrub->texts, i);
        if (known.len <= left && known.len > longest && memcmp(known.as.text, at, known.len) == 0) {
            longest = known.len;
        }
    }
    return longest;
}

static bool holds_any(const struct balm_scrub *scrub, struct balm_value text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (hit(scrub, text.as.text + i, text.len - i) > 0) return true;
    }
    return false;
}

static struct balm_value clean_text(const struct balm_scrub *scrub, struct balm_value value,
                                    struct balm_arena *arena)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    struct balm_value cleaned;

    if (!holds_any(scrub, value)) return value;
    for (size_t i = 0; i < value.len;) {
        size_t len = hit(scrub, value.as.text + i, value.len - i);
        if (len > 0) {
            (void)balm_buf_adds(&text, HIDDEN);
            i += len;
        } else {
            (void)balm_buf_addc(&text, value.as.text[i++]);
        }
    }
    cleaned = text.code ? balm_string(HIDDEN) : balm_text_n(arena, text.bytes, text.len);
    if (value.type == BALM_UNKNOWN) cleaned.type = BALM_UNKNOWN;
    balm_buf_free(&text);
    return cleaned;
}

static struct balm_value mark_text(const struct balm_scrub *scrub, struct balm_value value,
                                   struct balm_arena *arena)
{
    (void)arena;
    if (holds_any(scrub, value)) value.secret = 1;
    return value;
}

/* A copy with every text as change has it. */
static struct balm_value change_texts(const struct balm_scrub *scrub, struct balm_value value,
                                      struct balm_value (*change)(const struct balm_scrub *scrub,
                                                                  struct balm_value text,
                                                                  struct balm_arena *arena),
                                      struct balm_arena *arena)
{
    struct balm_value made = value;

    if (is_shown_as_text(value)) return change(scrub, value, arena);
    if (value.type == BALM_LIST) {
        made = balm_list_of(arena, balm_list_at(value, 0), balm_list_len(value));
        for (size_t i = 0; i < balm_list_len(made); i++) {
            struct balm_value *item = balm_list_at(made, i);
            *item = change_texts(scrub, *item, change, arena);
        }
    } else if (value.type == BALM_MAP) {
        made = balm_map_again(arena, value);
        for (size_t i = 0; i < balm_map_len(made); i++) {
            struct balm_entry *entry = balm_map_at(made, i);
            entry->value = change_texts(scrub, entry->value, change, arena);
        }
    }
    made.secret = value.secret;
    return made;
}

struct balm_value balm_scrub_value(const struct balm_scrub *scrub, struct balm_value value,
                                   struct balm_arena *arena)
{
    if (balm_list_len(scrub->texts) == 0) return value;
    return change_texts(scrub, value, clean_text, arena);
}

struct balm_value balm_scrub_mark(const struct balm_scrub *scrub, struct balm_value value,
                                  struct balm_arena *arena)
{
    if (balm_list_len(scrub->texts) == 0) return value;
    return change_texts(scrub, value, mark_text, arena);
}
