/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a feed's past, played again as a feed of its own.
 *
 * So that a trial can play what the daemon's own feed is playing at the same time.  The whole of a
 * feed that has its candles in memory is played from there: such a copy takes hardly any memory,
 * and the feed must outlive it.  Anything else is recorded. */
#ifndef ENGINE_FEED_COPY_H
#define ENGINE_FEED_COPY_H

#include "engine/feed.h"

/* Which part: see `history` of engine/feed.h. */
struct feed_past {
    const struct feed *feed;
    int64_t until_us, shift_us;
    int64_t most; /* candles of each instrument; 0: all */
    /* The instruments on the copy: what each of the feed's becomes, or FEED_COPY_LEAVE_OUT.  NULL:
     * all of them, as they are. */
    const size_t *place_of;
};
#define FEED_COPY_LEAVE_OUT SIZE_MAX

struct feed_copy;

/* Any thread.  The last candle of each instrument has CANDLE_LAST.  ERR_END: nothing has closed by
 * then; the feed's own errors. */
MUST_USE enum err feed_copy_new(const struct feed_past *past, struct feed_copy **out);
void feed_copy_free(struct feed_copy *t); /* NULL allowed */
/* Plays from the beginning; times are those of the past, shifted only by its own rewind. */
struct feed feed_copy_port(struct feed_copy *t);
size_t feed_copy_candles(const struct feed_copy *t); /* of all instruments */

#endif
