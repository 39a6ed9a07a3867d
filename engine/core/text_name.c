/* text, the part about names: botocore's snake case, and which name was meant. */
#include "core/text.h"

#include <string.h>

#define NAME_MAX_LEN 255 /* longer ones are not compared */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Words with capitals of their own, which botocore keeps whole wherever an operation has them. */
static const struct {
    const char *word;
    const char *as; /* of the same length */
} own_words[] = {
    {"HITsFor", "HitsFor"},   {"OTel", "Otel"},   {"PartiQL", "Partiql"},
    {"WhatsApp", "Whatsapp"}, {"iSCSI", "Iscsi"},
};

/* What botocore's patterns see: own words folded. */
static void fold_own_words(char *name)
{
    size_t i;
    for (i = 0; i < sizeof own_words / sizeof *own_words; i++) {
        char *found = strstr(name, own_words[i].word);
        if (found) memcpy(found, own_words[i].as, strlen(own_words[i].as));
    }
}

/* The length of "ARNs", "ACLs" at the end of name, or 0: an acronym's plural is one word. */
static size_t plural_acronym(const char *name, size_t len)
{
    size_t start = len;
    if (len < 3 || name[len - 1] != 's') return 0;
    start = len - 1;
    while (start > 0 && is_upper(name[start - 1])) {
        start--;
    }
    return len - 1 - start >= 2 ? len - start : 0;
}

/* Ends a word before each capital that follows a small letter or a digit. */
static void put(struct balm_buf *buf, char *before, char c)
{
    bool ends_word = is_lower(*before) || (*before >= '0' && *before <= '9');
    if (is_upper(c) && ends_word) balm_buf_addc(buf, '_');
    balm_buf_addc(buf, balm_text_lower(c));
    *before = c;
}

/* Does a capitalised word, "Xy...", start at name[i]? Returns where it ends, or i. */
static size_t word_end(const char *name, size_t i)
{
    size_t end = i + 1;
    if (!is_upper(name[i]) || !is_lower(name[end])) return i;
    while (is_lower(name[end])) {
        end++;
    }
    return end;
}

/* Each capitalised word with any character before it is parted from it; the search goes on behind.
   */
static void split(struct balm_buf *buf, const char *name)
{
    char before = '_';
    size_t i = 0;
    while (name[i]) {
        size_t end = name[i + 1] ? word_end(name, i + 1) : i + 1;
        put(buf, &before, name[i]);
        if (end == i + 1) {
            i++;
            continue;
        }
        put(buf, &before, '_');
        for (i++; i < end; i++) {
            put(buf, &before, name[i]);
        }
    }
}

enum balm_code balm_text_snake(struct balm_buf *buf, const char *name)
{
    char text[2 * NAME_MAX_LEN];
    size_t len = strlen(name);
    size_t plural;
    size_t i;
    if (strchr(name, '_') || len > NAME_MAX_LEN) return balm_buf_adds(buf, name);
    memcpy(text, name, len + 1);
    fold_own_words(text);
    plural = plural_acronym(text, len);
    if (plural) {
        memmove(text + len - plural + 1, text + len - plural, plural + 1);
        text[len - plural] = '_';
        for (i = len - plural + 1; i <= len; i++) {
            text[i] = balm_text_lower(text[i]);
        }
    }
    split(buf, text);
    return buf->code;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Fills the row of a[i] from the two above it; returns its least cell. */
static size_t distance_row(size_t *const rows[3], const char *a, size_t i, const char *b,
                           size_t b_len)
{
    size_t *row = rows[0];
    size_t *above = rows[1];
    size_t least = row[0] = i;
    size_t j;
    for (j = 1; j <= b_len; j++) {
        size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
        row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
            rows[2][j - 2] + 1 < row[j]) {
            row[j] = rows[2][j - 2] + 1;
        }
        if (row[j] < least) least = row[j];
    }
    return least;
}

size_t balm_text_distance(const char *a, const char *b, size_t most)
{
    size_t cells[3][NAME_MAX_LEN + 1];
    size_t *rows[3] = {cells[0], cells[1], cells[2]};
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    size_t apart = a_len > b_len ? a_len - b_len : b_len - a_len;
    size_t last_least = 0;
    size_t i;
    if (strcmp(a, b) == 0) return 0;
    if (apart > most || a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN) return most + 1;
    for (i = 0; i <= b_len; i++) {
        rows[0][i] = i;
    }
    for (i = 1; i <= a_len; i++) {
        size_t *oldest = rows[2];
        size_t least;
        rows[2] = rows[1];
        rows[1] = rows[0];
        rows[0] = oldest;
        least = distance_row(rows, a, i, b, b_len);
        /* A swap looks two rows up, so both must be beyond what is asked. */
        if (least > most && last_least > most) return most + 1;
        last_least = least;
    }
    return rows[0][b_len] <= most ? rows[0][b_len] : most + 1;
}

/* Without case and underscores; false where name is too long. */
static bool fold(char out[NAME_MAX_LEN + 1], const char *name)
{
    size_t len = 0;
    for (; *name; name++) {
        if (*name == '_') continue;
        if (len == NAME_MAX_LEN) return false;
        out[len++] = balm_text_lower(*name);
    }
    out[len] = '\0';
    return true;
}

const char *balm_text_nearest(const char *name, const char *const *names, size_t count)
{
    char wanted[NAME_MAX_LEN + 1];
    char other[NAME_MAX_LEN + 1];
    const char *nearest = NULL;
    size_t least;
    size_t i;
    if (!fold(wanted, name)) return NULL;
    least = strlen(wanted) / 3 + 1;
    for (i = 0; i < count && least > 0; i++) {
        size_t distance;
        if (!fold(other, names[i])) continue;
        distance = balm_text_distance(wanted, other, least - 1);
        if (distance >= least) continue;
        least = distance;
        nearest = names[i];
    }
    return nearest;
}
