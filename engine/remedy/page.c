#include "remedy/page.h"

#include "core/json.h"
#include "core/text.h"

#include <string.h>

void balm_page_text(struct balm_buf *buf, const char *text)
{
    (void)balm_text_visible(buf, text, strlen(text), ' ');
}

void balm_page_value(struct balm_buf *buf, struct balm_value value, size_t most)
{
    struct balm_buf text = BALM_BUF_INIT(BALM_BUF_MAX);
    size_t len;

    if (value.type == BALM_UNKNOWN) {
        (void)balm_buf_adds(buf, "(known after apply)");
        return;
    }
    if (value.type == BALM_STRING && !value.secret) {
        (void)balm_buf_add(&text, value.as.text, value.len);
    } else {
        (void)balm_json_print(&text, value, BALM_JSON_COMPACT);
    }
    len = balm_text_cut(text.bytes, text.len, most);
    (void)balm_text_visible(buf, text.bytes, len, ' ');
    if (len < text.len) (void)balm_buf_adds(buf, "...");
    balm_buf_free(&text);
}
