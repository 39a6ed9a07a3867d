/*
 * page: text for a person at a terminal, made of what came from outside.
 */
#ifndef BALM_REMEDY_PAGE_H
#define BALM_REMEDY_PAGE_H

#include "core/buf.h"
#include "core/value.h"

/* Control characters become spaces: nothing from outside may drive the terminal. */
void balm_page_text(struct balm_buf *buf, const char *text);
/* A value on one line, cut after so many bytes: a text bare, an unknown as "(known after
   apply)", the rest as JSON. */
void balm_page_value(struct balm_buf *buf, struct balm_value value, size_t most);

#endif
