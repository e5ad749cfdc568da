/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of lists: limit, opaque cursor, the frame {data, has_more, next_cursor} and Link rel=next.
 *
 * A cursor is base64url of the last row's id and a hash of the list's path and filters, so that it
 * is refused with another list or other filters rather than answered with the wrong rows. */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "core/jwriter.h"
#include "http/request.h"

enum {
    CURSOR_TEXT_MAX = 24
}; /* 16 bytes: 22 characters, NUL, room */

void cursor_print(int64_t id, uint64_t filter, char text[CURSOR_TEXT_MAX]);
/* ERR_CURSOR unless it is one of ours for this filter, with an id above 0. */
MUST_USE enum err cursor_parse(const char *text, uint64_t filter, int64_t *id);

/* Hash of path and of every query parameter but limit, cursor and wait, in any order. */
uint64_t page_filter(const struct request *rq);

/* The id after which the page begins: 0 without a cursor. */
MUST_USE enum err page_after(struct request *rq, const char *cursor, int64_t *after_id);

/* Begins the object and its `data` array; the rows follow. */
void page_begin(struct jwriter *w);
/* Ends data, adds has_more and next_cursor (of last_id), leaves the object open for more members;
 * sets the Link header. */
void page_end(struct request *rq, struct jwriter *w, bool more, int64_t last_id);

#endif
